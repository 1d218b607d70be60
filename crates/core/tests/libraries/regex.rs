//! `regex`: what its functions return, what patterns it refuses, and replacements that wait.

use super::common::{FACTORY, script};
use super::{fail, holds, raises, run};
use moonpool_core::bridge::Wait;
use moonpool_core::scheduler::{Caller, Next, Run, SLICE};

#[test]
fn find_gives_positions_as_lua_does() {
    holds(&[
        "table.concat({regex.find('hello world', 'o w')}, ',') == '5,7'",
        "table.concat({regex.find('key = value', '(\\\\w+) = (\\\\w+)')}, ',') == '1,11,key,value'",
        "regex.find('abc', 'x') == nil and select('#', regex.find('abc', 'x')) == 1",
        // An empty match ends before it begins.
        "table.concat({regex.find('abc', '')}, ',') == '1,0' and table.concat({regex.find('abc', '$')}, ',') == '4,3'",
        "table.concat({regex.find('', '')}, ',') == '1,0'",
        "table.concat({regex.find('abcabc', 'b', 3)}, ',') == '5,5' and regex.find('abc', 'a', 2) == nil",
        "table.concat({regex.find('abcabc', 'b', -2)}, ',') == '5,5' and regex.find('abc', 'a', -99) == 1",
        "regex.find('abc', 'a', 0) == 1 and regex.find('abc', '', 4) == 4 and regex.find('abc', '', 5) == nil",
        "regex.find('abc', 'a', math.mininteger) == 1 and regex.find('abc', '', math.maxinteger) == nil",
        // Where it begins changes nothing about what stands before.
        "regex.find('ab', '^b', 2) == nil and regex.find('ab', '\\\\bb', 2) == nil and regex.find('ab', '\\\\Bb', 2) == 2",
    ]);
}

#[test]
fn groups_come_in_their_order_and_by_their_names() {
    holds(&[
        "regex.match('abc', 'b.') == 'bc' and regex.match('abc', 'x') == nil",
        "table.concat({regex.match('2024-05-17', '(\\\\d+)-(\\\\d+)-(\\\\d+)')}, '/') == '2024/05/17'",
        "select('#', regex.match('b', '(a)?(b)')) == 2 and regex.match('b', '(a)?(b)') == false",
        "select(3, regex.find('b', '(a)?(b)')) == false and select(4, regex.find('b', '(a)?(b)')) == 'b'",
        "regex.match('aab', '(?:a+)(b)') == 'b'",
        "(function() local y, m, named = regex.match('2024-05', '(?<year>\\\\d+)-(?P<month>\\\\d+)') \
          return y == '2024' and m == '05' and named.year == '2024' and named.month == '05' end)()",
        "select(3, regex.match('b', '(?<a>a)?(b)')).a == false",
        "regex.match('ab', '(?<last>b)|(a)') == false and select(2, regex.match('ab', '(?<last>b)|(a)')) == 'a'",
        "select('#', regex.match(('a'):rep(64), ('(a)'):rep(64))) == 64",
    ]);
}

#[test]
fn unicode_and_bytes() {
    holds(&[
        "regex.match('na\u{ef}ve', '\\\\w+') == 'na\u{ef}ve' and regex.match('\u{c9}', '(?i)\u{e9}') == '\u{c9}'",
        "regex.match('\u{e9}', '.') == '\u{e9}' and regex.match('\u{e9}', '(?-u:.)') == '\\xc3'",
        "regex.match('x\\xff\\0y', '(?s-u)x..y') == 'x\\xff\\0y' and regex.match('x\\xffy', 'x.y') == nil",
        "regex.find('\\xff\u{e9}', '\u{e9}') == 2 and regex.match('a\\0b', 'a\\0b') == 'a\\0b'",
        "regex.match('\u{65e5}\u{672c} \u{8a9e}', '\\\\b\u{8a9e}\\\\b') == '\u{8a9e}'",
        "regex.match('caf\u{e9} au lait', '\\\\b(\\\\w)(\\\\w+)\\\\b') == 'c' and select(2, regex.match('\u{e9}t\u{e9}', '\\\\b(\\\\w)(\\\\w+)\\\\b')) == 't\u{e9}'",
        "regex.match('\u{e9}x', '\\\\bx') == nil and regex.match('\u{e9}x', '(?-u:\\\\b)x') == 'x'",
        "regex.match('\u{3b1}\u{3b2}1', '\\\\p{Greek}+') == '\u{3b1}\u{3b2}' and regex.match('x\u{0663}', '\\\\d') == '\u{0663}'",
    ]);
}

#[test]
fn gmatch_goes_from_match_to_match() {
    let all = |text: &str, pattern: &str| {
        run(&format!(
            "local all = {{}} for a, b in regex.gmatch({text}, {pattern}) do all[#all + 1] = '[' .. a .. (b and '=' .. b or '') .. ']' end \
             return table.concat(all)"
        ))
    };
    assert_eq!(all("'one two'", "'\\\\w+'"), "[one][two]");
    assert_eq!(all("'a=1, b=2'", "'(\\\\w)=(\\\\w)'"), "[a=1][b=2]");
    assert_eq!(all("'abc'", "''"), "[][][][]");
    assert_eq!(all("'aab'", "'a*'"), "[aa][]");
    assert_eq!(all("'baac'", "'a*'"), "[][aa][]");
    assert_eq!(all("''", "'x*'"), "[]");
    assert_eq!(all("'abab'", "'^ab'"), "[ab]");
    assert_eq!(all("'a\\nb'", "'(?m)^.'"), "[a][b]");
    // Two at once do not disturb each other.
    assert_eq!(
        run(
            "local a, b = regex.gmatch('123', '.'), regex.gmatch('xyz', '.') return a() .. b() .. a() .. b() .. a() .. b() .. tostring(a())"
        ),
        "1x2y3znil"
    );
}

#[test]
fn gmatch_goes_on_past_a_match_without_its_first_group() {
    let code = "local all = {} for a, b in regex.gmatch('1a2b', '([a-z])|([0-9])') do all[#all + 1] = tostring(a) .. tostring(b) end
        return table.concat(all, ' ')";
    assert_eq!(run(code), "false1 afalse false2 bfalse");
}

#[test]
fn gsub_replaces() {
    let cases = [
        ("'hello world', 'o', '0'", "hell0 w0rld\t2"),
        ("'hello world', 'o', '0', 1", "hell0 world\t1"),
        ("'hello', 'l', 'L', 0", "hello\t0"),
        ("'hello', 'l', 'L', -1", "hello\t0"),
        ("'abc', '', '-'", "-a-b-c-\t4"),
        ("'abc', 'b*', '-'", "-a-c-\t3"),
        ("'ann smith', '(\\\\w+) (\\\\w+)', '$2, $1'", "smith, ann\t1"),
        ("'ann smith', '(?<first>\\\\w+) (?<last>\\\\w+)', '${last}, ${first}'", "smith, ann\t1"),
        ("'ann', '(?<n>\\\\w)', '$n$n.'", "aa.nn.nn.\t3"),
        ("'ab', '(.)', '$1x$0$$1$'", "axa$1$bxb$1$\t2"),
        ("'ab', '(a)|(b)', '[$1|$2]'", "[a|][|b]\t2"),
        ("'abc', '.', 1", "111\t3"),
        ("'abc', '.', {a = 'x', b = 2, c = false}", "x2c\t3"),
        ("'a=1', '(.)=(.)', {a = 'x'}", "x\t1"),
        ("'abc', '.', function(c) if c ~= 'b' then return c:upper() end end", "AbC\t3"),
        ("'a1b2', '([a-z])([0-9])', function(a, b) return b .. a end", "1a2b\t2"),
        ("'a1', '(?<l>[a-z])(?<d>[0-9])', function(a, b, named) return named.d .. named.l end", "1a\t1"),
        ("'abc', 'x', error", "abc\t0"),
        ("'ab', '(a)|b', function(a) return a == false and 'no a' or 'a' end", "ano a\t2"),
        ("'ab', '(a)|b', {a = 'x', [false] = 'y'}", "xy\t2"),
        ("'abc', '.', setmetatable({}, {__index = function(_, c) return c .. c end})", "aabbcc\t3"),
    ];
    for (args, expected) in cases {
        assert_eq!(run(&format!("return regex.gsub({args})")), expected, "{args}");
    }
}

#[test]
fn a_replacement_may_use_regexes_itself() {
    let code = "
        local function upper(word)
          for i = 1, 80 do regex.match('x', 'x' .. i) end
          return (regex.gsub(word, '^.', string.upper))
        end
        return regex.gsub('the quick brown fox', '\\\\w+', upper)";
    assert_eq!(run(code), "The Quick Brown Fox\t4");
}

#[test]
fn a_replacement_may_wait() {
    let code = "local text = regex.gsub('a b', '\\\\w', function(c) sleep(0.001) return c:upper() end) return text";
    let mut run = Run::new(0, script(code), Caller::Host, None);
    let mut waits = 0;
    let settled = loop {
        run.execute(SLICE, &FACTORY, None);
        run = match run.next() {
            Next::Settled(settled) => break settled,
            Next::Waiting(unfinished, Wait::Sleep(_)) => {
                waits += 1;
                unfinished
            }
            Next::WaitingForAny(_) => unreachable!("it waits for one thing at a time"),
            Next::Preempted(unfinished) | Next::NotBegun(unfinished) | Next::Waiting(unfinished, _) => unfinished,
        };
    };
    assert_eq!((settled.outcome.map(|success| success.text).ok().as_deref(), waits), (Some("A B"), 2));
}

#[test]
fn split_cuts_at_the_matches() {
    let cases = [
        ("'a, b,c', ',\\\\s*'", "a|b|c"),
        ("'abc', 'x'", "abc"),
        ("'', 'x'", ""),
        ("',a,', ','", "|a|"),
        ("'abc', ''", "|a|b|c|"),
        ("'a-b-c', '-', 2", "a|b-c"),
        ("'a-b-c', '-', 1", "a-b-c"),
        ("'a1b22c', '(\\\\d)+'", "a|b|c"),
    ];
    for (args, expected) in cases {
        assert_eq!(run(&format!("return table.concat(regex.split({args}), '|')")), expected, "{args}");
    }
}

#[test]
fn what_is_no_pattern_is_an_error_that_says_why() {
    let cases = [
        ("(", "regex: unclosed group (at byte 1 of the pattern)"),
        ("a)", "regex: unopened group (at byte 2 of the pattern)"),
        ("[a", "regex: unclosed character class (at byte 1 of the pattern)"),
        ("*", "regex: repetition operator missing expression (at byte 1 of the pattern)"),
        ("\\\\p{Nope}", "regex: Unicode property not found (at byte 1 of the pattern)"),
        ("a(?=b)", "regex: look-around, such as (?=a) and (?<!a), is not supported (at byte 2 of the pattern)"),
        ("(?<!a)b", "regex: look-around, such as (?=a) and (?<!a), is not supported (at byte 1 of the pattern)"),
        ("(a)\\\\1", "regex: back references, such as \\1 and \\k<name>, are not supported (at byte 4 of the pattern)"),
        (
            "(?P<x>a)(?P=x)",
            "regex: back references, such as \\1 and \\k<name>, are not supported (at byte 11 of the pattern)",
        ),
        (
            "(a)\\\\g{1}",
            "regex: back references, such as \\1 and \\k<name>, are not supported (at byte 4 of the pattern)",
        ),
        ("(?P)", "regex: unrecognized flag (at byte 3 of the pattern)"),
        ("(a{1000}){1000}", "regex: the pattern is too large: compiled, it takes more than 2097152 bytes"),
        ("\\xff", "regex: the pattern is not UTF-8 (a byte is written as (?-u:\\xFF))"),
    ];
    for (pattern, message) in cases {
        for function in ["find('', P)", "match('', P)", "gmatch('', P)", "gsub('', P, '')", "split('', P)"] {
            raises(&[(&format!("regex.{}", function.replace('P', &format!("'{pattern}'"))), message)]);
        }
    }
    raises(&[
        ("regex.find('', ('a'):rep(40000))", "regex: the pattern is longer than 32768 bytes"),
        ("regex.find('', ('()'):rep(65))", "regex: the pattern has more than 64 groups"),
        (
            "regex.find('', ('('):rep(101) .. (')'):rep(101))",
            "regex: the pattern nests deeper than 100 levels (at byte 101 of the pattern)",
        ),
    ]);
}

#[test]
fn bad_arguments_are_named() {
    raises(&[
        ("regex.find()", "bad argument #1 to 'find' (string expected, got no value)"),
        ("regex.find('')", "bad argument #2 to 'find' (string expected, got no value)"),
        ("regex.find('', {})", "bad argument #2 to 'find' (string expected, got table)"),
        ("regex.find('', '', 'x')", "bad argument #3 to 'find' (number expected, got string)"),
        ("regex.match('', nil)", "bad argument #2 to 'match' (string expected, got nil)"),
        ("regex.gmatch({}, '')", "bad argument #1 to 'gmatch' (string expected, got table)"),
        ("regex.gsub('', '')", "bad argument #3 to 'gsub' (string/function/table expected, got no value)"),
        ("regex.gsub('', '', true)", "bad argument #3 to 'gsub' (string/function/table expected, got boolean)"),
        ("regex.gsub('', '', '', {})", "bad argument #4 to 'gsub' (number expected, got table)"),
        ("regex.gsub('a', 'a', '$1')", "the pattern has no group '$1', which the replacement names"),
        ("regex.gsub('a', '(a)', '$2')", "the pattern has no group '$2', which the replacement names"),
        ("regex.gsub('a', 'a', '${x}')", "the pattern has no group '${x}', which the replacement names"),
        (
            "regex.gsub('a', 'a', '$99999999999999999999')",
            "the pattern has no group '$99999999999999999999', which the replacement names",
        ),
        ("regex.gsub('a', 'a', function() return {} end)", "invalid replacement value (a table)"),
        ("regex.split('', '', 0)", "bad argument #3 to 'split' (at least 1 expected)"),
    ]);
    assert_eq!(fail("regex.gsub('a', 'a', function() error('mine', 0) end)").error.to_string(), "mine");
}

#[test]
fn long_matches_have_the_same_groups() {
    // Too long for the bounded backtracker.
    holds(&[
        "select(2, regex.match(('a'):rep(100000) .. 'b' .. ('c'):rep(100000), '(a+)b(c+)')) == ('c'):rep(100000)",
        "#regex.match(('ab'):rep(100000), '((?:ab)+?)$') == 200000",
        "select('#', regex.match(('x'):rep(300000), '(x*?)(y)?(x*)')) == 3",
        "#select(3, regex.match(('x'):rep(300000), '(x*?)(y)?(x*)')) == 300000",
        "regex.match(('\u{e9}'):rep(100000) .. ' x', '\\\\b(x)\\\\b') == 'x'",
    ]);
}
