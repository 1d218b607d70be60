//! The shared dictionaries of an engine: their names, and who may use them.

use crate::shared::Dict;
use crate::state::ScriptId;
use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

/// Whom something is allowed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Every id.
    Everybody,
    /// These ids.
    Only(HashSet<ScriptId>),
}

impl Access {
    /// Whether it is allowed to this id.
    pub(crate) fn allows(&self, id: &ScriptId) -> bool {
        match self {
            Self::Everybody => true,
            Self::Only(ids) => ids.contains(id),
        }
    }
}

/// A dictionary that the host has declared: `Shared.name`.
#[derive(Debug)]
pub struct SharedDict {
    /// Its name.
    pub name: Arc<str>,
    /// The dictionary itself.
    pub dict: Dict,
    /// Who finds it.
    pub readers: Access,
    /// Who of those may change it.
    pub writers: Access,
}

/// All dictionaries, in the order in which they were declared; `None` while there are none.
pub(crate) type Dicts = Option<Arc<[Arc<SharedDict>]>>;

/// The dictionaries of an engine. Shared by worker threads; grows while they run, and never shrinks.
#[derive(Default)]
pub struct SharedDicts(RwLock<Dicts>);

impl SharedDicts {
    /// Adds a dictionary, for runs that begin from now on. Its name is new.
    pub fn add(&self, dict: Arc<SharedDict>) {
        let mut dicts = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *dicts = Some(dicts.iter().flat_map(|dicts| dicts.iter()).cloned().chain([dict]).collect());
    }

    /// Those that there are now.
    pub(crate) fn all(&self) -> Dicts {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
