//! `parallel` in generated trees of waits, errors and results gives what a simple model says, however it is preempted.

mod common;

use common::{FACTORY, execute_with, script};
use proptest::prelude::*;
use std::time::Duration;

/// What a function does.
#[derive(Clone, Debug)]
enum Tree {
    Value(u8),
    Nap(u8),
    Fail,
    Parallel(Vec<Tree>),
    /// In a protected call, a coroutine, or a callback of C.
    Caught(Box<Tree>),
    Inside(Box<Tree>),
    Callback(Box<Tree>),
    /// One after the other.
    Both(Box<Tree>, Box<Tree>),
}

fn trees() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        4 => any::<u8>().prop_map(Tree::Value),
        4 => any::<u8>().prop_map(Tree::Nap),
        1 => Just(Tree::Fail),
    ];
    leaf.prop_recursive(5, 40, 4, |tree| {
        let boxed = || tree.clone().prop_map(Box::new);
        prop_oneof![
            4 => prop::collection::vec(tree.clone(), 0..4).prop_map(Tree::Parallel),
            2 => boxed().prop_map(Tree::Caught),
            1 => boxed().prop_map(Tree::Inside),
            1 => boxed().prop_map(Tree::Callback),
            2 => (boxed(), boxed()).prop_map(|(a, b)| Tree::Both(a, b)),
        ]
    })
}

/// The body of a function that returns one string.
fn lua(tree: &Tree) -> String {
    match tree {
        Tree::Value(n) => format!("return '{n}'"),
        Tree::Nap(n) => format!("sleep({}) return 'n{n}'", if n % 4 == 0 { 0.0 } else { 0.001 }),
        Tree::Fail => "sleep(0.001) error({})".into(),
        Tree::Parallel(trees) => {
            let functions: Vec<_> = trees.iter().map(|tree| format!("function() {} end", lua(tree))).collect();
            format!("return '[' .. table.concat({{parallel({})}}, ',') .. ']'", functions.join(", "))
        }
        Tree::Caught(tree) => {
            format!("local ok, v = pcall(function() {} end) return ok and 'ok ' .. v or 'no e'", lua(tree))
        }
        Tree::Inside(tree) => {
            format!("return (coroutine.wrap(function() return (function() {} end)() end)())", lua(tree))
        }
        Tree::Callback(tree) => format!("return (('x'):gsub('x', function() {} end))", lua(tree)),
        Tree::Both(a, b) => {
            format!("local a = (function() {} end)() return a .. '+' .. (function() {} end)()", lua(a), lua(b))
        }
    }
}

/// What it returns; `None` when it fails. All errors are alike, so it does not matter which one is first.
fn model(tree: &Tree) -> Option<String> {
    Some(match tree {
        Tree::Value(n) => n.to_string(),
        Tree::Nap(n) => format!("n{n}"),
        Tree::Fail => return None,
        Tree::Parallel(trees) => {
            let values: Option<Vec<_>> = trees.iter().map(model).collect();
            format!("[{}]", values?.join(","))
        }
        Tree::Caught(tree) => model(tree).map_or_else(|| "no e".into(), |value| format!("ok {value}")),
        Tree::Inside(tree) | Tree::Callback(tree) => model(tree)?,
        Tree::Both(a, b) => format!("{}+{}", model(a)?, model(b)?),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn trees_of_functions_give_what_the_model_says(tree in trees(), preempted in any::<bool>()) {
        let source = format!("local ok, v = pcall(function() {} end) return ok, ok and v or 'e'", lua(&tree));
        let slice = if preempted { Duration::ZERO } else { moonpool_core::scheduler::SLICE };
        let text = execute_with(&FACTORY, script(&source), slice).outcome.map(|success| success.text);
        let expected = model(&tree).map_or_else(|| "false\te".into(), |value| format!("true\t{value}"));
        prop_assert_eq!(text.map_err(|failure| failure.error.message), Ok(expected), "{}", source);
    }
}
