//! What a store is asked, and what it answers.

use super::{Grant, ScriptId};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// What a store is asked for, about one script's space.
#[derive(Clone, Debug, PartialEq)]
pub struct Request<'a> {
    /// Whose space.
    pub owner: ScriptId,
    /// How many bytes that space may hold.
    pub quota: usize,
    /// What to do there.
    pub op: Op<'a>,
}

/// One operation. Each is atomic: nobody sees half of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Op<'a> {
    /// Looks a key up. → [`Response::Value`]
    Get {
        /// The key.
        key: Cow<'a, str>,
        /// Whether to say that others have the key, when the owner has not.
        foreign: bool,
    },
    /// How long a key lasts. → [`Response::Lasts`]
    Lasts {
        /// The key.
        key: Cow<'a, str>,
    },
    /// Changes a key, if a condition holds. → [`Response::Written`]
    Write(Write<'a>),
    /// Adds to a number. → [`Response::Number`]
    Incr(Incr<'a>),
    /// The keys that begin with a prefix, in byte order. → [`Response::Keys`]
    List {
        /// What they begin with.
        prefix: Cow<'a, str>,
    },
    /// Some entries, in the byte order of their keys. → [`Response::Entries`]
    Entries {
        /// What their keys begin with.
        prefix: Cow<'a, str>,
        /// The last key before them, or `None` from the beginning.
        after: Option<Cow<'a, str>>,
        /// At most so many.
        limit: usize,
    },
    /// How much there is. → [`Response::Size`]
    Size,
    /// Deletes everything. → [`Response::Size`], of what there was
    Clear,
    /// Sets many keys, all or none. → [`Response::Done`]
    Import(Vec<Entry>),
    /// Some owners that have entries, in the byte order of their ids; the request's owner does not matter. → [`Response::Owners`]
    Owners {
        /// The last id before them, or `None` from the beginning.
        after: Option<ScriptId>,
        /// At most so many.
        limit: usize,
    },
    /// Lets others use keys of the owner's; again with another access, changes that. → [`Response::Done`]
    Grant(Grant),
    /// Takes a grant back. → [`Response::Written`]
    Revoke(Grant),
    /// All grants as they are now, also those that others have changed. → [`Response::Grants`]
    Grants,
}

impl Op<'_> {
    /// The same, owning what it names.
    pub fn into_owned(self) -> Op<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Op::Get { key, foreign } => Op::Get { key: own(key), foreign },
            Op::Lasts { key } => Op::Lasts { key: own(key) },
            Op::Write(write) => Op::Write(write.into_owned()),
            Op::Incr(incr) => Op::Incr(Incr { key: own(incr.key), ..incr }),
            Op::List { prefix } => Op::List { prefix: own(prefix) },
            Op::Entries { prefix, after, limit } => Op::Entries { prefix: own(prefix), after: after.map(own), limit },
            Op::Size => Op::Size,
            Op::Clear => Op::Clear,
            Op::Import(entries) => Op::Import(entries),
            Op::Owners { after, limit } => Op::Owners { after, limit },
            Op::Grant(grant) => Op::Grant(grant),
            Op::Revoke(grant) => Op::Revoke(grant),
            Op::Grants => Op::Grants,
        }
    }

    /// The key, of an operation on one.
    pub fn key(&self) -> Option<&str> {
        match self {
            Op::Get { key, .. } | Op::Lasts { key } => Some(key),
            Op::Write(write) => Some(&write.key),
            Op::Incr(incr) => Some(&incr.key),
            _ => None,
        }
    }
}

impl Op<'_> {
    /// Whether it is there to change State.
    pub(super) fn writes(&self) -> bool {
        match self {
            Op::Write(_) | Op::Incr(_) | Op::Clear | Op::Import(_) | Op::Grant(_) | Op::Revoke(_) => true,
            Op::Get { .. }
            | Op::Lasts { .. }
            | Op::List { .. }
            | Op::Entries { .. }
            | Op::Size
            | Op::Owners { .. }
            | Op::Grants => false,
        }
    }

    /// Whether a space stays as it is, with what has expired in it: not when its size is counted.
    pub(super) fn only_looks(&self) -> bool {
        !self.writes() && !matches!(self, Op::Size)
    }

    /// Whether it lets a key expire at a time of its own.
    pub(super) fn sets_time(&self) -> bool {
        match self {
            Op::Write(write) => matches!(write.expiry, Expiry::In(_)),
            Op::Incr(incr) => incr.ttl.is_some(),
            Op::Import(_) => true,
            _ => false,
        }
    }
}

impl Request<'_> {
    /// The same, owning what it names.
    pub fn into_owned(self) -> Request<'static> {
        Request { owner: self.owner, quota: self.quota, op: self.op.into_owned() }
    }
}

/// A change of one key.
#[derive(Clone, Debug, PartialEq)]
pub struct Write<'a> {
    /// The key.
    pub key: Cow<'a, str>,
    /// When it happens; otherwise nothing does.
    pub when: Condition<'a>,
    /// What becomes of the value.
    pub change: Change<'a>,
    /// How long the key lasts afterwards.
    pub expiry: Expiry,
}

impl<'a> Write<'a> {
    /// Sets a key, until it is deleted.
    pub fn put(key: impl Into<Cow<'a, str>>, json: impl Into<Cow<'a, str>>) -> Self {
        Self { key: key.into(), when: Condition::Always, change: Change::Put(json.into()), expiry: Expiry::Never }
    }

    /// Deletes a key.
    pub fn remove(key: impl Into<Cow<'a, str>>) -> Self {
        Self { key: key.into(), when: Condition::Always, change: Change::Remove, expiry: Expiry::Never }
    }

    fn into_owned(self) -> Write<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Write {
            key: own(self.key),
            when: match self.when {
                Condition::Always => Condition::Always,
                Condition::Missing => Condition::Missing,
                Condition::Present => Condition::Present,
                Condition::Is(json) => Condition::Is(own(json)),
            },
            change: match self.change {
                Change::Put(json) => Change::Put(own(json)),
                Change::Remove => Change::Remove,
                Change::Keep => Change::Keep,
            },
            expiry: self.expiry,
        }
    }
}

/// When a change happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition<'a> {
    /// In any case.
    Always,
    /// When there is no such key.
    Missing,
    /// When there is one.
    Present,
    /// When its value is exactly this JSON text.
    Is(Cow<'a, str>),
}

/// What becomes of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// This JSON text, as [`crate::value`] writes it.
    Put(Cow<'a, str>),
    /// The key is deleted.
    Remove,
    /// It stays as it is; only how long it lasts changes. A key that is not there stays away.
    Keep,
}

/// How long a key lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// As long as it did; a new one until it is deleted.
    Keep,
    /// Until it is deleted.
    Never,
    /// So long from now, in whole milliseconds.
    In(Duration),
}

/// An addition to a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Incr<'a> {
    /// The key.
    pub key: Cow<'a, str>,
    /// What is added.
    pub by: Number,
    /// What a key begins with that is not there.
    pub init: Number,
    /// How long a key lasts that is not there yet.
    pub ttl: Option<Duration>,
}

pub use super::number::Number;

/// An entry as exports have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: Arc<str>,
    /// Its value, as JSON text.
    pub json: Arc<str>,
    /// When it expires, in milliseconds since 1970; `None` for never.
    pub expires: Option<u64>,
}

/// What a store answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// Where a key was found.
    Value(Found),
    /// How long a key lasts.
    Lasts(Lasts),
    /// What became of a write.
    Written {
        /// Whether the condition held.
        met: bool,
        /// Whether the key was there before.
        was_there: bool,
    },
    /// The number after an addition.
    Number(Number),
    /// Keys.
    Keys(Vec<Arc<str>>),
    /// Entries.
    Entries(Vec<Entry>),
    /// Ids.
    Owners(Vec<ScriptId>),
    /// Grants, sorted by owner, pattern and grantee.
    Grants(Vec<Grant>),
    /// How much a space has.
    Size {
        /// Entries.
        entries: usize,
        /// Bytes, as the quota counts them.
        bytes: usize,
    },
    /// It is done.
    Done,
}

/// Where a key was found, seen from one script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// In the space that was asked: the value's JSON text.
    Own(Arc<str>),
    /// Only in others' spaces.
    Foreign,
    /// In nobody's; or not in this one, and nobody asked about others'.
    Nowhere,
}

/// How long a key lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasts {
    /// There is no such key.
    Missing,
    /// Until it is deleted.
    Forever,
    /// So much longer.
    For(Duration),
}

/// Why a store did not do what it was asked. Nothing changed, but for [`StoreError::Unavailable`] that says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The write would bring the owner's space to so many bytes, which is more than its quota.
    Quota(usize),
    /// A number was to be added to this type of value.
    NotANumber(&'static str),
    /// The sum is past the integers of 64 bits, or not finite.
    OutOfRange,
    /// Another owner has given the same name to the same scripts.
    Taken(ScriptId),
    /// The store cannot be reached: the reason, as a sentence; of a write, it says whether it may have happened.
    Unavailable(String),
}
