//! `scripts`: calls of other scripts by name, each in a VM and under an identity of its own.
//!
//! A call is a wait, as for a host function. The host begins the script that is called, so nothing here decides who that is:
//! the name is looked up, and the caller's id compared, when the call is made.

use super::host::{MAX_ARGS, refuse_call, write_args, write_plain_args};
use super::{Named, push_library, set_library};
use crate::bridge::direct::{self, Arg, Direct};
use crate::bridge::tasks::can_wait;
use crate::bridge::{Call, Called, HostCall, entry, no_script};
use crate::c_function;
use crate::error::{Code, Error, quoted_bytes};
use crate::memory::Killed;
use crate::value::wire::{self, Reader};
use crate::value::{Refusal, Shapes};
use mlua::Value;
use moonpool_lua::ffi;
use std::ffi::c_int;

/// The longest name of a script, in bytes: that of a label in lib/options.js.
pub(super) const LONGEST_NAME: usize = 256;

const FUNCTIONS: &[Named] = &[(c"call", call_script), (c"list", c_function!(list))];

/// Sets the global `scripts`.
///
/// # Safety
/// As [`super::push_library`].
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        push_library(state, FUNCTIONS);
        set_library(state, c"scripts");
    }
}

fn list(call: &Call) -> Result<Value, Error> {
    let table = call.lua.create_table().map_err(|error| call.lost(&error))?;
    for (i, name) in call.context.services.scripts.names(&call.context.id).iter().enumerate() {
        call.budget().check()?;
        table.raw_set(i + 1, &**name).map_err(|error| call.lost(&error))?;
    }
    Ok(Value::Table(table))
}

unsafe extern "C-unwind" fn call_script(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by Lua with its own state; nothing in this frame has a destructor.
    unsafe {
        if ffi::lua_gettop(state) > MAX_ARGS {
            ffi::lua_pushinteger(state, ffi::lua_gettop(state).into());
            ffi::lua_replace(state, 1);
            return entry::call(state, refuse_call);
        }
        if direct::attempt(state, begin_plain_call).is_none() {
            entry::call_with_many(state, begin_call);
        }
        ffi::lua_settop(state, 0);
        moonpool_lua::suspend(state, answered)
    }
}

unsafe extern "C-unwind" fn answered(state: *mut ffi::lua_State, _: c_int, _: ffi::lua_KContext) -> c_int {
    // SAFETY: as above.
    unsafe {
        ffi::lua_settop(state, 0);
        if let Some(results) = direct::attempt(state, end_plain_call) {
            return results;
        }
        entry::call(state, end_call);
        ffi::lua_rawgeti(state, 1, 0);
        let count = ffi::lua_tointeger(state, 2) as c_int;
        ffi::lua_settop(state, 1);
        ffi::luaL_checkstack(state, count, c"too many results".as_ptr());
        for i in 1..=count {
            ffi::lua_rawgeti(state, 1, i.into());
        }
        count
    }
}

/// A call whose arguments need no handle, of a script that may be called. Every other one goes the long way.
fn begin_plain_call(direct: &Direct) -> Option<direct::Values> {
    let Arg::String(name) = direct.arg(1) else { return None };
    let (name, context) = (label(name).filter(|_| direct.can_wait())?, direct.context);
    context.services.scripts.check(name, &context.id).ok()?;
    let called = Called::new(&context.id, &context.name, context.called.as_deref(), name).ok()?;
    let (args, held) = write_plain_args(direct, 2, Shapes::EXACT)?;
    context.wait_for_call(HostCall { function: 0, script: Some(Box::new(called)), args }, held);
    Some(direct::Values::NONE)
}

/// The result of a script that has one which needs no handle, or none.
fn end_plain_call(direct: &Direct) -> Option<direct::Values> {
    let values = direct.context.take_answer_if(|values| match *wire::plain(values, 1)? {
        [] => Some(direct::Values::NONE),
        [value] => Some([direct.keep_plain(Some(value))?].into()),
        _ => None,
    })?;
    drop(direct.context.take_held_result());
    Some(values)
}

fn begin_call(call: &Call) -> Result<Value, Error> {
    let Value::String(name) = call.arg(0) else { return Err(call.bad_argument(0, "call", "string")) };
    can_wait(call, "a script cannot be called here")?;
    let context = call.context;
    let name = name.as_bytes();
    let name = label(&name).ok_or_else(|| no_script(&quoted_bytes(&name)))?;
    // Asked again when the call is made: until then this may change.
    context.services.scripts.check(name, &context.id)?;
    let called = Called::new(&context.id, &context.name, context.called.as_deref(), name)?;
    let (args, held) = write_args(call, Shapes::EXACT, Code::Result)?;
    context.wait_for_call(HostCall { function: 0, script: Some(Box::new(called)), args }, held);
    Ok(Value::Nil)
}

/// A name, if it can be that of a script. Nothing else may become one by the way in which it is shown.
fn label(name: &[u8]) -> Option<&str> {
    std::str::from_utf8(name).ok().filter(|name| name.len() <= LONGEST_NAME)
}

/// What the script returned, in a table under 1 to n, with n under 0.
fn end_call(call: &Call) -> Result<Value, Error> {
    let _held = call.context.take_held_result();
    let values = call.context.take_answer()?.map_err(|error| error.error())?;
    let table = call.lua.create_table().map_err(|error| call.lost(&error))?;
    let read = Reader::new(call.lua, call.budget(), &values).into_table(&table);
    let count = read.and_then(|count| Ok(table.raw_set(0, count)?));
    count.map_err(|refusal| match refusal {
        Refusal::Killed => Killed.into(),
        _ => Error::new(Code::Internal, "the answer is malformed"),
    })?;
    Ok(Value::Table(table))
}
