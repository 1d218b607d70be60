//! The collector after a kill: it stops at once, for good, and frees nothing that is in use.

mod common;

use common::Vm;
use moonpool_lua::{Flag, ffi};
use std::time::{Duration, Instant};

/// A chain of `n` ephemerons: each key is reachable only through the value of the one before.
const CHAIN: &str = "collectgarbage('stop')
    chain, root = setmetatable({}, {__mode = 'k'}), {0}
    local last = root
    for i = 1, 100000 do local next = {i} chain[last] = next last = next end
    tip = last";

/// Adds a last link to the chain, if there is one, and kills the collection after it in the middle; how long after the
/// kill it ended. The newest object is then one that the collector has not reached.
fn kill_while_collecting(vm: &Vm) -> Duration {
    let co = vm.coroutine("if tip then chain[tip] = {100001} tip = nil end collectgarbage()");
    let flag = vm.flag.clone();
    let killer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(30));
        flag.kill(Flag::FIRST_REASON);
        Instant::now()
    });
    assert_eq!(vm.resume(co), ffi::LUA_ERRRUN, "it was killed");
    let end = Instant::now();
    end.saturating_duration_since(killer.join().expect("no panic"))
}

fn prepare(vm: &Vm, source: &str) {
    let co = vm.coroutine(source);
    assert_eq!(vm.resume(co), ffi::LUA_OK);
}

#[test]
fn a_kill_ends_the_convergence_of_ephemerons() {
    let vm = Vm::new();
    prepare(&vm, CHAIN);
    let late = kill_while_collecting(&vm);
    assert!(late < Duration::from_millis(300), "{late:?}");
}

#[test]
fn a_kill_ends_the_marking_of_millions_of_objects() {
    let vm = Vm::new();
    // A list that jumps through memory, so that marking it takes long.
    prepare(
        &vm,
        "collectgarbage('stop')
         local n, t = 8000009, {}
         for i = 1, n do t[i] = {0} end
         for i = 1, n do t[i][1] = t[i * 7919 % n + 1] end
         first = t[1]",
    );
    let late = kill_while_collecting(&vm);
    assert!(late < Duration::from_millis(300), "{late:?}");
}

#[test]
fn nothing_in_use_is_freed_after_a_kill_in_the_collector() {
    let vm = Vm::scribbling();
    prepare(&vm, CHAIN);
    kill_while_collecting(&vm);
    vm.ignore_flag();
    // SAFETY: the state is ours. The host works on it as it likes: asking for a collection, and allocating.
    unsafe {
        for _ in 0..2 {
            ffi::lua_gc(vm.state, ffi::LUA_GCRESTART);
            ffi::lua_gc(vm.state, ffi::LUA_GCCOLLECT);
            for _ in 0..10_000 {
                ffi::lua_createtable(vm.state, 4, 4);
                ffi::lua_settop(vm.state, -2);
            }
        }
        ffi::lua_getglobal(vm.state, c"chain".as_ptr());
        ffi::lua_getglobal(vm.state, c"root".as_ptr());
        for i in 1..=100_001 {
            ffi::lua_rawget(vm.state, -2);
            assert_eq!(ffi::lua_type(vm.state, -1), ffi::LUA_TTABLE, "link {i}");
            ffi::lua_rawgeti(vm.state, -1, 1);
            assert_eq!(ffi::lua_tointeger(vm.state, -1), i);
            ffi::lua_settop(vm.state, -2);
        }
        ffi::lua_settop(vm.state, 0);
    }
}

/// Raises the flag of the VM whose address it has as upvalue, and counts.
unsafe extern "C-unwind" fn finalize_and_kill(state: *mut ffi::lua_State) -> std::ffi::c_int {
    // SAFETY: called by Lua; its upvalues are the addresses of a flag and a counter that outlive the state.
    unsafe {
        let flag: *const Flag = ffi::lua_touserdata(state, ffi::lua_upvalueindex(1)).cast();
        let count: *mut u32 = ffi::lua_touserdata(state, ffi::lua_upvalueindex(2)).cast();
        (*flag).kill(Flag::FIRST_REASON);
        *count += 1;
    }
    0
}

#[test]
fn a_kill_in_a_finalizer_leaves_no_object_without_its_own() {
    let mut count = 0_u32;
    let vm = Vm::new();
    // SAFETY: the state is ours, and the counter lives longer.
    unsafe {
        for _ in 0..10 {
            ffi::lua_newuserdatauv(vm.state, 8, 0);
            ffi::lua_createtable(vm.state, 0, 1);
            ffi::lua_pushlightuserdata(vm.state, std::sync::Arc::as_ptr(&vm.flag).cast_mut().cast());
            ffi::lua_pushlightuserdata(vm.state, (&raw mut count).cast());
            ffi::lua_pushcclosure(vm.state, finalize_and_kill, 2);
            ffi::lua_setfield(vm.state, -2, c"__gc".as_ptr());
            ffi::lua_setmetatable(vm.state, -2);
        }
        ffi::lua_settop(vm.state, 0);
        ffi::lua_gc(vm.state, ffi::LUA_GCCOLLECT);
    }
    vm.ignore_flag();
    drop(vm);
    assert_eq!(count, 10);
}
