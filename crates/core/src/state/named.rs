//! Stores in memory that have a name: all engines of the process that use it share one, worker threads included.

use super::{Answered, Grants, MemoryStore, Request, Store, lock};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

/// The stores that somebody uses, by name.
static NAMED: LazyLock<Mutex<Named>> = LazyLock::new(Mutex::default);

/// Each store, and how many use it.
type Named = HashMap<String, (Arc<NamedStore>, usize)>;

/// A store in memory that is forgotten when all who opened it have closed it, whoever still refers to it.
struct NamedStore {
    name: String,
    store: MemoryStore,
}

/// The store of this name: the one that somebody uses, or a new one.
pub(super) fn open(name: &str) -> Arc<dyn Store> {
    let mut named = lock(&NAMED);
    let (store, users) = named.entry(name.to_owned()).or_insert_with(|| {
        let store = NamedStore { name: name.to_owned(), store: MemoryStore::default() };
        (Arc::new(store), 0)
    });
    *users += 1;
    store.clone()
}

impl Store for NamedStore {
    fn now(&self, request: &Request<'_>) -> Option<Answered> {
        self.store.now(request)
    }

    fn grants(&self) -> &Grants {
        self.store.grants()
    }

    fn close(&self, done: Box<dyn FnOnce() + Send>) {
        let mut named = lock(&NAMED);
        let last = match named.get_mut(&self.name) {
            Some((store, users)) if std::ptr::eq(&**store, self) => {
                *users -= 1;
                *users == 0
            }
            _ => false,
        };
        let forgotten = if last { named.remove(&self.name) } else { None };
        // What it holds is given back while nobody waits for the others.
        drop(named);
        drop(forgotten);
        done();
    }
}
