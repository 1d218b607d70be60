//! `regex`: regular expressions of Rust's `regex`, with the functions that `string` has for Lua's patterns.

use super::{Named, bytes};
use crate::bridge::direct;
use crate::regex::Found;
use moonpool_lua::{ffi, poll};
use std::ffi::{CStr, c_int};
use std::mem::MaybeUninit;

const FUNCTIONS: &[Named] =
    &[(c"find", find), (c"match", match_), (c"gmatch", gmatch), (c"gsub", gsub), (c"split", split)];

// Where the arguments are, and what `gmatch` keeps for its iterator.
const TEXT: c_int = 1;
const PATTERN: c_int = 2;
const REPLACEMENT: c_int = 3;
const INIT: c_int = 3;
const LAST: c_int = 3;

/// What `push_groups` needs of Lua's stack beside the groups: the table of names, and a key and a value for it.
const SPARE: c_int = 8;

/// Sets the global `regex`.
///
/// # Safety
/// As [`super::push_library`].
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        super::push_library(state, FUNCTIONS);
        super::set_library(state, c"regex");
    }
}

unsafe extern "C-unwind" fn find(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: Lua calls this with its own state. Text and pattern are arguments; nothing in this frame has a destructor.
    unsafe {
        let text = bytes::check(state, TEXT);
        match search(state, text) {
            Some(found) => {
                let (start, end) = found.whole();
                ffi::lua_pushinteger(state, start as ffi::lua_Integer + 1);
                ffi::lua_pushinteger(state, end as ffi::lua_Integer);
                2 + push_groups(state, text, &found, false)
            }
            None => {
                ffi::lua_pushnil(state);
                1
            }
        }
    }
}

unsafe extern "C-unwind" fn match_(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as `find`.
    unsafe {
        let text = bytes::check(state, TEXT);
        match search(state, text) {
            Some(found) => push_groups(state, text, &found, true),
            None => {
                ffi::lua_pushnil(state);
                1
            }
        }
    }
}

/// The first match from `init` on.
///
/// # Safety
/// As [`bytes::check`]; `text` is the first argument.
unsafe fn search(state: *mut ffi::lua_State, text: &[u8]) -> Option<Found> {
    // SAFETY: as the caller.
    unsafe {
        let pattern = bytes::check(state, PATTERN);
        // As for `string.find`: from the end when it is negative.
        let from = match ffi::luaL_optinteger(state, INIT, 1) {
            0 => 0,
            init @ 1.. => init as usize - 1,
            init => text.len().saturating_sub(init.unsigned_abs() as usize),
        };
        if from > text.len() {
            return None;
        }
        direct::work(state, |direct| {
            direct.context.regexes.borrow_mut().find(direct.budget(), pattern, text, from, true)
        })
    }
}

/// The match after that which ended at `last`.
///
/// # Safety
/// As [`direct::work`].
unsafe fn next(
    state: *mut ffi::lua_State,
    pattern: &[u8],
    text: &[u8],
    last: Option<usize>,
    wants_groups: bool,
) -> Option<Found> {
    // SAFETY: as the caller.
    unsafe {
        direct::work(state, |direct| {
            direct.context.regexes.borrow_mut().next(direct.budget(), pattern, text, last, wants_groups)
        })
    }
}

/// Pushes the groups of a match, or the whole of it where there are none, if that is wanted; and a table of those that have
/// names. How many values that are.
///
/// # Safety
/// As [`bytes::push`], right after the search.
unsafe fn push_groups(state: *mut ffi::lua_State, text: &[u8], found: &Found, or_whole: bool) -> c_int {
    // SAFETY: as the caller. The names stay until the next search, and are copied into Lua one by one.
    unsafe {
        let groups = found.groups();
        ffi::luaL_checkstack(state, groups as c_int + SPARE, c"too many groups".as_ptr());
        if groups == 0 {
            if or_whole {
                push_group(state, text, found, 0);
            }
            return or_whole.into();
        }
        for group in 1..=groups {
            push_group(state, text, found, group);
        }
        let names = &*found.names;
        if names.is_empty() {
            return groups as c_int;
        }
        ffi::lua_createtable(state, 0, names.len() as c_int);
        for (name, group) in names {
            bytes::push(state, name.as_bytes());
            push_group(state, text, found, *group);
            ffi::lua_rawset(state, -3);
        }
        groups as c_int + 1
    }
}

/// Pushes a group, or false when it has no part in the match: nil would end a loop over `gmatch`.
///
/// # Safety
/// As [`bytes::push`].
unsafe fn push_group(state: *mut ffi::lua_State, text: &[u8], found: &Found, group: usize) {
    // SAFETY: as the caller.
    unsafe {
        match found.group(group) {
            Some((start, end)) => bytes::push(state, &text[start..end]),
            None => ffi::lua_pushboolean(state, 0),
        }
    }
}

unsafe extern "C-unwind" fn gmatch(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as `find`.
    unsafe {
        let (text, pattern) = (bytes::check(state, TEXT), bytes::check(state, PATTERN));
        // What is no pattern is told here, and not by the iterator.
        direct::work(state, |direct| {
            direct.context.regexes.borrow_mut().find(direct.budget(), pattern, &text[..0], 0, false).map(|_| ())
        });
        ffi::lua_settop(state, PATTERN);
        ffi::lua_pushinteger(state, -1);
        ffi::lua_pushcclosure(state, iterate, LAST);
    }
    1
}

/// The iterator of `gmatch`: its upvalues are the text, the pattern, and where the last match ended.
unsafe extern "C-unwind" fn iterate(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as `find`; text and pattern are strings of the function's own.
    unsafe {
        let text = bytes::check(state, ffi::lua_upvalueindex(TEXT));
        let pattern = bytes::check(state, ffi::lua_upvalueindex(PATTERN));
        let last = usize::try_from(ffi::lua_tointeger(state, ffi::lua_upvalueindex(LAST))).ok();
        let Some(found) = next(state, pattern, text, last, true) else {
            ffi::lua_pushnil(state);
            return 1;
        };
        ffi::lua_pushinteger(state, found.whole().1 as ffi::lua_Integer);
        ffi::lua_replace(state, ffi::lua_upvalueindex(LAST));
        push_groups(state, text, &found, true)
    }
}

unsafe extern "C-unwind" fn gsub(state: *mut ffi::lua_State) -> c_int {
    let mut buffer = MaybeUninit::<ffi::luaL_Buffer>::uninit();
    let buffer = buffer.as_mut_ptr();
    // SAFETY: as `find`. The buffer stays where it is, and what is between its functions leaves Lua's stack as it was.
    unsafe {
        let (text, pattern) = (bytes::check(state, TEXT), bytes::check(state, PATTERN));
        let kind = ffi::lua_type(state, REPLACEMENT);
        if !matches!(kind, ffi::LUA_TNUMBER | ffi::LUA_TSTRING | ffi::LUA_TFUNCTION | ffi::LUA_TTABLE) {
            let got = ffi::lua_typename(state, kind);
            let message = ffi::lua_pushfstring(state, c"string/function/table expected, got %s".as_ptr(), got);
            return ffi::luaL_argerror(state, REPLACEMENT, message);
        }
        let most = ffi::luaL_optinteger(state, REPLACEMENT + 1, ffi::lua_Integer::MAX);
        // What is no string yet becomes one here.
        let replacement = if kind == ffi::LUA_TNUMBER || kind == ffi::LUA_TSTRING {
            Some(bytes::check(state, REPLACEMENT))
        } else {
            None
        };
        let wants_groups = replacement.is_none_or(|replacement| replacement.contains(&b'$'));
        ffi::lua_settop(state, REPLACEMENT);
        ffi::luaL_buffinit(state, buffer);
        let (mut count, mut copied, mut last) = (0, 0, None);
        while count < most {
            let Some(found) = next(state, pattern, text, last, wants_groups) else { break };
            let (start, end) = found.whole();
            add(buffer, &text[copied..start]);
            match replacement {
                Some(replacement) => expand(state, buffer, text, &found, replacement),
                None => replace(state, buffer, text, &found, kind),
            }
            (copied, last) = (end, Some(end));
            count += 1;
        }
        add(buffer, &text[copied..]);
        ffi::luaL_pushresult(buffer);
        ffi::lua_pushinteger(state, count);
    }
    2
}

/// # Safety
/// As `luaL_addlstring`.
unsafe fn add(buffer: *mut ffi::luaL_Buffer, bytes: &[u8]) {
    // SAFETY: as the caller.
    unsafe { ffi::luaL_addlstring(buffer, bytes.as_ptr().cast(), bytes.len()) }
}

/// Adds what a function or a table makes of a match.
///
/// # Safety
/// As [`bytes::push`], between functions of the buffer; what replaces is where `gsub` has it.
unsafe fn replace(state: *mut ffi::lua_State, buffer: *mut ffi::luaL_Buffer, text: &[u8], found: &Found, kind: c_int) {
    // SAFETY: as the caller.
    unsafe {
        ffi::luaL_checkstack(state, SPARE, c"too many groups".as_ptr());
        if kind == ffi::LUA_TFUNCTION {
            ffi::lua_pushvalue(state, REPLACEMENT);
            let args = push_groups(state, text, found, true);
            ffi::lua_call(state, args, 1);
        } else {
            push_group(state, text, found, usize::from(found.groups() > 0));
            ffi::lua_gettable(state, REPLACEMENT);
        }
        if ffi::lua_toboolean(state, -1) == 0 {
            ffi::lua_settop(state, -2);
            let (start, end) = found.whole();
            add(buffer, &text[start..end]);
        } else if ffi::lua_isstring(state, -1) != 0 {
            ffi::luaL_addvalue(buffer);
        } else {
            let got = ffi::lua_typename(state, ffi::lua_type(state, -1));
            ffi::luaL_error(state, c"invalid replacement value (a %s)".as_ptr(), got);
        }
    }
}

/// Adds a replacement with what its `$1`, `${name}` and `$$` stand for.
///
/// # Safety
/// As [`bytes::push`], between functions of the buffer, right after the search.
unsafe fn expand(
    state: *mut ffi::lua_State,
    buffer: *mut ffi::luaL_Buffer,
    text: &[u8],
    found: &Found,
    replacement: &[u8],
) {
    let mut rest = replacement;
    // SAFETY: as the caller. The names stay until the next search.
    unsafe {
        while let Some(at) = rest.iter().position(|&byte| byte == b'$') {
            poll(state);
            add(buffer, &rest[..at]);
            rest = &rest[at + 1..];
            let (group, length) = match reference(rest, &*found.names) {
                Reference::Group(group, length) => (Some(group), length),
                Reference::Unknown(length) => (None, length),
                // A dollar, and the second one of two.
                Reference::None => {
                    add(buffer, b"$");
                    rest = rest.strip_prefix(b"$").unwrap_or(rest);
                    continue;
                }
            };
            match group.filter(|&group| group <= found.groups()) {
                Some(group) => {
                    let (start, end) = found.group(group).unwrap_or_default();
                    add(buffer, &text[start..end]);
                }
                None => {
                    bytes::push(state, &rest[..length.min(100)]);
                    let shown = ffi::lua_tolstring(state, -1, std::ptr::null_mut());
                    let message: &CStr = c"the pattern has no group '$%s', which the replacement names";
                    ffi::luaL_error(state, message.as_ptr(), shown);
                }
            }
            rest = &rest[length..];
        }
        add(buffer, rest);
    }
}

/// What a `$` is followed by: a group, by the number or the name of it, and how long that is.
enum Reference {
    Group(usize, usize),
    Unknown(usize),
    None,
}

fn reference(rest: &[u8], names: &[(Box<str>, usize)]) -> Reference {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
    let (name, length) = match rest.first() {
        Some(b'0'..=b'9') => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            (&rest[..digits], digits)
        }
        Some(b'{') => {
            // No name is longer than a pattern; a replacement without a brace shall not be walked for each match.
            let Some(end) = rest.iter().take(1 << 10).position(|&byte| byte == b'}') else { return Reference::None };
            (&rest[1..end], end + 1)
        }
        Some(byte) if is_name(byte) => {
            let length = rest.iter().take(1 << 10).take_while(|byte| is_name(byte)).count();
            (&rest[..length], length)
        }
        _ => return Reference::None,
    };
    let number = str::from_utf8(name).ok().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    let named = || names.iter().find(|(known, _)| known.as_bytes() == name).map(|(_, group)| *group);
    match number.and_then(|number| number.parse().ok()).or_else(named) {
        Some(group) => Reference::Group(group, length),
        None => Reference::Unknown(length),
    }
}

unsafe extern "C-unwind" fn split(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as `find`.
    unsafe {
        let (text, pattern) = (bytes::check(state, TEXT), bytes::check(state, PATTERN));
        let most = ffi::luaL_optinteger(state, PATTERN + 1, ffi::lua_Integer::MAX);
        if most < 1 {
            return ffi::luaL_argerror(state, PATTERN + 1, c"at least 1 expected".as_ptr());
        }
        ffi::lua_createtable(state, 0, 0);
        let (mut count, mut begin, mut last) = (0, 0, None);
        while count < most - 1 {
            let Some(found) = next(state, pattern, text, last, false) else { break };
            let (start, end) = found.whole();
            bytes::push(state, &text[begin..start]);
            count += 1;
            ffi::lua_rawseti(state, -2, count);
            (begin, last) = (end, Some(end));
        }
        bytes::push(state, &text[begin..]);
        ffi::lua_rawseti(state, -2, count + 1);
    }
    1
}
