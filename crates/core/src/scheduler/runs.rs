//! Every run that is not settled, and where it is: what the scheduler decides by, behind one short lock.
//!
//! Calls nobody, so that any thread may use it while others wait for the lock.

use super::contexts::{Contexts, Ended};
use super::fair_queue::FairQueue;
use super::gate::{Dependent, Gate, Lost, Released};
use super::memory::{Begin, Memory};
use super::patience::Patience;
use super::run::{Caller, ContextId, Next, Run, SLICE, Settled};
use super::several::{Asked, Delayed, Several};
use super::signal::{Signal, WakeUp};
use super::tenants::{Tenant, TenantRef, Tenants};
use super::timer::Timer;
use super::turns::Turns;
use super::workers::Batch;
use super::{Capacity, Finished, HostCallOf, Pressure, ToldBy, Totals};
use crate::bridge::{Answer, Came, HostCall, HostError, Kill, Told, Wait};
use crate::error::Error;
use crate::memory::Held;
use crate::vm::{Factory, Script, Vm};
use moonpool_lua::Flag;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

/// How many runs of one engine may be started and not done; the same number again is for scripts without any.
pub const MAX_STARTED: usize = 64;

/// Every run of an engine that is not settled.
pub(super) struct Runs {
    factory: Arc<Factory>,
    pub(super) wake_up: WakeUp,
    pub(super) capacity: Capacity,
    next_id: u64,
    /// How many batches are with workers.
    busy: usize,
    /// How many of those come from the queue.
    queued_batches: usize,
    /// How many runs those have beyond the first of each: they may come back without having begun.
    followers: usize,
    /// Not begun, by number.
    pub(super) queued: FairQueue<Run>,
    /// Preempted, by the count of ends of slices.
    preempted: FairQueue<Run>,
    /// Not waiting any more, by the count of ends of slices.
    ready: FairQueue<Run>,
    /// Waiting for the host or for a time, by number.
    pub(super) waiting: FxHashMap<u64, Suspended>,
    /// What functions of `parallel` wait for, by the numbers of their runs, wherever those are.
    pub(super) several: FxHashMap<u64, Several>,
    /// Killed, started, and not done.
    killed: VecDeque<Run>,
    /// VMs that live on between runs, and runs that wait for their turn in one.
    pub(super) contexts: Contexts,
    /// Ends and calls that depend on writes to State which are not durable yet.
    pub(super) gate: Gate,
    /// What runs ask their stores, to be passed on without the lock.
    pub(super) questions: Vec<Asked>,
    /// Every run that is not settled: who it is, how to stop it, and where it is.
    pub(super) tickets: FxHashMap<u64, Ticket>,
    /// The ids that those belong to, and what they may use.
    pub(super) tenants: Tenants,
    /// Ids whose queued runs may have no memory to wait for.
    pub(super) maybe_starved: Vec<TenantRef>,
    /// How many runs are started, not done, and do not wait; and how many of them have never waited.
    started: usize,
    fresh: usize,
    /// Which preempted runs have had a slot for a while. Whether a queued run could begin, as far as is known; and how many have come that could
    /// use a slot.
    patience: Arc<Patience>,
    may_begin: bool,
    came: usize,
    /// Whose turn it is. Counts batches, too; and ends of slices.
    turns: Turns,
    turn: usize,
    slice_ends: u64,
    warm: Vec<Vm>,
    stopped: Arc<AtomicBool>,
    totals: Totals,
    /// How many runs have begun and are not in the totals: the host has not heard of their batches.
    begun: u64,
    memory: Memory,
    /// What workers have handed in that go on by themselves, and the engine's thread has not heard of.
    pub(super) handed_in: Finished,
    /// Where those come to.
    line: Weak<Mutex<Self>>,
    /// Batches for free slots, on their way to workers.
    outgoing: Vec<Batch>,
    /// VMs of contexts that were killed for others, to be dropped without the lock.
    pub(super) evicted: Vec<Vm>,
    /// Runs that were refused while somebody else was heard, and are still to be told of.
    pub(super) untold: Vec<Settled>,
    /// Whether the queue has filled and not been empty since; and whether that is still to be told.
    full: bool,
    pub(super) filled: bool,
}

pub(super) struct Ticket {
    pub(super) owner: TenantRef,
    pub(super) flag: Arc<Flag>,
    pub(super) place: Place,
    /// Its key where it is preempted or ready.
    key: u64,
    /// Whether it has been taken from the queue.
    is_taken: bool,
}

pub(super) struct Suspended {
    run: Run,
    _timer: Option<Timer>,
    /// What it calls when its id may do so.
    pub(super) call: Option<Box<Delayed>>,
    /// Whether it waits for what functions of `parallel` wait for.
    pub(super) for_any: bool,
}

/// Where a run is.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// Waiting for its turn in a context.
    InContext(ContextId),
    Queued,
    Running,
    Preempted,
    Ready,
    Waiting,
    Killed,
    /// It has ended, and depends on writes that are not durable yet.
    Held,
}

impl Runs {
    pub(super) fn new(factory: Arc<Factory>, wake_up: WakeUp, capacity: Capacity, line: Weak<Mutex<Self>>) -> Self {
        let memory = Memory::new(factory.clone());
        Self {
            factory,
            wake_up,
            capacity: Capacity { slots: capacity.slots.max(1), ..capacity },
            next_id: 0,
            busy: 0,
            queued_batches: 0,
            followers: 0,
            queued: FairQueue::new(),
            preempted: FairQueue::new(),
            ready: FairQueue::new(),
            waiting: FxHashMap::default(),
            several: FxHashMap::default(),
            killed: VecDeque::new(),
            contexts: Contexts::default(),
            gate: Gate::default(),
            questions: Vec::new(),
            tickets: FxHashMap::default(),
            tenants: Tenants::new(),
            maybe_starved: Vec::new(),
            started: 0,
            fresh: 0,
            patience: Arc::default(),
            may_begin: false,
            came: 0,
            turns: Turns::default(),
            turn: 0,
            slice_ends: 0,
            warm: Vec::new(),
            stopped: Arc::default(),
            totals: Totals::default(),
            begun: 0,
            memory,
            handed_in: Finished::default(),
            line,
            outgoing: Vec::new(),
            evicted: Vec::new(),
            untold: Vec::new(),
            full: false,
            filled: false,
        }
    }

    /// Takes a run: see [`super::Scheduler::submit`].
    ///
    /// # Errors
    /// Why nothing was taken. Then the run was never there.
    pub(super) fn submit(&mut self, script: Script, caller: Caller, context: Option<ContextId>) -> Result<u64, Error> {
        let id = self.take(script, caller, context)?;
        self.fill();
        self.check_memory(id)?;
        self.check_quota(id)?;
        self.check_room(id)?;
        Ok(id)
    }

    /// Queues a run, or lets it wait for its turn in its context, and gives it its number.
    ///
    /// # Errors
    /// Why nothing was queued: the engine or the context is closed, or the system refuses to watch the `queueTimeout`.
    fn take(&mut self, script: Script, caller: Caller, context: Option<ContextId>) -> Result<u64, Error> {
        if self.is_stopped() {
            return Err(Kill::Stopped.error(&script.limits));
        }
        if let Some(context) = context {
            self.contexts.check_open(context)?;
        }
        let id = self.next_id;
        self.next_id += 1;
        let mut run = Run::new(id, script, caller, context);
        run.watch_queue(&self.wake_up)?;
        let owner = self.tenants.know(run.owner());
        run.belong_to(owner, self.tenants[owner].share.clone());
        let ticket = Ticket { owner, flag: run.flag().clone(), place: Place::Queued, key: 0, is_taken: false };
        self.tickets.insert(id, ticket);
        self.tenants.is_queued(owner);
        self.may_be_starved(owner);
        match context {
            Some(context) if !self.contexts.is_idle(context) => {
                self.place(id, Place::InContext(context));
                self.contexts.wait(context, run);
            }
            Some(context) => {
                self.contexts.begin(context, &mut run);
                self.enqueue(run);
            }
            None => self.enqueue(run),
        }
        Ok(id)
    }

    /// Takes a run back that was just submitted, if it is one of those that no memory is left for. Others that are refused
    /// with it are told of by the next signal.
    ///
    /// # Errors
    /// Why; then the run was never there.
    fn check_memory(&mut self, id: u64) -> Result<(), Error> {
        let mut refused = self.refuse_starved();
        let own = refused.iter().position(|settled| settled.id == id).map(|i| refused.swap_remove(i));
        self.untold.extend(refused);
        match own.map(|settled| settled.outcome) {
            Some(Err(failure)) => Err(failure.error),
            _ => Ok(()),
        }
    }

    /// Ends queued runs that no memory will ever come free for by itself: contexts that no run uses hold all of it. Says
    /// of all that were refused and are not told of.
    fn refuse_starved(&mut self) -> Vec<Settled> {
        let mut settled = std::mem::take(&mut self.untold);
        self.refuse_starved_ids(&mut settled);
        if self.queued.is_empty() || !self.memory.is_used_up() || self.is_stopped() {
            return settled;
        }
        self.evicted.extend(self.contexts.evict());
        if self.moves() || !self.evicted.is_empty() {
            return settled;
        }
        // What waits will give memory back, but not to scripts that it waits for.
        let called_only = self.goes_on();
        while let Some(run) = self.queued.pop_item(|_, run| !run.has_vm() && (run.is_called() || !called_only)) {
            self.settle(run.refuse(self.memory.starved(called_only)), &mut settled);
        }
        settled
    }

    /// Whether any run that has begun does more than wait, or ended as [`Self::goes_on`] says.
    fn moves(&self) -> bool {
        let lined_up = self.preempted.len() + self.ready.len() + self.killed.len();
        self.busy > 0 || lined_up > 0 || self.memory.keeps_results()
    }

    /// Whether any run has begun and not ended, or ended with a result that JavaScript has not taken over: it will, if only
    /// by its timeout, and give its memory back.
    fn goes_on(&self) -> bool {
        self.busy > 0 || self.suspended() > 0 || self.memory.keeps_results()
    }

    /// Takes a run out of the queue.
    pub(super) fn take_queued(&mut self, owner: TenantRef, id: u64) -> Option<Run> {
        self.queued.remove(owner, id).or_else(|| self.queued.remove(owner, id | NOT_CALLED))
    }

    fn enqueue(&mut self, run: Run) {
        self.place(run.id(), Place::Queued);
        let owner = run.tenant();
        if self.may_begin_now(&run) {
            self.may_begin = true;
            self.came += 1;
        }
        self.queued.push(owner, self.tenants[owner].stride, queue_key(&run), run);
    }

    /// Takes note of a batch that a worker has executed, takes the next, and says what came of its runs.
    pub(super) fn finished(&mut self, batch: Batch) -> Finished {
        let mut finished = self.take_handed_in();
        finished.append(self.take_back(batch));
        self.count_begun();
        finished.settled.extend(self.go_ahead());
        finished
    }

    /// The host hears of all batches that are back: what began in them counts from now on, as what ended does.
    pub(super) fn count_begun(&mut self) {
        self.totals.started += std::mem::take(&mut self.begun);
    }

    /// Takes what can begin, or go on, and says which runs cannot any more.
    pub(super) fn go_ahead(&mut self) -> Vec<Settled> {
        self.fill();
        self.refuse_starved()
    }

    pub(super) fn take_back(&mut self, batch: Batch) -> Finished {
        if batch.handed_in {
            return Finished::default();
        }
        self.busy -= 1;
        if batch.queued {
            self.queued_batches -= 1;
            self.followers -= batch.followers();
            for run in batch.runs.iter().skip(1) {
                self.tenants[run.tenant()].followers -= 1;
            }
        }
        self.totals.worked += batch.worked;
        self.turns.end(batch.runs.first().map(Run::id), batch.worked);
        self.warm.extend(batch.warm);
        let mut runs = batch.runs;
        let not_executed = runs.split_off(batch.executed);
        // At once: most of them have ended.
        let mut finished = Finished { settled: Vec::with_capacity(runs.len()), ..Finished::default() };
        for mut run in runs {
            self.memory.note_peak(run.peak_memory());
            let (owner, had_waited) = (run.tenant(), run.has_waited());
            self.tenants.charge(owner, run.slice_time());
            self.begun += u64::from(batch.queued && run.has_begun());
            let dependent = run.dependent();
            self.listen(&mut run, dependent.as_ref(), &mut finished.told);
            if let Some(requests) = run.take_requests() {
                self.request(&run, *requests, &mut finished);
            }
            let next = run.next();
            match (&next, batch.queued) {
                (Next::Preempted(_), true) => self.is_started(owner, false),
                (Next::Settled(_) | Next::Waiting(..) | Next::WaitingForAny(_), false) => {
                    self.is_not_started(owner, had_waited)
                }
                _ => {}
            }
            match next {
                Next::Settled(settled) => {
                    self.forget_several(settled.id);
                    match dependent {
                        None => self.settle(settled, &mut finished.settled),
                        Some(dependent) => self.end(dependent, settled, &mut finished.settled),
                    }
                }
                Next::NotBegun(run) => self.put_back(run, batch.queued, &mut finished.settled),
                Next::Waiting(run, wait) => finished.calls.extend(self.suspend(run, wait)),
                Next::WaitingForAny(run) => self.suspend_for_any(run),
                Next::Preempted(run) => self.preempt(run),
            }
        }
        let mut refused = Vec::new();
        for run in not_executed.into_iter().rev() {
            self.put_back(run, batch.queued, &mut refused);
        }
        finished.settled.extend(refused.into_iter().rev());
        finished.told.extend(self.gate.take_told());
        self.memory.keep(self.capacity.slots);
        finished
    }

    /// Takes what a run has told: what it logs leaves now, and what it writes when what it depends on is durable.
    fn listen(&mut self, run: &mut Run, dependent: Option<&Dependent>, all: &mut Vec<ToldBy>) {
        let Told { frames, output } = run.take_told();
        if !frames.is_empty() {
            all.push(ToldBy { run: run.id(), frames });
        }
        if let Some(dependent) = dependent.filter(|_| !output.is_empty()) {
            self.gate.hear(dependent, output, &self.wake_up);
        }
    }

    /// Puts a run back where it was before its batch, whose time did not suffice.
    fn put_back(&mut self, run: Run, queued: bool, settled: &mut Vec<Settled>) {
        let (id, owner) = (run.id(), run.tenant());
        let stride = self.tenants[owner].stride;
        if run.is_killed() {
            if queued {
                self.settle(run.refuse_killed(), settled);
            } else {
                self.place(id, Place::Killed);
                self.killed.push_front(run);
            }
        } else if queued {
            self.place(id, Place::Queued);
            self.is_taken_back(id);
            self.queued.put_back(owner, stride, queue_key(&run), run);
        } else if let Some(ticket) = self.tickets.get_mut(&id) {
            ticket.place = Place::Ready;
            self.ready.put_back(owner, stride, ticket.key, run);
        }
    }

    /// As [`Self::settle`], of a run that depends on writes to State: its end waits for those, but the next of its context
    /// does not.
    fn end(&mut self, dependent: Dependent, mut settled: Settled, all: &mut Vec<Settled>) {
        let (id, ended) = (settled.id, self.contexts.end(&mut settled));
        match self.gate.end(dependent, settled, &self.wake_up) {
            Some(settled) => {
                self.is_over(id);
                all.push(settled);
            }
            None => self.place(id, Place::Held),
        }
        self.follow(ended, all);
    }

    /// Takes a run off the books; what its context follows with is settled, too, or queued.
    pub(super) fn settle(&mut self, mut settled: Settled, all: &mut Vec<Settled>) {
        self.is_over(settled.id);
        let ended = self.contexts.end(&mut settled);
        all.push(settled);
        self.follow(ended, all);
    }

    /// Settles, or queues, what a context follows with.
    fn follow(&mut self, Ended { next, refused }: Ended, all: &mut Vec<Settled>) {
        for refused in refused {
            self.is_over(refused.id);
            all.push(refused);
        }
        if let Some(run) = next {
            self.enqueue(run);
        }
    }

    /// Puts a run aside that waits for something else than its turn.
    fn suspend(&mut self, mut run: Run, wait: Wait) -> Option<HostCallOf> {
        let id = run.id();
        if run.is_killed() {
            self.go_on(run);
            return None;
        }
        let (timer, call) = match wait {
            Wait::Call(mut call) => match self.prepare_call(&mut run, &mut call) {
                Ok(true) => match self.call(Delayed::new(&run, 0, call)) {
                    Ok(call) => (None, call),
                    Err(Lost) => {
                        run.flag().kill(Kill::StateLost.reason());
                        self.go_on(run);
                        return None;
                    }
                },
                Ok(false) => {
                    let call = Delayed::new(&run, 0, call);
                    self.wait(run, None, Some(Box::new(call)));
                    return None;
                }
                Err(error) => {
                    run.answer(Err(error));
                    self.go_on(run);
                    return None;
                }
            },
            Wait::State(question) => {
                self.questions.push(Asked { run: id, number: 0, question });
                (None, None)
            }
            Wait::Sleep(time) => {
                let wake_up = self.wake_up.clone();
                match Timer::after(time, move || wake_up(Signal::Awake(id, 0))) {
                    Ok(timer) => (Some(timer), None),
                    Err(error) => {
                        run.refuse_sleep(&error);
                        self.go_on(run);
                        return None;
                    }
                }
            }
        };
        self.wait(run, timer, None);
        call
    }

    /// Whether a run may make its call now; see [`Self::may_call`]. Calls of scripts take the host's time, too.
    fn prepare_call(&mut self, run: &mut Run, call: &mut HostCall) -> Result<bool, HostError> {
        let may = self.may_call(run, 0);
        if let Some(script) = &mut call.script {
            script.deadline = run.deadline();
            run.set_calling(may.is_ok());
        }
        may
    }

    fn wait(&mut self, run: Run, timer: Option<Timer>, call: Option<Box<Delayed>>) {
        self.put_aside(Suspended { run, _timer: timer, call, for_any: false });
    }

    /// Puts a run aside that waits until anything comes of what functions of `parallel` wait for.
    fn suspend_for_any(&mut self, mut run: Run) {
        if run.is_killed() || self.has_come(run.id()) {
            return self.go_on(run);
        }
        run.set_calling(self.calls_scripts(run.id()));
        self.put_aside(Suspended { run, _timer: None, call: None, for_any: true });
    }

    fn put_aside(&mut self, suspended: Suspended) {
        let run = &suspended.run;
        self.place(run.id(), Place::Waiting);
        let tenant = &mut self.tenants[run.tenant()];
        tenant.waiting += 1;
        tenant.calling += usize::from(run.is_calling());
        if tenant.limits.memory.is_some() && tenant.queued > 0 && tenant.only_waits() {
            self.maybe_starved.push(run.tenant());
        }
        self.waiting.insert(run.id(), suspended);
    }

    /// The run does not wait any more, if it did.
    pub(super) fn stop_waiting(&mut self, id: u64) -> Option<Run> {
        let Suspended { mut run, .. } = self.waiting.remove(&id)?;
        let tenant = &mut self.tenants[run.tenant()];
        tenant.waiting -= 1;
        tenant.calling -= usize::from(run.is_calling());
        run.set_calling(false);
        Some(run)
    }

    /// Lets a run go on that waited: among those that are ready, or, when it was killed meanwhile, to its end.
    pub(super) fn go_on(&mut self, run: Run) {
        self.is_started(run.tenant(), true);
        if run.is_killed() {
            return self.end_killed(run);
        }
        self.came += 1;
        self.line_up(run, Place::Ready);
    }

    fn preempt(&mut self, run: Run) {
        // A request that came when its slice was over is not for the next one.
        run.flag().go_on();
        if run.is_killed() {
            return self.end_killed(run);
        }
        self.line_up(run, Place::Preempted);
    }

    /// Lets a run wait for its next slice, at the end of its line.
    fn line_up(&mut self, run: Run, place: Place) {
        self.slice_ends += 1;
        if let Some(ticket) = self.tickets.get_mut(&run.id()) {
            (ticket.place, ticket.key) = (place, self.slice_ends);
        }
        let (owner, key) = (run.tenant(), self.slice_ends);
        let line = if matches!(place, Place::Ready) { &mut self.ready } else { &mut self.preempted };
        line.push(owner, self.tenants[owner].stride, key, run);
    }

    /// Lets a started run that was killed go before all others, to give its VM back.
    fn end_killed(&mut self, run: Run) {
        self.place(run.id(), Place::Killed);
        self.killed.push_back(run);
    }

    /// Gives a run the answer that it waits for. One that does not wait any more has no use for it.
    pub(super) fn answer(&mut self, id: u64, number: u32, answer: Answer, held: Option<Held>) {
        // What functions of `parallel` are answered counts as their run's from now on.
        if let Some(held) = held
            && number == 0
            && let Some(Suspended { run, for_any: false, .. }) = self.waiting.get_mut(&id)
        {
            run.hold_result(held);
        }
        self.comes(id, number, Came::Answer(answer));
        self.fill();
    }

    /// Lets a run go on with what came of its wait of this number, if it still waits for that.
    fn comes(&mut self, id: u64, number: u32, came: Came) {
        if number != 0 {
            return self.comes_of_several(id, number, came);
        }
        if self.waiting.get(&id).is_none_or(|suspended| suspended.for_any) {
            return;
        }
        let Some(mut run) = self.stop_waiting(id) else { return };
        match came {
            Came::Answer(answer) => run.answer(answer),
            Came::State(answered) => run.answer_state(answered),
            Came::Awake | Came::NotAwake(_) => {}
        }
        self.go_on(run);
    }

    /// Hears what another thread has to say. The VMs that it returns are to be dropped without the lock.
    pub(super) fn hear(&mut self, signal: Signal) -> (Finished, Vec<Vm>) {
        let mut all = self.take_handed_in();
        let mut finished = Finished::default();
        match signal {
            Signal::Overdue | Signal::HandedIn => {}
            Signal::Awake(id, number) => self.comes(id, number, Came::Awake),
            Signal::Killed(id) => finished.settled = self.hasten(id),
            Signal::Answered(id, number, answered) => self.comes(id, number, Came::State(answered)),
            Signal::CallDue(id) => finished.calls = self.let_call(&id),
            Signal::Settled => finished = self.release(),
        }
        finished.told.extend(self.gate.take_told());
        all.append(finished);
        (all, std::mem::take(&mut self.evicted))
    }

    /// Lets go what waited for writes to State.
    fn release(&mut self) -> Finished {
        let Released { settled, calls, lost } = self.gate.release();
        for settled in &settled {
            self.is_over(settled.id);
        }
        for id in lost {
            self.end_lost(id);
        }
        Finished { settled, calls, ..Finished::default() }
    }

    /// Ends a run whose flag is up: at once, if it has not begun; else it goes before all others, unless a worker has it.
    pub(super) fn hasten(&mut self, id: u64) -> Vec<Settled> {
        let mut settled = Vec::new();
        let Some(&Ticket { owner, ref flag, place, key, .. }) = self.tickets.get(&id) else {
            // It has ended, but its context may have kept its VM.
            self.evicted.extend(self.contexts.evict());
            return settled;
        };
        match place {
            Place::Running | Place::Killed => {}
            Place::InContext(context) => {
                if let Some(run) = self.contexts.remove(context, id) {
                    self.settle(run.refuse_killed(), &mut settled);
                }
            }
            Place::Queued => {
                if let Some(run) = self.take_queued(owner, id) {
                    self.settle(run.refuse_killed(), &mut settled);
                }
            }
            Place::Preempted => {
                self.forget_several(id);
                if let Some(run) = self.preempted.remove(owner, key) {
                    self.end_killed(run);
                }
            }
            Place::Ready => {
                self.forget_several(id);
                if let Some(run) = self.ready.remove(owner, key) {
                    self.end_killed(run);
                }
            }
            Place::Waiting => {
                // A call that has not been made is not made any more.
                self.gate.forget(id, 0);
                self.forget_several(id);
                if let Some(run) = self.stop_waiting(id) {
                    self.go_on(run);
                }
            }
            Place::Held => {
                let flag = flag.clone();
                if let Some(held) = self.gate.give_up(id, &flag) {
                    self.is_over(id);
                    settled.push(held);
                }
            }
        }
        settled
    }

    /// Stops a run: see [`super::Scheduler::kill`].
    pub(super) fn kill(&mut self, id: u64) -> Vec<Settled> {
        match self.tickets.get(&id) {
            Some(ticket) => ticket.flag.kill(Kill::Stopped.reason()),
            None => return Vec::new(),
        };
        let mut settled = self.hasten(id);
        settled.extend(self.go_ahead());
        self.after_handed_in(settled)
    }

    /// Stops a run of those that [`Self::doom_all`] has doomed, but for one that waits for its turn in a context.
    pub(super) fn end_doomed(&mut self, id: u64) -> Vec<Settled> {
        match self.tickets.get(&id) {
            None | Some(Ticket { place: Place::InContext(_), .. }) => Vec::new(),
            Some(_) => self.kill(id),
        }
    }

    /// Raises the flags of all runs.
    pub(super) fn doom_all(&mut self) {
        for ticket in self.tickets.values() {
            ticket.flag.kill(Kill::Stopped.reason());
        }
    }

    /// Drops every run that no worker has, kills the others, and starts none any more.
    pub(super) fn close(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.doom_all();
        self.tenants.close();
        self.drop_all();
    }

    fn drop_all(&mut self) {
        self.queued = FairQueue::new();
        self.preempted = FairQueue::new();
        self.ready = FairQueue::new();
        self.waiting.clear();
        self.several.clear();
        self.killed.clear();
        self.gate.clear();
        self.contexts.clear();
        self.warm.clear();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// A new context, without a VM yet.
    pub(super) fn create_context(&mut self) -> ContextId {
        self.contexts.create()
    }

    /// Lets a context take no further run. What it returns is to be dropped without the lock.
    pub(super) fn close_context(&mut self, id: ContextId) -> Option<Box<Vm>> {
        self.contexts.close(id)
    }

    /// See [`Contexts::is_open`].
    pub(super) fn is_context_open(&self, id: ContextId) -> bool {
        !self.is_stopped() && self.contexts.is_open(id)
    }

    /// See [`Contexts::memory`].
    pub(super) fn context_memory(&self, id: ContextId) -> usize {
        self.contexts.memory(id)
    }

    /// How many runs wait to begin. Those that share a trip with another one may come back without having begun: they have kept
    /// their places in the queue.
    pub(super) fn queued(&self) -> usize {
        self.queued.len() + self.contexts.waiting() + self.followers
    }

    /// How many runs workers have, but for those that still wait to begin there.
    pub(super) fn running(&self) -> usize {
        // To its host, a run that has ended is with its worker until the host hears of that.
        self.tickets.len() + self.handed_in.settled.len() - self.queued() - self.suspended()
    }

    /// How many runs are started, not done, and hold no worker.
    pub(super) fn suspended(&self) -> usize {
        self.preempted.len() + self.ready.len() + self.waiting.len() + self.killed.len() + self.gate.ended()
    }

    /// How many runs are started, not done, and do not wait.
    pub(super) fn started(&self) -> usize {
        self.started
    }

    pub(super) fn busy(&self) -> usize {
        self.busy
    }

    pub(super) fn warm(&self) -> usize {
        self.warm.len()
    }

    pub(super) fn totals(&self) -> Totals {
        self.totals
    }

    /// Whether runs wait for something else than a worker.
    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty() || self.gate.len() > 0
    }

    /// Whether [`Self::pressure`] may have something to tell.
    pub(super) fn is_pressed(&self) -> bool {
        self.filled || self.full
    }

    /// Whether the queue has filled, or emptied after that, since this was last asked.
    pub(super) fn pressure(&mut self) -> Option<Pressure> {
        let filled = std::mem::take(&mut self.filled);
        if !self.full {
            self.full = filled;
            return filled.then_some(Pressure::Full);
        }
        let has_room = self.capacity.queue > 0 || self.busy < self.capacity.slots;
        let drained = self.queued() == 0 && has_room;
        self.full = !drained;
        drained.then_some(Pressure::Drained)
    }

    fn is_started(&mut self, owner: TenantRef, has_waited: bool) {
        let (tenant, fresh) = (&mut self.tenants[owner], usize::from(!has_waited));
        tenant.started += 1;
        tenant.fresh += fresh;
        self.started += 1;
        self.fresh += fresh;
    }

    fn is_not_started(&mut self, owner: TenantRef, has_waited: bool) {
        let (tenant, fresh) = (&mut self.tenants[owner], usize::from(!has_waited));
        tenant.started -= 1;
        tenant.fresh -= fresh;
        self.started -= 1;
        self.fresh -= fresh;
    }

    /// A run is taken from the queue, to begin.
    fn is_taken(&mut self, run: &Run) {
        if let Some(ticket) = self.tickets.get_mut(&run.id()) {
            ticket.is_taken = true;
            self.tenants.begins(run.tenant(), run.submitted());
        }
    }

    /// A run that was taken from the queue has not begun.
    fn is_taken_back(&mut self, id: u64) {
        if let Some(ticket) = self.tickets.get_mut(&id) {
            let owner = ticket.owner;
            ticket.is_taken = false;
            self.tenants[owner].begun -= 1;
            self.tenants.is_queued(owner);
            self.may_be_starved(owner);
        }
    }

    /// Nothing of a run is left here.
    fn is_over(&mut self, id: u64) {
        let Some(Ticket { owner, is_taken, .. }) = self.tickets.remove(&id) else { return };
        if is_taken {
            self.tenants[owner].begun -= 1;
            if self.tenants[owner].only_waits() {
                self.may_be_starved(owner);
            }
        } else {
            self.tenants.is_not_queued(owner);
        }
    }

    fn place(&mut self, id: u64, place: Place) {
        if let Some(ticket) = self.tickets.get_mut(&id) {
            ticket.place = place;
        }
    }

    /// Takes a batch for every free slot, as long as there is something to do.
    pub(super) fn fill(&mut self) {
        if self.is_stopped() {
            return self.drop_all();
        }
        while self.busy < self.capacity.slots
            && let Some(batch) = self.next_batch()
        {
            self.send(batch);
        }
        self.ask_for_room();
    }

    /// Takes a batch that builds VMs ahead, as many as are missing, if there is nothing else to do.
    pub(super) fn warm_up(&mut self) {
        let build = self.capacity.warm.saturating_sub(self.warm.len());
        if build > 0 && self.memory.is_free() && self.busy == 0 && !self.is_stopped() {
            let batch = Batch { build, ..self.batch(Vec::new(), false) };
            self.send(batch);
        }
    }

    /// Batches that were taken since this was last asked: each is to be started.
    pub(super) fn take_outgoing(&mut self) -> (Vec<Batch>, Vec<Asked>) {
        (std::mem::take(&mut self.outgoing), std::mem::take(&mut self.questions))
    }

    /// Whether runs were refused that only a signal can tell of.
    pub(super) fn has_untold(&self) -> bool {
        !self.untold.is_empty()
    }

    fn send(&mut self, batch: Batch) {
        let batch = self.give(batch);
        self.outgoing.push(batch);
    }

    /// Takes note of a batch that a worker gets.
    pub(super) fn give(&mut self, mut batch: Batch) -> Batch {
        self.busy += 1;
        if batch.queued {
            self.queued_batches += 1;
            self.followers += batch.followers();
            for run in batch.runs.iter().skip(1) {
                self.tenants[run.tenant()].followers += 1;
            }
        }
        for run in &batch.runs {
            self.place(run.id(), Place::Running);
        }
        if !self.several.is_empty() {
            batch.runs.iter_mut().for_each(|run| self.give_several(run));
        }
        batch
    }

    pub(super) fn next_batch(&mut self) -> Option<Batch> {
        if !self.killed.is_empty() {
            let share = self.killed.len().min(Batch::MAX);
            let runs = self.killed.drain(..share).collect();
            return Some(self.batch(runs, false));
        }
        if !self.tenants.limits_cpu() {
            return self.batch_of(None);
        }
        // Those who have used up their time get what nobody else wants.
        self.batch_of(Some(self.tenants.now())).or_else(|| self.batch_of(None))
    }

    /// The next batch, of ids that are not over their time on workers `now`, if that matters.
    fn batch_of(&mut self, now: Option<Instant>) -> Option<Batch> {
        let tenants = &self.tenants;
        let may = |owner: TenantRef| now.is_none_or(|now| !tenants[owner].is_over(now));
        if self.turns.is_of_preempted()
            && let Some(run) = self.preempted.pop(may)
        {
            return Some(self.slice_of(run));
        }
        // Queued runs and those that waited take turns, too.
        let ready_first = !self.turn.is_multiple_of(2);
        let share = self.ready.len().div_ceil(self.capacity.slots).min(Batch::MAX);
        let mut ready = if ready_first { pop_some(&mut self.ready, share, may) } else { Vec::new() };
        if ready.is_empty() {
            let queued = self.next_queued(now);
            if !queued.is_empty() {
                self.turn += 1;
                return Some(self.batch(queued, true));
            }
        }
        let tenants = &self.tenants;
        let may = |owner: TenantRef| now.is_none_or(|now| !tenants[owner].is_over(now));
        if ready.is_empty() && !ready_first {
            ready = pop_some(&mut self.ready, share, may);
        }
        if !ready.is_empty() {
            self.turn += 1;
            return Some(self.batch(ready, false));
        }
        let run = self.preempted.pop(may)?;
        Some(self.slice_of(run))
    }

    /// The next slice of a run that was preempted.
    fn slice_of(&mut self, run: Run) -> Batch {
        let (slice, own) = self.turns.begin(run.id());
        Batch { slice, patience: Some((own, self.patience.clone())), ..self.batch(vec![run], false) }
    }

    /// How many runs have come, or come back from a wait, and wait for a worker.
    fn newcomers(&self) -> usize {
        self.ready.len() + if self.may_begin { self.queued.len() } else { 0 }
    }

    /// Whether a worker that goes on finds more than runs that were preempted.
    pub(super) fn has_newcomers(&self) -> bool {
        self.newcomers() + self.killed.len() > 0
    }

    /// Asks preempted runs that have had a slot for a while to leave, when others have come that could use one and none is
    /// free.
    pub(super) fn ask_for_room(&mut self) {
        let waiting = self.newcomers();
        let came = std::mem::take(&mut self.came).min(waiting);
        self.patience.want(waiting > 0 && self.busy >= self.capacity.slots, came);
    }

    /// Whether a run could begin as soon as a slot is free, or those before it in the queue have begun.
    fn may_begin_now(&self, run: &Run) -> bool {
        let tenant = &self.tenants[run.tenant()];
        may_be_started(self.all_started(), tenant)
            && tenant.may_begin(run.has_vm(), run.is_called())
            && !(self.tenants.limits_cpu() && tenant.is_over(self.tenants.now()))
    }

    /// Queued runs for one batch: a fair share for each slot, so that no batch takes what another slot could execute
    /// now. Of one batch at most one run is started and not done, because after it no other begins.
    fn next_queued(&mut self, now: Option<Instant>) -> Vec<Run> {
        let begin = self.may_begin();
        let share = self.queued.len().div_ceil(self.capacity.slots).min(Batch::MAX);
        let all_started = self.all_started();
        let (share, fits): (_, fn(&Run) -> bool) = match begin {
            Begin::Any => (share, |_| true),
            Begin::One => (1, |_| true),
            Begin::WithVm => (share, Run::has_vm),
            Begin::Called => (1, |run| run.has_vm() || run.is_called()),
        };
        let mut runs = Vec::with_capacity(share);
        while runs.len() < share {
            let tenants = &self.tenants;
            let may = |owner: TenantRef, run: &Run| {
                let tenant = &tenants[owner];
                may_be_started(all_started, tenant)
                    && fits(run)
                    && tenant.may_begin(run.has_vm(), run.is_called())
                    && now.is_none_or(|now| !tenant.is_over(now))
            };
            let Some(run) = self.queued.pop_item(may) else { break };
            self.is_taken(&run);
            runs.push(run);
        }
        self.may_begin = !runs.is_empty();
        runs
    }

    /// How many runs are started, not done, and do not wait, or may be when their batches are back; and how many of them
    /// have never waited.
    fn all_started(&self) -> [usize; 2] {
        [self.started, self.fresh].map(|runs| runs + self.queued_batches)
    }

    /// Which queued runs may begin, as far as memory goes.
    fn may_begin(&mut self) -> Begin {
        if !self.queued.is_empty() && !self.memory.is_free() {
            // VMs that nobody uses go first.
            self.warm.clear();
        }
        self.memory.may_begin(self.goes_on(), self.moves())
    }

    pub(super) fn batch(&mut self, runs: Vec<Run>, queued: bool) -> Batch {
        let warm = if queued { self.warm.split_off(self.warm.len().saturating_sub(runs.len())) } else { Vec::new() };
        let (factory, wake_up, stopped) = (self.factory.clone(), self.wake_up.clone(), self.stopped.clone());
        Batch {
            runs,
            queued,
            slice: SLICE,
            warm,
            build: 0,
            factory,
            line: self.line.clone(),
            handed_in: false,
            wake_up,
            patience: None,
            stopped,
            executed: 0,
            worked: Duration::ZERO,
        }
    }
}

/// In the keys of queued runs that no script has called.
pub(super) const NOT_CALLED: u64 = 1 << 63;

/// Where a run stands among those of its id: those that scripts have called come first, in the order of submission, as one
/// that may not begin yet could be waiting for them.
fn queue_key(run: &Run) -> u64 {
    if run.is_called() { run.id() } else { run.id() | NOT_CALLED }
}

/// Whether one more run may be started and not done.
fn may_be_started([started, fresh]: [usize; 2], tenant: &Tenant) -> bool {
    // However many go on that have waited, a script with nothing started does not wait for those.
    started < MAX_STARTED || fresh < 2 * MAX_STARTED && tenant.started == 0
}

/// The next few of those who may have a turn.
fn pop_some(queue: &mut FairQueue<Run>, count: usize, may: impl Fn(TenantRef) -> bool + Copy) -> Vec<Run> {
    std::iter::from_fn(|| queue.pop(may)).take(count).collect()
}
