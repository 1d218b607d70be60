//! The bridge from Lua to our functions: light C functions, so that installing them costs a VM nothing.

use super::{Call, Context, error_value};
use crate::error::{Code, Error};
use mlua::{Lua, MultiValue, Value};
use moonpool_lua::ffi;
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// More arguments than any function of ours takes.
const MAX_ARGS: c_int = 8;

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
/// # Safety
/// As [`call`].
pub unsafe fn call_with_many(state: *mut ffi::lua_State, function: Function) -> c_int {
    let mut failed = false;
    // SAFETY: mlua was initialised for this VM when it was built.
    unsafe {
        let results =
            Lua::entrypoint(state, |lua: &Lua, args: MultiValue| match run(lua, &args.into_vec(), function) {
                Ok(value) => Ok(value),
                Err(error) => {
                    failed = true;
                    error_value::make(lua, &error.at(|| error_value::position(lua, 1)))
                }
            });
        if failed {
            // The error value is on top, and every Rust value of the call is gone.
            ffi::lua_error(state);
        }
        results
    }
}

// In debug builds: how many of our functions are being executed on this thread.
#[cfg(debug_assertions)]
thread_local! {
    static INSIDE: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// In debug builds: counts one of our functions while it is being executed.
struct Inside;

impl Inside {
    fn enter() -> Self {
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

fn run(lua: &Lua, args: &[Value], function: Function) -> Result<Value, Error> {
    let context = lua.app_data_ref::<Context>().ok_or_else(|| Error::new(Code::Internal, "a VM without a context"))?;
    let call = Call { lua, context: &context, args };
    let _inside = Inside::enter();
    catch_unwind(AssertUnwindSafe(|| function(&call))).unwrap_or_else(|panic| Err(context.panicked(&*panic)))
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
