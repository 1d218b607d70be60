//! `State`: the script's own keys, and the refusal of everybody else's.

use super::Named;
use crate::bridge::Call;
use crate::c_function;
use crate::error::{Code, Error, quoted};
use crate::memory::Killed;
use crate::state::{Found, Key, MAX_VALUE, StoreError};
use crate::value::{Refusal, Text, json, type_name};
use mlua::Value;
use moonpool_lua::ffi;

const FUNCTIONS: &[Named] = &[
    (c"get", c_function!(get)),
    (c"set", c_function!(set, nothing)),
    (c"has", c_function!(has)),
    (c"delete", c_function!(delete)),
    (c"list", c_function!(list)),
];

/// Sets the global `State`.
///
/// # Safety
/// As [`super::push_library`].
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        super::push_library(state, FUNCTIONS);
        super::set_library(state, c"State");
    }
}

fn get(call: &Call) -> Result<Value, Error> {
    let key = key(call, "get")?;
    match call.state().get(&key).map_err(|e| refused(call, "get", key.as_str(), e))? {
        Found::Own(text) => json::decode(call.lua, call.budget(), &*call.marks()?, text.as_bytes())
            .map_err(|reason| Error::new(Code::Internal, format!("State.get: a stored value does not read: {reason}"))),
        Found::Foreign => Err(Error::new(
            Code::StateDenied,
            format!("State.get: the key {:?} belongs to another script", quoted(key.as_str())),
        )),
        Found::Nowhere => Ok(call.arg(1).clone()),
    }
}

fn set(call: &Call) -> Result<Value, Error> {
    let key = key(call, "set")?;
    if call.args.len() < 2 {
        return Err(Error::new(
            Code::StateValue,
            "State.set: the value is missing; State.set(key, nil) or State.delete(key) deletes",
        ));
    }
    if call.arg(1).is_nil() {
        call.state().delete(&key).map_err(|e| refused(call, "set", key.as_str(), e))?;
        return Ok(Value::Nil);
    }
    let mut text = Text::new(call.budget(), MAX_VALUE);
    json::encode(&*call.marks()?, call.arg(1), "value", &mut text).map_err(|refusal| match refusal {
        Refusal::Killed => Killed.into(),
        Refusal::Value(reason) => Error::new(Code::StateValue, format!("State.set: {reason}")),
        Refusal::TooLong | Refusal::TooMany(_) => {
            Error::new(Code::StateValue, format!("State.set: the value is longer than {MAX_VALUE} bytes of JSON"))
        }
    })?;
    // JSON text is UTF-8 by construction.
    let text = std::str::from_utf8(text.bytes()).map_err(|e| Error::new(Code::Internal, e.to_string()))?;
    call.state().set(&key, text).map_err(|e| refused(call, "set", key.as_str(), e))?;
    Ok(Value::Nil)
}

fn has(call: &Call) -> Result<Value, Error> {
    let key = key(call, "has")?;
    let found = call.state().get(&key).map_err(|e| refused(call, "has", key.as_str(), e))?;
    Ok(Value::Boolean(matches!(found, Found::Own(_))))
}

fn delete(call: &Call) -> Result<Value, Error> {
    let key = key(call, "delete")?;
    call.state().delete(&key).map(Value::Boolean).map_err(|e| refused(call, "delete", key.as_str(), e))
}

fn list(call: &Call) -> Result<Value, Error> {
    let prefix = match call.arg(0) {
        Value::Nil => String::new(),
        Value::String(prefix) => match prefix.to_str() {
            Ok(prefix) => prefix.to_owned(),
            Err(_) => return Err(Error::new(Code::StateValue, "State.list: the prefix is not UTF-8")),
        },
        _ => return Err(call.bad_argument(0, "list", "string")),
    };
    let keys = call.state().list(&prefix).map_err(|e| refused(call, "list", &prefix, e))?;
    let held = keys.iter().map(|key| key.len() + size_of_val(key)).sum();
    call.budget().hold(held)?;
    let table = (|| {
        let table = call.lua.create_table_with_capacity(keys.len(), 0)?;
        for (i, key) in keys.iter().enumerate() {
            table.raw_set(i + 1, &**key)?;
        }
        Ok(Value::Table(table))
    })();
    call.budget().release(held);
    table.map_err(|e| call.lost(&e))
}

/// What a script hears when the store did not do what it asked.
fn refused(call: &Call, function: &str, key: &str, error: StoreError) -> Error {
    match error {
        StoreError::Quota(bytes) => Error::new(
            Code::StateQuota,
            format!(
                "State.{function}: the key {:?} would bring this script's space to {bytes} bytes; its stateQuota is {}",
                quoted(key),
                call.state_quota()
            ),
        ),
        StoreError::Unavailable(reason) => Error::new(Code::StateUnavailable, format!("State.{function}: {reason}")),
    }
}

/// The first argument as a key.
fn key(call: &Call, function: &str) -> Result<Key, Error> {
    let wrong = |got: String| {
        Error::new(Code::StateValue, format!("State.{function}: the key must be a string of {}, got {got}", Key::RULE))
    };
    match call.arg(0) {
        Value::String(bytes) => Key::new(&bytes.as_bytes()).map_err(wrong),
        other => Err(wrong(type_name(other).to_owned())),
    }
}
