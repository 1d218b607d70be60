//! Runs that repeat: the same script with the same seed, time and State gives the same answer, byte for byte.

mod common;

use common::{FACTORY, Remote, execute_with, script, services};
use moonpool_core::api::libraries::Libraries;
use moonpool_core::bridge::Repeats;
use moonpool_core::scheduler::{SLICE, compile};
use moonpool_core::state::MemoryStore;
use moonpool_core::vm::{Chunk, CodeCache, Factory, Script};
use std::sync::Arc;
use std::time::{Duration, Instant};

const ALL: &str = include_str!("repeat/all_that_could_differ.lua");
const REPEATS: Repeats = Repeats { now: Some(1_000_000_000_000.0), seed: Some(7) };

fn repeating(source: &str, repeats: Repeats) -> Script {
    let mut script = script(source);
    script.exchange.repeats = Some(repeats);
    script.limits.timeout = Duration::from_secs(120);
    script
}

fn text(factory: &Arc<Factory>, script: Script, slice: Duration) -> String {
    execute_with(factory, script, slice).outcome.expect("a result").text
}

/// Says where the texts differ.
fn assert_same(a: &str, b: &str, when: &str) {
    for (a, b) in a.lines().zip(b.lines()) {
        assert_eq!(a, b, "{when}");
    }
    assert_eq!(a.len(), b.len(), "{when}");
}

#[test]
fn a_run_with_a_seed_and_a_time_repeats_wherever_its_memory_is() {
    let first = text(&FACTORY, repeating(ALL, REPEATS), SLICE);
    assert!(first.lines().count() > 20);
    for _ in 0..3 {
        // In the way of the next one.
        let kept = vec![0_u8; 100_000];
        assert_same(&first, &text(&FACTORY, repeating(ALL, REPEATS), SLICE), "again");
        drop(kept);
    }
    for (what, repeats) in [
        ("without a seed", Repeats { seed: None, ..REPEATS }),
        ("another seed", Repeats { seed: Some(8), ..REPEATS }),
        ("a seed of which the low bits are the same", Repeats { seed: Some(7 + (1 << 40)), ..REPEATS }),
    ] {
        let other = text(&FACTORY, repeating(ALL, repeats), SLICE);
        for name in ["random", "strings", "shown"] {
            let line = |text: &str| text.lines().find(|line| line.starts_with(name)).map(str::to_owned);
            assert_ne!(line(&first), line(&other), "{what}: {name}");
        }
    }
}

#[test]
fn a_run_repeats_also_when_it_is_preempted_at_every_safepoint() {
    // Of what takes millions of instructions, less.
    let source = ALL.replace("1, 30000", "1, 3000").replace("1, 3000 do list", "1, 400 do list");
    let whole = text(&FACTORY, repeating(&source, REPEATS), Duration::from_secs(100));
    assert_same(&whole, &text(&FACTORY, repeating(&source, REPEATS), Duration::ZERO), "at every safepoint");
}

#[test]
fn a_run_repeats_whether_its_code_was_compiled_before_or_not() {
    let factory = Arc::new(Factory::new(Libraries::ALL, Some(CodeCache::new(Default::default()))));
    let without_cache = text(&FACTORY, repeating(ALL, REPEATS), SLICE);
    assert_same(&without_cache, &text(&factory, repeating(ALL, REPEATS), SLICE), "the first time");
    assert_same(&without_cache, &text(&factory, repeating(ALL, REPEATS), SLICE), "from the cache");
    assert_eq!(factory.code_cache().expect("a cache").stats().hits, 1);
    let mut compiled = repeating(ALL, REPEATS);
    let chunk = compile(&factory, ALL.as_bytes(), compiled.name.clone(), &compiled.limits).expect("it compiles");
    compiled.chunk = Chunk::Compiled(Arc::new(chunk));
    assert_same(&without_cache, &text(&factory, compiled, SLICE), "compiled");
}

#[test]
fn a_run_repeats_whether_its_state_answers_at_once_or_not() {
    let mut remote = repeating(ALL, REPEATS);
    remote.services = services(Arc::new(Remote(MemoryStore::default())));
    let at_once = text(&FACTORY, repeating(ALL, REPEATS), SLICE);
    assert_same(&at_once, &text(&FACTORY, remote, SLICE), "later");
}

#[test]
fn a_repeating_run_whose_source_is_wrong_fails_as_any_other() {
    let failure = |script| *execute_with(&FACTORY, script, SLICE).outcome.expect_err("no result");
    let (wrong, repeated) = (failure(script("x = = 1")), failure(repeating("x = = 1", REPEATS)));
    assert_eq!(format!("{wrong:?}"), format!("{repeated:?}"));
}

#[test]
fn time_stands_still_but_for_what_is_slept_which_takes_none() {
    let source = "local a = os.time() for i = 1, 1e6 do end
        local b, c = os.time(), os.clock() sleep(3600) sleep(0.5) sleep(0.5)
        return a, b - a, c, os.time() - a, os.clock(), os.date('!%T')";
    let begun = Instant::now();
    let shown = text(&FACTORY, repeating(source, Repeats { seed: None, ..REPEATS }), SLICE);
    assert_eq!(shown, "1000000000\t0\t0.0\t3601\t3601.0\t02:46:41");
    assert!(begun.elapsed() < Duration::from_secs(600));
}

#[test]
fn sleeps_of_functions_that_run_at_once_overlap_and_end_in_their_order() {
    let repeats = Repeats { seed: None, ..REPEATS };
    let shown = |source: &str| text(&FACTORY, repeating(source, repeats), SLICE);
    let naps = "local order = {}
        local function nap(s) return function() sleep(s) order[#order + 1] = s .. '@' .. os.clock() return s end end ";
    let order = |source: &str| shown(&format!("{naps}{source} return table.concat(order, ' '), os.clock()"));
    assert_eq!(order("parallel(nap(30), nap(10), nap(10), nap(20))"), "10@10.0 10@10.0 20@20.0 30@30.0\t30.0");
    assert_eq!(order("sleep(5) parallel(nap(2), nap(1)) sleep(5)"), "1@6.0 2@7.0\t12.0");
    let nested = "parallel(function() parallel(nap(4), nap(1)) end, nap(2), function() coroutine.wrap(nap(3))() end)";
    assert_eq!(order(nested), "1@1.0 2@2.0 3@3.0 4@4.0\t4.0");
    // What nobody waits for any more does not take its time.
    assert_eq!(
        order("pcall(parallel, nap(9), function() sleep(1) error('no') end) parallel(nap(3), nap(2))"),
        "2@3.0 3@4.0\t4.0"
    );
    // Who gives up its turn does not hold up the others, and time does not go back.
    let spins =
        "local done parallel(function() while not done do sleep(0) end end, function() sleep(2) done = true end)";
    assert_eq!(order(spins), "\t2.0");
    let stops = "parallel(nap(1), function() return (('x'):gsub('x', nap(5))) end, nap(2))";
    assert_eq!(order(stops), "5@5.0 1@5.0 2@7.0\t7.0");
    let inside = "parallel(nap(1), function() return (('x'):gsub('x', function() parallel(nap(3), nap(2)) end)) end)";
    assert_eq!(order(inside), "2@2.0 3@3.0 1@3.0\t3.0");
}

#[test]
fn a_run_that_repeats_has_its_memory_limit() {
    let greedy = |repeats| {
        let mut greedy = repeating("local t = {} for i = 1, 1e9 do t[i] = { i } end", repeats);
        greedy.limits.memory = 8 << 20;
        let settled = execute_with(&FACTORY, greedy, SLICE);
        assert_eq!(settled.outcome.expect_err("too much").error.code.as_str(), "ERR_LUA_MEMORY");
        settled.usage.peak_memory
    };
    let (peak, without) = (greedy(REPEATS), greedy(Repeats { seed: None, ..REPEATS }));
    assert!(peak.abs_diff(without) < 1 << 20, "{peak} and without a seed {without}");
}
