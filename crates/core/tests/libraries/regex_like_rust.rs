//! `regex` finds what Rust's `regex` finds, whatever the pattern and the text.

use super::common::{execute, script};
use super::quoted;
use proptest::prelude::*;
use proptest::sample::select;
use std::time::Duration;

/// Runs a script that has the time that a busy machine may take.
fn run(code: &str) -> String {
    let mut script = script(code);
    script.limits.timeout = Duration::from_secs(60);
    execute(script).unwrap_or_else(|failure| panic!("{code}: {failure:?}"))
}

/// All matches with their groups, as our library finds them, in text.
fn ours(pattern: &str, text: &[u8]) -> String {
    let code = format!(
        "local pattern, text = {}, {}
        local all, at = {{}}, 1
        regex.gsub(text, pattern, function(...)
          local groups = table.pack(...)
          for i = 1, groups.n do groups[i] = groups[i] and hex.encode(groups[i]) or '-' end
          all[#all + 1] = table.concat(groups, ',')
        end)
        local start, last = regex.find(text, pattern)
        return tostring(start) .. ' ' .. tostring(last) .. ' ' .. table.concat(all, ' ')",
        quoted(pattern.as_bytes()),
        quoted(text)
    );
    run(&code)
}

fn rusts(pattern: &str, text: &[u8]) -> String {
    let regex = regex::bytes::Regex::new(pattern).expect("a pattern");
    let shown = |found: Option<regex::bytes::Match>| {
        found.map_or("-".to_owned(), |found| found.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
    };
    let all: Vec<String> = regex
        .captures_iter(text)
        .map(|captures| {
            let skipped = usize::from(captures.len() > 1);
            captures.iter().skip(skipped).map(shown).collect::<Vec<_>>().join(",")
        })
        .collect();
    let first = regex.find(text).map_or("nil nil".to_owned(), |found| format!("{} {}", found.start() + 1, found.end()));
    format!("{first} {}", all.join(" "))
}

fn pattern() -> impl Strategy<Value = String> {
    let leaf = select(vec![
        "a",
        "b",
        "ab",
        "abc",
        ".",
        "\\w",
        "\\d",
        "[ab]",
        "[^a]",
        "\\s",
        "\\b",
        "\\B",
        "^",
        "$",
        "(?m:^)",
        "(?m:$)",
        "\u{e9}",
        "(?i:A)",
        "(?-u:\\b)",
        "(?-u:[\\x80-\\xff])",
        "(?s-u:.)",
        "\\p{Greek}",
        "",
        "b|a",
    ])
    .prop_map(|leaf| format!("(?:{leaf})"));
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("(?:{})", parts.join("|"))),
            inner.clone().prop_map(|inner| format!("({inner})")),
            (inner, select(vec!["*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{2,}?"]))
                .prop_map(|(inner, times)| format!("(?:{inner}){times}")),
        ]
    })
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = select(vec![
        &b"a"[..],
        b"b",
        b"c",
        b"ab",
        b" ",
        b"\n",
        b"1",
        b"_",
        "\u{e9}".as_bytes(),
        "\u{3b1}".as_bytes(),
        b"\xff",
    ]);
    (prop::collection::vec(piece, 0..12), select(vec![1, 1, 1, 40]))
        .prop_map(|(pieces, times)| pieces.concat().repeat(times))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn finds_what_rusts_regex_finds(pattern in pattern(), text in text()) {
        prop_assert_eq!(ours(&pattern, &text), rusts(&pattern, &text));
    }
}

#[test]
fn literals_are_found_wherever_the_prefilter_looks() {
    // Around the edges of the windows in which it looks, and of the steps between two looks at the budget.
    for at in [0, 1, 4094, 4095, 4096, (1 << 20) - 7, (1 << 20) - 3, (1 << 20) - 1, 1 << 20, (1 << 20) + 1] {
        let text = [vec![b'.'; at], b"needle".to_vec(), vec![b'.'; 10]].concat();
        let code = format!("return regex.find(('.'):rep({at}) .. 'needle..........', P)");
        for pattern in ["needle", "need(?:le|ful)", "(?:needle|haystack)", "e+dle", "n.e.l", "[a-z]+"] {
            let found = regex::bytes::Regex::new(pattern).expect("a pattern").find(&text).expect("it is there");
            let ours = run(&code.replace('P', &format!("'{pattern}'")));
            assert_eq!(ours, format!("{}\t{}", found.start() + 1, found.end()), "{pattern} at {at}");
        }
    }
}
