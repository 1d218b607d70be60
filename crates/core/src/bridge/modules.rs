//! The modules of an engine: what `require` finds, and nothing else.

use super::Compiled;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Compiled modules by name. Shared by worker threads; grows while they run.
#[derive(Default)]
pub struct Modules(RwLock<BTreeMap<Arc<str>, Arc<Compiled>>>);

impl Modules {
    /// Adds a module, under the name it was compiled with, unless there is one of that name; says whether it was added.
    pub fn add(&self, module: Compiled) -> bool {
        let mut modules = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let name = module.name().clone();
        if modules.contains_key(&name) {
            return false;
        }
        modules.insert(name, Arc::new(module));
        true
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The module of this name.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Compiled>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Why there is no module of this name: with the names that there are, when they are few and short.
    pub(crate) fn missing(&self, name: &str) -> String {
        const FEW: usize = 10;
        const SHORT: usize = 100;
        let modules = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let few = modules.len() <= FEW && modules.keys().map(|name| name.len()).sum::<usize>() <= SHORT;
        let there_are = match modules.len() {
            0 => "there are none".to_owned(),
            _ if few => {
                format!("there are {}", modules.keys().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", "))
            }
            many => format!("there are {many} others"),
        };
        format!("there is no module '{name}' ({there_are})")
    }
}
