//! Which run executes when: a fair queue, and a bounded number of slots on worker threads.
//!
//! Lives on one thread (Node's JS thread). Invariants, tested with a `Slices` that executes when told:
//! - at most `slots` batches are with `Slices` at any time, and that many whenever so many runs can go on;
//! - among runs that wait, those of different scripts take turns; one script's own begin in the order of submission;
//! - runs that wait for their first slice come first, so that short runs overtake long ones, but every fourth time
//!   it is a started one's turn, so that long runs always make progress;
//! - no more than [`MAX_STARTED`] runs are started and unfinished, and no more than as many again of scripts that had
//!   none when they began: a flood of long runs neither holds the memory of all of them nor makes all of them time
//!   out, and no script that has nothing started waits for one that has much;
//! - a run that waits for the host or for a time holds no slot and does not count as unfinished; when it goes on, it
//!   takes turns with those that wait for their first slice;
//! - a run that is killed goes before all others, to give its VM back;
//! - every submitted run settles exactly once; one that is refused (the queue is full) was never there.

mod run;
mod slices;
mod timer;
mod turns;
mod watchdog;

pub use run::{Run, SLICE, Settled, Usage, compile};
pub use slices::{Alarm, Batch, Signal, Slices, Threads};

use crate::state::ScriptId;
use crate::vm::{Answer, Host, HostCall, Kill, Vm, Wait};
use moonpool_lua::Flag;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use timer::Timer;
use turns::Turns;

/// How many runs of one engine may be started and not done; the same number again is for scripts without any.
pub const MAX_STARTED: usize = 64;

/// Of so many batches, one goes to a run that has started, however many wait for their first slice.
const TURN: usize = 4;

/// What an engine may use.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// Worker threads at once, at least one.
    pub slots: usize,
    /// Runs that may wait for their first slice.
    pub queue: usize,
    /// VMs to build ahead while nothing else is to be done.
    pub warm: usize,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { slots: 1, queue: usize::MAX, warm: 0 }
    }
}

/// The scheduler of one engine.
///
/// ```
/// use moonpool::engine::{Capacity, Engine, Run, Threads};
/// use moonpool::state::{MemoryStore, ScriptId};
/// use moonpool::vm::{Chunk, Exchange, Host, Libraries, Limits, Modules, Script, Template};
/// use std::sync::Arc;
///
/// let host = Arc::new(Host {
///     store: Arc::new(MemoryStore::new(MemoryStore::DEFAULT_QUOTA)),
///     template: Arc::new(Template::new(Libraries::ALL)),
///     code_cache: None,
///     modules: Modules::default(),
///     functions: Default::default(),
/// });
/// let (threads, done) = Threads::new();
/// let mut engine = Engine::new(threads, host.clone(), Capacity { slots: 2, ..Capacity::default() });
/// let script = Script {
///     chunk: Chunk::Source(b"return 6 * 7".as_slice().into()),
///     id: ScriptId::new("example")?,
///     name: "example".into(),
///     limits: Limits::default(),
///     exchange: Exchange::default(),
///     host,
/// };
/// assert!(engine.submit(Run::new(1, script)).is_ok());
/// let settled = engine.finished(done.recv().map_err(|e| e.to_string())?).settled;
/// assert_eq!(settled[0].outcome.as_ref().map(|success| &*success.text), Ok("42"));
/// # Ok::<(), String>(())
/// ```
pub struct Engine<S> {
    slices: S,
    alarm: Alarm,
    host: Arc<Host>,
    capacity: Capacity,
    busy: usize,
    /// How many of the batches that are with `slices` are of fresh runs.
    fresh_batches: usize,
    /// How many runs those have beyond the first of each: they may come back without having begun.
    behind: usize,
    /// Not executed yet, by number.
    fresh: Turns<Run>,
    /// Executed for a slice and not done, by the count of their slices' ends.
    started: Turns<Run>,
    /// Not waiting any more, by the count of their slices' ends.
    ready: Turns<Run>,
    /// Waiting for the host or for a time, by number.
    waiting: HashMap<u64, Waiting>,
    /// Killed, started, and not done.
    dying: VecDeque<Run>,
    /// Every run that is not settled: who it is, how to stop it, and where it is.
    tickets: HashMap<u64, Ticket>,
    /// How many runs each script has that are started and not done, wherever they are.
    unfinished_of: HashMap<ScriptId, usize>,
    unfinished: usize,
    /// Counts batches, to see whose turn it is; and slices' ends.
    turn: usize,
    left: u64,
    warm: Vec<Vm>,
    stopped: Arc<AtomicBool>,
    totals: Totals,
}

struct Ticket {
    owner: ScriptId,
    flag: Arc<Flag>,
    place: Place,
}

struct Waiting {
    run: Run,
    _timer: Option<Timer>,
}

/// A call of a function of the host's, by a run that waits for the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The number of the run.
    pub run: u64,
    /// What it calls.
    pub call: HostCall,
}

/// What came of a batch.
#[derive(Default)]
pub struct Finished {
    /// Runs that are done.
    pub settled: Vec<Settled>,
    /// Runs that call the host; each goes on after [`Engine::answer`].
    pub calls: Vec<Call>,
}

#[derive(Clone, Copy)]
enum Place {
    Fresh,
    /// By its key there.
    Started(u64),
    /// By its key there.
    Ready(u64),
    Waiting,
    /// With `slices`, or dying.
    Away,
}

/// What an engine counts from its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Runs that began.
    pub started: u64,
    /// Time that worker threads spent with this engine's batches.
    pub worked: Duration,
}

impl<S: Slices> Engine<S> {
    /// An idle engine.
    pub fn new(slices: S, host: Arc<Host>, capacity: Capacity) -> Self {
        Self {
            alarm: slices.alarm(),
            slices,
            host,
            capacity: Capacity { slots: capacity.slots.max(1), ..capacity },
            busy: 0,
            fresh_batches: 0,
            behind: 0,
            fresh: Turns::new(),
            started: Turns::new(),
            ready: Turns::new(),
            waiting: HashMap::new(),
            dying: VecDeque::new(),
            tickets: HashMap::new(),
            unfinished_of: HashMap::new(),
            unfinished: 0,
            turn: 0,
            left: 0,
            warm: Vec::new(),
            stopped: Arc::default(),
            totals: Totals::default(),
        }
    }

    /// Builds VMs ahead, as many as are missing, if there is nothing else to do. To be called when the engine has been
    /// idle for a moment: between two runs it would only be in the way.
    pub fn warm_up(&mut self) {
        let build = self.capacity.warm.saturating_sub(self.warm.len());
        if build > 0 && self.busy == 0 && !self.stopped.load(Ordering::Relaxed) {
            let batch = Batch { build, ..self.batch(Vec::new(), false) };
            self.start(batch);
        }
    }

    /// Queues a run, and starts it when a slot is free.
    ///
    /// # Errors
    /// The run, when it would have to wait and the queue is full.
    pub fn submit(&mut self, run: Run) -> Result<(), Box<Run>> {
        let (id, owner) = (run.id(), run.owner().clone());
        self.tickets.insert(id, Ticket { owner: owner.clone(), flag: run.flag().clone(), place: Place::Fresh });
        self.fresh.push(&owner, id, run);
        self.fill();
        if self.fresh.len() + self.behind > self.capacity.queue
            && let Some(run) = self.fresh.remove(&owner, id)
        {
            self.tickets.remove(&id);
            return Err(Box::new(run));
        }
        Ok(())
    }

    /// Takes back a batch that `slices` has executed, starts the next, and says what came of its runs.
    pub fn finished(&mut self, batch: Batch) -> Finished {
        self.busy -= 1;
        if batch.fresh {
            self.fresh_batches -= 1;
            self.behind -= batch.runs.len() - 1;
        }
        self.totals.worked += batch.worked;
        self.warm.extend(batch.warm);
        let mut finished = Finished::default();
        let mut not_executed = Vec::new();
        for run in batch.runs {
            let owner = run.owner().clone();
            match if run.is_queued() { run.refuse() } else { run.settle() } {
                Ok(done) => {
                    self.tickets.remove(&done.id);
                    self.totals.started += u64::from(batch.fresh && done.usage.slices > 0);
                    if !batch.fresh {
                        self.is_finished(&owner);
                    }
                    finished.settled.push(done);
                }
                Err(run) if run.is_queued() => not_executed.push(run),
                Err(mut run) => {
                    self.totals.started += u64::from(batch.fresh);
                    let wait = run.take_wait();
                    match (batch.fresh, wait.is_some()) {
                        (true, false) => self.leaves_unfinished(&owner),
                        (false, true) => self.is_finished(&owner),
                        _ => {}
                    }
                    match wait {
                        Some(wait) => finished.calls.extend(self.wait(run, wait)),
                        None => self.wait_for_turn(run),
                    }
                }
            }
        }
        for run in not_executed.into_iter().rev() {
            self.place(run.id(), Place::Fresh);
            self.fresh.put_back(&run.owner().clone(), run.id(), run);
        }
        self.fill();
        finished
    }

    /// Puts a run aside that waits for something else than its turn.
    fn wait(&mut self, run: Run, wait: Wait) -> Option<Call> {
        let id = run.id();
        if run.is_killed() {
            self.go_on(run);
            return None;
        }
        let (timer, call) = match wait {
            Wait::Call(call) => (None, Some(Call { run: id, call })),
            Wait::Sleep(time) => {
                let alarm = self.alarm.clone();
                (Some(Timer::after(time, move || alarm(Signal::Awake(id)))), None)
            }
        };
        self.place(id, Place::Waiting);
        self.waiting.insert(id, Waiting { run, _timer: timer });
        self.slices.hold(true);
        call
    }

    /// Lets a run go on that waited: among those that are ready, or, when it was killed meanwhile, to its end.
    fn go_on(&mut self, run: Run) {
        self.leaves_unfinished(&run.owner().clone());
        if run.is_killed() {
            self.place(run.id(), Place::Away);
            self.dying.push_back(run);
            return;
        }
        self.left += 1;
        self.place(run.id(), Place::Ready(self.left));
        self.ready.push(&run.owner().clone(), self.left, run);
    }

    fn take_waiting(&mut self, id: u64) -> Option<Run> {
        let waiting = self.waiting.remove(&id)?;
        self.slices.hold(!self.waiting.is_empty());
        Some(waiting.run)
    }

    /// Gives a run the answer that it waits for. One that does not wait any more has no use for it.
    pub fn answer(&mut self, id: u64, answer: Answer) {
        if let Some(mut run) = self.take_waiting(id) {
            run.answer(answer);
            self.go_on(run);
            self.fill();
        }
    }

    /// Hears what other threads have to say.
    pub fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::Overdue => {}
            Signal::Awake(id) => {
                if let Some(run) = self.take_waiting(id) {
                    self.go_on(run);
                }
            }
            Signal::Killed(id) => self.hasten(id),
        }
        self.fill();
    }

    /// Lets a run that was killed go before all others, if it is started and not with a worker.
    fn hasten(&mut self, id: u64) {
        let Some(ticket) = self.tickets.get_mut(&id) else { return };
        match ticket.place {
            Place::Fresh | Place::Away => return,
            Place::Started(key) => self.dying.extend(self.started.remove(&ticket.owner, key)),
            Place::Ready(key) => self.dying.extend(self.ready.remove(&ticket.owner, key)),
            Place::Waiting => {
                if let Some(run) = self.take_waiting(id) {
                    self.go_on(run);
                }
                return;
            }
        }
        self.place(id, Place::Away);
    }

    fn wait_for_turn(&mut self, run: Run) {
        if run.is_killed() {
            self.dying.push_back(run);
            return;
        }
        self.left += 1;
        self.place(run.id(), Place::Started(self.left));
        self.started.push(&run.owner().clone(), self.left, run);
    }

    /// Stops a run: at once, if it has not begun, and then says what came of it; else it is told to die, and comes out
    /// of [`Engine::finished`]. A run that is settled already is left alone.
    pub fn kill(&mut self, id: u64) -> Option<Settled> {
        let ticket = self.tickets.get_mut(&id)?;
        ticket.flag.kill(Kill::Stopped.reason());
        if let Place::Fresh = ticket.place {
            let run = self.fresh.remove(&ticket.owner, id)?;
            self.tickets.remove(&id);
            return run.refuse().ok();
        }
        self.hasten(id);
        self.fill();
        None
    }

    /// Ends a run whose `queueTimeout` has passed, if it still waits for its first slice.
    pub fn expire(&mut self, id: u64) -> Option<Settled> {
        let Ticket { owner, place: Place::Fresh, .. } = self.tickets.get(&id)? else { return None };
        let run = self.fresh.remove(owner, id)?;
        self.tickets.remove(&id);
        Some(run.expire())
    }

    /// Stops all runs, as [`Engine::kill`] does.
    pub fn kill_all(&mut self) -> Vec<Settled> {
        let mut ids: Vec<u64> = self.tickets.keys().copied().collect();
        ids.sort_unstable();
        ids.into_iter().filter_map(|id| self.kill(id)).collect()
    }

    /// Drops every run that is not with `slices`, kills those that are, and starts no other: for when nobody is left to
    /// hear of them. Those come back soon, and are dropped then.
    pub fn close(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        for ticket in self.tickets.values() {
            ticket.flag.kill(Kill::Stopped.reason());
        }
        self.fill();
    }

    /// How many runs wait for their first slice.
    pub fn queued(&self) -> usize {
        self.fresh.len()
    }

    /// Whether no run waits, and another one would find a place.
    pub fn has_room(&self) -> bool {
        let waiting = self.fresh.len() + self.behind;
        waiting == 0 && (self.capacity.queue > 0 || self.busy < self.capacity.slots)
    }

    /// How many runs are with worker threads.
    pub fn running(&self) -> usize {
        self.tickets.len() - self.queued() - self.suspended()
    }

    /// How many runs are started, not done, and hold no worker thread.
    pub fn suspended(&self) -> usize {
        self.started.len() + self.ready.len() + self.waiting.len() + self.dying.len()
    }

    /// How many runs are started and not done.
    pub fn started(&self) -> usize {
        self.unfinished
    }

    /// How many batches are with `slices`.
    pub fn busy(&self) -> usize {
        self.busy
    }

    /// How many VMs are built and wait for a script.
    pub fn warm(&self) -> usize {
        self.warm.len()
    }

    /// What was counted.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    fn leaves_unfinished(&mut self, owner: &ScriptId) {
        self.unfinished += 1;
        *self.unfinished_of.entry(owner.clone()).or_default() += 1;
    }

    fn is_finished(&mut self, owner: &ScriptId) {
        self.unfinished -= 1;
        if let Entry::Occupied(mut count) = self.unfinished_of.entry(owner.clone()) {
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

    fn fill(&mut self) {
        if self.stopped.load(Ordering::Relaxed) {
            self.fresh = Turns::new();
            self.started = Turns::new();
            self.ready = Turns::new();
            self.waiting.clear();
            self.slices.hold(false);
            self.dying.clear();
            self.warm.clear();
            return;
        }
        while self.busy < self.capacity.slots
            && let Some(batch) = self.next_batch()
        {
            self.start(batch);
        }
    }

    fn start(&mut self, batch: Batch) {
        self.busy += 1;
        if batch.fresh {
            self.fresh_batches += 1;
            self.behind += batch.runs.len() - 1;
        }
        for run in &batch.runs {
            self.place(run.id(), Place::Away);
        }
        self.slices.start(batch);
    }

    fn next_batch(&mut self) -> Option<Batch> {
        if !self.dying.is_empty() {
            let share = self.dying.len().min(Batch::MAX);
            let runs = self.dying.drain(..share).collect();
            return Some(self.batch(runs, false));
        }
        self.turn += 1;
        if self.turn.is_multiple_of(TURN)
            && let Some(run) = self.started.pop(|_| true)
        {
            return Some(self.batch(vec![run], false));
        }
        // Fresh runs and those that waited take turns, too.
        let ready_first = self.turn.is_multiple_of(2);
        let fresh = if ready_first && !self.ready.is_empty() { Vec::new() } else { self.next_fresh() };
        if !fresh.is_empty() {
            return Some(self.batch(fresh, true));
        }
        let share = self.ready.len().div_ceil(self.capacity.slots).min(Batch::MAX);
        let ready: Vec<Run> = std::iter::from_fn(|| self.ready.pop(|_| true)).take(share).collect();
        if !ready.is_empty() {
            return Some(self.batch(ready, false));
        }
        let run = self.started.pop(|_| true)?;
        Some(self.batch(vec![run], false))
    }

    /// Fresh runs for one batch: a fair share for each slot, so that no batch takes what another slot could execute
    /// now. Of one batch at most one run is left unfinished, because after it no other begins.
    fn next_fresh(&mut self) -> Vec<Run> {
        let unfinished = self.unfinished + self.fresh_batches;
        let may = |owner: &ScriptId| {
            unfinished < MAX_STARTED || unfinished < 2 * MAX_STARTED && !self.unfinished_of.contains_key(owner)
        };
        let share = self.fresh.len().div_ceil(self.capacity.slots).min(Batch::MAX);
        std::iter::from_fn(|| self.fresh.pop(may)).take(share).collect()
    }

    fn batch(&mut self, runs: Vec<Run>, fresh: bool) -> Batch {
        let warm = if fresh { self.warm.split_off(self.warm.len().saturating_sub(runs.len())) } else { Vec::new() };
        let (host, alarm, stopped) = (self.host.clone(), self.alarm.clone(), self.stopped.clone());
        Batch { runs, fresh, warm, build: 0, host, alarm, stopped, worked: Duration::ZERO }
    }
}
