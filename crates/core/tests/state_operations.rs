//! `State.incr`, `add`, `replace`, `update`, `cas`, `expire` and `ttl`, on a store that answers at once and on one that does
//! not.

mod common;
use common::{QUOTA, Remote, execute, script};
use moonpool_core::bridge::Services;
use moonpool_core::state::{MemoryStore, ScriptId, Store};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

/// The time that stores of these tests have, in ms.
static CLOCK: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(1_000_000));

fn stores() -> [Arc<dyn Store>; 2] {
    let memory = || MemoryStore::with_clock(|| CLOCK.load(Ordering::Relaxed));
    [Arc::new(memory()), Arc::new(Remote(memory()))]
}

/// Runs `source` as `a`; the text of its result, or the error's code and message.
fn run(store: &Arc<dyn Store>, source: &str) -> String {
    let mut script = script(source);
    script.id = ScriptId::new("a").expect("a good id");
    script.name = "a".into();
    script.services = Arc::new(Services::new(store.clone(), QUOTA));
    execute(script).unwrap_or_else(|failure| format!("{}: {}", failure.error.code.as_str(), failure.error))
}

/// Each script ends so, one after the other on one store.
fn ends(scripts: &[(&str, &str)]) {
    for (kind, store) in ["at once", "later"].into_iter().zip(stores()) {
        for (source, end) in scripts {
            assert_eq!(run(&store, source), *end, "{kind}: {source}");
        }
    }
}

#[test]
fn incr_adds_and_returns_the_sum() {
    ends(&[
        ("return State.incr('n'), State.incr('n', 5), State.incr('n', -2)", "1\t6\t4"),
        ("return State.incr('m', 1, { init = 41 }), State.incr('m', 1, { init = 41 })", "42\t43"),
        ("return State.incr('f', 0.5), State.incr('f', 0.5), math.type(State.get('f'))", "0.5\t1.0\tfloat"),
        ("State.set('big', 1 << 53) return State.incr('big', 1) == (1 << 53) + 1", "true"),
        ("return State.get('n')", "4"),
    ]);
}

#[test]
fn incr_refuses_what_is_no_number_by_name_and_changes_nothing() {
    ends(&[
        ("State.set('s', '1') State.set('t', {1}) State.set('max', math.maxinteger)", ""),
        ("State.incr('s')", "ERR_STATE_VALUE: a:1: State.incr: the key \"s\" has a string, not a number"),
        ("State.incr('t')", "ERR_STATE_VALUE: a:1: State.incr: the key \"t\" has a table, not a number"),
        (
            "State.incr('max')",
            "ERR_STATE_VALUE: a:1: State.incr: the key \"max\" would pass the integers of 64 bits, or the largest float; it \
             keeps its value",
        ),
        (
            "State.incr('n', 'x')",
            "ERR_STATE_VALUE: a:1: State.incr: the number to add must be a finite number, got string",
        ),
        (
            "State.incr('n', 0/0)",
            "ERR_STATE_VALUE: a:1: State.incr: the number to add must be a finite number, got NaN",
        ),
        (
            "State.incr('n', 1/0)",
            "ERR_STATE_VALUE: a:1: State.incr: the number to add must be a finite number, got inf",
        ),
        (
            "State.incr('n', 1, { init = 'x' })",
            "ERR_STATE_VALUE: a:1: State.incr: the option 'init' must be a finite number, got string",
        ),
        (
            "State.incr('n', 1, { inital = 1 })",
            "ERR_STATE_VALUE: a:1: State.incr: there is no option 'inital' (known: 'init', 'ttl')",
        ),
        ("State.incr('n', 1, 1)", "ERR_STATE_VALUE: a:1: State.incr: the options must be a table, got number"),
        ("return State.get('s'), State.get('max') == math.maxinteger, State.has('n')", "1\ttrue\tfalse"),
    ]);
}

#[test]
fn add_and_replace_set_only_what_is_missing_or_there() {
    ends(&[
        ("return State.replace('k', 1), State.add('k', 1), State.add('k', 2), State.get('k')", "false\ttrue\tfalse\t1"),
        ("return State.replace('k', {3}), State.get('k')[1]", "true\t3"),
        (
            "State.add('x', nil)",
            "ERR_STATE_VALUE: a:1: State.add: the value is missing, or nil; State.delete(key) deletes",
        ),
        ("State.replace('k', print)", "ERR_STATE_VALUE: a:1: State.replace: value is a function"),
        ("return State.get('k')[1]", "3"),
    ]);
}

#[test]
fn cas_compares_values_and_not_their_texts() {
    ends(&[
        (
            "return State.cas('k', 1, 2), State.cas('k', nil, { b = 1, a = { 2, 3 } }), State.cas('k', nil, 1)",
            "false\ttrue\tfalse",
        ),
        ("return State.cas('k', { a = { 2.0, 3 }, b = 1.0 }, 7), State.get('k')", "true\t7"),
        (
            "return State.cas('k', 7.0, 8), State.cas('k', '8', 9), State.cas('k', 8, nil), State.has('k')",
            "true\tfalse\ttrue\tfalse",
        ),
        ("return State.cas('k', nil, nil), State.cas('k', json.null, 1)", "true\tfalse"),
        (
            "State.cas('k', 1)",
            "ERR_STATE_VALUE: a:1: State.cas: the old and the new value are wanted; nil stands for no value",
        ),
        ("State.cas('k', print, 1)", "ERR_STATE_VALUE: a:1: State.cas: old value is a function"),
        ("State.cas('k', nil, 0/0)", "ERR_STATE_VALUE: a:1: State.cas: new value is NaN"),
    ]);
}

#[test]
fn update_gives_the_value_to_a_function_and_keeps_what_it_returns() {
    ends(&[
        (
            "return State.update('n', function(n) return n + 1 end, 10), State.update('n', function(n) return n + 1 end)",
            "11\t12",
        ),
        ("return State.update('new', function(v) return v end), State.has('new')", "nil\tfalse"),
        ("return State.update('n', function() end), State.has('n')", "nil\tfalse"),
        ("State.update('t', function(t) t.x = 1 return t end, {}) return State.get('t').x", "1"),
        (
            "State.update('t', 1)",
            "ERR_LUA_RUNTIME: a:1: bad argument #2 to 'State.update' (function expected, got number)",
        ),
        ("State.update('t')", "ERR_LUA_RUNTIME: a:1: bad argument #2 to 'State.update' (function expected, got nil)"),
        (
            "State.update('t', function() return print end)",
            "ERR_STATE_VALUE: a:1: State.update: new value is a function",
        ),
        ("return State.get('t').x", "1"),
    ]);
}

#[test]
fn an_update_whose_function_fails_yields_or_changes_the_key_itself_changes_nothing() {
    ends(&[
        ("State.set('n', 1)", ""),
        ("State.update('n', function() error('oh', 0) end)", "ERR_LUA_RUNTIME: oh"),
        (
            "return pcall(State.update, 'n', function() error({ code = 7 }) end), select(2, pcall(State.update, 'n', function() error({ code = 7 }) end)).code",
            "false\t7",
        ),
        (
            "return coroutine.wrap(function() return pcall(State.update, 'n', coroutine.yield) end)()",
            "false\tattempt to yield across a C-call boundary",
        ),
        ("return State.get('n')", "1"),
    ]);
    // A store that does not answer at once cannot be asked inside.
    let [at_once, later] = stores();
    let itself =
        "ERR_STATE_VALUE: a:1: State.update: the function changed the key \"n\" itself; it is to return the new value";
    assert_eq!(run(&at_once, "State.update('n', function() State.set('n', 5) return 6 end)"), itself);
    assert_eq!(run(&at_once, "State.update('n', function() State.incr('n') return 6 end)"), itself);
    assert_eq!(run(&at_once, "return State.get('n')"), "6");
    let waits = "ERR_LUA_RUNTIME: a:1: State cannot be asked here: the function of State.update cannot wait. Call it before, \
                 and use its result";
    assert_eq!(run(&later, "State.update('n', function() return State.get('x') end)"), waits);
    assert_eq!(run(&at_once, "State.set('x', 3) return State.update('y', function() return State.get('x') end)"), "3");
}

#[test]
fn an_update_cannot_wait_and_a_failed_one_leaves_no_trace_of_that() {
    let wait = "ERR_LUA_RUNTIME: a:1: sleep cannot be called here: the function of State.update cannot wait. Call it before, \
                and use its result";
    ends(
        &[
            ("State.update('n', function() sleep(0.01) end)", wait),
            ("State.update('n', function() return coroutine.wrap(function() sleep(0.01) end)() end)", wait),
            (
                "pcall(State.update, 'n', function() error('x') end) sleep(0.001) State.set('k', 1) return State.get('k')",
                "1",
            ),
            ("pcall(State.update, 'n', function() sleep(1) end) sleep(0.001) return 'awake'", "awake"),
            (
                "return State.update('n', function() return State.update('m', function() return 1 end) + 1 end)",
                // Only where it needs no wait.
                "2",
            ),
        ][..4],
    );
    let [at_once, _] = stores();
    let nested = "return State.update('n', function() return State.update('m', function() return 1 end) + 1 end)";
    assert_eq!(run(&at_once, nested), "2");
}

#[test]
fn an_update_that_ended_with_its_coroutine_leaves_no_trace_either() {
    const FAILS: &str = "local co = coroutine.create(function() State.update('n', function() error('x') end) end) coroutine.resume(co) ";
    let ends_with = |source: &str, end: &str| ends(&[(&format!("{FAILS}{source}"), end)]);
    ends_with("sleep(0.001) State.set('k', 1) return State.get('k')", "1");
    ends_with("coroutine.close(co) sleep(0.001) return State.update('n', function() return 2 end)", "2");
    // Closed while another one is at work, it does not end that.
    let waits = "ERR_LUA_RUNTIME: a:1: sleep cannot be called here: the function of State.update cannot wait. Call it before, \
                 and use its result";
    ends_with("State.update('m', function() coroutine.close(co) sleep(0.001) end)", waits);
    // Nor does one that ends inside of it.
    let inside = format!("State.update('m', function() {FAILS} sleep(0.001) end)");
    ends(&[(&inside, waits)]);
    ends(&[(
        "parallel(function() pcall(coroutine.wrap(function() State.update('n', error) end)) sleep(0.001) end)",
        "",
    )]);
    let [at_once, _] = stores();
    let itself = format!("{FAILS} State.update('m', function() coroutine.close(co) State.set('m', 5) return 6 end)");
    assert!(run(&at_once, &itself).starts_with("ERR_STATE_VALUE"), "{}", run(&at_once, &itself));
}

#[test]
fn an_update_runs_again_when_somebody_was_faster() {
    let [at_once, _] = stores();
    let source = "for i = 1, 2000 do State.update('n', function(n) return n + 1 end, 0) end";
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(run(&at_once, source), ""));
        }
    });
    assert_eq!(run(&at_once, "return State.get('n')"), "8000");
}

#[test]
fn keys_expire_and_say_when() {
    for (kind, store) in ["at once", "later"].into_iter().zip(stores()) {
        let run = |source: &str| run(&store, source);
        assert_eq!(
            run("State.set('k', 1, { ttl = 10 }) return State.ttl('k') <= 10, State.ttl('k') > 0"),
            "true\ttrue",
            "{kind}"
        );
        assert_eq!(run("State.set('forever', 1) return State.ttl('forever'), State.ttl('nobody has it')"), "inf\tnil");
        assert_eq!(run("return State.expire('nobody has it', 1), State.expire('k', 0.5)"), "false\ttrue");
        assert_eq!(
            run(
                "State.add('a', 1, { ttl = 0.5 }) State.replace('a', 2, { ttl = 0.5 }) State.incr('i', 1, { ttl = 0.5 })"
            ),
            ""
        );
        assert_eq!(
            run(
                "State.update('a', function(n) return n + 1 end) State.incr('i') return State.get('a'), State.get('i')"
            ),
            "3\t2"
        );
        assert_eq!(run("State.expire('k', nil) State.set('l', 1, { ttl = 0.5 }) return State.ttl('k')"), "inf");
        assert_eq!(run("return #State.list()"), "5");
        CLOCK.fetch_add(500, Ordering::Relaxed);
        assert_eq!(
            run("return State.has('a'), State.get('i', 'gone'), State.ttl('l'), State.delete('l'), #State.list()"),
            "false\tgone\tnil\tfalse\t2"
        );
        assert_eq!(run("return State.incr('i'), State.ttl('i')"), "1\tinf");
    }
}

#[test]
fn a_ttl_that_is_none_is_refused_by_name() {
    let cases = ["0", "-1", "0/0", "1e300", "1/0", "'x'", "{}", "true"];
    let got = ["0.0", "-1.0", "NaN", "1e300", "inf", "string", "table", "boolean"];
    for store in stores() {
        for (ttl, got) in cases.iter().zip(got) {
            let wanted = "the ttl must be a number of seconds above 0, at most 3155760000, got";
            let answer = |function: &str| format!("ERR_STATE_VALUE: a:1: State.{function}: {wanted} ");
            for (function, call) in [
                ("set", format!("State.set('k', 1, {{ ttl = {ttl} }})")),
                ("add", format!("State.add('k', 1, {{ ttl = {ttl} }})")),
                ("incr", format!("State.incr('k', 1, {{ ttl = {ttl} }})")),
                ("expire", format!("State.expire('k', {ttl})")),
            ] {
                let message = run(&store, &call);
                assert!(message.starts_with(&answer(function)), "{message}");
                assert!(message.ends_with(got), "{message}");
            }
        }
        assert_eq!(run(&store, "return State.has('k')"), "false");
        assert_eq!(run(&store, "State.set('k', 1, { ttl = 3155760000 }) return State.ttl('k') > 1e9"), "true");
        assert_eq!(run(&store, "State.set('k', 1, { ttl = 1e-9 }) return State.has('k')"), "true");
        assert!(run(&store, "State.set('k', 1, { tll = 1 })").ends_with("there is no option 'tll' (known: 'ttl')"));
        assert!(run(&store, "State.set('k', 1, 60)").ends_with("the options must be a table, got number"));
        assert!(
            run(&store, "State.expire('k')").ends_with("the ttl is missing; State.expire(key, nil) lets a key last")
        );
    }
}

#[test]
fn a_kill_inside_an_update_changes_nothing_and_frees_the_key() {
    let [at_once, _] = stores();
    let mut script = script("State.update('n', function() while true do end end)");
    script.limits.timeout = std::time::Duration::from_millis(50);
    script.id = ScriptId::new("a").expect("a good id");
    script.services = Arc::new(Services::new(at_once.clone(), QUOTA));
    assert_eq!(execute(script).expect_err("it is killed").error.code.as_str(), "ERR_LUA_TIMEOUT");
    assert_eq!(run(&at_once, "return State.has('n'), State.incr('n')"), "false\t1");
}
