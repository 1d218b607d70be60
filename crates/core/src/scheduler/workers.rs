//! Worker threads, behind a trait: the addon implements it with Node's work items, tests with plain threads.

use super::patience::{PATIENCE, Patience};
use super::run::{Run, Slice};
use super::runs::Runs;
use super::signal::WakeUp;
use crate::memory::Room;
use crate::vm::{Factory, Vm};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

/// Executes batches on worker threads and brings them back to the engine's thread.
pub trait Workers {
    /// Calls [`Batch::execute`] on a worker, and then, on the engine's thread, [`super::Scheduler::finished`].
    fn start(&self, batch: Batch);

    /// What to call, on any thread, when something happens that the engine's thread should know of: there, it passes
    /// the signal to [`super::Scheduler::signal`].
    fn wake_up(&self) -> WakeUp {
        Arc::new(|_| ())
    }

    /// Whether runs wait for something else than a worker: then the engine's thread has to stay.
    fn hold(&self, _waiting: bool) {}
}

/// What shares one trip to a worker thread: runs, so that short ones do not pay for a trip each, or VMs to be built.
pub struct Batch {
    pub(super) runs: Vec<Run>,
    /// Whether its runs come from the queue: none of them has begun.
    pub(super) queued: bool,
    /// How long each of its runs may hold the worker before it is preempted.
    pub(super) slice: Duration,
    /// VMs for runs that begin; what is left comes back.
    pub(super) warm: Vec<Vm>,
    /// How many VMs to build.
    pub(super) build: usize,
    pub(super) factory: Arc<Factory>,
    /// Where a worker takes the next one.
    pub(super) line: Weak<Mutex<Runs>>,
    /// Whether nothing is left to be said of it: its worker found nothing more to do.
    pub(super) handed_in: bool,
    pub(super) wake_up: WakeUp,
    /// After what time the slot is given up before the slice is over, if it is to be, and who may want it.
    pub(super) patience: Option<(Duration, Arc<Patience>)>,
    /// Raised when the engine is over: begin nothing more.
    pub(super) stopped: Arc<AtomicBool>,
    /// How many of its runs had their turn: the rest come back as they are.
    pub(super) executed: usize,
    /// How long it had the worker.
    pub(super) worked: Duration,
}

impl Batch {
    /// The most runs of one trip.
    pub(super) const MAX: usize = 16;

    /// How long it had the worker.
    pub fn worked(&self) -> Duration {
        self.worked
    }

    /// The numbers of its runs.
    pub fn ids(&self) -> Vec<u64> {
        self.runs.iter().map(Run::id).collect()
    }

    /// How many runs it has beyond the first: those may come back without having begun.
    pub(super) fn followers(&self) -> usize {
        self.runs.len().saturating_sub(1)
    }

    /// Executes a slice of each run, in order, as long as the runs are short: once that took a millisecond, no further
    /// one begins. So a trip never takes longer than that and a slice. Never panics.
    pub fn execute(&mut self) {
        let start = Instant::now();
        let (factory, wake_up, patience) = (&self.factory, Some(&self.wake_up), self.patience.as_ref());
        let slice = Slice { time: self.slice, factory, wake_up, patience };
        let mut first = true;
        for run in &mut self.runs {
            if self.stopped.load(Ordering::Relaxed) {
                break;
            }
            // Those before it in the batch may have taken the last room for new VMs.
            if self.queued && !std::mem::take(&mut first) && !has_room(&self.factory) {
                break;
            }
            let warm = if self.queued { self.warm.pop() } else { None };
            run.execute_slice(slice, warm);
            self.executed += 1;
            if start.elapsed() > PATIENCE {
                break;
            }
        }
        while self.build > 0 && !self.stopped.load(Ordering::Relaxed) && has_room(&self.factory) {
            self.build -= 1;
            // Without memory the next run builds its own, and says so when it cannot.
            self.warm.extend(Vm::build(&self.factory));
        }
        self.worked = start.elapsed();
    }
}

/// Whether there is room for new VMs.
fn has_room(factory: &Factory) -> bool {
    factory.memory().room() == Room::Free
}

/// A thread per batch; the batches come back through a channel.
pub struct Threads(Sender<Batch>);

impl Threads {
    /// The threads, and the channel that executed batches arrive on.
    pub fn new() -> (Self, Receiver<Batch>) {
        let (sender, receiver) = channel();
        (Self(sender), receiver)
    }
}

impl Workers for Threads {
    fn start(&self, mut batch: Batch) {
        let done = self.0.clone();
        std::thread::spawn(move || {
            batch.execute();
            // Nobody listens any more: the engine is gone, and its runs with it.
            let _ = done.send(batch);
        });
    }
}
