//! Every run that is not settled, and where it is: what the scheduler decides by, behind one short lock.
//!
//! Calls nobody, so that any thread may use it while others wait for the lock.

use super::contexts::{Contexts, Ended};
use super::fair_queue::FairQueue;
use super::run::{Caller, ContextId, Next, Run, Settled};
use super::signal::{Signal, WakeUp};
use super::timer::Timer;
use super::workers::Batch;
use super::{Capacity, Finished, HostCallOf, Pressure, Totals};
use crate::bridge::{Answer, Kill, Wait};
use crate::error::{Code, Error};
use crate::memory::Room;
use crate::state::ScriptId;
use crate::vm::{Factory, Script, Vm};
use moonpool_lua::Flag;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How many runs of one engine may be started and not done; the same number again is for scripts without any.
pub const MAX_STARTED: usize = 64;

/// Of so many batches, one goes to a run that was preempted, however many are queued.
const TURN: usize = 4;

/// Every run of an engine that is not settled.
pub(super) struct Runs {
    factory: Arc<Factory>,
    wake_up: WakeUp,
    capacity: Capacity,
    next_id: u64,
    /// How many batches are with workers.
    busy: usize,
    /// How many of those come from the queue.
    queued_batches: usize,
    /// How many runs those have beyond the first of each: they may come back without having begun.
    followers: usize,
    /// Not begun, by number.
    queued: FairQueue<Run>,
    /// Preempted, by the count of ends of slices.
    preempted: FairQueue<Run>,
    /// Not waiting any more, by the count of ends of slices.
    ready: FairQueue<Run>,
    /// Waiting for the host or for a time, by number.
    waiting: HashMap<u64, Suspended>,
    /// Killed, started, and not done.
    killed: VecDeque<Run>,
    /// VMs that live on between runs, and runs that wait for their turn in one.
    contexts: Contexts,
    /// Every run that is not settled: who it is, how to stop it, and where it is.
    tickets: HashMap<u64, Ticket>,
    /// How many runs each script has that are started, not done, and do not wait.
    started_of: HashMap<ScriptId, usize>,
    started: usize,
    /// Counts batches, to see whose turn it is; and ends of slices.
    turn: usize,
    slice_ends: u64,
    warm: Vec<Vm>,
    stopped: Arc<AtomicBool>,
    totals: Totals,
    /// What runs of late held at most.
    peak: usize,
    /// VMs of contexts that were killed for others, to be dropped without the lock.
    evicted: Vec<Vm>,
    /// Runs that were refused while somebody else was heard, and are still to be told of.
    untold: Vec<Settled>,
    /// Whether the queue has filled and not been empty since; and whether that is still to be told.
    full: bool,
    filled: bool,
}

struct Ticket {
    owner: ScriptId,
    flag: Arc<Flag>,
    place: Place,
}

struct Suspended {
    run: Run,
    _timer: Option<Timer>,
}

/// Which queued runs may begin, as far as memory goes.
enum Begin {
    Any,
    /// One, because nothing else goes on.
    One,
    /// Those that have their context's VM, which counts already.
    WithVm,
}

/// Where a run is.
#[derive(Clone, Copy)]
enum Place {
    /// Waiting for its turn in a context.
    InContext(ContextId),
    Queued,
    Running,
    /// By its key there.
    Preempted(u64),
    /// By its key there.
    Ready(u64),
    Waiting,
    Killed,
}

impl Runs {
    pub(super) fn new(factory: Arc<Factory>, wake_up: WakeUp, capacity: Capacity) -> Self {
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
            waiting: HashMap::new(),
            killed: VecDeque::new(),
            contexts: Contexts::default(),
            tickets: HashMap::new(),
            started_of: HashMap::new(),
            started: 0,
            turn: 0,
            slice_ends: 0,
            warm: Vec::new(),
            stopped: Arc::default(),
            totals: Totals::default(),
            peak: 0,
            evicted: Vec::new(),
            untold: Vec::new(),
            full: false,
            filled: false,
        }
    }

    /// Queues a run, or lets it wait for its turn in its context, and gives it its number.
    ///
    /// # Errors
    /// Why nothing was queued: the engine or the context is closed, or the system refuses to watch the `queueTimeout`.
    pub(super) fn submit(&mut self, script: Script, caller: Caller, context: Option<ContextId>) -> Result<u64, Error> {
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
        let ticket = Ticket { owner: run.owner().clone(), flag: run.flag().clone(), place: Place::Queued };
        self.tickets.insert(id, ticket);
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

    /// Takes a run back that was just submitted, when it still waits and there is no place for it in the queue.
    ///
    /// # Errors
    /// `ERR_QUEUE_FULL`; then the run was never there.
    pub(super) fn check_room(&mut self, id: u64) -> Result<(), Error> {
        if self.places_taken() > self.capacity.queue
            && let Some(Ticket { owner, place, .. }) = self.tickets.get(&id)
        {
            let run = match *place {
                Place::Queued => self.queued.remove(owner, id),
                Place::InContext(context) => self.contexts.remove(context, id),
                _ => None,
            };
            if let Some(run) = run {
                let message =
                    format!("the queue is full: {} runs wait (maxQueue); nothing was run", self.capacity.queue);
                let error = Error::new(Code::QueueFull, message);
                self.settle(run.refuse(error.clone()), &mut Vec::new());
                self.filled = true;
                return Err(error);
            }
        }
        self.filled |= self.queued() >= self.capacity.queue.max(1);
        Ok(())
    }

    /// Takes a run back that was just submitted, if it is one of those that no memory is left for. Says also whether
    /// others were refused, who are to be told by the next signal.
    ///
    /// # Errors
    /// Why; then the run was never there.
    pub(super) fn check_memory(&mut self, id: u64) -> (Result<(), Error>, bool) {
        let mut refused = self.refuse_starved();
        let own = refused.iter().position(|settled| settled.id == id).map(|i| refused.swap_remove(i));
        self.untold.extend(refused);
        let checked = match own.map(|settled| settled.outcome) {
            Some(Err(failure)) => Err(failure.error),
            _ => Ok(()),
        };
        (checked, !self.untold.is_empty())
    }

    /// Ends queued runs that no memory will ever come free for by itself: contexts that no run uses hold all of it.
    pub(super) fn refuse_starved(&mut self) -> Vec<Settled> {
        let mut settled = std::mem::take(&mut self.untold);
        if self.queued.is_empty() || self.factory.memory().room() != Room::None || self.is_stopped() {
            return settled;
        }
        self.evicted.extend(self.contexts.evict());
        if self.goes_on() || !self.evicted.is_empty() {
            return settled;
        }
        while let Some(run) = self.queued.pop_item(|_, run| !run.has_vm()) {
            let message = format!(
                "contexts between two runs hold all of the engine's maxMemory of {} bytes; nothing was run. Close some",
                self.factory.memory().max()
            );
            let error = Error { limit: Kill::EngineMemory.limit(), ..Error::new(Code::Memory, message) };
            self.settle(run.refuse(error), &mut settled);
        }
        settled
    }

    /// VMs to be dropped without the lock.
    pub(super) fn take_evicted(&mut self) -> Vec<Vm> {
        std::mem::take(&mut self.evicted)
    }

    /// Whether any run has begun and not ended: it will, if only by its timeout, and give its memory back.
    fn goes_on(&self) -> bool {
        self.busy > 0 || self.suspended() > 0
    }

    /// How many places of the queue are taken: runs that may come back without having begun have kept theirs.
    fn places_taken(&self) -> usize {
        self.queued() + self.followers
    }

    fn enqueue(&mut self, run: Run) {
        self.place(run.id(), Place::Queued);
        self.queued.push(&run.owner().clone(), run.id(), run);
    }

    /// Takes note of a batch that a worker has executed, and says what came of its runs.
    pub(super) fn finished(&mut self, batch: Batch) -> Finished {
        self.busy -= 1;
        if batch.queued {
            self.queued_batches -= 1;
            self.followers -= batch.followers();
        }
        self.totals.worked += batch.worked;
        self.warm.extend(batch.warm);
        let mut finished = Finished::default();
        let mut not_begun = Vec::new();
        for run in batch.runs {
            self.note_peak(run.peak_memory());
            let owner = run.owner().clone();
            match run.next() {
                Next::Settled(settled) => {
                    self.totals.started += u64::from(batch.queued && settled.usage.slices > 0);
                    if !batch.queued {
                        self.is_not_started(&owner);
                    }
                    self.settle(settled, &mut finished.settled);
                }
                Next::NotBegun(run) => not_begun.push(run),
                Next::Waiting(run, wait) => {
                    self.totals.started += u64::from(batch.queued);
                    if !batch.queued {
                        self.is_not_started(&owner);
                    }
                    finished.calls.extend(self.suspend(run, wait));
                }
                Next::Preempted(run) => {
                    if batch.queued {
                        self.totals.started += 1;
                        self.is_started(&owner);
                    }
                    self.preempt(run);
                }
            }
        }
        // Each slot may have one that grows as far, and what it holds is in blocks of many sizes.
        self.factory.memory().keep(self.peak.saturating_mul(self.capacity.slots).saturating_mul(3) / 2);
        for run in not_begun.into_iter().rev() {
            self.place(run.id(), Place::Queued);
            self.queued.put_back(&run.owner().clone(), run.id(), run);
        }
        finished
    }

    /// The largest of late: what was larger longer ago counts less and less.
    fn note_peak(&mut self, bytes: usize) {
        if bytes > 0 {
            self.peak = bytes.max(self.peak - self.peak / 16);
        }
    }

    /// Takes a run off the books; what its context follows with is settled, too, or queued.
    fn settle(&mut self, mut settled: Settled, all: &mut Vec<Settled>) {
        self.tickets.remove(&settled.id);
        let Ended { next, refused } = self.contexts.end(&mut settled);
        all.push(settled);
        for refused in refused {
            self.tickets.remove(&refused.id);
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
            Wait::Call(call) => (None, Some(HostCallOf { run: id, call })),
            Wait::Sleep(time) => {
                let wake_up = self.wake_up.clone();
                match Timer::after(time, move || wake_up(Signal::Awake(id))) {
                    Ok(timer) => (Some(timer), None),
                    Err(error) => {
                        run.refuse_sleep(&error);
                        self.go_on(run);
                        return None;
                    }
                }
            }
        };
        self.place(id, Place::Waiting);
        self.waiting.insert(id, Suspended { run, _timer: timer });
        call
    }

    /// Lets a run go on that waited: among those that are ready, or, when it was killed meanwhile, to its end.
    fn go_on(&mut self, run: Run) {
        self.is_started(&run.owner().clone());
        if run.is_killed() {
            return self.end_killed(run);
        }
        self.slice_ends += 1;
        self.place(run.id(), Place::Ready(self.slice_ends));
        self.ready.push(&run.owner().clone(), self.slice_ends, run);
    }

    fn preempt(&mut self, run: Run) {
        if run.is_killed() {
            return self.end_killed(run);
        }
        self.slice_ends += 1;
        self.place(run.id(), Place::Preempted(self.slice_ends));
        self.preempted.push(&run.owner().clone(), self.slice_ends, run);
    }

    /// Lets a started run that was killed go before all others, to give its VM back.
    fn end_killed(&mut self, run: Run) {
        self.place(run.id(), Place::Killed);
        self.killed.push_back(run);
    }

    /// Gives a run the answer that it waits for. One that does not wait any more has no use for it.
    pub(super) fn answer(&mut self, id: u64, answer: Answer) {
        if let Some(Suspended { mut run, .. }) = self.waiting.remove(&id) {
            run.answer(answer);
            self.go_on(run);
        }
    }

    /// Hears what another thread has to say.
    pub(super) fn signal(&mut self, signal: Signal) -> Vec<Settled> {
        match signal {
            Signal::Overdue => Vec::new(),
            Signal::Awake(id) => {
                if let Some(Suspended { run, .. }) = self.waiting.remove(&id) {
                    self.go_on(run);
                }
                Vec::new()
            }
            Signal::Killed(id) => self.hasten(id),
        }
    }

    /// Ends a run whose flag is up: at once, if it has not begun; else it goes before all others, unless a worker has it.
    fn hasten(&mut self, id: u64) -> Vec<Settled> {
        let mut settled = Vec::new();
        let Some(Ticket { owner, place, .. }) = self.tickets.get(&id) else {
            // It has ended, but its context may have kept its VM.
            self.evicted.extend(self.contexts.evict());
            return settled;
        };
        match *place {
            Place::Running | Place::Killed => {}
            Place::InContext(context) => {
                if let Some(run) = self.contexts.remove(context, id) {
                    self.settle(run.refuse_killed(), &mut settled);
                }
            }
            Place::Queued => {
                if let Some(run) = self.queued.remove(owner, id) {
                    self.settle(run.refuse_killed(), &mut settled);
                }
            }
            Place::Preempted(key) => {
                if let Some(run) = self.preempted.remove(owner, key) {
                    self.end_killed(run);
                }
            }
            Place::Ready(key) => {
                if let Some(run) = self.ready.remove(owner, key) {
                    self.end_killed(run);
                }
            }
            Place::Waiting => {
                if let Some(Suspended { run, .. }) = self.waiting.remove(&id) {
                    self.go_on(run);
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
        self.hasten(id)
    }

    /// Stops all runs. Flags first: the end of one run must not start another. Those that wait for their turn in a context
    /// end with it, or get their turn and are refused then.
    pub(super) fn kill_all(&mut self) -> Vec<Settled> {
        let mut ids = Vec::with_capacity(self.tickets.len());
        for (id, ticket) in &self.tickets {
            ticket.flag.kill(Kill::Stopped.reason());
            if !matches!(ticket.place, Place::InContext(_)) {
                ids.push(*id);
            }
        }
        ids.sort_unstable();
        ids.into_iter().flat_map(|id| self.hasten(id)).collect()
    }

    /// Drops every run that no worker has, kills the others, and starts none any more.
    pub(super) fn close(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        for ticket in self.tickets.values() {
            ticket.flag.kill(Kill::Stopped.reason());
        }
        self.drop_all();
    }

    fn drop_all(&mut self) {
        self.queued = FairQueue::new();
        self.preempted = FairQueue::new();
        self.ready = FairQueue::new();
        self.waiting.clear();
        self.killed.clear();
        self.contexts.clear();
        self.warm.clear();
    }

    fn is_stopped(&self) -> bool {
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

    /// See [`Contexts::memory`].
    pub(super) fn context_memory(&self, id: ContextId) -> usize {
        self.contexts.memory(id)
    }

    /// How many runs have not begun: queued, or waiting for their turn in a context.
    pub(super) fn queued(&self) -> usize {
        self.queued.len() + self.contexts.waiting()
    }

    /// How many runs workers have.
    pub(super) fn running(&self) -> usize {
        self.tickets.len() - self.queued() - self.suspended()
    }

    /// How many runs are started, not done, and hold no worker.
    pub(super) fn suspended(&self) -> usize {
        self.preempted.len() + self.ready.len() + self.waiting.len() + self.killed.len()
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
        !self.waiting.is_empty()
    }

    /// Whether the queue has filled, or emptied after that, since this was last asked.
    pub(super) fn pressure(&mut self) -> Option<Pressure> {
        let filled = std::mem::take(&mut self.filled);
        if !self.full {
            self.full = filled;
            return filled.then_some(Pressure::Full);
        }
        let has_room = self.capacity.queue > 0 || self.busy < self.capacity.slots;
        let drained = self.places_taken() == 0 && has_room;
        self.full = !drained;
        drained.then_some(Pressure::Drained)
    }

    fn is_started(&mut self, owner: &ScriptId) {
        self.started += 1;
        *self.started_of.entry(owner.clone()).or_default() += 1;
    }

    fn is_not_started(&mut self, owner: &ScriptId) {
        self.started -= 1;
        if let Entry::Occupied(mut count) = self.started_of.entry(owner.clone()) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }

    fn place(&mut self, id: u64, place: Place) {
        if let Some(ticket) = self.tickets.get_mut(&id) {
            ticket.place = place;
        }
    }

    /// A batch for a free slot, if there is one and something to do: for whoever has a worker for it.
    pub(super) fn take_batch(&mut self) -> Option<Batch> {
        if self.is_stopped() {
            self.drop_all();
            return None;
        }
        if self.busy >= self.capacity.slots {
            return None;
        }
        let batch = self.next_batch()?;
        Some(self.begin(batch))
    }

    /// A batch that builds VMs ahead, as many as are missing, if there is nothing else to do.
    pub(super) fn take_warm_up(&mut self) -> Option<Batch> {
        let build = self.capacity.warm.saturating_sub(self.warm.len());
        let has_room = self.factory.memory().room() == Room::Free;
        if build == 0 || !has_room || self.busy > 0 || self.is_stopped() {
            return None;
        }
        let batch = Batch { build, ..self.batch(Vec::new(), false) };
        Some(self.begin(batch))
    }

    fn begin(&mut self, batch: Batch) -> Batch {
        self.busy += 1;
        if batch.queued {
            self.queued_batches += 1;
            self.followers += batch.followers();
        }
        for run in &batch.runs {
            self.place(run.id(), Place::Running);
        }
        batch
    }

    fn next_batch(&mut self) -> Option<Batch> {
        if !self.killed.is_empty() {
            let share = self.killed.len().min(Batch::MAX);
            let runs = self.killed.drain(..share).collect();
            return Some(self.batch(runs, false));
        }
        self.turn += 1;
        if self.turn.is_multiple_of(TURN)
            && let Some(run) = self.preempted.pop(|_| true)
        {
            return Some(self.batch(vec![run], false));
        }
        // Queued runs and those that waited take turns, too.
        let ready_first = self.turn.is_multiple_of(2);
        let queued = if ready_first && !self.ready.is_empty() { Vec::new() } else { self.next_queued() };
        if !queued.is_empty() {
            return Some(self.batch(queued, true));
        }
        let share = self.ready.len().div_ceil(self.capacity.slots).min(Batch::MAX);
        let ready: Vec<Run> = std::iter::from_fn(|| self.ready.pop(|_| true)).take(share).collect();
        if !ready.is_empty() {
            return Some(self.batch(ready, false));
        }
        let run = self.preempted.pop(|_| true)?;
        Some(self.batch(vec![run], false))
    }

    /// Queued runs for one batch: a fair share for each slot, so that no batch takes what another slot could execute
    /// now. Of one batch at most one run is started and not done, because after it no other begins.
    fn next_queued(&mut self) -> Vec<Run> {
        let room = self.begin_by_memory();
        let share = self.queued.len().div_ceil(self.capacity.slots).min(Batch::MAX);
        let started = self.started + self.queued_batches;
        let may = |owner: &ScriptId| {
            started < MAX_STARTED || started < 2 * MAX_STARTED && !self.started_of.contains_key(owner)
        };
        let (share, needs_vm) = match room {
            Begin::Any => (share, false),
            Begin::One => (1, false),
            Begin::WithVm => (share, true),
        };
        let may = |owner: &ScriptId, run: &Run| may(owner) && (!needs_vm || run.has_vm());
        std::iter::from_fn(|| self.queued.pop_item(may)).take(share).collect()
    }

    /// Which queued runs may begin, as far as memory goes.
    fn begin_by_memory(&mut self) -> Begin {
        if self.queued.is_empty() || self.factory.memory().room() == Room::Free {
            return Begin::Any;
        }
        // VMs that nobody uses go first.
        self.warm.clear();
        match self.factory.memory().room() {
            Room::Free => Begin::Any,
            _ if self.goes_on() => Begin::WithVm,
            Room::Tight => Begin::One,
            Room::None => Begin::WithVm,
        }
    }

    fn batch(&mut self, runs: Vec<Run>, queued: bool) -> Batch {
        let warm = if queued { self.warm.split_off(self.warm.len().saturating_sub(runs.len())) } else { Vec::new() };
        let (factory, wake_up, stopped) = (self.factory.clone(), self.wake_up.clone(), self.stopped.clone());
        Batch { runs, queued, warm, build: 0, factory, wake_up, stopped, worked: Duration::ZERO }
    }
}
