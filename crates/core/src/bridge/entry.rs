//! The bridge from Lua to our functions: light C functions, so that installing them costs a VM nothing.

use super::handle::handle;
use super::{Call, Context, error_value, tasks};
use crate::error::Error;
use mlua::{Lua, MultiValue, Value};
use moonpool_lua::{Flag, ffi, poll};
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// More arguments than any function of ours looks at one by one.
const MAX_ARGS: c_int = 8;

/// The most that a function takes that looks at all of them. Each is held in a slot of mlua's own stack, which ends where
/// Lua's does.
const MOST_ARGS: c_int = 60_000;

/// A function of ours, as the modules of `api` write it.
pub type Function = fn(&Call) -> Result<Value, Error>;

/// Runs `function` for the C function that `state` is calling.
///
/// # Safety
/// Only from a C function that Lua called with `state`, as its last act, with nothing alive that has a destructor.
pub unsafe fn call(state: *mut ffi::lua_State, function: Function) -> c_int {
    // SAFETY: as the caller.
    unsafe {
        // Each argument takes a slot of mlua's; no function of ours looks at more.
        if ffi::lua_gettop(state) > MAX_ARGS {
            ffi::lua_settop(state, MAX_ARGS);
        }
        call_with_many(state, function)
    }
}

/// As [`call`], for a function that looks at all its arguments.
///
/// What mlua throws by itself owns memory that nothing counts, and a script could catch and keep it. So nothing here is
/// left to mlua: room on both stacks is there before, and an error that cannot be made kills the run.
///
/// # Safety
/// As [`call`].
pub unsafe fn call_with_many(state: *mut ffi::lua_State, function: Function) -> c_int {
    let mut end = End::Returned;
    // SAFETY: the VM has its context for as long as a script runs in it. Rust values live in the closure only.
    unsafe {
        let Some(context) = moonpool_lua::host(state).cast::<Context>().as_ref() else {
            return ffi::luaL_error(state, c"a VM without a context".as_ptr());
        };
        // To be asked before any protected call, where nothing can be suspended.
        let can_suspend = moonpool_lua::can_suspend(state);
        // What a function of ours pushes beside them is not the script's.
        if ffi::lua_gettop(state) > MOST_ARGS + MAX_ARGS {
            return ffi::luaL_error(state, c"too many arguments (at most %d)".as_ptr(), MOST_ARGS);
        }
        moonpool_lua::ready(state);
        if handle(state, context).is_err() {
            poll(state);
            return ffi::luaL_error(state, c"not enough memory".as_ptr());
        }
        let results = Lua::entrypoint(state, |lua: &Lua, args: MultiValue| {
            let args = args.into_vec();
            let call = Call { lua, context, args: &args, can_suspend, state };
            let value = catch_unwind(AssertUnwindSafe(|| answer(&call, function, &mut end)));
            Ok(value.unwrap_or_else(|panic| {
                end = End::Killed;
                context.panicked(&*panic);
                Value::Nil
            }))
        });
        // Every Rust value of the call is gone.
        match end {
            End::Returned => {}
            // The error value is on top.
            End::Failed => {
                ffi::lua_error(state);
            }
            End::Killed => poll(state),
        }
        results
    }
}

/// As [`call`], for a function that may have to wait for State: the VM is suspended then, and `after` goes on in its place.
///
/// # Safety
/// As [`call`].
pub unsafe fn call_waiting(state: *mut ffi::lua_State, function: Function, after: ffi::lua_KFunction) -> c_int {
    // SAFETY: as the caller. A function that waits has asked whether it can.
    unsafe { if call_or_wait(state, function) { moonpool_lua::suspend(state, after) } else { 1 } }
}

/// As [`call`]. Says whether the function waits for State: then it left nothing on the stack, and the VM is to be suspended.
///
/// # Safety
/// As [`call`], but that something may follow.
pub(crate) unsafe fn call_or_wait(state: *mut ffi::lua_State, function: Function) -> bool {
    // SAFETY: as the caller.
    unsafe {
        call(state, function);
        let waits = ffi::lua_touserdata(state, -1) == tasks::waits();
        if waits {
            ffi::lua_settop(state, -2);
        }
        waits
    }
}

// In debug builds: how many of our functions are being executed on this thread.
#[cfg(debug_assertions)]
thread_local! {
    static INSIDE: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// In debug builds: counts one of our functions while it is being executed.
pub(super) struct Inside;

impl Inside {
    pub(super) fn enter() -> Self {
        #[cfg(debug_assertions)]
        INSIDE.set(INSIDE.get() + 1);
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        #[cfg(debug_assertions)]
        INSIDE.set(INSIDE.get() - 1);
    }
}

/// In debug builds: panics inside one of our functions, where no script may run and no native stack be suspended.
pub(crate) fn assert_outside() {
    #[cfg(debug_assertions)]
    assert_eq!(INSIDE.get(), 0, "a native stack is suspended inside a function of ours");
}

/// How a call ends for Lua.
enum End {
    Returned,
    /// With an error value.
    Failed,
    /// It never returns: the run was killed.
    Killed,
}

/// What the function returns, or the error value that it raises. One that cannot be made is not missed: only memory can
/// have run out, which kills the run.
fn answer(call: &Call, function: Function, end: &mut End) -> Value {
    let error = match run(call, function) {
        Ok(value) => return value,
        Err(error) => error,
    };
    // SAFETY: the state is that of the C function that is running.
    let error = error.at(|| unsafe { error_value::position(call.state, 1) });
    match error_value::make(call.lua, &error) {
        Ok(value) => {
            *end = End::Failed;
            value
        }
        Err(_) => {
            *end = End::Killed;
            call.budget().kill(Flag::MEMORY);
            Value::Nil
        }
    }
}

fn run(call: &Call, function: Function) -> Result<Value, Error> {
    let _inside = Inside::enter();
    catch_unwind(AssertUnwindSafe(|| function(call))).unwrap_or_else(|panic| Err(call.context.panicked(&*panic)))
}

/// Makes a C function of a [`Function`] that returns one value, or with `nothing` none.
#[macro_export]
#[doc(hidden)]
macro_rules! c_function {
    ($function:path) => {{
        unsafe extern "C-unwind" fn entry(state: *mut ::moonpool_lua::ffi::lua_State) -> ::std::ffi::c_int {
            // SAFETY: Lua calls this function with its own state, and there is nothing else in this frame.
            unsafe { $crate::bridge::entry::call(state, $function) }
        }
        entry
    }};
    ($function:path, nothing) => {{
        unsafe extern "C-unwind" fn entry(state: *mut ::moonpool_lua::ffi::lua_State) -> ::std::ffi::c_int {
            // SAFETY: as above. The one value left on the stack is not returned.
            unsafe { $crate::bridge::entry::call(state, $function) };
            0
        }
        entry
    }};
}

/// Makes a C function of a [`Function`] that may have to wait for State. As [`c_function!`] otherwise.
#[macro_export]
#[doc(hidden)]
macro_rules! waiting_function {
    ($function:path) => {
        $crate::waiting_function!($function, |results| results)
    };
    ($function:path, nothing) => {
        $crate::waiting_function!($function, |_results| 0)
    };
    ($function:path, |$results:ident| $returned:expr) => {{
        use ::moonpool_lua::ffi;
        use ::std::ffi::c_int;
        unsafe extern "C-unwind" fn entry(state: *mut ffi::lua_State) -> c_int {
            // SAFETY: Lua calls this function with its own state, and there is nothing else in this frame.
            let $results = unsafe { $crate::bridge::entry::call_waiting(state, $function, after) };
            $returned
        }
        unsafe extern "C-unwind" fn after(state: *mut ffi::lua_State, _: c_int, _: ffi::lua_KContext) -> c_int {
            // SAFETY: as above.
            let $results = unsafe { $crate::bridge::entry::call_waiting(state, $crate::bridge::tasks::go_on, after) };
            $returned
        }
        entry
    }};
}
