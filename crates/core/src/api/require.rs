//! `require`: loads the modules that the host added to the engine or gave to the run. Written in Lua, so that a module can be suspended
//! while it loads, like any other code; the search for it is here.
//!
//! Only VMs of engines that have modules get the part in Lua: it is bytecode made once per process. Others get it when
//! they require something after all.

use super::bytes;
use crate::bridge::{Call, Compiled, OURS, entry};
use crate::c_function;
use crate::error::{Code, Error, quoted_bytes};
use mlua::{Lua, LuaOptions, StdLib, Value};
use moonpool_lua::ffi;
use std::ffi::c_int;
use std::sync::OnceLock;

const SOURCE: &[u8] = include_bytes!("require.lua");

/// Sets the global `require` of a VM whose engine has no modules yet.
///
/// # Safety
/// As [`super::push_library`].
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        ffi::lua_pushcfunction(state, late);
        ffi::lua_setglobal(state, c"require".as_ptr());
    }
}

/// `require` in a VM that has not got the part in Lua: gets it now, and calls it, if there are modules by now.
unsafe extern "C-unwind" fn late(state: *mut ffi::lua_State) -> c_int {
    unsafe extern "C-unwind" fn result(_: *mut ffi::lua_State, _: c_int, _: ffi::lua_KContext) -> c_int {
        1
    }
    // SAFETY: called by Lua with its own state; nothing in this frame has a destructor.
    unsafe {
        ffi::lua_settop(state, 1);
        entry::call(state, find_late);
        ffi::lua_rotate(state, 1, 1);
        ffi::lua_callk(state, 1, 1, 0, Some(result));
    }
    1
}

fn find_late(call: &Call) -> Result<Value, Error> {
    let Value::String(name) = call.arg(0) else { return Err(call.bad_argument(0, "require", "string")) };
    if !call.context.has_modules() {
        return Err(Error::new(Code::Runtime, missing(call, &name.as_bytes())));
    }
    let enabled = part_in_lua().and_then(|part| {
        // SAFETY: the closure owns nothing that has a destructor.
        unsafe { call.lua.exec_raw::<()>((), |state| enable(state, part)) }
    });
    enabled.and_then(|()| call.lua.globals().raw_get("require")).map_err(|error| call.lost(&error))
}

/// The part in Lua, which is the same for all.
///
/// # Errors
/// When there is no memory for a VM that compiles it.
pub(crate) fn part_in_lua() -> mlua::Result<&'static Compiled> {
    static COMPILED: OnceLock<Compiled> = OnceLock::new();
    if let Some(compiled) = COMPILED.get() {
        return Ok(compiled);
    }
    // In no script's VM, to which it must make no difference who is the first.
    let compiled = Compiled::new(&Lua::new_with(StdLib::NONE, LuaOptions::new())?, SOURCE, OURS)?;
    Ok(COMPILED.get_or_init(|| compiled))
}

/// Sets the global `require` that finds the engine's modules, in a VM whose script has not begun.
///
/// # Safety
/// As any function of Lua's C API that may raise an error, with seven free stack slots.
pub(crate) unsafe fn enable(state: *mut ffi::lua_State, part_in_lua: &Compiled) {
    // SAFETY: as the caller; nothing here has a destructor.
    unsafe {
        ffi::lua_rawgeti(state, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_GLOBALS);
        bytes::push(state, b"require");
        if part_in_lua.load_onto(state) != ffi::LUA_OK {
            ffi::lua_error(state);
        }
        ffi::lua_pushcfunction(state, c_function!(find));
        ffi::lua_pushcfunction(state, c_function!(fail));
        ffi::lua_pushcfunction(state, moonpool_lua::RUNNING);
        ffi::lua_pushcfunction(state, moonpool_lua::IS_ACTIVE);
        ffi::lua_call(state, 4, 1);
        // A script that lives on may have given the globals a metatable.
        ffi::lua_rawset(state, -3);
        ffi::lua_settop(state, -2);
    }
}

/// The function of a module, or why there is none.
fn find(call: &Call) -> Result<Value, Error> {
    let Value::String(name) = call.arg(0) else { return Err(call.bad_argument(0, "require", "string")) };
    let name = name.as_bytes();
    // Modules have names that are UTF-8. No copy: the name may be as long as the script's memory allows.
    match std::str::from_utf8(&name).ok().and_then(|name| call.context.module(name)) {
        Some(module) => module.load(call.lua).map_err(|error| call.lost(&error)),
        None => call.string(&missing(call, &name)),
    }
}

/// Why there is no module of this name.
fn missing(call: &Call, name: &[u8]) -> String {
    call.context.missing_module(&quoted_bytes(name))
}

/// Raises an error where `require` was called, which is one level above.
fn fail(call: &Call) -> Result<Value, Error> {
    let Value::String(message) = call.arg(0) else {
        return Err(Error::new(Code::Internal, "an error without a message"));
    };
    Err(Error::new(Code::Runtime, message.to_string_lossy()).at(|| call.position(2)))
}
