//! What an engine gives to all its scripts: State, modules, host functions, shared dictionaries, and each
//! other.

use super::{Modules, Scripts, SharedDicts, Supply, Telling, Timers};
use crate::state::{NoStore, Quotas, Store};
use std::sync::Arc;

/// What an engine gives to all its scripts.
pub struct Services {
    /// Where State is kept, and the bytes that scripts may keep there. Scripts' functions get to it by
    /// [`super::Call::state`] only, which knows who is running.
    pub(super) store: Arc<dyn Store>,
    pub(super) quotas: Arc<Quotas>,
    /// Whether a script learns that a key which it has not is another's.
    pub(super) tells_foreign: bool,
    /// What runs tell that say nothing else.
    pub(super) telling: Telling,
    /// Whether they are for a prelude, which is nobody's script, and waits for nothing.
    pub(crate) is_prelude: bool,
    /// What `host` has and `require` finds, in runs that begin from now on.
    pub supply: Supply,
    /// What `Shared` has, for runs that begin from now on.
    pub shared: SharedDicts,
    /// What `scripts` has.
    pub scripts: Scripts,
    /// What scripts have asked to be run later.
    pub timers: Timers,
}

impl Services {
    /// The services of an engine without modules, host functions, shared dictionaries and named scripts.
    pub fn new(store: Arc<dyn Store>, state_quota: usize) -> Self {
        let (supply, shared, scripts) = (Supply::default(), SharedDicts::default(), Scripts::default());
        Self {
            store,
            quotas: Arc::new(Quotas::new(state_quota)),
            tells_foreign: true,
            telling: Telling::default(),
            is_prelude: false,
            supply,
            shared,
            scripts,
            timers: Timers::default(),
        }
    }

    /// The same, with these timers.
    #[must_use]
    pub fn with_timers(self, timers: Timers) -> Self {
        Self { timers, ..self }
    }

    /// The same; keys that only other scripts have count as missing.
    #[must_use]
    pub fn with_foreign_keys_missing(self) -> Self {
        Self { tells_foreign: false, ..self }
    }

    /// The same, whose runs tell this when they say nothing else.
    #[must_use]
    pub fn with_telling(self, telling: Telling) -> Self {
        Self { telling, ..self }
    }

    /// What a prelude may use: modules of its own.
    pub(crate) fn of_prelude(modules: &Modules) -> Self {
        let services = Self::new(Arc::new(NoStore::default()), 0);
        services.supply.change_modules(&[], &[modules]);
        Self { is_prelude: true, ..services }
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
