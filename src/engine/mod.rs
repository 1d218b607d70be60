//! Which run executes when: a queue in order of arrival, and a bounded number of slots.
//!
//! Lives on one thread (Node's JS thread). Invariants, tested with a `Slices` of plain threads:
//! - at most `slots` runs are with `Slices` at any time, and that many whenever so many wait;
//! - runs start in the order in which they were submitted;
//! - every submitted run settles exactly once.

mod run;
mod slices;
mod watchdog;

pub use run::{Run, Settled};
pub use slices::{Slices, Threads};

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
/// assert_eq!(settled.outcome, Ok("42".to_owned()));
/// # Ok::<(), String>(())
/// ```
pub struct Engine<S> {
    slices: S,
    slots: usize,
    busy: usize,
    queue: VecDeque<Run>,
}

impl<S: Slices> Engine<S> {
    /// An idle engine that keeps at most `slots` runs (at least one) with `slices` at once.
    pub fn new(slices: S, slots: usize) -> Self {
        Self { slices, slots: slots.max(1), busy: 0, queue: VecDeque::new() }
    }

    /// Queues a run, and starts it when a slot is free.
    pub fn submit(&mut self, run: Run) {
        self.queue.push_back(run);
        self.fill();
    }

    /// Takes back a run that `slices` has executed, starts the next, and says what came of it.
    pub fn finished(&mut self, run: Run) -> Settled {
        self.busy -= 1;
        self.fill();
        run.settle()
    }

    /// How many runs wait for a slot.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// How many runs are with `slices`.
    pub fn busy(&self) -> usize {
        self.busy
    }

    fn fill(&mut self) {
        while self.busy < self.slots {
            let Some(run) = self.queue.pop_front() else { return };
            self.busy += 1;
            self.slices.start(run);
        }
    }
}
