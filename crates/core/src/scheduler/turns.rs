//! Whose turn it is, short runs' or preempted ones': by the time that each kind has had. And how long a slice of a preempted
//! run is.

use super::patience::PATIENCE;
use super::run::SLICE;
use std::time::{Duration, Instant};

/// Of so much time of workers, one part is for runs that were preempted, however many others wait.
const PARTS: u32 = 4;

/// When they are owed so much, it is their turn. More than one slice of others brings.
const DEBT: Duration = Duration::from_millis(4);

/// How long a preempted run keeps its worker when others had one a moment ago.
const SHORTEST: Duration = Duration::from_millis(2);

/// What runs that were preempted have had, and are owed.
#[derive(Default)]
pub(super) struct Turns {
    /// The time that they are owed, because others had more than their parts.
    owed: Duration,
    /// Their slices that are with workers.
    slices: Vec<Slice>,
    /// When others last had a worker.
    others: Option<Instant>,
}

struct Slice {
    run: u64,
    /// What it was owed, and gets in any case.
    owed: Duration,
}

impl Turns {
    /// Whether the next turn is a preempted run's, although others wait.
    pub(super) fn is_of_preempted(&self) -> bool {
        self.owed >= DEBT
    }

    /// A slice of a preempted run goes to a worker. Returns how long it is, and for how long nobody else gets its slot. As
    /// others had a worker a moment ago, more of them are about to come, and the engine's thread may need the core to hear of
    /// them.
    pub(super) fn begin(&mut self, run: u64) -> (Duration, Duration) {
        let owed = if self.is_of_preempted() { std::mem::take(&mut self.owed) } else { Duration::ZERO };
        self.slices.push(Slice { run, owed });
        let is_busy = self.others.is_some_and(|others| others.elapsed() < SLICE);
        (if is_busy { SHORTEST.max(owed) } else { SLICE }, PATIENCE.max(owed))
    }

    /// A batch has had a worker for so long: `first` is its first run.
    pub(super) fn end(&mut self, first: Option<u64>, worked: Duration) {
        // One that the system took its core from has not had more than it could.
        let worked = worked.min(SLICE);
        match self.slices.iter().position(|slice| Some(slice.run) == first) {
            None => {
                self.owed = (self.owed + worked / (PARTS - 1)).min(SLICE);
                self.others = Some(Instant::now());
            }
            Some(i) => self.owed = (self.owed + self.slices.swap_remove(i).owed).saturating_sub(worked),
        }
    }
}
