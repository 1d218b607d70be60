//! `require`: loads the modules that the host added to the engine. Written in Lua, so that a module can be left while it
//! loads, like any other code; the search for it is here.

//!
//! Only VMs of engines that have modules get the part in Lua: it is bytecode made once per process.

use crate::c_function;
use crate::error::{Code, Error};
use crate::vm::{Call, Compiled};
use mlua::{Lua, Value};
use moonpool_lua::ffi;
use std::sync::OnceLock;

const SOURCE: &[u8] = include_bytes!("require.lua");

/// Sets the global `require` that finds nothing.
///
/// # Safety
/// As [`super::push_library`].
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        ffi::lua_pushcfunction(state, c_function!(find_nothing));
        ffi::lua_setglobal(state, c"require".as_ptr());
    }
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
            let compiled = Compiled::new(lua, SOURCE, "require")?;
            COMPILED.get_or_init(|| compiled)
        }
    };
    let open = compiled.load(lua)?;
    // SAFETY: the closure owns nothing that has a destructor.
    unsafe {
        lua.exec_raw(open, |state| {
            ffi::lua_pushcfunction(state, c_function!(find));
            ffi::lua_call(state, 1, 1);
            ffi::lua_setglobal(state, c"require".as_ptr());
        })
    }
}

fn find_nothing(call: &Call) -> Result<Value, Error> {
    let Value::String(name) = call.arg(0) else { return Err(call.bad_argument(0, "require", "string")) };
    Err(Error::new(Code::Runtime, call.context.host.modules.missing(&name.to_string_lossy())))
}

/// The function of a module, or why there is none.
fn find(call: &Call) -> Result<Value, Error> {
    let Value::String(name) = call.arg(0) else { return Err(call.bad_argument(0, "require", "string")) };
    let name = name.to_string_lossy();
    match call.context.host.modules.get(&name) {
        Some(module) => module.load(call.lua).map_err(|error| call.lost(&error)),
        None => call.string(&call.context.host.modules.missing(&name)),
    }
}
