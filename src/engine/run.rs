//! One run on its way: queued with its script, executed on a worker, done with its outcome.

use super::watchdog::Watchdog;
use crate::error::{Code, Error, Failure};
use crate::vm::{Kill, Outcome, Script, Vm, panic_message};
use moonpool_lua::Flag;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A run, from submission to settlement. Moves to a worker thread and back.
pub struct Run {
    id: u32,
    stage: Stage,
}

enum Stage {
    Queued(Box<Script>),
    Done(Outcome),
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

    /// Executes the run. Called on a worker thread; never panics, and leaves nothing of the VM behind.
    pub fn execute(&mut self) {
        if let Stage::Queued(script) = &self.stage {
            let outcome = catch_unwind(AssertUnwindSafe(|| execute(script)));
            self.stage = Stage::Done(outcome.unwrap_or_else(|panic| Err(internal(&panic_message(&*panic)))));
        }
    }

    /// What came of an executed run.
    pub fn settle(self) -> Settled {
        let outcome = match self.stage {
            Stage::Done(outcome) => outcome,
            Stage::Queued(_) => Err(internal("a run came back without being executed")),
        };
        Settled { id: self.id, outcome }
    }
}

fn execute(script: &Script) -> Outcome {
    let flag = Arc::new(Flag::new());
    let limits = &script.limits;
    let mut vm = Vm::new(script, flag.clone()).map_err(|error| Box::new(Failure::new(error)))?;
    let _timeout = Watchdog::kill_after(limits.timeout, &flag, Kill::Timeout);
    let _cpu_timeout = limits.cpu_timeout.map(|time| Watchdog::kill_after(time, &flag, Kill::CpuTimeout));
    vm.run(&script.source)
}

fn internal(what: &str) -> Box<Failure> {
    let message = format!("moonpool failed inside this run; this is a bug of moonpool: {what}");
    Box::new(Failure::new(Error::new(Code::Internal, message)))
}
