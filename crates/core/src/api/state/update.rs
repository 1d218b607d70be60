//! `State.update`: a script's function makes the new value of the old one, again when somebody was faster.
//!
//! Nothing is locked while the function runs: its value is written only if the old one is still there.

use super::keys::{begin, read, swap};
use crate::bridge::{Call, entry, tasks};
use crate::c_function;
use crate::error::Error;
use mlua::Value;
use moonpool_lua::ffi;
use std::ffi::c_int;

/// Its address is the name of the guard in the registry.
static GUARD: u8 = 0;

/// Where things are on the stack of the C function. Its arguments (key, function, default) come first.
const FUNCTION: c_int = 2;
const DEFAULT: c_int = 3;
/// The text of the value when it was read, then the value, the guard, and what the function made of it.
const TEXT: c_int = 4;
const OLD: c_int = 5;
const GUARDED: c_int = 6;
const NEW: c_int = 7;

/// Puts the guard into the registry: a value whose `__close` ends an update that an error unwinds.
///
/// # Safety
/// As [`crate::api::push_library`].
pub(super) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        ffi::lua_createtable(state, 0, 0);
        ffi::lua_createtable(state, 0, 1);
        ffi::lua_pushcfunction(state, c_function!(end, nothing));
        ffi::lua_setfield(state, -2, c"__close".as_ptr());
        ffi::lua_setmetatable(state, -2);
        ffi::lua_rawsetp(state, ffi::LUA_REGISTRYINDEX, (&raw const GUARD).cast());
    }
}

/// The guard's `__close`.
fn end(call: &Call) -> Result<Value, Error> {
    call.end_update();
    Ok(Value::Nil)
}

/// How far an update is.
enum At {
    Begin,
    /// The old value's text is on top.
    Read,
    /// Whether the new value was written is on top.
    Swapped,
}

pub(super) unsafe extern "C-unwind" fn update(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: Lua calls this function with its own state; nothing in this frame has a destructor.
    unsafe { go_on(state, At::Begin) }
}

unsafe extern "C-unwind" fn has_read(state: *mut ffi::lua_State, _: c_int, _: ffi::lua_KContext) -> c_int {
    // SAFETY: as `update`, where it was suspended.
    unsafe {
        if entry::call_or_wait(state, tasks::go_on) {
            return moonpool_lua::suspend(state, has_read);
        }
        go_on(state, At::Read)
    }
}

unsafe extern "C-unwind" fn has_swapped(state: *mut ffi::lua_State, _: c_int, _: ffi::lua_KContext) -> c_int {
    // SAFETY: as `update`, where it was suspended.
    unsafe {
        if entry::call_or_wait(state, tasks::go_on) {
            return moonpool_lua::suspend(state, has_swapped);
        }
        go_on(state, At::Swapped)
    }
}

/// Goes on until the new value is written, or until it has to wait.
///
/// # Safety
/// The last act of the C function that `state` runs, with its stack as `at` says, and nothing alive that has a destructor.
unsafe fn go_on(state: *mut ffi::lua_State, mut at: At) -> c_int {
    // SAFETY: the caller vouches for the state.
    unsafe {
        loop {
            at = match at {
                At::Begin => {
                    ffi::lua_settop(state, DEFAULT);
                    if entry::call_or_wait(state, read) {
                        return moonpool_lua::suspend(state, has_read);
                    }
                    At::Read
                }
                At::Read => {
                    change(state);
                    if entry::call_or_wait(state, swap) {
                        return moonpool_lua::suspend(state, has_swapped);
                    }
                    At::Swapped
                }
                At::Swapped if ffi::lua_toboolean(state, -1) != 0 => {
                    ffi::lua_settop(state, NEW);
                    return 1;
                }
                At::Swapped => At::Begin,
            }
        }
    }
}

/// Calls the function with the value, or with the default.
///
/// # Safety
/// As [`go_on`], with the text on top.
unsafe fn change(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        ffi::lua_settop(state, TEXT);
        entry::call(state, begin);
        ffi::lua_settop(state, OLD);
        // From here on an error ends the update, too.
        ffi::lua_rawgetp(state, ffi::LUA_REGISTRYINDEX, (&raw const GUARD).cast());
        ffi::lua_toclose(state, GUARDED);
        ffi::lua_pushvalue(state, FUNCTION);
        ffi::lua_pushvalue(state, OLD);
        ffi::lua_call(state, 1, 1);
        ffi::lua_closeslot(state, GUARDED);
    }
}
