//! What scripts are given: the host functions and modules of an engine, as they are at a moment, and those of one run.
//!
//! What a run has when it begins is a copy that shares everything and never changes. So it keeps what it had, whatever is
//! replaced or removed meanwhile; and a number is a function's for as long as anybody has it.

use super::{Compiled, Context, Modules};
use crate::value::Shapes;
use std::collections::HashSet;
use std::fmt::Write;
use std::sync::{Arc, PoisonError, RwLock, Weak};

/// A host function: what scripts find in `host`.
#[derive(Clone, Debug)]
pub struct HostFunction {
    /// Its name, with the names of the tables around it: `["db", "get"]` is `host.db.get`.
    pub path: Vec<String>,
    /// The number that the host gave it.
    pub number: u32,
    /// How it is given its arguments.
    pub shapes: Shapes,
}

/// Host functions, in the order in which they were exposed.
pub type Functions = Arc<Vec<Arc<HostFunction>>>;

/// What an engine gives to all its runs, at one moment.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// What `host` has.
    pub functions: Functions,
    /// What `require` finds.
    pub modules: Modules,
    /// The moment: grows with each change.
    version: u64,
}

/// What one run, or one context, is given beside that.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// What `host` has, too.
    pub functions: Functions,
    /// What `require` finds, too.
    pub modules: Modules,
    /// Of a context: what the engine gave when it was made.
    pub kept: Option<Given>,
}

/// What an engine gives to its runs, as it changes.
#[derive(Default)]
pub struct Supply(RwLock<Shelf>);

#[derive(Default)]
struct Shelf {
    now: Given,
    /// Functions that runs and contexts may still have.
    gone: Vec<(u32, Weak<HostFunction>)>,
}

impl Supply {
    /// What there is now.
    pub fn now(&self) -> Given {
        self.0.read().unwrap_or_else(PoisonError::into_inner).now.clone()
    }

    /// Takes away what is under a name of `host`, if one is given, and adds functions, in one step.
    pub fn expose(&self, functions: Vec<HostFunction>, replaced: Option<&str>) {
        let mut shelf = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Shelf { now, gone } = &mut *shelf;
        now.version += 1;
        let all = Arc::make_mut(&mut now.functions);
        if let Some(name) = replaced {
            let is_replaced = |function: &Arc<HostFunction>| function.path.first().is_some_and(|first| first == name);
            gone.extend(all.extract_if(.., |function| is_replaced(function)).map(|f| (f.number, Arc::downgrade(&f))));
        }
        all.extend(functions.into_iter().map(Arc::new));
    }

    /// The numbers of functions that were taken away and that nobody has any more. Each is told once.
    pub fn forgotten(&self) -> Vec<u32> {
        let mut shelf = self.0.write().unwrap_or_else(PoisonError::into_inner);
        shelf.gone.extract_if(.., |(_, function)| function.strong_count() == 0).map(|(number, _)| number).collect()
    }

    /// Removes modules by name, and adds others, in one step. Those that there are of the same names are replaced.
    pub fn change_modules(&self, removed: &[String], added: &[&Modules]) {
        let mut shelf = self.0.write().unwrap_or_else(PoisonError::into_inner);
        shelf.now.version += 1;
        shelf.now.modules.change(removed, added);
    }
}

impl Given {
    /// What a context has from now on, which had this: beside it, what has a new name.
    fn joined(mut self, now: &Self, own: Option<&Extras>) -> Self {
        if self.version != now.version {
            let own_functions = own.map(|own| &*own.functions).into_iter().flatten();
            let names: Names = self.functions.iter().chain(own_functions).map(|function| &*function.path).collect();
            let new: Vec<_> = now.functions.iter().filter(|new| !names.clash(&new.path)).cloned().collect();
            if !new.is_empty() {
                Arc::make_mut(&mut self.functions).extend(new);
            }
            self.modules.add_new(&now.modules);
            self.version = now.version;
        }
        self
    }
}

/// Names that are taken in `host`, by functions and by the tables around them.
#[derive(Default)]
struct Names {
    functions: HashSet<String>,
    tables: HashSet<String>,
}

impl Names {
    /// Whether a function would stand where another one, or a table of others, is.
    fn clash(&self, path: &[String]) -> bool {
        let mut name = String::new();
        for (i, part) in path.iter().enumerate() {
            let _ = write!(name, ".{part}");
            if self.functions.contains(&name) || (i + 1 == path.len() && self.tables.contains(&name)) {
                return true;
            }
        }
        false
    }
}

impl<'a> FromIterator<&'a [String]> for Names {
    fn from_iter<I: IntoIterator<Item = &'a [String]>>(paths: I) -> Self {
        let mut names = Self::default();
        for path in paths {
            let mut name = String::new();
            for (i, part) in path.iter().enumerate() {
                let _ = write!(name, ".{part}");
                let taken = if i + 1 == path.len() { &mut names.functions } else { &mut names.tables };
                taken.insert(name.clone());
            }
        }
        names
    }
}

/// What the next script in a VM is given: `kept` is what the one before had there.
pub(crate) fn given(supply: &Supply, extras: Option<&Extras>, kept: Option<Given>) -> Given {
    let now = supply.now();
    match kept.or_else(|| extras.and_then(|extras| extras.kept.clone())) {
        Some(kept) => kept.joined(&now, extras),
        None => now,
    }
}

impl Context {
    /// The module of this name: the run's own; that which there was when the run began; or one that came later.
    pub(crate) fn module(&self, name: &str) -> Option<Arc<Compiled>> {
        let own = self.extras.as_ref().and_then(|extras| extras.modules.get(name));
        own.or_else(|| self.given.modules.get(name)).or_else(|| self.services.supply.now().modules.get(name))
    }

    /// Whether `require` found anything when the run began.
    pub(crate) fn began_with_modules(&self) -> bool {
        !self.given.modules.is_empty() || self.extras.as_ref().is_some_and(|extras| !extras.modules.is_empty())
    }

    /// Whether `require` finds anything.
    pub(crate) fn has_modules(&self) -> bool {
        self.began_with_modules() || !self.services.supply.now().modules.is_empty()
    }

    /// Why there is no module of this name: with the names that there are, when they are few and short.
    pub(crate) fn missing_module(&self, name: &str) -> String {
        let mut all = self.services.supply.now().modules;
        all.add_new(&self.given.modules);
        if let Some(extras) = &self.extras {
            all.add_new(&extras.modules);
        }
        all.missing(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(path: &str, number: u32) -> HostFunction {
        HostFunction { path: path.split('.').map(str::to_owned).collect(), number, shapes: Shapes::default() }
    }

    fn modules(names: &[&str], size: usize) -> Modules {
        names.iter().map(|name| Compiled::of_size(name, size)).collect()
    }

    /// The functions of a context: path and number.
    fn seen(given: &Given) -> Vec<(String, u32)> {
        given.functions.iter().map(|function| (function.path.join("."), function.number)).collect()
    }

    fn named(all: &[(&str, u32)]) -> Vec<(String, u32)> {
        all.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect()
    }

    #[test]
    fn what_was_given_does_not_change() {
        let supply = Supply::default();
        supply.expose(vec![function("f", 0), function("db.get", 1), function("db.put", 2)], None);
        supply.change_modules(&[], &[&modules(&["a", "b"], 1)]);
        let before = supply.now();
        supply.expose(vec![function("db.get", 3)], Some("db"));
        supply.change_modules(&["a".to_owned()], &[&modules(&["b", "c"], 2)]);
        assert_eq!(seen(&before), named(&[("f", 0), ("db.get", 1), ("db.put", 2)]));
        assert_eq!(before.modules.get("b").map(|module| module.size()), Some(2));
        assert!(before.modules.get("a").is_some() && before.modules.get("c").is_none());
        let now = supply.now();
        assert_eq!(seen(&now), named(&[("f", 0), ("db.get", 3)]));
        assert_eq!(now.modules.get("b").map(|module| module.size()), Some(3));
        assert!(now.modules.get("a").is_none() && now.modules.get("c").is_some());
    }

    #[test]
    fn a_function_is_forgotten_once_when_nobody_has_it() {
        let supply = Supply::default();
        supply.expose(vec![function("f", 0), function("g", 1)], None);
        let first = supply.now();
        supply.expose(vec![function("f", 2)], Some("f"));
        supply.expose(vec![], Some("g"));
        assert!(supply.forgotten().is_empty());
        let second = supply.now();
        supply.expose(vec![], Some("f"));
        drop(first);
        assert_eq!(supply.forgotten(), vec![0_u32, 1]);
        drop(second);
        assert_eq!((supply.forgotten(), supply.forgotten()), (vec![2], vec![]));
    }

    #[test]
    fn a_context_keeps_its_names_and_gets_new_ones() {
        let supply = Supply::default();
        supply.expose(vec![function("f", 0), function("db.get", 1)], None);
        supply.change_modules(&[], &[&modules(&["a"], 1)]);
        let functions = Arc::new(vec![Arc::new(function("own.get", 9))]);
        let extras = Extras { functions, modules: Modules::default(), kept: Some(supply.now()) };
        supply.expose(vec![function("f.inner", 2)], Some("f"));
        supply.expose(
            vec![function("db.put", 3), function("own.put", 4), function("own.get", 5), function("new", 6)],
            Some("db"),
        );
        supply.change_modules(&[], &[&modules(&["a", "b"], 2)]);
        let first = given(&supply, Some(&extras), None);
        assert_eq!(seen(&first), named(&[("f", 0), ("db.get", 1), ("db.put", 3), ("own.put", 4), ("new", 6)]));
        assert_eq!(first.modules.get("a").map(|module| module.size()), Some(2));
        supply.expose(vec![function("new", 7), function("db", 8)], Some("new"));
        let second = given(&supply, Some(&extras), Some(first.clone()));
        assert_eq!(seen(&second), seen(&first));
        assert_eq!(seen(&given(&supply, None, None)).last(), named(&[("db", 8)]).last());
    }
}
