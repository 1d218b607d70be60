//! Modules: what `require` finds, and nothing else.

use super::Compiled;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Compiled modules by name. A copy shares all of them, and does not see what is changed in the other.
#[derive(Clone, Default)]
pub struct Modules(Arc<BTreeMap<Arc<str>, Arc<Compiled>>>);

impl Modules {
    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The module of this name.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Compiled>> {
        self.0.get(name).cloned()
    }

    /// Removes some by name, and adds others; those that there are of the same names are replaced.
    pub(super) fn change(&mut self, removed: &[String], added: &[&Self]) {
        let modules = Arc::make_mut(&mut self.0);
        for name in removed {
            modules.remove(&**name);
        }
        for (name, module) in added.iter().flat_map(|added| added.0.iter()) {
            modules.insert(name.clone(), module.clone());
        }
    }

    /// Adds those of other modules that have new names.
    pub(super) fn add_new(&mut self, others: &Self) {
        if others.0.keys().any(|name| !self.0.contains_key(name)) {
            let modules = Arc::make_mut(&mut self.0);
            for (name, module) in &*others.0 {
                modules.entry(name.clone()).or_insert_with(|| module.clone());
            }
        }
    }

    /// Why there is no module of this name: with the names that there are, when they are few and short.
    pub(super) fn missing(&self, name: &str) -> String {
        const FEW: usize = 10;
        const SHORT: usize = 100;
        let modules = &self.0;
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

/// Modules under the names that they were compiled with. Of those that have the same name, the last.
impl FromIterator<Compiled> for Modules {
    fn from_iter<I: IntoIterator<Item = Compiled>>(modules: I) -> Self {
        Self(Arc::new(modules.into_iter().map(|module| (module.name().clone(), Arc::new(module))).collect()))
    }
}

impl fmt::Debug for Modules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
