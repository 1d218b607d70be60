//! One run on its way: queued with its script, suspended between slices with its VM, done with its outcome.

use super::watchdog::{Act, Deadline, Watchdog};
use crate::error::{Code, Error, Failure};
use crate::vm::{Kill, Outcome, Progress, Script, Vm, panic_message};
use moonpool_lua::Flag;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a run may hold a worker thread before it goes back to the queue.
pub const SLICE: Duration = Duration::from_millis(10);

/// A run, from submission to settlement. Moves to a worker thread for each slice, and back.
pub struct Run {
    id: u32,
    stage: Stage,
}

enum Stage {
    Queued(Box<Script>),
    Suspended(Box<Execution>),
    Done(Outcome),
}

/// A run that has started: its VM, and what it has used of its time.
struct Execution {
    vm: Vm,
    flag: Arc<Flag>,
    cpu_timeout: Option<Duration>,
    executed: Duration,
    /// Watched from the first slice to the last, waits included.
    _timeout: Deadline,
}

/// What came of a run.
#[derive(Debug)]
pub struct Settled {
    /// The number that the caller gave the run.
    pub id: u32,
    /// Its result, or why there is none.
    pub outcome: Outcome,
}

impl Run {
    /// A run of `script`; `id` is for the caller to know it by.
    pub fn new(id: u32, script: Script) -> Self {
        Self { id, stage: Stage::Queued(Box::new(script)) }
    }

    /// Executes one slice of about `slice`: it ends at the first safepoint after that where Lua can be left.
    /// With no time at all it leaves at every safepoint. Called on a worker thread; never panics. A run that is done leaves nothing of its VM behind.
    pub fn execute(&mut self, slice: Duration) {
        let stage = std::mem::replace(&mut self.stage, Stage::Done(Err(internal("it panicked twice"))));
        let next = catch_unwind(AssertUnwindSafe(|| match stage {
            Stage::Queued(script) => Execution::start(&script, slice),
            Stage::Suspended(execution) => execution.slice(slice, Vm::resume),
            done @ Stage::Done(_) => done,
        }));
        self.stage = next.unwrap_or_else(|panic| Stage::Done(Err(internal(&panic_message(&*panic)))));
    }

    /// Whether the run has not executed yet.
    pub fn is_queued(&self) -> bool {
        matches!(self.stage, Stage::Queued(_))
    }

    /// What came of the run, or the run again when it is not done.
    pub fn settle(self) -> Result<Settled, Self> {
        match self.stage {
            Stage::Done(outcome) => Ok(Settled { id: self.id, outcome }),
            _ => Err(self),
        }
    }
}

impl Execution {
    fn start(script: &Script, slice: Duration) -> Stage {
        let flag = Arc::new(Flag::new());
        // The clock starts here: building the VM and compiling the source are the script's time, too.
        let timeout = Watchdog::after(script.limits.timeout, &flag, Act::Kill(Kill::Timeout));
        match Vm::new(script, flag.clone()) {
            Ok(vm) => {
                let cpu_timeout = script.limits.cpu_timeout;
                let execution = Self { vm, flag, cpu_timeout, executed: Duration::ZERO, _timeout: timeout };
                Box::new(execution).slice(slice, |vm| vm.start(&script.source))
            }
            Err(error) => Stage::Done(Err(Box::new(Failure::new(error)))),
        }
    }

    /// Lets the VM work for one slice.
    fn slice(mut self: Box<Self>, slice: Duration, work: impl FnOnce(&mut Vm) -> Progress) -> Stage {
        let start = Instant::now();
        let leave = Watchdog::after(slice, &self.flag, Act::Leave);
        if slice.is_zero() {
            self.flag.leave();
        }
        let cpu_timeout = self
            .cpu_timeout
            .map(|limit| Watchdog::after(limit.saturating_sub(self.executed), &self.flag, Act::Kill(Kill::CpuTimeout)));
        let progress = work(&mut self.vm);
        drop((leave, cpu_timeout));
        self.flag.stay();
        self.executed += start.elapsed();
        match progress {
            Progress::Done(outcome) => Stage::Done(outcome),
            Progress::Left => Stage::Suspended(self),
        }
    }
}

fn internal(what: &str) -> Box<Failure> {
    let message = format!("moonpool failed inside this run; this is a bug of moonpool: {what}");
    Box::new(Failure::new(Error::new(Code::Internal, message)))
}
