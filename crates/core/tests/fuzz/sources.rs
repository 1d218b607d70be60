//! Any source settles in time with a documented code or a result, and leaves the process fit for the next script.

use crate::child::Child;
use crate::common::{execute, script};
use crate::fuzz;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value as Json, json};
use std::cell::RefCell;
use std::path::Path;
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_millis(100);
/// Generous: the machine may be busy. Without a poll in some loop a run would take minutes.
const HARD_DEADLINE: Duration = Duration::from_secs(10);

const DOCUMENTED: &[&str] = &[
    "ERR_LUA_SYNTAX",
    "ERR_LUA_RUNTIME",
    "ERR_LUA_TIMEOUT",
    "ERR_LUA_MEMORY",
    "ERR_LUA_OUTPUT",
    "ERR_LUA_RESULT",
    "ERR_STATE_DENIED",
    "ERR_STATE_VALUE",
    "ERR_STATE_QUOTA",
];

/// The child's side: runs a source, and then a trivial one.
pub(crate) fn answer(question: &str) -> String {
    let source: String = serde_json::from_str(question).expect("the parent asks in JSON");
    let mut script = script("");
    script.chunk = moonpool_core::vm::Chunk::Source(source.chars().map(|c| c as u8).collect());
    script.limits.timeout = TIMEOUT;
    script.limits.memory = 8 << 20;
    let start = Instant::now();
    let outcome = execute(script);
    let ms = start.elapsed().as_millis() as u64;
    let next =
        execute(crate::common::script("local t = {} for i = 1, 9 do t[i] = i end return #t * 4 + 6, json.encode(t)"));
    let (code, message) = match outcome {
        Ok(text) => (None, format!("{:.100}", text)),
        Err(failure) => (Some(failure.error.code.as_str()), failure.error.to_string()),
    };
    json!({"code": code, "message": message, "ms": ms, "next": next.ok()}).to_string()
}

/// Runs `source` in `child`, which is replaced when it dies or hangs.
fn settles(child: &RefCell<Child>, source: &[u8]) -> Result<(), TestCaseError> {
    // One character per byte: sources need not be UTF-8.
    let question = Json::from(source.iter().map(|&byte| byte as char).collect::<String>()).to_string();
    let answer = child.borrow_mut().ask(&question, HARD_DEADLINE);
    let answer = match answer {
        Ok(answer) => answer,
        Err(how) => {
            child.replace(Child::start());
            return Err(TestCaseError::fail(how));
        }
    };
    let answer: Json = serde_json::from_str(&answer).expect("the child answers in JSON");
    let documented = answer["code"].as_str().is_none_or(|code| DOCUMENTED.contains(&code));
    prop_assert!(documented, "{answer}");
    prop_assert_eq!(&answer["next"], "42\t[1,2,3,4,5,6,7,8,9]", "the next script, after {}", answer);
    Ok(())
}

/// What Lua is made of, and what our API adds.
const TOKENS: &[&str] = &[
    "and",
    "break",
    "do",
    "else",
    "elseif",
    "end",
    "false",
    "for",
    "function",
    "goto",
    "if",
    "in",
    "local",
    "nil",
    "not",
    "or",
    "repeat",
    "return",
    "then",
    "true",
    "until",
    "while",
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "^",
    "#",
    "&",
    "|",
    "~",
    "<<",
    ">>",
    "==",
    "~=",
    "<=",
    ">=",
    "<",
    ">",
    "=",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "::",
    ";",
    ":",
    ",",
    ".",
    "..",
    "...",
    "<const>",
    "<close>",
    "::l::",
    "goto l",
    "a",
    "b",
    "f",
    "t",
    "_ENV",
    "_G",
    "self",
    "0",
    "1",
    "-1",
    "2^53",
    "0x7fffffffffffffff",
    "1e308",
    "0/0",
    "1e",
    "0x",
    "'a'",
    "''",
    "\"\\z \"",
    "'\\u{7FFFFFFF}'",
    "'\\xff'",
    "[[x]]",
    "[==[",
    "]==]",
    "--",
    "--[[",
    "'",
    "\"",
    "\\",
    "\0",
    "\u{feff}",
    "é",
    "@",
    "$",
    "#!",
    "\n",
    "\t",
    "\x1bLua",
    "pairs",
    "ipairs",
    "next",
    "pcall",
    "xpcall",
    "error",
    "load",
    "select",
    "setmetatable",
    "getmetatable",
    "rawset",
    "rawget",
    "tostring",
    "tonumber",
    "print",
    "io.write",
    "string.rep",
    "string.gsub",
    "string.format",
    "('x'):rep(1e6)",
    "table.concat",
    "table.sort",
    "table.unpack",
    "table.move",
    "coroutine.wrap",
    "coroutine.yield",
    "coroutine.resume",
    "coroutine.create",
    "coroutine.close",
    "json.encode",
    "json.decode",
    "json.null",
    "State.set",
    "State.get",
    "State.list",
    "script.id",
    "collectgarbage('count')",
    "utf8.char",
    "math.random",
    "os.date",
    "string.pack",
    "__gc",
    "__index=",
    "__close=",
    "__tostring=",
    "__mode='k'",
    "function()end",
    "while true do end",
    "(function(...)",
    "end)()",
];

fn tokens() -> impl Strategy<Value = &'static str> {
    prop::sample::select(TOKENS)
}

fn soup() -> impl Strategy<Value = Vec<u8>> {
    let separator = prop::sample::select(&[" ", "\n", ""][..]);
    let text =
        (prop::collection::vec(tokens(), 0..60), separator).prop_map(|(tokens, by)| tokens.join(by).into_bytes());
    prop_oneof![4 => text, 1 => prop::collection::vec(any::<u8>(), 0..100)]
}

#[test]
fn token_soup_settles() {
    let child = RefCell::new(Child::start());
    fuzz(400, soup(), |source| settles(&child, &source));
}

/// The scripts of the conformance suite and of the attack corpus.
fn corpus() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = ["tests/lua", "../../__tests__/attacks"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(root.join(folder)).expect("the corpus is there").flatten())
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "lua"))
        .collect();
    files.sort();
    let sources: Vec<_> = files.iter().map(|path| std::fs::read(path).expect("a readable script")).collect();
    assert!(sources.len() > 100, "the corpus is there");
    // The few generated giants would only make each mutation a mutation of filler.
    sources.into_iter().filter(|source| source.len() < 20_000).collect()
}

/// One change; places are fractions of the text.
#[derive(Clone, Debug)]
enum Mutation {
    Byte(Index, u8),
    Flip(Index, u8),
    Delete(Index, usize),
    Repeat(Index, usize, usize),
    InsertToken(Index, &'static str),
    ReplaceToken(Index, &'static str),
    SwapTokens(Index, Index),
    Splice { from: Index, start: Index, len: usize, at: Index },
}

fn mutations() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    prop_oneof![
        1 => (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Byte(at, byte)),
        1 => (at(), 0..8_u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        1 => (at(), 1..40_usize).prop_map(|(at, len)| Mutation::Delete(at, len)),
        1 => (at(), 1..40_usize, 1..50_usize).prop_map(|(at, len, times)| Mutation::Repeat(at, len, times)),
        1 => (at(), tokens()).prop_map(|(at, token)| Mutation::InsertToken(at, token)),
        3 => (at(), tokens()).prop_map(|(at, token)| Mutation::ReplaceToken(at, token)),
        2 => (at(), at()).prop_map(|(a, b)| Mutation::SwapTokens(a, b)),
        2 => (at(), at(), 1..300_usize, at()).prop_map(|(from, start, len, at)| Mutation::Splice { from, start, len, at }),
    ]
}

/// Where the tokens of a source are, roughly: runs of word characters, single other characters.
fn token_ranges(source: &[u8]) -> Vec<std::ops::Range<usize>> {
    let word = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
    let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
    for (i, &byte) in source.iter().enumerate() {
        match ranges.last_mut() {
            Some(last) if last.end == i && word(byte) && word(source[i - 1]) => last.end = i + 1,
            _ if byte.is_ascii_whitespace() => {}
            _ => ranges.push(i..i + 1),
        }
    }
    ranges
}

fn mutate(corpus: &[Vec<u8>], source: &mut Vec<u8>, mutation: &Mutation) {
    let place = |at: &Index, source: &[u8]| at.index(source.len() + 1);
    let piece = |at: &Index, len: usize, source: &[u8]| {
        let start = place(at, source);
        start..(start + len).min(source.len())
    };
    let ranges = token_ranges(source);
    let token = |at: &Index| ranges.get(at.index(ranges.len().max(1))).cloned().unwrap_or(0..0);
    match mutation {
        Mutation::Byte(at, byte) => source.insert(place(at, source), *byte),
        Mutation::Flip(at, bit) => {
            let at = piece(at, 1, source);
            source[at].iter_mut().for_each(|byte| *byte ^= 1 << bit);
        }
        Mutation::Delete(at, len) => drop(source.drain(piece(at, *len, source))),
        Mutation::Repeat(at, len, times) => {
            let range = piece(at, *len, source);
            let copies = source[range.clone()].repeat(*times);
            source.splice(range.end..range.end, copies);
        }
        Mutation::InsertToken(at, token) => {
            let at = place(at, source);
            source.splice(at..at, format!(" {token} ").into_bytes());
        }
        Mutation::ReplaceToken(at, new) => drop(source.splice(token(at), new.bytes())),
        Mutation::SwapTokens(a, b) => {
            let (a, b) = (token(a), token(b));
            let (first, second) = if a.start <= b.start { (a, b) } else { (b, a) };
            if first.end <= second.start {
                let (x, y) = (source[first.clone()].to_vec(), source[second.clone()].to_vec());
                source.splice(second, x);
                source.splice(first, y);
            }
        }
        Mutation::Splice { from, start, len, at } => {
            let other = from.get(corpus);
            let taken = other[piece(start, *len, other)].to_vec();
            let at = place(at, source);
            source.splice(at..at, taken);
        }
    }
}

#[test]
fn mutated_scripts_settle() {
    let child = RefCell::new(Child::start());
    let corpus = corpus();
    let cases = (any::<Index>(), prop::collection::vec(mutations(), 0..6)).prop_map(|(script, mutations)| {
        let mut source = script.get(&corpus).clone();
        for mutation in &mutations {
            mutate(&corpus, &mut source, mutation);
        }
        Shown(source)
    });
    fuzz(150, cases, |source| settles(&child, &source.0));
}

/// A source that a failure prints as text.
#[derive(Clone)]
struct Shown(Vec<u8>);

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n(as bytes: \"{}\")", String::from_utf8_lossy(&self.0), self.0.escape_ascii())
    }
}

/// Expressions that compile, over the names that [`programs`] declares.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(
        &[
            "nil",
            "true",
            "0",
            "1",
            "-1",
            "3",
            "2.5",
            "1e9",
            "0/0",
            "1/0",
            "math.maxinteger",
            "math.mininteger",
            "''",
            "'a'",
            "'%d'",
            "'(a*)'",
            "'.-'",
            "'\\xff\\0'",
            "('ab'):rep(1000)",
            "a",
            "b",
            "t",
            "f",
            "g",
            "mt",
            "co",
            "...",
            "json.null",
            "script",
            "{}",
            "{1, 2, 3}",
            "_G",
        ][..],
    )
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        const BINARY: &[&str] =
            &["+", "-", "*", "/", "//", "%", "^", "..", "==", "<", "<=", "~=", "and", "or", "&", "|", "~", "<<", ">>"];
        const CALLS: &[&str] = &[
            "f", "g", "pcall", "xpcall", "select", "tostring", "tonumber", "next", "rawget", "rawset", "rawequal", "rawlen", "setmetatable",
            "getmetatable", "error", "assert", "load", "ipairs", "pairs", "type", "print", "io.write", "string.rep", "string.find", "string.match",
            "string.gmatch", "string.gsub", "string.format", "string.byte", "string.char", "string.sub", "string.pack", "string.unpack",
            "string.packsize", "string.reverse", "string.upper", "table.concat", "table.insert", "table.remove", "table.move", "table.sort",
            "table.unpack", "table.pack", "utf8.char", "utf8.len", "utf8.codepoint", "utf8.offset", "utf8.codes", "math.floor", "math.random", "math.max",
            "math.tointeger", "coroutine.create", "coroutine.resume", "coroutine.wrap", "coroutine.close", "coroutine.status",
            "coroutine.yield", "coroutine.running", "coroutine.isyieldable", "json.encode", "json.decode", "json.array", "State.get", "State.set",
            "State.has", "State.list", "State.delete", "os.date", "os.time", "collectgarbage",
        ];
        prop_oneof![
            1 => (inner.clone(), prop::sample::select(BINARY), inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            1 => (prop::sample::select(&["-", "#", "not ", "~"][..]), inner.clone()).prop_map(|(op, a)| format!("({op}{a})")),
            4 => (prop::sample::select(CALLS), prop::collection::vec(inner.clone(), 0..4))
                .prop_map(|(f, args)| format!("{f}({})", args.join(", "))),
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("{{{}}}", items.join(", "))),
            1 => (inner.clone(), inner.clone()).prop_map(|(key, value)| format!("{{[{key}] = {value}}}")),
            1 => (inner.clone(), inner.clone()).prop_map(|(table, key)| format!("({table})[{key}]")),
            1 => inner.clone().prop_map(|body| format!("function(...) a = a + 1 return {body} end")),
            1 => inner.prop_map(|body| format!("setmetatable({{}}, {{__index = {body}, __call = f, __close = g, __tostring = f, __lt = g}})")),
        ]
    })
}

/// Statements that compile.
fn programs() -> impl Strategy<Value = String> {
    let e = expressions;
    let simple = prop_oneof![
        3 => e().prop_map(|e| format!("b = {e}")),
        2 => e().prop_map(|e| format!("pcall(function(...) a = {e} end, t, f)")),
        1 => (e(), e()).prop_map(|(key, value)| format!("t[{key}] = {value}")),
        1 => (e(), e()).prop_map(|(key, value)| format!("mt[({key}) or 1] = {value}")),
        1 => e().prop_map(|e| format!("f = {e}")),
        1 => e().prop_map(|e| format!("do local x <close> = {e} end")),
        1 => e().prop_map(|e| format!("do return {e} end")),
    ];
    let statement = simple.prop_recursive(3, 16, 4, |inner| {
        let block = || prop::collection::vec(inner.clone(), 0..4).prop_map(|block| block.join("\n"));
        prop_oneof![
            (expressions(), block(), block()).prop_map(|(e, a, b)| format!("if {e} then {a} else {b} end")),
            (expressions(), block())
                .prop_map(|(e, a)| format!("for i = 1, {e} do a = i {a} if i == 50 then break end end")),
            (expressions(), block()).prop_map(|(e, a)| format!("for k, v in pairs({e}) do b = v {a} end")),
            (expressions(), block()).prop_map(|(e, a)| format!("repeat {a} until {e}")),
            block()
                .prop_map(|a| format!("co = coroutine.wrap(function(...) {a} coroutine.yield(...) end) pcall(co, t)")),
            block().prop_map(|a| format!("xpcall(function(...) {a} error(t) end, f, mt)")),
        ]
    });
    prop::collection::vec(statement, 1..8).prop_map(|statements| {
        format!(
            "local a, b, t, mt = 0, 'b', {{1, 2, x = 'y'}}, {{}} setmetatable(t, mt)
            local co = coroutine.create(function(...) return coroutine.yield(...) end)
            local function f(...) return ... end
            local function g(x) a = a + 1 return x end\n{}\nreturn b",
            statements.join("\n")
        )
    })
}

#[test]
fn generated_programs_settle() {
    let child = RefCell::new(Child::start());
    fuzz(300, programs().prop_map(|text| Shown(text.into_bytes())), |source| settles(&child, &source.0));
}

#[test]
fn a_child_that_dies_fails_the_case() {
    let child = RefCell::new(Child::start());
    assert!(child.borrow_mut().ask("not JSON", HARD_DEADLINE).is_err_and(|how| how.contains("died")));
    assert!(settles(&child, b"return 1").is_err(), "a dead child does not answer");
    assert!(settles(&child, b"return 1").is_ok(), "it was replaced");
}
