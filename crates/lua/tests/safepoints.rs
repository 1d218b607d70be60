//! A raised flag ends or suspends whatever the VM is doing, from any thread.

mod common;

use common::Vm;
use moonpool_lua::{Flag, ffi};
use std::ffi::c_int;
use std::sync::Barrier;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

/// Runs `source` until another thread kills it, on a thread of its own with a generous time limit, and
/// says how often `source` called the global `after`.
fn kill(source: &'static str) -> i64 {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let vm = Vm::new();
        let flag = vm.flag.clone();
        let co = vm.coroutine(source);
        let killer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            assert!(flag.kill(Flag::FIRST_REASON));
        });
        let status = vm.resume(co);
        assert!(status > ffi::LUA_YIELD, "the script ended by itself with status {status}");
        killer.join().unwrap();
        assert_eq!(vm.flag.killed(), Some(Flag::FIRST_REASON));
        vm.ignore_flag();
        sender.send(vm.global(c"after")).unwrap();
    });
    receiver.recv_timeout(Duration::from_secs(20)).expect("the kill ends the script")
}

macro_rules! killed {
    ($($name:ident: $source:expr;)+) => { $(
        #[test]
        fn $name() {
            assert_eq!(kill(concat!("after = 0; ", $source)), 0, "code ran after the kill");
        }
    )+ };
}

killed! {
    ends_a_loop: "while true do end";
    ends_a_numeric_loop: "for i = 1, math.huge do end";
    ends_a_loop_with_a_body: "local t = {} while true do t.x = (t.x or 0) + 1 end";
    ends_endless_recursion_by_tail_calls: "local function f() return f() end f()";
    ends_a_loop_over_an_iterator: "for _ in function() return 1 end do end";
    ends_a_loop_of_c_calls: "for _ in next, setmetatable({}, {}), nil do end while true do math.abs(1) end";
    ends_goto: "::top:: goto top";
    is_not_caught_by_pcall: "pcall(function() while true do end end) after = 1";
    is_not_caught_by_a_pcall_loop: "while true do pcall(function() while true do end end) end";
    is_not_caught_by_nested_pcall: "pcall(pcall, pcall, function() while true do end end) after = 1";
    starts_no_xpcall_handler: "xpcall(function() while true do end end, function() after = 1 while true do end end) after = 2";
    ends_an_xpcall_handler: "xpcall(error, function() while true do end end) after = 1";
    is_not_caught_by_resume: "coroutine.resume(coroutine.create(function() while true do end end)) after = 1";
    is_not_caught_by_pcall_in_a_coroutine:
        "coroutine.wrap(function() pcall(function() while true do end end) after = 1 end)() after = 2";
    ends_nested_coroutines:
        "local function nest(n) if n == 0 then while true do end end coroutine.wrap(nest)(n - 1) end nest(20)";
    starts_no_close_variable:
        "local x <close> = setmetatable({}, {__close = function() after = 1 end}) while true do end";
    starts_no_close_variable_of_a_coroutine: "local co = coroutine.create(function()
            local x <close> = setmetatable({}, {__close = function() after = 1 end}) while true do end end)
        coroutine.resume(co) coroutine.close(co) after = 2";
    starts_no_c_function: "pcall(function() local x <close> = setmetatable({}, {__close = mark}) while true do end end)";
    ends_a_close_variable: "do local x <close> = setmetatable({}, {__close = function() while true do end end}) end";
    ends_a_metamethod: "local t = setmetatable({}, {__index = function() while true do end end}) local x = t.x";
    ends_a_sort_comparator: "table.sort({1, 2, 3}, function() while true do end end) after = 1";
    ends_a_gsub_callback_under_pcall: "pcall(string.gsub, 'x', 'x', function() while true do end end) after = 1";
    ends_many_short_coroutines: "while true do coroutine.wrap(function() end)() end";
    ends_a_finalizer: "finalizer(function() while true do end end) collectgarbage() after = 1";
}

#[test]
fn ends_a_finalizer_that_runs_while_the_state_closes() {
    let vm = Vm::new();
    let co = vm.coroutine("x = finalizer(function() while true do end end)");
    assert_eq!(vm.resume(co), ffi::LUA_OK);
    let flag = vm.flag.clone();
    let killer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        flag.kill(Flag::FIRST_REASON)
    });
    drop(vm);
    assert!(killer.join().unwrap());
}

#[test]
fn a_flag_that_is_up_already_stops_the_first_instruction() {
    let vm = Vm::new();
    let co = vm.coroutine("after = 1");
    vm.flag.kill(7);
    assert_eq!(vm.resume(co), ffi::LUA_ERRRUN);
    vm.ignore_flag();
    assert_eq!(vm.global(c"after"), 0);
}

#[test]
fn the_first_reason_to_die_stays() {
    let flag = Flag::new();
    assert!(flag.kill(5));
    assert!(!flag.kill(6));
    flag.preempt();
    flag.go_on();
    assert_eq!(flag.killed(), Some(5));
}

/// Runs `source` with the flag up the whole time, so that it is preempted at every second safepoint.
fn run_in_slices(source: &str) -> (i64, usize) {
    let vm = Vm::new();
    let co = vm.coroutine(source);
    let mut slices = 0;
    loop {
        vm.flag.preempt();
        let status = vm.resume(co);
        slices += 1;
        if status != ffi::LUA_YIELD {
            assert_eq!(status, ffi::LUA_OK);
            vm.flag.go_on();
            return (vm.global(c"result"), slices);
        }
        vm.flag.go_on();
    }
}

#[test]
fn a_loop_that_is_preempted_at_every_safepoint_gives_the_right_result() {
    let (result, slices) = run_in_slices("local n = 0 for i = 1, 1000 do n = n + i end result = n");
    assert_eq!(result, 500_500);
    assert!(slices > 400, "{slices} slices");
}

#[test]
fn calls_varargs_and_metamethods_survive_preemption() {
    let (result, slices) = run_in_slices(
        "local mt = {__add = function(a, b) local s = 0 for i = 1, 3 do s = s + a.n + b.n end return s end,
                     __concat = function(a, b) for i = 1, 3 do end return 7 end,
                     __lt = function() for i = 1, 3 do end return true end}
         local function sum(...) local s = 0 for _, v in ipairs{...} do s = s + v end return s, ... end
         local a, b = setmetatable({n = 1}, mt), setmetatable({n = 2}, mt)
         result = sum(a + b, (a .. b), a < b and 1 or 0, select('#', sum(1, 2, 3)))",
    );
    assert_eq!(result, 9 + 7 + 1 + 4);
    assert!(slices > 10, "{slices} slices");
}

#[test]
fn pcall_survives_preemption() {
    let (result, slices) = run_in_slices(
        "local ok, e = pcall(function() for i = 1, 10 do end error({n = 41}) end) result = e.n + (ok and 0 or 1)",
    );
    assert_eq!(result, 42);
    assert!(slices > 5, "{slices} slices");
}

/// Generators in generators, with values passed both ways and an error on the way.
const NESTED: &str = "local seen = {}
    local function work(n) local s = 0 for i = 1, n do s = s + i end return s end
    local inner = coroutine.wrap(function(a)
        for i = 1, 5 do work(10) a = a + coroutine.yield(a + work(4)) end
        return a end)
    local outer = coroutine.create(function(...)
        local sum = select('#', ...)
        for i = 1, 5 do sum = sum + inner(i) work(5) coroutine.yield(sum, coroutine.isyieldable()) end
        local ok, e = pcall(function() work(3) error({n = sum}) end)
        return e.n, inner(100) end)
    result = 0
    repeat
        local r = table.pack(coroutine.resume(outer, 1, 2, 3))
        assert(r[1], r[2])
        for i = 2, r.n do result = (result * 31 + (tonumber(r[i]) or 7)) % 1000003 end
    until coroutine.status(outer) == 'dead'";

#[test]
fn nested_coroutines_are_suspended_together_and_nobody_notices() {
    let (result, slices) = run_in_slices(NESTED);
    assert!(slices > 100, "{slices} slices");
    let stock = moonpool_lua::stock::run(format!("{NESTED} print(result)").as_bytes(), "=test", 0);
    assert_eq!(String::from_utf8_lossy(&stock.text).trim(), result.to_string());
}

#[test]
fn under_a_caller_that_cannot_yield_nothing_is_preempted() {
    let (result, _) = run_in_slices(
        "local t = {3, 1, 2}
         table.sort(t, function(a, b)
             local co = coroutine.wrap(function() for i = 1, 10 do end coroutine.yield(a < b) end)
             return co() end)
         local s = ('abc'):gsub('.', function(c) return coroutine.wrap(function() for i = 1, 9 do end return c:upper() end)() end)
         result = t[1] * 100 + t[2] * 10 + t[3] + (s == 'ABC' and 1000 or 0)",
    );
    assert_eq!(result, 1123);
}

#[test]
fn a_kill_waits_for_no_yieldable_place() {
    let vm = Vm::new();
    // The comparator says when it runs; from there on the flag cannot preempt it.
    let co = vm.coroutine("table.sort({1, 2, 3}, function() inside = 1 while true do end end)");
    let flag = vm.flag.clone();
    let killer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        flag.preempt();
        std::thread::sleep(Duration::from_millis(20));
        flag.kill(Flag::FIRST_REASON)
    });
    assert_eq!(vm.resume(co), ffi::LUA_ERRRUN);
    assert!(killer.join().unwrap());
    vm.ignore_flag();
    assert_eq!(vm.global(c"inside"), 1);
}

#[test]
fn error_not_enough_memory_is_an_ordinary_error() {
    let vm = Vm::new();
    let co = vm.coroutine("after = pcall(error, 'not enough memory') and 1 or 2");
    assert_eq!(vm.resume(co), ffi::LUA_OK);
    assert_eq!(vm.global(c"after"), 2);
    assert_eq!(vm.flag.killed(), None);
}

#[test]
fn two_states_have_different_seeds() {
    let seed = || {
        let vm = Vm::new();
        let co = vm.coroutine("result = math.random(0)");
        assert_eq!(vm.resume(co), ffi::LUA_OK);
        vm.global(c"result")
    };
    assert_ne!(seed(), seed());
}

unsafe extern "C" {
    /// How C raises the flag: it is set to `then` if it is `now`.
    fn moonpool_swap(flag: *mut c_int, now: *mut c_int, then: c_int) -> c_int;
}

#[test]
fn c_raises_the_flag_in_one_step() {
    const TURNS: c_int = 2_000_000;
    let flag = AtomicI32::new(7);
    // SAFETY: both integers outlive the call; the flag is changed by atomic operations only.
    let swap = |now: &mut c_int, then| unsafe { moonpool_swap(flag.as_ptr(), now, then) != 0 };
    let mut now = 1;
    assert!(!swap(&mut now, 2), "what another thread has set stays");
    assert_eq!((now, flag.load(Ordering::Relaxed)), (7, 7));
    assert!(swap(&mut now, 0));
    assert_eq!(flag.load(Ordering::Relaxed), 0);
    // Two threads that count with it lose nothing.
    let both = Barrier::new(2);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                both.wait();
                for _ in 0..TURNS {
                    let mut now = flag.load(Ordering::Relaxed);
                    loop {
                        let next = now + 1;
                        if swap(&mut now, next) {
                            break;
                        }
                    }
                }
            });
        }
    });
    assert_eq!(flag.load(Ordering::Relaxed), 2 * TURNS);
}
