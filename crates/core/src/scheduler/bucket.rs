//! A token bucket: so much a second, with one second of burst.

use std::time::{Duration, Instant};

/// What is left of a rate. A bucket that was never used is full.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket(Option<Level>);

#[derive(Clone, Copy, Debug)]
struct Level {
    /// Below 0, what is owed.
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// What it has, when it gets `rate` a second and holds that much.
    pub(super) fn tokens(&self, rate: f64, now: Instant) -> f64 {
        let Some(Level { tokens, at }) = self.0 else { return rate };
        (tokens + now.saturating_duration_since(at).as_secs_f64() * rate).min(rate)
    }

    /// Takes `amount`, also what it has not. It never owes more than one second brings.
    pub(super) fn take(&mut self, amount: f64, rate: f64, now: Instant) {
        let tokens = (self.tokens(rate, now) - amount).max(-rate);
        self.0 = Some(Level { tokens, at: now });
    }

    /// How long it takes until there is so much.
    pub(super) fn until(&self, amount: f64, rate: f64, now: Instant) -> Duration {
        let missing = (amount - self.tokens(rate, now)).max(0.0);
        Duration::try_from_secs_f64(missing / rate).unwrap_or(Duration::MAX)
    }

    /// Whether it is as good as never used.
    pub(super) fn is_full(&self, rate: f64, now: Instant) -> bool {
        self.tokens(rate, now) >= rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_one_second_and_fills_at_its_rate() {
        let (start, mut bucket) = (Instant::now(), Bucket::default());
        assert!(bucket.is_full(10.0, start));
        bucket.take(10.0, 10.0, start);
        assert_eq!(bucket.tokens(10.0, start), 0.0);
        assert_eq!(bucket.until(1.0, 10.0, start), Duration::from_millis(100));
        let later = start + Duration::from_millis(500);
        assert_eq!(bucket.tokens(10.0, later), 5.0);
        assert!(!bucket.is_full(10.0, later));
        assert!(bucket.is_full(10.0, start + Duration::from_secs(60)));
        assert_eq!(bucket.tokens(10.0, start + Duration::from_secs(60)), 10.0);
    }

    #[test]
    fn what_it_owes_is_bounded_by_one_second() {
        let (start, mut bucket) = (Instant::now(), Bucket::default());
        bucket.take(1000.0, 10.0, start);
        assert_eq!(bucket.tokens(10.0, start), -10.0);
        assert_eq!(bucket.until(0.0, 10.0, start), Duration::from_secs(1));
    }
}
