//! JSON text that we wrote ourselves, straight onto Lua's stack: what `State.get` spends most of its time on.
//!
//! Reads what [`super::encode`] writes, and nothing else: a string with escapes, or a text that somebody else has changed, is
//! left to [`super::decode`], which is slower and says what is wrong.

use crate::value::MAX_DEPTH;
use moonpool_lua::{ffi, poll};
use std::ffi::c_int;

/// So many members wait on the stack until their table is made, with room for just them.
const AT_ONCE: usize = 32;

/// So many values are pushed without a look at the flag.
const UNPOLLED: usize = 256;

/// Its address is the name of the metatable of arrays in the registry.
static ARRAY: u8 = 0;

/// Puts the table on top of the stack into the registry, as the metatable of arrays, and pops it.
///
/// # Safety
/// As any function of Lua's C API that may raise an error.
pub(crate) unsafe fn set_array_mark(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe { ffi::lua_rawsetp(state, ffi::LUA_REGISTRYINDEX, (&raw const ARRAY).cast()) }
}

/// Pushes the metatable of arrays.
///
/// # Safety
/// As [`set_array_mark`], with a free stack slot.
pub(crate) unsafe fn push_array_mark(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        ffi::lua_rawgetp(state, ffi::LUA_REGISTRYINDEX, (&raw const ARRAY).cast());
    }
}

/// Pushes the value of a text, or says that it cannot; then the stack has anything on top.
///
/// # Safety
/// From a C function that runs in `state`, with nothing alive that has a destructor. `text` stays where it is until the end.
pub(crate) unsafe fn push(state: *mut ffi::lua_State, text: *const [u8]) -> bool {
    // SAFETY: the caller vouches for both.
    unsafe {
        let mut reader = Reader { state, text: &*text, at: 0, pushed: 0 };
        reader.value(0) && reader.at == reader.text.len()
    }
}

/// Owns nothing, so that Lua may leave by `longjmp` at any call.
struct Reader<'a> {
    state: *mut ffi::lua_State,
    text: &'a [u8],
    at: usize,
    pushed: usize,
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    /// Goes over a byte, if it is next.
    fn skip(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == byte;
        self.at += usize::from(is_next);
        is_next
    }

    /// Goes over a word, if it is next.
    fn skip_word(&mut self, word: &[u8]) -> bool {
        let is_next = self.text[self.at..].starts_with(word);
        self.at += if is_next { word.len() } else { 0 };
        is_next
    }

    /// # Safety
    /// As [`push`]; the stack has a free slot. So for all that follow.
    unsafe fn value(&mut self, depth: usize) -> bool {
        // SAFETY: as above.
        unsafe {
            self.pushed += 1;
            if self.pushed.is_multiple_of(UNPOLLED) {
                poll(self.state);
            }
            match self.peek() {
                b'"' => self.string(),
                b'{' => self.table(depth, b'}'),
                b'[' => self.table(depth, b']'),
                b't' if self.skip_word(b"true") => {
                    ffi::lua_pushboolean(self.state, 1);
                    true
                }
                b'f' if self.skip_word(b"false") => {
                    ffi::lua_pushboolean(self.state, 0);
                    true
                }
                b'n' if self.skip_word(b"null") => {
                    ffi::lua_pushlightuserdata(self.state, std::ptr::null_mut());
                    true
                }
                _ => self.number(),
            }
        }
    }

    /// # Safety
    /// As [`Reader::value`].
    unsafe fn string(&mut self) -> bool {
        let begin = self.at + 1;
        let Some(length) = self.text[begin..].iter().position(|&byte| byte == b'"' || byte == b'\\') else {
            return false;
        };
        let end = begin + length;
        if self.text[end] == b'\\' {
            return false;
        }
        self.at = end + 1;
        let bytes = &self.text[begin..end];
        // SAFETY: as the caller.
        unsafe { ffi::lua_pushlstring(self.state, bytes.as_ptr().cast(), bytes.len()) };
        true
    }

    /// # Safety
    /// As [`Reader::value`].
    unsafe fn number(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let sign = usize::from(rest.first() == Some(&b'-'));
        let length = sign + digits(&rest[sign..]);
        // SAFETY: as the caller.
        unsafe {
            // 18 digits fit into 64 bits.
            if length > sign && length - sign <= 18 && !matches!(rest.get(length), Some(b'.' | b'e' | b'E')) {
                let number = rest[sign..length].iter().fold(0_i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
                ffi::lua_pushinteger(self.state, if sign == 1 { -number } else { number });
                self.at += length;
                return true;
            }
            let length =
                rest.iter().take_while(|byte| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')).count();
            let Ok(text) = std::str::from_utf8(&rest[..length]) else { return false };
            if let Ok(number) = text.parse::<i64>() {
                ffi::lua_pushinteger(self.state, number);
            } else if let Ok(number) = text.parse::<f64>() {
                ffi::lua_pushnumber(self.state, number);
            } else {
                return false;
            }
            self.at += length;
            true
        }
    }

    /// An object or an array. Its first members wait on the stack, so that the table gets room for as many as there are.
    ///
    /// # Safety
    /// As [`Reader::value`].
    unsafe fn table(&mut self, depth: usize, close: u8) -> bool {
        let is_array = close == b']';
        let slots = if is_array { AT_ONCE } else { 2 * AT_ONCE } as c_int;
        // SAFETY: as the caller.
        unsafe {
            if depth == MAX_DEPTH || ffi::lua_checkstack(self.state, slots + 4) == 0 {
                return false;
            }
            self.at += 1;
            let place = ffi::lua_gettop(self.state) + 1;
            let (mut members, mut waiting, mut is_made) = (0, 0, false);
            if !self.skip(close) {
                loop {
                    let has_key = is_array || (self.peek() == b'"' && self.string() && self.skip(b':'));
                    if !has_key || !self.value(depth + 1) {
                        return false;
                    }
                    members += 1;
                    if is_made {
                        self.set(place, is_array, members);
                    } else {
                        waiting += 1;
                        if waiting == AT_ONCE {
                            self.make(place, is_array, 2 * AT_ONCE, waiting);
                            is_made = true;
                        }
                    }
                    if !self.skip(b',') {
                        break;
                    }
                }
                if !self.skip(close) {
                    return false;
                }
            }
            if !is_made {
                self.make(place, is_array, members, members);
            }
            if is_array {
                push_array_mark(self.state);
                ffi::lua_setmetatable(self.state, place);
            }
            true
        }
    }

    /// Makes a table with room for some members, below those that wait on the stack, and sets those.
    ///
    /// # Safety
    /// As [`Reader::value`].
    unsafe fn make(&self, place: c_int, is_array: bool, room: usize, waiting: usize) {
        let room = room as c_int;
        // SAFETY: as the caller.
        unsafe {
            ffi::lua_createtable(self.state, if is_array { room } else { 0 }, if is_array { 0 } else { room });
            ffi::lua_insert(self.state, place);
            for member in (1..=waiting).rev() {
                self.set(place, is_array, member);
            }
        }
    }

    /// Sets the member on top of the stack, and pops it.
    ///
    /// # Safety
    /// As [`Reader::value`].
    unsafe fn set(&self, place: c_int, is_array: bool, member: usize) {
        // SAFETY: as the caller.
        unsafe {
            if is_array {
                ffi::lua_rawseti(self.state, place, member as ffi::lua_Integer);
            } else {
                ffi::lua_rawset(self.state, place);
            }
        }
    }
}
