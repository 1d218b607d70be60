//! Which run executes when: a queue, and a bounded number of slots on worker threads.
//!
//! Lives on one thread (Node's JS thread). Invariants, tested with a `Slices` that executes when told:
//! - at most `slots` batches are with `Slices` at any time, and that many whenever so many runs wait;
//! - runs are handed out in the order in which they were submitted;
//! - a run that has used its slice goes behind all that wait, so each waits at most one round of the others;
//! - every submitted run settles exactly once.

mod run;
mod slices;
mod watchdog;

pub use run::{Run, SLICE, Settled};
pub use slices::{Batch, Slices, Threads};

use std::collections::VecDeque;

/// The scheduler of one engine.
///
/// ```
/// use moonpool::engine::{Engine, Run, Threads};
/// use moonpool::state::{MemoryStore, ScriptId};
/// use moonpool::vm::{Limits, Script};
/// use std::sync::Arc;
///
/// let (threads, done) = Threads::new();
/// let mut engine = Engine::new(threads, 2);
/// let script = Script {
///     source: b"return 6 * 7".to_vec(),
///     id: ScriptId::new("example")?,
///     name: "example".into(),
///     limits: Limits::default(),
///     store: Arc::new(MemoryStore::new(MemoryStore::DEFAULT_QUOTA)),
/// };
/// engine.submit(Run::new(1, script));
/// let settled = engine.finished(done.recv().map_err(|e| e.to_string())?);
/// assert_eq!(settled[0].outcome, Ok("42".to_owned()));
/// # Ok::<(), String>(())
/// ```
pub struct Engine<S> {
    slices: S,
    slots: usize,
    busy: usize,
    queue: VecDeque<Run>,
    closed: bool,
}

impl<S: Slices> Engine<S> {
    /// An idle engine that keeps at most `slots` runs (at least one) with `slices` at once.
    pub fn new(slices: S, slots: usize) -> Self {
        Self { slices, slots: slots.max(1), busy: 0, queue: VecDeque::new(), closed: false }
    }

    /// Queues a run, and starts it when a slot is free.
    pub fn submit(&mut self, run: Run) {
        self.queue.push_back(run);
        self.fill();
    }

    /// Takes back a batch that `slices` has executed, starts the next, and says what came of the runs that are done.
    pub fn finished(&mut self, batch: Batch) -> Vec<Settled> {
        self.busy -= 1;
        let mut settled = Vec::with_capacity(batch.0.len());
        let mut not_started = Vec::new();
        for run in batch.0 {
            match run.settle() {
                Ok(done) => settled.push(done),
                Err(run) if run.is_queued() => not_started.push(run),
                Err(run) => self.queue.push_back(run),
            }
        }
        for run in not_started.into_iter().rev() {
            self.queue.push_front(run);
        }
        self.fill();
        settled
    }

    /// Drops every run that is not with `slices`, and starts no other: for when nobody is left to hear of them.
    /// Those that are come back after a slice at most, and are dropped then.
    pub fn close(&mut self) {
        self.closed = true;
        self.queue.clear();
    }

    /// How many runs wait for a slot.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// How many batches are with `slices`.
    pub fn busy(&self) -> usize {
        self.busy
    }

    fn fill(&mut self) {
        if self.closed {
            self.queue.clear();
        }
        while self.busy < self.slots && !self.queue.is_empty() {
            // A fair share for each slot: a batch never takes what another slot could execute now.
            let share = self.queue.len().div_ceil(self.slots).min(Batch::MAX);
            let batch = self.queue.drain(..share).collect();
            self.busy += 1;
            self.slices.start(Batch(batch));
        }
    }
}
