//! Generated values, as Lua source and as the JSON text that they must become.

#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]

use proptest::prelude::*;
use serde_json::Value as Json;

/// A fixed number of cases, the same in every run; a failure prints the case.
pub fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(0x006d_6f6f_6e70_6f6f),
        ..ProptestConfig::default()
    }
}

/// A Lua string literal for any bytes.
pub fn lua_string(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', byte as char]),
            b' '..=b'~' => text.push(byte as char),
            _ => text += &format!("\\{byte:03}"),
        }
    }
    text + "\""
}

/// A Lua expression for an integer.
pub fn lua_integer(i: i64) -> String {
    if i == i64::MIN { "math.mininteger".to_owned() } else { format!("({i})") }
}

/// A Lua expression for a float.
pub fn lua_float(f: f64) -> String {
    match f {
        _ if f.is_nan() => "(0/0)".to_owned(),
        f64::INFINITY => "(1/0)".to_owned(),
        f64::NEG_INFINITY => "(-1/0)".to_owned(),
        _ => format!("({f:?})"),
    }
}

/// A Lua expression that is `json` as Lua sees it, however deep.
pub fn lua_value(json: &Json) -> String {
    match json {
        Json::Null => "json.null".to_owned(),
        Json::Bool(b) => b.to_string(),
        Json::Number(n) => n.as_i64().map_or_else(|| lua_float(n.as_f64().unwrap_or(0.0)), lua_integer),
        Json::String(s) => lua_string(s.as_bytes()),
        Json::Array(items) => {
            let items: Vec<_> = items.iter().map(lua_value).collect();
            format!("json.array{{{}}}", items.join(","))
        }
        Json::Object(entries) => {
            let entries: Vec<_> =
                entries.iter().map(|(k, v)| format!("[{}]={}", lua_string(k.as_bytes()), lua_value(v))).collect();
            format!("{{{}}}", entries.join(","))
        }
    }
}

/// Integers with the edges that matter more often than chance would have it.
pub fn integers() -> impl Strategy<Value = i64> {
    const EDGES: &[i64] = &[
        0,
        1,
        -1,
        2,
        3,
        10,
        255,
        256,
        i64::MAX,
        i64::MIN,
        i64::MAX - 1,
        i64::MIN + 1,
        1 << 31,
        1 << 32,
        1 << 53,
        (1 << 53) + 1,
        -(1 << 53) - 1,
        1 << 62,
    ];
    prop_oneof![4 => -20..20_i64, 2 => prop::sample::select(EDGES), 1 => any::<i64>()]
}

/// Finite floats of every size.
pub fn floats() -> impl Strategy<Value = f64> {
    const EDGES: &[f64] = &[
        0.0,
        -0.0,
        0.5,
        1.0,
        -1.5,
        0.1,
        1e15,
        1e16,
        1e100,
        1e300,
        5e-324,
        f64::MAX,
        f64::MIN_POSITIVE,
        9_007_199_254_740_992.0,
        (1_u64 << 63) as f64,
    ];
    prop_oneof![
        2 => prop::sample::select(EDGES),
        2 => any::<u64>().prop_map(f64::from_bits).prop_map(|f| if f.is_finite() { f } else { 1.25 }),
        1 => -1000.0..1000.0,
    ]
}

/// Text with everything that needs care: NUL, quotes, escapes, every plane of Unicode.
pub fn texts() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "", "a", "key", "/", ".", "%", "*", ":", "\0", "\n", "\r", "\t", "\"", "\\", "\u{7f}", "\u{85}", "é", "日",
        "🌍", "\u{2028}", "\u{ffff}", " ",
    ];
    prop_oneof![
        3 => prop::collection::vec(prop::sample::select(PIECES), 0..6).prop_map(|pieces| pieces.concat()),
        1 => prop::collection::vec(any::<char>(), 0..12).prop_map(String::from_iter),
    ]
}

/// JSON values of a few levels. `null` is left out at the top: State has no such value to tell from a missing one.
pub fn values() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        1 => Just(Json::Null),
        1 => any::<bool>().prop_map(Json::from),
        2 => integers().prop_map(Json::from),
        2 => floats().prop_map(Json::from),
        3 => texts().prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::vec((texts(), inner), 0..6)
                .prop_map(|entries| Json::from(serde_json::Map::from_iter(entries))),
        ]
    })
}
