//! The store in this process's memory: gone with the engine that made it.

use super::{Found, Key, ScriptId, Store, StoreError};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What an entry takes in memory besides its key and value, in bytes: two allocations, and its share of two maps.
const ENTRY: usize = 192;

/// A store in memory.
///
/// ```
/// use moonpool_core::state::{Found, Key, MemoryStore, ScriptId, Store};
/// let store = MemoryStore::default();
/// let (a, b) = (ScriptId::new("a")?, ScriptId::new("b")?);
/// let key = Key::new(b"color")?;
/// assert_eq!(store.set(&a, &key, "\"red\"", 1000), Ok(()));
/// assert_eq!(store.get(&a, &key), Ok(Found::Own("\"red\"".into())));
/// assert_eq!(store.get(&b, &key), Ok(Found::Foreign));
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Shared>);

#[derive(Debug, Default)]
struct Shared {
    spaces: HashMap<ScriptId, Space>,
    /// How many scripts hold a key of this name: what tells "another script's" from "nobody's".
    holders: HashMap<Arc<str>, usize>,
}

#[derive(Debug, Default)]
struct Space {
    entries: BTreeMap<Arc<str>, Arc<str>>,
    /// Keys, values and [`ENTRY`] each.
    bytes: usize,
}

impl MemoryStore {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        // Nothing that holds the lock panics half way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn get(&self, owner: &ScriptId, key: &Key) -> Result<Found, StoreError> {
        let shared = self.lock();
        let own = shared.spaces.get(owner).and_then(|space| space.entries.get(key.as_str()));
        Ok(match own {
            Some(value) => Found::Own(value.clone()),
            None if shared.holders.contains_key(key.as_str()) => Found::Foreign,
            None => Found::Nowhere,
        })
    }

    fn set(&self, owner: &ScriptId, key: &Key, json: &str, quota: usize) -> Result<(), StoreError> {
        let value: Arc<str> = json.into();
        let mut shared = self.lock();
        let Shared { spaces, holders } = &mut *shared;
        let cost = |value: &str| key.as_str().len() + value.len() + ENTRY;
        let bytes = cost(&value)
            + spaces
                .get(owner)
                .map_or(0, |space| space.bytes - space.entries.get(key.as_str()).map_or(0, |replaced| cost(replaced)));
        if bytes > quota {
            return Err(StoreError::Quota(bytes));
        }
        let space = spaces.entry(owner.clone()).or_default();
        space.bytes = bytes;
        if let Some(slot) = space.entries.get_mut(key.as_str()) {
            *slot = value;
        } else {
            let name: Arc<str> = key.as_str().into();
            space.entries.insert(name.clone(), value);
            *holders.entry(name).or_default() += 1;
        }
        Ok(())
    }

    fn delete(&self, owner: &ScriptId, key: &Key) -> Result<bool, StoreError> {
        let mut shared = self.lock();
        let Shared { spaces, holders } = &mut *shared;
        let Some(space) = spaces.get_mut(owner) else { return Ok(false) };
        let Some((name, value)) = space.entries.remove_entry(key.as_str()) else { return Ok(false) };
        space.bytes -= name.len() + value.len() + ENTRY;
        if space.entries.is_empty() {
            spaces.remove(owner);
        }
        if let Entry::Occupied(mut count) = holders.entry(name) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
        Ok(true)
    }

    fn list(&self, owner: &ScriptId, prefix: &str) -> Result<Vec<Arc<str>>, StoreError> {
        let shared = self.lock();
        let Some(space) = shared.spaces.get(owner) else { return Ok(Vec::new()) };
        let from = space.entries.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        Ok(from.map(|(key, _)| key.clone()).take_while(|key| key.starts_with(prefix)).collect())
    }
}
