//! Workers that go on by themselves: what they hand in is kept until the engine's thread hears of it.

use super::run::Settled;
use super::runs::Runs;
use super::signal::Signal;
use super::workers::Batch;
use super::{Finished, lock};
use rustc_hash::FxHashSet as HashSet;

/// When so many ends, calls and the like wait to be heard, workers hand in no more: the engine's thread hears of them in one go,
/// and shall not stand still for long.
const MOST: usize = 256;

impl Batch {
    /// On a worker that has executed it: hands in what came of it, and takes the next one. Returns what goes back to the engine's
    /// thread in the end, and whether there is something to execute first. The thread hears of what was handed in by
    /// [`Signal::HandedIn`], or by whatever it does next.
    pub fn go_on(self) -> (Self, bool) {
        self.go_on_if(|_| true)
    }

    /// As [`Batch::go_on`], if something waits for a worker. Otherwise the engine's thread hears of this batch when it comes back,
    /// which takes one wake-up instead of two.
    pub fn go_on_with_queued(self) -> (Self, bool) {
        self.go_on_if(Runs::has_newcomers)
    }

    fn go_on_if(self, goes_on: impl FnOnce(&Runs) -> bool) -> (Self, bool) {
        let Some(runs) = self.line.upgrade() else { return (self, false) };
        let mut runs = lock(&runs);
        if runs.is_stopped() || runs.handed_in.len() >= MOST || !goes_on(&runs) {
            return (self, false);
        }
        let wake_up = self.wake_up.clone();
        let tells = runs.hand_in(self);
        let next = runs.next_for_worker();
        drop(runs);
        if tells {
            wake_up(Signal::HandedIn);
        }
        next
    }
}

impl Runs {
    /// Keeps what came of a batch. Whether the engine's thread is to be told: it is already if there was something before. It is
    /// told even if nothing came of it, as workers go on until it has heard.
    fn hand_in(&mut self, batch: Batch) -> bool {
        let tells = self.handed_in.is_empty();
        let finished = self.take_back(batch);
        self.handed_in.append(finished);
        tells
    }

    /// The next batch, for a worker that has none any more; and whether there is one. If not, its slot is free from now on:
    /// whoever hears of what was handed in may want it before the worker is back.
    fn next_for_worker(&mut self) -> (Batch, bool) {
        let Some(next) = self.next_batch() else {
            return (Batch { handed_in: true, ..self.batch(Vec::new(), false) }, false);
        };
        let batch = self.give(next);
        self.ask_for_room();
        (batch, true)
    }

    /// What workers have handed in, for the engine's thread.
    pub(super) fn take_handed_in(&mut self) -> Finished {
        self.count_begun();
        let handed_in = std::mem::take(&mut self.handed_in);
        if handed_in.calls.is_empty() {
            return handed_in;
        }
        // Nobody has heard of these calls: what is given up of them was never made, and the others are, if they are awaited.
        let unheard: HashSet<_> = match handed_in.given_up.len() {
            0 => HashSet::default(),
            _ => handed_in.calls.iter().map(|call| (call.run, call.number)).collect(),
        };
        let mut finished = Finished::default();
        for mut part in handed_in.in_order() {
            part.given_up.retain(|given_up| !unheard.contains(given_up));
            part.calls.retain(|call| self.awaits_call(call.run, call.number));
            finished.append(part);
        }
        finished
    }

    /// Lets what came of runs be heard after what was handed in before, which the engine's thread is told of.
    pub(super) fn after_handed_in(&mut self, settled: Vec<Settled>) -> Vec<Settled> {
        if self.handed_in.is_empty() {
            return settled;
        }
        self.handed_in.settled.extend(settled);
        Vec::new()
    }
}
