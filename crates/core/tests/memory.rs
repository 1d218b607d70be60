//! A run never makes the process grow by more than 1.5 × its limits, and leaves nothing behind.

#[path = "common/child.rs"]
mod child;
mod common;

use child::{Child, serve};
use common::{execute, script};
use moonpool_core::state::ScriptId;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::time::Duration;

const MIB: usize = 1 << 20;

/// A line of `/proc/self/status` in bytes; `None` where there is no such file.
fn status(name: &str) -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.trim().trim_end_matches(" kB").parse::<usize>().ok()? * 1024)
}

/// Whether memory can be measured; says so when not.
fn measurable() -> bool {
    let measurable = status("VmHWM").is_some();
    if !measurable {
        println!("skipped: this system has no /proc/self/status to measure memory with");
    }
    measurable
}

/// The child: answers with how one script ended and how far the process grew at most, in bytes.
#[test]
#[ignore = "the child process of the other tests"]
fn child_process() {
    serve(|question| {
        let question: Json = serde_json::from_str(question).expect("the parent asks in JSON");
        let limit = |name: &str| question[name].as_u64().map(|limit| limit as usize);
        match question["source"].as_str() {
            #[cfg(target_os = "linux")]
            Some(source) if let Some(left) = limit("left") => starve(source, left).to_string(),
            Some(source) => grow(source, limit("limit").expect("a number")).to_string(),
            None => many_small_runs().to_string(),
        }
    });
}

fn grow(source: &str, limit: usize) -> Json {
    // Everything that a process needs once is there before the measurement begins.
    execute(script("print(json.encode({1})) State.set('k', 1) return ('x'):rep(100)")).expect("a good script");
    let before = status("VmRSS").expect("Linux");
    let mut hog = script(source);
    hog.limits.memory = limit;
    hog.limits.timeout = Duration::from_secs(60);
    let outcome = execute(hog);
    let code = outcome.as_ref().map_or_else(|failure| failure.error.code.as_str(), |_| "ok");
    json!({"code": code, "grown": status("VmHWM").expect("Linux").saturating_sub(before)})
}

/// Runs `source` under a limit in a process of its own: it ends with one of `codes`, and the process has grown by
/// at most 1.5 × the limits: the memory limit, and for scripts that fill their State its quota.
fn stays_within(source: &str, codes: &[&str], quota: usize) {
    stays_within_limits(source, codes, &[16 * MIB, 64 * MIB], quota);
}

fn stays_within_limits(source: &str, codes: &[&str], limits: &[usize], quota: usize) {
    if !measurable() {
        return;
    }
    for &limit in limits {
        let question = json!({"source": source, "limit": limit}).to_string();
        let answer = Child::start().ask(&question, Duration::from_secs(120)).expect("the child lives");
        let answer: Json = serde_json::from_str(&answer).expect("JSON");
        assert!(codes.contains(&answer["code"].as_str().expect("a code")), "limit {limit}: {answer}");
        let (grown, allowed) = (answer["grown"].as_u64().expect("a number") as usize, (limit + quota) * 3 / 2);
        assert!(grown <= allowed, "limit {} MiB: grew by {:.1} MiB ({answer})", limit / MIB, grown as f64 / MIB as f64);
        println!("limit {} MiB: grew by {:.1} MiB, {answer}", limit / MIB, grown as f64 / MIB as f64);
    }
}

const KILLED: &[&str] = &["ERR_LUA_MEMORY"];

macro_rules! hogs {
    ($($name:ident: $source:expr, $codes:expr;)+) => { $(
        #[test]
        fn $name() {
            stays_within($source, $codes, 0);
        }
    )+ };
}

hogs! {
    string_doubling: "local s = 'x' while true do s = s .. s end", KILLED;
    string_rep: "local t = {} while true do t[#t + 1] = ('x'):rep(1 << 20) .. #t end", KILLED;
    one_big_rep: "return #('x'):rep(1 << 30)", KILLED;
    small_strings: "local t = {} for i = 1, math.huge do t[i] = 'key ' .. i end", KILLED;
    small_tables: "local t = {} for i = 1, math.huge do t[i] = {} end", KILLED;
    tables_with_an_item: "local t = {} for i = 1, math.huge do t[i] = {i} end", KILLED;
    tables_with_a_field: "local t = {} for i = 1, math.huge do t[i] = {x = i} end", KILLED;
    a_chain_of_tables: "local t while true do t = {t} end", KILLED;
    one_big_array: "local t = {} for i = 1, math.huge do t[i] = i end", KILLED;
    one_big_hash: "local t = {} for i = 1, math.huge do t[i * 0.5] = i end", KILLED;
    closures: "local t = {} for i = 1, math.huge do t[i] = function() return i end end", KILLED;
    closures_without_upvalues: "local t = {} for i = 1, math.huge do t[i] = load('return 1') end", KILLED;
    coroutines: "local t = {} for i = 1, math.huge do t[i] = coroutine.create(print) end", KILLED;
    started_coroutines: "local t = {} for i = 1, math.huge do t[i] = coroutine.wrap(coroutine.yield) t[i]() end", KILLED;
    deep_stack: "local function f(...) return 1 + f(1, ...) end return pcall(f)", &["ERR_LUA_MEMORY", "ok"];
    many_values: "return select('#', table.unpack({}, 1, 190000))", &["ERR_LUA_MEMORY", "ok"];
    too_many_values: "return (pcall(table.unpack, {}, 1, 900000))", &["ok"];
    table_concat: "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(1000) end local r = {} while true do r[#r + 1] = table.concat(t) .. #r end", KILLED;
    table_concat_of_itself: "local t = {'x'} while true do t = {table.concat(t), table.concat(t)} end", KILLED;
    gsub_growth: "local s = 'x' while true do s = s:gsub('.', '%0%0') end", KILLED;
    format_growth: "local s = 'x' while true do s = ('%s%s'):format(s, s) end", KILLED;
    upper_of_a_big_string: "local s = ('x'):rep((collectgarbage('count') < 0 and 0 or 1) * (6 << 20)) local t = {} while true do t[#t + 1] = s:upper() end", KILLED;
    sawtooth: "for i = 1, 300 do local s = ('x'):rep(1 << 20) .. i end return 'ok'", &["ok"];
    sawtooth_of_tables: "for i = 1, 40 do local t = {} for j = 1, 20000 do t[j] = {j} end end return 'ok'", &["ok"];
    garbage_of_many_sizes: "local t = {} for i = 1, 300000 do t[i % 1000] = ('x'):rep(i % 5000) end return 'ok'", &["ok"];
    a_huge_result: "return ('x'):rep(6 << 20)", &["ok"];
    a_result_past_the_limit: "local s = ('x'):rep(6 << 20) return s, s, s, s, s, s, s, s, s, s, s, s", KILLED;
    a_huge_result_that_is_not_utf8: "return ('\\xff'):rep(6 << 20)", &["ERR_LUA_RESULT"];
    a_huge_json_result: "local s = ('\\1'):rep(1 << 20) local t = {} for i = 1, 100 do t[i] = s end return t", KILLED;
    a_wide_json_result: "local t = {} for i = 1, 100000 do t['key' .. i] = i end return t", &["ok", "ERR_LUA_MEMORY"];
    huge_output: "while true do print(('x'):rep(1 << 16)) end", &["ERR_LUA_OUTPUT"];
    one_huge_print: "print(('x'):rep(6 << 20))", &["ERR_LUA_OUTPUT"];
    output_of_invalid_bytes: "while true do io.write(('\\xff'):rep(1 << 10)) end", &["ERR_LUA_OUTPUT"];
    json_encode_doubling: "local t = {('x'):rep(1 << 16)} for i = 1, 60 do t = {t, t} end return #json.encode(t)", KILLED;
    json_encode_of_escapes: "local s, t = ('\\0'):rep(1 << 20), {} for i = 1, 100 do t[i] = s end return #json.encode(t)", KILLED;
    json_encode_of_one_string_of_escapes: "return #json.encode(('\\0'):rep(10 << 20))", KILLED;
    json_encode_of_many_keys: "local t = {} for i = 1, math.huge do t['k' .. i] = i if i & (i - 1) == 0 then json.encode(t) end end", KILLED;
    json_decode_of_many_arrays: "local s = '[' .. ('[],'):rep(1000000) .. '0]' return #json.decode(s)", KILLED;
    json_decode_of_many_objects: "local s = '[' .. ('{\"a\":0},'):rep(1000000) .. '0]' return #json.decode(s)", KILLED;
    json_decode_of_one_escaped_string: "return #json.decode('\"' .. ('\\\\n'):rep(2 << 20) .. '\"')", &["ok", "ERR_LUA_MEMORY"];
    json_round_trips: "local t = {} for i = 1, 1000 do t[i] = {a = 'x', b = i} end for i = 1, 30 do t = json.decode(json.encode(t)) end return #t", &["ok"];
    a_big_error_message: "error(('x'):rep(5 << 20))", &["ERR_LUA_RUNTIME"];
    a_big_error_value: "local s = ('x'):rep(1 << 20) local t = {} for i = 1, 100 do t[i] = s end error(t)", &["ERR_LUA_RUNTIME", "ERR_LUA_MEMORY"];
    an_error_value_of_escapes: "error({('\\0'):rep(5 << 20)})", &["ERR_LUA_RUNTIME", "ERR_LUA_MEMORY"];
    a_big_tostring_of_an_error: "error(setmetatable({}, {__tostring = function() return ('x'):rep(5 << 20) end}))", &["ERR_LUA_RUNTIME"];
    errors_that_quote_their_subject: "local s = ('x'):rep(1 << 20) local t = {} for i = 1, 100 do t[i] = select(2, pcall(json.encode, {[s .. i] = print})).message end", &["ok"];
    errors_that_are_kept_where_c_calls_nest_deepest: "local t = {} local function dive(n) for i = 1, n > 185 and 40000 or 0 do t[#t + 1] = select(2, pcall(State.get, {})) end string.gsub('x', 'x', function() dive(n + 1) end) end while true do pcall(dive, 1) end", KILLED;
    errors_that_are_kept_where_coroutines_nest_deepest: "local t = {} local function dive(n) for i = 1, n > 60 and 40000 or 0 do t[#t + 1] = select(2, pcall(State.get, {})) end coroutine.wrap(dive)(n + 1) end while true do pcall(dive, 1) end", KILLED;
    errors_that_are_kept_where_the_stack_ends: "local t = {} local function dive() for i = 1, 20 do t[#t + 1] = select(2, pcall(State.get, {})) end return 1 + dive() end while true do pcall(dive) end", KILLED;
    errors_that_are_kept_at_the_limit: "local t, keep = {}, {} while true do for size = 1 << 20, 16, -4096 do pcall(function() keep[#keep + 1] = ('x'):rep(size) .. #keep end) t[#t + 1] = select(2, pcall(State.get, {})) end end", KILLED;
    endless_recursion: "local function f() return 1 + f() end return (pcall(f))", &["ok"];
    endless_recursion_again_and_again: "local function f() return 1 + f() end for i = 1, 20 do pcall(f) end return 'ok'", &["ok", "ERR_LUA_MEMORY"];
    names_of_modules: "local s = ('\\xff'):rep(6 << 20) for i = 1, 50 do pcall(require, s .. i) end return 'ok'", &["ok"];
    errors_that_are_kept: "local t = {} while true do t[#t + 1] = select(2, pcall(State.get, {})) end", KILLED;
    errors_that_concatenate: "local _, e = pcall(State.get, {}) local s = 'x' while true do s = s .. e .. s end", KILLED;
    generated_source: "local s = 'return 1' while true do s = s .. ' + 1' load(s) if #s > 100 then s = s .. (' + 1'):rep(#s) end end", &["ERR_LUA_MEMORY", "ERR_LUA_TIMEOUT"];
    load_of_many_constants: "local t = {} for i = 1, 2000000 do t[i] = i .. '.5,' end return #load('return {' .. table.concat(t) .. '}')()", KILLED;
    load_from_pieces: "return load(function() return ('x'):rep(1 << 16) end)", KILLED;
    packs: "local t = {} while true do t[#t + 1] = string.pack('s', ('x'):rep(1 << 16)) .. #t end", KILLED;
    weak_tables: "local t = setmetatable({}, {__mode = 'k'}) local keep = {} for i = 1, math.huge do local k = {} t[k] = {k} keep[i] = k end", KILLED;
    state_list_of_long_keys: "for i = 1, 20000 do State.set(('k'):rep(400) .. i, 1) end local t = {} while true do t[#t + 1] = State.list() end",
        &["ERR_LUA_MEMORY"];
    big_arguments: "local s = ('x'):rep(1 << 20) local t = {} for i = 1, 200 do t[i] = s end print(table.unpack(t))", &["ERR_LUA_OUTPUT"];
}

#[test]
fn state_values_up_to_the_quota() {
    let source = "local s = ('x'):rep(1 << 19) for i = 1, 100 do State.set('k' .. i, s) end";
    stays_within(source, &["ERR_STATE_QUOTA"], common::QUOTA);
}

#[test]
fn state_of_many_tiny_values() {
    // The script itself holds next to nothing: what grows is its State.
    let source = "for i = 1, math.huge do State.set('k' .. i, 1) end";
    stays_within_limits(source, &["ERR_STATE_QUOTA"], &[2 * MIB], common::QUOTA);
}

#[test]
fn state_values_that_replace_each_other() {
    let source = "local s = ('x'):rep((1 << 20) - 2) for i = 1, 200 do State.set('k', s) assert(#State.get('k') == #s) end return 'ok'";
    stays_within(source, &["ok"], common::QUOTA);
}

/// The resident size after 2 000 and after 20 000 small runs of all kinds, on one store.
fn many_small_runs() -> Json {
    let store = common::store();
    let runs = |count: usize| {
        for i in 0..count {
            let sources = [
                "local t = {} for i = 1, 100 do t[i] = {i} end return #t",
                "error({code = 1, text = ('x'):rep(1000)})",
                "State.set('k' , {1, 2, 3}) return State.get('k')",
                "return json.encode(json.decode('{\"a\":[1,2,{\"b\":null}]}'))",
                "print(pcall(State.get, 1)) coroutine.wrap(function() error('x') end)()",
                "this is no Lua",
                "return ('x'):rep(1 << 24)",
                "local co = coroutine.wrap(function() pcall(json.decode, '[') coroutine.yield() end) co() return select(2, pcall(json.encode, print)).code",
                "while true do print('output') end",
                "State.delete('k') for _, k in ipairs(State.list()) do State.get(k) end return tostring(json.null)",
            ];
            let mut script = script(sources[i % sources.len()]);
            script.services = common::services(store.clone());
            script.id = ScriptId::new(&format!("script-{}", i % 100)).expect("a good id");
            script.name = Arc::from("small");
            script.limits.memory = 2 * MIB;
            script.limits.output = 1000;
            let _ = execute(script);
        }
    };
    runs(2000);
    let early = status("VmRSS").expect("Linux");
    runs(18_000);
    json!({"early": early, "late": status("VmRSS").expect("Linux")})
}

#[test]
fn twenty_thousand_runs_leave_nothing_behind() {
    if !measurable() {
        return;
    }
    let answer = Child::start().ask("{}", Duration::from_secs(300)).expect("the child lives");
    let answer: Json = serde_json::from_str(&answer).expect("JSON");
    let size = |name: &str| answer[name].as_u64().expect("a number") as usize;
    assert!(size("late") <= size("early") + 10_000_000, "{answer}");
}

/// How a script ends for which the system has no more than `left` bytes, and its limit far more.
#[cfg(target_os = "linux")]
fn starve(source: &str, left: usize) -> Json {
    // The watchdog is at work from then on: a thread that begins needs memory, too.
    let mut endless = script("while true do end");
    endless.limits.timeout = Duration::from_millis(10);
    execute(endless).expect_err("it is ended");
    let (mut hog, size) = (script(source), status("VmSize").expect("Linux") + left);
    hog.limits.memory = 1 << 40;
    hog.limits.timeout = Duration::from_secs(60);
    let limits = libc::rlimit { rlim_cur: size as libc::rlim_t, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: it changes what this process may have, and nothing else.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limits) }, 0);
    let failure = execute(hog).expect_err("it has no end");
    let after = execute(script("return 'fine'")).ok();
    json!({
        "code": failure.error.code.as_str(),
        "message": failure.error.message,
        "limit": failure.limit,
        "after": after,
    })
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_system_refuses_is_not_taken_for_the_limit() {
    for source in [
        "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(2000000) .. i end",
        "local t = {} for i = 1, 1e9 do t[i] = {} end",
        "local s = 'x' for i = 1, 30 do s = s .. s end",
        "local t = {} for i = 1, 1e9 do t[i] = i end",
    ] {
        let question = json!({"source": source, "left": 60 * MIB}).to_string();
        let answer = Child::start().ask(&question, Duration::from_secs(120)).expect("the child lives");
        let answer: Json = serde_json::from_str(&answer).expect("JSON");
        let message =
            "the system has no memory left for the script, which is within its memoryLimit of 1099511627776 bytes";
        let expected = json!({"code": "ERR_LUA_MEMORY", "message": message, "limit": null, "after": "fine"});
        assert_eq!(answer, expected, "{source}");
    }
}
