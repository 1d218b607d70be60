//! How many bytes each id may keep in State.

use super::ScriptId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

/// One quota for all, and those of ids that have their own.
#[derive(Debug)]
pub struct Quotas {
    for_all: usize,
    own: RwLock<HashMap<ScriptId, usize>>,
    /// Whether any id ever had its own.
    any: AtomicBool,
}

impl Quotas {
    /// The same quota for every id.
    pub fn new(for_all: usize) -> Self {
        Self { for_all, own: RwLock::default(), any: AtomicBool::new(false) }
    }

    /// What this id may keep.
    pub fn of(&self, id: &ScriptId) -> usize {
        if !self.any.load(Ordering::Relaxed) {
            return self.for_all;
        }
        self.own.read().unwrap_or_else(PoisonError::into_inner).get(id).copied().unwrap_or(self.for_all)
    }

    /// Gives an id its own quota, or takes that back.
    pub fn set(&self, id: &ScriptId, quota: Option<usize>) {
        if quota.is_none() && !self.any.load(Ordering::Relaxed) {
            return;
        }
        let mut own = self.own.write().unwrap_or_else(PoisonError::into_inner);
        match quota {
            Some(quota) => {
                own.insert(id.clone(), quota);
                self.any.store(true, Ordering::Relaxed);
            }
            None => {
                own.remove(id);
            }
        }
    }

    /// How many ids have their own.
    pub fn len(&self) -> usize {
        self.own.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether no id has its own.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
