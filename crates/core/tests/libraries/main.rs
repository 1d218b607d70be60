//! The libraries for what Lua lacks: one test program for all, a module for each.

mod bounds;
#[path = "../common/mod.rs"]
mod common;
mod crypto;
mod encoding;
mod regex;
mod regex_like_rust;
mod time;
mod url;

use common::{fail, run};

/// Each expression, in Lua, is true.
fn holds(assertions: &[&str]) {
    for assertion in assertions {
        assert_eq!(run(&format!("return {assertion}")), "true", "{assertion}");
    }
}

/// Each call, in Lua, raises an error that says this behind the place of it.
fn raises(calls: &[(&str, &str)]) {
    for (call, message) in calls {
        let failure = fail(&format!("return {call}"));
        assert_eq!(failure.error.code.as_str(), "ERR_LUA_RUNTIME", "{call}");
        let shown = failure.error.to_string();
        assert_eq!(shown.strip_prefix("tester:1: ").unwrap_or(&shown), *message, "{call}");
    }
}

/// A byte string as Lua writes it.
fn quoted(bytes: &[u8]) -> String {
    let escaped: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    format!("\"{escaped}\"")
}
