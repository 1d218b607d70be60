//! A scheduler whose batches execute when told.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]

use crate::common::{FACTORY, script};
use moonpool_core::scheduler::{Batch, Caller, Capacity, Scheduler, Settled, Signal, WakeUp, Workers};
use moonpool_core::state::ScriptId;
use moonpool_core::vm::Script;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// Worker threads that execute nothing until told: what was started waits here, and so do signals.
#[derive(Clone)]
pub struct Held(pub Rc<RefCell<VecDeque<Batch>>>, pub Rc<RefCell<Receiver<Signal>>>, Sender<Signal>);

impl Default for Held {
    fn default() -> Self {
        let (sender, receiver) = channel();
        Self(Rc::default(), Rc::new(RefCell::new(receiver)), sender)
    }
}

impl Workers for Held {
    fn wake_up(&self) -> WakeUp {
        let sender = self.2.clone();
        Arc::new(move |signal| {
            // Nobody listens to an engine that is gone.
            let _ = sender.send(signal);
        })
    }

    fn start(&self, batch: Batch) {
        self.0.borrow_mut().push_back(batch);
    }
}

impl Held {
    pub fn next(&self) -> Batch {
        self.0.borrow_mut().pop_front().expect("a batch was started")
    }
}

/// An engine whose batches wait to be executed, and a queue without a bound.
pub fn engine(slots: usize) -> (Scheduler<Held>, Held) {
    engine_of(Capacity { slots, ..Capacity::default() })
}

pub fn engine_of(capacity: Capacity) -> (Scheduler<Held>, Held) {
    let held = Held::default();
    (Scheduler::new(held.clone(), FACTORY.clone(), capacity), held)
}

pub fn submit(engine: &Scheduler<impl Workers>, id: u64, source: &str) {
    submit_script(engine, id, script(source));
}

pub fn submit_as(engine: &Scheduler<impl Workers>, owner: &str, id: u64, source: &str) {
    let owner = ScriptId::new(owner).expect("a good id");
    submit_script(engine, id, Script { id: owner, ..script(source) });
}

pub fn submit_script(engine: &Scheduler<impl Workers>, id: u64, script: Script) {
    assert_eq!(engine.submit(script, Caller::Host), Ok(id), "the queue is full");
}

/// Stops these runs, which are all that there are.
pub fn kill_all(engine: &Scheduler<impl Workers>, ids: impl IntoIterator<Item = u64>) -> Vec<Settled> {
    engine.doom_all();
    ids.into_iter().flat_map(|id| engine.end_doomed(id)).collect()
}

/// Executes one batch.
pub fn step(engine: &Scheduler<Held>, held: &Held) -> Vec<Settled> {
    let mut batch = held.next();
    batch.execute();
    engine.finished(batch).settled
}

/// The text of a run that succeeded.
pub fn text(settled: &Settled) -> Result<&str, &'static str> {
    settled.outcome.as_ref().map(|success| &*success.text).map_err(|failure| failure.error.code.as_str())
}

/// The codes of runs that failed.
pub fn codes(settled: impl IntoIterator<Item = Settled>) -> Vec<(u64, &'static str)> {
    let code = |run: Settled| (run.id, run.outcome.map_or_else(|failure| failure.error.code.as_str(), |_| "ok"));
    settled.into_iter().map(code).collect()
}

/// Executes the batches one by one, in order of their start, until nothing is left.
pub fn drain(engine: &Scheduler<Held>, held: &Held) -> Vec<Settled> {
    let mut settled = Vec::new();
    while engine.busy() > 0 {
        assert_eq!(engine.busy(), held.0.borrow().len());
        settled.extend(step(engine, held));
    }
    settled
}

pub fn ids(settled: &[Settled]) -> Vec<u64> {
    settled.iter().map(|settled| settled.id).collect()
}
