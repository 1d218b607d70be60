//! `host.*` and `sleep`: what scripts wait for, without holding a thread.

use super::seconds::{plain_seconds, seconds};
use super::{bytes, push_global};
use crate::bridge::direct::{self, Arg, Direct};
use crate::bridge::tasks::can_wait;
use crate::bridge::{Call, Context, HostCall, HostFunction, Wait, entry};
use crate::error::{Code, Error};
use crate::memory::Killed;
use crate::value::wire::{self, Reader};
use crate::value::{Refusal, Shapes, Values};
use mlua::Value;
use moonpool_lua::ffi;
use std::ffi::c_int;
use std::sync::Arc;
use std::time::Duration;

/// More arguments than a call needs. Each takes a place in a table of mlua's before anybody counts it.
pub(super) const MAX_ARGS: c_int = 50_000;

/// Sets the global `sleep`, and `host` as an empty table.
///
/// # Safety
/// As [`super::push_library`].
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        ffi::lua_pushcfunction(state, sleep);
        ffi::lua_setglobal(state, c"sleep".as_ptr());
        ffi::lua_createtable(state, 0, 0);
        ffi::lua_setglobal(state, c"host".as_ptr());
    }
}

/// Puts functions into the `host` of a VM whose script has not begun.
///
/// # Safety
/// As any function of Lua's C API that may raise an error, with an empty stack.
pub(crate) unsafe fn add_functions(state: *mut ffi::lua_State, functions: &[Arc<HostFunction>]) {
    // SAFETY: as the caller; nothing here has a destructor. Each function needs four stack slots at most.
    unsafe {
        for function in functions {
            push_global(state, "host");
            // A script that lives on may have put something else there.
            if ffi::lua_type(state, 1) != ffi::LUA_TTABLE {
                return;
            }
            let (name, around) = function.path.split_last().expect("a function has a name");
            around.iter().for_each(|name| enter_table(state, name));
            bytes::push(state, name.as_bytes());
            ffi::lua_pushinteger(state, i64::from(function.number) | i64::from(function.shapes.bits()) << u32::BITS);
            ffi::lua_pushcclosure(state, call_host, 1);
            ffi::lua_rawset(state, 1);
            ffi::lua_settop(state, 0);
        }
    }
}

/// Puts the table of this name in the place of the one around it, at 1. Where there is none it is made.
///
/// # Safety
/// As [`add_functions`].
unsafe fn enter_table(state: *mut ffi::lua_State, name: &str) {
    // SAFETY: as the caller.
    unsafe {
        bytes::push(state, name.as_bytes());
        ffi::lua_rawget(state, 1);
        if ffi::lua_type(state, 2) != ffi::LUA_TTABLE {
            ffi::lua_settop(state, 1);
            ffi::lua_createtable(state, 0, 0);
            bytes::push(state, name.as_bytes());
            ffi::lua_pushvalue(state, 2);
            ffi::lua_rawset(state, 1);
        }
        ffi::lua_replace(state, 1);
    }
}

/// A function of `host`; its upvalue has its number, and above that how it is given its arguments.
unsafe extern "C-unwind" fn call_host(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by Lua with its own state; nothing in this frame has a destructor.
    unsafe {
        if ffi::lua_gettop(state) > MAX_ARGS {
            ffi::lua_pushinteger(state, ffi::lua_gettop(state).into());
            ffi::lua_replace(state, 1);
            return entry::call(state, refuse_call);
        }
        ffi::luaL_checkstack(state, 1, std::ptr::null());
        ffi::lua_pushvalue(state, ffi::lua_upvalueindex(1));
        ffi::lua_rotate(state, 1, 1);
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
        match direct::attempt(state, end_plain_call) {
            Some(results) => results,
            None => entry::call(state, end_call),
        }
    }
}

/// Refuses a call with so many arguments.
pub(super) fn refuse_call(call: &Call) -> Result<Value, Error> {
    let Value::Integer(count) = *call.arg(0) else { return Err(Error::new(Code::Internal, "a call without a count")) };
    let message =
        format!("the call cannot cross: it has {count} arguments, and may have {MAX_ARGS}; give them in a table");
    Err(Error::new(Code::HostFunction, message))
}

/// A call whose arguments need no handle, from where a script can wait. Every other one goes the long way.
fn begin_plain_call(direct: &Direct) -> Option<direct::Values> {
    let Arg::Integer(upvalue) = direct.arg(1) else { return None };
    if !direct.can_wait() {
        return None;
    }
    let (args, held) = write_plain_args(direct, 2, Shapes::from_bits((upvalue >> u32::BITS) as u32))?;
    direct.context.wait_for_call(HostCall { function: upvalue as u32, script: None, args }, held);
    Some(direct::Values::NONE)
}

fn end_plain_call(direct: &Direct) -> Option<direct::Values> {
    let value = direct.context.take_answer_if(|values| direct.keep_plain(wire::plain(values, 1)?.first().copied()))?;
    Some([value].into())
}

fn begin_call(call: &Call) -> Result<Value, Error> {
    let Value::Integer(upvalue) = *call.arg(0) else {
        return Err(Error::new(Code::Internal, "a function without a number"));
    };
    can_wait(call, "a host function cannot be called here")?;
    let shapes = Shapes::from_bits((upvalue >> u32::BITS) as u32);
    let (args, held) = write_args(call, shapes, Code::HostFunction)?;
    call.context.wait_for_call(HostCall { function: upvalue as u32, script: None, args }, held);
    Ok(Value::Nil)
}

/// The arguments of a call from the `first` on, as [`write_args`], if each needs no handle and may cross.
pub(super) fn write_plain_args(direct: &Direct, first: c_int, shapes: Shapes) -> Option<(Values, usize)> {
    let (budget, most) = (direct.budget(), direct.context.max_nodes);
    let args = (first..).map(|n| direct.arg(n)).take_while(|arg| *arg != Arg::None);
    wire::write_all_plain(budget, args, direct.count() + 1 - first as usize, shapes, most).ok().flatten()
}

/// The arguments of a call after the first, as bytes, and how many bytes are counted for them.
///
/// # Errors
/// When they cannot cross, with this code.
pub(super) fn write_args(call: &Call, shapes: Shapes, code: Code) -> Result<(Values, usize), Error> {
    let max_nodes = call.context.max_nodes;
    let args = wire::write_all(call.budget(), &*call.marks()?, &call.args[1..], "args", shapes, max_nodes);
    args.map_err(|refusal| match refusal {
        Refusal::Killed => Killed.into(),
        Refusal::Value(reason) => Error::new(code, format!("the call cannot cross: {reason}")),
        Refusal::TooMany(most) => {
            Error::new(code, format!("the call cannot cross: it has more values than its maxNodes of {most}"))
        }
        Refusal::TooLong | Refusal::TooManyFunctions(_) => {
            Error::new(code, "the call cannot cross: the arguments are too long")
        }
    })
}

fn end_call(call: &Call) -> Result<Value, Error> {
    let values = call.context.take_answer()?.map_err(|error| error.error())?;
    let values = Reader::new(call.lua, call.budget(), &values).values();
    let mut values = values.map_err(|refusal| match refusal {
        Refusal::Killed => Killed.into(),
        _ => Error::new(Code::Internal, "the answer is malformed"),
    })?;
    Ok(values.pop().unwrap_or(Value::Nil))
}

unsafe extern "C-unwind" fn sleep(state: *mut ffi::lua_State) -> c_int {
    unsafe extern "C-unwind" fn awake(state: *mut ffi::lua_State, _: c_int, _: ffi::lua_KContext) -> c_int {
        // SAFETY: as below.
        unsafe {
            ffi::lua_settop(state, 0);
            if direct::attempt(state, end_plain_sleep).is_none() {
                entry::call(state, end_sleep);
            }
        }
        0
    }
    // SAFETY: called by Lua with its own state; nothing in this frame has a destructor.
    unsafe {
        ffi::lua_settop(state, 1);
        if direct::attempt(state, begin_plain_sleep).is_none() {
            entry::call(state, begin_sleep);
        }
        moonpool_lua::suspend(state, awake)
    }
}

/// A sleep that may begin. Every other one goes the long way, which says why not.
fn begin_plain_sleep(direct: &Direct) -> Option<direct::Values> {
    let seconds = plain_seconds(direct.arg(1), 0.0)?;
    if !direct.can_wait() {
        return None;
    }
    sleep_for(direct.context, seconds);
    Some(direct::Values::NONE)
}

fn end_plain_sleep(direct: &Direct) -> Option<direct::Values> {
    let is_over = direct.budget().check().is_ok() && !direct.context.is_sleep_refused();
    is_over.then_some(direct::Values::NONE)
}

/// Without a time to wait for, the script is only preempted, and goes on when its turn comes.
fn sleep_for(context: &Context, seconds: f64) {
    if seconds > 0.0 {
        context.wait_for(Wait::Sleep(Duration::from_secs_f64(seconds)));
    }
}

fn begin_sleep(call: &Call) -> Result<Value, Error> {
    let seconds = seconds(call, "sleep", 0.0)?;
    can_wait(call, "sleep cannot be called here")?;
    sleep_for(call.context, seconds);
    Ok(Value::Nil)
}

fn end_sleep(call: &Call) -> Result<Value, Error> {
    call.context.take_refused_sleep().map_or(Ok(Value::Nil), Err)
}
