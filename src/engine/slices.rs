//! Worker threads, behind a trait: the binding implements it with Node's work items, tests with plain threads.

use super::Run;
use std::sync::mpsc::{Receiver, Sender, channel};

/// Executes runs on worker threads and brings them back to the engine's thread.
pub trait Slices {
    /// Calls [`Run::execute`] on a worker, and then, on the engine's thread, [`super::Engine::finished`].
    fn start(&self, run: Run);
}

/// A thread per run; the runs come back through a channel.
pub struct Threads(Sender<Run>);

impl Threads {
    /// The threads, and the channel that executed runs arrive on.
    pub fn new() -> (Self, Receiver<Run>) {
        let (sender, receiver) = channel();
        (Self(sender), receiver)
    }
}

impl Slices for Threads {
    fn start(&self, mut run: Run) {
        let done = self.0.clone();
        std::thread::spawn(move || {
            run.execute();
            // Nobody listens any more: the engine is gone, and the run with it.
            let _ = done.send(run);
        });
    }
}
