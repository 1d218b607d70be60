//! The allow-list: which of Lua's libraries and functions a script finds, and ours beside them.

use super::error_value;
use crate::api;
use moonpool_lua::ffi;
use std::ffi::{CStr, c_int};

/// Whole libraries that are safe as they are (after the edits to Lua).
const LIBRARIES: &[api::Named] = &[
    (c"_G", ffi::luaopen_base),
    (c"string", ffi::luaopen_string),
    (c"table", ffi::luaopen_table),
    (c"math", ffi::luaopen_math),
    (c"utf8", ffi::luaopen_utf8),
    (c"coroutine", ffi::luaopen_coroutine),
];

/// What the base library offers and a script must not have: files.
const ABSENT_GLOBALS: &[&CStr] = &[c"dofile", c"loadfile"];

/// What a script may have of `os`: reading the time.
const OS_FUNCTIONS: &[&CStr] = &[c"time", c"clock", c"date", c"difftime"];

/// Opens everything in a new state, before any script, and returns the coroutine that the script will run in.
///
/// # Safety
/// Only through `lua_pcall`, as a C function without arguments.
pub(super) unsafe extern "C-unwind" fn open(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by Lua with its own state and LUA_MINSTACK free slots; nothing here has a destructor.
    unsafe {
        for (name, function) in LIBRARIES {
            ffi::luaL_requiref(state, name.as_ptr(), *function, 1);
            ffi::lua_settop(state, 0);
        }
        for name in ABSENT_GLOBALS {
            ffi::lua_pushnil(state);
            ffi::lua_setglobal(state, name.as_ptr());
        }
        for (name, function) in [(c"collectgarbage", collectgarbage as _), api::output::PRINT] {
            ffi::lua_pushcfunction(state, function);
            ffi::lua_setglobal(state, name.as_ptr());
        }
        open_os(state);
        error_value::install(state);
        remove(state, c"string", c"dump");
        freeze_string_metatable(state);
        api::output::install_io(state);
        api::script::install(state);
        api::json::install(state);
        api::state::install(state);
        ffi::lua_newthread(state);
    }
    1
}

/// # Safety
/// As [`open`].
unsafe fn open_os(state: *mut ffi::lua_State) {
    // SAFETY: as the caller. The full library is left to the garbage collector.
    unsafe {
        ffi::lua_pushcfunction(state, ffi::luaopen_os);
        ffi::lua_call(state, 0, 1);
        ffi::lua_createtable(state, 0, OS_FUNCTIONS.len() as c_int);
        for name in OS_FUNCTIONS {
            ffi::lua_getfield(state, -2, name.as_ptr());
            ffi::lua_setfield(state, -2, name.as_ptr());
        }
        api::set_library(state, c"os");
        ffi::lua_settop(state, -2);
    }
}

/// # Safety
/// As [`open`].
unsafe fn remove(state: *mut ffi::lua_State, library: &CStr, function: &CStr) {
    // SAFETY: as the caller.
    unsafe {
        ffi::lua_getglobal(state, library.as_ptr());
        ffi::lua_pushnil(state);
        ffi::lua_setfield(state, -2, function.as_ptr());
        ffi::lua_settop(state, -2);
    }
}

/// All strings share one metatable: hide it, so that no script can change what methods strings have behind
/// the back of the `string` table.
///
/// # Safety
/// As [`open`].
unsafe fn freeze_string_metatable(state: *mut ffi::lua_State) {
    // SAFETY: as the caller.
    unsafe {
        ffi::lua_pushstring(state, c"".as_ptr());
        ffi::lua_getmetatable(state, -1);
        ffi::lua_pushboolean(state, 0);
        ffi::lua_setfield(state, -2, c"__metatable".as_ptr());
        ffi::lua_settop(state, -3);
    }
}

/// `collectgarbage("count")`; every other option could be used to stall or stop the collector.
unsafe extern "C-unwind" fn collectgarbage(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by Lua with its own state; nothing here has a destructor.
    unsafe {
        let option = CStr::from_ptr(ffi::luaL_optstring(state, 1, c"collect".as_ptr()));
        if option != c"count" {
            return ffi::luaL_argerror(state, 1, c"only \"count\" is available".as_ptr());
        }
        let bytes = f64::from(ffi::lua_gc(state, ffi::LUA_GCCOUNT)) * 1024.0;
        ffi::lua_pushnumber(state, (bytes + f64::from(ffi::lua_gc(state, ffi::LUA_GCCOUNTB))) / 1024.0);
    }
    1
}
