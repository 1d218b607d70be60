//! The queue and its slots: batches that execute when told, and real threads.

mod common;
use common::script;
use moonpool::engine::{Batch, Engine, MAX_STARTED, Run, Settled, Slices, Threads};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// Worker threads that execute nothing until told: what was started waits here.
#[derive(Clone, Default)]
struct Held(Rc<RefCell<VecDeque<Batch>>>);

impl Slices for Held {
    fn start(&self, batch: Batch) {
        self.0.borrow_mut().push_back(batch);
    }
}

impl Held {
    fn next(&self) -> Batch {
        self.0.borrow_mut().pop_front().expect("a batch was started")
    }
}

/// Executes the batches one by one, in order of their start, until nothing is left.
fn drain(engine: &mut Engine<Held>, held: &Held) -> Vec<Settled> {
    let mut settled = Vec::new();
    while engine.busy() > 0 {
        assert_eq!(engine.busy(), held.0.borrow().len());
        let mut batch = held.next();
        batch.execute();
        settled.extend(engine.finished(batch));
    }
    settled
}

fn ids(settled: &[Settled]) -> Vec<u32> {
    settled.iter().map(|settled| settled.id).collect()
}

#[test]
fn never_more_batches_than_slots_and_every_run_settles_once() {
    let held = Held::default();
    let mut engine = Engine::new(held.clone(), 3);
    for id in 0..100 {
        engine.submit(Run::new(id, script(&format!("return {id}"))));
        assert!(engine.busy() <= 3);
    }
    assert_eq!((engine.busy(), engine.queued()), (3, 97));
    let mut settled = drain(&mut engine, &held);
    assert!(settled.iter().all(|run| run.outcome == Ok(run.id.to_string())));
    settled.sort_by_key(|run| run.id);
    assert_eq!(ids(&settled), (0..100).collect::<Vec<_>>());
    assert_eq!(engine.queued(), 0);
}

#[test]
fn runs_are_handed_out_in_order_of_arrival() {
    let held = Held::default();
    let mut engine = Engine::new(held.clone(), 1);
    for id in 0..50 {
        engine.submit(Run::new(id, script("return 1")));
    }
    assert_eq!(ids(&drain(&mut engine, &held)), (0..50).collect::<Vec<_>>());
}

#[test]
fn a_batch_takes_no_more_than_a_fair_share() {
    let held = Held::default();
    let mut engine = Engine::new(held.clone(), 2);
    for id in 0..4 {
        engine.submit(Run::new(id, script("return 1")));
    }
    // Two were started at once, each alone; the two that wait are one for each slot.
    let mut first = held.next();
    first.execute();
    engine.finished(first);
    assert_eq!((engine.busy(), engine.queued()), (2, 1));
}

#[test]
fn short_runs_overtake_a_long_one() {
    let held = Held::default();
    let mut engine = Engine::new(held.clone(), 1);
    engine.submit(Run::new(0, script("local t = os.clock() while os.clock() - t < 0.08 do end return 'long'")));
    for id in 1..=30 {
        engine.submit(Run::new(id, script("return 'short'")));
    }
    let settled = drain(&mut engine, &held);
    assert_eq!(ids(&settled), (1..=30).chain([0]).collect::<Vec<_>>());
    assert_eq!(settled[30].outcome.as_deref(), Ok("long"));
}

#[test]
fn runs_behind_a_long_one_in_its_batch_go_back_to_the_front() {
    let held = Held::default();
    let mut engine = Engine::new(held.clone(), 1);
    engine.submit(Run::new(0, script("return 0")));
    engine.submit(Run::new(1, script("local t = os.clock() while os.clock() - t < 0.08 do end")));
    for id in 2..=4 {
        engine.submit(Run::new(id, script("return 1")));
    }
    let mut first = held.next();
    first.execute();
    assert_eq!(ids(&engine.finished(first)), [0]);
    // One batch with all four: the first of them uses its whole slice.
    assert_eq!(engine.queued(), 0);
    let mut second = held.next();
    second.execute();
    assert_eq!(ids(&engine.finished(second)), [] as [u32; 0]);
    assert_eq!(ids(&drain(&mut engine, &held)), [2, 3, 4, 1]);
}

#[test]
fn two_endless_runs_share_one_slot_until_their_timeouts() {
    let held = Held::default();
    let mut engine = Engine::new(held.clone(), 1);
    for id in 0..2 {
        let mut endless = script("while true do end");
        endless.limits.timeout = std::time::Duration::from_millis(150);
        engine.submit(Run::new(id, endless));
    }
    for settled in drain(&mut engine, &held) {
        assert_eq!(settled.outcome.expect_err("killed").error.code.as_str(), "ERR_LUA_TIMEOUT");
    }
}

/// A script that takes several slices.
const LONG: &str = "local t = os.clock() while os.clock() - t < 0.03 do end return 'long'";

#[test]
fn no_more_than_the_bound_are_started_and_unfinished_but_all_get_done() {
    let held = Held::default();
    let mut engine = Engine::new(held.clone(), 1);
    for id in 0..MAX_STARTED as u32 + 20 {
        let mut endless = script("while true do end");
        endless.limits.timeout = std::time::Duration::from_secs(2);
        engine.submit(Run::new(id, endless));
    }
    let mut settled = Vec::new();
    let mut most = 0;
    while engine.busy() > 0 {
        let mut batch = held.next();
        batch.execute();
        settled.extend(engine.finished(batch));
        most = most.max(engine.started());
    }
    assert_eq!(most, MAX_STARTED);
    assert_eq!(settled.len(), MAX_STARTED + 20);
}

#[test]
fn a_long_run_makes_progress_beside_a_flood_of_short_ones() {
    let held = Held::default();
    let mut engine = Engine::new(held.clone(), 1);
    engine.submit(Run::new(0, script(LONG)));
    let mut id = 0;
    // As many short runs arrive as are executed.
    for batches in 0.. {
        assert!(batches < 200, "the long run starves");
        while engine.queued() < 40 {
            id += 1;
            engine.submit(Run::new(id, script("return 1")));
        }
        let mut batch = held.next();
        batch.execute();
        if engine.finished(batch).iter().any(|run| run.id == 0) {
            break;
        }
    }
}

#[test]
fn a_closed_engine_drops_what_waits_and_starts_nothing() {
    let held = Held::default();
    let mut engine = Engine::new(held.clone(), 1);
    let endless = "local t = os.clock() while os.clock() - t < 60 do end";
    for id in 0..5 {
        engine.submit(Run::new(id, script(if id == 0 { endless } else { "return 1" })));
    }
    engine.close();
    engine.submit(Run::new(5, script("return 1")));
    assert_eq!((engine.busy(), engine.queued()), (1, 0));
    let mut batch = held.next();
    batch.execute();
    assert!(engine.finished(batch).is_empty(), "the endless run only left");
    assert_eq!((engine.busy(), engine.queued()), (0, 0));
}

#[test]
fn an_engine_without_slots_has_one() {
    let held = Held::default();
    let mut engine = Engine::new(held.clone(), 0);
    engine.submit(Run::new(1, script("")));
    assert_eq!(engine.busy(), 1);
}

#[test]
fn every_run_settles_exactly_once_on_real_threads() {
    let (threads, done) = Threads::new();
    let mut engine = Engine::new(threads, 4);
    for id in 0..500 {
        let source = match id % 4 {
            0 => format!("return {id}"),
            1 => format!("error('{id}', 0)"),
            2 => "syntax error".to_owned(),
            _ => "local n = 0 for i = 1, 2e5 do n = n + i end return n".to_owned(),
        };
        engine.submit(Run::new(id, script(&source)));
    }
    let mut seen = [0; 500];
    while engine.busy() > 0 {
        for settled in engine.finished(done.recv().expect("a batch is out")) {
            seen[settled.id as usize] += 1;
            match (settled.id % 4, settled.outcome) {
                (0, Ok(text)) => assert_eq!(text, settled.id.to_string()),
                (1, Err(failure)) => assert_eq!(failure.error.message, settled.id.to_string()),
                (2, Err(failure)) => assert_eq!(failure.error.code.as_str(), "ERR_LUA_SYNTAX"),
                (3, Ok(text)) => assert_eq!(text, "20000100000"),
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(seen, [1; 500]);
}
