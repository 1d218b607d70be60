//! Lua values to JSON text.

use super::scan::plain;
use crate::memory::Budget;
use crate::value::quick::{self, QuickSink};
use crate::value::walk::{Key, Rules, Shape, Sink, Unfit, walk};
use crate::value::{Marks, Refusal, Tables, Text, type_name};
use mlua::Value;
use moonpool_lua::look::Seen;
use std::ffi::c_void;

/// Writes `value` as JSON at the end of `text`; `root` is what paths in refusals begin with.
///
/// # Errors
/// What [`Refusal`] lists.
pub(crate) fn encode(marks: &Marks, value: &Value, root: &str, text: &mut Text) -> Result<(), Refusal> {
    if let Value::Table(table) = value {
        // SAFETY: the table is there, and nobody uses its VM meanwhile.
        if unsafe { encode_quickly(table.to_pointer(), marks.array.to_pointer(), text)? } {
            return Ok(());
        }
    }
    walk(marks, value, root, Tables::Objects, text)
}

/// Writes a table at this address as JSON at the end of `text`, if it is of a usual kind. Says whether it did; then the text is as
/// it was. Arrays are marked by the metatable at `mark`.
///
/// # Safety
/// The table is there, and nothing is done in its VM meanwhile.
///
/// # Errors
/// As [`encode`].
pub(crate) unsafe fn encode_quickly(
    table: *const c_void,
    mark: *const c_void,
    text: &mut Text,
) -> Result<bool, Refusal> {
    let begun = text.mark();
    // SAFETY: the caller vouches for the table.
    let is_done = unsafe { quick::walk(table, mark, text.budget(), text)? };
    if !is_done {
        text.go_back(begun);
    }
    Ok(is_done)
}

impl QuickSink for Text<'_> {
    fn rules(&self) -> Rules {
        Rules::default()
    }

    fn value(&mut self, value: Seen) -> Result<bool, Refusal> {
        self.count()?;
        match value {
            Seen::Nil | Seen::Light(0) => self.push(b"null")?,
            Seen::Boolean(b) => self.push(if b { b"true" } else { b"false" })?,
            Seen::Integer(i) => push_number(self, &i)?,
            Seen::Float(n) if n.is_finite() => push_number(self, &n)?,
            Seen::String(bytes) => return push_string(self, bytes),
            Seen::Float(_) | Seen::Light(_) | Seen::Table(_) | Seen::Other => return Ok(false),
        }
        Ok(true)
    }

    fn array(&mut self, _values: usize) -> Result<(), Refusal> {
        self.open(Shape::Array, 0)
    }

    fn record<'k>(&mut self, _keys: impl ExactSizeIterator<Item = &'k str>, _is_same: bool) -> Result<bool, Refusal> {
        self.open(Shape::Object, 0).map(|()| false)
    }

    fn object(&mut self, _members: usize) -> Result<(), Refusal> {
        self.open(Shape::Object, 0)
    }

    fn key(&mut self, key: &str, _members: usize) -> Result<(), Refusal> {
        self.count()?;
        push_string(self, key.as_bytes())?;
        self.push(b":")
    }

    fn between(&mut self) -> Result<(), Refusal> {
        self.push(b",")
    }

    fn close(&mut self, is_array: bool) -> Result<(), Refusal> {
        self.push(if is_array { b"]" } else { b"}" })
    }
}

/// Writes a string as JSON, unless it is not UTF-8: says whether it did.
fn push_string(text: &mut Text, bytes: &[u8]) -> Result<bool, Refusal> {
    if !bytes.is_ascii() && std::str::from_utf8(bytes).is_err() {
        return Ok(false);
    }
    let mut rest = bytes;
    let mut run = plain(rest);
    if run == rest.len() {
        let out = text.with_room(run + 2)?;
        out.push(b'"');
        out.extend_from_slice(bytes);
        out.push(b'"');
        return Ok(true);
    }
    text.push(b"\"")?;
    for escapes in 1_usize.. {
        // One string may be as long as memory allows, of nothing but these.
        if escapes.is_multiple_of(4096) {
            text.budget().check()?;
        }
        let (before, others) = rest.split_at(run);
        text.push(before)?;
        let Some((&byte, left)) = others.split_first() else { break };
        push_escape(text, byte)?;
        rest = left;
        run = plain(rest);
    }
    text.push(b"\"")?;
    Ok(true)
}

fn push_escape(text: &mut Text, byte: u8) -> Result<(), Refusal> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let letter = match byte {
        b'"' | b'\\' => byte,
        8 => b'b',
        12 => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            let [high, low] = [byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]);
            return text.push(&[b'\\', b'u', b'0', b'0', high, low]);
        }
    };
    text.push(&[b'\\', letter])
}

/// Writes a number, which takes no more than 32 bytes.
fn push_number(text: &mut Text, number: &impl serde::Serialize) -> Result<(), Refusal> {
    let mut digits = [0; 32];
    let mut room = &mut digits[..];
    if serde_json::to_writer(&mut room, number).is_err() {
        return text.push_json(number);
    }
    let length = 32 - room.len();
    text.push(&digits[..length])
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{Budget, Heap};
    use crate::value::json::{push_array_mark, set_array_mark};
    use mlua::Lua;
    use moonpool_lua::Flag;
    use moonpool_lua::ffi;
    use std::sync::Arc;

    /// A table whose array is marked, with tables that are usual and others that are not.
    const RANDOM: &str = r#"
        local seed, mark = ...
        local function below(n) seed = (seed * 6364136223846793005 + 1442695040888963407) return (seed >> 33) % n end
        local texts = { "", "a", "b", 'q"uote', "back\\slash", "line\nfeed", "\0", "é", "0", "12", ("long "):rep(60), "\u{1f319}" }
        local function value(depth)
            local kind = below(depth > 5 and 5 or 10)
            if kind == 0 then return below(2) == 0 end
            if kind == 1 then return below(1000) - 500 end
            if kind == 2 then return (below(1000) - 500) / 7 end
            if kind == 3 then return texts[1 + below(#texts)] end
            if kind == 4 then return below(30) == 0 and (below(2) == 0 and print or 0 / 0) or 1e300 end
            local t = {}
            if kind == 5 then
                for i = 1, below(80) do t[i] = value(depth + 3) end
                if below(9) == 0 then t[#t + 2] = 1 end
            elseif kind == 6 then
                for i = below(9), 1, -1 do t[i] = value(depth + 1) end
            elseif kind == 7 then
                for i = 1, below(6) do t[texts[1 + below(#texts)]] = value(depth + 1) end
                if below(40) == 0 then t["\xff"] = 1 end
                if below(40) == 0 then t[1.5] = 1 end
            elseif kind == 8 then
                for i = 1, below(50) do t["k" .. i] = value(depth + 3) end
                for i = 1, below(50) do t["k" .. i] = nil end
            else
                local a, b = texts[1 + below(#texts)], texts[1 + below(#texts)]
                for i = 1, below(9) do t[i] = below(2) == 0 and { [a] = i, [b] = value(depth + 1) } or { [b] = i, [a] = 1 } end
            end
            return below(9) == 0 and setmetatable(t, mark) or t
        end
        return { value(0), value(0) }"#;

    #[test]
    fn the_quick_walk_writes_what_the_other_one_does_or_nothing() {
        let lua = Lua::new();
        // SAFETY: the closures own nothing that has a destructor.
        let array = unsafe {
            lua.exec_raw::<()>((), |state| {
                ffi::lua_createtable(state, 0, 0);
                set_array_mark(state);
            })
            .expect("memory");
            lua.exec_raw::<mlua::Table>((), |state| push_array_mark(state)).expect("memory")
        };
        let (flag, heap) = (Arc::<Flag>::default(), Heap::new(1 << 24, None));
        // SAFETY: the heap stays where it is, and is used here only.
        let budget = unsafe { Budget::new(flag, &heap) };
        let marks = Marks { array };
        let make = lua.load(RANDOM).into_function().expect("it compiles");
        let (mut quick, mut not) = (0, 0);
        for seed in 0..2000 {
            let table: mlua::Table = make.call((seed, &marks.array)).expect("it runs");
            let mut whole = Text::new(&budget, usize::MAX);
            let done = walk(&marks, &Value::Table(table.clone()), "value", Tables::Objects, &mut whole);
            let mut text = Text::new(&budget, usize::MAX);
            text.push(b"before").expect("memory");
            // SAFETY: the table is there, and nothing is done in the VM.
            let is_quick = unsafe { encode_quickly(table.to_pointer(), marks.array.to_pointer(), &mut text) };
            if is_quick.expect("no limit is met") {
                assert!(done.is_ok(), "{seed}: {done:?}");
                assert_eq!(text.bytes()[6..], *whole.bytes(), "{seed}");
                quick += 1;
            } else {
                assert_eq!(text.bytes(), b"before", "{seed}");
                not += 1;
            }
        }
        assert!(quick > 500 && not > 200, "{quick} of 2000 were quick, and {not} were not");
        assert_eq!(heap.used(), 0, "nothing stays counted");
    }
}
