//! What the libraries may take: time until a kill is obeyed, and memory.

use super::common::{execute, script};
use super::fail;
use moonpool_core::error::Failure;
use std::time::{Duration, Instant};

/// How a script ends that has so long and so much memory, and after how long.
fn end(code: &str, timeout: u64, memory: usize) -> (Result<String, Box<Failure>>, Duration) {
    let mut script = script(code);
    script.limits.timeout = Duration::from_millis(timeout);
    script.limits.memory = memory;
    let begin = Instant::now();
    (execute(script), begin.elapsed())
}

const LARGE: usize = 1 << 30;

/// Each call, on a large text, again and again, dies soon after its deadline: it looks at the flag meanwhile.
fn dies_soon(calls: &[&str]) {
    for call in calls {
        let code = format!("local big = ('ab\\xe9c0 '):rep(4 << 20) while true do pcall(function() {call} end) end");
        let (outcome, took) = end(&code, 150, LARGE);
        assert_eq!(outcome.expect_err(call).error.code.as_str(), "ERR_LUA_TIMEOUT", "{call}");
        assert!(took < Duration::from_millis(150 + 1500), "{call}: {took:?}");
    }
}

#[test]
fn hashes_and_encodings_end_soon_after_their_deadline() {
    dies_soon(&[
        "crypto.md5(big)",
        "crypto.sha512(big)",
        "crypto.hmac('sha512', big, big)",
        "crypto.equal(big, big .. '')",
        "base64.encode(big)",
        "base64.decode(('abcd'):rep(8 << 20))",
        "hex.decode(('abcd'):rep(8 << 20))",
    ]);
}

#[test]
fn urls_end_soon_after_their_deadline() {
    dies_soon(&[
        "url.encode(big)",
        "url.decode(big)",
        "url.query(('&a'):rep(12 << 20))",
        "url.query({a = big})",
        "url.query(('a'):rep(28 << 20))",
    ]);
}

#[test]
fn json_of_one_long_string_or_number_ends_soon_after_its_deadline() {
    for text in [
        "'\"' .. ('\\\\u0041'):rep(24 << 20) .. '\"'",
        "'\"' .. ('\\\\n'):rep(64 << 20) .. '\"'",
        "('1'):rep(96 << 20)",
    ] {
        let code = format!("local text = {text} while true do pcall(json.decode, text) end");
        let (outcome, took) = end(&code, 700, LARGE);
        assert_eq!(outcome.expect_err(text).error.code.as_str(), "ERR_LUA_TIMEOUT", "{text}");
        assert!(took < Duration::from_millis(700 + 500), "{text}: {took:?}");
    }
}

#[test]
fn searches_end_soon_after_their_deadline() {
    dies_soon(&[
        "regex.find(big, 'nothing|nobody|nowhere')",
        "regex.find(big, '(?:a|b|[^a]){30}z')",
        "regex.match(big, '((?s-u:.)*)')",
        "regex.find(big, '\\\\bx\\\\b')",
        "regex.gsub(big, '', '')",
        "regex.gsub('a', 'a', ('$0'):rep(1 << 20))",
        "regex.split(big, '(?-u:.)')",
        "(function() for _ in regex.gmatch(big, '.*?z|.') do end end)()",
    ]);
}

#[test]
fn what_they_make_counts_before_it_is_there() {
    let calls = [
        "base64.encode(big)",
        "hex.encode(big)",
        "url.encode(big)",
        "url.query({a = big})",
        "regex.gsub(big, '.', '$0$0')",
        "regex.split(big, '')",
        "url.parse('http://a/' .. ('\\xc3\\xa9'):rep(120000))",
        "regex.match(big, '(.)' .. ('(\\\\w)?'):rep(60) .. '(?s:.*)')",
    ];
    for call in calls {
        let code = format!("local big = ('\\xe9'):rep(6 << 20) {call} return 'done'");
        let (outcome, _) = end(&code, 30_000, 8 << 20);
        let failure = outcome.expect_err(call);
        assert_eq!(failure.error.code.as_str(), "ERR_LUA_MEMORY", "{call}: {failure:?}");
    }
}

#[test]
fn compiled_patterns_count_and_the_oldest_go() {
    let many = "for i = 1, 40 do regex.find('x', '(?:abcdefghij){1500}' .. i) end
        for i = 1, 200 do regex.find('x', i) end return 'done'";
    assert_eq!(end(many, 60_000, 16 << 20).0.expect("it ends"), "done");
    let (outcome, _) = end("for i = 1, 9 do regex.find('x', '(?:abcdefghij){1000}' .. i) end", 60_000, 1 << 20);
    assert_eq!(outcome.expect_err("too much").error.code.as_str(), "ERR_LUA_MEMORY");
}

#[test]
fn compiled_patterns_that_grow_while_they_search_push_the_oldest_out() {
    let grow = "local function text()
          local text = {} for i = 1, 3000 do text[i] = ('abc'):sub(math.random(3)):sub(1, 1) end
          return table.concat(text)
        end
        local function pattern(i) return '(?:[ab]|c)*a(?:a|b|c){12}' .. i end
        for i = 1, 64 do regex.find('', pattern(i)) end
        for i = 1, 64 do for _ = 1, 4 do regex.find(text(), pattern(i)) end end
        return 'done'";
    assert_eq!(end(grow, 120_000, 12 << 20).0.expect("it ends"), "done");
}

#[test]
fn what_compiling_takes_counts_meanwhile() {
    for pattern in ["('[\\\\w\\\\s]'):rep(1000)", "('a|'):rep(16000)"] {
        let (outcome, _) = end(&format!("regex.find('', {pattern})"), 30_000, 4 << 20);
        assert_eq!(outcome.expect_err(pattern).error.code.as_str(), "ERR_LUA_MEMORY", "{pattern}");
    }
    let again = "for i = 1, 300 do pcall(regex.find, '', ('[ab]'):rep(1000) .. '(' .. i) end return collectgarbage('count') < 2000";
    assert_eq!(end(again, 30_000, 8 << 20).0.expect("it is given back"), "true");
}

#[test]
fn a_pattern_whose_classes_would_take_long_is_refused() {
    for pattern in
        ["('(?i)[\\\\s\\\\S]'):rep(100)", "'(?i)' .. ('\\\\pL'):rep(1000)", "'(?i)' .. ('[^[^a]]'):rep(1000)"]
    {
        let failure = fail(&format!("regex.find('', {pattern})"));
        assert!(failure.error.to_string().contains("too many, or too large, character classes"), "{failure:?}");
    }
}
