//! The State that one script sees: a store, bound to the identity of the run.

use super::{Access, Grants, Op, Pattern, Quotas, Request, ScriptId, Store};

/// The State of one script. Made for the run that asks, so that no function of ours can pass another id.
#[derive(Clone, Copy)]
pub struct View<'a> {
    store: &'a dyn Store,
    id: &'a ScriptId,
    quotas: &'a Quotas,
    /// Whether the script is told that others have a key.
    foreign: bool,
}

/// Why a script may not do something: the key was granted to it to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// Who granted it.
    pub owner: ScriptId,
}

impl<'a> View<'a> {
    /// What `id` sees of a store, in which each script may keep so many bytes; and whether it learns that others have a key
    /// which it has not.
    pub fn new(store: &'a dyn Store, id: &'a ScriptId, quotas: &'a Quotas, foreign: bool) -> Self {
        Self { store, id, quotas, foreign }
    }

    /// The store.
    pub fn store(&self) -> &'a dyn Store {
        self.store
    }

    /// A request on a key, as this script names it.
    ///
    /// # Errors
    /// When it would change a key that the script may only read.
    pub fn request<'r>(&self, op: Op<'r>) -> Result<Request<'r>, Denied> {
        let target = op.key().and_then(|key| self.store.grants().resolve(self.id, key));
        let Some(target) = target else { return Ok(self.own(op)) };
        if op.writes() && target.access < Access::Write {
            return Err(Denied { owner: target.owner });
        }
        // A name that was granted is the owner's alone: who else has it does not matter.
        let op = match op {
            Op::Get { key, .. } => Op::Get { key, foreign: false },
            op => op,
        };
        Ok(Request { quota: self.quotas.of(&target.owner), owner: target.owner, op })
    }

    /// Looks a key up.
    pub fn get<'r>(&self, key: &'r str) -> Op<'r> {
        Op::Get { key: key.into(), foreign: self.foreign }
    }

    /// A request on the script's own space.
    fn own<'r>(&self, op: Op<'r>) -> Request<'r> {
        Request { owner: self.id.clone(), quota: self.quotas.of(self.id), op }
    }

    /// The requests whose keys together are those that the script sees with names that begin with `prefix`: for each, which
    /// of its keys count is for [`View::sees`] to say.
    pub fn list(&self, prefix: &str) -> Vec<Request<'static>> {
        let mut requests = vec![self.own(Op::List { prefix: prefix.to_owned().into() })];
        for (owner, pattern) in self.store.grants().seen_by(self.id, prefix) {
            let prefix = listed(&pattern, prefix).to_owned();
            requests.push(Request { owner, quota: 0, op: Op::List { prefix: prefix.into() } });
        }
        requests
    }

    /// Whether the script sees a key of `owner`'s under this name.
    pub fn sees(&self, owner: &ScriptId, name: &str) -> bool {
        let grants: &Grants = self.store.grants();
        match grants.resolve(self.id, name) {
            None => owner == self.id,
            Some(target) => target.owner == *owner,
        }
    }
}

/// What to ask an owner for: what fits both.
fn listed<'p>(pattern: &'p Pattern, prefix: &'p str) -> &'p str {
    match pattern.prefix() {
        None => pattern.as_str(),
        Some(granted) if granted.len() > prefix.len() => granted,
        Some(_) => prefix,
    }
}
