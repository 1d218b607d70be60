//! A worker that lingers: it has nothing more to do, and waits for the next batch, which is likely to come at once.
//!
//! Who awaits one run after another pays for two wake-ups each time: of a worker, and of the event loop. A worker that is
//! still there saves the first, which takes longer than a short run; also of processor time, though the worker waits
//! without sleeping. So it lingers no longer than a wake-up takes, and only while that is worth it: where others need
//! all processors, it would be in the way of the JS thread.

use crate::keep::now;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;

/// For so long a worker lingers: about what the wake-ups of a worker and of an event loop take together on a machine that
/// is slow at it.
const MOMENT: Duration = Duration::from_micros(100);

/// What a batch that comes within a moment adds to the trust that the next one will, and one that does not takes from it. It
/// grows only where more than two of three do.
const GAIN: i32 = 1;
const LOSS: i32 = 2;

/// The most trust there is, and as much as is enough to linger.
const MOST: i32 = 4;
const ENOUGH: i32 = 3;

/// How many batches have to come within a moment to make good that a worker has lingered in vain, once and at most: twice as
/// many after each time, and half as many after each time that was worth it.
const ONCE: i32 = 2;
const AT_MOST: i32 = 64;

/// How many times a worker does nothing before it looks again, and lets others have its processor.
const LOOK: u32 = 10;

/// Where a worker of one engine lingers, and is given a batch.
pub(super) struct Lingering<Batch> {
    seat: Mutex<Seat<Batch>>,
    /// Whether something was put there.
    is_given: AtomicBool,
    /// When a worker last had executed a batch, as [`now`] tells the time; 0 when another one has been started since.
    idle: AtomicU64,
    /// How likely it is that the next batch comes within a moment of that; less than nothing is owed.
    trust: AtomicI32,
    /// What is owed when the next time is in vain.
    price: AtomicI32,
}

enum Seat<Batch> {
    Free,
    Taken,
    /// By a worker that finds this.
    Given(Batch),
}

impl<Batch> Default for Lingering<Batch> {
    fn default() -> Self {
        Self {
            seat: Mutex::new(Seat::Free),
            is_given: AtomicBool::new(false),
            idle: AtomicU64::new(0),
            trust: AtomicI32::new(0),
            price: AtomicI32::new(ONCE),
        }
    }
}

impl<Batch> Lingering<Batch> {
    /// On a worker: a batch is executed.
    pub(super) fn executed(&self) {
        self.idle.store(now(), Ordering::Relaxed);
    }

    /// On the JS thread: a batch is to be started. Gives it back if no worker lingers.
    pub(super) fn give(&self, batch: Batch) -> Option<Batch> {
        let idle = self.idle.swap(0, Ordering::Relaxed);
        if idle > 0 {
            self.came_after(Duration::from_micros(now().saturating_sub(idle)));
        }
        let mut seat = self.lock();
        if !matches!(*seat, Seat::Taken) {
            return Some(batch);
        }
        *seat = Seat::Given(batch);
        self.is_given.store(true, Ordering::Relaxed);
        None
    }

    /// A batch came so long after the one before was executed.
    fn came_after(&self, time: Duration) {
        let trust = self.trust.load(Ordering::Relaxed);
        let trust = if time < MOMENT { (trust + GAIN).min(MOST) } else { trust.min((trust - LOSS).max(0)) };
        self.trust.store(trust, Ordering::Relaxed);
    }

    /// Whether the next batch is likely to come within a moment. Not on a machine with one processor: there, who lingers is
    /// in the way of who would bring it.
    pub(super) fn expects(&self) -> bool {
        static HAS_SEVERAL: LazyLock<bool> = LazyLock::new(|| available_parallelism().is_ok_and(|n| n.get() > 1));
        self.is_trusted() && *HAS_SEVERAL
    }

    fn is_trusted(&self) -> bool {
        self.trust.load(Ordering::Relaxed) >= ENOUGH
    }

    /// On a worker: waits a moment for the next batch. One worker at a time does.
    pub(super) fn next(&self) -> Option<Batch> {
        match &mut *self.lock() {
            seat @ Seat::Free => *seat = Seat::Taken,
            _ => return None,
        }
        let end = now() + MOMENT.as_micros() as u64;
        // Without the lock, which the JS thread shall not wait for.
        while !self.is_given.load(Ordering::Relaxed) && now() < end {
            (0..LOOK).for_each(|_| std::hint::spin_loop());
            std::thread::yield_now();
        }
        let mut seat = self.lock();
        self.is_given.store(false, Ordering::Relaxed);
        let next = match std::mem::replace(&mut *seat, Seat::Free) {
            Seat::Given(batch) => Some(batch),
            Seat::Free | Seat::Taken => None,
        };
        drop(seat);
        self.lingered(next.is_some());
        next
    }

    /// A worker has lingered, and it was worth it or not.
    fn lingered(&self, was_worth_it: bool) {
        let price = self.price.load(Ordering::Relaxed);
        if was_worth_it {
            self.price.store((price / 2).max(ONCE), Ordering::Relaxed);
        } else {
            self.trust.store(-price, Ordering::Relaxed);
            self.price.store((price * 2).min(AT_MOST), Ordering::Relaxed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seat<Batch>> {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Lingering, MOMENT};
    use std::thread;
    use std::time::{Duration, Instant};

    #[test]
    fn a_worker_that_lingers_is_given_the_next_batch() {
        let lingering = Lingering::default();
        let given = thread::scope(|scope| {
            let worker = scope.spawn(|| (0..).find_map(|_| lingering.next()));
            let start = Instant::now();
            while lingering.give("a batch").is_some() {
                assert!(start.elapsed() < Duration::from_secs(60), "nobody ever lingers");
            }
            worker.join()
        });
        assert_eq!(given.ok().flatten(), Some("a batch"));
        assert_eq!(lingering.give("another"), Some("another"), "it has gone");
    }

    #[test]
    fn a_worker_lingers_for_a_moment_only_and_then_is_given_nothing() {
        let lingering = Lingering::<&str>::default();
        let start = Instant::now();
        assert_eq!(lingering.next(), None);
        assert!(start.elapsed() >= MOMENT);
        assert_eq!(lingering.give("late"), Some("late"));
        assert_eq!(lingering.next(), None, "what was given back is not here");
    }

    #[test]
    fn one_worker_at_a_time_lingers() {
        let lingering = Lingering::<&str>::default();
        *lingering.lock() = super::Seat::Taken;
        assert_eq!(lingering.next(), None, "the place is taken");
        assert_eq!(lingering.give("for the first"), None, "who was first is still there");
    }

    #[test]
    fn a_batch_is_expected_where_more_than_two_of_three_come_within_a_moment() {
        let expected = |pattern: &str| {
            let lingering = Lingering::<()>::default();
            for came in pattern.repeat(20).chars() {
                lingering.came_after(if came == '+' { MOMENT / 2 } else { MOMENT });
            }
            lingering.is_trusted()
        };
        for pattern in ["+", "-++++", "-+++"] {
            assert!(expected(pattern), "{pattern}");
        }
        for pattern in ["", "-", "-+", "+-", "+-+", "-++", "++--"] {
            assert!(!expected(pattern), "{pattern}");
        }
    }

    #[test]
    fn three_batches_that_come_at_once_are_enough() {
        let lingering = Lingering::<()>::default();
        for _ in 0..3 {
            assert!(!lingering.is_trusted());
            lingering.came_after(MOMENT / 2);
        }
        assert!(lingering.is_trusted());
    }

    /// How often of 1000 times a worker lingers, where a batch comes at once if it does by this rule, and else in any case.
    fn lingers(is_worth_it: impl Fn(u32) -> bool) -> u32 {
        let (lingering, mut times) = (Lingering::<()>::default(), 0);
        for _ in 0..1000 {
            let came = if lingering.is_trusted() {
                times += 1;
                let came = is_worth_it(times);
                lingering.lingered(came);
                came
            } else {
                true
            };
            lingering.came_after(if came { MOMENT / 2 } else { MOMENT });
        }
        times
    }

    #[test]
    fn a_worker_hardly_ever_lingers_where_that_is_what_lets_the_next_batch_be_late() {
        let times = lingers(|_| false);
        assert!(times < 30, "{times} of 1000 times in vain");
    }

    #[test]
    fn a_worker_goes_on_lingering_where_one_batch_of_ten_is_late() {
        let times = lingers(|time| time % 10 > 0);
        assert!(times > 600, "{times} of 1000 times");
    }
}
