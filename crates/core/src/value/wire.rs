//! Values that cross between JavaScript and Lua, as bytes that belong to nobody's heap. lib/values.js has the other side.
//!
//! ```text
//! list     count, values
//! value    one byte that says what follows:
//!          0 nil · 1 false · 2 true · 3 integer (8 bytes) · 4 float (8 bytes) · 5 text (length, UTF-8)
//!          6 bytes (length, bytes) · 7 json.null · 8 array (count, values)
//!          9 object (count, then a text without its first byte and a value, in turn) · 10 map (count, then key and value)
//! ```
//! Counts and lengths take 4 bytes; all numbers are little-endian. Integers, floats and bytes cross exactly.

use super::walk::{Shape, Sink, Unfit, walk};
use super::{MAX_DEPTH, Marks, Refusal, Text, type_name};
use crate::memory::Budget;
use mlua::{Lua, Value};

const NIL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INTEGER: u8 = 3;
const FLOAT: u8 = 4;
const TEXT: u8 = 5;
const BYTES: u8 = 6;
const NULL: u8 = 7;
const ARRAY: u8 = 8;
const OBJECT: u8 = 9;
const MAP: u8 = 10;

/// A list of values, owned by whoever holds it.
pub type Values = Vec<u8>;

/// How Lua values are given to JavaScript.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shapes {
    /// Every string as bytes; otherwise strings are text, and those that are not UTF-8 are refused.
    pub bytes: bool,
    /// Every table as a map; otherwise tables are arrays or objects, by the rules of JSON.
    pub maps: bool,
}

/// Writes values down, one after the other.
pub(crate) struct Writer<'a> {
    bytes: Text<'a>,
    shapes: Shapes,
}

impl<'a> Writer<'a> {
    /// A list that is going to have `count` values.
    ///
    /// # Errors
    /// When the VM's memory does not suffice.
    pub(crate) fn new(budget: &'a Budget, shapes: Shapes, count: usize) -> Result<Self, Refusal> {
        let mut writer = Self { bytes: Text::new(budget, u32::MAX as usize), shapes };
        writer.count(count)?;
        Ok(writer)
    }

    /// Adds a value; `root` is what paths in refusals begin with.
    ///
    /// # Errors
    /// What [`Refusal`] lists.
    pub(crate) fn write(&mut self, marks: &Marks, value: &Value, root: &str) -> Result<(), Refusal> {
        walk(marks, value, root, self.shapes.maps, self)
    }

    /// The list, counted no longer.
    pub(crate) fn into_values(self) -> Values {
        self.bytes.into_bytes()
    }

    fn count(&mut self, count: usize) -> Result<(), Refusal> {
        let count = u32::try_from(count).map_err(|_| Refusal::TooLong)?;
        self.bytes.push(&count.to_le_bytes())
    }

    fn sized(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.count(bytes.len())?;
        self.bytes.push(bytes)
    }

    fn tagged(&mut self, tag: u8, bytes: &[u8]) -> Result<(), Refusal> {
        self.bytes.push(&[tag])?;
        self.bytes.push(bytes)
    }
}

impl Sink for Writer<'_> {
    fn budget(&self) -> &Budget {
        self.bytes.budget()
    }

    fn scalar(&mut self, value: &Value) -> Result<(), Unfit> {
        match value {
            Value::Nil => self.tagged(NIL, &[])?,
            Value::LightUserData(p) if p.0.is_null() => self.tagged(NULL, &[])?,
            Value::Boolean(b) => self.tagged(if *b { TRUE } else { FALSE }, &[])?,
            Value::Integer(i) => self.tagged(INTEGER, &i.to_le_bytes())?,
            Value::Number(n) => self.tagged(FLOAT, &n.to_le_bytes())?,
            Value::String(s) => {
                let bytes = s.as_bytes();
                if !self.shapes.bytes && std::str::from_utf8(&bytes).is_err() {
                    return Err(Unfit::What("a string that is not UTF-8".into()));
                }
                self.tagged(if self.shapes.bytes { BYTES } else { TEXT }, &[])?;
                self.sized(&bytes)?;
            }
            other => return Err(Unfit::What(format!("a {}", type_name(other)))),
        }
        Ok(())
    }

    fn open(&mut self, shape: Shape, members: usize) -> Result<(), Refusal> {
        let tag = match shape {
            Shape::Array => ARRAY,
            Shape::Object => OBJECT,
            Shape::Map => MAP,
        };
        self.tagged(tag, &[])?;
        self.count(members)
    }

    fn key(&mut self, key: &str) -> Result<(), Refusal> {
        self.sized(key.as_bytes())
    }

    /// As text, also where strings are given as bytes: two `Uint8Array`s are never the same key.
    fn map_key(&mut self, key: &Value) -> Result<(), Unfit> {
        let bytes = std::mem::replace(&mut self.shapes.bytes, false);
        let written = self.scalar(key);
        self.shapes.bytes = bytes;
        written
    }

    fn between(&mut self) -> Result<(), Refusal> {
        Ok(())
    }

    fn close(&mut self, _shape: Shape) -> Result<(), Refusal> {
        Ok(())
    }
}

/// Writes the arguments of a call down; paths in refusals begin with `root[i]`, from 1.
///
/// # Errors
/// What [`Refusal`] lists.
pub(crate) fn write_all(
    budget: &Budget,
    marks: &Marks,
    values: &[Value],
    root: &str,
    shapes: Shapes,
) -> Result<Values, Refusal> {
    let mut writer = Writer::new(budget, shapes, values.len())?;
    for (i, value) in values.iter().enumerate() {
        writer.write(marks, value, &format!("{root}[{}]", i + 1))?;
    }
    Ok(writer.into_values())
}

/// Reads a list of values into a VM.
pub(crate) struct Reader<'a> {
    lua: &'a Lua,
    budget: &'a Budget,
    marks: &'a Marks,
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads `values` into the VM of `lua`, with its budget and its marks.
    pub(crate) fn new(lua: &'a Lua, budget: &'a Budget, marks: &'a Marks, values: &'a [u8]) -> Self {
        Self { lua, budget, marks, left: values }
    }

    /// The values of a list.
    ///
    /// # Errors
    /// When the VM's memory does not suffice, the run is killed, or the bytes are no list.
    pub(crate) fn values(mut self) -> Result<Vec<Value>, Refusal> {
        (0..self.count()?).map(|_| self.value(0)).collect()
    }

    /// The names and values of a list that has them in turn.
    ///
    /// # Errors
    /// As [`Reader::values`].
    pub(crate) fn named(mut self) -> Result<Vec<(Value, Value)>, Refusal> {
        (0..self.count()?).map(|_| Ok((self.text()?, self.value(0)?))).collect()
    }

    fn value(&mut self, depth: usize) -> Result<Value, Refusal> {
        self.budget.check()?;
        Ok(match self.take(1)?[0] {
            NIL => Value::Nil,
            FALSE => Value::Boolean(false),
            TRUE => Value::Boolean(true),
            INTEGER => Value::Integer(i64::from_le_bytes(self.eight()?)),
            FLOAT => Value::Number(f64::from_le_bytes(self.eight()?)),
            TEXT | BYTES => self.text()?,
            NULL => Value::NULL,
            ARRAY | OBJECT | MAP if depth == MAX_DEPTH => return Err(malformed("nested too deeply")),
            ARRAY => self.array(depth)?,
            OBJECT => self.members(depth, Self::text)?,
            MAP => self.members(depth, |reader| reader.value(depth))?,
            _ => return Err(malformed("an unknown tag")),
        })
    }

    fn array(&mut self, depth: usize) -> Result<Value, Refusal> {
        let table = self.lua.create_table()?;
        let count = self.count()?;
        for i in 1..=count {
            let value = self.value(depth + 1)?;
            table.raw_set(i, value)?;
        }
        if count == 0 {
            // Without values nothing else tells it from an object.
            table.set_metatable(Some(self.marks.array.clone()))?;
        }
        Ok(Value::Table(table))
    }

    fn members(&mut self, depth: usize, key: impl Fn(&mut Self) -> Result<Value, Refusal>) -> Result<Value, Refusal> {
        let table = self.lua.create_table()?;
        for _ in 0..self.count()? {
            let key = key(self)?;
            let value = self.value(depth + 1)?;
            table.raw_set(key, value)?;
        }
        Ok(Value::Table(table))
    }

    fn text(&mut self) -> Result<Value, Refusal> {
        let size = self.count()?;
        let bytes = self.take(size)?;
        Ok(Value::String(self.lua.create_string(bytes)?))
    }

    fn count(&mut self) -> Result<usize, Refusal> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize)
    }

    fn eight(&mut self) -> Result<[u8; 8], Refusal> {
        let bytes = self.take(8)?;
        Ok(std::array::from_fn(|i| bytes[i]))
    }

    fn take(&mut self, size: usize) -> Result<&'a [u8], Refusal> {
        let (taken, left) = self.left.split_at_checked(size).ok_or_else(|| malformed("cut short"))?;
        self.left = left;
        Ok(taken)
    }
}

fn malformed(how: &str) -> Refusal {
    Refusal::Value(format!("the values are malformed: {how}"))
}
