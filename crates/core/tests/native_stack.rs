//! Recursion through C ends with an error or a kill, never with an overflow of the native stack: on the 8 MiB of
//! libuv's workers on most systems, and on 1 MiB.

#[path = "common/child.rs"]
mod child;
mod common;

use child::{Child, serve};
use common::{execute, script};
use serde_json::{Value as Json, json};
use std::time::Duration;

const STACKS: [usize; 2] = [1 << 20, 8 << 20];

/// The child: runs a script on a thread with the stack that the question names.
#[test]
#[ignore = "the child process of the other tests"]
fn child_process() {
    serve(|question| {
        let question: Json = serde_json::from_str(question).expect("the parent asks in JSON");
        let source = question["source"].as_str().expect("a source").to_owned();
        let stack = question["stack"].as_u64().expect("a size") as usize;
        let timeout = Duration::from_secs(question["timeout"].as_u64().expect("seconds"));
        let (attack, after) = (attack(&source, timeout), script("return 6 * 7"));
        let thread = std::thread::Builder::new().stack_size(stack).spawn(move || {
            let outcome = match execute(attack) {
                Ok(text) => json!({"ok": text}),
                Err(failure) => json!({"code": failure.error.code.as_str(), "message": failure.error.to_string()}),
            };
            json!({"outcome": outcome, "after": execute(after).ok()})
        });
        thread.expect("room for a thread").join().expect("no panic leaves a run").to_string()
    });
}

fn attack(source: &str, timeout: Duration) -> moonpool_core::vm::Script {
    let mut script = script(source);
    script.limits.timeout = timeout;
    script
}

/// How `source` ends on a stack of so many bytes. One that `never_ends` is stopped soon; the others have all the time that a
/// busy machine may take.
fn outcome(source: &str, stack: usize, never_ends: bool) -> Json {
    let timeout = if never_ends { 2 } else { 30 };
    let question = json!({"source": source, "stack": stack, "timeout": timeout}).to_string();
    let answer = Child::start().ask(&question, Duration::from_secs(60));
    let answer = answer.unwrap_or_else(|how| panic!("on a stack of {stack} bytes {how}\n{:.500}", source));
    let answer: Json = serde_json::from_str(&answer).expect("the child answers in JSON");
    assert_eq!(answer["after"], "42", "the thread is fit for the next script after {source}");
    answer["outcome"].clone()
}

/// Each attack ends as `$expected` says, on every stack: `ok` for a result, or one of our codes.
macro_rules! settles {
    ($($name:ident: $source:expr => $($expected:literal)|+;)+) => { $(
        #[test]
        fn $name() {
            let source: &str = &$source;
            for stack in STACKS {
                let ends = [$($expected),+];
                let outcome = outcome(source, stack, ends.contains(&"ERR_LUA_TIMEOUT"));
                let end = outcome["code"].as_str().unwrap_or("ok");
                assert!(ends.contains(&end), "on {stack} bytes: {outcome}");
            }
        }
    )+ };
}

/// `open`, so many times, then `middle`, then `close` as often.
fn nested(open: &str, middle: &str, close: &str, times: usize) -> String {
    format!("{}{middle}{}", open.repeat(times), close.repeat(times))
}

settles! {
    // An error in each attack is the good end: Lua's own limit of C levels, or of its stack.
    lua_recursion: "local function f() return 1 + f() end f()" => "ERR_LUA_RUNTIME" | "ERR_LUA_MEMORY";
    gsub_callback: "local function f() return (string.gsub('x', 'x', f)) end f()" => "ERR_LUA_RUNTIME";
    gsub_callback_under_pcall: "local function f() pcall(string.gsub, 'x', 'x', f) end f() return 'ok'" => "ok";
    regexes_below_callbacks: "local p, n = ('(?:a|'):rep(98) .. 'b' .. (')'):rep(98), 0
        local function f() n = n + 1 regex.find('', p .. n) return (regex.gsub('x', 'x', f)) end f()" => "ERR_LUA_RUNTIME";
    sort_comparator: "local function f() table.sort({1, 2, 3}, f) return false end f()" => "ERR_LUA_RUNTIME";
    index_metamethod_chain: "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end return t.x"
        => "ERR_LUA_RUNTIME";
    index_through_c_functions: "local t t = setmetatable({}, {__index = function() return (string.gsub('x', 'x', function() return t.x end)) end}) return t.x"
        => "ERR_LUA_RUNTIME";
    index_tables_in_a_row: "local t = {} for i = 1, 100000 do t = setmetatable({}, {__index = t}) end return t.x"
        => "ERR_LUA_RUNTIME";
    newindex_metamethod: "local t = setmetatable({}, {}) getmetatable(t).__newindex = function(t, k, v) t[k] = v end t.x = 1"
        => "ERR_LUA_RUNTIME";
    concat_metamethod: "local t = setmetatable({}, {}) getmetatable(t).__concat = function(a, b) return a .. b end return t .. t"
        => "ERR_LUA_RUNTIME";
    eq_metamethod: "local m = {} m.__eq = function(a, b) return a == b end return setmetatable({}, m) == setmetatable({}, m)"
        => "ERR_LUA_RUNTIME";
    lt_metamethod: "local m = {} m.__lt = function(a, b) return a < b end return setmetatable({}, m) < setmetatable({}, m)"
        => "ERR_LUA_RUNTIME";
    arithmetic_metamethod: "local m = {} m.__add = function(a, b) return a + b end return setmetatable({}, m) + 1"
        => "ERR_LUA_RUNTIME";
    len_metamethod: "local t = setmetatable({}, {__len = function(t) return #t end}) return #t" => "ERR_LUA_RUNTIME";
    call_metamethod_chain: "local f = print for i = 1, 1000 do f = setmetatable({}, {__call = f}) end f()" => "ok" | "ERR_LUA_RUNTIME";
    close_metamethod: "local function f() local x <close> = setmetatable({}, {__close = function() f() end}) end f()"
        => "ERR_LUA_RUNTIME";
    pairs_metamethod: "local t = setmetatable({}, {__pairs = function(t) return pairs(t) end}) for _ in pairs(t) do end"
        => "ERR_LUA_RUNTIME";
    tostring_metamethod: "local t = setmetatable({}, {__tostring = function(t) return tostring(t) end}) return tostring(t)"
        => "ERR_LUA_RUNTIME";
    tostring_through_format: "local t = setmetatable({}, {__tostring = function(t) return ('%s'):format(t) end}) return tostring(t)"
        => "ERR_LUA_RUNTIME";
    tostring_through_print: "local t = setmetatable({}, {__tostring = function(t) print(t) return '' end}) print(t)"
        => "ERR_LUA_RUNTIME";
    tostring_of_an_uncaught_error: "local e = setmetatable({}, {__tostring = function(e) return tostring(e) end}) error(e)"
        => "ERR_LUA_RUNTIME";
    tostring_of_uncaught_errors_in_a_row: "local function e() return setmetatable({}, {__tostring = function() error(e()) end}) end error(e())"
        => "ERR_LUA_RUNTIME";
    pcall_nesting: "local function f() return pcall(f) end return (f())" => "ok" | "ERR_LUA_TIMEOUT";
    pcall_of_pcall: "local f = pcall for i = 1, 300 do local g = f f = function(...) return pcall(g, ...) end end return (f(f))" => "ok";
    pcall_with_pcalls_as_arguments: "local t = {} for i = 1, 250 do t[i] = pcall end return (pcall(table.unpack(t)))" => "ok";
    xpcall_nesting: "local function f() return xpcall(f, f) end return (f())" => "ok" | "ERR_LUA_TIMEOUT";
    xpcall_handler_that_fails: "return (xpcall(error, function(e) error(e) end))" => "ok";
    xpcall_handler_that_nests: "local function h() return xpcall(error, h) end return (xpcall(error, h))" => "ok";
    error_in_an_error_handler_chain: "local function h(e) local x = nil + 1 end local function f() return xpcall(f, h) + 1 end return (pcall(f))" => "ok";
    load_nesting: "local s = 'return ...' for i = 1, 300 do s = ('return load(%q)(...)'):format(s) if #s > 100000 then break end end return (pcall(load, s))"
        => "ok" | "ERR_LUA_MEMORY";
    load_reader_that_loads: "local function r() load(r) return nil end load(r) return 'ok'" => "ok" | "ERR_LUA_RUNTIME";
    load_that_runs_itself: "s = 'load(s)()' load(s)()" => "ERR_LUA_RUNTIME" | "ERR_LUA_MEMORY";
    resume_nesting: "local function f() local co = coroutine.create(f) local ok, e = coroutine.resume(co) if not ok then error(e, 0) end end f()"
        => "ERR_LUA_RUNTIME";
    wrap_nesting: "local function f() coroutine.wrap(f)() end f()" => "ERR_LUA_RUNTIME";
    resume_nesting_through_gsub: "local function f() return (string.gsub('x', 'x', coroutine.wrap(f))) end f()" => "ERR_LUA_RUNTIME";
    wrap_nesting_through_metamethods: "local function f() local t = setmetatable({}, {__index = coroutine.wrap(f)}) return t.x end f()"
        => "ERR_LUA_RUNTIME";
    close_of_nested_coroutines: "local function f() local x <close> = setmetatable({}, {__close = function() coroutine.wrap(f)() end}) coroutine.yield() end
        local co = coroutine.create(f) coroutine.resume(co) return (coroutine.close(co))" => "ok";
    mixed_recursion: "local f
        local ways = {
          function() return (string.gsub('x', 'x', f)) end,
          function() return table.sort({1, 2}, f) end,
          function() return coroutine.wrap(f)() end,
          function() return tostring(setmetatable({}, {__tostring = f})) end,
          function() return load('local f = ... return f()')(f) end,
          function() return setmetatable({}, {__index = f}).x end,
          function() return select(2, assert(pcall(f))) end,
        }
        local n = 0
        f = function() n = n + 1 return ways[n % #ways + 1]() end
        return (pcall(f))" => "ok";
    pattern_recursion_by_captures: "return (pcall(string.find, ('a'):rep(1000), ('(a)'):rep(200)))" => "ok";
    pattern_recursion_by_lazy_items: "return (pcall(string.find, ('a'):rep(300000), ('.-'):rep(200) .. 'b'))" => "ok" | "ERR_LUA_TIMEOUT";
    pattern_recursion_by_optional_items: "return (pcall(string.find, ('a'):rep(1000), ('a?'):rep(1000) .. 'b'))" => "ok" | "ERR_LUA_TIMEOUT";
    json_encode_deep: "local t = {} for i = 1, 100000 do t = {t} end return (pcall(json.encode, t))" => "ok";
    json_encode_deep_objects: "local t = {} for i = 1, 100000 do t = {a = t} end return (pcall(json.encode, t))" => "ok";
    json_encode_at_the_limit: "local t = {} for i = 1, 127 do t = i % 2 == 0 and {a = t} or {t} end return #json.encode(t)" => "ok";
    json_decode_deep: "return (pcall(json.decode, ('['):rep(1000000)))" => "ok";
    json_decode_deep_objects: "return (pcall(json.decode, ('{\"a\":'):rep(1000000)))" => "ok";
    json_decode_at_the_limit: "return #json.encode(json.decode(('['):rep(128) .. (']'):rep(128)))" => "ok";
    json_decode_objects_at_the_limit: "return #json.encode(json.decode(('{\"a\":'):rep(128) .. '1' .. ('}'):rep(128)))" => "ok";
    json_below_c_levels: "local s = ('['):rep(128) .. (']'):rep(128)
        local function f(n) json.encode(json.decode(s)) State.set('k', json.decode(s)) State.get('k') return (string.gsub('x', 'x', function() return f(n + 1) end)) end
        f(1)" => "ERR_LUA_RUNTIME";
    state_deep_value: "local t = {} for i = 1, 100000 do t = {t} end State.set('k', t)" => "ERR_STATE_VALUE";
    deep_result: "local t = {} for i = 1, 100000 do t = {t} end return t" => "ERR_LUA_RESULT";
    deep_result_of_objects: "local t = {} for i = 1, 100000 do t = {a = t} end return t" => "ERR_LUA_RESULT";
    deep_error_value: "local t = {} for i = 1, 100000 do t = {t} end error(t)" => "ERR_LUA_RUNTIME";
    deep_garbage: "local t = {} for i = 1, 300000 do t = {t} end t = nil local x = {} for i = 1, 100000 do x[i % 10] = {} end return 'ok'" => "ok";
    deep_closures: "local f for i = 1, 200000 do local g = f f = function() return g end end return 'ok'" => "ok";
    deep_coroutines: "local co for i = 1, 20000 do local inner = co co = coroutine.create(function() return inner end) end return 'ok'" => "ok";
    unpack_of_many: "return select('#', table.unpack({}, 1, 150000))" => "ok";
    arguments_without_end: "local function f(...) return f(1, ...) end return (pcall(f))" => "ok" | "ERR_LUA_TIMEOUT" | "ERR_LUA_MEMORY";
    source_parentheses: nested("return ", "1", "", 1) + &nested("+(", "1", ")", 100_000) => "ERR_LUA_SYNTAX";
    source_tables: nested("return {", "", "", 1) + &nested("{", "", "}", 100_000) + "}" => "ERR_LUA_SYNTAX";
    source_functions: nested("return function() ", "", " end", 100_000) => "ERR_LUA_SYNTAX";
    source_blocks: nested("do ", "", " end", 100_000) => "ERR_LUA_SYNTAX";
    source_ifs: nested("if x then ", "", " end", 100_000) => "ERR_LUA_SYNTAX";
    source_loops: nested("for i = 1, 2 do ", "", " end", 100_000) => "ERR_LUA_SYNTAX";
    source_unary_operators: "return ".to_owned() + &"- ".repeat(100_000) + "1" => "ERR_LUA_SYNTAX";
    source_not: "return ".to_owned() + &"not ".repeat(100_000) + "1" => "ERR_LUA_SYNTAX";
    source_concatenations: "return ".to_owned() + &"'a' .. ".repeat(100_000) + "1" => "ERR_LUA_SYNTAX";
    source_powers: "return ".to_owned() + &"1 ^ ".repeat(100_000) + "1" => "ERR_LUA_SYNTAX";
    source_calls: "return f".to_owned() + &"(f".repeat(100_000) + &")".repeat(100_000) => "ERR_LUA_SYNTAX";
    source_indexing: "return f".to_owned() + &"[f".repeat(100_000) + &"]".repeat(100_000) => "ERR_LUA_SYNTAX";
    source_assignments: nested("a, ", "a", "", 100_000) + " = 1" => "ERR_LUA_SYNTAX";
    source_below_the_limit: format!(
        "{} return {}",
        nested("do ", "", " end", 180),
        nested("{", nested("(", "1", ")", 80).as_str(), "}", 80),
    ) => "ok";
    source_below_the_limit_in_load_below_c_levels: "local s = 'return ' .. ('('):rep(150) .. '1' .. (')'):rep(150)
        local function f(n) if n == 0 then return end assert(load('return 1')) load(s) return (string.gsub('x', 'x', function() f(n - 1) end)) end
        f(150) return (pcall(f, 190))" => "ok";
}

#[test]
fn a_native_stack_that_overflows_is_noticed() {
    // The child itself, without moonpool: proves that the other tests can fail.
    let question = json!({"source": "return 1", "stack": 128 << 10, "timeout": 30}).to_string();
    assert!(Child::start().ask("not JSON", Duration::from_secs(60)).is_err_and(|how| how.contains("the child died")));
    assert!(Child::start().ask(&question, Duration::from_secs(60)).is_ok(), "a small script needs little");
}
