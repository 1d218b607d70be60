//! JSON text to Lua values, built straight from the parser's events.

use super::PIECE;
use crate::memory::Budget;
use crate::value::{MAX_DEPTH, Marks};
use mlua::{Lua, Value};
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::io::{self, BufReader, Read};

/// Reads JSON text into a new Lua value. `null` becomes `json.null`, every array is marked as one.
///
/// # Errors
/// A sentence that says where the text is not JSON, or that the run is being killed.
pub(crate) fn decode(lua: &Lua, budget: &Budget, marks: &Marks, text: &[u8]) -> Result<Value, String> {
    let build = Build { lua, budget, marks, depth: 0 };
    read(build, text, serde_json::Deserializer::from_slice(text))
}

/// As [`decode`], with looks at the flag also in the middle of a string or a number, which takes longer.
///
/// # Errors
/// As [`decode`].
pub(crate) fn decode_in_pieces(lua: &Lua, budget: &Budget, marks: &Marks, text: &[u8]) -> Result<Value, String> {
    let build = Build { lua, budget, marks, depth: 0 };
    let pieces = BufReader::with_capacity(PIECE, Polled { text, budget });
    read(build, text, serde_json::Deserializer::from_reader(pieces))
}

fn read<'de, R: serde_json::de::Read<'de>>(
    build: Build,
    text: &[u8],
    mut parser: serde_json::Deserializer<R>,
) -> Result<Value, String> {
    // serde_json copies strings with escapes, and whatever it reads in pieces, into a scratch buffer of at most this size.
    build.budget.hold(text.len()).map_err(|e| e.to_string())?;
    // Our own limit counts as the other direction does.
    parser.disable_recursion_limit();
    let result = build.deserialize(&mut parser).and_then(|value| {
        parser.end()?;
        Ok(value)
    });
    build.budget.release(text.len());
    result.map_err(|error| error.to_string())
}

/// A text that ends when the run is being killed.
struct Polled<'a> {
    text: &'a [u8],
    budget: &'a Budget,
}

impl Read for Polled<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.budget.check().map_err(io::Error::other)?;
        self.text.read(room)
    }
}

/// Builds Lua values straight from the parser's events.
#[derive(Clone, Copy)]
struct Build<'a> {
    lua: &'a Lua,
    budget: &'a Budget,
    marks: &'a Marks,
    depth: usize,
}

impl Build<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        self.budget.check().map_err(E::custom)?;
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
            self.budget.check().map_err(A::Error::custom)?;
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
            self.budget.check().map_err(A::Error::custom)?;
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
