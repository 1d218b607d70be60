//! What has become of writes that a store numbers, and who waits to hear of it.

use super::Store;
use std::sync::Arc;

/// The number of a write in its store, from 1; 0 for none.
pub type Seq = u64;

/// What has become of the writes that something depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// All of them are durable.
    Durable,
    /// It is not known yet.
    Pending,
    /// One of them is lost: why, as a sentence.
    Lost(String),
}

/// The writes that something depends on: from the first that was not known to be durable, to the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depends {
    /// The first.
    pub first: Seq,
    /// The last; 0 for none at all.
    pub last: Seq,
}

impl Depends {
    /// Depends on one more write, of `store`.
    pub fn add(&mut self, store: &dyn Store, seq: Seq) {
        if seq == 0 {
            return;
        }
        if self.last == 0 || store.fate(*self) == Fate::Durable {
            *self = Self { first: seq, last: seq };
        } else {
            *self = Self { first: self.first.min(seq), last: self.last.max(seq) };
        }
    }
}

/// Somebody who waits until the fates of writes become known.
#[derive(Default)]
pub struct Watch(Option<Arc<dyn Fn() + Send + Sync>>);

impl Watch {
    /// What has become of writes of `store`. When that is not known, `tell` is called whenever more is.
    pub fn fate(&mut self, store: &dyn Store, depends: Depends, tell: impl Fn() + Send + Sync + 'static) -> Fate {
        if depends == Depends::default() {
            return Fate::Durable;
        }
        // First watched, then asked: so nothing is missed.
        if self.0.is_none() {
            let tell: Arc<dyn Fn() + Send + Sync> = Arc::new(tell);
            store.watch(Arc::downgrade(&tell));
            self.0 = Some(tell);
        }
        store.fate(depends)
    }
}
