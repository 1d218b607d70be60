//! `log` and `warn`: entries for the host's log. No call waits.

use super::{Named, push_library, set_library};
use crate::bridge::{Call, Context, Entry, Fields, Level, entry};
use crate::error::{Code, Error};
use crate::memory::Killed;
use crate::value::wire::Writer;
use crate::value::{Refusal, Shapes};
use mlua::Value;
use moonpool_lua::ffi;
use std::ffi::c_int;

/// `warn` replaces Lua's, which does nothing here.
pub(crate) const WARN: Named = (c"warn", warn);

const FUNCTIONS: &[Named] = &[(c"debug", debug), (c"info", info), (c"warn", log_warn), (c"error", error)];

/// Sets the global `log`.
///
/// # Safety
/// As [`push_library`].
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        push_library(state, FUNCTIONS);
        set_library(state, c"log");
    }
}

unsafe extern "C-unwind" fn debug(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by Lua with its own state; nothing in this frame has a destructor.
    unsafe { log(state, Level::Debug) }
}

unsafe extern "C-unwind" fn info(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as above.
    unsafe { log(state, Level::Info) }
}

unsafe extern "C-unwind" fn log_warn(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as above.
    unsafe { log(state, Level::Warn) }
}

unsafe extern "C-unwind" fn error(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as above.
    unsafe { log(state, Level::Error) }
}

/// As `log.warn`. Or as Lua's: with several strings, which are one message, and without those that turn warnings on and off.
unsafe extern "C-unwind" fn warn(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as above. Strings and numbers are joined without a metamethod.
    unsafe {
        let count = ffi::lua_gettop(state);
        let is_text = |n| ffi::lua_isstring(state, n) != 0;
        let has_fields = match ffi::lua_type(state, 2) {
            ffi::LUA_TNIL => count == 2,
            kind => kind == ffi::LUA_TTABLE,
        };
        if count > 1 && is_text(1) && !has_fields {
            if let Some(n) = (2..=count).find(|n| !is_text(*n)) {
                ffi::lua_pushvalue(state, n);
                ffi::lua_replace(state, 1);
                ffi::lua_pushinteger(state, n.into());
                ffi::lua_replace(state, 2);
                return entry::call(state, refuse_piece);
            }
            if !takes(state, Level::Warn) {
                return 0;
            }
            ffi::lua_concat(state, count);
        } else if count == 1 && is_control(state) {
            return 0;
        }
        log(state, Level::Warn)
    }
}

/// Whether the first argument turns Lua's warnings on or off, or is of that kind.
///
/// # Safety
/// As [`log`].
unsafe fn is_control(state: *mut ffi::lua_State) -> bool {
    // SAFETY: as the caller. A string has a NUL at its end.
    unsafe {
        ffi::lua_type(state, 1) == ffi::LUA_TSTRING
            && *ffi::lua_tolstring(state, 1, std::ptr::null_mut()).cast::<u8>() == b'@'
    }
}

/// # Safety
/// `state` is the state of the running C function, which has nothing alive that has a destructor.
unsafe fn log(state: *mut ffi::lua_State, level: Level) -> c_int {
    // SAFETY: as the caller. `luaL_tolstring` may raise any error of a `__tostring`.
    unsafe {
        ffi::lua_settop(state, 2);
        // These are looked at in any case: a script that fails when it logs shall not do so only when it is looked into.
        let is_message = !matches!(ffi::lua_type(state, 1), ffi::LUA_TNIL | ffi::LUA_TNONE);
        let are_fields = matches!(ffi::lua_type(state, 2), ffi::LUA_TNIL | ffi::LUA_TTABLE);
        if is_message && are_fields {
            if !takes(state, level) {
                return 0;
            }
            ffi::luaL_tolstring(state, 1, std::ptr::null_mut());
            ffi::lua_replace(state, 1);
        }
        ffi::lua_pushinteger(state, level as ffi::lua_Integer);
        entry::call(state, if is_message && are_fields { write } else { refuse });
    }
    0
}

/// Whether an entry of this level is logged.
///
/// # Safety
/// As [`log`].
unsafe fn takes(state: *mut ffi::lua_State, level: Level) -> bool {
    // SAFETY: as the caller; the context outlives the call, and is only read.
    unsafe { moonpool_lua::host(state).cast::<Context>().as_ref().is_some_and(|context| context.takes_entry(level)) }
}

fn level_of(call: &Call) -> Level {
    let Value::Integer(level) = call.arg(2) else { return Level::Error };
    Level::ALL[*level as usize % Level::ALL.len()]
}

/// Writes an entry down: a message, fields or nil, and its level.
fn write(call: &Call) -> Result<Value, Error> {
    let Value::String(message) = call.arg(0) else { return Err(Error::new(Code::Internal, "a message without text")) };
    let fields = fields(call).map_err(|Killed| Error::from(Killed))?;
    let (level, place) = (level_of(call), call.place());
    call.context.log(Entry { level, place, message: &message.as_bytes(), fields })?;
    Ok(Value::Nil)
}

/// The fields. What cannot cross is no reason to fail: nobody wants a script to end because of what it logs.
fn fields(call: &Call) -> Result<Fields, Killed> {
    if call.arg(1).is_nil() {
        return Ok(Fields::None);
    }
    let (context, longest) = (call.context, call.context.longest_entry().1);
    let written = || {
        let marks = call.marks().map_err(|_| Refusal::Killed)?;
        let writer = Writer::new(&context.budget, Shapes::default(), 1, context.max_nodes)?;
        let mut writer = writer.for_log(longest);
        writer.write(&marks, call.arg(1), "fields")?;
        Ok(Fields::Given(writer.into_values().0))
    };
    match written() {
        Ok(fields) => Ok(fields),
        Err(Refusal::Killed) => Err(Killed),
        Err(Refusal::Value(reason)) => Ok(Fields::Lost(reason)),
        Err(Refusal::TooMany(most)) => Ok(Fields::Lost(format!("fields has more values than its maxNodes of {most}"))),
        Err(Refusal::TooLong | Refusal::TooManyFunctions(_)) => {
            Ok(Fields::Lost(format!("fields takes more than {longest} bytes, half of its maxLog")))
        }
    }
}

/// Refuses a call with a bad argument.
fn refuse(call: &Call) -> Result<Value, Error> {
    let name = ["debug", "info", "warn", "error", ""][level_of(call) as usize];
    // The level is no argument of the script's.
    let message = if call.arg(0).is_nil() { (0, "string") } else { (1, "table") };
    Err(call.bad_argument(message.0, name, message.1))
}

/// Refuses a call of `warn` with several arguments, of which one is no string: its number, and that.
fn refuse_piece(call: &Call) -> Result<Value, Error> {
    let (Value::Integer(n), piece) = (call.arg(1), call.arg(0)) else { return Ok(Value::Nil) };
    let got = crate::value::type_name(piece);
    Err(Error::new(Code::Runtime, format!("bad argument #{n} to 'warn' (string expected, got {got})")))
}
