//! Where State is kept, and how a store there is opened.

use super::{MemoryStore, Store, named, sqlite};
use std::path::PathBuf;
use std::sync::Arc;

/// Where State is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In memory, for one engine alone.
    Memory,
    /// In memory, for all engines of the process that name it so; gone with the last of them.
    Named(String),
    /// In a SQLite database, for all engines of this process that name its file.
    Sqlite {
        /// The file; made if it is not there.
        path: PathBuf,
        /// How many bytes of spaces are kept in memory.
        cache_bytes: usize,
        /// Whether nothing waits for the disk: after a crash of the machine, or of the process, the last writes may be
        /// missing.
        relaxed: bool,
    },
}

/// Opens a store. Whoever opens one closes it: see [`Store::close`].
///
/// # Errors
/// Why it cannot be opened, as a sentence.
pub fn open(place: &Place) -> Result<Arc<dyn Store>, String> {
    Ok(match place {
        Place::Memory => Arc::new(MemoryStore::default()),
        Place::Named(name) => named::open(name),
        Place::Sqlite { path, cache_bytes, relaxed } => sqlite::open(path, *cache_bytes, *relaxed)?,
    })
}
