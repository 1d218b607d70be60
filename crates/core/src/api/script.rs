//! `script`: who the script is, for its own logs. Nothing that runs ever reads it back.

use crate::bridge::Call;
use crate::c_function;
use crate::error::{Code, Error};
use mlua::Value;
use moonpool_lua::ffi;

/// Sets the global `script`: a userdata, so that no field can be set raw.
///
/// # Safety
/// As [`super::push_library`].
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        ffi::lua_newuserdatauv(state, 0, 0);
        ffi::lua_createtable(state, 0, 4);
        ffi::lua_pushcfunction(state, c_function!(index));
        ffi::lua_setfield(state, -2, c"__index".as_ptr());
        ffi::lua_pushcfunction(state, c_function!(new_index, nothing));
        ffi::lua_setfield(state, -2, c"__newindex".as_ptr());
        ffi::lua_pushstring(state, c"script".as_ptr());
        ffi::lua_setfield(state, -2, c"__name".as_ptr());
        ffi::lua_pushboolean(state, 0);
        ffi::lua_setfield(state, -2, c"__metatable".as_ptr());
        ffi::lua_setmetatable(state, -2);
        ffi::lua_setglobal(state, c"script".as_ptr());
    }
}

fn index(call: &Call) -> Result<Value, Error> {
    let Value::String(key) = call.arg(1) else { return Ok(Value::Nil) };
    let text = match &*key.as_bytes() {
        b"id" if call.context.services.is_prelude => return Ok(Value::Nil),
        b"id" => call.context.id.as_str(),
        b"name" => &call.context.name,
        b"caller" => match &call.context.called {
            Some(called) => called.by.as_str(),
            None => return Ok(Value::Nil),
        },
        _ => return Ok(Value::Nil),
    };
    call.string(text)
}

fn new_index(_: &Call) -> Result<Value, Error> {
    Err(Error::new(Code::Runtime, "script is read-only: writing it would change no identity"))
}
