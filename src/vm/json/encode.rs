//! Lua values to JSON text, level by level, with the path of whatever is refused.

use super::{MAX_DEPTH, Marks, Refusal, Text};
use crate::vm::{Context, type_name};
use mlua::{Table, Value};

/// One table whose members are being written.
struct Level {
    table: Table,
    members: Members,
    next: usize,
}

enum Members {
    Array(usize),
    Object(Vec<String>),
}

impl Level {
    fn len(&self) -> usize {
        match &self.members {
            Members::Array(len) => *len,
            Members::Object(keys) => keys.len(),
        }
    }

    /// The memory that the list of keys takes.
    fn held(members: &Members) -> usize {
        match members {
            Members::Array(_) => 0,
            Members::Object(keys) => keys.iter().map(|key| key.len() + size_of::<String>()).sum(),
        }
    }

    /// The path from this table to the member being written.
    fn step(&self) -> String {
        match &self.members {
            Members::Array(_) => format!("[{}]", self.next),
            Members::Object(keys) => path_step(&keys[self.next - 1]),
        }
    }
}

/// `.name` for what Lua takes as a name, `["other"]` for the rest.
fn path_step(key: &str) -> String {
    let name =
        key.bytes().enumerate().all(|(i, b)| b == b'_' || b.is_ascii_alphabetic() || (i > 0 && b.is_ascii_digit()));
    if name && !key.is_empty() { format!(".{key}") } else { format!("[{}]", serde_json::Value::from(key)) }
}

/// Writes `value` as JSON at the end of `text`; `root` is what paths in refusals begin with.
///
/// # Errors
/// What [`Refusal`] lists.
pub(crate) fn encode(marks: &Marks, value: &Value, root: &str, text: &mut Text) -> Result<(), Refusal> {
    let mut levels: Vec<Level> = Vec::new();
    let result = write_all(marks, value, root, text, &mut levels);
    for level in &levels {
        text.context.release(Level::held(&level.members));
    }
    result
}

fn write_all(
    marks: &Marks,
    value: &Value,
    root: &str,
    text: &mut Text,
    levels: &mut Vec<Level>,
) -> Result<(), Refusal> {
    let mut value = value.clone();
    loop {
        text.context.check()?;
        match &value {
            Value::Table(table) => open(marks, table, root, text, levels)?,
            scalar => write_scalar(scalar, root, text, levels)?,
        }
        // Go on with the next member of the innermost table that has one left.
        loop {
            let Some(level) = levels.last_mut() else { return Ok(()) };
            if level.next == level.len() {
                text.push(if matches!(level.members, Members::Array(_)) { b"]" } else { b"}" })?;
                text.context.release(Level::held(&level.members));
                levels.pop();
                continue;
            }
            if level.next > 0 {
                text.push(b",")?;
            }
            level.next += 1;
            value = match &level.members {
                Members::Array(_) => level.table.raw_get(level.next)?,
                Members::Object(keys) => {
                    let key = &keys[level.next - 1];
                    text.push_json(key)?;
                    text.push(b":")?;
                    level.table.raw_get(key.as_str())?
                }
            };
            break;
        }
    }
}

/// Writes the bracket of a table and makes it the innermost level.
fn open(marks: &Marks, table: &Table, root: &str, text: &mut Text, levels: &mut Vec<Level>) -> Result<(), Refusal> {
    let refuse = |reason: &str| Refusal::Value(format!("{}{reason}", path(root, levels)));
    if levels.iter().any(|level| level.table.to_pointer() == table.to_pointer()) {
        return Err(refuse(" contains itself"));
    }
    if levels.len() == MAX_DEPTH {
        return Err(refuse(&format!(" is nested deeper than {MAX_DEPTH} levels")));
    }
    let members = members(marks, table, text.context).map_err(|problem| match problem {
        Refusal::Value(reason) => refuse(&reason),
        other => other,
    })?;
    text.push(if matches!(members, Members::Array(_)) { b"[" } else { b"{" })?;
    levels.push(Level { table: table.clone(), members, next: 0 });
    Ok(())
}

/// Decides whether a table is an array or an object, and lists an object's keys in byte order.
fn members(marks: &Marks, table: &Table, context: &Context) -> Result<Members, Refusal> {
    let marked = table.metatable().is_some_and(|metatable| metatable.to_pointer() == marks.array.to_pointer());
    let (mut count, mut highest) = (0_usize, 0_i64);
    let mut keys = Vec::new();
    let mut held = 0;
    let result = (|| {
        for pair in table.pairs::<Value, Value>() {
            context.check()?;
            count += 1;
            match pair?.0 {
                Value::Integer(i) if i > 0 && keys.is_empty() => highest = highest.max(i),
                Value::String(key) if highest == 0 && !marked => {
                    let bytes = key.as_bytes();
                    let key = std::str::from_utf8(&bytes).map_err(|_| {
                        Refusal::Value(format!(" has a key that is not UTF-8: {:?}", key.to_string_lossy()))
                    })?;
                    let size = key.len() + size_of::<String>();
                    context.hold(size)?;
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
        context.release(held);
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

fn write_scalar(value: &Value, root: &str, text: &mut Text, levels: &[Level]) -> Result<(), Refusal> {
    let refuse = |what: &str| Refusal::Value(format!("{} is {what}", path(root, levels)));
    match value {
        Value::Nil => text.push(b"null"),
        Value::LightUserData(p) if p.0.is_null() => text.push(b"null"),
        Value::Boolean(b) => text.push(if *b { b"true" } else { b"false" }),
        Value::Integer(i) => text.push_json(i),
        Value::Number(n) if n.is_finite() => text.push_json(n),
        Value::Number(n) if n.is_nan() => Err(refuse("NaN")),
        Value::Number(n) => Err(refuse(if *n > 0.0 { "infinite" } else { "negative infinity" })),
        Value::String(s) => match std::str::from_utf8(&s.as_bytes()) {
            Ok(s) => text.push_json(s),
            Err(_) => Err(refuse("a string that is not UTF-8")),
        },
        other => Err(refuse(&format!("a {}", type_name(other)))),
    }
}

fn path(root: &str, levels: &[Level]) -> String {
    std::iter::once(root.to_owned()).chain(levels.iter().map(Level::step)).collect()
}
