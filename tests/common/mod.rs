//! What the Rust tests share: a script to run, and what came of it, without an engine.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]

use moonpool::engine::{Run, SLICE};
use moonpool::error::Failure;
use moonpool::state::{MemoryStore, ScriptId, Store};
use moonpool::vm::{Chunk, CodeCache, Exchange, Host, Libraries, Limits, Modules, Script, Template};
use std::sync::{Arc, LazyLock, RwLock};

/// A script by `tester` with the default limits and a store of its own.
pub fn script(source: &str) -> Script {
    Script {
        chunk: Chunk::Source(source.as_bytes().into()),
        id: ScriptId::new("tester").expect("a good id"),
        name: "tester".into(),
        limits: Limits::default(),
        exchange: Exchange::default(),
        host: host(store(), None),
    }
}

/// An engine's part, with all libraries.
pub fn host(store: Arc<dyn Store>, code_cache: Option<CodeCache>) -> Arc<Host> {
    static TEMPLATE: LazyLock<Arc<Template>> = LazyLock::new(|| Arc::new(Template::new(Libraries::ALL)));
    Arc::new(Host {
        store,
        template: TEMPLATE.clone(),
        code_cache,
        modules: Modules::default(),
        functions: RwLock::default(),
    })
}

/// An empty store with the default quota.
pub fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(MemoryStore::DEFAULT_QUOTA))
}

/// Runs a script on this thread, under the watchdog.
pub fn execute(script: Script) -> Result<String, Box<Failure>> {
    let mut run = Run::new(0, script);
    loop {
        run.execute(SLICE, None);
        match run.settle() {
            Ok(settled) => return settled.outcome.map(|success| success.text),
            Err(left) => run = left,
        }
    }
}

/// The text of a script that succeeds.
pub fn run(source: &str) -> String {
    match execute(script(source)) {
        Ok(text) => text,
        Err(failure) => panic!("{source}\nfailed: {failure:#?}"),
    }
}

/// The failure of a script that fails.
pub fn fail(source: &str) -> Failure {
    match execute(script(source)) {
        Ok(text) => panic!("{source}\nsucceeded: {text}"),
        Err(failure) => *failure,
    }
}

/// The code of a script that fails.
pub fn code(source: &str) -> &'static str {
    fail(source).error.code.as_str()
}
