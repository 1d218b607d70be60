//! A run's text: captured output, then the returned values.

mod common;
use common::{code, fail, run};

#[test]
fn output_comes_first_then_the_values() {
    assert_eq!(run("print('a') return 42"), "a\n42");
    assert_eq!(run("io.write('a', 1, 2.5) print('b', nil, true) return"), "a12.5b\tnil\ttrue\n");
    assert_eq!(run("io.write('a'):write('b') return nil"), "ab");
}

#[test]
fn values_are_joined_by_tabs_and_written_as_lua_writes_them() {
    assert_eq!(
        run("return 1, 1.0, 1e100, -0.0, 2^53, 'x', true, nil, false"),
        "1\t1.0\t1e+100\t-0.0\t9.007199254741e+15\tx\ttrue\tnil\tfalse"
    );
    assert_eq!(run("return nil, nil"), "nil\tnil");
    assert_eq!(run("return math.mininteger, 1/0"), "-9223372036854775808\tinf");
    assert_eq!(run("return nil"), "");
    assert_eq!(run(""), "");
    assert_eq!(run("return ''"), "");
}

#[test]
fn tables_are_json_with_keys_in_byte_order() {
    assert_eq!(run("return {}"), "{}");
    assert_eq!(run("return json.array({})"), "[]");
    assert_eq!(run("return {1, 2.0, 'x', {true}}"), r#"[1,2.0,"x",[true]]"#);
    assert_eq!(run("return {b = 1, a = {c = json.null}, ['é'] = 2, Z = 3}"), r#"{"Z":3,"a":{"c":null},"b":1,"é":2}"#);
    assert_eq!(run(r#"return {'"\\\n\0'}"#), r#"["\"\\\n\u0000"]"#);
    assert_eq!(run("local t = {} t[3], t[2], t[1] = 3, 2, 1 return t"), "[1,2,3]");
    assert_eq!(run("return json.null"), "null");
    assert_eq!(run("return {1e300, 0.1, math.maxinteger}"), "[1e+300,0.1,9223372036854775807]");
}

#[test]
fn a_table_in_two_places_is_no_cycle() {
    assert_eq!(run("local t = {1} return {a = t, b = t}"), r#"{"a":[1],"b":[1]}"#);
}

#[test]
fn what_cannot_cross_is_refused_with_its_path() {
    for (source, message) in [
        ("return print", "the result cannot cross: value is a function"),
        ("return {users = {1, 2, {fn = print}}}", "the result cannot cross: value.users[3].fn is a function"),
        ("return 1, coroutine.create(print)", "the result cannot cross: values[2] is a thread"),
        ("return {script}", "the result cannot cross: value[1] is a userdata"),
        ("return {['a b'] = 0/0}", r#"the result cannot cross: value["a b"] is NaN"#),
        ("return {1/0}", "the result cannot cross: value[1] is infinite"),
        ("return '\\xff'", "the result cannot cross: value is a string that is not UTF-8"),
        ("return {['\\xff'] = 1}", "the result cannot cross: value has a key that is not UTF-8: \"\u{fffd}\""),
        ("local t = {} t.a = {t} return t", "the result cannot cross: value.a[1] contains itself"),
        ("return {1, 2, nil, 4}", "the result cannot cross: value is an array with holes (3 values, highest index 4)"),
        ("return {1, x = 2}", "the result cannot cross: value mixes array and string keys (the string key \"x\")"),
        (
            "return {[true] = 1}",
            "the result cannot cross: value has a key that is a boolean; keys must be 1..n or strings",
        ),
        ("return {[1.5] = 1}", "the result cannot cross: value has the float key 1.5; keys must be 1..n or strings"),
        ("return {[0] = 1}", "the result cannot cross: value has the integer key 0; keys must be 1..n or strings"),
        (
            "return json.array({x = 1})",
            "the result cannot cross: value is marked as an array but has the string key \"x\"",
        ),
    ] {
        let failure = fail(source);
        assert_eq!(failure.error.message, message, "{source}");
        assert_eq!(failure.error.code.as_str(), "ERR_LUA_RESULT", "{source}");
    }
}

#[test]
fn depth_is_limited_to_128_levels() {
    let nest = |n: usize| format!("local t = {{}} for i = 2, {n} do t = {{t}} end return t");
    assert_eq!(run(&nest(128)), "[".repeat(127) + "{}" + &"]".repeat(127));
    assert_eq!(code(&nest(129)), "ERR_LUA_RESULT");
    assert_eq!(code(&nest(100_000)), "ERR_LUA_RESULT");
}

#[test]
fn output_that_is_not_utf8_becomes_replacement_characters() {
    assert_eq!(run("io.write('a\\xffb')"), "a\u{fffd}b");
}

#[test]
fn a_failed_run_keeps_its_output() {
    assert_eq!(fail("print('before') return print").output, "before\n");
    assert_eq!(fail("print('before') error('x')").output, "before\n");
}

#[test]
fn json_round_trips_values() {
    let text = r#"{"a":[1,2.5,"x",true,false,null,[],{}],"big":9223372036854775807,"nested":{"deep":[[[1]]]}}"#;
    assert_eq!(run(&format!("return json.encode(json.decode([==[{text}]==]))")), text);
    assert_eq!(run("return json.decode('null') == json.null, tostring(json.null)"), "true\tnull");
    assert_eq!(
        run("return math.type(json.decode('1')), math.type(json.decode('1.0')), json.decode('18446744073709551616')"),
        "integer\tfloat\t1.844674407371e+19"
    );
    assert_eq!(run("return json.decode('{\"a\":1,\"a\":2}').a"), "2");
}

#[test]
fn json_refuses_what_is_not_json() {
    for text in ["", "{", "[1,]", "nul", "1 2", "'x'", "\"\\ud800\"", "1e999", "\u{1}", "NaN"] {
        let source = format!("return select(2, pcall(json.decode, [==[{text}]==])).message");
        assert!(run(&source).starts_with("json.decode: "), "{text:?}: {}", run(&source));
    }
    let deep = |n: usize| format!("return pcall(json.decode, string.rep('[', {n}) .. string.rep(']', {n}))");
    assert!(run(&deep(128)).starts_with("true"));
    assert_eq!(code(&deep(129)), "ERR_LUA_RESULT", "the error value comes second and cannot cross");
    assert_eq!(run("return (pcall(json.decode, string.rep('[', 1000000)))"), "false");
    assert_eq!(
        run("return select(2, pcall(json.decode)).message"),
        "bad argument #1 to 'decode' (string expected, got no value)"
    );
    assert_eq!(run("return select(2, pcall(json.encode, print)).code"), "ERR_LUA_RESULT");
}

#[test]
fn a_file_header_is_skipped_and_lines_still_count() {
    assert_eq!(run("#!/usr/bin/lua\nreturn 1"), "1");
    assert_eq!(run("\u{feff}return 1"), "1");
    assert_eq!(run("\u{feff}#!/usr/bin/lua\nreturn 1"), "1");
    assert_eq!(run("# only this line"), "");
    assert_eq!(run("-- only a comment"), "");
    assert_eq!(fail("#!/usr/bin/lua\nerror('x')").line, Some(2));
}

#[test]
fn hundreds_of_thousands_of_returned_values_are_written_one_by_one() {
    let text = run("local t = {} for i = 1, 190000 do t[i] = 'v' .. i end return table.unpack(t)");
    assert_eq!(text.len(), (1..=190_000).map(|i| format!("v{i}\t").len()).sum::<usize>() - 1);
    assert!(text.starts_with("v1\tv2\t") && text.ends_with("\tv190000"));
}

#[test]
fn each_vm_has_random_numbers_of_its_own() {
    let numbers: std::collections::HashSet<_> = (0..10).map(|_| run("return math.random(0)")).collect();
    assert_eq!(numbers.len(), 10);
}

#[test]
fn a_map_may_have_more_keys_than_a_stack_has_slots() {
    let mut script = common::script("local t = {} for i = 1, 250000 do t['k' .. i] = true end return t");
    script.limits.memory = 256 << 20;
    script.limits.timeout = std::time::Duration::from_secs(30);
    let tables = moonpool_core::value::Tables::Maps;
    script.exchange.results = Some(moonpool_core::value::Shapes { tables, ..Default::default() });
    let settled = common::execute_with(&common::FACTORY, script, std::time::Duration::from_secs(30));
    let success = settled.outcome.expect("it crosses");
    assert!(success.values.expect("values").len() > 250_000 * 5);
}

/// V8 would turn the object's elements into an array and back many times, were they to come in another order.
#[test]
fn a_record_begins_with_its_highest_index() {
    let mut script =
        common::script("return { [0] = 1, [9] = 2, [10] = 3, [-1] = 4, [4294967295] = 5, ['11'] = 6, a = 7 }");
    let tables = moonpool_core::value::Tables::Records;
    script.exchange.results = Some(moonpool_core::value::Shapes { tables, ..Default::default() });
    let success = common::execute_with(&common::FACTORY, script, std::time::Duration::from_secs(30)).outcome;
    let values = success.expect("it crosses").values.expect("values");
    // A list of one object with seven members: each a name with its length, a tag, and 8 bytes.
    let mut left = &values[4 + 1 + 4..];
    let mut names = Vec::new();
    while let [len, _, _, _, rest @ ..] = left {
        let (name, rest) = rest.split_at(usize::from(*len));
        names.push(String::from_utf8_lossy(name));
        left = &rest[9..];
    }
    assert_eq!(names, ["11", "10", "9", "0", "-1", "4294967295", "a"]);
}
