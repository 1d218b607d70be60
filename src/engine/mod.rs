//! Which run executes when: a queue, and a bounded number of slots on worker threads.
//!
//! Lives on one thread (Node's JS thread). Invariants, tested with a `Slices` that executes when told:
//! - at most `slots` batches are with `Slices` at any time, and that many whenever so many runs wait;
//! - runs are handed out for the first time in the order in which they were submitted;
//! - a run that has used its slice takes turns with the others that have, so that short runs overtake long ones;
//! - runs that wait for their first slice come first, but every fourth time it is a started one's turn;
//! - no more than [`MAX_STARTED`] runs are started and unfinished, so that a flood of long runs neither holds the
//!   memory of all of them nor makes all of them time out;
//! - every submitted run settles exactly once.

mod run;
mod slices;
mod watchdog;

pub use run::{Run, SLICE, Settled};
pub use slices::{Batch, Slices, Threads};

use std::collections::VecDeque;

/// How many runs of one engine may be started and not done.
pub const MAX_STARTED: usize = 64;

/// Of so many batches, one goes to a run that has started, however many wait for their first slice.
const TURN: usize = 4;

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
    /// Not executed yet, in order of arrival.
    fresh: VecDeque<Run>,
    /// Executed for a slice and not done, in the order of their turns.
    started: VecDeque<Run>,
    /// All that are started and not done: those in `started`, and those of them that are executing.
    unfinished: usize,
    /// Counts batches, to see whose turn it is.
    turn: usize,
    closed: bool,
}

impl<S: Slices> Engine<S> {
    /// An idle engine that keeps at most `slots` runs (at least one) with `slices` at once.
    pub fn new(slices: S, slots: usize) -> Self {
        Self {
            slices,
            slots: slots.max(1),
            busy: 0,
            fresh: VecDeque::new(),
            started: VecDeque::new(),
            unfinished: 0,
            turn: 0,
            closed: false,
        }
    }

    /// Queues a run, and starts it when a slot is free.
    pub fn submit(&mut self, run: Run) {
        self.fresh.push_back(run);
        self.fill();
    }

    /// Takes back a batch that `slices` has executed, starts the next, and says what came of the runs that are done.
    pub fn finished(&mut self, batch: Batch) -> Vec<Settled> {
        self.busy -= 1;
        self.unfinished -= batch.started;
        let mut settled = Vec::with_capacity(batch.runs.len());
        let mut not_executed = Vec::new();
        for run in batch.runs {
            match run.settle() {
                Ok(done) => settled.push(done),
                Err(run) if run.is_queued() => not_executed.push(run),
                Err(run) => {
                    self.unfinished += 1;
                    self.started.push_back(run);
                }
            }
        }
        for run in not_executed.into_iter().rev() {
            self.fresh.push_front(run);
        }
        self.fill();
        settled
    }

    /// Drops every run that is not with `slices`, and starts no other: for when nobody is left to hear of them.
    /// Those that are come back after a slice at most, and are dropped then.
    pub fn close(&mut self) {
        self.closed = true;
        self.fill();
    }

    /// How many runs wait for a slot.
    pub fn queued(&self) -> usize {
        self.fresh.len() + self.started.len()
    }

    /// How many runs are started and not done.
    pub fn started(&self) -> usize {
        self.unfinished
    }

    /// How many batches are with `slices`.
    pub fn busy(&self) -> usize {
        self.busy
    }

    fn fill(&mut self) {
        if self.closed {
            self.fresh.clear();
            self.started.clear();
        }
        while self.busy < self.slots
            && let Some(batch) = self.next_batch()
        {
            self.busy += 1;
            self.slices.start(batch);
        }
    }

    fn next_batch(&mut self) -> Option<Batch> {
        let room = MAX_STARTED.saturating_sub(self.unfinished);
        let turn_of_started = self.fresh.is_empty() || room == 0 || self.turn % TURN == TURN - 1;
        self.turn += 1;
        if turn_of_started && let Some(run) = self.started.pop_front() {
            return Some(Batch { runs: vec![run], started: 1 });
        }
        // A fair share for each slot: a batch never takes what another slot could execute now.
        let share = self.fresh.len().div_ceil(self.slots).min(Batch::MAX).min(room);
        (share > 0).then(|| Batch { runs: self.fresh.drain(..share).collect(), started: 0 })
    }
}
