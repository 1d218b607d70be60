//! Limits end a run for good, with the right code, and leave the thread fit for the next.

mod common;
mod contract;
use common::{FACTORY, execute, fail, run, script};
use contract::Asked;
use moonpool_core::bridge::Limits;
use moonpool_core::error::Failure;
use moonpool_core::scheduler::{Caller, Run, compile};
use moonpool_core::state::{Answered, Found, Grants, Key, Request, ScriptId, Store};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

fn limited(source: &str, change: impl FnOnce(&mut Limits)) -> Failure {
    let mut script = script(source);
    change(&mut script.limits);
    let failure = execute(script).expect_err("it is killed");
    assert_eq!(run("return 'fine'"), "fine");
    *failure
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn a_timeout_says_which_limit_passed_and_where() {
    let start = Instant::now();
    let failure =
        limited("print('begun')\nlocal function spin()\n  while true do end\nend\nspin()", |l| l.timeout = ms(100));
    assert!(start.elapsed() >= ms(100));
    assert_eq!(failure.error.code.as_str(), "ERR_LUA_TIMEOUT");
    assert_eq!(failure.error.message, "the script ran longer than its timeout of 100 ms");
    assert_eq!((failure.limit, failure.output.as_str()), (Some("timeout"), "begun\n"));
    assert_eq!((failure.chunk.as_deref(), failure.line), (Some("tester"), Some(3)));
    assert!(failure.lua_stack.expect("a traceback").contains("tester:5: in main chunk"));
}

#[test]
fn cpu_timeout_is_a_limit_of_its_own() {
    let failure = limited("while true do end", |l| l.cpu_timeout = Some(ms(50)));
    assert_eq!((failure.error.code.as_str(), failure.limit), ("ERR_LUA_TIMEOUT", Some("cpuTimeout")));
}

#[test]
fn no_lua_code_catches_a_timeout() {
    for source in [
        "while true do pcall(function() while true do end end) end",
        "xpcall(function() while true do end end, function() while true do end end)",
        "local co = coroutine.wrap(function() pcall(function() while true do end end) State.set('x', 1) end) co() State.set('x', 1)",
        "local t = setmetatable({}, {__close = function() State.set('x', 1) end}) local c <close> = t while true do end",
    ] {
        let mut script = script(source);
        script.limits.timeout = ms(50);
        let store = common::store();
        script.services = common::services(store.clone());
        assert_eq!(execute(script).expect_err("killed").error.code.as_str(), "ERR_LUA_TIMEOUT", "{source}");
        let id = ScriptId::new("tester").expect("a good id");
        assert_eq!(Asked(store.clone()).get(&id, &Key::new(b"x").expect("a key")), Ok(Found::Nowhere), "{source}");
    }
}

#[test]
fn the_heap_limit_is_final() {
    for source in [
        "local s = 'x' while true do s = s .. s end",
        "local t = {} for i = 1, math.huge do t[i] = {i} end",
        "local t = {} while true do pcall(function() for i = 1, math.huge do t[#t + 1] = ('x'):rep(1000) .. #t end end) end",
        "return ('x'):rep(1 << 30)",
        "return ('x'):rep(100, ('y'):rep(1 << 20))",
        "local t = {} for i = 1, 100 do t[i] = ('x'):rep(1 << 20) end return table.concat(t)",
    ] {
        let failure = limited(source, |l| l.memory = 8 << 20);
        assert_eq!(failure.error.code.as_str(), "ERR_LUA_MEMORY", "{source}");
        assert_eq!(failure.error.message, "the script needs more memory than its memoryLimit of 8388608 bytes");
    }
}

#[test]
fn a_little_more_than_the_limit_is_too_much() {
    // 8.5 MB in use, in small blocks: what an arena for 8 MiB may reserve, but not what its script may use.
    let failure =
        limited("local t = {} for i = 1, 8150 do t[i] = ('x'):rep(980) .. i end return #t", |l| l.memory = 8 << 20);
    assert_eq!(failure.error.code.as_str(), "ERR_LUA_MEMORY");
    let mut fits = script("local t = {} for i = 1, 8150 do t[i] = ('x'):rep(980) .. i end return #t");
    fits.limits.memory = 14 << 20;
    assert_eq!(execute(fits).as_deref(), Ok("8150"));
}

#[test]
fn a_vm_that_is_dropped_leaks_nothing_also_while_its_flag_is_up() {
    let store = common::store();
    for source in [
        "return 1",
        "error('x')",
        "while true do end",
        "return ('x'):rep(1 << 40)",
        "local t = {} while true do t = {t} end",
    ] {
        let mut script = script(source);
        script.services = common::services(store.clone());
        script.limits.timeout = ms(30);
        script.limits.memory = 4 << 20;
        let _ = execute(script);
    }
    // A run that is suspended when its time passes, and never goes on.
    let mut script = script("while true do end");
    script.services = common::services(store.clone());
    script.limits.timeout = ms(30);
    let begun = Instant::now();
    let mut run = Run::new(0, script, Caller::Host, None);
    run.execute(Duration::ZERO, &common::FACTORY, None);
    while begun.elapsed() < ms(200) {
        std::hint::spin_loop();
    }
    drop(run);
    // Each VM's context held the store.
    assert_eq!(Arc::strong_count(&store), 1);
}

#[test]
fn garbage_does_not_count() {
    let mut script = script("local s for i = 1, 300 do s = ('x'):rep(1024):rep(1024) .. i end return #s");
    script.limits.memory = 8 << 20;
    assert_eq!(execute(script).as_deref(), Ok("1048579"));
}

#[test]
fn buffers_collect_garbage_before_they_give_up() {
    let mut script = script(
        "local t = {} for i = 1, 5 do t[i] = ('x'):rep(1 << 20) .. i end t = nil
         local parts = {} for i = 1, 40000 do parts[i] = ('y'):rep(64) end return #table.concat(parts)",
    );
    script.limits.memory = 12 << 20;
    assert_eq!(execute(script).as_deref(), Ok("2560000"));
}

#[test]
fn output_past_its_limit_is_final_and_cut() {
    let failure = limited("while true do pcall(print, 'line') end", |l| l.output = 12);
    assert_eq!(failure.error.code.as_str(), "ERR_LUA_OUTPUT");
    assert_eq!(failure.error.message, "the script wrote more than its maxOutput of 12 bytes");
    assert_eq!(failure.output, "line\nline\nli");
    let mut exact = script("print('line') io.write('x')");
    exact.limits.output = 6;
    assert_eq!(execute(exact).as_deref(), Ok("line\nx"));
    assert_eq!(limited("print()", |l| l.output = 0).error.code.as_str(), "ERR_LUA_OUTPUT");
}

#[test]
fn the_smallest_memory_limit_runs_a_small_script() {
    let mut script = script("State.set('a', {1, 2}) local ok, e = pcall(State.get, '') return e.code");
    script.limits.memory = Limits::MIN_MEMORY;
    assert_eq!(execute(script).as_deref(), Ok("ERR_STATE_VALUE"));
}

#[test]
fn exponential_json_is_a_memory_or_time_limit() {
    let failure = limited("local t = {} for i = 1, 100 do t = {t, t} end return t", |l| l.timeout = ms(300));
    assert!(["ERR_LUA_MEMORY", "ERR_LUA_TIMEOUT"].contains(&failure.error.code.as_str()), "{failure:?}");
}

/// A store with a bug.
struct Broken;

impl Store for Broken {
    fn now(&self, _: &Request<'_>) -> Option<Answered> {
        panic!("the store is broken")
    }
    fn grants(&self) -> &Grants {
        static NONE: LazyLock<Grants> = LazyLock::new(Grants::default);
        &NONE
    }
}

#[test]
fn a_panic_in_our_code_is_an_internal_error_that_no_script_catches() {
    let mut script = script("print('out') pcall(State.get, 'x') print('not reached')");
    script.services = common::services(Arc::new(Broken));
    let failure = execute(script).expect_err("it panics");
    assert_eq!(failure.error.code.as_str(), "ERR_INTERNAL");
    assert!(failure.error.message.ends_with(": the store is broken"), "{}", failure.error);
    assert_eq!(failure.output, "out\n");
    assert_eq!(run("return 'fine'"), "fine");
    assert_eq!(fail("error('still')").error.code.as_str(), "ERR_LUA_RUNTIME");
}

#[test]
fn bytecode_counts_when_source_is_compiled() {
    // Each of the functions has the name of its upvalue: 12 MB of bytecode.
    let name = "n".repeat(200_000);
    let (open, close) = ("return function() ".repeat(60), " end".repeat(60));
    let source = format!("local {name} {open} return {name} {close}");
    let compiled = |memory| compile(&FACTORY, source.as_bytes(), "x".into(), &Limits { memory, ..Limits::default() });
    let failure = compiled(8 << 20).err().expect("too long");
    assert_eq!((failure.error.code.as_str(), failure.limit), ("ERR_LUA_MEMORY", Some("memoryLimit")));
    assert!(compiled(64 << 20).is_ok());
}
