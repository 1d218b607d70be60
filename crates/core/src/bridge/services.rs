//! What an engine gives to all its scripts: State, modules, host functions, and shared dictionaries.

use super::{Modules, SharedDicts};
use crate::state::{Quotas, Store};
use std::sync::{Arc, RwLock};

/// What an engine gives to all its scripts.
pub struct Services {
    /// Where State is kept, and the bytes that scripts may keep there. Scripts' functions get to it by
    /// [`super::Call::state`] only, which knows who is running.
    pub(super) store: Arc<dyn Store>,
    pub(super) quotas: Arc<Quotas>,
    /// Whether a script learns that a key which it has not is another's.
    pub(super) tells_foreign: bool,
    /// What `require` finds.
    pub modules: Modules,
    /// What `host` has, for runs that begin from now on.
    pub functions: RwLock<Vec<HostFunction>>,
    /// What `Shared` has, for runs that begin from now on.
    pub shared: SharedDicts,
}

/// A host function: what scripts find in `host`.
#[derive(Clone, Debug)]
pub struct HostFunction {
    /// Its name, with the names of the tables around it: `["db", "get"]` is `host.db.get`.
    pub path: Vec<String>,
    /// The number that the host gave it.
    pub number: u32,
}

impl Services {
    /// The services of an engine without modules, host functions and shared dictionaries.
    pub fn new(store: Arc<dyn Store>, state_quota: usize) -> Self {
        let (modules, functions, shared) = (Modules::default(), RwLock::default(), SharedDicts::default());
        Self { store, quotas: Arc::new(Quotas::new(state_quota)), tells_foreign: true, modules, functions, shared }
    }

    /// The same; keys that only other scripts have count as missing.
    #[must_use]
    pub fn with_foreign_keys_missing(self) -> Self {
        Self { tells_foreign: false, ..self }
    }

    /// Where State is kept.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The bytes that each script may keep in State.
    pub fn quotas(&self) -> &Arc<Quotas> {
        &self.quotas
    }
}
