//! State: each script's own key space, behind a trait that stores implement.

mod compare_and_set;
mod fate;
mod grants;
mod memory;
mod named;
mod none;
mod number;
mod open;
mod quotas;
mod redis;
mod request;
mod space;
mod sqlite;
mod view;

pub use compare_and_set::{CompareAndSet, Compared};
pub use fate::{Depends, Fate, Seq, Watch};
pub use grants::{Access, Grant, Grantee, Grants, Pattern, Target};
pub use memory::MemoryStore;
pub(crate) use none::NoStore;
pub use number::equal;
pub use open::{Place, open};
pub use quotas::Quotas;
pub use redis::DEFAULT_COMMAND_TIMEOUT;
pub use request::{
    Change, Condition, Entry, Expiry, Found, Incr, Lasts, Number, Op, Request, Response, StoreError, Write,
};
pub(crate) use space::ENTRY as ENTRY_COST;
pub use sqlite::{StoredEntry, StoredOwner, stored_entries, stored_owners};
pub use view::{Denied, View};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{SystemTime, UNIX_EPOCH};

/// The longest JSON text that one value may have, in bytes: 1 MiB.
pub const MAX_VALUE: usize = 1 << 20;

/// Bytes that each script may keep, by default: 16 MiB.
pub const DEFAULT_QUOTA: usize = 16 << 20;

/// Bytes of spaces that a store on disk keeps in memory, by default: 64 MiB.
pub const DEFAULT_CACHE: usize = 64 << 20;

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

    /// The id as text that is shared with it.
    pub fn to_text(&self) -> Arc<str> {
        self.0.clone()
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

    /// The key's text.
    pub fn into_text(self) -> String {
        self.0
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a store answered, and what the answer rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// The answer.
    pub response: Result<Response, StoreError>,
    /// The last write that it depends on, if a store numbers its writes; nothing that depends on it may be told to the
    /// outside before it is durable.
    pub depends: Seq,
}

impl Answered {
    /// The bytes of the values and keys that it has.
    pub(crate) fn weight(&self) -> usize {
        match &self.response {
            Ok(Response::Value(Found::Own(json))) => json.len(),
            Ok(Response::Keys(keys)) => keys.iter().map(|key| key.len() + size_of_val(key)).sum(),
            _ => 0,
        }
    }
}

impl From<Result<Response, StoreError>> for Answered {
    /// An answer that depends on nothing that could still be lost.
    fn from(response: Result<Response, StoreError>) -> Self {
        Self { response, depends: 0 }
    }
}

/// Takes the answer of a store, on any thread.
pub type Reply = Box<dyn FnOnce(Answered) + Send>;

/// Keeps every script's space. Values are JSON text, as [`crate::value`] writes it.
///
/// Called from worker threads, many at once; each operation is atomic. `tests/state_contract.rs` has what every store must
/// do.
pub trait Store: Send + Sync {
    /// Does what is asked, if that takes no wait; `None` when it does, and then nothing is done.
    fn now(&self, request: &Request<'_>) -> Option<Answered>;

    /// Does what is asked, and calls `reply` once, from any thread, also at once. For what [`Store::now`] did not do.
    fn later(&self, request: Request<'static>, reply: Reply) {
        let answered = self.now(&request);
        reply(answered.unwrap_or_else(|| Err(StoreError::Unavailable("the store gave no answer".into())).into()));
    }

    /// What was granted. Changed by [`Op::Grant`] and [`Op::Revoke`] only.
    fn grants(&self) -> &Grants;

    /// What has become of writes. For a store that numbers its writes; others make each durable before they answer, or
    /// none ever.
    fn fate(&self, _depends: Depends) -> Fate {
        Fate::Durable
    }

    /// One of those who opened it has no more use for it. Calls `done`, from any thread, when everything that was written is
    /// as durable as the store makes it and, if nobody else uses it, everything that it holds is given back.
    fn close(&self, done: Box<dyn FnOnce() + Send>) {
        done();
    }

    /// Calls `tell`, from any thread and as long as somebody else holds it, whenever the fate of writes has become known
    /// that was [`Fate::Pending`].
    fn watch(&self, _tell: Weak<dyn Fn() + Send + Sync>) {}
}

/// Takes a lock of a store's.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds such a lock panics half way through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The time, in milliseconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis().try_into().unwrap_or(u64::MAX))
}
