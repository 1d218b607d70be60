//! `timer`: functions, and scripts known by name, that run later. They run in VMs of their own, so all that goes with a
//! function is its bytecode, which our own compiler made, and arguments by value.

use super::scripts::LONGEST_NAME;
use super::seconds::seconds;
use super::{Named, push_library, set_library};
use crate::bridge::{Call, Compiled, MAX_BYTES, NewTimer, Rhythm, Work, entry};
use crate::c_function;
use crate::error::{Code, Error, quoted_bytes};
use crate::memory::Killed;
use crate::value::wire;
use crate::value::{Refusal, Shapes, type_name};
use mlua::{Function, Value};
use moonpool_lua::ffi;
use std::ffi::{CStr, c_int};
use std::time::{Duration, Instant};

/// The shortest time between two runs of `every`, in seconds.
const SHORTEST_PERIOD: f64 = 0.001;

/// How many upvalues an error names.
const FEW_NAMES: usize = 5;

const FUNCTIONS: &[Named] = &[
    (c"at", at),
    (c"cancel", c_function!(cancel)),
    (c"every", every),
    (c"pending_count", c_function!(pending_count)),
    (c"running_count", c_function!(running_count)),
];

/// Sets the global `timer`.
///
/// # Safety
/// As [`push_library`].
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        push_library(state, FUNCTIONS);
        set_library(state, c"timer");
    }
}

unsafe extern "C-unwind" fn at(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: Lua calls this function with its own state, and there is nothing else in this frame.
    unsafe { make(state, |call| add(call, "at", Rhythm::At)) }
}

unsafe extern "C-unwind" fn every(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as above.
    unsafe { make(state, |call| add(call, "every", Rhythm::Every)) }
}

/// Returns a number, or nil and why there is none.
///
/// # Safety
/// As [`entry::call`].
unsafe fn make(state: *mut ffi::lua_State, function: entry::Function) -> c_int {
    // SAFETY: as the caller; what comes after the call has nothing that has a destructor.
    unsafe {
        entry::call_with_many(state, function);
        if ffi::lua_type(state, -1) != ffi::LUA_TSTRING {
            return 1;
        }
        ffi::luaL_checkstack(state, 1, std::ptr::null());
        ffi::lua_pushnil(state);
        ffi::lua_rotate(state, -2, 1);
    }
    2
}

fn add(call: &Call, method: &str, rhythm: Rhythm) -> Result<Value, Error> {
    if call.context.services.is_prelude {
        return Err(Error::new(Code::Runtime, "a timer cannot be made here: a prelude is nobody's script"));
    }
    let shortest = if rhythm == Rhythm::Every { SHORTEST_PERIOD } else { 0.0 };
    let time = Duration::from_secs_f64(seconds(call, method, shortest)?);
    let work = work(call, method)?;
    let args = arguments(call)?;
    let size = args.len() + work.size();
    if size > MAX_BYTES {
        let message =
            format!("the timer is too big: its function and its arguments take {size} bytes, and may {MAX_BYTES}");
        return Err(Error::new(Code::Runtime, message));
    }
    call.budget().check()?;
    let context = call.context;
    let (owner, name) = (context.id.clone(), context.name.clone());
    let new = NewTimer { owner, origin: context.run, name, work, args, rhythm, time };
    match context.timers().add(new, Instant::now()) {
        Ok(id) => Ok(Value::Integer(id as i64)),
        Err(refused) => call.string(refused.text()),
    }
}

fn work(call: &Call, method: &str) -> Result<Work, Error> {
    match call.arg(1) {
        Value::Function(function) => function_work(call, method, function),
        Value::String(name) => {
            let name = name.as_bytes();
            let text = std::str::from_utf8(&name).ok().filter(|text| (1..=LONGEST_NAME).contains(&text.len()));
            let unfit = || {
                let got = match name.len() {
                    0 => "an empty string".to_owned(),
                    long if long > LONGEST_NAME => format!("a string of {long} bytes"),
                    _ => "a string that is not UTF-8".to_owned(),
                };
                unfit(method, &got)
            };
            text.map(|text| Work::Script(text.into())).ok_or_else(unfit)
        }
        other => {
            let got = if call.args.len() > 1 { type_name(other) } else { "no value" };
            Err(unfit(method, got))
        }
    }
}

fn unfit(method: &str, got: &str) -> Error {
    let wanted = "a Lua function without upvalues, or the name of a script";
    Error::new(Code::Runtime, format!("bad argument #2 to '{method}' ({wanted}, expected, got {got})"))
}

/// What a function is, as far as it can go to another VM.
#[derive(Default)]
struct Seen {
    is_lua: bool,
    /// The names of what it refers to outside of it, the globals excepted.
    upvalues: Vec<String>,
    /// How many of those there are.
    count: usize,
    /// Whether its `_ENV` is something else than the globals.
    has_own_env: bool,
    compiled: Option<Compiled>,
}

fn function_work(call: &Call, method: &str, function: &Function) -> Result<Work, Error> {
    let mut seen = Seen::default();
    let name = call.context.name.clone();
    // SAFETY: the closure owns nothing that has a destructor, and what it calls raises no error.
    let looked = unsafe {
        call.lua.exec_raw::<()>(function.clone(), |state| {
            look(state, &mut seen);
            if seen.is_lua && seen.count == 0 && !seen.has_own_env {
                seen.compiled = Compiled::of_top(state, name.clone(), MAX_BYTES);
            }
            ffi::lua_settop(state, 0);
        })
    };
    looked.map_err(|error| call.lost(&error))?;
    if !seen.is_lua {
        return Err(unfit(method, "a C function"));
    }
    if seen.count > 0 {
        let mut names = seen.upvalues.join(", ");
        if seen.count > FEW_NAMES {
            names += &format!(" and {} more", seen.count - FEW_NAMES);
        }
        let plural = if seen.count == 1 { "the upvalue" } else { "the upvalues" };
        return Err(unfit(method, &format!("one with {plural} {names}: give it what it needs as arguments")));
    }
    if seen.has_own_env {
        return Err(unfit(method, "one whose _ENV is not the globals"));
    }
    seen.compiled.map(|compiled| Work::Function(compiled.into())).ok_or_else(|| {
        let message = format!("the timer is too big: its function takes more than {MAX_BYTES} bytes");
        Error::new(Code::Runtime, message)
    })
}

/// Looks at the function on top of the stack. A chunk that is loaded gets the globals as its first upvalue, so one `_ENV`
/// may be there, and nothing else.
///
/// # Safety
/// `state` is valid, used by this thread only, and has a function on top and three free places.
unsafe fn look(state: *mut ffi::lua_State, seen: &mut Seen) {
    // SAFETY: the caller vouches for the state; nothing here raises an error.
    unsafe {
        let function = ffi::lua_gettop(state);
        seen.is_lua = ffi::lua_iscfunction(state, function) == 0;
        if !seen.is_lua {
            return;
        }
        let mut has_env = false;
        for n in 1.. {
            let name = ffi::lua_getupvalue(state, function, n);
            if name.is_null() {
                break;
            }
            let name = CStr::from_ptr(name);
            if name == c"_ENV" && !has_env {
                has_env = true;
                ffi::lua_rawgeti(state, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_GLOBALS);
                seen.has_own_env = ffi::lua_rawequal(state, -1, -2) == 0;
            } else {
                seen.count += 1;
                if seen.count <= FEW_NAMES {
                    seen.upvalues.push(format!("'{}'", quoted_bytes(name.to_bytes())));
                }
            }
            ffi::lua_settop(state, function);
        }
    }
}

fn arguments(call: &Call) -> Result<Vec<u8>, Error> {
    let args = call.args.get(2..).unwrap_or_default();
    let max_nodes = call.context.max_nodes;
    let written = wire::write_all(call.budget(), &*call.marks()?, args, "args", Shapes::EXACT, max_nodes);
    let (args, held) = written.map_err(|refusal| match refusal {
        Refusal::Killed => Killed.into(),
        Refusal::Value(reason) => Error::new(Code::Runtime, format!("the timer cannot be made: {reason}")),
        Refusal::TooMany(most) => {
            let message =
                format!("the timer cannot be made: its arguments have more values than its maxNodes of {most}");
            Error::new(Code::Runtime, message)
        }
        Refusal::TooLong | Refusal::TooManyFunctions(_) => {
            Error::new(Code::Runtime, "the timer cannot be made: its arguments are too long")
        }
    })?;
    // The timer counts them from here on.
    call.budget().release(held);
    Ok(args)
}

fn cancel(call: &Call) -> Result<Value, Error> {
    let id = match call.arg(0) {
        Value::Integer(id) => u64::try_from(*id).ok(),
        Value::Number(id) if id.fract() == 0.0 && (0.0..9e15).contains(id) => Some(*id as u64),
        Value::Number(_) => None,
        _ => return Err(call.bad_argument(0, "cancel", "number")),
    };
    let context = call.context;
    Ok(Value::Boolean(id.is_some_and(|id| context.timers().cancel(id, Some(&context.id)))))
}

fn pending_count(call: &Call) -> Result<Value, Error> {
    let (pending, _) = call.context.timers().counts(&call.context.id);
    Ok(Value::Integer(pending as i64))
}

fn running_count(call: &Call) -> Result<Value, Error> {
    let (_, running) = call.context.timers().counts(&call.context.id);
    Ok(Value::Integer(running as i64))
}
