//! The compiler can be suspended, or killed, between any two steps of what is not linear in it.

mod common;

use common::Vm;
use moonpool_lua::set_fiber;
use std::ffi::c_void;

/// Counts one time that the VM could have been suspended.
unsafe extern "C-unwind" fn count(polls: *mut c_void) {
    // SAFETY: the counter of `polls_of`, which waits.
    unsafe { *polls.cast::<usize>() += 1 };
}

/// How often the VM looks at its flag, and could be suspended, while it executes `source`.
fn polls_of(source: &str) -> usize {
    let vm = Vm::new();
    let co = vm.coroutine(source);
    let mut polls = 0_usize;
    vm.flag.preempt();
    // SAFETY: the counter outlives the VM's work; nothing is suspended, only counted.
    unsafe { set_fiber(vm.state, Some(count), (&raw mut polls).cast()) };
    while vm.resume(co) == moonpool_lua::ffi::LUA_YIELD {}
    polls
}

#[test]
fn each_goto_that_finds_its_label_is_a_safepoint() {
    // The same tokens; only in the first one does the label end what is pending.
    let polls = |label: &str| polls_of(&format!("load(('goto a '):rep(20000) .. '::{label}::')"));
    let (found, missed) = (polls("a"), polls("b"));
    assert!(found >= missed + 20_000, "{found} against {missed}");
}
