//! The time by which entries expire.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Tells milliseconds, from 1 on.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Real(Instant),
    Set(Arc<AtomicU64>),
}

impl Default for Clock {
    fn default() -> Self {
        Self(Source::Real(Instant::now()))
    }
}

impl Clock {
    /// A clock that stands still but when [`Clock::advance`] is called, for tests.
    pub fn stopped() -> Self {
        Self(Source::Set(Arc::new(AtomicU64::new(1))))
    }

    /// Sets a stopped clock forward, and all copies of it.
    pub fn advance(&self, milliseconds: u64) {
        if let Source::Set(now) = &self.0 {
            now.fetch_add(milliseconds, Ordering::Relaxed);
        }
    }

    /// The time.
    pub(super) fn now(&self) -> u64 {
        match &self.0 {
            Source::Real(start) => start.elapsed().as_millis() as u64 + 1,
            Source::Set(now) => now.load(Ordering::Relaxed),
        }
    }
}
