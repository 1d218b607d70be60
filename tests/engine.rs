//! The queue and its slots, with plain threads instead of libuv's.

mod common;
use common::script;
use moonpool::engine::{Engine, Run, Slices, Threads};
use std::cell::RefCell;
use std::rc::Rc;

/// Worker threads that execute nothing until told: what was started stays here.
#[derive(Clone, Default)]
struct Held(Rc<RefCell<Vec<Run>>>);

impl Slices for Held {
    fn start(&self, run: Run) {
        self.0.borrow_mut().push(run);
    }
}

#[test]
fn never_more_runs_than_slots_and_in_order_of_arrival() {
    let held = Held::default();
    let mut engine = Engine::new(held.clone(), 3);
    for id in 0..10 {
        engine.submit(Run::new(id, script(&format!("return {id}"))));
        assert!(engine.busy() <= 3);
    }
    assert_eq!((engine.busy(), engine.queued()), (3, 7));
    let mut settled = Vec::new();
    while engine.busy() > 0 {
        assert_eq!(engine.busy(), held.0.borrow().len());
        let mut run = held.0.borrow_mut().remove(0);
        run.execute();
        let done = engine.finished(run);
        assert_eq!(done.outcome, Ok(done.id.to_string()));
        settled.push(done.id);
    }
    assert_eq!(settled, (0..10).collect::<Vec<_>>());
    assert_eq!(engine.queued(), 0);
}

#[test]
fn an_engine_without_slots_has_one() {
    let held = Held::default();
    let mut engine = Engine::new(held.clone(), 0);
    engine.submit(Run::new(1, script("")));
    assert_eq!(held.0.borrow().len(), 1);
}

#[test]
fn a_run_that_was_not_executed_settles_as_an_internal_error() {
    let held = Held::default();
    let mut engine = Engine::new(held.clone(), 1);
    engine.submit(Run::new(1, script("return 1")));
    let run = held.0.borrow_mut().remove(0);
    let failure = engine.finished(run).outcome.expect_err("no result");
    assert_eq!(failure.error.code.as_str(), "ERR_INTERNAL");
}

#[test]
fn every_run_settles_exactly_once_on_real_threads() {
    let (threads, done) = Threads::new();
    let mut engine = Engine::new(threads, 4);
    for id in 0..500 {
        let source = match id % 3 {
            0 => format!("return {id}"),
            1 => format!("error('{id}', 0)"),
            _ => "syntax error".to_owned(),
        };
        engine.submit(Run::new(id, script(&source)));
    }
    let mut seen = [0; 500];
    while engine.busy() > 0 {
        let settled = engine.finished(done.recv().expect("a run is out"));
        seen[settled.id as usize] += 1;
        match (settled.id % 3, settled.outcome) {
            (0, Ok(text)) => assert_eq!(text, settled.id.to_string()),
            (1, Err(failure)) => assert_eq!(failure.error.message, settled.id.to_string()),
            (2, Err(failure)) => assert_eq!(failure.error.code.as_str(), "ERR_LUA_SYNTAX"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen, [1; 500]);
}
