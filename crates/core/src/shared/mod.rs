//! Shared dictionaries: what scripts of many ids keep together, in memory. What was used least recently goes first.
//!
//! They behave as OpenResty's `ngx.shared.DICT`. A dictionary is divided into shards by the hash of the key, each behind
//! a lock of its own that is held for one entry, or for a walk through the one shard. The limits are of the whole
//! dictionary, and hold at any moment: what a write needs is reserved before it is made.

mod clock;
mod dict;
mod entry;
mod list;

pub use clock::Clock;
pub use dict::Dict;
pub use list::End;

use std::sync::Arc;

/// What an entry takes in memory besides its key and its text, in bytes: its node, two allocations, and its share of a
/// hash table. An element of a list takes 112, and the list 256.
pub const ENTRY: usize = 208;

/// Bytes that a dictionary may hold, by default: 16 MiB.
pub const DEFAULT_BYTES: usize = 16 << 20;

/// The longest key, in bytes.
pub const MAX_KEY: usize = 65_535;

/// What a dictionary may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Entries.
    pub items: usize,
    /// Bytes: of each entry its key, its text, and [`ENTRY`].
    pub bytes: usize,
}

/// A value of an entry, or of an element of a list.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A boolean.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A float.
    Number(f64),
    /// A string of any bytes.
    String(Arc<[u8]>),
}

/// A number, as [`Dict::incr`] adds it: as Lua does, integers wrap around, and with a float the sum is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer.
    Integer(i64),
    /// A float.
    Float(f64),
}

/// A value that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The value.
    pub value: Value,
    /// The number that it was stored with.
    pub flags: u32,
    /// Whether it has expired.
    pub stale: bool,
}

/// When a value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Always.
    Always,
    /// When there is no such key.
    Absent,
    /// When there is such a key.
    Present,
}

/// Why something was not done, in OpenResty's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such key.
    NotFound,
    /// There is such a key already.
    Exists,
    /// There is no room.
    NoMemory,
    /// The value is not a number.
    NotANumber,
    /// The value is not a list.
    NotAList,
    /// The value is a list.
    List,
    /// Nothing is to be stored.
    Nil,
}

impl Refusal {
    /// The words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotFound => "not found",
            Self::Exists => "exists",
            Self::NoMemory => "no memory",
            Self::NotANumber => "not a number",
            Self::NotAList => "value not a list",
            Self::List => "value is a list",
            Self::Nil => "attempt to add or replace nil values",
        }
    }
}

/// What came of a write that may make room for itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Written<T> {
    /// What was done, or why nothing was.
    pub done: Result<T, Refusal>,
    /// Whether entries were removed that had not expired.
    pub forcible: bool,
}

impl Value {
    pub(super) fn number(&self) -> Option<Number> {
        match *self {
            Self::Integer(number) => Some(Number::Integer(number)),
            Self::Number(number) => Some(Number::Float(number)),
            Self::Boolean(_) | Self::String(_) => None,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::String(text) => text.len(),
            Self::Boolean(_) | Self::Integer(_) | Self::Number(_) => 0,
        }
    }
}

impl Number {
    pub(super) fn plus(self, other: Self) -> Self {
        let float = |number| match number {
            Self::Integer(number) => number as f64,
            Self::Float(number) => number,
        };
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => Self::Integer(a.wrapping_add(b)),
            (a, b) => Self::Float(float(a) + float(b)),
        }
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        match number {
            Number::Integer(number) => Self::Integer(number),
            Number::Float(number) => Self::Number(number),
        }
    }
}
