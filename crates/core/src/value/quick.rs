//! A walk through tables of the usual kinds, which looks at them where they lie: arrays, and tables with string keys, of
//! values that can be written. At anything else it gives up, and [`super::walk`] does it, or says what is wrong.
//!
//! Nothing of Lua runs meanwhile, and nothing is allocated there, so that all addresses stay good.

use super::walk::{Rules, index_of, sort};
use super::{MAX_DEPTH, Refusal};
use crate::memory::{Budget, Killed};
use moonpool_lua::look::{Item, Looked, Seen};
use std::ffi::c_void;
use std::ptr;

/// The most keys of a record.
pub(super) const MOST_OF_RECORD: usize = 32;

/// The longest key of a record, in bytes.
const LONGEST_OF_RECORD: usize = 255;

/// So many places of a table are looked at between two looks at the flag.
const AT_ONCE: usize = 64;

/// Who writes such values down.
pub(super) trait QuickSink {
    /// What tables may be.
    fn rules(&self) -> Rules;

    /// A value that is no table. Says whether it was written.
    ///
    /// # Errors
    /// Memory, the end of the run, or a limit. So for all that follow.
    fn value(&mut self, value: Seen) -> Result<bool, Refusal>;

    /// The beginning of an array of so many values.
    ///
    /// # Errors
    /// As above.
    fn array(&mut self, values: usize) -> Result<(), Refusal>;

    /// The numbers with which `items`, values of an array, begin, at one go. Returns how many were written: perhaps none.
    ///
    /// # Errors
    /// As above.
    fn numbers(&mut self, _items: &[Item]) -> Result<usize, Refusal> {
        Ok(0)
    }

    /// The beginning of an object with these keys, in the order of their values; whether they are those of the last object
    /// of so few keys at this depth. Says whether the keys are written, so that only values are to follow.
    ///
    /// # Errors
    /// As above.
    fn record<'k>(&mut self, keys: impl ExactSizeIterator<Item = &'k str>, is_same: bool) -> Result<bool, Refusal>;

    /// The beginning of an object of so many keys.
    ///
    /// # Errors
    /// As above.
    fn object(&mut self, members: usize) -> Result<(), Refusal>;

    /// The next key of an object that has so many.
    ///
    /// # Errors
    /// As above.
    fn key(&mut self, key: &str, members: usize) -> Result<(), Refusal>;

    /// What stands between two members.
    ///
    /// # Errors
    /// As above.
    fn between(&mut self) -> Result<(), Refusal>;

    /// The end of an array, or of an object.
    ///
    /// # Errors
    /// As above.
    fn close(&mut self, is_array: bool) -> Result<(), Refusal>;
}

/// Walks through a table, unless it gives up: returns whether it went through all of it. Arrays are marked by the metatable at
/// `mark`.
///
/// # Safety
/// The table is there, and nothing is done in its VM meanwhile.
///
/// # Errors
/// Memory, the end of the run, or a limit of what is written.
pub(super) unsafe fn walk(
    table: *const c_void,
    mark: *const c_void,
    budget: &Budget,
    sink: &mut impl QuickSink,
) -> Result<bool, Refusal> {
    let mut walk = Walk {
        budget,
        rules: sink.rules(),
        sink,
        mark,
        open: [ptr::null(); MAX_DEPTH],
        known: Vec::new(),
        keys: [Item::NIL; AT_ONCE],
        items: Vec::new(),
    };
    // SAFETY: as the caller vouches.
    match walk.table(unsafe { Looked::at(table) }, 0) {
        Ok(()) => Ok(true),
        Err(Stop::Unusual) => Ok(false),
        Err(Stop::Refused(refusal)) => Err(refusal),
    }
}

/// Why a walk ends before its end.
enum Stop {
    /// There is something that is not for it.
    Unusual,
    Refused(Refusal),
}

impl<E: Into<Refusal>> From<E> for Stop {
    fn from(refusal: E) -> Self {
        Self::Refused(refusal.into())
    }
}

struct Walk<'s, S> {
    sink: &'s mut S,
    budget: &'s Budget,
    rules: Rules,
    mark: *const c_void,
    /// The tables that it is in.
    open: [*const c_void; MAX_DEPTH],
    /// The last record at each depth.
    known: Vec<Known>,
    /// Those of the table that was looked at last.
    keys: [Item; AT_ONCE],
    /// What was read of all tables that it is in, and not written yet: some values of each.
    items: Vec<Item>,
}

impl<S: QuickSink> Walk<'_, S> {
    fn value(&mut self, item: Item, depth: usize) -> Result<(), Stop> {
        // SAFETY: nothing is done in the VM while this walks.
        match unsafe { item.see() } {
            Seen::Table(table) => self.table(table, depth),
            Seen::Other => Err(Stop::Unusual),
            value => {
                self.budget.check()?;
                if self.sink.value(value)? { Ok(()) } else { Err(Stop::Unusual) }
            }
        }
    }

    fn table(&mut self, table: Looked, depth: usize) -> Result<(), Stop> {
        self.budget.check()?;
        if depth == MAX_DEPTH || self.open[..depth].contains(&table.address()) {
            return Err(Stop::Unusual);
        }
        self.open[depth] = table.address();
        let count = self.length(&table)?;
        let start = self.items.len();
        if count > 0 || table.has_metatable(self.mark) {
            self.array(&table, count, depth)?;
        } else {
            self.fields(&table, depth)?;
        }
        self.items.truncate(start);
        Ok(())
    }

    /// How many values the array part has, without holes.
    fn length(&self, table: &Looked) -> Result<usize, Stop> {
        const STEP: usize = 16 * AT_ONCE;
        let (mut count, size) = (0, table.array_size());
        while count < size {
            self.budget.check()?;
            let end = count + STEP;
            count += table.run_of_array(count, end);
            if count < end {
                break;
            }
        }
        for rest in (count..size).step_by(STEP) {
            self.budget.check()?;
            if !table.is_empty_from(rest, rest + STEP) {
                return Err(Stop::Unusual);
            }
        }
        Ok(count)
    }

    fn array(&mut self, table: &Looked, count: usize, depth: usize) -> Result<(), Stop> {
        if self.read_hash(table, &mut 0, 1)? > 0 || count > self.rules.most_values {
            return Err(Stop::Unusual);
        }
        self.sink.array(count)?;
        let start = self.items.len();
        for from in (0..count).step_by(AT_ONCE) {
            let some = AT_ONCE.min(count - from);
            self.items.resize(start + some, Item::NIL);
            table.read_array(from, &mut self.items[start..]);
            let mut i = 0;
            while i < some {
                if from + i > 0 {
                    self.sink.between()?;
                }
                let numbers = self.sink.numbers(&self.items[start + i..])?;
                if numbers == 0 {
                    self.value(self.items[start + i], depth + 1)?;
                } else {
                    self.budget.check()?;
                }
                i += numbers.max(1);
            }
        }
        Ok(self.sink.close(true)?)
    }

    /// Reads up to so many keys into `keys`, and their values into `items`. Returns how many there are.
    fn read_hash(&mut self, table: &Looked, from: &mut usize, most: usize) -> Result<usize, Stop> {
        let (start, most) = (self.items.len(), most.min(table.hash_size() - *from));
        self.items.resize(start + most, Item::NIL);
        let mut found = 0;
        while *from < table.hash_size() && found < most {
            self.budget.check()?;
            let to = *from + 16 * AT_ONCE;
            found += table.read_hash(from, to, &mut self.keys[found..most], &mut self.items[start + found..]);
        }
        self.items.truncate(start + found);
        Ok(found)
    }

    /// A table that is no array: with string keys, or with none.
    fn fields(&mut self, table: &Looked, depth: usize) -> Result<(), Stop> {
        let start = self.items.len();
        let count = self.read_hash(table, &mut 0, MOST_OF_RECORD + 1)?;
        if self.known.len() <= depth {
            self.known.resize_with(depth + 1, Known::default);
        }
        let mut known = std::mem::take(&mut self.known[depth]);
        let keys = &self.keys[..count];
        let is_same = known.is_of(keys);
        if count == 0 || count > MOST_OF_RECORD || !(is_same || known.learn(keys, self.rules)) {
            self.items.truncate(start);
            return self.object(table, depth);
        }
        let has_keys = self.sink.record(known.names(), is_same)?;
        for (i, &place) in known.order.iter().enumerate() {
            if i > 0 {
                self.sink.between()?;
            }
            if !has_keys {
                self.sink.key(known.name(place), count)?;
            }
            self.value(self.items[start + usize::from(place)], depth + 1)?;
        }
        self.known[depth] = known;
        Ok(self.sink.close(false)?)
    }

    /// A table with any number of string keys.
    fn object(&mut self, table: &Looked, depth: usize) -> Result<(), Stop> {
        let mut members = Members { budget: self.budget, pairs: Vec::new(), held: 0 };
        let (start, mut from) = (self.items.len(), 0);
        loop {
            let some = self.read_hash(table, &mut from, AT_ONCE)?;
            for i in 0..some {
                let key = self.keys[i];
                // SAFETY: nothing is done in the VM while this walks.
                let Seen::String(bytes) = (unsafe { key.see() }) else { return Err(Stop::Unusual) };
                if bytes.len() > self.rules.longest_key || std::str::from_utf8(bytes).is_err() {
                    return Err(Stop::Unusual);
                }
                members.push(key, self.items[start + i])?;
            }
            self.items.truncate(start);
            if members.pairs.len() > self.rules.most_keys {
                return Err(Stop::Unusual);
            }
            if from == table.hash_size() {
                break;
            }
        }
        let (count, rules) = (members.pairs.len(), self.rules);
        sort(&mut members.pairs, self.budget, |a, b| rules.order(name(&a.0), name(&b.0)))?;
        self.sink.object(count)?;
        for (i, (key, value)) in members.pairs.iter().enumerate() {
            if i > 0 {
                self.sink.between()?;
            }
            self.sink.key(name(key), count)?;
            self.value(*value, depth + 1)?;
        }
        Ok(self.sink.close(false)?)
    }
}

/// A key that was seen to be text.
fn name<'a>(key: &Item) -> &'a str {
    // SAFETY: nothing is done in the VM while it is walked through. Only keys that are UTF-8 are kept.
    unsafe {
        match key.see() {
            Seen::String(bytes) => std::str::from_utf8_unchecked(bytes),
            _ => "",
        }
    }
}

/// The keys of a record.
#[derive(Default)]
struct Known {
    /// As they stand in the table's hash.
    keys: Vec<Item>,
    /// The places among those, in the order in which their values are written.
    order: Vec<u8>,
}

impl Known {
    /// Whether these are the keys of another table, in the same order.
    fn is_of(&self, keys: &[Item]) -> bool {
        self.keys.len() == keys.len() && self.keys.iter().zip(keys).all(|(one, other)| one.is_same_string(other))
    }

    /// Takes these keys, if all are names of a record.
    fn learn(&mut self, keys: &[Item], rules: Rules) -> bool {
        self.keys.clear();
        self.order.clear();
        for key in keys {
            // SAFETY: as in `name`.
            let Seen::String(bytes) = (unsafe { key.see() }) else { return false };
            let is_name = bytes.len() <= rules.longest_key.min(LONGEST_OF_RECORD)
                && std::str::from_utf8(bytes).is_ok_and(|key| !rules.indexes_first || index_of(key).is_none());
            if !is_name {
                self.keys.clear();
                return false;
            }
            self.keys.push(*key);
        }
        self.order.extend(0..keys.len() as u8);
        self.order.sort_unstable_by(|&a, &b| name(&keys[usize::from(a)]).cmp(name(&keys[usize::from(b)])));
        true
    }

    fn name(&self, place: u8) -> &str {
        name(&self.keys[usize::from(place)])
    }

    /// In the order in which the values are written.
    fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.order.iter().map(|&place| self.name(place))
    }
}

/// Keys and values that are counted against the VM's memory.
struct Members<'b> {
    budget: &'b Budget,
    pairs: Vec<(Item, Item)>,
    held: usize,
}

impl Members<'_> {
    fn push(&mut self, key: Item, value: Item) -> Result<(), Killed> {
        if self.pairs.len() == self.pairs.capacity() {
            let more = (self.pairs.len() / 2).max(2 * AT_ONCE);
            let bytes = more * size_of::<(Item, Item)>();
            self.budget.hold(bytes)?;
            self.held += bytes;
            self.pairs.reserve_exact(more);
        }
        self.pairs.push((key, value));
        Ok(())
    }
}

impl Drop for Members<'_> {
    fn drop(&mut self) {
        self.budget.release(self.held);
    }
}
