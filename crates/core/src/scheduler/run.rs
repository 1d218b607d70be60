//! One run on its way: queued with its script, suspended between slices with its VM, done with its outcome.

use super::gate::Dependent;
use super::patience::Patience;
use super::several::no_timer;
use super::signal::{Signal, WakeUp};
use super::tenants::TenantRef;
use super::thread::refused;
use super::watchdog::{Act, Deadline, Watchdog};
use crate::api::libraries::Libraries;
use crate::bridge::{Answer, Came, Compiled, Kill, Limits, Requests, Told, Wait, panic_message};
use crate::error::{Code, Error, Failure};
use crate::memory::{Held, Share};
use crate::state::{Answered, Depends, ScriptId, Store};
use crate::vm::{Execution, Factory, Outcome, Part, Prelude, Progress, Script, Success, Vm};
use moonpool_lua::Flag;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a run may hold a worker thread before it is preempted.
pub const SLICE: Duration = Duration::from_millis(10);

/// Outcomes that weigh no more are not counted: JavaScript takes them over at once.
const LIGHT: usize = 1024;

/// A script that gives up its turn by `sleep(0)` keeps the rest of this time: a trip each would keep the event loop busy.
const TURN: Duration = Duration::from_millis(1);

/// A run, from submission to settlement. Moves to a worker thread for each slice, and back.
pub struct Run {
    id: u64,
    owner: ScriptId,
    /// The same, as its scheduler knows it, and what its VMs hold together; for one that has a scheduler.
    tenant: TenantRef,
    share: Option<Arc<Share>>,
    caller: Caller,
    flag: Arc<Flag>,
    /// What the error of a kill names.
    limits: Limits,
    submitted: Instant,
    /// When it began, once it has.
    began: Option<Instant>,
    usage: Usage,
    /// How long the last slice took.
    slice: Duration,
    /// What it waits for, from the end of a slice until somebody takes notice; and what functions of `parallel` ask for.
    wait: Option<Awaited>,
    requests: Option<Box<Requests>>,
    /// Whether it has waited for anything but its turn.
    has_waited: bool,
    /// Whether a script has called it; and whether it waits for one that it has called.
    is_called: bool,
    is_calling: bool,
    /// The context whose VM it uses, if it does; and that VM, before and after.
    context: Option<ContextId>,
    vm: Option<Box<Vm>>,
    /// What its result holds of the engine's memory.
    held: Option<Held>,
    /// Watched until it begins: its `queueTimeout`.
    queue_deadline: Option<Deadline>,
    stage: Stage,
    /// What it has told in its last slice.
    told: Told,
    /// Where its State is, and the writes there that it depends on.
    store: Arc<dyn Store>,
    depends: Depends,
}

/// The number of a context, unique in its engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContextId(pub(super) u64);

/// Who asked for a run, and so hears of its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caller {
    /// The host, which waits for what comes of it.
    #[default]
    Host,
    /// A timer, by its number: the host hears of the end, and so do [`Timers`](crate::bridge::Timers).
    Timer(u64),
    /// Nobody: what comes of it is only counted.
    Nobody,
}

/// What a run waits for.
enum Awaited {
    One(Wait),
    /// Any of those that functions of `parallel` have asked for.
    Any,
}

enum Stage {
    Queued(Box<Script>),
    Suspended(Started),
    Done(Outcome),
    /// It is at work, or has panicked in a way that nothing is left of it.
    Broken,
}

/// So much longer than what is left to its caller a script may take: the caller ends first, by its own deadline, and ends the
/// others. Thousands of them would be told of before it otherwise.
const AFTER_CALLER: Duration = Duration::from_millis(1);

/// A run that has started: its VM, and the deadline of its wall time.
struct Started {
    execution: Execution,
    cpu_timeout: Option<Duration>,
    /// Watched from the first slice to the last, waits included.
    _timeout: Deadline,
}

/// What a slice is executed with: its time, what makes VMs, whom to wake, and who may want its slot.
#[derive(Clone, Copy)]
pub(super) struct Slice<'a> {
    pub(super) time: Duration,
    pub(super) factory: &'a Arc<Factory>,
    pub(super) wake_up: Option<&'a WakeUp>,
    pub(super) patience: Option<&'a (Duration, Arc<Patience>)>,
}

/// What a run took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Time in the queue, before it began.
    pub queue_time: Duration,
    /// Wall time from its beginning to its end.
    pub run_time: Duration,
    /// Time on a worker thread.
    pub cpu_time: Duration,
    /// The most bytes that its VM held.
    pub peak_memory: usize,
    /// How many times it was on a worker thread; 0 for a run that never began.
    pub slices: u32,
}

/// What came of a run.
pub struct Settled {
    /// The number of the run.
    pub id: u64,
    /// Who asked for it.
    pub caller: Caller,
    /// Its result, or why there is none.
    pub outcome: Outcome,
    /// What it took.
    pub usage: Usage,
    /// What the outcome holds of the engine's memory, until it is dropped; after that, see
    /// [`Scheduler::go_on`](super::Scheduler::go_on).
    pub held: Option<Held>,
    /// The context that it was in, and the VM that goes back there, if another run can have it.
    pub(super) context: Option<ContextId>,
    pub(super) vm: Option<Box<Vm>>,
}

/// Where a run stands when it comes back from a worker.
pub enum Next {
    /// It is done.
    Settled(Settled),
    /// It has not begun.
    NotBegun(Run),
    /// It waits for the host, or for a time.
    Waiting(Run, Wait),
    /// It waits until anything comes of what functions of `parallel` have asked for.
    WaitingForAny(Run),
    /// Its slice was over.
    Preempted(Run),
}

impl Run {
    /// A run of `script`. `id` is for others to know it by: unique in an engine, and greater than those before.
    /// In a context it uses the VM that an earlier run left there, or a new one that stays there.
    pub fn new(id: u64, script: Script, caller: Caller, context: Option<ContextId>) -> Self {
        Self {
            id,
            owner: script.id.clone(),
            tenant: TenantRef(0),
            share: None,
            caller,
            flag: Arc::default(),
            limits: script.limits.clone(),
            submitted: Instant::now(),
            began: None,
            usage: Usage::default(),
            slice: Duration::ZERO,
            wait: None,
            requests: None,
            has_waited: false,
            is_called: script.exchange.called.is_some(),
            is_calling: false,
            context,
            vm: None,
            held: None,
            queue_deadline: None,
            store: script.services.store().clone(),
            depends: Depends::default(),
            told: Told::default(),
            stage: Stage::Queued(Box::new(script)),
        }
    }

    /// Starts the clock of its `queueTimeout`. When that passes the run is killed, and the scheduler told.
    ///
    /// # Errors
    /// `ERR_SYSTEM` when the system refuses the thread for that.
    pub(super) fn watch_queue(&mut self, wake_up: &WakeUp) -> Result<(), Error> {
        if let Some(limit) = self.limits.queue_timeout {
            let act = Act::Kill(Kill::QueueTimeout, Some((wake_up.clone(), self.id)));
            self.queue_deadline = Some(Watchdog::after(limit, &self.flag, act).map_err(|error| refused(&error))?);
        }
        Ok(())
    }

    /// Whether it has been on a worker.
    pub(super) fn has_begun(&self) -> bool {
        self.usage.slices > 0
    }

    /// Whether it has waited for anything but its turn.
    pub(super) fn has_waited(&self) -> bool {
        self.has_waited
    }

    pub(super) fn is_called(&self) -> bool {
        self.is_called
    }

    pub(super) fn is_calling(&self) -> bool {
        self.is_calling
    }

    pub(super) fn set_calling(&mut self, is_calling: bool) {
        self.is_calling = is_calling;
    }

    /// When its time is over, once it has begun.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.began.and_then(|began| began.checked_add(self.limits.timeout))
    }

    /// Takes it out of its context, in which its turn has not come.
    pub(super) fn forget_context(&mut self) {
        self.context = None;
    }

    /// The most that its VM held so far; 0 before it begins.
    pub(super) fn peak_memory(&self) -> usize {
        self.usage.peak_memory
    }

    /// Whether it has a VM already, of its context.
    pub(super) fn has_vm(&self) -> bool {
        self.vm.is_some()
    }

    /// Gives it the VM that its context has.
    pub(super) fn set_vm(&mut self, vm: Option<Box<Vm>>) {
        self.vm = vm;
    }

    /// Executes one slice of about `slice`: it ends at the first safepoint after that where Lua can be suspended.
    /// With no time at all it ends at every safepoint. A run that begins takes `warm` for its VM, if there is one.
    /// Called on a worker thread; never panics. A run that is done leaves nothing of its VM behind.
    pub fn execute(&mut self, slice: Duration, factory: &Arc<Factory>, warm: Option<Vm>) {
        self.execute_slice(Slice { time: slice, factory, wake_up: None, patience: None }, warm);
    }

    /// As [`Run::execute`]; wakes the engine's thread when the run does not end its slice.
    pub(super) fn execute_slice(&mut self, slice: Slice, warm: Option<Vm>) {
        let start = Instant::now();
        if self.began.is_none() {
            // From here on the run is not in the queue any more. If the deadline has passed, the flag is up.
            self.queue_deadline = None;
            self.usage.queue_time = start - self.submitted;
            if let Some(kill) = self.killed() {
                self.stage = failed(kill.error(&self.limits));
                return;
            }
        }
        let began = *self.began.get_or_insert(start);
        let stage = std::mem::replace(&mut self.stage, Stage::Broken);
        let next = catch_unwind(AssertUnwindSafe(|| match stage {
            Stage::Queued(script) => self.start(script, slice, warm),
            Stage::Suspended(started) => self.slice(started, slice, Execution::resume),
            ended @ (Stage::Done(_) | Stage::Broken) => ended,
        }));
        self.stage = next.unwrap_or_else(|panic| Stage::Done(Err(internal(&panic_message(&*panic)))));
        let end = Instant::now();
        self.usage.slices += 1;
        self.slice = end - start;
        self.usage.cpu_time += self.slice;
        self.usage.run_time = end - began;
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn owner(&self) -> &ScriptId {
        &self.owner
    }

    /// Says whose it is.
    pub(super) fn belong_to(&mut self, tenant: TenantRef, share: Arc<Share>) {
        (self.tenant, self.share) = (tenant, Some(share));
    }

    pub(super) fn tenant(&self) -> TenantRef {
        self.tenant
    }

    pub(super) fn submitted(&self) -> Instant {
        self.submitted
    }

    /// How long the last slice took.
    pub(super) fn slice_time(&self) -> Duration {
        self.slice
    }

    pub(super) fn flag(&self) -> &Arc<Flag> {
        &self.flag
    }

    /// What it has told in its last slice.
    pub fn take_told(&mut self) -> Told {
        std::mem::take(&mut self.told)
    }

    /// What it depends on in its State, if there is anything.
    pub(super) fn dependent(&self) -> Option<Dependent> {
        (self.depends != Depends::default()).then(|| Dependent {
            id: self.id,
            store: self.store.clone(),
            depends: self.depends,
            flag: self.flag.clone(),
            limits: self.limits.clone(),
        })
    }

    fn killed(&self) -> Option<Kill> {
        Kill::of(&self.flag)
    }

    pub(super) fn is_killed(&self) -> bool {
        self.killed().is_some()
    }

    /// Where the run stands after a slice.
    pub fn next(mut self) -> Next {
        let outcome = match self.stage {
            Stage::Done(outcome) => outcome,
            Stage::Broken => Err(internal("it panicked twice")),
            Stage::Queued(_) => return Next::NotBegun(self),
            Stage::Suspended(_) => {
                let Some(awaited) = self.wait.take() else { return Next::Preempted(self) };
                self.has_waited = true;
                return match awaited {
                    Awaited::One(wait) => Next::Waiting(self, wait),
                    Awaited::Any => Next::WaitingForAny(self),
                };
            }
        };
        Next::Settled(Settled {
            id: self.id,
            caller: self.caller,
            outcome,
            usage: self.usage,
            held: self.held,
            context: self.context,
            vm: self.vm,
        })
    }

    /// Ends a run that has not begun, with this error.
    pub(super) fn refuse(self, error: Error) -> Settled {
        let Self { id, caller, context, vm, .. } = self;
        let usage = Usage { queue_time: self.submitted.elapsed(), ..self.usage };
        Settled { id, caller, outcome: Err(Box::new(Failure::new(error))), usage, held: None, context, vm }
    }

    /// Ends a run that has not begun and was killed.
    pub(super) fn refuse_killed(self) -> Settled {
        let error = self.killed().unwrap_or(Kill::Stopped).error(&self.limits);
        self.refuse(error)
    }
}

impl Run {
    fn start(&mut self, mut script: Box<Script>, slice: Slice, warm: Option<Vm>) -> Stage {
        if let Some(deadline) = script.exchange.called.as_ref().and_then(|called| called.deadline) {
            // Nobody waits longer for it.
            let left = deadline.saturating_duration_since(Instant::now());
            script.limits.timeout = script.limits.timeout.min(left + AFTER_CALLER);
            self.limits.timeout = script.limits.timeout;
        }
        // The clock starts here: building the VM and compiling the source are the script's time, too.
        let tell = slice.wake_up.map(|wake_up| (wake_up.clone(), self.id));
        let timeout = match Watchdog::after(script.limits.timeout, &self.flag, Act::Kill(Kill::Timeout, tell)) {
            Ok(timeout) => timeout,
            Err(error) => return failed(refused(&error)),
        };
        let vm = match self.vm.take() {
            Some(mut vm) => vm.renew().map(|()| vm),
            None => match script.exchange.repeats.filter(|repeats| repeats.seed.is_some()) {
                Some(repeats) => match Vm::build_that_repeats(slice.factory, &script, &repeats, &self.flag) {
                    Ok(vm) => Ok(vm),
                    Err(failure) => return Stage::Done(Err(failure)),
                },
                None => warm.map_or_else(|| Vm::build(slice.factory), Ok),
            }
            .map(Box::new),
        };
        let mut vm = match vm {
            Ok(vm) => vm,
            Err(error) => return failed(error),
        };
        if let Some(wake_up) = slice.wake_up {
            let (wake_up, id) = (wake_up.clone(), self.id);
            vm.tell_when_killed(Arc::new(move || wake_up(Signal::Killed(id))));
        }
        if let Some(share) = &self.share {
            vm.belong_to(share.clone());
        }
        vm.belong_to_run(self.id);
        vm.assign(&script, self.flag.clone());
        let (cpu_timeout, factory) = (script.limits.cpu_timeout, slice.factory.clone());
        let started = Started { execution: Execution::new(vm), cpu_timeout, _timeout: timeout };
        self.slice(started, slice, |execution| execution.start(script, factory))
    }

    /// Lets the VM work for one slice.
    fn slice(&mut self, mut started: Started, slice: Slice, work: impl FnOnce(&mut Execution) -> Progress) -> Stage {
        let begun = Instant::now();
        let wake_up = slice.wake_up.cloned();
        let patience = slice.patience.filter(|(own, _)| *own < slice.time);
        let (time, act) = match patience {
            Some((own, patience)) => (*own, Act::Old(patience.clone(), slice.time - *own, wake_up)),
            None => (slice.time, Act::Preempt(wake_up)),
        };
        // Its timeout is watched, so there is a thread that watches.
        let preempt = Watchdog::after(time, &self.flag, act).ok();
        if slice.time.is_zero() {
            self.flag.preempt();
        }
        let cpu_timeout = started.cpu_timeout.map(|limit| {
            let left = limit.saturating_sub(self.usage.cpu_time);
            Watchdog::after(left, &self.flag, Act::Kill(Kill::CpuTimeout, None)).ok()
        });
        let mut progress = work(&mut started.execution);
        while matches!(progress, Progress::Preempted) && !self.flag.is_preempted() && begun.elapsed() < TURN {
            progress = started.execution.resume();
        }
        drop((preempt, cpu_timeout));
        if let Some((_, patience)) = patience.filter(|(own, _)| begun.elapsed() >= *own) {
            patience.has_left(&self.flag);
        }
        self.flag.go_on();
        self.usage.peak_memory = started.execution.peak_memory();
        self.depends = started.execution.depends();
        self.told = started.execution.take_told(matches!(progress, Progress::Done(_)));
        self.requests = started.execution.take_requests();
        match progress {
            Progress::Done(outcome) => {
                let weight = weight(&outcome);
                self.held = (weight > LIGHT).then(|| started.execution.keep(weight)).flatten();
                if self.context.is_some() {
                    self.vm = started.execution.into_reusable();
                }
                Stage::Done(outcome)
            }
            Progress::Preempted => Stage::Suspended(started),
            Progress::Waiting(wait) => {
                self.wait = Some(Awaited::One(wait));
                Stage::Suspended(started)
            }
            Progress::WaitingForAny => {
                self.wait = Some(Awaited::Any);
                Stage::Suspended(started)
            }
        }
    }

    /// Lets the script go on that wants to sleep, with an error: the system refuses the thread that would wake it.
    pub(super) fn refuse_sleep(&mut self, reason: &io::Error) {
        if let Stage::Suspended(started) = &mut self.stage {
            started.execution.refuse_sleep(no_timer(reason));
        }
    }

    /// What functions of `parallel` have asked for in the last slice; nothing when the run has ended.
    pub fn take_requests(&mut self) -> Option<Box<Requests>> {
        self.requests.take().filter(|_| matches!(self.stage, Stage::Suspended(_)))
    }

    /// Gives functions of `parallel` what came of their waits.
    pub fn give(&mut self, came: Vec<(u32, Came)>) {
        if let Stage::Suspended(started) = &mut self.stage {
            started.execution.give(came);
        }
    }

    /// How much its VM may hold.
    pub(super) fn memory_limit(&self) -> usize {
        self.limits.memory
    }

    /// Gives the script the store's answer.
    pub fn answer_state(&mut self, answered: Answered) {
        if let Stage::Suspended(started) = &mut self.stage {
            started.execution.answer_state(answered);
        }
    }

    /// Gives the script the answer that it waits for.
    pub(super) fn answer(&mut self, answer: Answer) {
        if let Stage::Suspended(started) = &mut self.stage {
            started.execution.answer(answer);
        }
    }

    /// Keeps what the answer holds, which comes next.
    pub(super) fn hold_result(&mut self, held: Held) {
        if let Stage::Suspended(started) = &mut self.stage {
            started.execution.hold_result(held);
        }
    }
}

/// What an outcome takes, here and in JavaScript.
fn weight(outcome: &Outcome) -> usize {
    // Of text, twice: its bytes, and a string. Of a thrown value, as much as any JSON becomes when it is parsed.
    match outcome {
        Ok(Success { text, values, takes }) => 2 * text.len() + values.as_ref().map_or(0, Vec::len) + takes,
        Err(failure) => 2 * failure.output.len() + 16 * failure.lua_value.as_ref().map_or(0, String::len),
    }
}

/// Compiles source on this thread, within these limits of time and memory. Nobody runs.
///
/// # Errors
/// `ERR_LUA_SYNTAX`, or the limit that passed.
pub fn compile(factory: &Factory, source: &[u8], name: Arc<str>, limits: &Limits) -> Result<Compiled, Box<Failure>> {
    watched(limits, |flag| {
        let vm = Vm::build_bare(factory).map_err(|error| Box::new(Failure::new(error)))?;
        vm.compile(source, name, limits, flag)
    })
}

/// Compiles and runs a prelude on this thread, within these limits of time and memory.
///
/// # Errors
/// What it fails with, or the limit that passed; or what it leaves that cannot be copied.
pub fn run_prelude(libraries: Libraries, parts: &[Part], limits: &Limits) -> Result<Prelude, Box<Failure>> {
    watched(limits, |flag| Prelude::new(libraries, parts, limits, &flag))
}

/// Does work of the host's on this thread that obeys a flag, which is raised when a limit of time has passed.
fn watched<T>(limits: &Limits, work: impl FnOnce(Arc<Flag>) -> Result<T, Box<Failure>>) -> Result<T, Box<Failure>> {
    let done = catch_unwind(AssertUnwindSafe(|| {
        let flag = Arc::default();
        let watch = |limit, kill| {
            let deadline = Watchdog::after(limit, &flag, Act::Kill(kill, None));
            deadline.map_err(|error| Box::new(Failure::new(refused(&error))))
        };
        let _timeout = watch(limits.timeout, Kill::Timeout)?;
        let _cpu_timeout = limits.cpu_timeout.map(|limit| watch(limit, Kill::CpuTimeout)).transpose()?;
        work(flag.clone())
    }));
    done.unwrap_or_else(|panic| Err(internal(&panic_message(&*panic))))
}

fn failed(error: Error) -> Stage {
    Stage::Done(Err(Box::new(Failure::new(error))))
}

fn internal(what: &str) -> Box<Failure> {
    let message = format!("moonpool failed inside this run; this is a bug of moonpool: {what}");
    Box::new(Failure::new(Error::new(Code::Internal, message)))
}
