//! State: own spaces, refusal of others' keys, and no write lost among many threads.

mod common;
use common::{QUOTA, execute, script, store};
use moonpool_core::bridge::Services;
use moonpool_core::state::{ScriptId, Store};
use std::sync::Arc;

/// Runs `source` as `id` on `store`; the text of its result, or the error's code and message.
fn run_as(store: &Arc<dyn Store>, id: &str, source: &str) -> String {
    run_within(QUOTA, store, id, source)
}

/// As [`run_as`], with another quota.
fn run_within(quota: usize, store: &Arc<dyn Store>, id: &str, source: &str) -> String {
    let mut script = script(source);
    script.id = ScriptId::new(id).expect("a good id");
    script.name = id.into();
    script.services = Arc::new(Services::new(store.clone(), quota));
    execute(script).unwrap_or_else(|failure| format!("{}: {}", failure.error.code.as_str(), failure.error))
}

#[test]
fn a_script_reads_what_it_wrote_in_any_later_run() {
    let store = store();
    run_as(&store, "a", "State.set('n', 1) State.set('t', {1, {x = 'y'}}) State.set('f', 2.0) State.set('no', false)");
    assert_eq!(
        run_as(&store, "a", "return State.get('n'), State.get('t'), State.get('f'), State.get('no')"),
        r#"1	[1,{"x":"y"}]	2.0	false"#
    );
    assert_eq!(run_as(&store, "a", "return State.get('nothing'), State.get('nothing', 7)"), "nil\t7");
    assert_eq!(run_as(&store, "a", "State.set('n', json.null) return State.get('n') == json.null"), "true");
}

#[test]
fn nil_and_delete_remove_a_key() {
    let store = store();
    assert_eq!(
        run_as(
            &store,
            "a",
            "State.set('x', 1) State.set('y', 1) State.set('x', nil)
            return State.has('x'), State.has('y'), State.delete('y'), State.delete('y'), State.list()"
        ),
        "false\ttrue\ttrue\tfalse\t{}"
    );
}

#[test]
fn list_gives_own_keys_in_order() {
    let store = store();
    run_as(&store, "b", "State.set('a.foreign', 1)");
    run_as(&store, "a", "for _, k in ipairs{'b', 'a.2', 'a.10', 'a', 'ä', 'a.1'} do State.set(k, 1) end");
    assert_eq!(run_as(&store, "a", "return State.list()"), r#"["a","a.1","a.10","a.2","b","ä"]"#);
    assert_eq!(run_as(&store, "a", "return State.list('a.')"), r#"["a.1","a.10","a.2"]"#);
    assert_eq!(run_as(&store, "a", "return #State.list('zzz')"), "0");
    assert!(run_as(&store, "a", "State.list(1)").starts_with("ERR_LUA_RUNTIME: a:1: bad argument #1 to 'list'"));
}

#[test]
fn a_colon_instead_of_a_dot_is_named_by_every_function() {
    let names =
        run_as(&store(), "a", "local names = {} for k in pairs(State) do names[#names + 1] = k end return names");
    let names: Vec<String> = serde_json::from_str(&names).expect("a list of names");
    assert_eq!(names.len(), 12);
    for name in names {
        let said = run_as(&store(), "a", &format!("return State:{name}('k', 1)"));
        assert!(said.contains(&format!("got State itself: call it with a dot, as in State.{name}(...)")), "{said}");
    }
    let said = run_as(&store(), "a", "State.get({ get = 1 })");
    assert!(said.ends_with("got table"), "{said}");
}

#[test]
fn another_scripts_key_is_refused_also_with_a_default() {
    let store = store();
    run_as(&store, "owner", "State.set('secret', 's')");
    let refusal = "ERR_STATE_DENIED: thief:1: State.get: the key \"secret\" belongs to another script";
    assert_eq!(run_as(&store, "thief", "return (State.get('secret'))"), refusal);
    assert_eq!(run_as(&store, "thief", "State.get('secret', 'default')"), refusal);
    assert_eq!(
        run_as(&store, "thief", "return State.has('secret'), State.delete('secret'), #State.list()"),
        "false\tfalse\t0"
    );
    run_as(&store, "thief", "State.set('secret', 'mine')");
    assert_eq!(run_as(&store, "thief", "return State.get('secret')"), "mine");
    assert_eq!(run_as(&store, "owner", "return State.get('secret')"), "s");
    run_as(&store, "owner", "State.delete('secret')");
    run_as(&store, "thief", "State.delete('secret')");
    assert_eq!(run_as(&store, "thief", "return State.get('secret', 'free')"), "free");
}

#[test]
fn identity_is_the_id_of_the_run_and_nothing_else() {
    let store = store();
    run_as(&store, "admin-script", "State.set('secret', 's')");
    for trick in [
        "_G.__SCRIPT_ID = 'admin-script'",
        "script = {id = 'admin-script'}",
        "pcall(function() script.id = 'admin-script' end)",
        "pcall(rawset, script, 'id', 'admin-script')",
        "_ENV = setmetatable({script = {id = 'admin-script'}}, {__index = _G})",
        "tostring = function() return 'admin-script' end type = nil",
        "State = setmetatable({id = 'admin-script'}, {__index = State})",
    ] {
        let answer = run_as(&store, "thief", &format!("{trick} return State.get('secret')"));
        assert!(answer.starts_with("ERR_STATE_DENIED"), "{trick}: {answer}");
    }
    assert_eq!(run_as(&store, "thief", "return script.id, script.name, script.other"), "thief\tthief\tnil");
    assert_eq!(
        run_as(&store, "thief", "script.id = 'x'"),
        "ERR_LUA_RUNTIME: thief:1: script is read-only: writing it would change no identity"
    );
}

#[test]
fn ids_that_look_like_each_other_stay_apart() {
    let store = store();
    let ids = ["a", "a/b", "a/", "a.b", "a%b", "a*", "*", "A", "ä", "a b", "config.*", "a:key"];
    for id in ids {
        run_as(&store, id, "State.set('id', script.id) State.set(script.id, 1)");
    }
    for id in ids {
        assert_eq!(run_as(&store, id, "return State.get('id'), #State.list()"), format!("{id}\t{}", 2));
    }
}

#[test]
fn keys_outside_the_rules_are_refused() {
    let store = store();
    for (key, got) in [
        ("nil", "nil"),
        ("{}", "table"),
        ("1", "number"),
        ("''", "an empty string"),
        ("('x'):rep(513)", "a string of 513 bytes"),
        ("'\\xff'", "a string that is not UTF-8"),
    ] {
        for function in ["get", "set", "has", "delete"] {
            let answer = run_as(&store, "a", &format!("State.{function}({key}, 1)"));
            assert_eq!(
                answer,
                format!(
                    "ERR_STATE_VALUE: a:1: State.{function}: the key must be a string of 1 to 512 UTF-8 bytes, got {got}"
                )
            );
        }
    }
    assert_eq!(
        run_as(
            &store,
            "a",
            "local k = ('x'):rep(512) State.set(k, 1) State.set('a\\0\\nb', 2) return State.get(k), State.get('a\\0\\nb')"
        ),
        "1\t2"
    );
}

#[test]
fn values_outside_the_rules_are_refused_and_change_nothing() {
    let store = store();
    run_as(&store, "a", "State.set('k', 'old')");
    for (value, reason) in [
        ("print", "value is a function"),
        ("{x = {print}}", "value.x[1] is a function"),
        ("0/0", "value is NaN"),
        ("'\\xff'", "value is a string that is not UTF-8"),
        ("('x'):rep(1 << 20)", "the value is longer than 1048576 bytes of JSON"),
    ] {
        assert_eq!(
            run_as(&store, "a", &format!("State.set('k', {value})")),
            format!("ERR_STATE_VALUE: a:1: State.set: {reason}")
        );
    }
    assert!(run_as(&store, "a", "State.set('k')").starts_with("ERR_STATE_VALUE: a:1: State.set: the value is missing"));
    assert_eq!(run_as(&store, "a", "State.set('big', ('x'):rep((1 << 20) - 2)) return State.get('k')"), "old");
}

#[test]
fn the_quota_refuses_the_write_and_changes_nothing() {
    let store = store();
    let run_as = |store: &Arc<dyn Store>, id: &str, source: &str| run_within(1200, store, id, source);
    assert_eq!(run_as(&store, "a", "State.set('k', ('x'):rep(500)) return #State.get('k')"), "500");
    assert!(run_as(&store, "a", "State.set('l', ('x'):rep(500))").starts_with("ERR_STATE_QUOTA: a:1: State.set: "));
    assert_eq!(run_as(&store, "a", "return #State.get('k'), State.has('l')"), "500\tfalse");
    assert_eq!(run_as(&store, "a", "State.set('k', ('x'):rep(900)) return #State.get('k')"), "900");
    assert!(run_as(&store, "b", "State.set('k', ('x'):rep(2000))").starts_with("ERR_STATE_QUOTA"));
    assert_eq!(run_as(&store, "c", "return State.get('nobody', 'none')"), "none");
    run_as(&store, "a", "State.delete('k')");
    assert_eq!(run_as(&store, "a", "State.set('l', ('x'):rep(900)) return State.list()"), r#"["l"]"#);
}
