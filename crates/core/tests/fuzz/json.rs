//! What JSON accepts comes back as it was, as serde_json reads it; what is refused is refused with its path.

use crate::common::{execute, script};
use crate::fuzz;
use crate::generate::{lua_string, lua_value, texts, values};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value as Json;

const MAX_DEPTH: usize = 128;

/// Whether two Lua values are the same, down to integer or float and the sign of zero.
const SAME: &str = "local function same(a, b)
  if type(a) ~= 'table' then
    return rawequal(a, b) and math.type(a) == math.type(b) and (a ~= 0 or math.type(a) == 'integer' or 1 / a == 1 / b)
  end
  if type(b) ~= 'table' then return false end
  for k, v in pairs(a) do if not same(v, b[k]) then return false end end
  for k in pairs(b) do if a[k] == nil then return false end end
  return true
end\n";

fn run(source: &str) -> Result<String, TestCaseError> {
    execute(script(source)).map_err(|failure| TestCaseError::fail(format!("{failure:?}\nof {source}")))
}

#[test]
fn values_survive_json_and_state() {
    fuzz(300, values(), |value| {
        let source = format!(
            "{SAME} local v = {} local text = json.encode(v) State.set('k', {{v}})
            print(text)
            return same(v, json.decode(text)), same(v, State.get('k')[1]), json.encode(json.decode(text)) == text",
            lua_value(&value)
        );
        prop_assert_eq!(run(&source)?, format!("{value}\ntrue\ttrue\ttrue"));
        Ok(())
    });
}

/// Numerals as JSON has them, longer than any float is exact.
fn numerals() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?"
}

#[test]
fn numbers_are_read_exactly() {
    fuzz(300, prop::collection::vec(numerals(), 1..20), |numerals| {
        for numeral in numerals {
            let source = format!(
                "local ok, n = pcall(json.decode, '{numeral}') if not ok then return 'refused' end
                if math.type(n) == 'integer' then return 'integer', n end
                return 'float', (string.pack('>d', n):gsub('.', function(c) return ('%02x'):format(c:byte()) end))"
            );
            let float = numeral.parse::<f64>().expect("Rust reads every JSON number");
            let wanted = match numeral.parse::<i64>() {
                Ok(integer) if numeral != "-0" => format!("integer\t{integer}"),
                _ if float.is_finite() => format!("float\t{:016x}", float.to_bits()),
                _ => "refused".to_owned(),
            };
            prop_assert_eq!(run(&source)?, wanted, "{}", numeral);
        }
        Ok(())
    });
}

/// JSON text of values, plain, pretty or fully escaped; then perhaps damaged. Or pieces of JSON in any order.
fn json_texts() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&str] = &[
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"",
        "\"a\"",
        "\"\\",
        "\\u0041",
        "\\ud83d\\ude00",
        "\\ud83d",
        "\\udc00",
        "\\u00",
        "\\n",
        "\\x",
        "null",
        "nul",
        "true",
        "false",
        "0",
        "-",
        "-0",
        "01",
        "1.",
        ".5",
        "1e",
        "1e5",
        "1E+2",
        "1e400",
        "-1e-400",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "NaN",
        "Infinity",
        " ",
        "\n",
        "\u{feff}",
        "\0",
        "é",
        "\u{2028}",
        "//",
        "'a'",
        "[]",
        "{}",
        "{\"a\":1,\"a\":2}",
        "[1,]",
    ];
    let written = (values(), 0..3_u8).prop_map(|(value, how)| match how {
        0 => value.to_string(),
        1 => format!("{value:#}"),
        _ => escaped(&value.to_string()),
    });
    let written = written.boxed();
    let damaged =
        (written.clone(), prop::collection::vec((any::<Index>(), any::<u8>()), 1..4)).prop_map(|(text, changes)| {
            let mut bytes = text.into_bytes();
            for (at, byte) in changes {
                let at = at.index(bytes.len().max(1)).min(bytes.len());
                if byte < 128 {
                    bytes.insert(at, b"[]{},:\"\\0-.eu "[byte as usize % 14])
                } else {
                    drop(bytes.drain(at..(at + 1).min(bytes.len())))
                }
            }
            bytes
        });
    prop_oneof![
        2 => written.prop_map(String::into_bytes),
        2 => damaged,
        2 => prop::collection::vec(prop::sample::select(PIECES), 0..12).prop_map(|pieces| pieces.concat().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ]
}

/// The same JSON with every letter inside its strings as `\u` escapes.
fn escaped(text: &str) -> String {
    let mut inside = false;
    let mut result = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => inside = !inside,
            '\\' if inside => {
                result.push(c);
                result.extend(characters.next());
                continue;
            }
            // Not after `\u`: its digits are no letters beyond f.
            'g'..='z' | '\u{80}'.. if inside => {
                result.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
                continue;
            }
            _ => {}
        }
        result.push(c);
    }
    result
}

fn depth(json: &Json) -> usize {
    match json {
        Json::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Json::Object(entries) => 1 + entries.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// What Lua makes of a number: past the integers it is a float.
fn as_lua_sees(json: Json) -> Json {
    match json {
        Json::Number(n) if n.is_u64() && n.as_i64().is_none() => Json::from(n.as_f64().unwrap_or_default()),
        Json::Array(items) => items.into_iter().map(as_lua_sees).collect(),
        Json::Object(entries) => entries.into_iter().map(|(key, value)| (key, as_lua_sees(value))).collect(),
        other => other,
    }
}

#[test]
fn json_text_means_what_serde_json_reads() {
    fuzz(500, json_texts(), |text| {
        let source = format!(
            "local ok, v = pcall(json.decode, {}) if ok then return 'read', json.encode(v) end
            return 'refused', v.code, v.message",
            lua_string(&text)
        );
        let answer = run(&source)?;
        match serde_json::from_slice::<Json>(&text) {
            Ok(json) if depth(&json) <= MAX_DEPTH => {
                let Some(read) = answer.strip_prefix("read\t") else {
                    return Err(TestCaseError::fail(format!("{json} was {answer}")));
                };
                let read: Json = serde_json::from_str(read).expect("json.encode writes JSON");
                prop_assert_eq!(read, as_lua_sees(json));
            }
            Ok(_) => prop_assert!(answer.starts_with("refused\t"), "{}", answer),
            Err(error) => {
                prop_assert!(answer.starts_with("refused\tERR_LUA_RUNTIME\tjson.decode: "), "{error}, but {answer}");
                prop_assert!(answer.contains(" at line "), "it says where: {}", answer);
            }
        }
        Ok(())
    });
}

#[test]
fn nesting_ends_at_its_limit_in_every_direction() {
    fuzz(100, prop::collection::vec(any::<bool>(), 100..150), |levels| {
        let (mut value, mut text) = ("1".to_owned(), "1".to_owned());
        for array in &levels {
            (value, text) = if *array {
                (format!("{{{value}}}"), format!("[{text}]"))
            } else {
                (format!("{{a={value}}}"), format!("{{\"a\":{text}}}"))
            };
        }
        // A constructor may nest as deep as the compiler goes: built in two steps.
        let steps: Vec<_> = levels.iter().map(|array| if *array { "v = {v}" } else { "v = {a = v}" }).collect();
        let source = format!(
            "local v = 1 {} local text = '{text}' local encoded, got = pcall(json.encode, v)
            return encoded, got == text, pcall(json.decode, text), pcall(State.set, 'k', v), State.has('k')",
            steps.join(" ")
        );
        let fits = levels.len() <= MAX_DEPTH;
        let answer = run(&source.replace(
            "pcall(json.decode, text), pcall(State.set, 'k', v)",
            "(pcall(json.decode, text)), (pcall(State.set, 'k', v))",
        ))?;
        prop_assert_eq!(
            answer,
            [fits; 5].map(|fits| fits.to_string()).join("\t"),
            "{} levels of {}",
            levels.len(),
            value
        );
        Ok(())
    });
}

/// From a table to a member.
#[derive(Clone, Debug)]
enum Step {
    Key(String),
    /// After so many others.
    Index(usize),
}

/// Values that cannot cross, and what is said about them.
const BAD: &[(&str, &str)] = &[
    ("print", " is a function"),
    ("coroutine.create(print)", " is a thread"),
    ("script", " is a userdata"),
    ("0/0", " is NaN"),
    ("1/0", " is infinite"),
    ("-1/0", " is negative infinity"),
    ("'\\xff'", " is a string that is not UTF-8"),
    ("{['\\xff'] = 1}", " has a key that is not UTF-8"),
    ("{1, nil, 3}", " is an array with holes"),
    ("{1, x = 2}", " mixes array and string keys"),
    ("{[1.5] = 1}", " has the float key 1.5"),
    ("{[true] = 1}", " has a key that is a boolean"),
    ("{[0] = 1}", " has the integer key 0"),
    ("json.array{x = 1}", " is marked as an array but has the string key"),
    ("setmetatable({}, {__pairs = print, __index = print, x = 1}) and print", " is a function"),
];

#[test]
fn a_bad_value_is_refused_with_its_path_everywhere() {
    let step = prop_oneof![texts().prop_map(Step::Key), (0..4_usize).prop_map(Step::Index)];
    let path = prop::collection::vec((step, values()), 0..6);
    fuzz(300, (path, prop::sample::select(BAD)), |(path, (bad, reason))| {
        let mut value = bad.to_owned();
        let mut shown = String::new();
        for (step, sibling) in path.iter().rev() {
            let sibling = lua_value(sibling);
            match step {
                Step::Key(key) => {
                    // The sibling's key is another, and sorts before or after.
                    let (name, other) = (lua_string(key.as_bytes()), lua_string(format!("{key}m").as_bytes()));
                    value = format!("{{[{name}] = {value}, [{other}] = {sibling}}}");
                    shown = step_of(key) + &shown;
                }
                Step::Index(before) => {
                    value = format!("{{{}{value}, {sibling}}}", format!("{sibling}, ").repeat(*before));
                    shown = format!("[{}]{shown}", before + 1);
                }
            }
        }
        let source = format!(
            "local v = {value} local _, e = pcall(json.encode, v) local _, s = pcall(State.set, 'k', v)
            print(e.code, e.message) print(s.code, s.message, State.has('k')) return {{v}}"
        );
        let failure = match execute(script(&source)) {
            Ok(text) => return Err(TestCaseError::fail(format!("accepted: {text}"))),
            Err(failure) => failure,
        };
        let says = |text: &str, prefix: &str| text.starts_with(&format!("{prefix}{shown}{reason}"));
        let (encode, state) = failure.output.split_once('\n').unwrap_or_default();
        let result = failure.error.to_string();
        prop_assert!(says(&result, "the result cannot cross: value[1]"), "{} {}", result, shown);
        prop_assert_eq!(failure.error.code.as_str(), "ERR_LUA_RESULT");
        prop_assert!(says(encode, "ERR_LUA_RESULT\tjson.encode: value"), "{} {}", encode, shown);
        prop_assert!(says(state, "ERR_STATE_VALUE\tState.set: value"), "{} {}", state, shown);
        prop_assert!(state.ends_with("\tfalse\n"), "nothing was stored: {}", state);
        Ok(())
    });
}

/// How a path names a member: as Lua would write it.
fn step_of(key: &str) -> String {
    let mut bytes = key.bytes();
    let first = bytes.next().is_some_and(|byte| byte == b'_' || byte.is_ascii_alphabetic());
    if first && bytes.all(|byte| byte == b'_' || byte.is_ascii_alphanumeric()) {
        format!(".{key}")
    } else {
        format!("[{}]", Json::from(key))
    }
}
