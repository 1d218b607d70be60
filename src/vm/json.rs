//! Lua values to JSON text and back: the one converter behind results, `json.*` and State.
//!
//! Neither direction recurses on the native stack beyond [`MAX_DEPTH`] levels, and both count what they
//! build against the VM's memory limit and stop when the run is killed.

use super::context::Context;
use super::type_name;
use crate::error::Error;
use mlua::{Lua, Table, Value};
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// How deep tables may nest, as `{}` counts one.
pub(crate) const MAX_DEPTH: usize = 128;

/// Why a value has no text.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The value cannot cross: a sentence that begins with its path.
    Value(String),
    /// The text would be longer than the caller allows, in bytes.
    TooLong,
    /// The run is being killed.
    Killed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Killed(error)
    }
}

impl From<mlua::Error> for Refusal {
    /// Raw access to tables fails only when memory runs out, which kills the run.
    fn from(error: mlua::Error) -> Self {
        Self::Killed(Error::new(crate::error::Code::Internal, error.to_string()))
    }
}

/// The marks of a VM's `json` table: how `null` and arrays look inside Lua.
pub(crate) struct Marks {
    /// The metatable of tables that `json.array` marked.
    pub array: Table,
}

/// Bytes under construction, counted against the VM's memory.
pub(crate) struct Text<'a> {
    context: &'a Context,
    bytes: Vec<u8>,
    max: usize,
}

impl<'a> Text<'a> {
    /// An empty text that may grow to `max` bytes.
    pub(crate) fn new(context: &'a Context, max: usize) -> Self {
        Self { context, bytes: Vec::new(), max }
    }

    /// A text that goes on from `bytes`, whose capacity is counted already.
    pub(crate) fn continuing(context: &'a Context, bytes: Vec<u8>) -> Self {
        Self { context, bytes, max: usize::MAX }
    }

    /// The bytes themselves, counted no longer.
    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        self.context.release(self.bytes.capacity());
        std::mem::take(&mut self.bytes)
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// When the text would pass its maximum, or the VM its memory limit.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let wanted = self.bytes.len() + bytes.len();
        if wanted > self.max {
            return Err(Refusal::TooLong);
        }
        Ok(self.context.extend(&mut self.bytes, bytes)?)
    }

    fn push_json(&mut self, value: &(impl serde::Serialize + ?Sized)) -> Result<(), Refusal> {
        // Strings and numbers only: neither can fail to serialise.
        let text = serde_json::to_vec(value).unwrap_or_default();
        self.push(&text)
    }

    /// The bytes so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Text<'_> {
    fn drop(&mut self) {
        self.context.release(self.bytes.capacity());
    }
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

/// Reads JSON text into a new Lua value. `null` becomes `json.null`, every array is marked as one.
///
/// # Errors
/// A sentence that says where the text is not JSON, or that the run is being killed.
pub(crate) fn decode(lua: &Lua, context: &Context, marks: &Marks, text: &[u8]) -> Result<Value, String> {
    // serde_json copies each string with escapes into a scratch buffer of at most this size.
    context.hold(text.len()).map_err(|e| e.to_string())?;
    let mut parser = serde_json::Deserializer::from_slice(text);
    // Our own limit counts as the other direction does.
    parser.disable_recursion_limit();
    let result = Build { lua, context, marks, depth: 0 }.deserialize(&mut parser).and_then(|value| {
        parser.end()?;
        Ok(value)
    });
    context.release(text.len());
    result.map_err(|error| error.to_string())
}

/// Builds Lua values straight from the parser's events.
#[derive(Clone, Copy)]
struct Build<'a> {
    lua: &'a Lua,
    context: &'a Context,
    marks: &'a Marks,
    depth: usize,
}

impl Build<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        self.context.check().map_err(E::custom)?;
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Build<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Build<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::NULL)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        // As Lua reads a decimal numeral: past the integers it is a float.
        Ok(i64::try_from(value).map_or(Value::Number(value as f64), Value::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.lua.create_string(value).map(Value::String).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let table = self.lua.create_table().map_err(A::Error::custom)?;
        let mut index = 0_i64;
        while let Some(value) = items.next_element_seed(inner)? {
            self.context.check().map_err(A::Error::custom)?;
            index += 1;
            table.raw_set(index, value).map_err(A::Error::custom)?;
        }
        table.set_metatable(Some(self.marks.array.clone())).map_err(A::Error::custom)?;
        Ok(Value::Table(table))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let table = self.lua.create_table().map_err(A::Error::custom)?;
        // The key as Lua has it; a later entry of the same name replaces an earlier one, as in JSON.parse.
        while let Some(key) = entries.next_key_seed(Key(inner))? {
            self.context.check().map_err(A::Error::custom)?;
            let value = entries.next_value_seed(inner)?;
            table.raw_set(key, value).map_err(A::Error::custom)?;
        }
        Ok(Value::Table(table))
    }
}

/// The key of an object: like any string.
struct Key<'a>(Build<'a>);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_str(self.0)
    }
}
