//! Values between the bytes that cross to JavaScript and the JSON text that State keeps, without a VM.
//!
//! The text is exactly what a script would have stored that was given the same value, and the bytes what a script would
//! have given that read the same text: `tests/host_state.rs` compares both with the way through a VM.

use super::walk::index_of;
use super::wire::{
    ARRAY, ASCII, BYTES, FALSE, FLOAT, FLOATS, INTEGER, INTEGERS, MAP, NIL, NULL, OBJECT, RECORD, SAME, TEXT, TRUE,
    Values, numbers,
};
use super::{List, MAX_DEPTH, Shapes, Tables};
use crate::state::MAX_VALUE;
use moonpool_lua::numbers::Numbers;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::ops::Range;

/// The JSON text of a list of one value, or `None` for nil. `root` is what the value is called in sentences.
///
/// # Errors
/// A sentence that says what cannot be stored, with its path.
pub fn json_of(values: &[u8], root: &str) -> Result<Option<String>, String> {
    let mut writer = Writer { left: values, json: Vec::new(), records: Vec::new() };
    let written = writer.count().and_then(|_| match writer.left.first() {
        Some(&NIL) | None => Ok(None),
        Some(_) => writer.value(0).map(Some),
    });
    match written {
        Ok(None) => Ok(None),
        // Texts come from strings, and all else is ASCII.
        Ok(Some(())) => String::from_utf8(writer.json).map(Some).map_err(|_| format!("{root} is not UTF-8")),
        Err(Unfit::TooLong) => Err(format!("the {root} is longer than {MAX_VALUE} bytes of JSON")),
        Err(Unfit::Here(what, path)) => {
            let path: String = path.into_iter().rev().collect();
            Err(format!("{root}{path} {what}"))
        }
    }
}

/// A list of the value of a JSON text.
///
/// # Errors
/// Where the text is not JSON, or that it is nested too deeply.
pub fn values_of(json: &str, shapes: Shapes) -> Result<Values, String> {
    let mut list = List::new();
    list.json(json, shapes).map_err(|error| error.to_string())?;
    Ok(list.done())
}

/// Adds the value of a JSON text.
pub(super) fn append(values: &mut Values, json: &str, shapes: Shapes) -> serde_json::Result<()> {
    let mut parser = serde_json::Deserializer::from_str(json);
    // Our own limit counts as the other direction does.
    parser.disable_recursion_limit();
    Build { shapes, ..Build::new(values) }.deserialize(&mut parser)?;
    parser.end()
}

/// Adds a text.
pub(super) fn append_text(values: &mut Values, text: &str) {
    values.push(TEXT);
    append_sized(values, text);
}

/// Adds a text without what says that it is one.
pub(super) fn append_sized(values: &mut Values, text: &str) {
    // Nothing that JSON or State has is as long as that.
    let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
    values.extend_from_slice(&len.to_le_bytes());
    values.extend_from_slice(text.as_bytes());
}

/// Adds an integer.
pub(super) fn append_integer(values: &mut Values, n: i64) {
    values.push(INTEGER);
    values.extend_from_slice(&n.to_le_bytes());
}

/// Adds a float.
pub(super) fn append_float(values: &mut Values, n: f64) {
    values.push(FLOAT);
    values.extend_from_slice(&n.to_le_bytes());
}

/// Adds a boolean.
pub(super) fn append_boolean(values: &mut Values, is: bool) {
    values.push(if is { TRUE } else { FALSE });
}

/// Adds nil.
pub(super) fn append_nil(values: &mut Values) {
    values.push(NIL);
}

/// The number that a list has as its only value.
pub(crate) fn number_of(values: &[u8]) -> Option<crate::state::Number> {
    let eight = || values.get(5..13)?.try_into().ok();
    match *values.get(4)? {
        INTEGER => eight().map(i64::from_le_bytes).map(crate::state::Number::Integer),
        FLOAT => eight().map(f64::from_le_bytes).map(crate::state::Number::Float),
        _ => None,
    }
}

/// Why a value has no JSON text.
enum Unfit {
    /// What is wrong, and where: the steps of the path from the innermost one.
    Here(String, Vec<String>),
    TooLong,
}

impl Unfit {
    fn what(what: impl Into<String>) -> Self {
        Self::Here(what.into(), Vec::new())
    }

    fn below(self, step: impl FnOnce() -> String) -> Self {
        match self {
            Self::Here(what, mut path) => {
                path.push(step());
                Self::Here(what, path)
            }
            Self::TooLong => Self::TooLong,
        }
    }
}

/// Reads values and writes JSON text.
struct Writer<'a> {
    left: &'a [u8],
    json: Vec<u8>,
    /// The keys of the last record at each depth.
    records: Vec<Vec<&'a str>>,
}

/// A key of a table, as Lua has it.
#[derive(Clone, Debug, PartialEq)]
enum Key<'a> {
    Integer(i64),
    Text(&'a str),
    /// What no JSON has: as messages show it, and as a step of a path.
    Other(String, String),
}

impl<'a> Writer<'a> {
    fn value(&mut self, depth: usize) -> Result<(), Unfit> {
        match self.byte()? {
            NULL => self.push(b"null"),
            FALSE => self.push(b"false"),
            TRUE => self.push(b"true"),
            INTEGER => {
                let n = i64::from_le_bytes(self.eight()?);
                self.push_json(&n)
            }
            FLOAT => {
                let n = f64::from_le_bytes(self.eight()?);
                self.float(n)
            }
            TEXT | BYTES | ASCII => {
                let bytes = self.sized()?;
                let text = std::str::from_utf8(bytes).map_err(|_| Unfit::what("is a string that is not UTF-8"))?;
                self.push_json(text)
            }
            ARRAY | OBJECT | MAP | RECORD | SAME if depth == MAX_DEPTH => {
                Err(Unfit::what(format!("is nested deeper than {MAX_DEPTH} levels")))
            }
            ARRAY => self.array(depth),
            OBJECT => {
                let members = self.members(depth, |writer| {
                    let text = std::str::from_utf8(writer.sized()?).map_err(|_| malformed())?;
                    Ok(Key::Text(text))
                })?;
                self.object(members)
            }
            MAP => {
                let members = self.members(depth, Self::key)?;
                self.table(members)
            }
            RECORD => {
                let keys = self.keys()?;
                self.records.resize_with(self.records.len().max(depth + 1), Vec::new);
                self.records[depth] = keys;
                self.record(depth)
            }
            SAME => self.record(depth),
            _ => Err(malformed()),
        }
    }

    /// The keys of a record.
    fn keys(&mut self) -> Result<Vec<&'a str>, Unfit> {
        (0..self.count()?).map(|_| std::str::from_utf8(self.sized()?).map_err(|_| malformed())).collect()
    }

    /// An object with the keys of the last record.
    fn record(&mut self, depth: usize) -> Result<(), Unfit> {
        let keys = self.records.get(depth).cloned().ok_or_else(malformed)?;
        let members = self.valued(keys.len(), depth, |_, i| Ok(Key::Text(keys[i])))?;
        self.object(members)
    }

    fn array(&mut self, depth: usize) -> Result<(), Unfit> {
        let count = self.count()?;
        self.push(b"[")?;
        let mut i = 0;
        while i < count {
            if let Some(&(INTEGERS | FLOATS)) = self.left.first() {
                let numbers = numbers(&mut self.left, count - i).ok_or_else(malformed)?;
                self.numbers(numbers, i)?;
                i += numbers.len();
            } else {
                self.item(i, |writer| writer.value(depth + 1))?;
                i += 1;
            }
        }
        self.push(b"]")
    }

    /// Numbers of an array that already has `from` values.
    fn numbers(&mut self, numbers: Numbers, from: usize) -> Result<(), Unfit> {
        for i in 0..numbers.len() {
            self.item(from + i, |writer| match numbers {
                Numbers::Integers(all) => writer.push_json(&i32::from_le_bytes(all[i])),
                Numbers::Floats(all) => writer.float(f64::from_le_bytes(all[i])),
            })?;
        }
        Ok(())
    }

    /// The value of an array that `write` writes, which stands at `i`.
    fn item(&mut self, i: usize, write: impl FnOnce(&mut Self) -> Result<(), Unfit>) -> Result<(), Unfit> {
        if i > 0 {
            self.push(b",")?;
        }
        write(self).map_err(|unfit| unfit.below(|| format!("[{i}]")))
    }

    fn float(&mut self, n: f64) -> Result<(), Unfit> {
        match n {
            n if n.is_nan() => Err(Unfit::what("is NaN")),
            n if n == f64::INFINITY => Err(Unfit::what("is infinite")),
            n if n == f64::NEG_INFINITY => Err(Unfit::what("is negative infinity")),
            n => self.push_json(&n),
        }
    }

    /// The keys of a table, and where the texts of their values are, for now at the end.
    fn members(
        &mut self,
        depth: usize,
        key: impl Fn(&mut Self) -> Result<Key<'a>, Unfit>,
    ) -> Result<Members<'a>, Unfit> {
        let count = self.count()?;
        self.valued(count, depth, |writer, _| key(writer))
    }

    /// The same, of a table with so many.
    fn valued(
        &mut self,
        count: usize,
        depth: usize,
        key: impl Fn(&mut Self, usize) -> Result<Key<'a>, Unfit>,
    ) -> Result<Members<'a>, Unfit> {
        let start = self.json.len();
        let mut found = Vec::new();
        for i in 0..count {
            let key = key(self, i)?;
            let begin = self.json.len();
            if self.left.first() == Some(&NIL) {
                // As good as absent.
                self.left = &self.left[1..];
                continue;
            }
            self.value(depth + 1).map_err(|unfit| unfit.below(|| step(&key)))?;
            found.push((key, begin..self.json.len()));
        }
        Ok(Members { start, found })
    }

    /// A table of any keys: an array, or an object, or neither.
    fn table(&mut self, members: Members<'a>) -> Result<(), Unfit> {
        let count = members.found.len();
        let (mut highest, mut texts) = (0, 0);
        for (key, _) in &members.found {
            match key {
                Key::Integer(n) if *n > 0 && texts == 0 => highest = highest.max(*n),
                Key::Text(_) if highest == 0 => texts += 1,
                other => {
                    let shown = match other {
                        Key::Integer(n) => format!("the integer key {n}"),
                        Key::Text(text) => format!("the string key {:?}", crate::error::quoted(text)),
                        Key::Other(shown, _) => shown.clone(),
                    };
                    return Err(Unfit::what(if highest > 0 || texts > 0 {
                        format!("mixes array and string keys ({shown})")
                    } else {
                        format!("has {shown}; keys must be 1..n or strings")
                    }));
                }
            }
        }
        if highest == 0 {
            return self.object(members);
        }
        // No key comes twice: JavaScript sees to that.
        if highest as usize != count {
            return Err(Unfit::what(format!("is an array with holes ({count} values, highest index {highest})")));
        }
        let Members { start, mut found } = members;
        found.sort_unstable_by_key(|(key, _)| if let Key::Integer(n) = key { *n } else { 0 });
        let texts = self.json.split_off(start);
        self.push(b"[")?;
        for (i, (_, range)) in found.into_iter().enumerate() {
            if i > 0 {
                self.push(b",")?;
            }
            self.push(part(&texts, range, start))?;
        }
        self.push(b"]")
    }

    fn object(&mut self, Members { start, mut found }: Members<'a>) -> Result<(), Unfit> {
        let name = |key: &Key<'a>| if let Key::Text(text) = *key { text } else { "" };
        // Stable: of several values of one key, the last one counts.
        found.sort_by_key(|(key, _)| name(key));
        let texts = self.json.split_off(start);
        self.push(b"{")?;
        let mut members = found.into_iter().peekable();
        let mut first = true;
        while let Some((key, range)) = members.next() {
            if members.peek().is_some_and(|(next, _)| *next == key) {
                continue;
            }
            if !std::mem::take(&mut first) {
                self.push(b",")?;
            }
            self.push_json(name(&key))?;
            self.push(b":")?;
            self.push(part(&texts, range, start))?;
        }
        self.push(b"}")
    }

    /// The key of a map.
    fn key(&mut self) -> Result<Key<'a>, Unfit> {
        Ok(match self.byte()? {
            INTEGER => Key::Integer(i64::from_le_bytes(self.eight()?)),
            FLOAT => {
                let n = f64::from_le_bytes(self.eight()?);
                // As a key, Lua has a float that is an integer as that.
                if n.fract() == 0.0 && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&n) {
                    Key::Integer(n as i64)
                } else {
                    Key::Other(format!("the float key {n:?}"), format!("[{n:?}]"))
                }
            }
            TEXT | ASCII => Key::Text(std::str::from_utf8(self.sized()?).map_err(|_| malformed())?),
            tag @ (FALSE | TRUE) => Key::Other("a key that is a boolean".into(), format!("[{}]", tag == TRUE)),
            _ => return Err(malformed()),
        })
    }

    fn byte(&mut self) -> Result<u8, Unfit> {
        let (&byte, left) = self.left.split_first().ok_or_else(malformed)?;
        self.left = left;
        Ok(byte)
    }

    fn take(&mut self, size: usize) -> Result<&'a [u8], Unfit> {
        let (taken, left) = self.left.split_at_checked(size).ok_or_else(malformed)?;
        self.left = left;
        Ok(taken)
    }

    fn count(&mut self) -> Result<usize, Unfit> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize)
    }

    fn sized(&mut self) -> Result<&'a [u8], Unfit> {
        let size = self.count()?;
        self.take(size)
    }

    fn eight(&mut self) -> Result<[u8; 8], Unfit> {
        let bytes = self.take(8)?;
        Ok(std::array::from_fn(|i| bytes[i]))
    }

    fn push(&mut self, text: &[u8]) -> Result<(), Unfit> {
        if self.json.len() + text.len() > MAX_VALUE {
            return Err(Unfit::TooLong);
        }
        self.json.extend_from_slice(text);
        Ok(())
    }

    fn push_json(&mut self, value: &(impl serde::Serialize + ?Sized)) -> Result<(), Unfit> {
        // Neither strings nor numbers fail to serialise.
        serde_json::to_writer(&mut self.json, value).map_err(|_| malformed())?;
        if self.json.len() > MAX_VALUE { Err(Unfit::TooLong) } else { Ok(()) }
    }
}

/// The members of a table, whose values' texts are from `start` on.
struct Members<'a> {
    start: usize,
    found: Vec<(Key<'a>, Range<usize>)>,
}

fn part(texts: &[u8], range: Range<usize>, start: usize) -> &[u8] {
    &texts[range.start - start..range.end - start]
}

/// The step of a path as JavaScript writes it.
fn step(key: &Key) -> String {
    match key {
        Key::Integer(n) => format!("[{n}]"),
        Key::Other(_, step) => step.clone(),
        Key::Text(text) => {
            let is_name = |(i, c): (usize, char)| {
                c == '_' || c == '$' || c.is_ascii_alphabetic() || (i > 0 && c.is_ascii_digit())
            };
            let shown = crate::error::quoted(text);
            if !text.is_empty() && shown.len() == text.len() && text.chars().enumerate().all(is_name) {
                format!(".{text}")
            } else {
                format!("[{shown:?}]")
            }
        }
    }
}

fn malformed() -> Unfit {
    Unfit::what("is malformed")
}

/// Writes values down straight from the parser's events.
pub(crate) struct Build<'a> {
    values: &'a mut Values,
    shapes: Shapes,
    depth: usize,
}

impl<'a> Build<'a> {
    /// What adds a value to `values`.
    pub(crate) fn new(values: &'a mut Values) -> Self {
        Self { values, shapes: Shapes::default(), depth: 0 }
    }

    fn maps(&self) -> bool {
        self.shapes.tables == Tables::Maps
    }

    /// Adds a tag, and room for a count. Returns where that is.
    fn open<E: serde::de::Error>(&mut self, tag: u8) -> Result<usize, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.values.push(tag);
        self.values.extend_from_slice(&[0; 4]);
        Ok(self.values.len() - 4)
    }

    fn close(&mut self, at: usize, count: u32) {
        self.values[at..at + 4].copy_from_slice(&count.to_le_bytes());
    }

    fn inner(&mut self) -> Build<'_> {
        Build { values: self.values, shapes: self.shapes, depth: self.depth + 1 }
    }
}

impl<'de> DeserializeSeed<'de> for Build<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Build<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.values.push(NULL);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        append_boolean(self.values, value);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        append_integer(self.values, value);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        // As Lua reads a decimal numeral: past the integers it is a float.
        match i64::try_from(value) {
            Ok(n) => append_integer(self.values, n),
            Err(_) => append_float(self.values, value as f64),
        }
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        append_float(self.values, value);
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.values.push(if self.shapes.bytes { BYTES } else { TEXT });
        append_sized(self.values, value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        let at = self.open(if self.maps() { MAP } else { ARRAY })?;
        let mut count = 0;
        loop {
            let end = self.values.len();
            if self.maps() {
                append_integer(self.values, i64::from(count) + 1);
            }
            if items.next_element_seed(self.inner())?.is_none() {
                self.values.truncate(end);
                break;
            }
            count += 1;
        }
        self.close(at, count);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        let maps = self.maps();
        let at = self.open(if maps { MAP } else { OBJECT })?;
        let start = self.values.len();
        let mut members: Vec<(Option<u32>, Range<usize>)> = Vec::new();
        loop {
            let begin = self.values.len();
            if maps {
                self.values.push(TEXT);
            }
            let Some(index) = entries.next_key_seed(Name(self.values))? else {
                self.values.truncate(begin);
                break;
            };
            entries.next_value_seed(self.inner())?;
            members.push((index, begin..self.values.len()));
        }
        let count = u32::try_from(members.len()).map_err(|_| A::Error::custom("too many members"))?;
        if !maps && members.iter().any(|(index, _)| index.is_some()) {
            // As the way through a VM has it: first those that are indexes of arrays, from the highest one.
            members.sort_by_key(|(index, _)| std::cmp::Reverse(*index));
            let old = self.values.split_off(start);
            for (_, range) in members {
                self.values.extend_from_slice(&old[range.start - start..range.end - start]);
            }
        }
        self.close(at, count);
        Ok(())
    }
}

/// The key of an object. Says which index of an array it is for JavaScript.
struct Name<'a>(&'a mut Values);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<u32>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Option<u32>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<u32>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Option<u32>, E> {
        append_sized(self.0, key);
        Ok(index_of(key))
    }
}
