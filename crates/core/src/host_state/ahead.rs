//! Which spaces the store is still asked about: what is asked after that may not overtake it.

use crate::state::{ScriptId, lock};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// The questions that a store has not answered, by space. Those on a trip look here, too.
///
/// A store that loads a space answers what waited for that one by one. Whoever asked it meanwhile what it knows at once
/// would be faster than those.
#[derive(Clone, Default)]
pub(super) struct Ahead(Arc<Mutex<HashMap<ScriptId, usize>>>);

impl Ahead {
    /// Whether a question about this space is with the store.
    pub(super) fn is_any(&self, owner: &ScriptId) -> bool {
        lock(&self.0).contains_key(owner)
    }

    pub(super) fn add(&self, owner: &ScriptId) {
        *lock(&self.0).entry(owner.clone()).or_default() += 1;
    }

    pub(super) fn remove(&self, owner: &ScriptId) {
        let mut ahead = lock(&self.0);
        let Some(count) = ahead.get_mut(owner) else { return };
        *count -= 1;
        if *count == 0 {
            ahead.remove(owner);
        }
    }

    pub(super) fn clear(&self) {
        lock(&self.0).clear();
    }
}
