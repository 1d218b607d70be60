//! Our errors inside Lua: values with `.code` and `.message` that `tostring` and `..` turn into text.

use super::context::Call;
use super::type_name;
use crate::c_function;
use crate::error::{Code, Error};
use mlua::{Lua, Value};
use moonpool_lua::ffi;

/// Gives the values that carry Rust errors (mlua's) the fields and operators that scripts may use.
///
/// # Errors
/// When the VM's memory does not suffice.
pub(super) fn install(lua: &Lua) -> mlua::Result<()> {
    let sample = Value::Error(Box::new(mlua::Error::runtime("")));
    // SAFETY: the closure owns nothing that has a destructor; it leaves only values on the stack.
    unsafe {
        lua.exec_raw::<()>(sample, |state| {
            ffi::lua_getmetatable(state, -1);
            ffi::lua_pushcfunction(state, c_function!(index));
            ffi::lua_setfield(state, -2, c"__index".as_ptr());
            ffi::lua_pushcfunction(state, c_function!(to_string));
            ffi::lua_setfield(state, -2, c"__tostring".as_ptr());
            ffi::lua_pushcfunction(state, c_function!(concat));
            ffi::lua_setfield(state, -2, c"__concat".as_ptr());
            // Finalisers live in this table: no script may reach it.
            ffi::lua_pushboolean(state, 0);
            ffi::lua_setfield(state, -2, c"__metatable".as_ptr());
            ffi::lua_settop(state, 0);
        })
    }
}

/// Our error inside one of mlua's, however often it was passed through callbacks.
pub(super) fn unwrap(error: &mlua::Error) -> Error {
    match error {
        mlua::Error::CallbackError { cause, .. } | mlua::Error::WithContext { cause, .. } => unwrap(cause),
        mlua::Error::ExternalError(inner) => match inner.downcast_ref::<Error>() {
            Some(error) => error.clone(),
            None => Error::new(Code::Runtime, inner.to_string()),
        },
        other => Error::new(Code::Runtime, other.to_string()),
    }
}

/// `chunk:line: ` of the Lua function that called the running C function, or nothing.
pub(super) fn position(lua: &Lua) -> String {
    let found = lua.inspect_stack(1, |frame| {
        let source = frame.source().short_src?.into_owned();
        Some(format!("{source}:{}: ", frame.current_line()?))
    });
    found.flatten().unwrap_or_default()
}

fn index(call: &Call) -> Result<Value, Error> {
    let (Value::Error(error), Value::String(key)) = (call.arg(0), call.arg(1)) else { return Ok(Value::Nil) };
    let error = unwrap(error);
    match &*key.as_bytes() {
        b"code" => call.string(error.code.as_str()),
        b"message" => call.string(&error.message),
        _ => Ok(Value::Nil),
    }
}

fn to_string(call: &Call) -> Result<Value, Error> {
    match call.arg(0) {
        Value::Error(error) => call.string(&unwrap(error).to_string()),
        other => call.string(type_name(other)),
    }
}

fn concat(call: &Call) -> Result<Value, Error> {
    let mut joined = Vec::new();
    for side in [call.arg(0), call.arg(1)] {
        match side {
            Value::Error(error) => joined.extend_from_slice(unwrap(error).to_string().as_bytes()),
            Value::String(s) => joined.extend_from_slice(&s.as_bytes()),
            Value::Integer(_) | Value::Number(_) => {
                joined.extend_from_slice(
                    call.lua
                        .coerce_string(side.clone())
                        .ok()
                        .flatten()
                        .map(|s| s.to_string_lossy())
                        .unwrap_or_default()
                        .as_bytes(),
                );
            }
            other => {
                return Err(Error::new(Code::Runtime, format!("attempt to concatenate a {} value", type_name(other))));
            }
        }
    }
    call.bytes(&joined)
}
