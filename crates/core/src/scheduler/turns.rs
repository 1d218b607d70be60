//! Whose turn it is, short runs' or preempted ones': by the time that each kind has had. And which slice of a preempted run
//! ends early, because others wait.

use super::run::SLICE;
use std::time::{Duration, Instant};

/// Of so much time of workers, one part is for runs that were preempted, however many others wait.
const PARTS: u32 = 4;

/// A preempted run that nobody owed its slice keeps its worker for so long when others wait.
const SHORTEST: Duration = Duration::from_millis(2);

/// What runs that were preempted have had, and are owed.
#[derive(Default)]
pub(super) struct Turns {
    /// The time that they are owed, because others had more than their parts.
    owed: Duration,
    /// Their slices that are with workers.
    slices: Vec<Slice>,
}

struct Slice {
    run: u64,
    since: Instant,
    /// Whether it was their turn; otherwise nobody else waited.
    is_owed: bool,
}

impl Turns {
    /// Whether the next turn is a preempted run's, although others wait.
    pub(super) fn is_of_preempted(&self) -> bool {
        self.owed >= SLICE
    }

    /// A slice of a preempted run goes to a worker.
    pub(super) fn begin(&mut self, run: u64) {
        let is_owed = self.is_of_preempted();
        self.slices.push(Slice { run, since: Instant::now(), is_owed });
        if is_owed {
            self.owed -= SLICE;
        }
    }

    /// A batch has had a worker for so long: `first` is its first run.
    pub(super) fn end(&mut self, first: Option<u64>, worked: Duration) {
        // One that the system took its core from has not had more than it could.
        let worked = worked.min(SLICE);
        match self.slices.iter().position(|slice| Some(slice.run) == first) {
            None => self.owed = (self.owed + worked / (PARTS - 1)).min(SLICE),
            Some(i) if !self.slices.swap_remove(i).is_owed => self.owed = self.owed.saturating_sub(worked),
            Some(_) => {}
        }
    }

    /// The run whose slice is to end now, because others wait: it has lasted for the longest time, and nobody owed it.
    pub(super) fn overdue(&self) -> Option<u64> {
        let extra = self.slices.iter().filter(|slice| !slice.is_owed);
        let Slice { run, since, .. } = extra.min_by_key(|slice| slice.since)?;
        (since.elapsed() >= SHORTEST).then_some(*run)
    }
}
