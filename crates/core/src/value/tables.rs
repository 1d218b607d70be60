//! Tables of a list of values (see [`super::wire`]), made straight on Lua's stack.

use super::MAX_DEPTH;
use super::json::push_array_mark;
use super::wire::{
    ARRAY, ASCII, BYTES, FALSE, FLOAT, FLOATS, FUNCTION, INTEGER, INTEGERS, MAP, NIL, NULL, OBJECT, RECORD, SAME, TEXT,
    TRUE, numbers,
};
use crate::memory::Budget;
use moonpool_lua::{ffi, like};
use std::ffi::c_int;
use std::ptr;
use std::slice;

/// More keys no record has.
const MOST_OF_RECORD: usize = like::MOST_KEYS;

/// Why there is no value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stop {
    /// The bytes are no values.
    Malformed(&'static str),
    /// The run is being killed.
    Killed,
}

/// The keys of a record: their texts, and what comes after them.
#[derive(Clone, Copy)]
struct Keys<'a> {
    texts: &'a [u8],
    count: usize,
}

/// Makes values on Lua's stack. Owns nothing, so that Lua may leave by `longjmp` at any call.
pub(super) struct Maker<'a> {
    state: *mut ffi::lua_State,
    budget: &'a Budget,
    left: &'a [u8],
    /// Where the table of functions is that JavaScript holds; 0 for none.
    functions: c_int,
    /// The last record at each depth.
    records: [Keys<'a>; MAX_DEPTH],
}

/// Pushes the value that `left` begins with, and returns what is left behind it. `functions` is the place of the table of those
/// that JavaScript holds, or 0.
///
/// # Safety
/// From a C function that runs in `state`, with a free stack slot and nothing alive that has a destructor.
pub(super) unsafe fn push<'a>(
    state: *mut ffi::lua_State,
    budget: &'a Budget,
    left: &'a [u8],
    functions: c_int,
) -> Result<&'a [u8], Stop> {
    let none = Keys { texts: &[], count: 0 };
    let mut maker = Maker { state, budget, left, functions, records: [none; MAX_DEPTH] };
    // SAFETY: as the caller vouches.
    unsafe { maker.value(0)? };
    Ok(maker.left)
}

impl<'a> Maker<'a> {
    /// # Safety
    /// As [`push`]. So for all that follow.
    unsafe fn value(&mut self, depth: usize) -> Result<(), Stop> {
        self.budget.check().map_err(|_| Stop::Killed)?;
        let tag = self.take(1)?[0];
        // SAFETY: as above.
        unsafe {
            match tag {
                NIL => ffi::lua_pushnil(self.state),
                FALSE | TRUE => ffi::lua_pushboolean(self.state, (tag == TRUE).into()),
                INTEGER => ffi::lua_pushinteger(self.state, i64::from_le_bytes(self.eight()?)),
                FLOAT => ffi::lua_pushnumber(self.state, f64::from_le_bytes(self.eight()?)),
                TEXT | BYTES | ASCII => self.text()?,
                NULL => ffi::lua_pushlightuserdata(self.state, ptr::null_mut()),
                FUNCTION => self.function()?,
                ARRAY | OBJECT | MAP | RECORD | SAME => {
                    if depth == MAX_DEPTH {
                        return Err(Stop::Malformed("nested too deeply"));
                    }
                    // For a table, a key and a value, and what those need for a moment.
                    self.room(8)?;
                    match tag {
                        ARRAY => self.array(depth)?,
                        OBJECT => self.members(depth, false)?,
                        MAP => self.members(depth, true)?,
                        _ => self.lone_record(tag, depth)?,
                    }
                }
                _ => return Err(Stop::Malformed("an unknown tag")),
            }
        }
        Ok(())
    }

    unsafe fn array(&mut self, depth: usize) -> Result<(), Stop> {
        let count = self.count()?;
        // SAFETY: as above.
        unsafe {
            // No value takes less than a byte.
            ffi::lua_createtable(self.state, size(count.min(self.left.len())), 0);
            let table = ffi::lua_gettop(self.state);
            // Behind the table there are the keys of this record, as long as others have the same; and then their model.
            let mut keys = ptr::null();
            let mut places: &[u8] = &[];
            let mut i = 1;
            while i <= count {
                let tag = self.left.first().copied();
                if let Some(INTEGERS | FLOATS) = tag {
                    i += self.numbers(table, i - 1, count)?;
                    continue;
                }
                if let Some(RECORD | SAME) = tag.filter(|_| depth + 1 < MAX_DEPTH) {
                    self.left = &self.left[1..];
                    let known = self.keys(tag == Some(RECORD), depth + 1)?;
                    let model = table + 1 + known.count as c_int;
                    if keys != known.texts.as_ptr() {
                        ffi::lua_settop(self.state, table);
                        self.push_keys(known)?;
                        (keys, places) = (known.texts.as_ptr(), &[]);
                        self.record(known, table + 1, depth + 1)?;
                    } else {
                        if places.is_empty() {
                            places = self.push_model(known, table + 1)?;
                        }
                        self.like(places, model, depth + 1)?;
                    }
                } else {
                    self.value(depth + 1)?;
                }
                ffi::lua_rawseti(self.state, table, i as ffi::lua_Integer);
                i += 1;
            }
            ffi::lua_settop(self.state, table);
            if count == 0 {
                // Without values nothing else tells it from an object.
                push_array_mark(self.state);
                ffi::lua_setmetatable(self.state, table);
            }
        }
        Ok(())
    }

    /// Puts numbers that share a tag into the array at `table`, which has `from` values and is to have `count`. Returns how many.
    unsafe fn numbers(&mut self, table: c_int, from: usize, count: usize) -> Result<usize, Stop> {
        self.budget.check().map_err(|_| Stop::Killed)?;
        let numbers = numbers(&mut self.left, count - from).ok_or(NUMBERS)?;
        // SAFETY: as above.
        let are_set = unsafe { numbers.set(self.state, table, from) };
        if are_set { Ok(numbers.len()) } else { Err(NUMBERS) }
    }

    unsafe fn members(&mut self, depth: usize, is_map: bool) -> Result<(), Stop> {
        let count = self.count()?;
        // SAFETY: as above.
        unsafe {
            ffi::lua_createtable(self.state, 0, size(count.min(self.left.len())));
            for _ in 0..count {
                if is_map {
                    self.value(depth + 1)?;
                    // Neither nil nor NaN can be a key.
                    if ffi::lua_rawequal(self.state, -1, -1) == 0 || ffi::lua_type(self.state, -1) == ffi::LUA_TNIL {
                        return Err(Stop::Malformed("a key that cannot be one"));
                    }
                } else {
                    self.text()?;
                }
                self.value(depth + 1)?;
                ffi::lua_rawset(self.state, -3);
            }
        }
        Ok(())
    }

    /// A record that is not in an array.
    unsafe fn lone_record(&mut self, tag: u8, depth: usize) -> Result<(), Stop> {
        let known = self.keys(tag == RECORD, depth)?;
        // SAFETY: as above.
        unsafe {
            let first = ffi::lua_gettop(self.state) + 1;
            self.push_keys(known)?;
            self.record(known, first, depth)?;
            if known.count > 0 {
                ffi::lua_replace(self.state, first);
                ffi::lua_settop(self.state, first);
            }
        }
        Ok(())
    }

    /// Pushes an object with these keys, which stand on the stack from `first` on.
    unsafe fn record(&mut self, known: Keys, first: c_int, depth: usize) -> Result<(), Stop> {
        // SAFETY: as above.
        unsafe {
            self.budget.check().map_err(|_| Stop::Killed)?;
            ffi::lua_createtable(self.state, 0, size(known.count));
            for i in 0..known.count {
                ffi::lua_pushvalue(self.state, first + i as c_int);
                self.value(depth + 1)?;
                ffi::lua_rawset(self.state, -3);
            }
        }
        Ok(())
    }

    /// Pushes a table with these keys, which stand on the stack from `first` on, and the places in it that they have, which live
    /// as long as what is pushed.
    unsafe fn push_model<'p>(&mut self, known: Keys, first: c_int) -> Result<&'p [u8], Stop> {
        // SAFETY: as above; the places are written before they are read, and Lua's for as long as they are on its stack.
        unsafe {
            ffi::lua_createtable(self.state, 0, size(known.count));
            let model = ffi::lua_gettop(self.state);
            for i in 0..known.count {
                ffi::lua_pushvalue(self.state, first + i as c_int);
                ffi::lua_pushboolean(self.state, 1);
                ffi::lua_rawset(self.state, model);
            }
            let places: *mut u8 = ffi::lua_newuserdatauv(self.state, known.count, 0).cast();
            for i in 0..known.count {
                ffi::lua_pushvalue(self.state, first + i as c_int);
                places.add(i).write(like::place_of(self.state, model).ok_or(Stop::Malformed("keys that are none"))?);
            }
            Ok(slice::from_raw_parts(places, known.count))
        }
    }

    /// Pushes an object with the keys of a model, whose places these are.
    unsafe fn like(&mut self, places: &[u8], model: c_int, depth: usize) -> Result<(), Stop> {
        // SAFETY: as above; the model is not changed.
        unsafe {
            self.budget.check().map_err(|_| Stop::Killed)?;
            self.room(places.len() as c_int + 8)?;
            for _ in places {
                self.value(depth + 1)?;
            }
            like::push(self.state, model, places);
        }
        Ok(())
    }

    /// Reads the keys of a record, or takes those of the last one.
    fn keys(&mut self, are_new: bool, depth: usize) -> Result<Keys<'a>, Stop> {
        if are_new {
            let count = self.count()?;
            let texts = self.left;
            if count > MOST_OF_RECORD {
                return Err(Stop::Malformed("a record with too many keys"));
            }
            for _ in 0..count {
                let size = self.count()?;
                self.take(size)?;
            }
            self.records[depth] = Keys { texts, count };
        } else if self.records[depth].count == 0 {
            return Err(Stop::Malformed("keys that are not there"));
        }
        Ok(self.records[depth])
    }

    unsafe fn push_keys(&mut self, known: Keys<'a>) -> Result<(), Stop> {
        let left = std::mem::replace(&mut self.left, known.texts);
        // SAFETY: as above; with room for a table, a key and a value.
        unsafe {
            self.room(known.count as c_int + 8)?;
            for _ in 0..known.count {
                self.text()?;
            }
        }
        self.left = left;
        Ok(())
    }

    unsafe fn text(&mut self) -> Result<(), Stop> {
        let size = self.count()?;
        let bytes = self.take(size)?;
        // SAFETY: as above.
        unsafe { ffi::lua_pushlstring(self.state, bytes.as_ptr().cast(), bytes.len()) };
        Ok(())
    }

    /// One that JavaScript holds.
    unsafe fn function(&mut self) -> Result<(), Stop> {
        let number = i64::from_le_bytes(self.eight()?);
        // SAFETY: as above.
        unsafe {
            if self.functions == 0 || ffi::lua_rawgeti(self.state, self.functions, number) == ffi::LUA_TNIL {
                return Err(Stop::Malformed("a function that is not there"));
            }
        }
        Ok(())
    }

    unsafe fn room(&self, slots: c_int) -> Result<(), Stop> {
        // SAFETY: as above.
        if unsafe { ffi::lua_checkstack(self.state, slots) } == 0 { Err(Stop::Killed) } else { Ok(()) }
    }

    fn count(&mut self) -> Result<usize, Stop> {
        let (bytes, left) = self.left.split_first_chunk().ok_or(CUT)?;
        self.left = left;
        Ok(u32::from_le_bytes(*bytes) as usize)
    }

    fn eight(&mut self) -> Result<[u8; 8], Stop> {
        let (bytes, left) = self.left.split_first_chunk().ok_or(CUT)?;
        self.left = left;
        Ok(*bytes)
    }

    fn take(&mut self, size: usize) -> Result<&'a [u8], Stop> {
        let (taken, left) = self.left.split_at_checked(size).ok_or(CUT)?;
        self.left = left;
        Ok(taken)
    }
}

const CUT: Stop = Stop::Malformed("cut short");
const NUMBERS: Stop = Stop::Malformed("numbers that are not there, or more of them than their array has values");

fn size(count: usize) -> c_int {
    c_int::try_from(count).unwrap_or(c_int::MAX)
}
