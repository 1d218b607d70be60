//! Branches: coroutines that a C function resumes in turn, so that one that waits does not suspend the others.

use crate::ffi;
use std::ffi::c_int;

unsafe extern "C-unwind" {
    fn moonpool_setbranch(branch: *mut ffi::lua_State);
    fn moonpool_canyield(state: *mut ffi::lua_State) -> c_int;
    fn moonpool_resumebranch(state: *mut ffi::lua_State, branch: *mut ffi::lua_State, results: *mut c_int) -> c_int;
    fn moonpool_yieldfor(
        state: *mut ffi::lua_State,
        reason: c_int,
        context: ffi::lua_KContext,
        k: ffi::lua_KFunction,
    ) -> c_int;
    fn moonpool_suspendstack(state: *mut ffi::lua_State);
    fn lua_closethread(co: *mut ffi::lua_State, from: *mut ffi::lua_State) -> c_int;
    fn moonpool_resumedby(co: *mut ffi::lua_State) -> *mut ffi::lua_State;
    fn moonpool_goesonwith(co: *mut ffi::lua_State, k: ffi::lua_KFunction, context: *mut ffi::lua_KContext) -> c_int;
}

/// How far a branch came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resumed {
    /// It has ended; so many results are on its stack.
    Ended(c_int),
    /// It has failed; the error is on top of its stack.
    Failed,
    /// The host suspends it for this reason.
    Suspended(Reason),
}

/// Why the host suspends a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is preempted: no branch goes on before this one.
    Preempted = 1,
    /// It waits: other branches may go on.
    Waits = 2,
}

/// Makes a new coroutine a branch: `coroutine.yield` is an error in it.
///
/// # Safety
/// `branch` is valid, used by this thread only, and has not begun.
pub unsafe fn set(branch: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the coroutine.
    unsafe { moonpool_setbranch(branch) }
}

/// Resumes a branch without arguments, for the C function that `state` runs.
///
/// # Safety
/// `state` runs a C function; `branch` was [`set`], holds a function, or was suspended in this way.
pub unsafe fn resume(state: *mut ffi::lua_State, branch: *mut ffi::lua_State) -> Resumed {
    let mut results = 0;
    // SAFETY: the caller vouches for both.
    match unsafe { moonpool_resumebranch(state, branch, &raw mut results) } {
        ffi::LUA_OK => Resumed::Ended(results),
        -1 => Resumed::Suspended(Reason::Preempted),
        -2 => Resumed::Suspended(Reason::Waits),
        _ => Resumed::Failed,
    }
}

/// Suspends the VM for this reason, as [`crate::suspend`] does. Where Lua can yield this does not return: when the VM is
/// resumed, `k` goes on, with `context`. Elsewhere it returns then.
///
/// # Safety
/// `state` runs a C function, with nothing alive that has a destructor; [`crate::can_suspend`] said yes.
pub unsafe fn suspend(state: *mut ffi::lua_State, reason: Reason, context: ffi::lua_KContext, k: ffi::lua_KFunction) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        if moonpool_canyield(state) != 0 {
            moonpool_yieldfor(state, reason as c_int, context, k);
        } else {
            moonpool_suspendstack(state);
        }
    }
}

/// The coroutine that one which the host suspended has resumed; null when there is none.
///
/// # Safety
/// `co` is valid, used by this thread only, and not running.
pub unsafe fn resumed_by(co: *mut ffi::lua_State) -> *mut ffi::lua_State {
    // SAFETY: the caller vouches for the coroutine.
    unsafe { moonpool_resumedby(co) }
}

/// What `k` is to be called with, if a coroutine that the host suspended goes on with that.
///
/// # Safety
/// As [`resumed_by`].
pub unsafe fn goes_on_with(co: *mut ffi::lua_State, k: ffi::lua_KFunction) -> Option<ffi::lua_KContext> {
    let mut context = 0;
    // SAFETY: the caller vouches for the coroutine.
    (unsafe { moonpool_goesonwith(co, k, &raw mut context) } != 0).then_some(context)
}

/// Closes a coroutine that was suspended, or has failed: its to-be-closed variables are closed, in a place where Lua cannot
/// yield, and what is left on its stack is its error, if it has one.
///
/// # Safety
/// `state` runs a C function, with nothing alive that has a destructor; `co` is not running.
pub unsafe fn close(co: *mut ffi::lua_State, state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for both.
    unsafe {
        lua_closethread(co, state);
    }
}
