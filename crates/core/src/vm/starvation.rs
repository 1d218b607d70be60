//! Tests: memory that runs out at any single allocation, in scripts that cross every border, ends a run for good.
//!
//! What mlua throws by itself owns memory that nothing counts. A script that could catch such a value, and keep it, would
//! hold more than its limit.

use super::{Chunk, Exchange, Execution, Factory, Progress, Script, Vm, Wait};
use crate::api::libraries::Libraries;
use crate::bridge::{Answer, Came, HostCall, HostError, HostFunction, Limits, Services};
use crate::error::Shown;
use crate::memory::REFUSALS;
use crate::state::{MemoryStore, ScriptId};
use crate::value::Shapes;
use moonpool_lua::Flag;
use std::sync::{Arc, LazyLock};

static FACTORY: LazyLock<Arc<Factory>> = LazyLock::new(|| Arc::new(Factory::new(Libraries::ALL, None)));

/// Notes what kinds of values its calls raise; of ours and of Lua's it says nothing.
const PREAMBLE: &str = "local foreign = {}
    local function try(f, ...)
      local ok, e = pcall(f, ...)
      if ok then return e end
      local kind = type(e)
      local known = kind == 'string'
      if kind == 'userdata' then
        local good, code = pcall(function() return e.code end)
        known = good and type(code) == 'string'
      end
      if not known then foreign[#foreign + 1] = kind .. ' ' .. tostring(e) end
      return e
    end
    ";

/// What crosses the border in each direction, with and without success.
const CROSSINGS: &[&str] = &[
    "try(State.set, 'k', {a = {1, 2, 'x'}}) try(State.get, 'k') try(State.list, '') try(State.has, 'k') try(State.delete, 'k')",
    "try(State.get, {}) try(State.set, 'k') try(State.set, 'k', print) try(State.set, '', 1) try(State.list, {}) try(State.get, 'none')",
    "try(State.set, 'k', ('x'):rep(2000000)) try(State.set, 'big', ('x'):rep(900000))",
    "try(json.encode, {1, {2, 'x'}, a = 1}) try(json.encode, print) try(json.encode, {a = {b = print}}) try(json.array, {}) try(json.array, 1)",
    "try(json.decode, '{\"a\":[1,2,{\"b\":null}],\"c\":\"\\\\u0041\"}') try(json.decode, '[') try(json.decode, 1) try(tostring, json.null)",
    "try(host.f, 1, 'x', {1, a = 2}) try(host.f, print) try(host.db.fails, 1) try(host.f, table.unpack({}, 1, 50001))",
    "try(string.gsub, 'x', 'x', function() host.f(1) end) try(table.sort, {2, 1}, function(a, b) sleep(0) return a < b end)",
    "try(sleep, 0) try(sleep, 'x') try(sleep, -1) try(sleep, 0.001)",
    "try(require, 'none') try(require, 1) try(require, ('x'):rep(1000)) try(pcall, require, {})",
    "try(require, 'module') try(require, 'circle') try(require, 'fails') try(require, 'none') try(require)",
    "try(load, 'return 1') try(load, '=') try(load, function() return nil end) try(load, function() error(State.get({})) end) try(load('x.y = 1'))",
    "local e = try(State.get, {}) try(function() return e.code .. e.message .. tostring(e) .. e .. 'x' .. e end) try(error, e) try(function() return e + 1 end)",
    "print('x', 1, nil) io.write('y', 1, 2.5, '\\n') try(io.write, {}) try(print, setmetatable({}, {__tostring = error}))",
    "try(function() script.id = 1 end) try(function() return script.id .. script.name .. tostring(script.x) end)",
    "try(coroutine.wrap(function() error(State.get({})) end)) try(coroutine.close, coroutine.create(print)) try(coroutine.resume, coroutine.create(function() host.f() end))",
    "try(function() local x <close> = setmetatable({}, {__close = function() State.get({}) end}) error('y') end) try(xpcall, error, function() State.get({}) end)",
    "local function f() return (('x'):gsub('x', f)) end try(f) try(string.rep, 'x', 1000) try(string.format, '%s %p', {}, {}) try(table.concat, {1, 2, {}})",
    "try(crypto.hmac, 'sha256', 'k', 'x') try(crypto.random, 2000) try(crypto.random, -1) try(base64.decode, '!') try(time.parse, 'x') try(time.iso, 0/0)",
    "try(url.parse, 'http://a:b@c:1/d?e#f') try(url.parse, 'x') try(url.build, {scheme = 'http', host = 'a', query = {b = {1}}}) try(url.query, 'a=1&a=2') try(url.query, {print})",
    "try(regex.find, 'bc', '(?<x>b)(c)') try(regex.find, 'bc', '(') try(regex.gsub, 'b', 'b', function(c) host.f(c) return c end) try(regex.gsub, 'b', 'b', '$9')",
    "try(parallel, function() sleep(0.001) return {} end, function() return host.f(1) end, function() return coroutine.wrap(sleep)(0) end)",
    "try(parallel, function() host.f(1) end, function() local c <close> = setmetatable({}, {__close = function() host.f() end}) sleep(1) end, host.db.fails)",
    "try(parallel, print, 1) try(parallel, coroutine.yield) try(parallel, table.unpack({}, 1, 1001)) try(parallel, sleep) try(parallel, State.get)",
    "try(parallel, function() parallel(function() sleep(0) end, host.f) error('x') end, function() return (('x'):gsub('x', function() parallel(host.f, host.f) end)) end)",
    "local co = coroutine.create(State.update) try(coroutine.resume, co, 'k', error) try(State.update, 'k', function() coroutine.close(co) return 1 end)",
    "error(setmetatable({}, {__tostring = function() return json.encode({State.list()}) end}))",
    "error(try(State.get, {}))",
    "error({a = {1, 2, 'x'}})",
];

fn script(source: &str) -> Script {
    let services = Services::new(Arc::<MemoryStore>::default(), 4 << 20);
    let host_function = |names: &[&str], number| HostFunction {
        path: names.iter().map(|&name| name.to_owned()).collect(),
        number,
        shapes: Shapes::default(),
    };
    services.supply.expose(vec![host_function(&["f"], 0), host_function(&["db", "fails"], 1)], None);
    if source.contains("'module'") {
        let modules = [("module", "return {...}"), ("circle", "require('circle')"), ("fails", "error(State.get({}))")];
        for (name, source) in modules {
            let vm = Vm::build(&FACTORY).expect("there is memory");
            let compiled = vm.compile(source.as_bytes(), name.into(), &Limits::default(), Arc::default());
            let module = compiled.ok().into_iter().collect();
            services.supply.change_modules(&[], &[&module]);
        }
    }
    let args = Some(list_of_one());
    Script {
        chunk: Chunk::Source(source.as_bytes().into()),
        id: ScriptId::new("tester").expect("a good id"),
        name: "tester".into(),
        limits: Limits::default(),
        exchange: Exchange { args, ..Exchange::default() },
        services: Arc::new(services),
    }
}

/// A list of one integer, as lib/values.js writes it.
fn list_of_one() -> Vec<u8> {
    [&1_u32.to_le_bytes()[..], &[3], &1_i64.to_le_bytes()].concat()
}

/// What the host answers: 1, or an error with all that one may have.
fn answer(call: &HostCall) -> Answer {
    if call.function == 0 {
        return Ok(list_of_one());
    }
    let shown = Shown { code: Some("FAILED".to_owned()), details: Some(list_of_one()) };
    let (message, shown) = ("it failed".to_owned(), Some(Box::new(shown)));
    Err(HostError { message, cause: 1, shown, ..HostError::default() })
}

/// How a run ends whose attempts from `from` on, so many, to get memory fail: its text or its code; how many it made.
fn run(source: &str, from: usize, count: usize) -> (Result<String, String>, usize) {
    let script = script(source);
    let flag = Arc::<Flag>::default();
    let mut vm = Vm::build(&FACTORY).expect("there is memory");
    vm.assign(&script, flag);
    let mut execution = Execution::new(Box::new(vm));
    REFUSALS.with(|refusals| {
        refusals.attempts.set(0);
        refusals.refused.set((from, from.saturating_add(count)));
    });
    let mut progress = execution.start(Box::new(script), FACTORY.clone());
    let outcome = loop {
        for (number, wait) in execution.take_requests().map_or_else(Vec::new, |requests| requests.fresh) {
            execution.give(vec![(
                number,
                if let Wait::Call(call) = wait { Came::Answer(answer(&call)) } else { Came::Awake },
            )]);
        }
        match progress {
            Progress::Done(outcome) => break outcome,
            Progress::Waiting(Wait::Call(call)) => execution.answer(answer(&call)),
            _ => {}
        }
        progress = execution.resume();
    };
    drop(execution);
    let attempts = REFUSALS.with(|refusals| {
        refusals.refused.set((usize::MAX, usize::MAX));
        refusals.attempts.get()
    });
    (outcome.map(|success| success.text).map_err(|failure| failure.error.code.as_str().to_owned()), attempts)
}

#[test]
fn no_value_but_ours_and_luas_can_be_caught_whatever_allocation_fails() {
    for crossing in CROSSINGS {
        let source = format!("{PREAMBLE} {crossing} return table.concat(foreign, ', ')");
        let (well, attempts) = run(&source, usize::MAX, 0);
        assert!(attempts > 20, "{crossing}: {attempts}");
        // One that fails is tried again after a collection; then both fail; then all.
        for count in [1, 2, usize::MAX] {
            for from in 0..attempts {
                let (starved, _) = run(&source, from, count);
                let is_final = starved == Err("ERR_LUA_MEMORY".to_owned());
                // Where a collection helps, or memory is not needed, nobody notices.
                assert!(
                    is_final || starved == well,
                    "{crossing}: {count} from {from} of {attempts}: {starved:?}, not {well:?}"
                );
            }
        }
    }
}
