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

/// Its address is the name in the registry of what [`late`] calls.
static PART: u8 = 0;

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

/// `require` of a VM that had no modules at first: calls the part in Lua, which it gets now, if there are modules by now. A
/// script may have kept it, so it and the global that takes its place know the same modules.
unsafe extern "C-unwind" fn late(state: *mut ffi::lua_State) -> c_int {
    unsafe extern "C-unwind" fn result(_: *mut ffi::lua_State, _: c_int, _: ffi::lua_KContext) -> c_int {
        1
    }
    // SAFETY: called by Lua with its own state; nothing in this frame has a destructor.
    unsafe {
        ffi::lua_settop(state, 1);
        if !push_part(state) {
            ffi::lua_settop(state, 1);
            entry::call(state, find_late);
        }
        ffi::lua_rotate(state, 1, 1);
        ffi::lua_callk(state, 1, 1, 0, Some(result));
    }
    1
}

/// Pushes what [`late`] calls, or nil when this VM has not got the part in Lua. Says which.
///
/// # Safety
/// As any function of Lua's C API, with a free stack slot.
unsafe fn push_part(state: *mut ffi::lua_State) -> bool {
    // SAFETY: as the caller.
    unsafe { ffi::lua_rawgetp(state, ffi::LUA_REGISTRYINDEX, (&raw const PART).cast()) == ffi::LUA_TFUNCTION }
}

fn find_late(call: &Call) -> Result<Value, Error> {
    let Value::String(name) = call.arg(0) else { return Err(call.bad_argument(0, "require", "string")) };
    if !call.context.has_modules() {
        return Err(Error::new(Code::Runtime, missing(call, &name.as_bytes())));
    }
    let found = part_in_lua().and_then(|part| {
        // SAFETY: the closure owns nothing that has a destructor.
        unsafe {
            call.lua.exec_raw((), |state| {
                enable(state, part);
                push_part(state);
            })
        }
    });
    found.map_err(|error| call.lost(&error))
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

/// Lets `require` find the engine's modules: the global, unless the script has another one by now, and the one that was there
/// at first.
///
/// # Safety
/// As any function of Lua's C API that may raise an error, with nine free stack slots.
pub(crate) unsafe fn enable(state: *mut ffi::lua_State, part_in_lua: &Compiled) {
    // SAFETY: as the caller; nothing here has a destructor.
    unsafe {
        let top = ffi::lua_gettop(state);
        if !push_part(state) {
            ffi::lua_rawgeti(state, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_GLOBALS);
            bytes::push(state, b"require");
            if part_in_lua.load_onto(state) != ffi::LUA_OK {
                ffi::lua_error(state);
            }
            ffi::lua_pushcfunction(state, c_function!(find));
            ffi::lua_pushcfunction(state, c_function!(fail));
            ffi::lua_pushcfunction(state, moonpool_lua::RUNNING);
            ffi::lua_pushcfunction(state, moonpool_lua::IS_ACTIVE);
            ffi::lua_pushcfunction(state, mark);
            ffi::lua_pushcfunction(state, kind);
            ffi::lua_call(state, 6, 2);
            ffi::lua_rawsetp(state, ffi::LUA_REGISTRYINDEX, (&raw const PART).cast());
            // Raw: a script that lives on may have given the globals a metatable.
            ffi::lua_pushvalue(state, -2);
            ffi::lua_rawget(state, -4);
            let is_ours =
                ffi::lua_tocfunction(state, -1).is_some_and(|it| std::ptr::fn_addr_eq(it, late as ffi::lua_CFunction));
            ffi::lua_settop(state, -2);
            if is_ours {
                ffi::lua_rawset(state, -3);
            }
        }
        ffi::lua_settop(state, top);
    }
}

/// Sets the metatable of a table.
unsafe extern "C-unwind" fn mark(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by the part in Lua, with two tables.
    unsafe { ffi::lua_setmetatable(state, 1) };
    1
}

/// The type of a value, by its name.
unsafe extern "C-unwind" fn kind(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by the part in Lua, with one value.
    unsafe { ffi::lua_pushstring(state, ffi::lua_typename(state, ffi::lua_type(state, 1))) };
    1
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

/// Raises an error where the function so many levels above was called.
fn fail(call: &Call) -> Result<Value, Error> {
    let (Value::String(message), Value::Integer(level)) = (call.arg(0), call.arg(1)) else {
        return Err(Error::new(Code::Internal, "an error without a message"));
    };
    Err(Error::new(Code::Runtime, message.to_string_lossy()).at(|| call.position(*level as c_int + 1)))
}
