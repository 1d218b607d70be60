//! `json`: Lua values to JSON text and back, with the rules of results and State.

use super::{Named, bytes};
use crate::bridge::direct::{self, Arg, Direct, Values};
use crate::bridge::{Call, entry};
use crate::c_function;
use crate::error::{Code, Error};
use crate::memory::Killed;
use crate::value::{Refusal, Text, json};
use mlua::Value;
use moonpool_lua::{ffi, poll};
use std::ffi::c_int;

const FUNCTIONS: &[Named] = &[
    (c"encode", encode_any),
    (c"decode", decode_any),
    // Marks a table as an array.
    (c"array", c_function!(array)),
];

/// Sets the global `json`.
///
/// # Safety
/// As [`super::push_library`].
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        super::push_library(state, FUNCTIONS);
        ffi::lua_pushlightuserdata(state, std::ptr::null_mut());
        ffi::lua_setfield(state, -2, c"null".as_ptr());
        super::set_library(state, c"json");
    }
}

/// Makes the mark of arrays, and gives `json.null` its name: every VM needs both, with or without the library.
///
/// # Safety
/// As [`super::push_library`].
pub(crate) unsafe fn install_marks(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        ffi::lua_createtable(state, 0, 1);
        ffi::lua_pushstring(state, c"json.array".as_ptr());
        ffi::lua_setfield(state, -2, c"__name".as_ptr());
        json::set_array_mark(state);
        ffi::lua_pushlightuserdata(state, std::ptr::null_mut());
        // One metatable serves all light userdata of a VM; `json.null` is the only one.
        ffi::lua_createtable(state, 0, 3);
        ffi::lua_pushcfunction(state, c_function!(null_to_string));
        ffi::lua_setfield(state, -2, c"__tostring".as_ptr());
        ffi::lua_pushstring(state, c"json.null".as_ptr());
        ffi::lua_setfield(state, -2, c"__name".as_ptr());
        ffi::lua_pushboolean(state, 0);
        ffi::lua_setfield(state, -2, c"__metatable".as_ptr());
        ffi::lua_setmetatable(state, -2);
        ffi::lua_pop(state, 1);
    }
}

/// Encodes a table of the usual kinds directly; `encode` does all else, and says what is wrong.
unsafe extern "C-unwind" fn encode_any(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by Lua with its own state; nothing in this frame has a destructor.
    unsafe { direct::attempt(state, encode_table).unwrap_or_else(|| entry::call(state, encode)) }
}

fn encode_table(direct: &Direct) -> Option<Values> {
    let table = direct.table(1)?;
    let mut text = Text::new(direct.budget(), usize::MAX);
    // SAFETY: an argument stays where it is, and nothing is done in the VM meanwhile.
    let is_done = unsafe { json::encode_quickly(table, direct.array_mark(), &mut text) };
    // Where it is refused, or the run is killed, the other way says so.
    if !is_done.unwrap_or(false) {
        return None;
    }
    Some([direct.keep_text(text.into_bytes()).ok()?].into())
}

/// Decodes JSON straight onto the stack; `decode` says what is wrong with what is none.
unsafe extern "C-unwind" fn decode_any(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as above. The text is an argument, which stays where it is.
    unsafe {
        let args = ffi::lua_gettop(state);
        if let Arg::String(text) = Arg::at(state, 1)
            && is_text(state, text)
            && json::push(state, text)
        {
            return 1;
        }
        ffi::lua_settop(state, args);
        entry::call(state, decode)
    }
}

/// Whether bytes are UTF-8.
///
/// # Safety
/// From a C function that runs in `state`, with nothing alive that has a destructor.
unsafe fn is_text(state: *mut ffi::lua_State, mut text: &[u8]) -> bool {
    while text.len() > bytes::PIECE {
        // SAFETY: as the caller.
        unsafe { poll(state) };
        let done = match std::str::from_utf8(&text[..bytes::PIECE]) {
            Ok(piece) => piece.len(),
            // The piece ends in the middle of a character.
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return false,
        };
        text = &text[done..];
    }
    std::str::from_utf8(text).is_ok()
}

fn encode(call: &Call) -> Result<Value, Error> {
    let mut text = Text::new(call.budget(), usize::MAX);
    json::encode(&*call.marks()?, call.arg(0), "value", &mut text).map_err(|refusal| match refusal {
        Refusal::Killed => Killed.into(),
        Refusal::Value(reason) => Error::new(Code::Result, format!("json.encode: {reason}")),
        Refusal::TooLong | Refusal::TooMany(_) | Refusal::TooManyFunctions(_) => {
            Error::new(Code::Result, "json.encode: the text is too long")
        }
    })?;
    call.bytes(text.bytes())
}

fn decode(call: &Call) -> Result<Value, Error> {
    let Value::String(text) = call.arg(0) else { return Err(call.bad_argument(0, "decode", "string")) };
    let text = text.as_bytes();
    let read = if text.len() > bytes::PIECE { json::decode_in_pieces } else { json::decode };
    read(call.lua, call.budget(), &*call.marks()?, &text)
        .map_err(|reason| Error::new(Code::Runtime, format!("json.decode: {reason}")))
}

fn array(call: &Call) -> Result<Value, Error> {
    let Value::Table(table) = call.arg(0) else { return Err(call.bad_argument(0, "array", "table")) };
    let marks = call.marks()?;
    match table.metatable() {
        Some(other) if other.to_pointer() != marks.array.to_pointer() => {
            return Err(Error::new(Code::Runtime, "json.array: the table has a metatable already"));
        }
        _ => table.set_metatable(Some(marks.array.clone())).map_err(|e| call.lost(&e))?,
    }
    Ok(Value::Table(table.clone()))
}

fn null_to_string(call: &Call) -> Result<Value, Error> {
    call.string("null")
}
