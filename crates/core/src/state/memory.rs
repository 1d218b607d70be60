//! The store in this process's memory: gone with the last engine that uses it.

use super::request::{Found, Op, Request, Response, StoreError};
use super::space::{Effect, Space};
use super::{Answered, Grants, ScriptId, Store, lock, now};
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard};

/// How many locks the spaces are spread over, so that workers seldom wait for each other.
const SHARDS: usize = 16;

/// At most so many keys of others, which have expired, are forgotten with each operation.
const SWEEP: usize = 8;

/// What tells the time, in milliseconds since 1970.
type Clock = Box<dyn Fn() -> u64 + Send + Sync>;

/// A store in memory.
///
/// ```
/// use moonpool_core::state::{Found, MemoryStore, Op, Request, Response, ScriptId, Store, Write};
/// let store = MemoryStore::default();
/// let ask = |id: &str, op| {
///     let request = Request { owner: ScriptId::new(id).unwrap(), quota: 1000, op };
///     store.now(&request).unwrap().response.unwrap()
/// };
/// ask("a", Op::Write(Write::put("color", "\"red\"")));
/// let get = || Op::Get { key: "color".into(), foreign: true };
/// assert_eq!(ask("a", get()), Response::Value(Found::Own("\"red\"".into())));
/// assert_eq!(ask("b", get()), Response::Value(Found::Foreign));
/// ```
pub struct MemoryStore {
    shards: [Mutex<Shard>; SHARDS],
    /// Who holds a key of this name: what tells "another script's" from "nobody's". Locked after a shard.
    names: [Mutex<HashMap<Arc<str>, Holders>>; SHARDS],
    hasher: RandomState,
    grants: Grants,
    clock: Clock,
}

#[derive(Default)]
struct Shard {
    spaces: HashMap<ScriptId, Space>,
    /// The ids that have a space, in order.
    owners: BTreeSet<ScriptId>,
    /// The spaces that have keys that expire, by when the first does.
    due: BTreeSet<(u64, ScriptId)>,
}

/// Who holds a key.
#[derive(Default)]
struct Holders {
    /// How many scripts, those included whose key has expired and is not forgotten yet.
    count: usize,
    /// When the last of them expires, at the latest.
    until: u64,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_clock(now)
    }
}

impl MemoryStore {
    /// A store that asks `clock` for the time, in milliseconds since 1970.
    pub fn with_clock(clock: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self {
            shards: Default::default(),
            names: Default::default(),
            hasher: RandomState::new(),
            grants: Grants::default(),
            clock: Box::new(clock),
        }
    }

    fn shard(&self, owner: &ScriptId) -> MutexGuard<'_, Shard> {
        lock(&self.shards[self.hasher.hash_one(owner) as usize % SHARDS])
    }

    fn names(&self, key: &str) -> MutexGuard<'_, HashMap<Arc<str>, Holders>> {
        lock(&self.names[self.hasher.hash_one(key) as usize % SHARDS])
    }

    fn count(&self, key: &Arc<str>, effect: Effect) {
        let mut names = self.names(key);
        match effect {
            Effect::Added(until) => {
                let holders = names.entry(key.clone()).or_default();
                holders.count += 1;
                holders.until = holders.until.max(until);
            }
            Effect::Changed(until) => {
                if let Some(holders) = names.get_mut(key) {
                    holders.until = holders.until.max(until);
                }
            }
            Effect::Removed => {
                if let Some(holders) = names.get_mut(key) {
                    holders.count -= 1;
                    if holders.count == 0 {
                        names.remove(key);
                    }
                }
            }
        }
    }

    /// What is asked of one space.
    fn apply(&self, owner: &ScriptId, quota: usize, op: &Op<'_>) -> Result<Response, StoreError> {
        let mut shard = self.shard(owner);
        // Where nothing expires, nobody has to know the time.
        let now = if shard.due.is_empty() && !op.sets_time() { 0 } else { (self.clock)() };
        self.sweep(&mut shard, now);
        let Shard { spaces, owners, due } = &mut *shard;
        if op.only_looks() {
            return match spaces.get_mut(owner) {
                Some(space) => space.apply(op, quota, now, &mut |_, _| {}),
                None => Space::default().apply(op, quota, now, &mut |_, _| {}),
            };
        }
        let space = match spaces.get_mut(owner) {
            Some(space) => space,
            None => {
                owners.insert(owner.clone());
                spaces.entry(owner.clone()).or_default()
            }
        };
        let before = space.next_expiry();
        let response = space.apply(op, quota, now, &mut |key, effect| self.count(key, effect));
        let after = space.next_expiry();
        let is_empty = space.is_empty();
        if before != after {
            before.map(|at| due.remove(&(at, owner.clone())));
            after.map(|at| due.insert((at, owner.clone())));
        }
        if is_empty {
            spaces.remove(owner);
            owners.remove(owner);
        }
        response
    }

    /// Forgets a few keys that have expired, so that spaces that nobody uses any more do not stay for ever.
    fn sweep(&self, shard: &mut Shard, now: u64) {
        let Shard { spaces, owners, due } = shard;
        if due.first().is_none_or(|(at, _)| *at > now) {
            return;
        }
        let Some((_, owner)) = due.pop_first() else { return };
        let Some(space) = spaces.get_mut(&owner) else { return };
        space.expire(now, SWEEP, &mut |key, effect| self.count(key, effect));
        match space.next_expiry() {
            Some(at) => {
                due.insert((at, owner));
            }
            None if space.is_empty() => {
                spaces.remove(&owner);
                owners.remove(&owner);
            }
            None => {}
        }
    }

    /// Whether anybody has a key of this name that has not expired.
    fn is_held(&self, key: &str) -> bool {
        let now = (self.clock)();
        let may_be_held = self.names(key).get(key).is_some_and(|holders| holders.until > now);
        // The last of them may be gone, and the others expired.
        may_be_held && {
            self.sweep_all(now);
            self.names(key).contains_key(key)
        }
    }

    /// Forgets every key that has expired.
    fn sweep_all(&self, now: u64) {
        for shard in &self.shards {
            while let mut shard = lock(shard)
                && shard.due.first().is_some_and(|(at, _)| *at <= now)
            {
                self.sweep(&mut shard, now);
            }
        }
    }

    fn owners(&self, after: Option<&ScriptId>, limit: usize) -> Response {
        let now = (self.clock)();
        let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut owners = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            let later = shard.owners.range::<ScriptId, _>((begin, Bound::Unbounded));
            let live = later.filter(|owner| shard.spaces.get(owner).is_some_and(|space| space.is_live(now)));
            owners.extend(live.take(limit).cloned());
        }
        owners.sort_unstable();
        owners.truncate(limit);
        Response::Owners(owners)
    }
}

impl Store for MemoryStore {
    fn now(&self, request: &Request<'_>) -> Option<Answered> {
        let response = match &request.op {
            Op::Owners { after, limit } => Ok(self.owners(after.as_ref(), *limit)),
            Op::Grant(grant) => self.grants.change(grant, false),
            Op::Revoke(grant) => self.grants.change(grant, true),
            Op::Grants => Ok(Response::Grants(self.grants.list())),
            op => self.apply(&request.owner, request.quota, op),
        };
        let response = match (response, &request.op) {
            (Ok(Response::Value(Found::Nowhere)), Op::Get { key, foreign: true }) if self.is_held(key) => {
                Ok(Response::Value(Found::Foreign))
            }
            (response, _) => response,
        };
        Some(response.into())
    }

    fn grants(&self) -> &Grants {
        &self.grants
    }
}
