//! Library calls and operators on random arguments give what unedited Lua 5.4.9 gives, messages included.

use crate::common::{execute, script};
use crate::fuzz;
use crate::generate::{floats, integers, lua_float, lua_integer, lua_string};
use proptest::prelude::*;
use std::time::Duration;

/// Prints the outcome of each case on a line of its own, with types, and without anything that may differ rightly.
const PRELUDE: &str = r#"
local function show(v, depth)
  local kind = math.type(v) or type(v)
  if kind == 'string' then
    return '"' .. v:gsub('[^\x20-\x7e]', function(c) return ('\\x%02x'):format(c:byte()) end) .. '"'
  elseif kind == 'float' then
    return kind .. ('%.17g'):format(v):gsub('%-nan', 'nan')
  elseif kind == 'table' and depth < 3 then
    local shown = {}
    for k, v in next, v do
      local item, at = show(k, depth + 1) .. '=' .. show(v, depth + 1), #shown + 1
      while at > 1 and shown[at - 1] > item do shown[at], at = shown[at - 1], at - 1 end
      shown[at] = item
    end
    return '{' .. table.concat(shown, ' ') .. '}'
  elseif kind == 'table' or kind == 'function' or kind == 'thread' or kind == 'userdata' then
    return kind
  end
  return kind .. ' ' .. tostring(v)
end
local function t(f, ...)
  local r = table.pack(pcall(f, ...))
  for i = 1, r.n do r[i] = show(r[i], 0) end
  print(table.concat(r, ' ', 1, r.n))
end
"#;

/// Runs all cases, expressions each, in both Luas: called from Lua, and from C.
fn agree(cases: &[String]) -> Result<(), TestCaseError> {
    let mut source = PRELUDE.to_owned();
    for case in cases {
        source += &format!("t(function() {case} end)\n");
        // `return f(args)` also as `pcall(f, args)`: messages name the function in another way.
        if let Some((function, arguments)) = direct(case) {
            source += &format!("t({function}{}{arguments})\n", if arguments.is_empty() { "" } else { ", " });
        }
    }
    let stock = moonpool_lua::stock::run(source.as_bytes(), "=tester", 20_000);
    let wanted = String::from_utf8_lossy(&stock.text);
    if !stock.ok {
        prop_assume!(!wanted.contains("deadline"));
        return Err(TestCaseError::fail(format!("unedited Lua fails: {wanted}")));
    }
    let mut script = script(&source);
    script.limits.timeout = Duration::from_secs(20);
    script.limits.output = 64 << 20;
    let ours = execute(script).map_err(|failure| TestCaseError::fail(format!("ours fails: {failure:?}")))?;
    let differs = ours.lines().zip(wanted.lines()).find(|(ours, wanted)| ours != wanted);
    if let Some((ours, wanted)) = differs {
        return Err(TestCaseError::fail(format!("\n   ours: {ours}\nunedited: {wanted}")));
    }
    prop_assert_eq!(ours.lines().count(), wanted.lines().count());
    Ok(())
}

/// The function and the arguments of `return name.name(arguments)`.
fn direct(case: &str) -> Option<(&str, &str)> {
    let (function, rest) = case.strip_prefix("return ")?.split_once('(')?;
    let name = function.bytes().all(|byte| byte == b'.' || byte.is_ascii_alphanumeric());
    (name && !function.is_empty()).then_some((function, rest.strip_suffix(')')?))
}

/// Checks `count` chunks of twenty cases each.
fn differential(count: u32, case: impl Strategy<Value = String>) {
    fuzz(count, prop::collection::vec(case, 1..20), |cases| agree(&cases));
}

/// `return function(arguments)`, without the trailing arguments that are `None`.
fn call(function: &str, arguments: Vec<Option<String>>) -> String {
    let given: Vec<_> = arguments.into_iter().map_while(|argument| argument).collect();
    format!("return {function}({})", given.join(", "))
}

/// An argument that may be left out.
fn maybe<S: Strategy<Value = String>>(strategy: S) -> impl Strategy<Value = Option<String>> {
    prop::option::weighted(0.7, strategy)
}

fn select(from: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(from).prop_map(str::to_owned)
}

/// Byte strings over few characters, so that patterns meet them.
fn subjects(max: usize) -> impl Strategy<Value = String> {
    const PIECES: &[&[u8]] = &[
        b"a",
        b"b",
        b"ab",
        b"A",
        b"1",
        b"23",
        b" ",
        b"\n",
        b"(",
        b")",
        b"[",
        b"]",
        b"%",
        b".",
        b"-",
        b"_",
        b"\0",
        "é".as_bytes(),
        b"\xff",
        b"^",
    ];
    prop::collection::vec(prop::sample::select(PIECES), 0..max).prop_map(|pieces| lua_string(&pieces.concat()))
}

/// Patterns: well-formed ones with at most four unbounded repetitions (unedited Lua cannot be stopped), and soup.
fn patterns() -> impl Strategy<Value = String> {
    const SINGLES: &[&str] = &[
        "a", "b", "1", ".", "%a", "%d", "%l", "%s", "%u", "%w", "%x", "%p", "%c", "%g", "%A", "%D", "%S", "%W", "%%",
        "%.", "%(", "%-", "[ab]", "[^a]", "[a-z1]", "[%a_]", "[]]", "[^]]", "[a-]", "[%]]", "[-a]", "[%w%s]",
        "[a-b-c]", "[\\0-a]", "\\0", "\\xff", "[^\\0]", "[é]", "[%a-z]", "[b-a]",
    ];
    const OTHERS: &[&str] =
        &["(", ")", "()", "(a)", "(.)", "%1", "%2", "%b()", "%bab", "%f[%w]", "%f[^%w]", "%f[\\0]", "^", "$", "%z"];
    const SOUP: &[&str] = &[
        "(", ")", "[", "]", "%", "^", "$", "a", "b", ".", "*", "+", "-", "?", "%1", "%0", "%9", "%b", "%f", "%f[",
        "[^", "[a-", "%a", "[%", "\\0",
    ];
    let item = prop_oneof![
        3 => (prop::sample::select(SINGLES), prop::sample::select(&["", "", "?", ""][..])).prop_map(|(a, b)| format!("{a}{b}")),
        1 => prop::sample::select(OTHERS).prop_map(str::to_owned),
    ];
    let greedy = (prop::sample::select(SINGLES), prop::sample::select(&["*", "+", "-"][..]))
        .prop_map(|(a, b)| format!("{a}{b}"));
    let parts =
        (prop::collection::vec(item, 0..5), prop::collection::vec(greedy, 0..4)).prop_map(|(items, repeated)| {
            let mut pattern: Vec<_> = items;
            for (i, item) in repeated.into_iter().enumerate() {
                pattern.insert((i * 2).min(pattern.len()), item);
            }
            pattern.concat()
        });
    let framed = (parts, 0..8_u8).prop_map(|(middle, frame)| match frame {
        0 => format!("^{middle}"),
        1 => format!("{middle}$"),
        2 => format!("({middle})"),
        3 => format!("(({middle}))%1"),
        4 => format!("(){middle}()"),
        _ => middle,
    });
    let soup = prop::collection::vec(prop::sample::select(SOUP), 0..8).prop_map(|pieces| pieces.concat());
    // Written with Lua's own escapes for NUL and 255.
    prop_oneof![4 => framed, 2 => soup].prop_map(|pattern| format!("\"{pattern}\""))
}

fn indices() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (-12..30_i64).prop_map(|i| i.to_string()),
        1 => integers().prop_map(lua_integer),
        1 => select(&["nil", "2.0", "1.5", "'2'", "'x'", "1e308", "0/0", "true", "{}", "-0.0"]),
    ]
}

#[test]
fn patterns_find_match_and_gmatch_as_in_unedited_lua() {
    let find = (
        select(&["string.find", "string.match"]),
        subjects(20),
        patterns(),
        maybe(indices()),
        maybe(select(&["true", "false", "nil", "1"])),
    )
        .prop_map(|(function, s, p, init, plain)| call(&function, vec![Some(s), Some(p), init, plain]));
    let gmatch = (subjects(20), patterns(), maybe(indices())).prop_map(|(s, p, init)| {
        let arguments = [s, p].into_iter().chain(init).collect::<Vec<_>>().join(", ");
        format!("local r = {{}} for a, b, c in string.gmatch({arguments}) do r[#r + 1] = {{a, b, c}} if #r > 50 then break end end return r")
    });
    differential(400, prop_oneof![3 => find, 1 => gmatch]);
}

#[test]
fn gsub_replaces_as_in_unedited_lua() {
    let repl = prop_oneof![
        select(&[
            "'x'", "''", "'%0'", "'<%1>'", "'%2%1'", "'%%'", "'%'", "'%x'", "'%9'", "'%0%0%0'", "'a\\0b'", "1", "1.5"
        ]),
        select(&[
            "{a = 'x', b = false, ab = 1}",
            "{}",
            "{a = {}}",
            "setmetatable({}, {__index = function(_, k) return k .. k end})",
            "setmetatable({}, {__index = string.upper})"
        ]),
        select(&[
            "function(...) return select('#', ...) end",
            "function(a) return a .. '!' end",
            "function() end",
            "function() return false end",
            "function() return true end",
            "function() return {} end",
            "function() error('e') end",
            "function(...) return ... end",
            "string.upper",
            "string.len",
            "print == nil",
            "nil",
        ]),
    ];
    let case = (subjects(16), patterns(), repl, maybe(indices()))
        .prop_map(|(s, p, r, n)| call("string.gsub", vec![Some(s), Some(p), Some(r), n]));
    differential(400, case);
}

/// Anything that may be an argument, but no table or function: those print as addresses.
fn scalars() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => integers().prop_map(lua_integer),
        3 => floats().prop_map(lua_float),
        2 => subjects(6),
        2 => numeric_strings(),
        1 => select(&["nil", "true", "false", "0/0", "1/0", "-1/0", "math.pi", "-0.0"]),
    ]
}

fn numeric_strings() -> impl Strategy<Value = String> {
    prop_oneof![
        select(&[
            "'10'",
            "'0x10'",
            "' 5 '",
            "'1e1'",
            "'abc'",
            "''",
            "' '",
            "'0x'",
            "'1e'",
            "'5 5'",
            "'inf'",
            "'nan'",
            "'0x1p4'",
            "'9223372036854775807'",
            "'9223372036854775808'",
            "'-9223372036854775808'",
            "'0xffffffffffffffff'",
            "'0x1ffffffffffffffff'",
            "'1_0'",
            "'1e400'",
            "'.5'",
            "'5.'",
            "'.'",
            "'0x.8'",
            "'0x.p1'",
            "'- 1'",
            "'-0x1'",
            "'--1'",
            "'+1'",
            "'1\\0'",
            "'1e+5'",
            "'\\t7\\n'",
            "'0b1'",
            "'1e-400'",
            "'zz'",
            "'7fffffffffffffff'",
            "'-z'",
        ]),
        "[ ]{0,2}[-+]?(0x)?[0-9a-f]{0,20}(\\.[0-9a-f]{0,4})?([ep][-+]?[0-9]{0,3})?[ ]{0,2}"
            .prop_map(|text| format!("'{text}'")),
    ]
}

#[test]
fn format_writes_what_unedited_lua_writes() {
    let good = (
        "[-+ #0]{0,2}",
        "[0-9]{0,2}",
        "(\\.[0-9]{0,2})?",
        prop::sample::select(
            &['d', 'i', 'u', 'c', 'x', 'X', 'o', 'e', 'E', 'f', 'F', 'g', 'G', 'a', 'A', 's', 'q'][..],
        ),
    )
        .prop_map(|(flags, width, precision, conversion)| format!("%{flags}{width}{precision}{conversion}"));
    let specification = prop_oneof![
        6 => good,
        2 => prop::sample::select(&["%d", "%s", "%5s", "%.3s", "%q", "%g", "%.14g", "%x", "%%", "%c"][..]).prop_map(str::to_owned),
        1 => prop::sample::select(&["%", "%y", "%123d", "%.123f", "%-+ #0d", "%ll", "%5q", "%0s", "%\\0", "% q", "text", "\\0"][..]).prop_map(str::to_owned),
    ];
    let case = (prop::collection::vec(specification, 1..4), prop::collection::vec(scalars(), 0..4)).prop_map(
        |(specifications, arguments)| {
            let mut all = vec![Some(format!("\"{}\"", specifications.join(" ")))];
            all.extend(arguments.into_iter().map(Some));
            call("string.format", all)
        },
    );
    differential(400, case);
}

/// Formats of `string.pack`, with no size that would make unedited Lua allocate much.
fn pack_formats() -> impl Strategy<Value = String> {
    const PLAIN: &[&str] = &[
        "<", ">", "=", "!", "b", "B", "h", "H", "i", "I", "l", "L", "j", "J", "T", "f", "d", "n", "s", "z", "x", "X",
        " ", "Xi4", "Xd", "Xz", "y", "c",
    ];
    let sized = (
        prop::sample::select(&["i", "I", "s", "!"][..]),
        prop_oneof![5 => 1..9_u64, 1 => 9..20_u64, 1 => Just(4_294_967_297)],
    )
        .prop_map(|(option, size)| format!("{option}{size}"));
    let fixed = (0..40_u8).prop_map(|size| format!("c{size}"));
    let item = prop_oneof![4 => select(PLAIN), 2 => sized, 1 => fixed];
    prop::collection::vec(item, 0..6).prop_map(|items| format!("'{}'", items.concat()))
}

#[test]
fn pack_and_unpack_agree_with_unedited_lua() {
    let pack = (pack_formats(), prop::collection::vec(scalars(), 0..5)).prop_map(|(format, arguments)| {
        call("string.pack", std::iter::once(format).chain(arguments).map(Some).collect())
    });
    let unpack = (pack_formats(), prop::collection::vec(any::<u8>(), 0..40), maybe(indices()))
        .prop_map(|(format, data, at)| call("string.unpack", vec![Some(format), Some(lua_string(&data)), at]));
    let size = pack_formats().prop_map(|format| call("string.packsize", vec![Some(format)]));
    let round = (pack_formats(), prop::collection::vec(scalars(), 0..5)).prop_map(|(format, arguments)| {
        let arguments = std::iter::once(format.clone()).chain(arguments).collect::<Vec<_>>().join(", ");
        format!("local packed = string.pack({arguments}) return string.unpack({format}, packed)")
    });
    differential(400, prop_oneof![pack, unpack, size, round]);
}

#[test]
fn other_string_functions_agree_with_unedited_lua() {
    let count = prop_oneof![5 => (-3..40_i64).prop_map(|i| i.to_string()), 1 => select(&["1.5", "'3'", "'x'", "nil", "2.0", "math.mininteger"])];
    let rep = (subjects(4), count, maybe(subjects(3)))
        .prop_map(|(s, n, sep)| call("string.rep", vec![Some(s), Some(n), sep]));
    let too_long = (2..9_usize, prop::sample::select(&["math.maxinteger", "1 << 62", "math.maxinteger // 2 + 2"][..]))
        .prop_map(|(len, n)| call("string.rep", vec![Some(lua_string(&vec![b'x'; len])), Some(n.to_owned())]));
    let ranges = (
        select(&["string.sub", "string.byte", "utf8.len", "utf8.codepoint", "utf8.offset"]),
        subjects(12),
        maybe(indices()),
        maybe(indices()),
        maybe(select(&["true", "false"])),
    )
        .prop_map(|(function, s, i, j, lax)| call(&function, vec![Some(s), i, j, lax]));
    let simple = (select(&["string.len", "string.upper", "string.lower", "string.reverse"]), scalars())
        .prop_map(|(function, s)| call(&function, vec![Some(s)]));
    let code =
        prop_oneof![4 => (0..300_i64).prop_map(lua_integer), 1 => integers().prop_map(lua_integer), 1 => scalars()];
    let chars = (select(&["string.char", "utf8.char"]), prop::collection::vec(code, 0..5))
        .prop_map(|(function, codes)| call(&function, codes.into_iter().map(Some).collect()));
    let codes = (subjects(10), maybe(select(&["true", "false"]))).prop_map(|(s, lax)| {
        let arguments = std::iter::once(s).chain(lax).collect::<Vec<_>>().join(", ");
        format!("local r = {{}} for p, c in utf8.codes({arguments}) do r[#r + 1] = {{p, c}} end return r")
    });
    differential(400, prop_oneof![2 => rep, 1 => too_long, 3 => ranges, 1 => simple, 2 => chars, 1 => codes]);
}

/// Sequences without holes: the border of any other table is Lua's own affair.
fn sequences() -> impl Strategy<Value = String> {
    let item = prop_oneof![4 => (-9..99_i64).prop_map(lua_integer), 2 => subjects(3), 1 => select(&["1.5", "true", "{}", "-0.0", "'10'"])];
    prop_oneof![
        1 => prop::collection::vec(item, 0..12).prop_map(|items| format!("{{{}}}", items.join(", "))),
        2 => prop::collection::vec((-99..99_i64).prop_map(lua_integer), 0..60).prop_map(|items| format!("{{{}}}", items.join(", "))),
        1 => prop::collection::vec(subjects(4), 0..40).prop_map(|items| format!("{{{}}}", items.join(", "))),
        1 => select(&["nil", "1", "'abc'", "setmetatable({1, 2, 3}, {__len = function() return 2 end})",
            "setmetatable({}, {__index = function(_, i) return i end, __len = function() return 5 end, __newindex = function(t, k, v) rawset(t, k, v) end})",
            "setmetatable({}, {__len = function() return 'x' end})", "setmetatable({1}, {__len = function() return math.maxinteger end})"]),
    ]
}

/// Where two numbers bound a loop they are close to each other: unedited Lua cannot be stopped inside it.
fn spans() -> impl Strategy<Value = (String, String)> {
    let near = prop_oneof![6 => -3..12_i64, 1 => Just(i64::MAX - 3), 1 => Just(i64::MIN), 1 => Just(1 << 40)];
    (near, -3..20_i64).prop_map(|(from, len)| (lua_integer(from), lua_integer(from.saturating_add(len))))
}

#[test]
fn table_functions_agree_with_unedited_lua() {
    let value = || prop_oneof![3 => scalars(), 1 => select(&["{}", "print"])];
    let separators = || maybe(prop_oneof![4 => subjects(2), 1 => scalars()]);
    let concat = (sequences(), separators(), prop::option::of(spans())).prop_map(|(t, separator, span)| {
        let (i, j) = span.unzip();
        call("table.concat", vec![Some(t), separator, i, j])
    });
    let unpack = (sequences(), prop::option::of(spans())).prop_map(|(t, span)| {
        let (i, j) = span.unzip();
        call("table.unpack", vec![Some(t), i, j])
    });
    let unpack_far =
        (sequences(), select(&["math.mininteger", "-(1 << 40)", "0"]), select(&["math.maxinteger", "1 << 40"]))
            .prop_map(|(t, i, j)| call("table.unpack", vec![Some(t), Some(i), Some(j)]));
    let shift = (sequences(), spans(), indices(), prop::option::of(sequences())).prop_map(|(t, (f, e), to, other)| {
        format!(
            "local t, o = {t}, {} return table.move(t, {f}, {e}, {to}, o), t, o",
            other.unwrap_or_else(|| "nil".to_owned())
        )
    });
    // The position first: `__len` of some sequences is enormous, and an insertion there would shift forever.
    let small = || sequences().prop_map(|t| if t.contains("maxinteger") { "{}".to_owned() } else { t });
    let insert =
        (small(), prop::collection::vec(prop_oneof![2 => indices(), 1 => value()], 0..4)).prop_map(|(t, arguments)| {
            format!(
                "local t = {t} return table.insert(t{}), t",
                arguments.iter().map(|a| format!(", {a}")).collect::<String>()
            )
        });
    let remove = (small(), maybe(indices())).prop_map(|(t, at)| {
        format!("local t = {t} return table.remove(t{}), t", at.map(|at| format!(", {at}")).unwrap_or_default())
    });
    let comparators = select(&[
        "nil",
        "function(a, b) return a < b end",
        "function(a, b) return a > b end",
        "function(a, b) return tostring(a) < tostring(b) end",
        "function(a, b) return a % 10 < b % 10 end",
        "function() return true end",
        "function() return false end",
        "function(a, b) return a <= b end",
        "function() error('no') end",
        "1",
        "math.ult",
        "function(a, b) return nil end",
    ]);
    let sort = (small(), maybe(comparators)).prop_map(|(t, by)| {
        format!("local t = {t} return table.sort(t{}), t", by.map(|by| format!(", {by}")).unwrap_or_default())
    });
    let pack = prop::collection::vec(value(), 0..5)
        .prop_map(|values| call("table.pack", values.into_iter().map(Some).collect()));
    let choose =
        prop::collection::vec(value(), 0..5).prop_map(|values| call("select", values.into_iter().map(Some).collect()));
    let case = prop_oneof![2 => concat, 1 => unpack, 1 => unpack_far, 2 => shift, 2 => insert, 2 => remove, 3 => sort, 1 => pack, 1 => choose];
    differential(400, case);
}

#[test]
fn numbers_and_operators_agree_with_unedited_lua() {
    const BINARY: &[&str] = &[
        "+", "-", "*", "/", "//", "%", "^", "..", "==", "~=", "<", "<=", ">", ">=", "&", "|", "~", "<<", ">>", "and",
        "or",
    ];
    let operator = || prop::sample::select(BINARY);
    let any = || prop_oneof![9 => scalars(), 1 => select(&["{}", "print"])];
    // Once with constants, which the compiler folds, and once without.
    let folded = (scalars(), operator(), scalars()).prop_map(|(a, op, b)| format!("return {a} {op} {b}"));
    let computed = (any(), operator(), any()).prop_map(|(a, op, b)| format!("local a, b = {a}, {b} return a {op} b"));
    let unary = (prop::sample::select(&["-", "~", "#", "not "][..]), any())
        .prop_map(|(op, a)| format!("local a = {a} return {op}a, {op} {op}a"));
    let convert = (
        select(&[
            "tonumber",
            "tostring",
            "math.tointeger",
            "math.type",
            "math.floor",
            "math.ceil",
            "math.abs",
            "math.sqrt",
            "math.modf",
            "type",
        ]),
        scalars(),
    )
        .prop_map(|(function, a)| call(&function, vec![Some(a)]));
    let based = (numeric_strings(), prop_oneof![6 => (2..37_i64).prop_map(|b| b.to_string()), 1 => indices()])
        .prop_map(|(s, base)| call("tonumber", vec![Some(s), Some(base)]));
    let two =
        (select(&["math.fmod", "math.ult", "math.max", "math.min", "rawequal", "math.log"]), scalars(), scalars())
            .prop_map(|(function, a, b)| call(&function, vec![Some(a), Some(b)]));
    let count = (scalars(), scalars(), scalars()).prop_map(|(from, to, step)| {
        format!("local r = {{}} for i = {from}, {to}, {step} do r[#r + 1] = i if #r > 5 then break end end return r")
    });
    differential(
        200,
        prop_oneof![3 => folded, 4 => computed, 1 => unary, 2 => convert, 2 => based, 1 => two, 1 => count],
    );
}
