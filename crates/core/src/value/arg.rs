//! A value on Lua's stack, read and pushed without a handle of mlua's.

use moonpool_lua::ffi;
use std::ffi::{CStr, c_int};
use std::slice;

/// An argument, as it stands on Lua's stack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Arg<'a> {
    /// There are fewer arguments.
    None,
    Nil,
    Boolean(bool),
    Integer(i64),
    Number(f64),
    String(&'a [u8]),
    /// A userdata and its memory.
    Userdata(&'a [u64]),
    /// Of another type.
    Other(&'static str),
}

impl Arg<'_> {
    /// The value at this index. Nothing raises an error, or converts anything in place.
    ///
    /// # Safety
    /// `state` is valid and used by this thread only, and the value stays on its stack for as long as this lives.
    pub(crate) unsafe fn at<'a>(state: *mut ffi::lua_State, n: c_int) -> Arg<'a> {
        // SAFETY: as the caller. Each is asked only for the type that it is for.
        unsafe {
            match ffi::lua_type(state, n) {
                ffi::LUA_TNONE => Arg::None,
                ffi::LUA_TNIL => Arg::Nil,
                ffi::LUA_TBOOLEAN => Arg::Boolean(ffi::lua_toboolean(state, n) != 0),
                ffi::LUA_TNUMBER if ffi::lua_isinteger(state, n) != 0 => Arg::Integer(ffi::lua_tointeger(state, n)),
                ffi::LUA_TNUMBER => Arg::Number(ffi::lua_tonumber(state, n)),
                ffi::LUA_TSTRING => {
                    let mut len = 0;
                    let bytes = ffi::lua_tolstring(state, n, &mut len);
                    Arg::String(slice::from_raw_parts(bytes.cast(), len))
                }
                ffi::LUA_TUSERDATA => {
                    let words = ffi::lua_touserdata(state, n).cast();
                    Arg::Userdata(slice::from_raw_parts(words, ffi::lua_rawlen(state, n) as usize / size_of::<u64>()))
                }
                other => Arg::Other(CStr::from_ptr(ffi::lua_typename(state, other)).to_str().unwrap_or("value")),
            }
        }
    }

    /// Puts a value there that has no memory of its own, or a string.
    ///
    /// # Safety
    /// As any function of Lua's C API that may raise an error; there is a free stack slot.
    pub(crate) unsafe fn push(self, state: *mut ffi::lua_State) {
        // SAFETY: as the caller.
        unsafe {
            match self {
                Arg::Boolean(value) => ffi::lua_pushboolean(state, value.into()),
                Arg::Integer(value) => ffi::lua_pushinteger(state, value),
                Arg::Number(value) => ffi::lua_pushnumber(state, value),
                Arg::String(bytes) => {
                    ffi::lua_pushlstring(state, bytes.as_ptr().cast(), bytes.len());
                }
                Arg::None | Arg::Nil | Arg::Userdata(_) | Arg::Other(_) => ffi::lua_pushnil(state),
            }
        }
    }

    /// The type as messages name it.
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::None => "no value",
            Self::Nil => "nil",
            Self::Boolean(_) => "boolean",
            Self::Integer(_) | Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Userdata(_) => "userdata",
            Self::Other(name) => name,
        }
    }
}
