//! Values that cross between JavaScript and Lua, as bytes that belong to nobody's heap. lib/values.js and
//! lib/decode.js have the other side.
//!
//! ```text
//! list     count, values
//! value    one byte that says what follows:
//!          0 nil · 1 false · 2 true · 3 integer (8 bytes) · 4 float (8 bytes) · 5 text (length, UTF-8)
//!          6 bytes (length, bytes) · 7 json.null · 8 array (count, values)
//!          9 object (count, then a text without its first byte and a value, in turn) · 10 map (count, then key and value)
//!          11 a function that JavaScript holds, by its number (8 bytes)
//!          12 a record, which is an object of few keys (count, texts without their first bytes, then as many values)
//!          13 an object with the keys of the record that came last at this depth (the values)
//!          14 text that is ASCII (length, bytes)
//!          15 integers that stand side by side in an array (count, 4 bytes each) · 16 floats that do (count, 8 bytes each)
//! ```
//! A value of a record that is nil is as good as absent. Values in the list are at depth 0, those in them at depth 1. Counts
//! and lengths take 4 bytes; all numbers are little-endian. Integers, floats and bytes cross exactly.

use super::cost::{self, Bill, HiddenClasses, LONGEST_STRING};
use super::quick::{self, QuickSink};
use super::tables::{self, Stop};
use super::walk::{Key, Rules, Shape, Sink, Unfit, walk};
use super::{Arg, FunctionRule, Functions, Marks, Refusal, Shapes, Tables, Text, type_name};
use crate::memory::Budget;
use mlua::{Function, Lua, Table, Value};
use moonpool_lua::ffi;
use moonpool_lua::look::{Item, Seen};
use moonpool_lua::numbers::Numbers;

pub(super) const NIL: u8 = 0;
pub(super) const FALSE: u8 = 1;
pub(super) const TRUE: u8 = 2;
pub(super) const INTEGER: u8 = 3;
pub(super) const FLOAT: u8 = 4;
pub(super) const TEXT: u8 = 5;
pub(super) const BYTES: u8 = 6;
pub(super) const NULL: u8 = 7;
pub(super) const ARRAY: u8 = 8;
pub(super) const OBJECT: u8 = 9;
pub(super) const MAP: u8 = 10;
pub(super) const FUNCTION: u8 = 11;
pub(super) const RECORD: u8 = 12;
pub(super) const SAME: u8 = 13;
pub(super) const ASCII: u8 = 14;
pub(super) const INTEGERS: u8 = 15;
pub(super) const FLOATS: u8 = 16;

/// Reads numbers that share a tag, of an array that has at most so many values left; `None` where there are none.
pub(super) fn numbers<'a>(left: &mut &'a [u8], most: usize) -> Option<Numbers<'a>> {
    let (&tag, rest) = left.split_first()?;
    let (count, rest) = rest.split_first_chunk()?;
    let count = u32::from_le_bytes(*count) as usize;
    if count == 0 || count > most {
        return None;
    }
    let size = match tag {
        INTEGERS => 4,
        FLOATS => 8,
        _ => return None,
    };
    let (bytes, rest) = rest.split_at_checked(count.checked_mul(size)?)?;
    *left = rest;
    Some(if tag == INTEGERS { Numbers::Integers(bytes.as_chunks().0) } else { Numbers::Floats(bytes.as_chunks().0) })
}

/// A list of values, owned by whoever holds it.
pub type Values = Vec<u8>;

/// Writes values down, one after the other.
pub(crate) struct Writer<'a> {
    bytes: Text<'a>,
    shapes: Shapes,
    bill: Bill<'a>,
    classes: HiddenClasses,
    /// Where functions are kept, and how many this has kept there.
    functions: Option<&'a Functions>,
    kept: usize,
    /// Whether it is for a log: then nobody has options, and integers that no number can carry are text.
    for_log: bool,
}

impl<'a> Writer<'a> {
    /// A list that is going to have `count` values; with those inside tables, and keys, at most `max_nodes`.
    ///
    /// # Errors
    /// When the VM's memory does not suffice.
    pub(crate) fn new(budget: &'a Budget, shapes: Shapes, count: usize, max_nodes: usize) -> Result<Self, Refusal> {
        let bytes = Text::new(budget, u32::MAX as usize);
        let (bill, classes) = (Bill::new(budget, max_nodes), HiddenClasses::default());
        let mut writer = Self { bytes, shapes, bill, classes, functions: None, kept: 0, for_log: false };
        writer.count(count)?;
        Ok(writer)
    }

    /// The same, which keeps functions there when its shapes say so.
    pub(crate) fn with_functions(self, functions: Option<&'a Functions>) -> Self {
        Self { functions, ..self }
    }

    /// The same, for a log: at most so many bytes, of values that can be written as JSON, which has no `BigInt`.
    pub(crate) fn for_log(self, longest: usize) -> Self {
        Self { bytes: self.bytes.at_most(longest), for_log: true, ..self }
    }

    /// Adds a value; `root` is what paths in refusals begin with.
    ///
    /// # Errors
    /// What [`Refusal`] lists.
    pub(crate) fn write(&mut self, marks: &Marks, value: &Value, root: &str) -> Result<(), Refusal> {
        if let (Value::Table(table), Tables::Objects | Tables::Records) = (value, self.shapes.tables) {
            let (budget, begun) = (self.bytes.budget(), (self.bytes.mark(), self.bill.mark()));
            // SAFETY: the table is there, and nobody uses its VM while this writes.
            if unsafe { quick::walk(table.to_pointer(), marks.array.to_pointer(), budget, self)? } {
                return Ok(());
            }
            self.bytes.go_back(begun.0);
            self.bill.go_back(begun.1);
            // What was counted as known already would count for less.
            self.classes = HiddenClasses::default();
        }
        walk(marks, value, root, self.shapes.tables, self)
    }

    /// Adds a value of Lua's stack, if it is one that needs no handle, and fits; says whether it was.
    ///
    /// # Errors
    /// As [`Writer::write`].
    pub(crate) fn write_plain(&mut self, value: Arg) -> Result<bool, Refusal> {
        self.budget().check()?;
        let written = match value {
            Arg::Nil => self.bare(NIL),
            Arg::Boolean(b) => self.bare([FALSE, TRUE][usize::from(b)]),
            Arg::Integer(i) => self.number(INTEGER, cost::integer(i), i.to_le_bytes()),
            Arg::Number(n) => self.number(FLOAT, cost::NUMBER, n.to_le_bytes()),
            Arg::String(bytes) => match self.string(bytes) {
                Err(Unfit::What(_)) => return Ok(false),
                Err(Unfit::Refused(refusal)) => Err(refusal),
                Ok(()) => Ok(()),
            },
            Arg::None | Arg::Userdata(_) | Arg::Other(_) => return Ok(false),
        };
        written.map(|()| true)
    }

    /// The list, counted no longer, and what its values take in JavaScript beyond its bytes.
    pub(crate) fn into_values(self) -> (Values, usize) {
        let takes = self.bill.counted();
        (self.bytes.into_bytes(), takes)
    }

    fn count(&mut self, count: usize) -> Result<(), Refusal> {
        self.bytes.push(&length(count)?)
    }

    /// A tag, and a count or a length.
    fn counted(&mut self, tag: u8, count: usize) -> Result<(), Refusal> {
        let [a, b, c, d] = length(count)?;
        self.bytes.push(&[tag, a, b, c, d])
    }

    /// A tag, and bytes with their length.
    fn sized(&mut self, tag: u8, bytes: &[u8]) -> Result<(), Refusal> {
        self.counted(tag, bytes.len())?;
        self.bytes.push(bytes)
    }
}

fn length(count: usize) -> Result<[u8; 4], Refusal> {
    Ok(u32::try_from(count).map_err(|_| Refusal::TooLong)?.to_le_bytes())
}

impl Writer<'_> {
    fn number(&mut self, tag: u8, takes: usize, bytes: [u8; 8]) -> Result<(), Refusal> {
        self.bill.node(takes, 9)?;
        let mut whole = [tag; 9];
        whole[1..].copy_from_slice(&bytes);
        self.bytes.push(&whole)
    }

    /// The numbers of one kind with which `items` begin, each of which takes so much in JavaScript, if they are more than a few.
    /// Returns how many they are.
    fn side_by_side<const SIZE: usize>(
        &mut self,
        tag: u8,
        takes: usize,
        items: &[Item],
        bytes: impl Fn(&Item) -> Option<[u8; SIZE]>,
    ) -> Result<usize, Refusal> {
        /// Fewer floats would take more bytes with one tag and a count than with a tag each.
        const FEW: usize = 5;
        let count = items.iter().take_while(|item| bytes(item).is_some()).count();
        if count < FEW {
            return Ok(0);
        }
        self.bill.nodes(count, count * takes, count * SIZE)?;
        let room = self.bytes.with_room(5 + count * SIZE)?;
        room.push(tag);
        room.extend(length(count)?);
        items[..count].iter().filter_map(bytes).for_each(|bytes| room.extend(bytes));
        Ok(count)
    }

    /// A value that is no more than its tag.
    fn bare(&mut self, tag: u8) -> Result<(), Refusal> {
        self.bill.node(cost::SLOT, 1)?;
        self.bytes.push(&[tag])
    }

    fn string(&mut self, bytes: &[u8]) -> Result<(), Unfit> {
        if !self.shapes.bytes {
            return self.text(bytes);
        }
        self.bill.node(cost::bytes(bytes.len()), bytes.len())?;
        Ok(self.sized(BYTES, bytes)?)
    }

    fn text(&mut self, bytes: &[u8]) -> Result<(), Unfit> {
        if bytes.len() <= LONGEST_STRING && bytes.is_ascii() {
            self.bill.node(cost::ascii(bytes.len()), bytes.len())?;
            return Ok(self.sized(ASCII, bytes)?);
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            let option = if self.shapes.bytes || self.for_log { "" } else { "; strings: 'buffer' lets it through" };
            return Err(Unfit::What(format!("a string that is not UTF-8{option}")));
        };
        if bytes.len() > LONGEST_STRING && cost::units(text) > LONGEST_STRING {
            return Err(Unfit::What(too_long(text)));
        }
        self.bill.node(cost::string(text), bytes.len())?;
        Ok(self.sized(TEXT, bytes)?)
    }
}

impl Writer<'_> {
    fn function(&mut self, function: &Function) -> Result<(), Unfit> {
        let (functions, first, most) = match (self.shapes.functions, self.functions) {
            (FunctionRule::Kept { first, most }, Some(functions)) => (functions, first, most),
            (FunctionRule::NotAsked, _) => {
                let hint = "a function, which crosses as a LuaFunction with the option functions: true";
                return Err(Unfit::What(hint.into()));
            }
            _ => return Err(Unfit::What("a function".into())),
        };
        if functions.count() >= most {
            return Err(Refusal::TooManyFunctions(most).into());
        }
        let number = first + self.kept as i64;
        self.number(FUNCTION, cost::FUNCTION, number.to_le_bytes())?;
        functions.keep(number, function)?;
        self.kept += 1;
        Ok(())
    }
}

/// What a string is that JavaScript cannot have.
pub(crate) fn too_long(text: &str) -> String {
    format!("a string of {} characters; the longest of JavaScript has {LONGEST_STRING}", cost::units(text))
}

impl Sink for Writer<'_> {
    fn budget(&self) -> &Budget {
        self.bytes.budget()
    }

    /// JavaScript sorts indexes. As they come, V8 would turn the object's elements into an array and back many times.
    fn rules(&self) -> Rules {
        Rules {
            indexes_first: true,
            tells_options: !self.for_log,
            most_values: cost::MOST_VALUES,
            most_keys: cost::MOST_KEYS,
            longest_key: cost::LONGEST_KEY,
        }
    }

    fn scalar(&mut self, value: &Value) -> Result<(), Unfit> {
        match value {
            Value::Integer(i) if self.for_log && cost::is_big(*i) => return self.text(i.to_string().as_bytes()),
            Value::Integer(i) => return Ok(self.number(INTEGER, cost::integer(*i), i.to_le_bytes())?),
            Value::Number(n) => return Ok(self.number(FLOAT, cost::NUMBER, n.to_le_bytes())?),
            Value::String(s) => return self.string(&s.as_bytes()),
            Value::Function(function) => return self.function(function),
            _ => {}
        }
        let tag = match value {
            Value::Nil => NIL,
            Value::LightUserData(p) if p.0.is_null() => NULL,
            Value::Boolean(b) => [FALSE, TRUE][usize::from(*b)],
            other => return Err(Unfit::What(format!("a {}", type_name(other)))),
        };
        Ok(self.bare(tag)?)
    }

    fn open(&mut self, shape: Shape, members: usize) -> Result<(), Refusal> {
        let (tag, takes) = match shape {
            Shape::Array => (ARRAY, cost::ARRAY),
            Shape::Object => (OBJECT, cost::OBJECT),
            Shape::Map => (MAP, cost::MAP),
        };
        self.bill.node(takes, 5)?;
        self.classes.open();
        self.counted(tag, members)
    }

    fn key(&mut self, key: &str, members: usize) -> Result<(), Refusal> {
        self.bill.node(self.classes.property(key, members), key.len())?;
        self.count(key.len())?;
        self.bytes.push(key.as_bytes())
    }

    /// As text, also where strings are given as bytes: two `Uint8Array`s are never the same key.
    fn map_key(&mut self, key: &Key) -> Result<(), Unfit> {
        match key {
            Key::Integer(i) => {
                self.number(INTEGER, cost::ENTRY_OF_MAP + cost::integer(*i), i.to_le_bytes())?;
            }
            Key::Number(n) => self.number(FLOAT, cost::ENTRY_OF_MAP + cost::NUMBER, n.to_le_bytes())?,
            Key::Boolean(b) => self.scalar(&Value::Boolean(*b))?,
            Key::String(s) => {
                self.bill.charge(cost::ENTRY_OF_MAP)?;
                self.text(s)?;
            }
        }
        Ok(())
    }

    fn between(&mut self) -> Result<(), Refusal> {
        Ok(())
    }

    fn close(&mut self, _shape: Shape) -> Result<(), Refusal> {
        self.classes.close();
        Ok(())
    }
}

impl QuickSink for Writer<'_> {
    fn rules(&self) -> Rules {
        Sink::rules(self)
    }

    fn value(&mut self, value: Seen) -> Result<bool, Refusal> {
        match value {
            Seen::Nil => self.bare(NIL)?,
            Seen::Boolean(b) => self.bare([FALSE, TRUE][usize::from(b)])?,
            Seen::Light(0) => self.bare(NULL)?,
            Seen::Integer(i) if self.for_log && cost::is_big(i) => return Ok(false),
            Seen::Integer(i) => self.number(INTEGER, cost::integer(i), i.to_le_bytes())?,
            Seen::Float(n) => self.number(FLOAT, cost::NUMBER, n.to_le_bytes())?,
            Seen::String(bytes) => match self.string(bytes) {
                Err(Unfit::What(_)) => return Ok(false),
                Err(Unfit::Refused(refusal)) => return Err(refusal),
                Ok(()) => {}
            },
            Seen::Light(_) | Seen::Table(_) | Seen::Other => return Ok(false),
        }
        Ok(true)
    }

    fn array(&mut self, values: usize) -> Result<(), Refusal> {
        self.open(Shape::Array, values)
    }

    fn numbers(&mut self, items: &[Item]) -> Result<usize, Refusal> {
        match items.first() {
            Some(first) if first.small_integer().is_some() => {
                self.side_by_side(INTEGERS, cost::SLOT, items, |item| Some(item.small_integer()?.to_le_bytes()))
            }
            _ => self.side_by_side(FLOATS, cost::NUMBER, items, |item| Some(item.float()?.to_le_bytes())),
        }
    }

    fn record<'k>(&mut self, keys: impl ExactSizeIterator<Item = &'k str>, is_same: bool) -> Result<bool, Refusal> {
        let members = keys.len();
        if is_same {
            self.bill.nodes(1 + members, cost::OBJECT + cost::of_known_class(members), 1)?;
            self.classes.open();
            self.bytes.push(&[SAME])?;
            return Ok(true);
        }
        self.bill.node(cost::OBJECT, 5)?;
        self.classes.open();
        self.counted(RECORD, members)?;
        for key in keys {
            Sink::key(self, key, members)?;
        }
        Ok(true)
    }

    fn object(&mut self, members: usize) -> Result<(), Refusal> {
        self.open(Shape::Object, members)
    }

    fn key(&mut self, key: &str, members: usize) -> Result<(), Refusal> {
        Sink::key(self, key, members)
    }

    fn between(&mut self) -> Result<(), Refusal> {
        Ok(())
    }

    fn close(&mut self, is_array: bool) -> Result<(), Refusal> {
        Sink::close(self, if is_array { Shape::Array } else { Shape::Object })
    }
}

/// Writes the arguments of a call down; paths in refusals begin with `root[i]`, from 1. What they take, here and in
/// JavaScript, is counted on: the second value is for the caller to release.
///
/// # Errors
/// What [`Refusal`] lists.
pub(crate) fn write_all(
    budget: &Budget,
    marks: &Marks,
    values: &[Value],
    root: &str,
    shapes: Shapes,
    max_nodes: usize,
) -> Result<(Values, usize), Refusal> {
    let mut writer = Writer::new(budget, shapes, values.len(), max_nodes)?;
    for (i, value) in values.iter().enumerate() {
        writer.write(marks, value, &format!("{root}[{}]", i + 1))?;
    }
    hold(budget, writer)
}

/// As [`write_all`], for `count` values that need no marks; nothing where one does.
///
/// # Errors
/// As [`write_all`].
pub(crate) fn write_all_plain<'a>(
    budget: &Budget,
    values: impl Iterator<Item = Arg<'a>>,
    count: usize,
    shapes: Shapes,
    max_nodes: usize,
) -> Result<Option<(Values, usize)>, Refusal> {
    let mut writer = Writer::new(budget, shapes, count, max_nodes)?;
    for value in values {
        if !writer.write_plain(value)? {
            return Ok(None);
        }
    }
    hold(budget, writer).map(Some)
}

/// What was written, counted on until the caller releases it.
fn hold(budget: &Budget, writer: Writer) -> Result<(Values, usize), Refusal> {
    let (values, takes) = writer.into_values();
    let held = values.len() + takes;
    budget.hold(held)?;
    Ok((values, held))
}

/// The values of a list, if they are `most` or fewer, and each can be pushed without a handle.
pub(crate) fn plain(values: &[u8], most: usize) -> Option<Vec<Arg<'_>>> {
    let (count, mut left) = values.split_first_chunk()?;
    let count = u32::from_le_bytes(*count) as usize;
    let mut plain = Vec::with_capacity(count.min(most));
    while plain.len() < count && plain.len() < most {
        let (tag, rest) = left.split_first()?;
        let (value, rest) = match *tag {
            NIL => (Arg::Nil, rest),
            FALSE | TRUE => (Arg::Boolean(*tag == TRUE), rest),
            INTEGER => {
                let (bytes, rest) = rest.split_first_chunk()?;
                (Arg::Integer(i64::from_le_bytes(*bytes)), rest)
            }
            FLOAT => {
                let (bytes, rest) = rest.split_first_chunk()?;
                (Arg::Number(f64::from_le_bytes(*bytes)), rest)
            }
            TEXT | BYTES | ASCII => {
                let (size, rest) = rest.split_first_chunk()?;
                let (bytes, rest) = rest.split_at_checked(u32::from_le_bytes(*size) as usize)?;
                (Arg::String(bytes), rest)
            }
            _ => return None,
        };
        plain.push(value);
        left = rest;
    }
    (plain.len() == count).then_some(plain)
}

/// Reads a list of values into a VM.
pub(crate) struct Reader<'a> {
    lua: &'a Lua,
    budget: &'a Budget,
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads `values` into the VM of `lua`, with its budget.
    pub(crate) fn new(lua: &'a Lua, budget: &'a Budget, values: &'a [u8]) -> Self {
        Self { lua, budget, left: values }
    }

    /// The values of a list.
    ///
    /// # Errors
    /// When the VM's memory does not suffice, the run is killed, or the bytes are no list.
    pub(crate) fn values(mut self) -> Result<Vec<Value>, Refusal> {
        (0..self.count()?).map(|_| self.value()).collect()
    }

    /// Puts the values of a list into a table, under 1 to n, and returns n. Takes one at a time, however many there are.
    ///
    /// # Errors
    /// As [`Reader::values`].
    pub(crate) fn into_table(mut self, table: &Table) -> Result<usize, Refusal> {
        let count = self.count()?;
        for i in 1..=count {
            let value = self.value()?;
            table.raw_set(i, value)?;
        }
        Ok(count)
    }

    /// The names and values of a list that has them in turn.
    ///
    /// # Errors
    /// As [`Reader::values`].
    pub(crate) fn named(mut self) -> Result<Vec<(Value, Value)>, Refusal> {
        (0..self.count()?).map(|_| Ok((self.text()?, self.value()?))).collect()
    }

    fn value(&mut self) -> Result<Value, Refusal> {
        self.budget.check()?;
        let whole = self.left;
        Ok(match self.take(1)?[0] {
            NIL => Value::Nil,
            FALSE => Value::Boolean(false),
            TRUE => Value::Boolean(true),
            INTEGER => Value::Integer(i64::from_le_bytes(self.eight()?)),
            FLOAT => Value::Number(f64::from_le_bytes(self.eight()?)),
            TEXT | BYTES | ASCII => self.text()?,
            NULL => Value::NULL,
            _ => return self.table(whole),
        })
    }

    /// A table, or a function that JavaScript holds, with which `bytes` begin.
    fn table(&mut self, bytes: &'a [u8]) -> Result<Value, Refusal> {
        let functions = self.lua.app_data_ref::<Functions>().map(|functions| functions.table());
        let (budget, has_functions) = (self.budget, functions.is_some());
        let mut made = Err(Stop::Killed);
        // SAFETY: the closure owns nothing that has a destructor; a C function has free slots.
        let value: Value = unsafe {
            self.lua.exec_raw(functions, |state| {
                made = tables::push(state, budget, bytes, has_functions.into());
                // Only the value stays, in the place of the functions.
                if made.is_ok() {
                    ffi::lua_replace(state, 1);
                }
                ffi::lua_settop(state, 1);
            })?
        };
        match made {
            Ok(left) => {
                self.left = left;
                Ok(value)
            }
            Err(Stop::Malformed(how)) => Err(malformed(how)),
            Err(Stop::Killed) => Err(Refusal::Killed),
        }
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
