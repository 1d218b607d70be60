//! State in a SQLite database: read and written in memory, and committed behind that.
//!
//! ```text
//! workers ── now ──▶ cache: spaces ──▶ log: numbered writes ──▶ writer: one transaction for all that came
//!            later ──▶ reader: loads spaces, looks keys up          └─▶ fates: durable, or lost
//! ```
//!
//! A write changes its space and goes into the log under the lock of the space; so the order of numbers is that of the
//! changes, and what the writer takes at once is everything up to some number. When a transaction fails, everything that
//! is not durable is lost together, and the spaces that it touched are forgotten; a space whose last write is lost is
//! used by nobody from that moment on. Only spaces without unwritten changes are forgotten otherwise: what is loaded has
//! therefore all that was written.
//!
//! Locks are taken in this order: a space, the map of spaces or the log, fates.

mod cache;
mod fates;
mod grants;
mod lock;
mod log;
mod names;
mod open;
mod peek;
mod reader;
mod schema;
mod shared;
mod writer;

use super::{Answered, Depends, Fate, Grants, Reply, Request, Store, lock};
pub use peek::{StoredEntry, StoredOwner, stored_entries, stored_owners};
use shared::Shared;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

/// The store of one database of this process.
struct SqliteStore(Arc<Shared>);

/// Opens the database at `path`, or shares it with those in this process who have it open.
///
/// # Errors
/// Why it cannot be used, as a sentence that names it.
pub(super) fn open(path: &Path, cache_bytes: usize, relaxed: bool) -> Result<Arc<dyn Store>, String> {
    Ok(Arc::new(SqliteStore(open::open(path, cache_bytes, relaxed)?)))
}

impl Store for SqliteStore {
    fn now(&self, request: &Request<'_>) -> Option<Answered> {
        self.0.now(request)
    }

    fn later(&self, request: Request<'static>, reply: Reply) {
        self.0.later(request, reply);
    }

    fn grants(&self) -> &Grants {
        &self.0.grants
    }

    fn fate(&self, depends: Depends) -> Fate {
        self.0.fate(depends)
    }

    fn close(&self, done: Box<dyn FnOnce() + Send>) {
        open::close(&self.0, done);
    }

    fn watch(&self, tell: Weak<dyn Fn() + Send + Sync>) {
        self.0.log.fates.watch(tell);
    }
}

/// A file beside the database, as SQLite names them.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
