//! Grants: keys of one script that others may use by their own names for them.

use super::{Key, Response, ScriptId, StoreError};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// What a script may do with keys that were granted to it. The greater includes the smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// See them.
    Read,
    /// Change them, too.
    Write,
}

/// Who may use granted keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grantee {
    /// Every script.
    All,
    /// One script.
    One(ScriptId),
}

impl Grantee {
    /// Reads `*`, or an id.
    ///
    /// # Errors
    /// What is wrong with the id.
    pub fn new(text: &str) -> Result<Self, String> {
        if text == "*" { Ok(Self::All) } else { ScriptId::new(text).map(Self::One) }
    }

    /// `*`, or the id.
    pub fn as_str(&self) -> &str {
        match self {
            Self::All => "*",
            Self::One(id) => id.as_str(),
        }
    }
}

/// Which keys are granted: one, or all that begin with a prefix. Written with `*` at the end for a prefix.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern(Arc<str>);

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, as in "an empty string".
    pub fn new(text: &str) -> Result<Self, String> {
        match text {
            "*" => {
                Err("'*', which would hide every key of its own from a script; give it a prefix, as in 'shared/*'"
                    .into())
            }
            _ => Key::new(text.as_bytes()).map(|key| Self(key.as_str().into())),
        }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the keys begin with, unless it is one key.
    pub fn prefix(&self) -> Option<&str> {
        self.0.strip_suffix('*')
    }
}

/// A grant: others find keys of `owner` under the same names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whose keys.
    pub owner: ScriptId,
    /// Which.
    pub keys: Pattern,
    /// For whom.
    pub to: Grantee,
    /// What those may do.
    pub access: Access,
}

impl Grant {
    /// A grant.
    ///
    /// # Errors
    /// When it is to the owner itself.
    pub fn new(owner: ScriptId, keys: Pattern, to: Grantee, access: Access) -> Result<Self, String> {
        if to == Grantee::One(owner.clone()) {
            return Err(format!("'{}', who owns the keys", owner.as_str()));
        }
        Ok(Self { owner, keys, to, access })
    }
}

/// Which key a name means to a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// In whose space it is.
    pub owner: ScriptId,
    /// What the script may do with it.
    pub access: Access,
}

/// All grants of a store.
///
/// To a script, a name means the key of whoever granted it: the longest pattern that fits wins, one key before any prefix;
/// of the same pattern, a grant to the script itself before one to all. A name that nobody granted is the script's own.
#[derive(Debug, Default)]
pub struct Grants {
    /// Whether there is any: most stores have none.
    any: AtomicBool,
    by_grantee: RwLock<HashMap<Grantee, Granted>>,
}

/// What one grantee was granted. No two grants have the same pattern.
#[derive(Debug, Default)]
struct Granted {
    keys: HashMap<Arc<str>, Target>,
    prefixes: HashMap<Arc<str>, Target>,
    /// How many prefixes have a length, in bytes, by length.
    lengths: std::collections::BTreeMap<usize, usize>,
}

impl Granted {
    fn longest(&self, name: &str) -> Option<(usize, &Target)> {
        let lengths = self.lengths.range(..=name.len()).rev();
        lengths.filter_map(|(&len, _)| Some((len, self.prefixes.get(name.get(..len)?)?))).next()
    }
}

impl Grants {
    /// Whether there is any grant.
    pub fn is_empty(&self) -> bool {
        !self.any.load(Ordering::Acquire)
    }

    /// Adds a grant, or changes its access when it is there. Says whether anything changed.
    ///
    /// # Errors
    /// The owner of the same pattern for the same grantee, when that is another one.
    pub fn add(&self, grant: &Grant) -> Result<bool, ScriptId> {
        let mut all = self.by_grantee.write().unwrap_or_else(PoisonError::into_inner);
        let granted = all.entry(grant.to.clone()).or_default();
        let (map, name) = match grant.keys.prefix() {
            Some(prefix) => (&mut granted.prefixes, prefix),
            None => (&mut granted.keys, grant.keys.as_str()),
        };
        let target = Target { owner: grant.owner.clone(), access: grant.access };
        match map.get_mut(name) {
            Some(taken) if taken.owner != target.owner => return Err(taken.owner.clone()),
            Some(same) if *same == target => return Ok(false),
            Some(other) => *other = target,
            None => {
                map.insert(name.into(), target);
                if grant.keys.prefix().is_some() {
                    *granted.lengths.entry(name.len()).or_default() += 1;
                }
            }
        }
        self.any.store(true, Ordering::Release);
        Ok(true)
    }

    /// Takes a grant back, whatever its access. Says whether it was there.
    pub fn remove(&self, grant: &Grant) -> bool {
        let mut all = self.by_grantee.write().unwrap_or_else(PoisonError::into_inner);
        let Some(granted) = all.get_mut(&grant.to) else { return false };
        let (map, name) = match grant.keys.prefix() {
            Some(prefix) => (&mut granted.prefixes, prefix),
            None => (&mut granted.keys, grant.keys.as_str()),
        };
        if map.get(name).is_none_or(|target| target.owner != grant.owner) {
            return false;
        }
        map.remove(name);
        if grant.keys.prefix().is_some()
            && let Some(count) = granted.lengths.get_mut(&name.len())
        {
            *count -= 1;
            if *count == 0 {
                granted.lengths.remove(&name.len());
            }
        }
        if granted.keys.is_empty() && granted.prefixes.is_empty() {
            all.remove(&grant.to);
        }
        self.any.store(!all.is_empty(), Ordering::Release);
        true
    }

    /// Adds a grant, or takes it back, as a store answers it.
    ///
    /// # Errors
    /// [`StoreError::Taken`].
    pub(super) fn change(&self, grant: &Grant, revoked: bool) -> Result<Response, StoreError> {
        if revoked {
            let was_there = self.remove(grant);
            return Ok(Response::Written { met: was_there, was_there });
        }
        self.add(grant).map(|_| Response::Done).map_err(StoreError::Taken)
    }

    /// Replaces all grants: for a store that reads them again.
    pub fn replace(&self, grants: &[Grant]) {
        let new = Self::default();
        for grant in grants {
            // Of two owners, the first: a store keeps no such pair.
            let _ = new.add(grant);
        }
        let any = !new.is_empty();
        let mut all = self.by_grantee.write().unwrap_or_else(PoisonError::into_inner);
        *all = new.by_grantee.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.any.store(any, Ordering::Release);
    }

    /// Every grant, sorted by owner, pattern and grantee.
    pub fn list(&self) -> Vec<Grant> {
        let all = self.by_grantee.read().unwrap_or_else(PoisonError::into_inner);
        let mut list = Vec::new();
        for (to, granted) in &*all {
            let keys = granted.keys.iter().map(|(name, target)| (name.to_string(), target));
            let prefixes = granted.prefixes.iter().map(|(name, target)| (format!("{name}*"), target));
            list.extend(keys.chain(prefixes).map(|(keys, target)| Grant {
                owner: target.owner.clone(),
                keys: Pattern(keys.into()),
                to: to.clone(),
                access: target.access,
            }));
        }
        list.sort_unstable_by(|a, b| (&a.owner, &a.keys, &a.to).cmp(&(&b.owner, &b.keys, &b.to)));
        list
    }

    /// Which key `name` means to `id`: `None` for its own.
    pub fn resolve(&self, id: &ScriptId, name: &str) -> Option<Target> {
        if self.is_empty() {
            return None;
        }
        let all = self.by_grantee.read().unwrap_or_else(PoisonError::into_inner);
        let one = all.get(&Grantee::One(id.clone()));
        let every = all.get(&Grantee::All);
        let both = [one, every];
        let granted = || both.iter().flatten();
        let exact = granted().find_map(|granted| granted.keys.get(name));
        let target = exact.or_else(|| {
            // `max_by_key` gives the last of several, and a grant to the script itself is to win.
            granted()
                .rev()
                .filter_map(|granted| granted.longest(name))
                .max_by_key(|(len, _)| *len)
                .map(|(_, target)| target)
        })?;
        (target.owner != *id).then(|| target.clone())
    }

    /// Whose keys, under which patterns, may be among those that `id` sees with names that begin with `prefix`.
    pub fn seen_by(&self, id: &ScriptId, prefix: &str) -> Vec<(ScriptId, Pattern)> {
        if self.is_empty() {
            return Vec::new();
        }
        let all = self.by_grantee.read().unwrap_or_else(PoisonError::into_inner);
        let mut seen = Vec::new();
        for granted in [Grantee::One(id.clone()), Grantee::All].iter().filter_map(|to| all.get(to)) {
            for (name, target) in &granted.keys {
                if name.starts_with(prefix) && target.owner != *id {
                    seen.push((target.owner.clone(), Pattern(name.clone())));
                }
            }
            for (name, target) in &granted.prefixes {
                if (name.starts_with(prefix) || prefix.starts_with(&**name)) && target.owner != *id {
                    seen.push((target.owner.clone(), Pattern(format!("{name}*").into())));
                }
            }
        }
        seen
    }
}
