//! Where State is kept, and how a store there is opened.

use super::{MemoryStore, Store, named, redis, sqlite};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Where State is kept.
#[derive(Clone, PartialEq, Eq)]
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
    /// On a Redis server, for all processes and machines that use it with the same prefix.
    Redis {
        /// `redis://` or `rediss://`, with what the server needs to know. It may hold a password: see `Debug` below.
        url: String,
        /// What tells these spaces from others on the same server.
        prefix: String,
        /// How long an operation may take before it fails.
        command_timeout: Duration,
    },
}

/// Shows everything but what may be secret.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("Memory"),
            Self::Named(name) => f.debug_tuple("Named").field(name).finish(),
            Self::Sqlite { path, cache_bytes, relaxed } => f
                .debug_struct("Sqlite")
                .field("path", path)
                .field("cache_bytes", cache_bytes)
                .field("relaxed", relaxed)
                .finish(),
            Self::Redis { prefix, command_timeout, .. } => f
                .debug_struct("Redis")
                .field("prefix", prefix)
                .field("command_timeout", command_timeout)
                .finish_non_exhaustive(),
        }
    }
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
        Place::Redis { url, prefix, command_timeout } => Arc::new(redis::open(url, prefix, *command_timeout)?),
    })
}
