//! The State that one script sees: a store, bound to the identity of the run.

use super::{Found, Key, ScriptId, Store, StoreError};
use std::sync::Arc;

/// The State of one script. Made for the run that asks, so that no function of ours can pass another id.
#[derive(Clone, Copy)]
pub struct View<'a> {
    store: &'a dyn Store,
    owner: &'a ScriptId,
    quota: usize,
}

impl<'a> View<'a> {
    /// What `owner`, who may keep `quota` bytes, sees of a store.
    pub fn new(store: &'a dyn Store, owner: &'a ScriptId, quota: usize) -> Self {
        Self { store, owner, quota }
    }

    /// Looks a key up.
    ///
    /// # Errors
    /// See [`Store`].
    pub fn get(&self, key: &Key) -> Result<Found, StoreError> {
        self.store.get(self.owner, key)
    }

    /// Stores a value, as JSON text.
    ///
    /// # Errors
    /// See [`Store`].
    pub fn set(&self, key: &Key, json: &str) -> Result<(), StoreError> {
        self.store.set(self.owner, key, json, self.quota)
    }

    /// Removes a key; says whether it was there.
    ///
    /// # Errors
    /// See [`Store`].
    pub fn delete(&self, key: &Key) -> Result<bool, StoreError> {
        self.store.delete(self.owner, key)
    }

    /// The keys that begin with `prefix`, in byte order.
    ///
    /// # Errors
    /// See [`Store`].
    pub fn list(&self, prefix: &str) -> Result<Vec<Arc<str>>, StoreError> {
        self.store.list(self.owner, prefix)
    }
}
