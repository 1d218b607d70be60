//! Whose turn it is, short runs' or preempted ones': by the time that each kind has had. And which slice of a preempted run
//! ends early, because others wait.

use super::run::SLICE;
use super::watchdog::{Act, Deadline, Watchdog};
use moonpool_lua::Flag;
use std::sync::Arc;
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
    /// When others last had a worker.
    others: Option<Instant>,
}

struct Slice {
    run: u64,
    since: Instant,
    /// Whether it was their turn; otherwise nobody else waited.
    is_owed: bool,
    /// Set once others wait, if it is too young then to end at once.
    deadline: Option<Deadline>,
}

impl Turns {
    /// Whether the next turn is a preempted run's, although others wait.
    pub(super) fn is_of_preempted(&self) -> bool {
        self.owed >= SLICE
    }

    /// A slice of a preempted run goes to a worker. Returns how long it is: as others had a worker a moment ago, more of
    /// them are about to come, and the engine's thread may need the core to hear of them.
    pub(super) fn begin(&mut self, run: u64) -> Duration {
        let (is_owed, since) = (self.is_of_preempted(), Instant::now());
        self.slices.push(Slice { run, since, is_owed, deadline: None });
        if is_owed {
            self.owed -= SLICE;
            return SLICE;
        }
        if self.others.is_some_and(|others| since - others < SLICE) { SHORTEST } else { SLICE }
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
            Some(i) if !self.slices.swap_remove(i).is_owed => self.owed = self.owed.saturating_sub(worked),
            Some(_) => {}
        }
    }

    /// Others wait: of the slices that nobody owed, the oldest ends as soon as it has lasted for the shortest time. `flag_of`
    /// is how its run hears of it.
    pub(super) fn make_room<'a>(&mut self, flag_of: impl FnOnce(u64) -> Option<&'a Arc<Flag>>) {
        let extra = self.slices.iter_mut().filter(|slice| !slice.is_owed);
        let Some(slice) = extra.min_by_key(|slice| slice.since) else { return };
        let left = SHORTEST.saturating_sub(slice.since.elapsed());
        if left.is_zero() {
            if let Some(flag) = flag_of(slice.run) {
                flag.preempt();
            }
        } else if slice.deadline.is_none()
            && let Some(flag) = flag_of(slice.run)
        {
            // Without a thread that watches, whoever looks next ends it.
            slice.deadline = Watchdog::after(left, flag, Act::Preempt(None)).ok();
        }
    }
}
