//! What values take in V8, counted against the run's memory before JavaScript makes them.
//!
//! The numbers are bytes on 64 bits without pointer compression: the most of Node.js 20, 22 and 24 (V8 11.3, 12.4 and 13.6),
//! which hardly differ, rounded up. `npm run measure:v8` (scripts/v8-costs.mjs) measures them as the growth of the heap for
//! many values of each kind, and says when one is too low.

use super::Refusal;
use crate::memory::{Budget, Killed};
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

/// V8's longest string, in UTF-16 units: `buffer.constants.MAX_STRING_LENGTH`.
pub(crate) const LONGEST_STRING: usize =
    if cfg!(target_pointer_width = "64") { (1 << 29) - 24 } else { (1 << 28) - 16 };

// What V8 does at one go, whatever lib/decode.js does, grows with a single table. These bounds keep it below 25 ms, so that
// a busy machine stays below 50.

/// The most values of an array: V8 takes all of its memory at once.
pub(super) const MOST_VALUES: usize = 4_000_000;
/// The most keys of an object or a map. When the table for them is full, V8 copies all into one of twice the size: an
/// object's from 174 763 and then from 349 526 keys on, a map's from 262 144 and then from 524 288 on.
pub(super) const MOST_KEYS: usize = 300_000;
/// The longest key, in UTF-16 units. Of longer ones V8 hashes nothing but their length, so that all of them collide, also
/// those of other objects of the process.
pub(super) const LONGEST_KEY: usize = 16_383;

/// The place of a value in whatever holds it.
pub(super) const SLOT: usize = 8;
/// A number that is no small integer.
pub(super) const NUMBER: usize = SLOT + 16;
/// An integer that no number can carry.
pub(super) const BIG_INT: usize = SLOT + 32;
/// An array, besides the slots of its values.
pub(super) const ARRAY: usize = SLOT + 48;
/// An object, besides its properties.
pub(super) const OBJECT: usize = SLOT + 64;
/// A property of an object that has the hidden class of another one.
const PROPERTY: usize = 16;
/// A property that needs a hidden class of its own.
const HIDDEN_CLASS: usize = 144;
/// A property of an object that is a dictionary.
const ENTRY_OF_OBJECT: usize = 96;
/// A property that is an index. V8 keeps indexes as an array that may be nine times as long as a dictionary for them.
const INDEX: usize = 224;
/// From so many on, the first index of an object makes a dictionary, which takes so much.
const FAR: usize = 1025;
const DICTIONARY: usize = 256;
/// A map, with room for four keys.
pub(super) const MAP: usize = SLOT + 192;
/// A key of a map and its value, and the table before it grew.
pub(super) const ENTRY_OF_MAP: usize = 64;
/// A `LuaFunction`, and what is remembered of it until it is released.
pub(super) const FUNCTION: usize = SLOT + 640;
/// With more members, an object is a dictionary in the end, and has made hidden classes on its way there.
const FAST: usize = 16;
/// From so many members on, those hardly count.
const BIG: usize = 1000;

/// A value that is JSON text until JavaScript parses it: whatever it is.
pub(super) const PARSED: usize = 200;

/// The hidden classes that V8 makes: one for each sequence of keys with which an object begins.
#[derive(Default)]
pub(super) struct HiddenClasses {
    known: HashSet<u64>,
    hasher: RandomState,
    /// The one of each table that is open, and whether that has an index.
    open: Vec<(u64, bool)>,
}

impl HiddenClasses {
    /// As many are remembered.
    const MOST: usize = 1 << 15;

    pub(super) fn open(&mut self) {
        self.open.push((0, false));
    }

    pub(super) fn close(&mut self) {
        self.open.pop();
    }

    /// What the next property of the innermost object takes, which has so many, with its key's text.
    pub(super) fn property(&mut self, key: &str, members: usize) -> usize {
        let Some((class, indexed)) = self.open.last_mut() else { return HIDDEN_CLASS };
        if let Some(index) = super::walk::index_of(key) {
            return if std::mem::replace(indexed, true) { INDEX } else { INDEX + first_index(index) };
        }
        if members >= BIG {
            return ENTRY_OF_OBJECT + text_size(key);
        }
        *class = self.hasher.hash_one((*class, key));
        if self.known.contains(class) {
            return if members > FAST { ENTRY_OF_OBJECT } else { PROPERTY };
        }
        if self.known.len() < Self::MOST {
            self.known.insert(*class);
        }
        HIDDEN_CLASS + text_size(key)
    }
}

/// What the properties of an object take whose hidden class is known, if it has so many.
pub(super) fn of_known_class(members: usize) -> usize {
    members * if members > FAST { ENTRY_OF_OBJECT } else { PROPERTY }
}

/// What the first index of an object takes, which is its highest: V8 makes an array up to there, and half as long again,
/// unless it would begin with a gap of more than 1024.
fn first_index(index: u32) -> usize {
    let index = index as usize;
    if index < FAR { SLOT * (index + index / 2 + 17) } else { DICTIONARY }
}

/// Whether no number of JavaScript can carry an integer.
pub(super) fn is_big(i: i64) -> bool {
    integer(i) == BIG_INT
}

pub(super) fn integer(i: i64) -> usize {
    match i.unsigned_abs() {
        0..0x8000_0000 => SLOT,
        0x8000_0000..0x20_0000_0000_0000 => NUMBER,
        _ => BIG_INT,
    }
}

/// A string with its text, of which the shortest are shared.
pub(super) fn string(text: &str) -> usize {
    if text.len() <= 1 { SLOT } else { SLOT + 24 + text_size(text) }
}

/// The same, of a string that is ASCII, and has so many characters.
pub(super) fn ascii(len: usize) -> usize {
    if len <= 1 { SLOT } else { SLOT + 24 + len }
}

/// A `Uint8Array` with its buffer; the longer ones have theirs outside of the heap.
pub(super) fn bytes(len: usize) -> usize {
    SLOT + 224 + if len > 64 { 64 } else { 0 } + len
}

/// The bytes that V8 has for the characters of a text: one for each while all are Latin-1, otherwise two for each unit.
pub(crate) fn text_size(text: &str) -> usize {
    let units = units(text);
    let latin1 = text.is_ascii() || text.bytes().all(|byte| byte < 0xC4);
    if latin1 { units } else { 2 * units }
}

/// The UTF-16 units of a text.
pub(crate) fn units(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    // One for each character, and a second one for those of four bytes.
    let count = |byte: u8| usize::from(byte & 0xC0 != 0x80) + usize::from(byte >= 0xF0);
    text.as_bytes().chunks(1 << 12).map(|chunk| chunk.iter().copied().map(count).sum::<usize>()).sum()
}

/// What the values that are being written take in V8, beyond their bytes, which are counted anyway. Counted until it is
/// dropped.
pub(super) struct Bill<'a> {
    budget: &'a Budget,
    counted: usize,
    /// As much, or a little more: to count each value with the VM would take longer than to write it.
    held: usize,
    nodes: usize,
    max_nodes: usize,
}

impl<'a> Bill<'a> {
    /// A bill for at most `max_nodes` values and keys.
    pub(super) fn new(budget: &'a Budget, max_nodes: usize) -> Self {
        Self { budget, counted: 0, held: 0, nodes: 0, max_nodes }
    }

    /// Counts a value or key that takes so many bytes in V8, of which so many are written down.
    ///
    /// # Errors
    /// When there are too many of them, or the VM's memory does not suffice.
    pub(super) fn node(&mut self, takes: usize, written: usize) -> Result<(), Refusal> {
        if self.nodes == self.max_nodes {
            return Err(Refusal::TooMany(self.max_nodes));
        }
        self.nodes += 1;
        Ok(self.charge(takes.saturating_sub(written))?)
    }

    /// Counts so many values and keys, as [`Bill::node`] does one.
    ///
    /// # Errors
    /// As there.
    pub(super) fn nodes(&mut self, count: usize, takes: usize, written: usize) -> Result<(), Refusal> {
        if self.max_nodes - self.nodes < count {
            return Err(Refusal::TooMany(self.max_nodes));
        }
        self.nodes += count;
        Ok(self.charge(takes.saturating_sub(written))?)
    }

    /// Where it stands.
    pub(super) fn mark(&self) -> (usize, usize) {
        (self.counted, self.nodes)
    }

    /// Counts no more than it did at that mark.
    pub(super) fn go_back(&mut self, (counted, nodes): (usize, usize)) {
        (self.counted, self.nodes) = (counted, nodes);
    }

    /// What was counted.
    pub(super) fn counted(&self) -> usize {
        self.counted
    }

    /// Counts so many bytes more.
    ///
    /// # Errors
    /// When the VM's memory does not suffice.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), Killed> {
        /// So many are held at once.
        const STEP: usize = 1024;
        self.counted += bytes;
        if self.counted > self.held {
            let more = (self.counted - self.held).max(STEP);
            self.budget.hold(more)?;
            self.held += more;
        }
        Ok(())
    }
}

impl Drop for Bill<'_> {
    fn drop(&mut self) {
        self.budget.release(self.held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_one_byte_for_each_character_while_all_are_latin_1_and_otherwise_two_for_each_unit() {
        for (text, in_units, size) in
            [("", 0, 0), ("abc", 3, 3), ("aé", 2, 2), ("ÿ", 1, 1), ("aĀ", 2, 4), ("€", 1, 2), ("a😀", 3, 6)]
        {
            assert_eq!((units(text), text_size(text)), (in_units, size), "{text}");
        }
        assert_eq!(units(&"é€😀".repeat(5000)), 20_000);
    }
}
