//! Preludes: code that runs once, and every VM is a copy of what it left.

mod common;

use common::{execute_with, script, services, store};
use moonpool_core::api::libraries::Libraries;
use moonpool_core::bridge::{Limits, Repeats};
use moonpool_core::error::{Code, Failure};
use moonpool_core::scheduler::{SLICE, compile, run_prelude};
use moonpool_core::vm::{Factory, Part, Prelude, Script};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn chunk(source: &str) -> Part {
    Part { name: "prelude".into(), source: source.as_bytes().into(), is_module: false }
}

fn module(name: &str, source: &str) -> Part {
    Part { name: name.into(), source: source.as_bytes().into(), is_module: true }
}

fn prelude(parts: &[Part]) -> Result<Prelude, Box<Failure>> {
    run_prelude(Libraries::ALL, parts, &Limits::default())
}

/// What makes VMs that begin after these parts.
fn factory(parts: &[Part]) -> Arc<Factory> {
    let prelude = prelude(parts).unwrap_or_else(|failure| panic!("{}", failure.error.message));
    Arc::new(Factory::new(Libraries::ALL, None).with_prelude(Arc::new(prelude), 1))
}

fn text(factory: &Arc<Factory>, source: &str) -> String {
    result(factory, script(source)).unwrap_or_else(|failure| panic!("{}", failure.error.message))
}

fn result(factory: &Arc<Factory>, script: Script) -> Result<String, Box<Failure>> {
    execute_with(factory, script, SLICE).outcome.map(|success| success.text)
}

/// Why a prelude is refused.
fn refusal(source: &str) -> String {
    prelude(&[chunk(source)]).map(|_| ()).expect_err("it is refused").error.message
}

#[test]
fn runs_begin_with_what_the_prelude_left() {
    let factory = factory(&[
        chunk(
            "local count = 0 function step() count = count + 1 return count end config = { rate = 19, [true] = 'yes' }",
        ),
        chunk("double = function(x) return 2 * x end config.double = double"),
    ]);
    for _ in 0..3 {
        assert_eq!(
            text(&factory, "return step(), step(), config.rate, config[true], config.double(4)"),
            "1\t2\t19\tyes\t8"
        );
    }
}

#[test]
fn what_one_run_changes_no_other_sees() {
    let factory = factory(&[
        chunk(
            "shared = { n = 1, deep = { list = { 1, 2, 3 } } } setmetatable(shared, { __index = { inherited = 1 } })",
        ),
        module("tax", "local kept = { rate = 19 } return { kept = kept, rate = function() return kept.rate end }"),
    ]);
    let attack = "shared.n = 2 shared.deep.list[1] = 'changed' getmetatable(shared).__index.inherited = 2
        string.format = nil table.insert(shared.deep.list, 4) require('tax').kept.rate = 0 evil = true
        rawset(_G, 'require', nil) return require == nil";
    let look = "return shared.n, shared.deep.list[1], #shared.deep.list, shared.inherited, require('tax').rate(), evil,
        string.format('%d', 1)";
    for _ in 0..2 {
        assert_eq!(text(&factory, attack), "true");
        assert_eq!(text(&factory, look), "1\t1\t3\t1\t19\tnil\t1");
    }
}

#[test]
fn modules_are_loaded_once_and_found_by_require_in_every_run() {
    let factory = factory(&[
        chunk("loads = 0 assert(require('b').a == require('a')) early = require('a')"),
        module("a", "loads = loads + 1 return { name = ... }"),
        module("b", "loads = loads + 1 return { a = require('a') }"),
        module("nothing", "loads = loads + 1"),
    ]);
    let found = text(&factory, "return require('a') == early, require('b').a.name, require('nothing'), loads");
    assert_eq!(found, "true\ta\ttrue\t3");
    let missing = result(&factory, script("require('c')")).expect_err("there is none").error.message;
    assert!(missing.contains("there is no module 'c'"), "{missing}");
}

#[test]
fn modules_of_the_engine_are_found_beside_those_of_the_prelude() {
    let factory = factory(&[module("a", "return 'of the prelude'"), chunk("kept = require")]);
    let services = services(store());
    let compiled = compile(&factory, b"return require('a') .. ', of the engine'", "late".into(), &Limits::default());
    services.supply.change_modules(&[], &[&[compiled.expect("it compiles")].into_iter().collect()]);
    let script = Script { services, ..script("return require('late'), kept('late'), kept == require, kept('a')") };
    let expected = "of the prelude, of the engine\tof the prelude, of the engine\ttrue\tof the prelude";
    assert_eq!(result(&factory, script).expect("a result"), expected);
}

#[test]
fn a_prelude_that_has_used_our_libraries_leaves_nothing_of_the_host() {
    let factory = factory(&[chunk(
        "decoded = json.decode('{\"list\":[1,2,{\"deep\":null}]}') text = json.encode(decoded) found = regex.match('a1', '(\\\\d)')
         id, name = script.id, script.name hash = hex.encode(crypto.sha256('x')) parsed = url.parse('https://a.b/c?d=1')
         ok, failed = pcall(json.decode, '{') at = time.parse('2020-01-01T00:00:00Z') list = json.array { 1 }
         both = { parallel(function() return 1 end, function() return 2 end) } random = crypto.random(8)
         print('nobody hears this') log.info('nor this') warn('nor this')",
    )]);
    let found = text(
        &factory,
        "assert(id == nil and name == 'prelude' and script.id == 'tester' and #random == 8)
         assert(json.encode(list) == '[1]' and json.encode(decoded) == text and decoded.list[3].deep == json.null)
         assert(tostring(failed):find('json') and failed.code and not ok, tostring(failed))
         return text, found, #hash, parsed.host, at, both[1] + both[2], json.encode(json.decode('[]'))",
    );
    assert_eq!(found, "{\"list\":[1,2,{\"deep\":null}]}\t1\t64\ta.b\t1577836800.0\t3\t[]");
}

#[test]
fn what_belongs_to_a_script_is_refused_with_words_that_say_so() {
    for (source, words) in [
        ("State.get('x')", "State cannot be asked here: a prelude is nobody's script, and waits for nothing"),
        ("State.set('x', 1)", "State cannot be asked here: a prelude"),
        ("State.incr('x')", "State cannot be asked here: a prelude"),
        ("State.update('x', function(x) return 1 end)", "State cannot be asked here: a prelude"),
        ("State.list()", "State cannot be asked here: a prelude"),
        ("sleep(0)", "sleep cannot be called here: a prelude"),
        ("coroutine.wrap(function() sleep(1) end)()", "sleep cannot be called here: a prelude"),
        ("parallel(function() sleep(1) end)", "sleep cannot be called here: a prelude"),
        ("table.sort({ 1, 2 }, function() sleep(1) end)", "sleep cannot be called here: a prelude"),
        ("scripts.call('other')", "a script cannot be called here: a prelude"),
        ("timer.at(1, function() end)", "a timer cannot be made here: a prelude is nobody's script"),
        ("timer.every(1, 'other')", "a timer cannot be made here: a prelude"),
        ("require('x')", "there is no module 'x' (there are none)"),
        ("host.get()", "attempt to call a nil value (field 'get')"),
        ("Shared.counts:get('x')", "attempt to index a nil value (field 'counts')"),
    ] {
        let message = refusal(source);
        assert!(message.contains(words), "{source}: {message}");
        // In a function that it leaves, it is a run that calls.
        if !source.starts_with("require") && !source.starts_with("host") && !source.starts_with("Shared") {
            factory(&[chunk(&format!("function later() {source} end"))]);
        }
    }
    let kept = factory(&[chunk("get, set, wait = State.get, State.set, sleep")]);
    assert_eq!(text(&kept, "set('x', 5) wait(0) return get('x')"), "5");
}

#[test]
fn what_cannot_be_copied_is_refused_by_name() {
    let begun = "the prelude cannot be copied into VMs: ";
    for (source, name) in [
        ("co = coroutine.create(coroutine.yield) coroutine.resume(co)", "co"),
        ("a = { b = { [3] = coroutine.create(coroutine.yield) } } coroutine.resume(a.b[3])", "a.b[3]"),
        ("next_id = coroutine.wrap(function() for i = 1, 9 do coroutine.yield(i) end end) next_id()", "next_id"),
        (
            "local co = coroutine.create(coroutine.yield) coroutine.resume(co) function step() return co end",
            "the upvalue 'co' of step",
        ),
        (
            "local co = coroutine.create(coroutine.yield) coroutine.resume(co) t = setmetatable({}, { __index = co and { co = co } })",
            "the metatable of t.__index.co",
        ),
        ("local co = coroutine.create(coroutine.yield) coroutine.resume(co) t = { [co] = 1 }", "a key of t"),
        (
            // It has a variable that is to be closed.
            "co = coroutine.create(function() local x <close> = setmetatable({}, { __close = print }) coroutine.yield() end)
             coroutine.resume(co)",
            "co",
        ),
        ("co = coroutine.create(error) coroutine.resume(co)", "co"),
    ] {
        assert_eq!(refusal(source), format!("{begun}{name} is a coroutine that has begun"), "{source}");
    }
    let failure =
        prelude(&[module("m", "local co = coroutine.create(coroutine.yield) coroutine.resume(co) return { co = co }")]);
    let message = failure.map(|_| ()).expect_err("refused").error.message;
    assert_eq!(message, format!("{begun}the module m.co is a coroutine that has begun"));
    assert_eq!(refusal("each = ('a b'):gmatch('%a')"), format!("{begun}each keeps a userdata"));
}

#[test]
fn a_failure_has_its_name_its_line_and_what_was_printed() {
    let parts = [chunk("fine = 1"), Part { name: "rules".into(), ..chunk("print('here')\nerror('bad rule')") }];
    let failure = prelude(&parts).map(|_| ()).expect_err("it fails");
    assert_eq!((failure.error.code, failure.error.message.as_str()), (Code::Runtime, "rules:2: bad rule"));
    assert_eq!((failure.chunk.as_deref(), failure.line), (Some("rules"), Some(2)));
    assert_eq!(failure.output, "here\n");
    let syntax = prelude(&[module("broken", "return\n\n=")]).map(|_| ()).expect_err("it does not compile");
    assert_eq!((syntax.error.code, syntax.chunk.as_deref(), syntax.line), (Code::Syntax, Some("broken"), Some(3)));
    let within =
        prelude(&[chunk("\nrequire('m')"), module("m", "\n\nlocal x = nil + 1")]).map(|_| ()).expect_err("it fails");
    assert!(within.error.message.starts_with("m:3: attempt to perform arithmetic"), "{}", within.error.message);
    let circle =
        prelude(&[module("a", "require('b')"), module("b", "require('a')")]).map(|_| ()).expect_err("a circle");
    assert!(circle.error.message.contains("module 'a' requires itself"), "{}", circle.error.message);
}

#[test]
fn a_prelude_has_limits_that_it_cannot_catch() {
    let run = |source: &str, limits: &Limits| {
        run_prelude(Libraries::ALL, &[chunk(source)], limits).map(|_| ()).expect_err("it is killed").error.code
    };
    let limits = Limits { timeout: Duration::from_millis(100), ..Limits::default() };
    for source in [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "coroutine.wrap(function() while true do end end)()",
        "('x'):rep(1e8):find(('a?'):rep(1e4) .. ('a'):rep(1e4))",
        "table.sort({ 3, 2, 1 }, function() while true do end end)",
        "setmetatable(_G, { __index = function() while true do end end }) return missing",
    ] {
        let begun = Instant::now();
        let code = run(source, &limits);
        assert!(matches!(code, Code::Timeout | Code::Memory), "{source}: {code:?}");
        assert!(begun.elapsed() < Duration::from_secs(30), "{source}");
    }
    let small = Limits { memory: 2 << 20, ..Limits::default() };
    for source in ["t = {} for i = 1, 1e9 do t[i] = i end", "pcall(function() s = ('x'):rep(4e6) end)"] {
        assert_eq!(run(source, &small), Code::Memory, "{source}");
    }
    assert_eq!(run("for i = 1, 1e6 do print(i) end", &Limits { output: 1000, ..Limits::default() }), Code::Output);
}

#[test]
fn what_the_prelude_takes_counts_in_each_run() {
    let factory = factory(&[chunk("data = {} for i = 1, 1000 do data[i] = ('x'):rep(4000) .. i end")]);
    assert!((4_000_000..6_000_000).contains(&factory.snapshot_size()), "{}", factory.snapshot_size());
    let with = |memory: usize, source: &str| {
        let mut script = script(source);
        script.limits.memory = memory;
        execute_with(&factory, script, SLICE)
    };
    let settled = with(8 << 20, "return #data");
    assert_eq!(settled.outcome.expect("a result").text, "1000");
    assert!((4_000_000..6_000_000).contains(&settled.usage.peak_memory), "{}", settled.usage.peak_memory);
    // Below what the copy takes, and where what is left does not suffice.
    for (memory, source) in [(2 << 20, "return {}"), (6 << 20, "local more = ('y'):rep(3000000) return #more")] {
        assert_eq!(with(memory, source).outcome.expect_err("no memory").error.code, Code::Memory, "{memory}");
    }
    assert_eq!(
        with(8 << 20, "data = nil local more = ('y'):rep(3000000) return #more").outcome.expect("room").text,
        "3000000"
    );
}

#[test]
fn a_prelude_of_ten_megabytes_is_copied() {
    let factory = factory(&[chunk(
        "list, map, text = {}, {}, ('text'):rep(500000)
         more = {} for i = 1, 10 do more[i] = ('more'):rep(200000) end
         for i = 1, 5000 do list[i] = { i, name = 'name ' .. i } map['key ' .. i] = list[i] map[list[i]] = i end",
    )]);
    assert!(factory.snapshot_size() > 10 << 20, "{}", factory.snapshot_size());
    let source = "for i = 1, 5000, 7 do assert(map['key ' .. i] == list[i] and map[list[i]] == i and list[i].name == 'name ' .. i) end
        for i = 1, 5000, 3 do map[list[i]] = nil list[i] = nil end
        for i = 1, 5000 do map[{}] = i end
        more[1], more[2] = more[1] .. 'x', nil
        text = text .. text
        return #text";
    for _ in 0..2 {
        assert_eq!(text(&factory, source), "4000000");
    }
}

#[test]
fn seeds_are_each_runs_own() {
    let factory = factory(&[chunk(
        "math.randomseed(1) first, draw, shuffle = math.random(0), math.random, math.randomseed math = nil",
    )]);
    let drawn = |_| text(&factory, "return first, draw(0)");
    let all: Vec<String> = (0..3).map(drawn).collect();
    let part = |i: usize| all.iter().map(|text| text.split('\t').nth(i).map(str::to_owned)).collect::<Vec<_>>();
    assert!(part(0).iter().all(|first| *first == part(0)[0]), "{all:?}");
    assert!(part(1)[0] != part(1)[1] && part(1)[1] != part(1)[2], "{all:?}");
}

/// Everything about a prelude that could differ.
const DIFFERS: &str = "
    shown, drawn, bytes, now = tostring({}), math.random(0), hex.encode(crypto.random(8)), time.now()
    keyed, order = {}, {}
    for i = 1, 40 do keyed['key ' .. i] = i keyed[{}] = i end
    for _, i in pairs(keyed) do order[#order + 1] = i end
    decoded = json.decode('[1, {\"a\": 2}]')";
const SHOW: &str = "local again = {} for _, i in pairs(keyed) do again[#again + 1] = i end
    return shown, drawn, bytes, now, table.concat(order, ' '), table.concat(again, ' '), hex.encode(crypto.random(8)), math.random(0),
      tostring({}), require('m'), time.now()";

#[test]
fn a_run_with_a_seed_and_a_time_repeats_with_its_prelude() {
    let repeated = |factory: &Arc<Factory>, seed| {
        let mut script = script(SHOW);
        script.exchange.repeats = Some(Repeats { now: Some(1e12), seed: Some(seed) });
        result(factory, script).expect("a result")
    };
    let make = || factory(&[chunk(DIFFERS), module("m", "return math.random(0)")]);
    let (one, two) = (make(), make());
    let first = repeated(&one, 7);
    let (again, elsewhere) = (repeated(&one, 7), repeated(&two, 7));
    assert_eq!((&first, &first), (&again, &elsewhere));
    let (parts, others) = (first.split('\t').collect::<Vec<_>>(), repeated(&one, 8));
    for (i, other) in others.split('\t').enumerate().filter(|(i, _)| ![3, 10].contains(i)) {
        assert_ne!(parts[i], other, "{i}");
    }
    assert_eq!((parts[3], parts[10]), ("1000000000.0", "1000000000.0"));
    // The prelude draws other bytes than the script.
    assert_ne!(parts[2], parts[6]);
    // Without a seed, a run begins with a copy.
    let text = |factory| text(factory, SHOW);
    let (first, second) = (text(&one), text(&one));
    assert_eq!(first.split('\t').take(6).collect::<Vec<_>>(), second.split('\t').take(6).collect::<Vec<_>>());
}

#[test]
fn a_prelude_that_runs_again_for_a_seed_ends_with_the_run_that_it_is_for() {
    // Only a run with this seed sees that it is not the engine that is being made.
    let factory =
        factory(&[chunk("if math.random(0) == SEEDED then end if os.time() == 1000 then while true do end end")]);
    let mut script = script("return 1");
    script.exchange.repeats = Some(Repeats { now: Some(1_000_000.0), seed: Some(1) });
    script.limits.timeout = Duration::from_millis(100);
    let failure = result(&factory, script).expect_err("it is killed");
    assert_eq!((failure.error.code, failure.limit), (Code::Timeout, Some("timeout")));
}

#[test]
fn compiling_needs_no_room_for_the_prelude() {
    let factory = factory(&[chunk("data = ('x'):rep(5000000)")]);
    let limits = Limits { memory: 1 << 20, ..Limits::default() };
    assert!(compile(&factory, b"return 1", "small".into(), &limits).is_ok());
}

#[test]
fn libraries_that_the_engine_leaves_out_the_prelude_has_not() {
    let libraries = Libraries::named(["string"]).expect("a library");
    let prelude =
        run_prelude(libraries, &[chunk("left = math == nil and State == nil and string ~= nil")], &Limits::default());
    let factory =
        Factory::new(libraries, None).with_prelude(Arc::new(prelude.unwrap_or_else(|_| panic!("it runs"))), 1);
    assert_eq!(text(&Arc::new(factory), "return left, math"), "true\tnil");
}
