//! What is known of who has a key, so that a script that asks for one which it has not seldom waits for the disk.

use crate::state::{Entry, ScriptId, Seq};
use std::collections::HashMap;
use std::sync::Arc;

/// At most so many keys are known.
const MOST: usize = 1 << 14;

/// Whether anybody has a key.
pub(super) enum Fact {
    /// Nobody has, since this write.
    Nobody { seq: Seq },
    /// This one has, until then, since this write.
    Held { by: ScriptId, until: u64, seq: Seq },
}

impl Fact {
    pub(super) fn seq(&self) -> Seq {
        match self {
            Self::Nobody { seq } | Self::Held { seq, .. } => *seq,
        }
    }
}

/// Facts, true as of the last write.
#[derive(Default)]
pub(super) struct Names(HashMap<Arc<str>, Fact>);

impl Names {
    /// Whether anybody has a key, and the write that this rests on; `None` when that is not known.
    pub(super) fn is_held(&self, key: &str, now: u64) -> Option<(bool, Seq)> {
        match self.0.get(key)? {
            Fact::Nobody { seq } => Some((false, *seq)),
            Fact::Held { until, seq, .. } => (*until > now).then_some((true, *seq)),
        }
    }

    /// Takes note of a write: an entry is this, or gone.
    pub(super) fn note(&mut self, key: &Arc<str>, owner: &ScriptId, entry: Option<&Entry>, seq: Seq) {
        let Some(fact) = self.0.get_mut(key) else { return };
        match entry {
            Some(entry) => {
                *fact = Fact::Held { by: owner.clone(), until: entry.expires.unwrap_or(u64::MAX), seq };
            }
            None if matches!(fact, Fact::Held { by, .. } if by == owner) => {
                self.0.remove(key);
            }
            None => {}
        }
    }

    pub(super) fn learn(&mut self, key: &str, fact: Fact) {
        if self.0.len() >= MOST && !self.0.contains_key(key) {
            self.0.clear();
        }
        self.0.insert(key.into(), fact);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
