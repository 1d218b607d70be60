//! What has become of numbered writes, and who is told.

use super::lock;
use crate::state::{Depends, Fate, Seq};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, Weak};

/// At most so many losses are told apart.
const LOSSES: usize = 1024;

/// Called when fates have become known.
type Watcher = Weak<dyn Fn() + Send + Sync>;

/// The fates of all writes. Each is decided once: as one of a committed transaction, or of a loss.
#[derive(Default)]
pub(super) struct Fates {
    /// Up to here, all are decided.
    decided: AtomicU64,
    /// Whether any was ever lost; set before `decided` passes it.
    any_lost: AtomicBool,
    lost: Mutex<Vec<Loss>>,
    watchers: Mutex<Vec<Watcher>>,
}

/// Writes that were lost together.
struct Loss {
    first: Seq,
    last: Seq,
    reason: String,
}

impl Fates {
    /// Up to here, all are decided.
    pub(super) fn decided(&self) -> Seq {
        self.decided.load(Ordering::Acquire)
    }

    /// All up to `last` that were not decided are durable.
    pub(super) fn commit(&self, last: Seq) {
        self.decided.fetch_max(last, Ordering::AcqRel);
    }

    /// All up to `last` that were not decided are lost.
    pub(super) fn lose(&self, last: Seq, reason: &str) {
        let first = self.decided() + 1;
        if first <= last {
            let mut lost = lock(&self.lost);
            lost.push(Loss { first, last, reason: reason.to_owned() });
            if lost.len() > LOSSES {
                // The oldest two become one. What was durable between them counts as lost: that errs on the safe side.
                let oldest = lost.remove(0);
                lost[0].first = oldest.first;
            }
        }
        self.any_lost.store(true, Ordering::Release);
        self.commit(last);
    }

    /// What has become of these.
    pub(super) fn of(&self, Depends { first, last }: Depends) -> Fate {
        let decided = self.decided() >= last;
        if self.any_lost.load(Ordering::Acquire) {
            let lost = lock(&self.lost);
            let from = lost.partition_point(|loss| loss.last < first);
            if let Some(loss) = lost.get(from).filter(|loss| loss.first <= last) {
                return Fate::Lost(loss.reason.clone());
            }
        }
        if decided { Fate::Durable } else { Fate::Pending }
    }

    /// Whether this one is lost.
    pub(super) fn is_lost(&self, seq: Seq) -> bool {
        self.any_lost.load(Ordering::Acquire) && matches!(self.of(Depends { first: seq, last: seq }), Fate::Lost(_))
    }

    pub(super) fn watch(&self, tell: Watcher) {
        lock(&self.watchers).push(tell);
    }

    /// Tells everybody who watches. Nothing may be locked.
    pub(super) fn tell(&self) {
        let watchers = {
            let mut watchers = lock(&self.watchers);
            watchers.retain(|tell| tell.strong_count() > 0);
            watchers.clone()
        };
        for tell in watchers.iter().filter_map(Weak::upgrade) {
            tell();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fates: &Fates, first: Seq, last: Seq) -> Fate {
        fates.of(Depends { first, last })
    }

    #[test]
    fn a_range_is_lost_when_one_of_it_is_and_pending_until_all_are_known() {
        let fates = Fates::default();
        assert_eq!((of(&fates, 0, 0), of(&fates, 1, 1)), (Fate::Durable, Fate::Pending));
        fates.commit(3);
        assert_eq!((of(&fates, 1, 3), of(&fates, 3, 4)), (Fate::Durable, Fate::Pending));
        fates.lose(5, "full");
        assert_eq!((of(&fates, 4, 4), of(&fates, 5, 9)), (Fate::Lost("full".into()), Fate::Lost("full".into())));
        assert_eq!((of(&fates, 1, 3), of(&fates, 6, 6)), (Fate::Durable, Fate::Pending));
        fates.commit(6);
        assert_eq!((of(&fates, 6, 6), of(&fates, 3, 6)), (Fate::Durable, Fate::Lost("full".into())));
    }

    #[test]
    fn what_is_lost_stays_lost_however_much_is_lost_after_it() {
        let fates = Fates::default();
        let many = 4 * LOSSES as Seq;
        for n in 1..=many {
            fates.commit(2 * n - 1);
            fates.lose(2 * n, "full");
        }
        assert!((1..=many).all(|n| fates.is_lost(2 * n)));
        assert!(!fates.is_lost(2 * many - 1), "what was durable of late is");
        assert!(lock(&fates.lost).len() <= LOSSES);
    }
}
