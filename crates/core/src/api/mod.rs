//! What scripts see beyond Lua itself: output, `script`, `require`, `host`, `sleep` and `parallel`, `scripts`, `json`, `log`,
//! `Shared`, `State` and `timer`, and libraries for what Lua lacks. One file each.

mod bytes;
pub(crate) mod crypto;
pub(crate) mod encoding;
pub(crate) mod host;
pub(crate) mod json;
pub mod libraries;
pub(crate) mod log;
pub(crate) mod output;
pub(crate) mod parallel;
pub(crate) mod regex;
pub(crate) mod require;
pub(crate) mod script;
pub(crate) mod scripts;
mod seconds;
pub(crate) mod shared;
pub(crate) mod state;
pub(crate) mod time;
pub(crate) mod timer;
pub(crate) mod url;

use moonpool_lua::ffi;
use std::ffi::{CStr, c_int};

/// A named C function, as the tables of this module list them.
pub(crate) type Named = (&'static CStr, unsafe extern "C-unwind" fn(*mut ffi::lua_State) -> c_int);

/// Pushes a new table of `functions`.
///
/// # Safety
/// As any function of Lua's C API that may raise an error: called in protected mode, with three free stack
/// slots and nothing alive that has a destructor.
pub(crate) unsafe fn push_library(state: *mut ffi::lua_State, functions: &[Named]) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        ffi::lua_createtable(state, 0, functions.len() as c_int);
        for (name, function) in functions {
            ffi::lua_pushcfunction(state, *function);
            ffi::lua_setfield(state, -2, name.as_ptr());
        }
    }
}

/// Pushes what the globals have under a name, whatever metatable a script has given them.
///
/// # Safety
/// As [`push_library`].
pub(crate) unsafe fn push_global(state: *mut ffi::lua_State, name: &str) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        ffi::lua_rawgeti(state, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_GLOBALS);
        bytes::push(state, name.as_bytes());
        ffi::lua_rawget(state, -2);
        ffi::lua_remove(state, -2);
    }
}

/// Sets the table on top of the stack as the global library `name`, and pops it. Lua's messages then call its
/// functions by their full names, as they do for `require`d libraries.
///
/// # Safety
/// As [`push_library`].
pub(crate) unsafe fn set_library(state: *mut ffi::lua_State, name: &CStr) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        ffi::luaL_getsubtable(state, ffi::LUA_REGISTRYINDEX, ffi::LUA_LOADED_TABLE);
        ffi::lua_pushvalue(state, -2);
        ffi::lua_setfield(state, -2, name.as_ptr());
        ffi::lua_settop(state, -2);
        ffi::lua_setglobal(state, name.as_ptr());
    }
}
