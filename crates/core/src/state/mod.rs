//! State: each script's own key space, behind a trait that stores implement.

mod memory;
mod view;

pub use memory::MemoryStore;
pub use view::View;

use std::sync::Arc;

/// The longest JSON text that one value may have, in bytes: 1 MiB.
pub const MAX_VALUE: usize = 1 << 20;

/// Bytes that each script may keep, by default: 16 MiB.
pub const DEFAULT_QUOTA: usize = 16 << 20;

/// Who is running: 1 to 256 UTF-8 bytes without control characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScriptId(Arc<str>);

impl ScriptId {
    /// The longest id, in bytes.
    pub const MAX: usize = 256;

    /// Checks an id.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn new(id: &str) -> Result<Self, String> {
        match id.len() {
            0 => Err("scriptId is empty".to_owned()),
            len if len > Self::MAX => Err(format!("scriptId has {len} bytes, more than {}", Self::MAX)),
            _ if id.chars().any(char::is_control) => Err("scriptId has control characters".to_owned()),
            _ => Ok(Self(id.into())),
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A key of State: 1 to 512 UTF-8 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// The longest key, in bytes.
    pub const MAX: usize = 512;
    /// The rule, for messages.
    pub const RULE: &'static str = "1 to 512 UTF-8 bytes";

    /// Checks a key.
    ///
    /// # Errors
    /// What came instead of a key.
    pub fn new(bytes: &[u8]) -> Result<Self, String> {
        match std::str::from_utf8(bytes) {
            Ok("") => Err("an empty string".to_owned()),
            Ok(key) if key.len() > Self::MAX => Err(format!("a string of {} bytes", key.len())),
            Ok(key) => Ok(Self(key.to_owned())),
            Err(_) => Err("a string that is not UTF-8".to_owned()),
        }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a key was found, seen from one script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// In the script's own space: the value's JSON text.
    Own(Arc<str>),
    /// Only in other scripts' spaces.
    Foreign,
    /// In nobody's.
    Nowhere,
}

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The write would bring the owner's space to so many bytes, which is more than its quota. Nothing changed.
    Quota(usize),
    /// The store cannot be reached: the reason, as a sentence.
    Unavailable(String),
}

/// Keeps every script's space. Values are JSON text, owned by the store; each call is atomic.
///
/// Called from worker threads, many at once. `tests/state_contract.rs` has what every store must do.
pub trait Store: Send + Sync {
    /// Looks a key up for `owner`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn get(&self, owner: &ScriptId, key: &Key) -> Result<Found, StoreError>;

    /// Stores a value in `owner`'s space, unless that would then hold more than `quota` bytes.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn set(&self, owner: &ScriptId, key: &Key, json: &str, quota: usize) -> Result<(), StoreError>;

    /// Removes a key from `owner`'s space; says whether it was there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn delete(&self, owner: &ScriptId, key: &Key) -> Result<bool, StoreError>;

    /// `owner`'s keys that begin with `prefix`, in byte order.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn list(&self, owner: &ScriptId, prefix: &str) -> Result<Vec<Arc<str>>, StoreError>;
}
