//! Our errors inside Lua: values with `.code` and `.message` that `tostring` and `..` turn into text. Those of the host may
//! have `.details`, too.
//!
//! A userdata without memory of its own; what it says are Lua strings in its user values, so that it counts against
//! the VM's memory, and no script can change it.

use super::handle::context_of;
use crate::error::{Code, Error, Shown, quoted};
use crate::value::Arg;
use crate::value::wire::Reader;
use mlua::{IntoLuaMulti, Lua, Value};
use moonpool_lua::{ffi, protect};
use std::ffi::{CStr, c_int};

/// The metatable's name in the registry.
const NAME: &CStr = c"moonpool.error";

/// The user values.
const CODE: c_int = 1;
const MESSAGE: c_int = 2;
const POSITION: c_int = 3;
const CAUSE: c_int = 4;
// Only errors that the host shows more of have these.
const SHOWN_CODE: c_int = 5;
const DETAILS: c_int = 6;

/// Makes the metatable of all error values of a new VM.
///
/// # Safety
/// As any function of Lua's C API that may raise an error: called in protected mode, with three free stack slots and
/// nothing alive that has a destructor.
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        ffi::luaL_newmetatable(state, NAME.as_ptr());
        ffi::lua_pushcfunction(state, index);
        ffi::lua_setfield(state, -2, c"__index".as_ptr());
        ffi::lua_pushcfunction(state, to_string);
        ffi::lua_setfield(state, -2, c"__tostring".as_ptr());
        ffi::lua_pushcfunction(state, concat);
        ffi::lua_setfield(state, -2, c"__concat".as_ptr());
        ffi::lua_pushboolean(state, 0);
        ffi::lua_setfield(state, -2, c"__metatable".as_ptr());
        ffi::lua_settop(state, -2);
    }
}

/// The Lua value of an error.
///
/// # Errors
/// When the VM's memory does not suffice.
pub(crate) fn make(lua: &Lua, error: &Error) -> mlua::Result<Value> {
    let (code, message, position) = (error.code.as_str(), error.message.as_str(), error.position.as_str());
    let Some(shown) = &error.shown else { return with_values(lua, (code, message, position, error.cause), CAUSE) };
    let (shown_code, details) = (shown.code.as_deref(), details(lua, shown)?);
    with_values(lua, (code, message, position, error.cause, shown_code, details), DETAILS)
}

/// A new error with these user values, the first `count`.
fn with_values(lua: &Lua, values: impl IntoLuaMulti, count: c_int) -> mlua::Result<Value> {
    // SAFETY: the closure owns nothing that has a destructor; it takes the values and leaves the userdata.
    unsafe {
        lua.exec_raw(values, |state| {
            ffi::lua_newuserdatauv(state, 0, count);
            ffi::lua_rotate(state, 1, 1);
            for value in (CODE..=count).rev() {
                ffi::lua_setiuservalue(state, 1, value);
            }
            ffi::luaL_setmetatable(state, NAME.as_ptr());
        })
    }
}

/// What the host tells of an error, as a value.
fn details(lua: &Lua, shown: &Shown) -> mlua::Result<Value> {
    let Some(details) = &shown.details else { return Ok(Value::Nil) };
    let Some(context) = context_of(lua) else { return Ok(Value::Nil) };
    let values = Reader::new(lua, &context.budget, details).values();
    values.map(|mut values| values.pop().unwrap_or(Value::Nil)).map_err(|_| mlua::Error::MemoryError(String::new()))
}

/// The error that the value on top of `thrown` is, if it is one of ours. It stays there.
///
/// # Safety
/// `state` is the main thread of a VM in which nothing runs, used by this thread only; `thrown` is a coroutine of it.
pub(crate) unsafe fn read(state: *mut ffi::lua_State, thrown: *mut ffi::lua_State) -> Option<Error> {
    const PARTS: [c_int; 4] = [CODE, MESSAGE, POSITION, CAUSE];
    // SAFETY: the caller vouches for both; the closure owns nothing that has a destructor. The strings are on the stack until
    // they are copied.
    unsafe {
        let top = ffi::lua_gettop(state);
        let status = protect(state, 0, ffi::LUA_MULTRET, |state| {
            ffi::luaL_checkstack(thrown, 1, std::ptr::null());
            ffi::lua_pushvalue(thrown, -1);
            ffi::lua_xmove(thrown, state, 1);
            if ffi::luaL_testudata(state, 1, NAME.as_ptr()).is_null() {
                return 0;
            }
            for part in PARTS {
                ffi::lua_getiuservalue(state, 1, part);
            }
            PARTS.len() as c_int
        });
        let parts = [1, 2, 3, 4].map(|n| Arg::at(state, top + n));
        let error = match parts {
            [Arg::String(code), Arg::String(message), Arg::String(position), cause] if status == ffi::LUA_OK => {
                Code::of(&String::from_utf8_lossy(code)).map(|code| Error {
                    position: String::from_utf8_lossy(position).into_owned(),
                    cause: if let Arg::Integer(cause) = cause { u32::try_from(cause).ok() } else { None },
                    ..Error::new(code, String::from_utf8_lossy(message))
                })
            }
            _ => None,
        };
        ffi::lua_settop(state, top);
        error
    }
}

/// What an operation of mlua's says that failed: only when memory runs out, or by a bug. No more of it than a sentence:
/// mlua quotes what Lua says, and adds tracebacks.
pub(crate) fn of(error: &mlua::Error) -> Error {
    Error::new(
        Code::Internal,
        match error {
            mlua::Error::MemoryError(_) => "not enough memory".to_owned(),
            error => quoted(error.to_string().lines().next().unwrap_or_default()).to_string(),
        },
    )
}

/// `chunk:line: ` of the function so many levels above the running C function, if it is a script's; or nothing.
///
/// # Safety
/// As [`place`].
pub(crate) unsafe fn position(state: *mut ffi::lua_State, level: c_int) -> String {
    // SAFETY: as the caller.
    unsafe { place(state, level) }.map(|(chunk, line)| format!("{chunk}:{line}: ")).unwrap_or_default()
}

/// The chunk and line of the function so many levels above the running C function, if it is a script's.
///
/// # Safety
/// `state` is that of a C function that is running, with a free stack slot.
pub(crate) unsafe fn place(state: *mut ffi::lua_State, level: c_int) -> Option<(String, u32)> {
    // SAFETY: reading a frame raises no errors; `ar` is filled before it is read. Of the source, which may be megabytes,
    // only its short name is looked at.
    unsafe {
        let mut ar: ffi::lua_Debug = std::mem::zeroed();
        if ffi::lua_getstack(state, level, &mut ar) == 0 {
            return None;
        }
        ffi::lua_getinfo(state, c"Sl".as_ptr(), &mut ar);
        let line = u32::try_from(ar.currentline).ok()?;
        let source = CStr::from_ptr(ar.short_src.as_ptr()).to_string_lossy();
        (source != super::OURS).then(|| (source.into_owned(), line))
    }
}

unsafe extern "C-unwind" fn index(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by Lua with its own state; nothing here has a destructor.
    unsafe {
        ffi::luaL_checkudata(state, 1, NAME.as_ptr());
        let key = if ffi::lua_type(state, 2) == ffi::LUA_TSTRING {
            CStr::from_ptr(ffi::lua_tolstring(state, 2, std::ptr::null_mut()))
        } else {
            c""
        };
        match key.to_bytes() {
            b"code" => {
                if ffi::lua_getiuservalue(state, 1, SHOWN_CODE) != ffi::LUA_TSTRING {
                    ffi::lua_getiuservalue(state, 1, CODE);
                }
            }
            b"message" => {
                ffi::lua_getiuservalue(state, 1, MESSAGE);
            }
            b"details" => {
                ffi::lua_getiuservalue(state, 1, DETAILS);
            }
            _ => return 0,
        };
    }
    1
}

unsafe extern "C-unwind" fn to_string(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as in `index`.
    unsafe {
        ffi::luaL_checkudata(state, 1, NAME.as_ptr());
        push_text(state, 1);
    }
    1
}

unsafe extern "C-unwind" fn concat(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as in `index`.
    unsafe {
        for side in 1..=2 {
            if !ffi::luaL_testudata(state, side, NAME.as_ptr()).is_null() {
                push_text(state, side);
            } else if ffi::lua_isstring(state, side) != 0 {
                ffi::lua_pushvalue(state, side);
            } else {
                let kind = ffi::luaL_typename(state, side);
                return ffi::luaL_error(state, c"attempt to concatenate a %s value".as_ptr(), kind);
            }
        }
        ffi::lua_concat(state, 2);
    }
    1
}

/// Pushes position and message of the error at stack index `error`, as one string.
///
/// # Safety
/// The value is an error of ours; otherwise as [`install`].
unsafe fn push_text(state: *mut ffi::lua_State, error: c_int) {
    // SAFETY: the caller vouches for the state and the value.
    unsafe {
        ffi::lua_getiuservalue(state, error, POSITION);
        ffi::lua_getiuservalue(state, error, MESSAGE);
        ffi::lua_concat(state, 2);
    }
}
