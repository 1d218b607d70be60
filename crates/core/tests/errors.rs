//! What a failed run says, and what our errors look like to scripts.

mod common;
use common::{code, execute, fail, run, script};
use moonpool_core::vm::Chunk;

#[test]
fn a_syntax_error_names_chunk_and_line() {
    let failure = fail("local x = 1\nx = = 2");
    assert_eq!(failure.error.code.as_str(), "ERR_LUA_SYNTAX");
    assert_eq!(failure.error.to_string(), "tester:2: unexpected symbol near '='");
    assert_eq!((failure.chunk.as_deref(), failure.line), (Some("tester"), Some(2)));
    assert_eq!(failure.lua_stack, None);
}

#[test]
fn precompiled_lua_is_refused() {
    let failure = fail("\u{1b}Lua");
    assert_eq!(failure.error.code.as_str(), "ERR_LUA_SYNTAX");
    assert!(failure.error.message.contains("binary"), "{}", failure.error);
    assert_eq!(code("\0"), "ERR_LUA_SYNTAX");
}

#[test]
fn a_runtime_error_has_place_and_traceback() {
    let failure = fail("local function f()\n  error('boom')\nend\nf()");
    assert_eq!(failure.error.code.as_str(), "ERR_LUA_RUNTIME");
    assert_eq!(failure.error.to_string(), "tester:2: boom");
    assert_eq!((failure.chunk.as_deref(), failure.line), (Some("tester"), Some(2)));
    let stack = failure.lua_stack.expect("a traceback");
    assert!(stack.contains("tester:2: in") && stack.contains("tester:4: in main chunk"), "{stack}");
    assert!(!stack.contains("0x") && !stack.contains('/'), "{stack}");
}

#[test]
fn the_chunk_name_may_differ_from_the_id() {
    let mut script = script("error('x')");
    script.name = "rules/price.lua: v2".into();
    let failure = execute(script).expect_err("it raises");
    assert_eq!(failure.error.to_string(), "rules/price.lua: v2:1: x");
    assert_eq!((failure.chunk.as_deref(), failure.line), (Some("rules/price.lua: v2"), Some(1)));
}

#[test]
fn thrown_values_that_are_no_strings_are_kept() {
    let failure = fail("error({code = 7, list = {1}})");
    assert_eq!(failure.lua_value.as_deref(), Some(r#"{"code":7,"list":[1]}"#));
    assert_eq!(failure.error.message, "(error object is a table value)");
    assert_eq!(fail("error(setmetatable({}, {__tostring = function() return 'shown' end}))").error.message, "shown");
    assert_eq!(fail("error()").error.message, "(error object is a nil value)");
    assert_eq!(fail("error(42)").lua_value.as_deref(), Some("42"));
    assert_eq!(fail("error(print)").lua_value, None);
    assert_eq!(fail("error('text', 0)").error.message, "text");
}

#[test]
fn a_thrown_table_says_its_message_itself() {
    let failure = fail("error({message = 'no such order', code = 'E_ORDER'})");
    assert_eq!((failure.error.code.as_str(), &*failure.error.message), ("ERR_LUA_RUNTIME", "no such order"));
    assert_eq!(failure.lua_value.as_deref(), Some(r#"{"code":"E_ORDER","message":"no such order"}"#));
    assert_eq!(failure.line, Some(1));
    // What the script would have to compute is not asked for; what it says as text comes first.
    let none = "(error object is a table value)";
    assert_eq!(fail("error({message = 7})").error.message, none);
    assert_eq!(fail("error(setmetatable({}, {__index = function() return 'computed' end}))").error.message, none);
    let both = "error(setmetatable({message = 'field'}, {__tostring = function() return 'text' end}))";
    assert_eq!(fail(both).error.message, "text");
    let broken = "error(setmetatable({message = 'field'}, {__tostring = function() error('no') end}))";
    assert_eq!(fail(broken).error.message, "field");
    let long = fail("error({message = ('x'):rep(100000)})").error.message;
    assert!(long.len() < 70_000 && long.ends_with("(cut from 100000 bytes)"));
}

#[test]
fn a_thrown_value_with_an_endless_tostring_is_a_timeout() {
    let mut script = script("error(setmetatable({}, {__tostring = function() while true do end end}))");
    script.limits.timeout = std::time::Duration::from_millis(50);
    assert_eq!(execute(script).expect_err("it is killed").error.code.as_str(), "ERR_LUA_TIMEOUT");
}

#[test]
fn our_errors_have_a_code_a_message_and_text() {
    assert_eq!(
        run("local ok, e = pcall(function() return (State.get({})) end)
             return ok, e.code, e.message, tostring(e), 'x ' .. e, e .. ' y', 1 .. e, e.other"),
        "false\tERR_STATE_VALUE\
         \tState.get: the key must be a string of 1 to 512 UTF-8 bytes, got table\
         \ttester:1: State.get: the key must be a string of 1 to 512 UTF-8 bytes, got table\
         \tx tester:1: State.get: the key must be a string of 1 to 512 UTF-8 bytes, got table\
         \ttester:1: State.get: the key must be a string of 1 to 512 UTF-8 bytes, got table y\
         \t1tester:1: State.get: the key must be a string of 1 to 512 UTF-8 bytes, got table\
         \tnil"
    );
    assert_eq!(
        run("local _, e = pcall(State.get, {}) return select(2, pcall(function() return e .. {} end))"),
        "tester:1: attempt to concatenate a table value"
    );
    assert_eq!(run("local _, e = pcall(State.get, {}) return getmetatable(e)"), "false");
    assert_eq!(run("local _, e = pcall(State.get, {}) return (pcall(function() e.code = 1 end))"), "false");
}

#[test]
fn an_uncaught_error_of_ours_keeps_its_code_and_place() {
    let failure = fail("print('out')\nState.get('')");
    assert_eq!(failure.error.code.as_str(), "ERR_STATE_VALUE");
    assert_eq!(
        failure.error.to_string(),
        "tester:2: State.get: the key must be a string of 1 to 512 UTF-8 bytes, got an empty string"
    );
    assert_eq!((failure.line, failure.output.as_str()), (Some(2), "out\n"));
    assert!(failure.lua_stack.expect("a traceback").contains("in main chunk"));
}

#[test]
fn an_error_of_ours_that_is_rethrown_is_still_itself() {
    let failure = fail("local _, e = pcall(State.get, '') error(e)");
    assert_eq!(failure.error.code.as_str(), "ERR_STATE_VALUE");
    let failure = fail("local _, e = pcall(function() return (State.get('')) end)\n\nerror(e)");
    assert_eq!((failure.chunk.as_deref(), failure.line), (Some("tester"), Some(1)));
    assert_eq!(fail("local co = coroutine.wrap(State.get) co('')").error.code.as_str(), "ERR_STATE_VALUE");
}

#[test]
fn source_that_is_nested_too_deeply_is_a_syntax_error() {
    for source in [
        "{".repeat(100_000),
        "- ".repeat(100_000),
        "do ".repeat(100_000),
        "return ".to_owned() + &"'a' .. ".repeat(100_000),
    ] {
        let failure = fail(&source);
        assert_eq!(failure.error.code.as_str(), "ERR_LUA_SYNTAX");
        assert!(failure.error.to_string().starts_with("tester:"), "{}", failure.error);
    }
}

#[test]
fn no_script_changes_an_error_of_ours() {
    assert_eq!(
        run("local _, e = pcall(State.get, {})
             local ok = {pcall(function() e.code = 'x' end), pcall(rawset, e, 'code', 'x'), pcall(setmetatable, e, {})}
             return ok[1], ok[2], ok[3], e.code, type(e), getmetatable(e)"),
        "false\tfalse\tfalse\tERR_STATE_VALUE\tuserdata\tfalse"
    );
}

#[test]
fn a_message_cannot_forge_the_place_of_an_error() {
    let failure = fail("\nerror('secrets.lua:12: x', 0)");
    assert_eq!((failure.chunk.as_deref(), failure.line), (Some("tester"), Some(2)));
    assert_eq!(failure.error.to_string(), "secrets.lua:12: x");
}

#[test]
fn a_name_that_looks_like_a_place_is_no_place() {
    let mut script = script("\n\nerror('x')");
    script.name = "user:42:main".into();
    let failure = execute(script.clone()).expect_err("it raises");
    assert_eq!((failure.chunk.as_deref(), failure.line), (Some("user:42:main"), Some(3)));
    script.chunk = Chunk::Source(b"\n= 1".as_slice().into());
    let failure = execute(script).expect_err("it does not compile");
    assert_eq!((failure.chunk.as_deref(), failure.line), (Some("user:42:main"), Some(2)));
}

#[test]
fn a_long_name_is_cut_in_messages_and_whole_in_chunk() {
    let mut script = script("error('x')");
    script.name = "n".repeat(256).into();
    let failure = execute(script).expect_err("it raises");
    assert_eq!(failure.error.to_string(), format!("{}:1: x", "n".repeat(59)));
    assert_eq!((failure.chunk, failure.line), (Some("n".repeat(256)), Some(1)));
}

#[test]
fn close_variables_are_closed_when_an_error_ends_the_run() {
    let failure = fail(
        "local a <close> = setmetatable({}, {__close = function(_, e) print('closed', e) end})
         local b <close> = setmetatable({}, {__close = function() error('second', 0) end})
         error('first', 0)",
    );
    assert_eq!((failure.error.message.as_str(), failure.output.as_str()), ("second", "closed\tsecond\n"));
    let mut endless =
        script("local a <close> = setmetatable({}, {__close = function() while true do end end}) error('x')");
    endless.limits.timeout = std::time::Duration::from_millis(50);
    assert_eq!(execute(endless).expect_err("killed").error.code.as_str(), "ERR_LUA_TIMEOUT");
}

#[test]
fn a_message_of_megabytes_is_cut_and_says_so() {
    let failure = fail("error(('x'):rep(1 << 20), 0)");
    assert_eq!(failure.error.message, format!("{}... (cut from 1048576 bytes)", "x".repeat(64 << 10)));
}

#[test]
fn a_kill_after_the_last_line_keeps_output_and_place() {
    let mut script =
        script("print('before')\nerror(setmetatable({}, {__tostring = function() while true do end end}))");
    script.limits.timeout = std::time::Duration::from_millis(50);
    let failure = execute(script).expect_err("killed");
    assert_eq!((failure.error.code.as_str(), failure.output.as_str()), ("ERR_LUA_TIMEOUT", "before\n"));
    assert_eq!((failure.chunk.as_deref(), failure.line), (Some("tester"), Some(2)));
    assert!(failure.lua_stack.expect("a traceback").contains("tester:2: in main chunk"));

    let mut script = common::script("print('before') local s = ('x'):rep(1 << 20) return {s, s, s, s, s}");
    script.limits.memory = 4 << 20;
    let failure = execute(script).expect_err("killed");
    assert_eq!((failure.error.code.as_str(), failure.output.as_str()), ("ERR_LUA_MEMORY", "before\n"));
}

/// What a script may catch of our functions' errors, at every depth of C calls and of the stack.
#[test]
fn nothing_but_strings_and_our_own_errors_can_be_caught() {
    let source = r#"
        local seen = {}
        local calls = {
          function() State.get({}) end, function() State.set('k') end, function() json.encode(print) end,
          function() json.decode('[') end, function() script.x = 1 end, function() sleep('x') end, function() require('x') end,
          function() sleep(0) end, function() json.array(1) end, function() error(State.get({})) end,
        }
        local function look()
          for _, call in ipairs(calls) do
            local ok, e = pcall(call)
            if not ok then
              local kind = type(e)
              if kind == 'userdata' then
                -- Ours answer; mlua's have a metatable without __index, or show a Rust traceback.
                local good, code = pcall(function() return e.code end)
                kind = good and type(code) == 'string' and #tostring(e) < 500 and 'ours' or 'foreign: ' .. tostring(e)
              elseif kind == 'string' then
                kind = #e < 300 and 'string' or 'long: ' .. e
              end
              seen[kind] = true
            end
          end
        end
        local function through_c(n) look() string.gsub('x', 'x', function() through_c(n + 1) end) end
        local function through_coroutines(n) look() assert(coroutine.resume(coroutine.create(through_coroutines), n + 1)) end
        local function through_stack(n) if n % 9973 == 0 or n > 99980 then look() end return 1 + through_stack(n + 1) end
        local function through_meta(n) if n < 300 then look() end return setmetatable({}, {__index = function() return through_meta(n + 1) end}).x end
        local function with_many(...) look() with_many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, ...) end
        for _, f in ipairs { through_c, through_coroutines, through_stack, through_meta, with_many } do
          print(pcall(f, 1) == false)
        end
        look()
        local kinds = {}
        for kind in pairs(seen) do kinds[#kinds + 1] = kind end
        table.sort(kinds)
        return table.concat(kinds, ' ')
    "#;
    let mut script = script(source);
    script.limits.timeout = std::time::Duration::from_secs(60);
    script.limits.memory = 256 << 20;
    assert_eq!(execute(script).as_deref(), Ok("true\ntrue\ntrue\ntrue\ntrue\nours string"));
}

#[test]
fn a_host_function_refuses_more_arguments_than_it_can_hold() {
    let script =
        script("local ok, message = pcall(host.f, table.unpack({}, 1, 150000)) return message.code, message.message");
    script.services.supply.expose(vec![common::host_function("f", 0)], None);
    let refused =
        "ERR_HOST_FUNCTION\tthe call cannot cross: it has 150000 arguments, and may have 50000; give them in a table";
    assert_eq!(execute(script).as_deref(), Ok(refused));
}

#[test]
fn errors_deep_in_the_stack_cost_what_they_cost_elsewhere() {
    let source = "local function dive(left)
          if left > 0 then return 1 + dive(left - 1) end
          for i = 1, 20000 do pcall(State.get, {}) pcall(error, 'x') pcall(require, {}) end
          return 0
        end
        dive(60000) return 'ok'";
    let mut deep = script(source);
    deep.limits.cpu_timeout = Some(std::time::Duration::from_secs(5));
    deep.limits.timeout = std::time::Duration::from_secs(60);
    assert_eq!(execute(deep).as_deref(), Ok("ok"));
}

#[test]
fn messages_quote_no_more_than_a_few_words() {
    for source in [
        "require(('x'):rep(1 << 20))",
        "require(('\\xff'):rep(1 << 20))",
        "require(('\u{e9}'):rep(1 << 19) .. '\\xff')",
        "State.set(('k'):rep(500), ('x'):rep(1 << 20))",
        "State.set(('k'):rep(500), print)",
        "State.get(('k'):rep(600))",
        "State.list(('\\xff'):rep(1 << 20))",
        "json.decode(('x'):rep(1 << 20))",
        "sleep(('x'):rep(1 << 20))",
    ] {
        let message = fail(source).error.to_string();
        assert!(message.len() < 300, "{source}: {} bytes, {}", message.len(), &message[..100]);
    }
}
