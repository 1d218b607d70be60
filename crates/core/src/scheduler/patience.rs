//! Which preempted runs have had a slot for a while, and whether others want one: then one leaves before its slice is over.

use moonpool_lua::Flag;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// For so long a preempted run keeps its worker at least, once it executes.
pub(super) const PATIENCE: Duration = Duration::from_millis(1);

/// What the slots of one engine have in common.
#[derive(Default)]
pub(super) struct Patience {
    /// Whether others wait that could use a slot, and there is none for them.
    wanted: AtomicBool,
    /// The flags of runs that have executed for long enough in this slice, in the order in which they had.
    old: Mutex<VecDeque<Arc<Flag>>>,
}

impl Patience {
    /// A run has executed for so long that it may be asked to leave.
    pub(super) fn is_old(&self, flag: &Arc<Flag>) {
        let mut old = self.lock();
        if self.wanted.load(Ordering::Relaxed) {
            flag.preempt();
        } else {
            old.push_back(flag.clone());
        }
    }

    /// The slice of a run that may have become old is over. From now on nobody asks it to leave.
    pub(super) fn has_left(&self, flag: &Arc<Flag>) {
        self.lock().retain(|other| !Arc::ptr_eq(other, flag));
    }

    /// Whether a slot is wanted, from now on. That many have come just now to want one: as many leave, if they are old.
    pub(super) fn want(&self, wanted: bool, came: usize) {
        self.wanted.store(wanted, Ordering::Relaxed);
        if wanted && came > 0 {
            // Under the lock: who becomes old meanwhile is found here, or finds that a slot is wanted.
            let mut old = self.lock();
            let leaving = came.min(old.len());
            old.drain(..leaving).for_each(|flag| flag.preempt());
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Flag>>> {
        // A panic while the lock is held would leave a list that is still whole.
        self.old.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags() -> [Arc<Flag>; 3] {
        std::array::from_fn(|_| Arc::default())
    }

    fn asked(flags: &[Arc<Flag>]) -> Vec<bool> {
        flags.iter().map(|flag| flag.is_preempted()).collect()
    }

    #[test]
    fn each_that_comes_ends_one_slice_the_oldest_first() {
        let (patience, flags) = (Patience::default(), flags());
        flags.iter().for_each(|flag| patience.is_old(flag));
        patience.want(true, 1);
        assert_eq!(asked(&flags), [true, false, false]);
        patience.want(true, 0);
        assert_eq!(asked(&flags), [true, false, false]);
        patience.want(true, 1);
        assert_eq!(asked(&flags), [true, true, false]);
    }

    #[test]
    fn a_slice_ends_as_soon_as_it_is_old_while_others_wait() {
        let (patience, flags) = (Patience::default(), flags());
        patience.want(true, 1);
        patience.is_old(&flags[0]);
        patience.want(false, 0);
        patience.is_old(&flags[1]);
        assert_eq!(asked(&flags), [true, false, false]);
    }

    #[test]
    fn nobody_asks_for_a_slot_that_is_free_or_from_one_who_has_left() {
        let (patience, flags) = (Patience::default(), flags());
        flags.iter().for_each(|flag| patience.is_old(flag));
        patience.want(false, 1);
        assert_eq!(asked(&flags), [false, false, false]);
        patience.has_left(&flags[0]);
        patience.want(true, 2);
        assert_eq!(asked(&flags), [false, true, true]);
    }
}
