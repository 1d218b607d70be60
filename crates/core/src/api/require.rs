//! `require`: loads the modules that the host added to the engine or gave to the run. Written in Lua, so that a module can be suspended
//! while it loads, like any other code; the search for it is here.
//!
//! Only VMs of engines that have modules get the part in Lua: it is bytecode made once per process. Others get it when
//! they require something after all.

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
    enable(call.lua).and_then(|()| call.lua.globals().raw_get("require")).map_err(|error| call.lost(&error))
}

/// Sets the global `require` that finds the engine's modules, in a VM whose script has not begun.
///
/// # Errors
/// When the VM's memory does not suffice.
pub(crate) fn enable(lua: &Lua) -> mlua::Result<()> {
    static COMPILED: OnceLock<Compiled> = OnceLock::new();
    let compiled = match COMPILED.get() {
        Some(compiled) => compiled,
        None => {
            // In no script's VM, to which it must make no difference who is the first.
            let compiled = Compiled::new(&Lua::new_with(StdLib::NONE, LuaOptions::new())?, SOURCE, OURS)?;
            COMPILED.get_or_init(|| compiled)
        }
    };
    let open = compiled.load(lua)?;
    // SAFETY: the closure owns nothing that has a destructor.
    unsafe {
        lua.exec_raw(open, |state| {
            ffi::lua_pushcfunction(state, c_function!(find));
            ffi::lua_pushcfunction(state, c_function!(fail));
            ffi::lua_pushcfunction(state, moonpool_lua::RUNNING);
            ffi::lua_pushcfunction(state, moonpool_lua::IS_ACTIVE);
            ffi::lua_call(state, 4, 1);
            ffi::lua_setglobal(state, c"require".as_ptr());
        })
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
