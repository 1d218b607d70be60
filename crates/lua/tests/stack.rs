//! Lua's own stack has an end of its own, and nothing that a script catches there costs what no limit counts.

mod common;

use common::Vm;
use moonpool_lua::{Flag, ffi};
use std::cell::Cell;
use std::ffi::{c_int, c_void};

// SAFETY: none needed for declarations; they are C's.
unsafe extern "C" {
    fn free(block: *mut c_void);
    fn realloc(block: *mut c_void, size: usize) -> *mut c_void;
}

thread_local! {
    /// The bytes that the VM of this thread may still allocate, what it holds, and the most that it held.
    static LEFT: Cell<isize> = const { Cell::new(isize::MAX) };
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// Counts what `vm` allocates from now on, and allows so many bytes more.
fn count(vm: &Vm, bytes: isize) {
    unsafe extern "C" fn counted(_: *mut c_void, block: *mut c_void, old: usize, new: usize) -> *mut c_void {
        let growth = new as isize - if block.is_null() { 0 } else { old as isize };
        if growth > LEFT.get() {
            return std::ptr::null_mut();
        }
        LEFT.set(LEFT.get().saturating_sub(growth));
        HELD.set(HELD.get() + growth);
        PEAK.set(PEAK.get().max(HELD.get()));
        // SAFETY: the VM's first allocator is malloc's, too.
        unsafe {
            if new == 0 {
                free(block);
                return std::ptr::null_mut();
            }
            realloc(block, new)
        }
    }
    LEFT.set(bytes);
    HELD.set(0);
    PEAK.set(0);
    // SAFETY: the state is ours, and its blocks are malloc's.
    unsafe { ffi::lua_setallocf(vm.state, counted, std::ptr::null_mut()) }
}

/// Runs `source`, which sets the global `after`.
fn run(source: &str) -> (c_int, i64) {
    let vm = Vm::new();
    let co = vm.coroutine(source);
    count(&vm, isize::MAX);
    let status = vm.resume(co);
    (status, vm.global(c"after"))
}

#[test]
fn endless_recursion_is_an_error_of_few_megabytes() {
    let source = "local function f() return 1 + f() end
        local ok, message = pcall(f)
        after = message:find('stack overflow', 1, true) and #message < 300 and 1 or 0";
    assert_eq!(run(source), (ffi::LUA_OK, 1));
    assert!(PEAK.get() < 24 << 20, "{} bytes", PEAK.get());
}

#[test]
fn what_needs_a_huge_stack_is_an_error() {
    for source in [
        "after = select(2, pcall(table.unpack, {}, 1, 900000)):find('too many results to unpack', 1, true)",
        "after = select(2, pcall(string.byte, ('x'):rep(900000), 1, -1)):find('string slice too long', 1, true)",
        "local function f(...) return 1 + f(1, ...) end after = select(2, pcall(f)):find('stack overflow', 1, true) and 1",
    ] {
        // The first two begin with it: with no position, as the caller is C.
        let (status, after) = run(source);
        assert!(status == ffi::LUA_OK && after > 0, "{source}: {status} {after}");
    }
}

#[test]
fn a_handler_of_a_stack_overflow_may_overflow_too() {
    let source = "local function f() return 1 + f() end
        local ok, message = xpcall(f, f)
        after = ok == false and 1 or 0";
    assert_eq!(run(source), (ffi::LUA_OK, 1));
}

#[test]
fn a_deep_stack_can_overflow_again() {
    let source = "local function f() return 1 + f() end
        after = 0
        -- More than half of the stack, but not at its end: from here it overflows again and again, with a collection in
        -- between.
        local function deep(n)
          if n > 0 then return 1 + deep(n - 1) end
          for i = 1, 5 do
            local ok, message = pcall(f)
            if message:find('stack overflow', 1, true) and not message:find('error in error handling', 1, true) then after = after + 1 end
            collectgarbage()
          end
          return 0
        end
        deep(60000)";
    assert_eq!(run(source), (ffi::LUA_OK, 5));
}

/// Asks for stack again and again; an ordinary error when there is none.
unsafe extern "C-unwind" fn ask_for_stack(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by Lua with its own state.
    unsafe {
        if ffi::lua_checkstack(state, 100_000) == 0 {
            return ffi::luaL_error(state, c"no stack".as_ptr());
        }
    }
    0
}

/// Throws a userdata that owns memory, as mlua does.
unsafe extern "C-unwind" fn fail_as_a_host(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by Lua with its own state.
    unsafe {
        ffi::lua_newuserdatauv(state, 64, 0);
        ffi::lua_error(state)
    }
}

fn kills(function: ffi::lua_CFunction, room: isize) {
    let vm = Vm::new();
    // SAFETY: the state is ours.
    unsafe {
        ffi::lua_pushcfunction(vm.state, function);
        ffi::lua_setglobal(vm.state, c"f".as_ptr());
    }
    let co = vm.coroutine("after = 0 pcall(f) after = 1 xpcall(f, function() after = 2 end)");
    count(&vm, room);
    assert!(vm.resume(co) > ffi::LUA_YIELD);
    assert_eq!(vm.flag.killed(), Some(Flag::MEMORY));
    vm.ignore_flag();
    assert_eq!(vm.global(c"after"), 0);
    count(&vm, isize::MAX);
}

#[test]
fn running_out_of_memory_for_the_stack_is_final() {
    kills(ask_for_stack, 64 << 10);
}

#[test]
fn a_failure_of_the_host_is_final() {
    kills(fail_as_a_host, isize::MAX);
}

/// A function of the host that needs room on both stacks.
unsafe extern "C-unwind" fn needs_room(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by Lua with its own state; nothing here has a destructor.
    unsafe { moonpool_lua::ready(state) };
    0
}

#[test]
fn without_room_for_the_host_its_function_ends_with_luas_error() {
    let vm = Vm::new();
    // SAFETY: the state is ours.
    unsafe {
        ffi::lua_pushcfunction(vm.state, needs_room);
        ffi::lua_setglobal(vm.state, c"f".as_ptr());
    }
    let co = vm.coroutine(
        "local deepest
         local function dive(n)
           local ok, message = pcall(f)
           if not ok then deepest = message return end
           string.gsub('x', 'x', function() dive(n + 1) end)
         end
         dive(1)
         after = deepest == 'C stack overflow' and 1 or 0",
    );
    assert_eq!(vm.resume(co), ffi::LUA_OK);
    assert_eq!(vm.global(c"after"), 1);
    assert_eq!(vm.flag.killed(), None);
}

#[test]
fn the_first_reason_to_die_stays_when_memory_runs_out_meanwhile() {
    // Another thread kills while this one runs out of memory, many times: whoever was first, the reason is theirs.
    for _ in 0..200 {
        let vm = Vm::new();
        let co = vm.coroutine("local t = {} while true do t[#t + 1] = {} end");
        count(&vm, 64 << 10);
        let flag = vm.flag.clone();
        let other = std::thread::spawn(move || flag.kill(Flag::FIRST_REASON));
        assert!(vm.resume(co) > ffi::LUA_YIELD);
        let first = other.join().unwrap();
        assert_eq!(vm.flag.killed() == Some(Flag::FIRST_REASON), first);
        vm.ignore_flag();
        count(&vm, isize::MAX);
    }
}

#[test]
fn errors_caught_deep_in_the_stack_cost_what_they_cost_elsewhere() {
    // Where Lua can yield, and where it cannot.
    for call in ["pcall(error)", "table.sort({1, 2}, function() for i = 1, 10000 do pcall(error) end end)"] {
        let time = |depth: usize| {
            let vm = Vm::new();
            let co = vm.coroutine(&format!(
                "local function dive(n)
                   if n > 0 then return 1 + dive(n - 1) end
                   for i = 1, 10000 do {call} if {sorts} then break end end
                   return 0
                 end
                 dive({depth}) after = 1",
                sorts = call.starts_with("table"),
            ));
            let start = std::time::Instant::now();
            assert_eq!(vm.resume(co), ffi::LUA_OK);
            assert_eq!(vm.global(c"after"), 1);
            start.elapsed()
        };
        // Looking at every frame takes hundreds of times as long.
        let (shallow, deep) = (time(10), time(60_000));
        assert!(deep < shallow * 10 + std::time::Duration::from_millis(200), "{call}: {shallow:?}, {deep:?}");
    }
}

#[test]
fn a_thread_that_runs_nothing_may_hold_more() {
    let vm = Vm::new();
    // SAFETY: the state is ours; the thread stays on its stack.
    unsafe {
        let held = ffi::lua_newthread(vm.state);
        for i in 0..600_000 {
            assert_ne!(ffi::lua_checkstack(held, 1), 0);
            ffi::lua_pushinteger(held, i);
        }
        ffi::lua_gc(vm.state, ffi::LUA_GCCOLLECT);
        assert_eq!(ffi::lua_tointeger(held, 600_000), 599_999);
        assert_eq!(ffi::lua_checkstack(held, 500_000), 0);
    }
    assert_eq!(vm.flag.killed(), None);
}
