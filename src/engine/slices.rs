//! Worker threads, behind a trait: the binding implements it with Node's work items, tests with plain threads.

use super::{Run, SLICE};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// Executes batches on worker threads and brings them back to the engine's thread.
pub trait Slices {
    /// Calls [`Batch::execute`] on a worker, and then, on the engine's thread, [`super::Engine::finished`].
    fn start(&self, batch: Batch);
}

/// Runs that share one trip to a worker thread, so that short ones do not pay for a trip each.
pub struct Batch {
    pub(super) runs: Vec<Run>,
    /// How many of them had started before.
    pub(super) started: usize,
}

impl Batch {
    /// The most runs of one trip.
    pub(super) const MAX: usize = 16;

    /// After this time no further run of the batch begins, so that a trip never takes longer than this and a slice.
    const PATIENCE: Duration = Duration::from_millis(1);

    /// Executes a slice of each run, in order, as long as the runs are short. Never panics.
    pub fn execute(&mut self) {
        let start = Instant::now();
        for run in &mut self.runs {
            run.execute(SLICE);
            if start.elapsed() > Self::PATIENCE {
                return;
            }
        }
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
