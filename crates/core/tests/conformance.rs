//! Lua stays Lua: every script of tests/lua prints in our VM what it prints in unedited Lua 5.4.9.

mod common;
use common::{FACTORY, execute, execute_with, script};
use moonpool_core::api::libraries::Libraries;
use moonpool_core::error::Failure;
use moonpool_core::scheduler::SLICE;
use moonpool_core::vm::{CacheLimits, CodeCache, Factory, Outcome, Script};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Calls `check` with the name and the source of every script, on all cores.
fn for_each_script(check: impl Fn(&str, &str) + Sync) {
    let scripts = Mutex::new(scripts().into_iter());
    let next = || scripts.lock().expect("nothing panics here").next();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some((name, source)) = next() {
                    check(&name, &source);
                }
            });
        }
    });
}

/// The scripts: name and source.
fn scripts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lua");
    let mut scripts: Vec<_> = std::fs::read_dir(folder)
        .expect("tests/lua is there")
        .flatten()
        .map(|entry| {
            let source = std::fs::read_to_string(entry.path()).expect("a readable script");
            (entry.file_name().to_string_lossy().into_owned(), source)
        })
        .collect();
    scripts.sort();
    assert!(scripts.len() > 30);
    scripts
}

/// Compares `ours` with what unedited Lua prints for `source`, and names the first line that differs.
fn compare(name: &str, source: &str, ours: Result<String, Box<Failure>>) {
    let stock = moonpool_lua::stock::run(source.as_bytes(), "=tester", 0);
    let wanted = String::from_utf8_lossy(&stock.text).into_owned();
    assert!(stock.ok, "{name} fails in unedited Lua: {wanted}");
    let ours = ours.unwrap_or_else(|failure| panic!("{name} fails: {failure:#?}"));
    for (number, (wanted, got)) in wanted.lines().zip(ours.lines()).enumerate() {
        assert_eq!(got, wanted, "{name}, line {} of its output", number + 1);
    }
    assert_eq!(ours.len(), wanted.len(), "{name}: one output is longer");
}

fn text(outcome: Outcome) -> Result<String, Box<Failure>> {
    outcome.map(|success| success.text)
}

fn roomy(source: &str) -> Script {
    let mut script = script(source);
    script.limits.timeout = Duration::from_secs(60);
    script.limits.memory = 256 << 20;
    script
}

#[test]
fn every_script_prints_what_it_prints_in_unedited_lua() {
    for_each_script(|name, source| compare(name, source, execute(roomy(source))));
}

#[test]
fn every_script_prints_the_same_when_its_code_comes_from_the_cache() {
    for_each_script(|name, source| {
        let cache = CodeCache::new(CacheLimits { entries: 1, bytes: 16 << 20, ttl: None });
        let factory = Arc::new(Factory::new(Libraries::ALL, Some(cache)));
        for wanted in [(0, 1), (1, 1)] {
            compare(name, source, text(execute_with(&factory, roomy(source), SLICE).outcome));
            let stats = factory.code_cache().map(CodeCache::stats).unwrap_or_default();
            assert_eq!((stats.hits, stats.misses), wanted, "{name}");
        }
    });
}

#[test]
fn every_script_prints_the_same_when_it_is_sliced_at_every_safepoint() {
    for_each_script(|name, source| {
        compare(name, source, text(execute_with(&FACTORY, roomy(source), Duration::ZERO).outcome));
    });
}
