//! The contract of stores, for the store in SQLite: with room for every space, and for hardly one.

mod contract;
#[path = "common/folder.rs"]
mod folder;

use folder::Folder;
use moonpool_core::state::{Answered, Depends, Fate, Grants, Place, Reply, Request, Store, open};
use std::sync::Arc;

/// A store whose folder goes with it.
struct Kept(Arc<dyn Store>, Folder);

impl Kept {
    fn empty(cache_bytes: usize, relaxed: bool) -> Arc<dyn Store> {
        let folder = Folder::new();
        let store = open(&Place::Sqlite { path: folder.join("state.db"), cache_bytes, relaxed }).expect("a store");
        Arc::new(Self(store, folder))
    }
}

impl Store for Kept {
    fn now(&self, request: &Request<'_>) -> Option<Answered> {
        self.0.now(request)
    }

    fn later(&self, request: Request<'static>, reply: Reply) {
        self.0.later(request, reply);
    }

    fn grants(&self) -> &Grants {
        self.0.grants()
    }

    fn fate(&self, depends: Depends) -> Fate {
        self.0.fate(depends)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let (done, is_done) = std::sync::mpsc::channel();
        self.0.close(Box::new(move || done.send(()).expect("a listener")));
        is_done.recv().expect("it closes");
        if !std::thread::panicking() {
            assert_eq!(self.1.files(), ["state.db"]);
        }
    }
}

contract!(roomy, Kept::empty(64 << 20, false));
contract!(cramped, Kept::empty(0, false));
contract!(relaxed, Kept::empty(64 << 20, true));
