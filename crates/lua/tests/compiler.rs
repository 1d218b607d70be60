//! The compiler can be suspended, or killed, between any two steps of what is not linear in it.

mod common;

use common::polls_of;

#[test]
fn each_goto_that_finds_its_label_is_a_safepoint() {
    // The same tokens; only in the first one does the label end what is pending.
    let polls = |label: &str| polls_of(&format!("load(('goto a '):rep(20000) .. '::{label}::')"));
    let (found, missed) = (polls("a"), polls("b"));
    assert!(found >= missed + 20_000, "{found} against {missed}");
}
