//! The named scripts of an engine: which there are, who may call them, and who called whom.

use super::Access;
use crate::error::{Code, Error, quoted};
use crate::state::ScriptId;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Instant;

/// How deep scripts may call each other.
pub const MAX_DEPTH: usize = 16;

/// A script's call of another one, as the one that is called knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// Who called.
    pub by: ScriptId,
    /// The names of the scripts that wait, from the first one, and then that of the one that is called.
    chain: Vec<Arc<str>>,
    /// When the time of those that wait is over; known when the call is made.
    pub deadline: Option<Instant>,
}

impl Called {
    /// A call by the script of this id and name, which may itself have been called.
    ///
    /// # Errors
    /// When that would be too deep.
    pub fn new(by: &ScriptId, from: &Arc<str>, around: Option<&Self>, name: &str) -> Result<Self, Error> {
        let mut chain = around.map_or_else(|| vec![from.clone()], |around| around.chain.clone());
        chain.push(name.into());
        if chain.len() > MAX_DEPTH + 1 {
            let names: Vec<_> = chain.iter().map(|name| quoted(name)).collect();
            let message = format!("scripts call each other more than {MAX_DEPTH} deep: {}", names.join(" > "));
            return Err(Error::new(Code::Runtime, message));
        }
        Ok(Self { by: by.clone(), chain, deadline: None })
    }

    /// The name of the script that is called.
    pub fn name(&self) -> &str {
        self.chain.last().map_or("", |name| name)
    }
}

/// Who may call each of an engine's named scripts, as that changes.
#[derive(Default)]
pub struct Scripts(RwLock<BTreeMap<Box<str>, Access>>);

impl Scripts {
    /// Takes some away by name, and adds others; those that there are of the same names are replaced.
    pub fn change(&self, removed: &[String], added: impl IntoIterator<Item = (String, Access)>) {
        let mut scripts = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for name in removed {
            scripts.remove(&**name);
        }
        scripts.extend(added.into_iter().map(|(name, callers)| (name.into(), callers)));
    }

    /// Refuses a call of what is not there, or not for this id.
    ///
    /// # Errors
    /// `ERR_SCRIPT_UNKNOWN` or `ERR_SCRIPT_DENIED`.
    pub fn check(&self, name: &str, caller: &ScriptId) -> Result<(), Error> {
        match self.read().get(name) {
            None => Err(no_script(&quoted(name))),
            Some(callers) if callers.allows(caller) => Ok(()),
            Some(_) => {
                let (name, caller) = (quoted(name), quoted(caller.as_str()));
                Err(Error::new(Code::ScriptDenied, format!("'{caller}' is none of the callers of the script '{name}'")))
            }
        }
    }

    /// The names of those that this id may call, sorted.
    pub fn names(&self, caller: &ScriptId) -> Vec<Box<str>> {
        self.read().iter().filter(|(_, callers)| callers.allows(caller)).map(|(name, _)| name.clone()).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<Box<str>, Access>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error for a name that no script has.
pub(crate) fn no_script(name: &str) -> Error {
    Error::new(Code::ScriptUnknown, format!("there is no script '{name}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> ScriptId {
        ScriptId::new(text).expect("an id")
    }

    #[test]
    fn each_id_finds_what_it_may_call_and_nothing_else() {
        let scripts = Scripts::default();
        let only = |ids: &[&str]| Access::Only(ids.iter().copied().map(id).collect());
        let given = [("b", Access::Everybody), ("a", only(&["x"])), ("c", only(&[]))];
        scripts.change(&[], given.map(|(name, callers)| (name.to_owned(), callers)));
        let names = |caller| scripts.names(&id(caller)).join(" ");
        assert_eq!((names("x"), names("y")), ("a b".into(), "b".into()));
        let code = |name, caller| scripts.check(name, &id(caller)).map_err(|error| error.code);
        assert_eq!(code("a", "x"), Ok(()));
        assert_eq!(code("a", "y"), Err(Code::ScriptDenied));
        // Ids and names are whole: neither a part of one nor a pattern opens anything.
        for other in ["X", "x ", "xx", "*"] {
            assert_eq!(code("a", other), Err(Code::ScriptDenied));
        }
        assert_eq!(code("c", "x"), Err(Code::ScriptDenied));
        assert_eq!(code("d", "x"), Err(Code::ScriptUnknown));
        scripts.change(&["b".into(), "nobody".into()], [("a".to_owned(), only(&["y"]))]);
        assert_eq!((names("x"), names("y")), (String::new(), "a".into()));
    }

    #[test]
    fn a_chain_of_calls_is_told_when_it_is_too_deep() {
        let mut around: Option<Called> = None;
        for _ in 0..MAX_DEPTH {
            let next = Called::new(&id("x"), &"first".into(), around.as_ref(), "s");
            around = Some(next.expect("not too deep"));
        }
        let error = Called::new(&id("x"), &"s".into(), around.as_ref(), "last").expect_err("too deep");
        let chain = format!("first > {}last", "s > ".repeat(MAX_DEPTH));
        assert_eq!(error.message, format!("scripts call each other more than 16 deep: {chain}"));
    }
}
