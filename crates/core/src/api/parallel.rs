//! `parallel`: functions that run at once as far as they wait.

use crate::bridge::direct::context;
use crate::bridge::parallel::{MOST, Turn};
use moonpool_lua::branch::{self, Reason, Resumed};
use moonpool_lua::{ffi, poll};
use std::ffi::c_int;

/// Sets the global `parallel`.
///
/// # Safety
/// As [`super::push_library`].
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        ffi::lua_pushcfunction(state, parallel);
        ffi::lua_setglobal(state, c"parallel".as_ptr());
    }
}

/// Its stack has the functions; in the place of each, its coroutine when it has begun, and its result when it has ended.
unsafe extern "C-unwind" fn parallel(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by Lua with its own state; nothing in this frame has a destructor.
    unsafe {
        let functions = ffi::lua_gettop(state);
        if functions == 0 {
            return 0;
        }
        for n in 1..=functions.min(MOST as c_int) {
            if ffi::lua_type(state, n) != ffi::LUA_TFUNCTION {
                let got = ffi::luaL_typename(state, n);
                let message = c"bad argument #%d to 'parallel' (function expected, got %s)".as_ptr();
                return ffi::luaL_error(state, message, n, got);
            }
        }
        match context(state).begin_parallel(functions as usize) {
            Ok(Some(group)) => go_on(state, group, functions),
            Ok(None) => {
                let message =
                    c"parallel cannot begin %d functions: at most %d may be at work at once in a run".as_ptr();
                ffi::luaL_error(state, message, functions, MOST as c_int)
            }
            Err(_) => {
                poll(state);
                0
            }
        }
    }
}

/// The number of a group, and how many functions it has, as one number.
const fn packed(group: u32, functions: c_int) -> ffi::lua_KContext {
    (group as ffi::lua_KContext) << 16 | functions as ffi::lua_KContext
}

const fn unpacked(context: ffi::lua_KContext) -> (u32, c_int) {
    ((context >> 16) as u32, (context & 0xffff) as c_int)
}

unsafe extern "C-unwind" fn resumed(state: *mut ffi::lua_State, _: c_int, packed: ffi::lua_KContext) -> c_int {
    let (group, functions) = unpacked(packed);
    // SAFETY: as `parallel`, where it was suspended.
    unsafe { go_on(state, group, functions) }
}

/// Lets branches go on until all have ended.
///
/// # Safety
/// As the last act of [`parallel`], with its stack, and nothing alive that has a destructor.
unsafe fn go_on(state: *mut ffi::lua_State, group: u32, functions: c_int) -> c_int {
    // SAFETY: the caller vouches for the state. The stack is as `parallel` says, with room for a few values more.
    unsafe {
        let context = context(state);
        loop {
            poll(state);
            let branch = match context.next_branch(group) {
                Turn::Begin(branch) => {
                    begin(state, branch);
                    branch
                }
                Turn::GoOn(branch) => branch,
                Turn::Suspend => {
                    branch::suspend(state, Reason::Waits, packed(group, functions), resumed);
                    continue;
                }
                Turn::Return => {
                    context.end_parallel(group);
                    ffi::lua_settop(state, functions);
                    return functions;
                }
            };
            let thread = ffi::lua_tothread(state, branch as c_int + 1);
            let came = branch::resume(state, thread);
            poll(state);
            match came {
                Resumed::Ended(results) => {
                    context.end_branch(group);
                    take_result(state, branch, thread, results);
                }
                Resumed::Suspended(Reason::Waits) => context.park(group),
                Resumed::Suspended(Reason::Preempted) => {
                    branch::suspend(state, Reason::Preempted, packed(group, functions), resumed);
                }
                Resumed::Failed => {
                    context.give_up(group);
                    branch::close(thread, state);
                    poll(state);
                    ffi::lua_settop(state, functions);
                    ffi::lua_xmove(thread, state, 1);
                    context.end_branch(group);
                    close_all(state, state, group, functions);
                    ffi::lua_error(state);
                }
            }
        }
    }
}

/// Makes the coroutine of a function.
///
/// # Safety
/// As [`go_on`].
unsafe fn begin(state: *mut ffi::lua_State, branch: u32) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        let thread = ffi::lua_newthread(state);
        branch::set(thread);
        ffi::lua_pushvalue(state, branch as c_int + 1);
        ffi::lua_xmove(state, thread, 1);
        ffi::lua_replace(state, branch as c_int + 1);
    }
}

/// Puts the first result of a branch into its place.
///
/// # Safety
/// As [`go_on`]; `thread` is the branch's coroutine, with so many results.
unsafe fn take_result(state: *mut ffi::lua_State, branch: u32, thread: *mut ffi::lua_State, results: c_int) {
    // SAFETY: the caller vouches for both.
    unsafe {
        if results == 0 {
            ffi::lua_pushnil(state);
        } else {
            ffi::lua_settop(thread, ffi::lua_gettop(thread) - results + 1);
            ffi::lua_xmove(thread, state, 1);
        }
        ffi::lua_settop(thread, 0);
        ffi::lua_replace(state, branch as c_int + 1);
    }
}

/// Closes the branches of a group that have not ended, and forgets the group. `of` is the coroutine whose stack has them.
///
/// # Safety
/// As [`go_on`]; `of` is `state`, or suspended by the host in its call of `parallel`.
unsafe fn close_all(state: *mut ffi::lua_State, of: *mut ffi::lua_State, group: u32, functions: c_int) {
    // SAFETY: the caller vouches for both.
    unsafe {
        for branch in 0..functions {
            if context(state).is_open(group, branch as u32) {
                close(state, ffi::lua_tothread(of, branch + 1));
            }
        }
        context(state).end_parallel(group);
    }
}

/// Closes a coroutine that the host suspended, and before that those that it has resumed itself. What their `__close`
/// handlers raise is not heard: there is an error already.
///
/// # Safety
/// As [`go_on`]; `thread` is one that the host suspended.
unsafe fn close(state: *mut ffi::lua_State, thread: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for both. Each is kept by the one that has resumed it, and nobody else can resume or close
    // it meanwhile.
    unsafe {
        let inner = branch::resumed_by(thread);
        if !inner.is_null() {
            close(state, inner);
        } else if let Some(packed) = branch::goes_on_with(thread, resumed) {
            let (group, functions) = unpacked(packed);
            close_all(state, thread, group, functions);
        }
        branch::close(thread, state);
        poll(state);
        ffi::lua_settop(thread, 0);
    }
}
