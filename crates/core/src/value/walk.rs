//! Walks a Lua value level by level, for whoever writes it down, and names the path of whatever is refused.
//!
//! Does not recurse, counts the keys that it lists against the VM's memory, and stops when the run is killed.

use super::{MAX_DEPTH, Marks, Refusal, type_name};
use crate::memory::Budget;
use mlua::{Table, Value};

/// Who writes a value down.
pub(super) trait Sink {
    /// What the run that the value belongs to may use.
    fn budget(&self) -> &Budget;

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
    fn key(&mut self, key: &str) -> Result<(), Refusal>;

    /// The key of the next member of a map, which is no table.
    ///
    /// # Errors
    /// As [`Sink::scalar`].
    fn map_key(&mut self, key: &Value) -> Result<(), Unfit> {
        self.scalar(key)
    }

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
}

enum Members {
    Array(usize),
    Object(Vec<String>),
    Map(Vec<Value>),
}

impl Members {
    fn len(&self) -> usize {
        match self {
            Self::Array(len) => *len,
            Self::Object(keys) => keys.len(),
            Self::Map(keys) => keys.len(),
        }
    }

    fn shape(&self) -> Shape {
        match self {
            Self::Array(_) => Shape::Array,
            Self::Object(_) => Shape::Object,
            Self::Map(_) => Shape::Map,
        }
    }

    /// The memory that the list of keys takes.
    fn held(&self) -> usize {
        match self {
            Self::Array(_) => 0,
            Self::Object(keys) => keys.iter().map(|key| key.len() + size_of::<String>()).sum(),
            Self::Map(keys) => size_of_val(keys.as_slice()),
        }
    }
}

impl Level {
    /// The path from this table to the member being written.
    fn step(&self) -> String {
        match &self.members {
            Members::Array(_) => format!("[{}]", self.next),
            Members::Object(keys) => path_step(&keys[self.next - 1]),
            Members::Map(keys) => match &keys[self.next - 1] {
                Value::String(key) => path_step(&key.to_string_lossy()),
                Value::Integer(key) => format!("[{key}]"),
                Value::Number(key) => format!("[{key:?}]"),
                other => format!("[{other:?}]"),
            },
        }
    }
}

/// `.name` for what Lua takes as a name, `["other"]` for the rest.
fn path_step(key: &str) -> String {
    let name =
        key.bytes().enumerate().all(|(i, b)| b == b'_' || b.is_ascii_alphabetic() || (i > 0 && b.is_ascii_digit()));
    if name && !key.is_empty() { format!(".{key}") } else { format!("[{}]", serde_json::Value::from(key)) }
}

/// Walks `value`; `root` is what paths in refusals begin with. With `maps` every table is a [`Shape::Map`].
///
/// # Errors
/// What [`Refusal`] lists.
pub(super) fn walk(marks: &Marks, value: &Value, root: &str, maps: bool, sink: &mut impl Sink) -> Result<(), Refusal> {
    let mut levels: Vec<Level> = Vec::new();
    let result = walk_all(marks, value, root, maps, sink, &mut levels);
    for level in &levels {
        sink.budget().release(level.members.held());
    }
    result
}

fn walk_all(
    marks: &Marks,
    value: &Value,
    root: &str,
    maps: bool,
    sink: &mut impl Sink,
    levels: &mut Vec<Level>,
) -> Result<(), Refusal> {
    let mut value = value.clone();
    loop {
        sink.budget().check()?;
        match &value {
            Value::Table(table) => open(marks, table, root, maps, sink, levels)?,
            scalar => write_scalar(scalar, root, sink, levels)?,
        }
        // Go on with the next member of the innermost table that has one left.
        loop {
            let Some(level) = levels.last_mut() else { return Ok(()) };
            if level.next == level.members.len() {
                sink.close(level.members.shape())?;
                sink.budget().release(level.members.held());
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
                    sink.key(key)?;
                    level.table.raw_get(key.as_str())?
                }
                Members::Map(keys) => {
                    let key = keys[level.next - 1].clone();
                    let value = level.table.raw_get(&key)?;
                    sink.map_key(&key).map_err(|unfit| refusal(unfit, root, levels))?;
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
    maps: bool,
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
    let members = if maps { map_members(table, sink.budget()) } else { members(marks, table, sink.budget()) };
    let members = members.map_err(|problem| match problem {
        Refusal::Value(reason) => refuse(&reason),
        other => other,
    })?;
    let (shape, len) = (members.shape(), members.len());
    levels.push(Level { table: table.clone(), members, next: 0 });
    sink.open(shape, len)
}

/// All keys of a table: numbers in order, then strings in byte order, then booleans.
fn map_members(table: &Table, budget: &Budget) -> Result<Members, Refusal> {
    let mut keys = Vec::new();
    let mut held = 0;
    let listed = table.pairs::<Value, Value>().try_for_each(|pair| {
        budget.check()?;
        let key = pair?.0;
        if !matches!(key, Value::Integer(_) | Value::Number(_) | Value::String(_) | Value::Boolean(_)) {
            return Err(Refusal::Value(format!(" has a key that is a {}", type_name(&key))));
        }
        budget.hold(size_of::<Value>())?;
        held += size_of::<Value>();
        keys.push(key);
        Ok(())
    });
    if let Err(refusal) = listed {
        budget.release(held);
        return Err(refusal);
    }
    keys.sort_by(|a, b| match (a, b) {
        (Value::String(a), Value::String(b)) => a.as_bytes().cmp(&b.as_bytes()),
        (Value::Integer(a), Value::Integer(b)) => a.cmp(b),
        (Value::Boolean(a), Value::Boolean(b)) => a.cmp(b),
        // An integer before the float that it is rounded to: there an order by floats alone would be none.
        _ => rank(a)
            .cmp(&rank(b))
            .then_with(|| number(a).total_cmp(&number(b)))
            .then_with(|| matches!(a, Value::Number(_)).cmp(&matches!(b, Value::Number(_)))),
    });
    Ok(Members::Map(keys))
}

fn rank(key: &Value) -> u8 {
    match key {
        Value::Integer(_) | Value::Number(_) => 0,
        Value::String(_) => 1,
        _ => 2,
    }
}

fn number(key: &Value) -> f64 {
    match key {
        Value::Integer(i) => *i as f64,
        Value::Number(n) => *n,
        _ => 0.0,
    }
}

/// Decides whether a table is an array or an object, and lists an object's keys in byte order.
fn members(marks: &Marks, table: &Table, budget: &Budget) -> Result<Members, Refusal> {
    let marked = table.metatable().is_some_and(|metatable| metatable.to_pointer() == marks.array.to_pointer());
    let (mut count, mut highest) = (0_usize, 0_i64);
    let mut keys = Vec::new();
    let mut held = 0;
    let result = (|| {
        for pair in table.pairs::<Value, Value>() {
            budget.check()?;
            count += 1;
            match pair?.0 {
                Value::Integer(i) if i > 0 && keys.is_empty() => highest = highest.max(i),
                Value::String(key) if highest == 0 && !marked => {
                    let bytes = key.as_bytes();
                    let key = std::str::from_utf8(&bytes).map_err(|_| {
                        Refusal::Value(format!(" has a key that is not UTF-8: {:?}", key.to_string_lossy()))
                    })?;
                    let size = key.len() + size_of::<String>();
                    budget.hold(size)?;
                    held += size;
                    keys.push(key.to_owned());
                }
                key => return Err(Refusal::Value(wrong_key(&key, marked, highest > 0 || !keys.is_empty()))),
            }
        }
        Ok(())
    })();
    let members = if highest > 0 || marked { Members::Array(count) } else { Members::Object(keys) };
    let result = match &members {
        Members::Array(_) if result.is_ok() && highest as usize != count => {
            Err(Refusal::Value(format!(" is an array with holes ({count} values, highest index {highest})")))
        }
        _ => result,
    };
    if let Err(refusal) = result {
        budget.release(held);
        return Err(refusal);
    }
    if let Members::Object(mut keys) = members {
        keys.sort_unstable();
        return Ok(Members::Object(keys));
    }
    Ok(members)
}

fn wrong_key(key: &Value, marked: bool, mixed: bool) -> String {
    let shown = match key {
        Value::Integer(i) => format!("the integer key {i}"),
        Value::String(s) => format!("the string key {:?}", s.to_string_lossy()),
        Value::Number(n) => format!("the float key {n:?}"),
        other => format!("a key that is a {}", type_name(other)),
    };
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

fn path(root: &str, levels: &[Level]) -> String {
    std::iter::once(root.to_owned()).chain(levels.iter().map(Level::step)).collect()
}
