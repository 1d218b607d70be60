//! One run on its way: queued with its script, suspended between slices with its VM, done with its outcome.

use super::Alarm;
use super::watchdog::{Act, Deadline, Watchdog};
use crate::error::{Code, Error, Failure};
use crate::state::ScriptId;
use crate::vm::{Answer, Compiled, Kill, Outcome, Progress, Script, Vm, Wait, panic_message};
use moonpool_lua::Flag;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a run may hold a worker thread before it goes back to the queue.
pub const SLICE: Duration = Duration::from_millis(10);

/// A run, from submission to settlement. Moves to a worker thread for each slice, and back.
pub struct Run {
    id: u64,
    owner: ScriptId,
    flag: Arc<Flag>,
    submitted: Instant,
    queue_timeout: Option<Duration>,
    /// When it began, once it has.
    began: Option<Instant>,
    usage: Usage,
    /// What it waits for, from the end of a slice until somebody takes notice.
    wait: Option<Wait>,
    /// Whether the VM outlives the run; and the VM, before and after.
    keeps_vm: bool,
    vm: Option<Box<Vm>>,
    stage: Stage,
}

enum Stage {
    Queued(Box<Script>),
    Suspended(Box<Execution>),
    Done(Outcome),
}

/// A run that has started: its VM, and the deadline of its wall time.
struct Execution {
    vm: Vm,
    cpu_timeout: Option<Duration>,
    /// Watched from the first slice to the last, waits included.
    _timeout: Deadline,
}

/// How long a run may execute, and whom to tell when it stays longer.
#[derive(Clone, Copy)]
struct Slice<'a> {
    time: Duration,
    alarm: Option<&'a Alarm>,
}

/// What a run took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Time in the queue, before it began.
    pub queued: Duration,
    /// Wall time from its beginning to its end.
    pub ran: Duration,
    /// Time on a worker thread.
    pub executed: Duration,
    /// How many times it was on one; 0 for a run that never began.
    pub slices: u32,
    /// The most bytes that its VM held.
    pub peak_memory: usize,
}

/// What came of a run.
pub struct Settled {
    /// The number that the caller gave the run.
    pub id: u64,
    /// Its result, or why there is none.
    pub outcome: Outcome,
    /// What it took.
    pub usage: Usage,
    /// The VM of a run [`Run::within`] one, if another run can have it.
    pub vm: Option<Box<Vm>>,
}

impl Run {
    /// A run of `script`. `id` is for the caller to know it by: unique in an engine, and greater than those before.
    pub fn new(id: u64, script: Script) -> Self {
        Self {
            id,
            owner: script.id.clone(),
            flag: Arc::default(),
            submitted: Instant::now(),
            queue_timeout: script.limits.queue_timeout,
            began: None,
            usage: Usage::default(),
            wait: None,
            keeps_vm: false,
            vm: None,
            stage: Stage::Queued(Box::new(script)),
        }
    }

    /// A run of `script` in a VM that outlives it: the one that an earlier run left, or a new one.
    pub fn within(vm: Option<Box<Vm>>, id: u64, script: Script) -> Self {
        Self { keeps_vm: true, vm, ..Self::new(id, script) }
    }

    /// Executes one slice of about `slice`: it ends at the first safepoint after that where Lua can be left.
    /// With no time at all it leaves at every safepoint. A run that begins takes `warm` for its VM, if there is one.
    /// Called on a worker thread; never panics. A run that is done leaves nothing of its VM behind.
    pub fn execute(&mut self, slice: Duration, warm: Option<Vm>) {
        self.execute_for(slice, warm, None);
    }

    /// As [`Run::execute`]; sounds the alarm when the run does not leave.
    pub(super) fn execute_for(&mut self, slice: Duration, warm: Option<Vm>, alarm: Option<&Alarm>) {
        let slice = Slice { time: slice, alarm };
        let start = Instant::now();
        if self.began.is_none() {
            self.usage.queued = start - self.submitted;
            if let Some(refusal) = self.refusal(start) {
                self.stage = refused(refusal);
                return;
            }
        }
        let began = *self.began.get_or_insert(start);
        let stage = std::mem::replace(&mut self.stage, Stage::Done(Err(internal("it panicked twice"))));
        let next = catch_unwind(AssertUnwindSafe(|| match stage {
            Stage::Queued(script) => self.start(&script, slice, warm),
            Stage::Suspended(execution) => self.slice(execution, slice, Vm::resume),
            done @ Stage::Done(_) => done,
        }));
        self.stage = next.unwrap_or_else(|panic| Stage::Done(Err(internal(&panic_message(&*panic)))));
        let end = Instant::now();
        self.usage.slices += 1;
        self.usage.executed += end - start;
        self.usage.ran = end - began;
    }

    /// Why a run that has not begun shall not begin any more.
    fn refusal(&self, now: Instant) -> Option<Error> {
        if self.is_killed() {
            return Some(Kill::Stopped.error(&crate::vm::Limits::default()));
        }
        self.queue_timeout.filter(|&limit| now - self.submitted > limit).map(|_| self.waited_too_long())
    }

    fn waited_too_long(&self) -> Error {
        let ms = self.queue_timeout.unwrap_or_default().as_secs_f64() * 1000.0;
        Error::new(
            Code::QueueTimeout,
            format!("the run waited for its turn longer than its queueTimeout of {ms} ms; nothing was run"),
        )
    }

    /// The VM that it was given, of a run that was refused.
    pub fn into_vm(self) -> Option<Box<Vm>> {
        self.vm
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn owner(&self) -> &ScriptId {
        &self.owner
    }

    pub(super) fn flag(&self) -> &Arc<Flag> {
        &self.flag
    }

    /// Whether the run has not executed yet.
    pub(super) fn is_queued(&self) -> bool {
        matches!(self.stage, Stage::Queued(_))
    }

    pub(super) fn is_killed(&self) -> bool {
        self.flag.killed().is_some()
    }

    /// Ends a run that has not begun, if it has been killed or has waited too long.
    #[expect(clippy::result_large_err, reason = "no error: the run goes on")]
    pub(super) fn refuse(self) -> Result<Settled, Self> {
        let now = Instant::now();
        match self.refusal(now) {
            Some(error) => Ok(self.refused(now, error)),
            None => self.settle(),
        }
    }

    /// Ends a run that has not begun, because its `queueTimeout` has passed.
    pub(super) fn expire(self) -> Settled {
        let error = self.waited_too_long();
        self.refused(Instant::now(), error)
    }

    fn refused(self, now: Instant, error: Error) -> Settled {
        let usage = Usage { queued: now - self.submitted, ..self.usage };
        Settled { id: self.id, outcome: Err(Box::new(Failure::new(error))), usage, vm: self.vm }
    }

    /// What came of the run, or the run again when it is not done.
    #[expect(clippy::result_large_err, reason = "no error: the run goes on")]
    pub fn settle(self) -> Result<Settled, Self> {
        match self.stage {
            Stage::Done(outcome) => Ok(Settled { id: self.id, outcome, usage: self.usage, vm: self.vm }),
            _ => Err(self),
        }
    }
}

impl Run {
    fn start(&mut self, script: &Script, slice: Slice, warm: Option<Vm>) -> Stage {
        // The clock starts here: building the VM and compiling the source are the script's time, too.
        let tell = slice.alarm.map(|alarm| (alarm.clone(), self.id));
        let timeout = Watchdog::after(script.limits.timeout, &self.flag, Act::Kill(Kill::Timeout, tell));
        let vm = match self.vm.take() {
            Some(mut vm) => vm.renew().map(|()| *vm),
            None => warm.map_or_else(|| Vm::build(&script.host.template), Ok),
        };
        let mut vm = match vm {
            Ok(vm) => vm,
            Err(error) => return refused(error),
        };
        vm.assign(script, self.flag.clone());
        let execution = Execution { vm, cpu_timeout: script.limits.cpu_timeout, _timeout: timeout };
        self.slice(Box::new(execution), slice, |vm| vm.start(script))
    }

    /// Lets the VM work for one slice.
    fn slice(&mut self, mut execution: Box<Execution>, slice: Slice, work: impl FnOnce(&mut Vm) -> Progress) -> Stage {
        let leave = Watchdog::after(slice.time, &self.flag, Act::Leave(slice.alarm.cloned()));
        if slice.time.is_zero() {
            self.flag.leave();
        }
        let cpu_timeout = execution.cpu_timeout.map(|limit| {
            let left = limit.saturating_sub(self.usage.executed);
            Watchdog::after(left, &self.flag, Act::Kill(Kill::CpuTimeout, None))
        });
        let progress = work(&mut execution.vm);
        drop((leave, cpu_timeout));
        self.flag.stay();
        self.usage.peak_memory = execution.vm.peak_memory();
        match progress {
            Progress::Done(outcome) => {
                if self.keeps_vm && execution.vm.is_reusable() {
                    self.vm = Some(Box::new(execution.vm));
                }
                Stage::Done(outcome)
            }
            Progress::Left => Stage::Suspended(execution),
            Progress::Waits(wait) => {
                self.wait = Some(wait);
                Stage::Suspended(execution)
            }
        }
    }

    /// What the run waits for, if it does.
    pub(super) fn take_wait(&mut self) -> Option<Wait> {
        self.wait.take()
    }

    /// Gives the script the answer that it waits for.
    pub(super) fn answer(&mut self, answer: Answer) {
        if let Stage::Suspended(execution) = &mut self.stage {
            execution.vm.answer(answer);
        }
    }
}

/// Compiles a script on this thread, within its limits of time and memory.
///
/// # Errors
/// `ERR_LUA_SYNTAX`, or the limit that passed.
pub fn compile(script: &Script) -> Result<Compiled, Box<Failure>> {
    let compiled = catch_unwind(AssertUnwindSafe(|| {
        let flag = Arc::default();
        let _timeout = Watchdog::after(script.limits.timeout, &flag, Act::Kill(Kill::Timeout, None));
        let cpu_timeout = script.limits.cpu_timeout;
        let _cpu_timeout = cpu_timeout.map(|limit| Watchdog::after(limit, &flag, Act::Kill(Kill::CpuTimeout, None)));
        let mut vm = Vm::build(&script.host.template).map_err(|error| Box::new(Failure::new(error)))?;
        vm.assign(script, flag);
        vm.compile(script)
    }));
    compiled.unwrap_or_else(|panic| Err(internal(&panic_message(&*panic))))
}

fn refused(error: Error) -> Stage {
    Stage::Done(Err(Box::new(Failure::new(error))))
}

fn internal(what: &str) -> Box<Failure> {
    let message = format!("moonpool failed inside this run; this is a bug of moonpool: {what}");
    Box::new(Failure::new(Error::new(Code::Internal, message)))
}
