//! JSON text, straight onto Lua's stack: what `json.decode` and `State.get` spend most of their time on.
//!
//! A text that is not JSON is left to [`super::decode`], which is slower and says what is wrong.

use super::PIECE;
use super::scan::plain;
use crate::value::MAX_DEPTH;
use moonpool_lua::{ffi, poll};
use std::ffi::c_int;

/// So many members wait on the stack until their table is made, with room for just them.
const AT_ONCE: usize = 32;

/// So many values are pushed without a look at the flag.
const UNPOLLED: usize = 256;

/// The longest escape: a pair of surrogates.
const LONGEST_ESCAPE: usize = 12;

/// Strings with escapes that are no longer are put together on the native stack.
const SHORT: usize = 256;

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
/// From a C function that runs in `state`, with nothing alive that has a destructor. `text` is UTF-8, and stays where it is until
/// the end.
pub(crate) unsafe fn push(state: *mut ffi::lua_State, text: *const [u8]) -> bool {
    // SAFETY: the caller vouches for both.
    unsafe {
        let mut reader = Reader { state, text: &*text, at: 0, pushed: 0 };
        reader.value(0) && reader.after_blanks() == 0 && reader.at == reader.text.len()
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

    /// The next byte that is no white space.
    ///
    /// # Safety
    /// As [`push`]. So for all that follow.
    unsafe fn after_blanks(&mut self) -> u8 {
        loop {
            match self.peek() {
                b' ' | b'\n' | b'\t' | b'\r' => self.at += 1,
                byte => return byte,
            }
            if self.at.is_multiple_of(PIECE) {
                // SAFETY: as the caller.
                unsafe { poll(self.state) };
            }
        }
    }

    /// Goes over a byte, if it is next.
    ///
    /// # Safety
    /// As [`Reader::after_blanks`].
    unsafe fn skip(&mut self, byte: u8) -> bool {
        // SAFETY: as the caller.
        let is_next = unsafe { self.after_blanks() } == byte;
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
            match self.after_blanks() {
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
        let end = begin + plain(&self.text[begin..]);
        match self.text.get(end) {
            Some(b'"') => {}
            // SAFETY: as the caller.
            Some(b'\\') => return unsafe { self.escaped(begin, end) },
            _ => return false,
        }
        self.at = end + 1;
        let bytes = &self.text[begin..end];
        // SAFETY: as the caller.
        unsafe { ffi::lua_pushlstring(self.state, bytes.as_ptr().cast(), bytes.len()) };
        true
    }

    /// A string with escapes, of which the first is at `end`.
    ///
    /// # Safety
    /// As [`Reader::value`].
    unsafe fn escaped(&mut self, begin: usize, mut end: usize) -> bool {
        let mut polled = end;
        loop {
            if end - polled >= PIECE {
                polled = end;
                // SAFETY: as the caller.
                unsafe { poll(self.state) };
            }
            match self.text.get(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                _ => return false,
            }
            if end > self.text.len() {
                return false;
            }
            end += plain(&self.text[end..]);
        }
        let raw = &self.text[begin..end];
        self.at = end + 1;
        // SAFETY: as the caller. What the escapes stand for is never longer than they are.
        unsafe {
            if raw.len() <= SHORT {
                let mut whole = [0; SHORT];
                let Some((_, size)) = unescape(raw, 0, raw.len(), &mut whole) else { return false };
                ffi::lua_pushlstring(self.state, whole.as_ptr().cast(), size);
                return true;
            }
            if ffi::lua_checkstack(self.state, 2) == 0 {
                return false;
            }
            let memory = ffi::lua_newuserdatauv(self.state, raw.len(), 0).cast::<u8>();
            let (mut at, mut size) = (0, 0);
            while at < raw.len() {
                poll(self.state);
                let until = raw.len().min(at + PIECE);
                let room = raw.len().min(until + LONGEST_ESCAPE) - at;
                memory.add(size).write_bytes(0, room);
                let out = std::slice::from_raw_parts_mut(memory.add(size), room);
                let Some((next, more)) = unescape(raw, at, until, out) else { return false };
                (at, size) = (next, size + more);
            }
            ffi::lua_pushlstring(self.state, memory.cast(), size);
            ffi::lua_replace(self.state, -2);
            true
        }
    }

    /// # Safety
    /// As [`Reader::value`].
    unsafe fn number(&mut self) -> bool {
        let rest = &self.text[self.at..];
        // A longer one is left to those who look at the flag in the middle of it.
        let rest = &rest[..rest.len().min(PIECE)];
        let digits = |from: usize| rest[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let sign = usize::from(rest.first() == Some(&b'-'));
        let mut length = sign + digits(sign);
        let whole = length - sign;
        if whole == 0 || (whole > 1 && rest[sign] == b'0') {
            return false;
        }
        let mut is_float = false;
        if rest.get(length) == Some(&b'.') {
            let some = digits(length + 1);
            if some == 0 {
                return false;
            }
            (length, is_float) = (length + 1 + some, true);
        }
        if let Some(b'e' | b'E') = rest.get(length) {
            let begin = length + 1 + usize::from(matches!(rest.get(length + 1), Some(b'-' | b'+')));
            let some = if begin < rest.len() { digits(begin) } else { 0 };
            if some == 0 {
                return false;
            }
            (length, is_float) = (begin + some, true);
        }
        if length == PIECE {
            return false;
        }
        self.at += length;
        // SAFETY: as the caller.
        unsafe {
            // 18 digits fit into 64 bits. There is a float that is minus zero, and no integer.
            if !is_float && whole <= 18 && (sign == 0 || rest[1] != b'0') {
                let number = rest[sign..length].iter().fold(0_i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
                ffi::lua_pushinteger(self.state, if sign == 1 { -number } else { number });
                return true;
            }
            let Ok(text) = std::str::from_utf8(&rest[..length]) else { return false };
            if let Some(number) = text.parse::<i64>().ok().filter(|number| *number != 0) {
                ffi::lua_pushinteger(self.state, number);
            } else if let Some(number) = text.parse::<f64>().ok().filter(|number| number.is_finite()) {
                ffi::lua_pushnumber(self.state, number);
            } else {
                return false;
            }
        }
        true
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
                    let has_key = is_array || (self.after_blanks() == b'"' && self.string() && self.skip(b':'));
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
            if is_array {
                for member in (1..=waiting).rev() {
                    self.set(place, true, member);
                }
                return;
            }
            // From the first one: of several with the same key, the last one counts.
            for member in 0..waiting as c_int {
                ffi::lua_pushvalue(self.state, place + 1 + 2 * member);
                ffi::lua_pushvalue(self.state, place + 2 + 2 * member);
                ffi::lua_rawset(self.state, place);
            }
            ffi::lua_settop(self.state, place);
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

/// Writes what a string with escapes stands for, from `at` on, and with the escape that ends there or after `until`. Returns where
/// that ends, and how long what it stands for is; nothing when it is no string.
fn unescape(raw: &[u8], mut at: usize, until: usize, out: &mut [u8]) -> Option<(usize, usize)> {
    let mut size = 0;
    while at < until {
        let run = plain(&raw[at..until]);
        out[size..size + run].copy_from_slice(&raw[at..at + run]);
        (at, size) = (at + run, size + run);
        if at == until {
            break;
        }
        let byte = match *raw.get(at + 1)? {
            byte @ (b'"' | b'\\' | b'/') => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let (unit, after) = (unit(raw, at)?, at + 6);
                let (character, next) = match unit {
                    0xD800..0xDC00 => {
                        let second = unit_of_pair(raw, after)?;
                        (0x1_0000 + ((unit - 0xD800) << 10) + second, after + 6)
                    }
                    _ => (unit, after),
                };
                size += char::from_u32(character)?.encode_utf8(&mut out[size..]).len();
                at = next;
                continue;
            }
            _ => return None,
        };
        out[size] = byte;
        (at, size) = (at + 2, size + 1);
    }
    Some((at, size))
}

/// The unit that an escape at `at` stands for.
fn unit(raw: &[u8], at: usize) -> Option<u32> {
    let digits = raw.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |sum, digit| Some(sum * 16 + char::from(*digit).to_digit(16)?))
}

/// The second half of a pair of surrogates.
fn unit_of_pair(raw: &[u8], at: usize) -> Option<u32> {
    unit(raw, at)?.checked_sub(0xDC00).filter(|half| *half < 0x400)
}
