//! `require`: loads the modules that the host added to the engine. Written in Lua, so that a module can be left while it
//! loads, like any other code; the search for it is here.

use crate::c_function;
use crate::error::Error;
use crate::vm::Call;
use mlua::Value;
use moonpool_lua::ffi;

const SOURCE: &[u8] = include_bytes!("require.lua");

/// Sets the global `require`.
///
/// # Safety
/// As [`super::push_library`].
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state. The source compiles, so nothing but memory can fail, which is an error.
    unsafe {
        let (source, size) = (SOURCE.as_ptr().cast(), SOURCE.len());
        if ffi::luaL_loadbufferx(state, source, size, c"=require".as_ptr(), c"t".as_ptr()) != ffi::LUA_OK {
            ffi::lua_error(state);
        }
        ffi::lua_pushcfunction(state, c_function!(find));
        ffi::lua_call(state, 1, 1);
        ffi::lua_setglobal(state, c"require".as_ptr());
    }
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
