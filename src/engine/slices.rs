//! Worker threads, behind a trait: the binding implements it with Node's work items, tests with plain threads.

use super::{Run, SLICE};
use crate::vm::{Host, Vm};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// Executes batches on worker threads and brings them back to the engine's thread.
pub trait Slices {
    /// Calls [`Batch::execute`] on a worker, and then, on the engine's thread, [`super::Engine::finished`].
    fn start(&self, batch: Batch);

    /// What to call, on any thread, when something happens that the engine's thread should know of: there, it passes
    /// the signal to [`super::Engine::signal`].
    fn alarm(&self) -> Alarm {
        Arc::new(|_| ())
    }

    /// Whether runs wait for something else than a worker: then the engine's thread has to stay.
    fn hold(&self, _waiting: bool) {}
}

/// See [`Slices::alarm`].
pub type Alarm = Arc<dyn Fn(Signal) + Send + Sync>;

/// What an engine hears from other threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A run does not leave its worker long after its slice: whoever waits for the worker may have reason to stop it.
    Overdue,
    /// The run of this number was killed because its time is over.
    Killed(u64),
    /// The run of this number has slept enough.
    Awake(u64),
}

/// What shares one trip to a worker thread: runs, so that short ones do not pay for a trip each, or VMs to be built.
pub struct Batch {
    pub(super) runs: Vec<Run>,
    /// Whether none of the runs had begun before.
    pub(super) fresh: bool,
    /// VMs for runs that begin; what is left comes back.
    pub(super) warm: Vec<Vm>,
    /// How many VMs to build.
    pub(super) build: usize,
    pub(super) host: Arc<Host>,
    pub(super) alarm: Alarm,
    /// Raised when the engine is over: begin nothing more.
    pub(super) stopped: Arc<AtomicBool>,
    /// How long it had the worker.
    pub(super) worked: Duration,
}

impl Batch {
    /// The most runs of one trip.
    pub(super) const MAX: usize = 16;

    /// After this time no further run of the batch begins, so that a trip never takes longer than this and a slice.
    const PATIENCE: Duration = Duration::from_millis(1);

    /// The numbers of its runs.
    pub fn ids(&self) -> Vec<u64> {
        self.runs.iter().map(Run::id).collect()
    }

    /// Executes a slice of each run, in order, as long as the runs are short. Never panics.
    pub fn execute(&mut self) {
        let start = Instant::now();
        for run in &mut self.runs {
            if self.stopped.load(Ordering::Relaxed) {
                break;
            }
            let warm = if self.fresh { self.warm.pop() } else { None };
            run.execute_for(SLICE, warm, Some(&self.alarm));
            if start.elapsed() > Self::PATIENCE {
                break;
            }
        }
        while self.build > 0 && !self.stopped.load(Ordering::Relaxed) {
            self.build -= 1;
            // Without memory the next run builds its own, and says so when it cannot.
            self.warm.extend(Vm::build(&self.host.template));
        }
        self.worked = start.elapsed();
    }
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

impl Slices for Threads {
    fn start(&self, mut batch: Batch) {
        let done = self.0.clone();
        std::thread::spawn(move || {
            batch.execute();
            // Nobody listens any more: the engine is gone, and its runs with it.
            let _ = done.send(batch);
        });
    }
}
