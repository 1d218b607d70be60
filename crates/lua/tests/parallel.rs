//! Branches: coroutines that run beside each other, so that one that waits does not suspend the others.

mod common;

use common::Vm;
use moonpool_lua::branch::{self, Reason, Resumed};
use moonpool_lua::{ffi, suspend};
use std::ffi::c_int;

/// Waits, until it is resumed.
unsafe extern "C-unwind" fn wait(state: *mut ffi::lua_State) -> c_int {
    unsafe extern "C-unwind" fn awake(_: *mut ffi::lua_State, _: c_int, _: ffi::lua_KContext) -> c_int {
        0
    }
    // SAFETY: called by Lua with its own state; nothing in this frame has a destructor.
    unsafe { suspend(state, awake) }
}

/// Resumes two branches until both have ended; says whether both waited at once.
unsafe extern "C-unwind" fn both(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by Lua with its own state and two functions; nothing in this frame has a destructor.
    unsafe {
        let branches = [1, 2].map(|n| {
            let thread = ffi::lua_newthread(state);
            branch::set(thread);
            ffi::lua_pushvalue(state, n);
            ffi::lua_xmove(state, thread, 1);
            thread
        });
        let came = branches.map(|thread| branch::resume(state, thread));
        for (thread, mut came) in branches.into_iter().zip(came) {
            while matches!(came, Resumed::Suspended(_)) {
                came = branch::resume(state, thread);
            }
            if came == Resumed::Failed {
                ffi::lua_xmove(thread, state, 1);
                ffi::lua_error(state);
            }
        }
        ffi::lua_pushboolean(state, c_int::from(came == [Resumed::Suspended(Reason::Waits); 2]));
    }
    1
}

/// What `source` leaves in the global `after`.
fn run(vm: &Vm, source: &str) -> i64 {
    // SAFETY: the state is ours.
    unsafe {
        for (name, function) in [(c"wait", wait as _), (c"both", both as _)] {
            ffi::lua_pushcfunction(vm.state, function);
            ffi::lua_setglobal(vm.state, name.as_ptr());
        }
    }
    let co = vm.coroutine(source);
    assert_eq!(vm.resume(co), ffi::LUA_OK);
    vm.global(c"after")
}

#[test]
fn branches_wait_at_once() {
    assert_eq!(run(&Vm::new(), "after = both(wait, function() pcall(wait) coroutine.wrap(wait)() end) and 1 or 0"), 1);
    assert_eq!(run(&Vm::new(), "after = both(wait, function() end) and 1 or 0"), 0);
}

#[test]
fn only_branches_cannot_yield() {
    let source = "local seen = 0
        local function look(n)
            if coroutine.isyieldable() then seen = seen + n end
            if pcall(coroutine.yield) then seen = seen + 10 * n end
        end
        both(function() look(1) local co = coroutine.wrap(function() look(100) end) co() pcall(co) end, function() end)
        after = seen";
    // Memory that was used before is not empty.
    assert_eq!(run(&Vm::scribbling(), source), 1100);
}

#[test]
fn a_branch_that_waits_is_left_alone_by_the_others() {
    let source = "local co, wrapped, seen = nil, nil, 0
        local function look(n, ok) if ok then seen = seen + n end end
        both(function() co = coroutine.create(wait) coroutine.resume(co) wrapped = 1 end, function()
            look(1, coroutine.status(co) == 'normal')
            local ok, e = coroutine.resume(co)
            look(10, not ok and e == 'cannot resume non-suspended coroutine')
            ok, e = pcall(coroutine.close, co)
            look(100, not ok and e == 'cannot close a normal coroutine')
        end)
        look(1000, coroutine.status(co) == 'dead' and wrapped)
        after = seen";
    assert_eq!(run(&Vm::new(), source), 1111);
}
