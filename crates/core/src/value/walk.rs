//! Walks a Lua value level by level, for whoever writes it down, and names the path of whatever is refused.
//!
//! Does not recurse, counts the keys that it lists against the VM's memory, and stops when the run is killed.

use super::collisions::collide;
use super::cost::units;
use super::{MAX_DEPTH, Marks, Refusal, Tables, type_name};
use crate::memory::{Budget, Killed};
use mlua::{Table, Value};
use std::cmp::Ordering;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Who writes a value down.
pub(super) trait Sink {
    /// What the run that the value belongs to may use.
    fn budget(&self) -> &Budget;

    /// What tables may be.
    fn rules(&self) -> Rules {
        Rules::default()
    }

    /// A value that is no table.
    ///
    /// # Errors
    /// [`Unfit::What`] names what it is and cannot be.
    fn scalar(&mut self, value: &Value) -> Result<(), Unfit>;

    /// The beginning of a table with so many members.
    ///
    /// # Errors
    /// Memory, or the end of the run.
    fn open(&mut self, shape: Shape, members: usize) -> Result<(), Refusal>;

    /// The key of the next member of an object.
    ///
    /// # Errors
    /// As [`Sink::open`].
    fn key(&mut self, key: &str, members: usize) -> Result<(), Refusal>;

    /// The key of the next member of a map.
    ///
    /// # Errors
    /// As [`Sink::scalar`].
    fn map_key(&mut self, key: &Key) -> Result<(), Unfit>;

    /// What stands between two members.
    ///
    /// # Errors
    /// As [`Sink::open`].
    fn between(&mut self) -> Result<(), Refusal>;

    /// The end of a table.
    ///
    /// # Errors
    /// As [`Sink::open`].
    fn close(&mut self, shape: Shape) -> Result<(), Refusal>;
}

/// What whoever writes tables down can take.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    /// Whether the keys of an object that are indexes of arrays come first, from the highest one.
    pub(super) indexes_first: bool,
    /// Whether refusals name the option that would let a table through.
    pub(super) tells_options: bool,
    /// The most values of an array.
    pub(super) most_values: usize,
    /// The most keys of an object or a map.
    pub(super) most_keys: usize,
    /// The longest key, in UTF-16 units.
    pub(super) longest_key: usize,
}

impl Default for Rules {
    /// Anything.
    fn default() -> Self {
        Self {
            indexes_first: false,
            tells_options: false,
            most_values: usize::MAX,
            most_keys: usize::MAX,
            longest_key: usize::MAX,
        }
    }
}

impl Rules {
    fn check_keys(self, keys: usize) -> Result<(), Refusal> {
        if keys <= self.most_keys {
            return Ok(());
        }
        let most = self.most_keys;
        Err(Refusal::Value(format!(" has more than {most} keys, which JavaScript cannot hold without standing still")))
    }

    /// A key as the name of a property.
    fn name(self, key: &[u8]) -> Result<&str, Refusal> {
        self.check_key(key)?;
        std::str::from_utf8(key).map_err(|_| Refusal::Value(format!(" has a key that is not UTF-8: {}", quoted(key))))
    }

    /// The order of names.
    pub(super) fn order(self, a: &str, b: &str) -> Ordering {
        if !self.indexes_first {
            return a.cmp(b);
        }
        match (index_of(a), index_of(b)) {
            (None, None) => a.cmp(b),
            (a, b) => b.cmp(&a),
        }
    }

    fn check_key(self, key: &[u8]) -> Result<(), Refusal> {
        // A character takes a byte or more.
        let longest = self.longest_key;
        if key.len() <= longest || std::str::from_utf8(key).map_or(key.len(), units) <= longest {
            return Ok(());
        }
        let (bytes, key) = (key.len(), quoted(key));
        Err(Refusal::Value(format!(" has a key of {bytes} bytes, and JavaScript is given {longest} characters: {key}")))
    }

    /// What a refusal adds, if anything: which of the options would let it through.
    fn hint(self, options: Options) -> &'static str {
        match options {
            _ if !self.tells_options => "",
            Options::Map => "; tables: 'map' lets it through",
            Options::RecordOrMap => "; tables: 'record' or 'map' lets it through",
        }
    }

    fn check_values(self, values: usize) -> Result<(), Refusal> {
        if values <= self.most_values {
            return Ok(());
        }
        let most = self.most_values;
        let reason = format!(" has {values} values; more than {most} JavaScript cannot hold without standing still");
        Err(Refusal::Value(reason))
    }
}

/// What would let a table through.
#[derive(Clone, Copy)]
enum Options {
    Map,
    RecordOrMap,
}

/// Why a value that is no table is not written.
pub(super) enum Unfit {
    /// It is this, which cannot be written.
    What(String),
    /// Memory, or the end of the run.
    Refused(Refusal),
}

impl<E: Into<Refusal>> From<E> for Unfit {
    fn from(refusal: E) -> Self {
        Self::Refused(refusal.into())
    }
}

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Values 1 to n.
    Array,
    /// String keys and values, in byte order of the keys.
    Object,
    /// Keys and values of any kind that can be compared.
    Map,
}

/// One table whose members are being written.
struct Level {
    table: Table,
    members: Members,
    next: usize,
    /// The memory that the list of keys takes.
    held: usize,
}

enum Members {
    Array(usize),
    Object(Vec<String>),
    Record(Vec<Name>),
    Map(Vec<Key>),
}

/// A key of a record.
struct Name {
    text: String,
    /// The integer that it is in Lua, if it is.
    integer: Option<i64>,
}

impl Name {
    fn get(&self, table: &Table) -> mlua::Result<Value> {
        match self.integer {
            Some(i) => table.raw_get(i),
            None => table.raw_get(self.text.as_str()),
        }
    }
}

/// A key of a map. Not a Lua value: each of those takes a place in a table of mlua's.
pub(super) enum Key {
    Integer(i64),
    Number(f64),
    String(Box<[u8]>),
    Boolean(bool),
}

impl Key {
    /// A value that is an integer, a float, a string or a boolean.
    fn of(value: &Value) -> Self {
        match value {
            Value::Integer(i) => Self::Integer(*i),
            Value::Number(n) => Self::Number(*n),
            Value::String(s) => Self::String((*s.as_bytes()).into()),
            other => Self::Boolean(other.as_boolean() == Some(true)),
        }
    }

    fn get(&self, table: &Table) -> mlua::Result<Value> {
        match self {
            Self::Integer(i) => table.raw_get(*i),
            Self::Number(n) => table.raw_get(*n),
            Self::String(s) => table.raw_get(mlua::BString::from(&**s)),
            Self::Boolean(b) => table.raw_get(*b),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Integer(_) | Self::Number(_) => 0,
            Self::String(_) => 1,
            Self::Boolean(_) => 2,
        }
    }

    fn number(&self) -> f64 {
        match self {
            Self::Integer(i) => *i as f64,
            Self::Number(n) => *n,
            _ => 0.0,
        }
    }
}

impl Members {
    fn len(&self) -> usize {
        match self {
            Self::Array(len) => *len,
            Self::Object(keys) => keys.len(),
            Self::Record(names) => names.len(),
            Self::Map(keys) => keys.len(),
        }
    }

    fn shape(&self) -> Shape {
        match self {
            Self::Array(_) => Shape::Array,
            Self::Object(_) | Self::Record(_) => Shape::Object,
            Self::Map(_) => Shape::Map,
        }
    }
}

/// A list of keys that is counted against the VM's memory as it grows.
struct Listed<'a, T> {
    budget: &'a Budget,
    keys: Vec<T>,
    held: usize,
}

impl<'a, T> Listed<'a, T> {
    fn new(budget: &'a Budget) -> Self {
        Self { budget, keys: Vec::new(), held: 0 }
    }

    /// Adds a key that has so many bytes besides, made when those are counted.
    fn push(&mut self, bytes: usize, key: impl FnOnce() -> T) -> Result<(), Killed> {
        // What an allocation takes besides what it is asked for.
        self.hold(if bytes > 0 { bytes + 16 } else { 0 })?;
        if self.keys.len() == self.keys.capacity() {
            let more = (self.keys.len() / 2).max(8);
            self.hold(more * size_of::<T>())?;
            self.keys.reserve_exact(more);
        }
        self.keys.push(key());
        Ok(())
    }

    fn hold(&mut self, bytes: usize) -> Result<(), Killed> {
        self.budget.hold(bytes)?;
        self.held += bytes;
        Ok(())
    }

    /// The list, and the memory that it takes, which is for the caller to release.
    fn take(mut self) -> (Vec<T>, usize) {
        (std::mem::take(&mut self.keys), std::mem::take(&mut self.held))
    }
}

impl<T> Drop for Listed<'_, T> {
    fn drop(&mut self) {
        self.budget.release(self.held);
    }
}

impl Level {
    /// The path from this table to the member being written.
    fn step(&self) -> String {
        match &self.members {
            Members::Array(_) => format!("[{}]", self.next),
            Members::Object(keys) => path_step(keys[self.next - 1].as_bytes()),
            Members::Record(names) => match &names[self.next - 1] {
                Name { integer: Some(i), .. } => format!("[{i}]"),
                Name { text, .. } => path_step(text.as_bytes()),
            },
            Members::Map(keys) => match &keys[self.next - 1] {
                Key::String(key) => path_step(key),
                Key::Integer(key) => format!("[{key}]"),
                Key::Number(key) => format!("[{key:?}]"),
                Key::Boolean(key) => format!("[Boolean({key})]"),
            },
        }
    }
}

/// How much of a key is shown, in bytes.
const SHOWN: usize = 60;

/// How much of a path is shown, in bytes, of its beginning and of its end.
const SHOWN_OF_PATH: usize = 256;

/// `.name` for what Lua takes as a name, `["other"]` for the rest; no more than anyone reads.
fn path_step(key: &[u8]) -> String {
    let (key, cut) = beginning(key);
    let name =
        key.bytes().enumerate().all(|(i, b)| b == b'_' || b.is_ascii_alphabetic() || (i > 0 && b.is_ascii_digit()));
    if name && !key.is_empty() {
        return format!(".{key}{cut}");
    }
    format!("[{}{cut}]", serde_json::Value::from(key))
}

/// The beginning of a key as text, and three dots if there is more of it.
fn beginning(key: &[u8]) -> (String, &'static str) {
    let text = String::from_utf8_lossy(&key[..key.len().min(SHOWN + 4)]);
    if key.len() <= SHOWN {
        return (text.into_owned(), "");
    }
    let mut end = SHOWN.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // What is not UTF-8, or no text, becomes longer when it is shown.
    let plain = text[..end].chars().all(|c| !c.is_control() && c != char::REPLACEMENT_CHARACTER);
    (text[..end].chars().take(if plain { SHOWN } else { SHOWN / 5 }).collect(), "...")
}

/// A key in quotes, or its beginning.
fn quoted(key: &[u8]) -> String {
    let (key, cut) = beginning(key);
    format!("{key:?}{cut}")
}

/// The index of an array that a key is for JavaScript, if it is.
pub(super) fn index_of(key: &str) -> Option<u32> {
    let digits = key.bytes().all(|byte| byte.is_ascii_digit()) && (key == "0" || !key.starts_with('0'));
    if !digits { None } else { key.parse().ok().filter(|index| *index < u32::MAX) }
}

/// Walks `value`; `root` is what paths in refusals begin with, and `tables` what tables become.
///
/// # Errors
/// What [`Refusal`] lists.
pub(super) fn walk(
    marks: &Marks,
    value: &Value,
    root: &str,
    tables: Tables,
    sink: &mut impl Sink,
) -> Result<(), Refusal> {
    let mut levels: Vec<Level> = Vec::new();
    let result = walk_all(marks, value, root, tables, sink, &mut levels);
    for level in &levels {
        sink.budget().release(level.held);
    }
    result
}

fn walk_all(
    marks: &Marks,
    value: &Value,
    root: &str,
    tables: Tables,
    sink: &mut impl Sink,
    levels: &mut Vec<Level>,
) -> Result<(), Refusal> {
    let mut value = value.clone();
    loop {
        sink.budget().check()?;
        match &value {
            Value::Table(table) => open(marks, table, root, tables, sink, levels)?,
            scalar => write_scalar(scalar, root, sink, levels)?,
        }
        // Go on with the next member of the innermost table that has one left.
        loop {
            let Some(level) = levels.last_mut() else { return Ok(()) };
            if level.next == level.members.len() {
                sink.close(level.members.shape())?;
                sink.budget().release(level.held);
                levels.pop();
                continue;
            }
            if level.next > 0 {
                sink.between()?;
            }
            level.next += 1;
            value = match &level.members {
                Members::Array(_) => level.table.raw_get(level.next)?,
                Members::Object(keys) => {
                    let key = &keys[level.next - 1];
                    sink.key(key, keys.len())?;
                    level.table.raw_get(key.as_str())?
                }
                Members::Record(names) => {
                    let name = &names[level.next - 1];
                    sink.key(&name.text, names.len())?;
                    name.get(&level.table)?
                }
                Members::Map(keys) => {
                    let key = &keys[level.next - 1];
                    let value = key.get(&level.table)?;
                    if let Err(unfit) = sink.map_key(key) {
                        return Err(refusal(unfit, root, levels));
                    }
                    value
                }
            };
            break;
        }
    }
}

/// Begins a table and makes it the innermost level.
fn open(
    marks: &Marks,
    table: &Table,
    root: &str,
    tables: Tables,
    sink: &mut impl Sink,
    levels: &mut Vec<Level>,
) -> Result<(), Refusal> {
    let refuse = |reason: &str| Refusal::Value(format!("{}{reason}", path(root, levels)));
    if levels.iter().any(|level| level.table.to_pointer() == table.to_pointer()) {
        return Err(refuse(" contains itself"));
    }
    if levels.len() == MAX_DEPTH {
        return Err(refuse(&format!(" is nested deeper than {MAX_DEPTH} levels")));
    }
    let (budget, rules) = (sink.budget(), sink.rules());
    let listed = match tables {
        Tables::Objects => members(marks, table, budget, rules),
        Tables::Maps => map_members(table, budget, rules),
        Tables::Records => record_members(marks, table, budget, rules),
        Tables::Exact => exact_members(marks, table, budget, rules),
    };
    let (members, held) = listed.map_err(|problem| match problem {
        Refusal::Value(reason) => refuse(&reason),
        other => other,
    })?;
    let (shape, len) = (members.shape(), members.len());
    levels.push(Level { table: table.clone(), members, next: 0, held });
    sink.open(shape, len)
}

/// All keys of a table: numbers in order, then strings in byte order, then booleans.
fn map_members(table: &Table, budget: &Budget, rules: Rules) -> Result<(Members, usize), Refusal> {
    let mut listed = Listed::new(budget);
    for pair in table.pairs::<Value, Value>() {
        budget.check()?;
        let key = pair?.0;
        let mut bytes = 0;
        if let Value::String(text) = &key {
            bytes = text.as_bytes().len();
            rules.check_key(&text.as_bytes())?;
        }
        if !matches!(key, Value::Integer(_) | Value::Number(_) | Value::String(_) | Value::Boolean(_)) {
            return Err(Refusal::Value(format!(" has a key that is a {}", type_name(&key))));
        }
        listed.push(bytes, || Key::of(&key))?;
        rules.check_keys(listed.keys.len())?;
    }
    sort(&mut listed.keys, budget, |a, b| match (a, b) {
        (Key::String(a), Key::String(b)) => a.cmp(b),
        (Key::Integer(a), Key::Integer(b)) => a.cmp(b),
        (Key::Boolean(a), Key::Boolean(b)) => a.cmp(b),
        // An integer before the float that it is rounded to: there an order by floats alone would be none.
        _ => a
            .rank()
            .cmp(&b.rank())
            .then_with(|| a.number().total_cmp(&b.number()))
            .then_with(|| matches!(a, Key::Number(_)).cmp(&matches!(b, Key::Number(_)))),
    })?;
    if collide(&listed.keys) {
        return Err(Refusal::Value(" has keys that collide in a Map of JavaScript, which would take too long".into()));
    }
    let (keys, held) = listed.take();
    Ok((Members::Map(keys), held))
}

/// Decides whether a table is an array or an object, and lists an object's keys in byte order.
fn members(marks: &Marks, table: &Table, budget: &Budget, rules: Rules) -> Result<(Members, usize), Refusal> {
    let marked = is_marked(marks, table);
    let (mut count, mut highest) = (0_usize, 0_i64);
    let mut listed = Listed::new(budget);
    for pair in table.pairs::<Value, Value>() {
        budget.check()?;
        count += 1;
        match pair?.0 {
            Value::Integer(i) if i > 0 && listed.keys.is_empty() => highest = highest.max(i),
            Value::String(key) if highest == 0 && !marked => {
                let bytes = key.as_bytes();
                let key = rules.name(&bytes)?;
                listed.push(key.len(), || key.to_owned())?;
                rules.check_keys(listed.keys.len())?;
            }
            key => {
                let wrong = wrong_key(&key, marked, highest > 0 || !listed.keys.is_empty());
                return Err(Refusal::Value(wrong + option_for(&key, rules)));
            }
        }
    }
    if highest > 0 || marked {
        if highest as usize != count {
            let hint = rules.hint(Options::RecordOrMap);
            let reason = format!(" is an array with holes ({count} values, highest index {highest}){hint}");
            return Err(Refusal::Value(reason));
        }
        rules.check_values(count)?;
        return Ok((Members::Array(count), 0));
    }
    sort(&mut listed.keys, budget, |a, b| rules.order(a, b))?;
    let (keys, held) = listed.take();
    Ok((Members::Object(keys), held))
}

/// As [`members`], where a table that is no array is an object in any case: an integer key is its decimal text there.
fn record_members(marks: &Marks, table: &Table, budget: &Budget, rules: Rules) -> Result<(Members, usize), Refusal> {
    if let Some(count) = length_of_array(table, budget)?.filter(|&count| count > 0 || is_marked(marks, table)) {
        rules.check_values(count)?;
        return Ok((Members::Array(count), 0));
    }
    let mut listed = Listed::new(budget);
    for pair in table.pairs::<Value, Value>() {
        budget.check()?;
        match pair?.0 {
            Value::Integer(i) => {
                let text = i.to_string();
                listed.push(text.len(), || Name { text, integer: Some(i) })?;
            }
            Value::String(key) => {
                let bytes = key.as_bytes();
                let key = rules.name(&bytes)?;
                listed.push(key.len(), || Name { text: key.to_owned(), integer: None })?;
            }
            key => {
                let (shown, hint) = (shown_key(&key), option_for(&key, rules));
                return Err(Refusal::Value(format!(" has {shown}; keys must be integers or strings{hint}")));
            }
        }
        rules.check_keys(listed.keys.len())?;
    }
    sort(&mut listed.keys, budget, |a, b| rules.order(&a.text, &b.text))?;
    if let Some(pair) = listed.keys.windows(2).find(|pair| pair[0].text == pair[1].text) {
        let (text, hint) = (&pair[0].text, rules.hint(Options::Map));
        let reason = format!(" has the integer key {text} and the string key {text:?}, which would be one name{hint}");
        return Err(Refusal::Value(reason));
    }
    let (names, held) = listed.take();
    Ok((Members::Record(names), held))
}

/// As [`record_members`], where a table that is no array is a map.
fn exact_members(marks: &Marks, table: &Table, budget: &Budget, rules: Rules) -> Result<(Members, usize), Refusal> {
    if let Some(count) = length_of_array(table, budget)?.filter(|&count| count > 0 || is_marked(marks, table)) {
        rules.check_values(count)?;
        return Ok((Members::Array(count), 0));
    }
    map_members(table, budget, rules)
}

/// How many values a table has that has the keys 1 to n alone.
fn length_of_array(table: &Table, budget: &Budget) -> Result<Option<usize>, Refusal> {
    let (mut count, mut highest) = (0_usize, 0_i64);
    for pair in table.pairs::<Value, Value>() {
        budget.check()?;
        let Value::Integer(i @ 1..) = pair?.0 else { return Ok(None) };
        (count, highest) = (count + 1, highest.max(i));
    }
    Ok((highest as usize == count).then_some(count))
}

fn is_marked(marks: &Marks, table: &Table) -> bool {
    table.metatable().is_some_and(|metatable| metatable.to_pointer() == marks.array.to_pointer())
}

/// Sorts keys, of which there may be millions. Between two comparisons the run may be killed: a sort of the standard
/// library can be left only by unwinding.
pub(crate) fn sort<T>(keys: &mut [T], budget: &Budget, compare: impl Fn(&T, &T) -> Ordering) -> Result<(), Killed> {
    let sorted = catch_unwind(AssertUnwindSafe(|| {
        keys.sort_unstable_by(|a, b| match budget.check() {
            Ok(()) => compare(a, b),
            Err(killed) => resume_unwind(Box::new(killed)),
        });
    }));
    sorted.map_err(|panic| panic.downcast::<Killed>().map_or_else(|panic| resume_unwind(panic), |killed| *killed))
}

/// What would let a table through that has this key.
fn option_for(key: &Value, rules: Rules) -> &'static str {
    match key {
        Value::Integer(_) | Value::String(_) => rules.hint(Options::RecordOrMap),
        Value::Number(_) | Value::Boolean(_) => rules.hint(Options::Map),
        _ => "",
    }
}

fn shown_key(key: &Value) -> String {
    match key {
        Value::Integer(i) => format!("the integer key {i}"),
        Value::String(s) => format!("the string key {}", quoted(&s.as_bytes())),
        Value::Number(n) => format!("the float key {n:?}"),
        other => format!("a key that is a {}", type_name(other)),
    }
}

fn wrong_key(key: &Value, marked: bool, mixed: bool) -> String {
    let shown = shown_key(key);
    match (marked, mixed) {
        (true, _) => format!(" is marked as an array but has {shown}"),
        (_, true) => format!(" mixes array and string keys ({shown})"),
        _ => format!(" has {shown}; keys must be 1..n or strings"),
    }
}

fn write_scalar(value: &Value, root: &str, sink: &mut impl Sink, levels: &[Level]) -> Result<(), Refusal> {
    sink.scalar(value).map_err(|unfit| refusal(unfit, root, levels))
}

fn refusal(unfit: Unfit, root: &str, levels: &[Level]) -> Refusal {
    match unfit {
        Unfit::What(what) => Refusal::Value(format!("{} is {what}", path(root, levels))),
        Unfit::Refused(refusal) => refusal,
    }
}

/// The path to what is being written; a long one without its middle.
fn path(root: &str, levels: &[Level]) -> String {
    let mut front = root.to_owned();
    let mut steps = levels.iter().map(Level::step);
    for step in steps.by_ref() {
        if front.len() + step.len() > SHOWN_OF_PATH {
            // From the end, as much again.
            let (mut back, mut left) = (Vec::new(), SHOWN_OF_PATH);
            let skipped = std::iter::once(step).chain(steps).collect::<Vec<_>>();
            let whole = skipped.iter().map(String::len).sum::<usize>() <= left;
            for step in skipped.into_iter().rev() {
                if step.len() > left {
                    break;
                }
                left -= step.len();
                back.push(step);
            }
            let dots = if whole { "" } else { "..." };
            return back.into_iter().rev().fold(front + dots, |path, step| path + &step);
        }
        front += &step;
    }
    front
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Heap;
    use moonpool_lua::Flag;
    use std::cell::Cell;
    use std::sync::Arc;

    #[test]
    fn a_kill_ends_a_sort_at_its_next_comparison() {
        let (flag, heap) = (Arc::<Flag>::default(), Heap::new(1 << 20, None));
        // SAFETY: the heap stays where it is, and is used here only.
        let budget = unsafe { Budget::new(flag.clone(), &heap) };
        let mut keys: Vec<u32> = (0..100_000).map(|i: u32| i.wrapping_mul(2_654_435_761)).collect();
        let compared = Cell::new(0);
        let killed = sort(&mut keys, &budget, |a, b| {
            compared.set(compared.get() + 1);
            if compared.get() == 1000 {
                flag.kill(Flag::FIRST_REASON);
            }
            a.cmp(b)
        });
        assert_eq!((killed, compared.get()), (Err(Killed), 1000));
        expect_every_key(&mut keys);
    }

    /// What was half sorted still has every key.
    fn expect_every_key(keys: &mut [u32]) {
        let (flag, heap) = (Arc::<Flag>::default(), Heap::new(1 << 20, None));
        // SAFETY: as above.
        let budget = unsafe { Budget::new(flag, &heap) };
        assert_eq!(sort(keys, &budget, Ord::cmp), Ok(()));
        assert!(keys.is_sorted() && keys.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
