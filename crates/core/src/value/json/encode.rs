//! Lua values to JSON text.

use crate::memory::Budget;
use crate::value::walk::{Key, Shape, Sink, Unfit, walk};
use crate::value::{Marks, Refusal, Tables, Text, type_name};
use mlua::Value;

/// Writes `value` as JSON at the end of `text`; `root` is what paths in refusals begin with.
///
/// # Errors
/// What [`Refusal`] lists.
pub(crate) fn encode(marks: &Marks, value: &Value, root: &str, text: &mut Text) -> Result<(), Refusal> {
    walk(marks, value, root, Tables::Objects, text)
}

impl Sink for Text<'_> {
    fn budget(&self) -> &Budget {
        Text::budget(self)
    }

    fn scalar(&mut self, value: &Value) -> Result<(), Unfit> {
        self.count()?;
        match value {
            Value::Nil => self.push(b"null")?,
            Value::LightUserData(p) if p.0.is_null() => self.push(b"null")?,
            Value::Boolean(b) => self.push(if *b { b"true" } else { b"false" })?,
            Value::Integer(i) => self.push_json(i)?,
            Value::Number(n) if n.is_finite() => self.push_json(n)?,
            Value::Number(n) if n.is_nan() => return Err(Unfit::What("NaN".into())),
            Value::Number(n) if *n > 0.0 => return Err(Unfit::What("infinite".into())),
            Value::Number(_) => return Err(Unfit::What("negative infinity".into())),
            Value::String(s) => match std::str::from_utf8(&s.as_bytes()) {
                Ok(s) => self.push_json(s)?,
                Err(_) => return Err(Unfit::What("a string that is not UTF-8".into())),
            },
            other => return Err(Unfit::What(format!("a {}", type_name(other)))),
        }
        Ok(())
    }

    fn open(&mut self, shape: Shape, _members: usize) -> Result<(), Refusal> {
        self.count()?;
        self.push(if shape == Shape::Array { b"[" } else { b"{" })
    }

    fn key(&mut self, key: &str, _members: usize) -> Result<(), Refusal> {
        self.count()?;
        self.push_json(key)?;
        self.push(b":")
    }

    fn map_key(&mut self, _key: &Key) -> Result<(), Unfit> {
        unreachable!("JSON has no maps")
    }

    fn between(&mut self) -> Result<(), Refusal> {
        self.push(b",")
    }

    fn close(&mut self, shape: Shape) -> Result<(), Refusal> {
        self.push(if shape == Shape::Array { b"]" } else { b"}" })
    }
}
