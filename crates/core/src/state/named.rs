//! Stores in memory that have a name: all engines of the process that use it share one, worker threads included.

use super::MemoryStore;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

/// The stores that somebody uses, by name.
static NAMED: LazyLock<Mutex<HashMap<String, Weak<MemoryStore>>>> = LazyLock::new(Mutex::default);

/// The store of this name: the one that somebody uses, or a new one.
pub(super) fn open(name: &str) -> Arc<MemoryStore> {
    let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    named.retain(|_, store| store.strong_count() > 0);
    if let Some(store) = named.get(name).and_then(Weak::upgrade) {
        return store;
    }
    let store = Arc::new(MemoryStore::default());
    named.insert(name.to_owned(), Arc::downgrade(&store));
    store
}
