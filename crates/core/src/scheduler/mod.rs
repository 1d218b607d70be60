//! Which run executes when: a fair queue, and a bounded number of slots on worker threads.
//!
//! Decides on the engine's thread (Node's JS thread), or on a worker that goes on by itself, and calls out only while nothing is
//! locked. Invariants, tested with
//! [`Workers`] that execute when told:
//! - at most `slots` batches are with the workers at any time, and that many whenever so many runs can go on;
//! - among runs that are queued, those of different scripts take turns; one script's own begin in the order of submission;
//! - queued runs come first, so that short runs overtake long ones, but a quarter of the time is for preempted ones, so that
//!   long runs always make progress;
//! - a preempted run that has executed for a millisecond gives its slot up when one comes that could begin, or go on after
//!   a wait, and finds all slots taken; so each of those that come ends one slice, and no slice is shorter;
//! - slices of preempted runs last 2 ms when others had a worker within the last 10 ms;
//! - no more than [`MAX_STARTED`] runs are started and not done, and no more than as many again of scripts that had
//!   none when they began: a flood of long runs neither holds the memory of all of them nor makes all of them time
//!   out, and no script that has nothing started waits for one that has much;
//! - a run that waits for the host or for a time holds no slot and does not count as started; when it goes on, it
//!   takes turns with those that are queued, and however many do, no script that has nothing started waits for them;
//! - runs of a batch whose time did not suffice for them keep their turns;
//! - runs of one context happen one after the other, in the order of submission; those whose turn has not come count
//!   as queued;
//! - a run that is killed goes before all others, to give its VM back;
//! - a run that a script has called goes before others of its id, takes the place of one that waits for such a script, as far as limits of ids go, and
//!   where memory is short it begins, or is refused, when everything else waits: it may be what all of them wait for;
//! - when the VMs hold seven eighths of what they may (less when runs are large), no run begins that needs another one, as long as any other has begun
//!   and not ended; when none has, and so contexts between two runs hold that much, one at a time begins, and when those
//!   hold everything, it is refused;
//! - a worker that goes on with the next batch takes the one that the engine's thread would have given it; what came of the one
//!   before is told in the order in which it came, and a call that its run does not wait for any more is not made;
//! - every run that was submitted settles exactly once; one that is refused was never there.

mod bucket;
mod contexts;
mod fair_queue;
mod gate;
mod handed_in;
mod memory;
mod order;
mod output;
mod patience;
mod run;
mod runs;
mod several;
mod shares;
mod signal;
mod tenants;
mod thread;
mod timer;
mod turns;
mod watchdog;
mod workers;

pub use run::{Caller, ContextId, Next, Run, SLICE, Settled, Usage, compile, run_prelude};
pub use runs::MAX_STARTED;
pub use signal::{Signal, WakeUp};
pub use tenants::{IdLimits, IdUsage};
pub use workers::{Batch, Threads, Workers};

use crate::bridge::{Answer, HostCall, Question};
use crate::error::Error;
use crate::memory::Held;
use crate::state::{Quotas, ScriptId};
use crate::vm::{Factory, Script};
use order::Lengths;
use runs::Runs;
use several::Asked;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What an engine may use.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// Worker threads at once, at least one.
    pub slots: usize,
    /// Runs that may wait to begin.
    pub queue: usize,
    /// VMs to build ahead while nothing else is to be done.
    pub warm: usize,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { slots: 1, queue: 10_000, warm: 4 }
    }
}

/// A call of a host function, by a run that waits for the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct HostCallOf {
    /// The number of the run.
    pub run: u64,
    /// The number of its wait: 0 when it waits for this alone; else a function of `parallel` does.
    pub number: u32,
    /// What it calls.
    pub call: HostCall,
}

/// What a run tells the host while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldBy {
    /// The number of the run.
    pub run: u64,
    /// What it tells, in frames: see [`Told`](crate::bridge::Told).
    pub frames: Vec<u8>,
}

/// What came of a batch.
#[derive(Default)]
pub struct Finished {
    /// What runs tell: to be heard before anything else of theirs.
    pub told: Vec<ToldBy>,
    /// Runs that are done.
    pub settled: Vec<Settled>,
    /// Runs that call the host; each goes on after [`Scheduler::answer`].
    pub calls: Vec<HostCallOf>,
    /// Calls that nobody waits for any more, though their runs go on: the number of the run, and of the wait.
    pub given_up: Vec<(u64, u32)>,
    /// How much of each came before the rest, where that makes a difference: see [`Finished::in_order`].
    ends: Vec<Lengths>,
}

impl Finished {
    /// How many things the host is told.
    fn len(&self) -> usize {
        self.told.len() + self.settled.len() + self.calls.len() + self.given_up.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What an engine counts from its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Runs that began, and of which the host has heard what came of their first batch.
    pub started: u64,
    /// Time that worker threads spent with this engine's batches.
    pub worked: Duration,
}

/// How the queue has changed for those who feed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressure {
    /// As many runs wait as may, or one was refused.
    Full,
    /// None waits any more.
    Drained,
}

/// The scheduler of one engine.
///
/// ```
/// use moonpool_core::api::libraries::Libraries;
/// use moonpool_core::bridge::{Limits, Services};
/// use moonpool_core::scheduler::{Caller, Capacity, Scheduler, Threads};
/// use moonpool_core::state::{MemoryStore, ScriptId};
/// use moonpool_core::vm::{Chunk, Exchange, Factory, Script};
/// use std::sync::Arc;
///
/// let factory = Arc::new(Factory::new(Libraries::ALL, None));
/// let (threads, done) = Threads::new();
/// let scheduler = Scheduler::new(threads, factory, Capacity { slots: 2, ..Capacity::default() });
/// let script = Script {
///     chunk: Chunk::Source(b"return 6 * 7".as_slice().into()),
///     id: ScriptId::new("example")?,
///     name: "example".into(),
///     limits: Limits::default(),
///     exchange: Exchange::default(),
///     services: Arc::new(Services::new(Arc::new(MemoryStore::default()), 1 << 20)),
/// };
/// let id = scheduler.submit(script, Caller::Host).map_err(|e| e.message)?;
/// let settled = scheduler.finished(done.recv().map_err(|e| e.to_string())?).settled;
/// assert_eq!(settled[0].id, id);
/// assert_eq!(settled[0].outcome.as_ref().map(|success| &*success.text), Ok("42"));
/// # Ok::<(), String>(())
/// ```
pub struct Scheduler<W> {
    workers: W,
    runs: Arc<Mutex<Runs>>,
    /// What the workers were last told by [`Workers::hold`].
    holds: AtomicBool,
    /// Whether the queue has filled, and that it has emptied again is still to be told: looked at without the lock.
    is_pressed: AtomicBool,
}

// Any thread may decide what is next: everything that is needed for it is behind the lock, and moves.
const _: fn() = || {
    fn is_send<T: Send>() {}
    is_send::<Runs>();
};

impl<W: Workers> Scheduler<W> {
    /// An idle scheduler.
    pub fn new(workers: W, factory: Arc<Factory>, capacity: Capacity) -> Self {
        let wake_up = workers.wake_up();
        let runs = Arc::new_cyclic(|runs| Mutex::new(Runs::new(factory, wake_up, capacity, runs.clone())));
        Self { workers, runs, holds: AtomicBool::new(false), is_pressed: AtomicBool::new(false) }
    }

    /// Builds VMs ahead, as many as are missing, if there is nothing else to do. To be called when the engine has been
    /// idle for a moment: between two runs it would only be in the way.
    pub fn warm_up(&self) {
        self.step(Runs::warm_up);
    }

    /// Queues a run, and starts it when a slot is free. Returns its number, which is greater than those before.
    ///
    /// # Errors
    /// `ERR_QUEUE_FULL` when it would have to wait and the queue is full, `ERR_ENGINE_CLOSED` after [`Self::close`].
    pub fn submit(&self, script: Script, caller: Caller) -> Result<u64, Error> {
        self.step(|runs| runs.submit(script, caller, None))
    }

    /// As [`Self::submit`], in a context: it begins when the runs that were submitted there before have ended.
    ///
    /// # Errors
    /// As [`Self::submit`], and `ERR_CONTEXT_CLOSED` when the context is closed, or was ended by a run that was stopped.
    pub fn submit_within(&self, context: ContextId, script: Script, caller: Caller) -> Result<u64, Error> {
        self.step(|runs| runs.submit(script, caller, Some(context)))
    }

    /// Takes back a batch that a worker has executed, starts the next, and says what came of its runs.
    pub fn finished(&self, batch: Batch) -> Finished {
        self.step(|runs| runs.finished(batch))
    }

    /// Gives a run the answer that it waits for. One that does not wait any more has no use for it.
    pub fn answer(&self, id: u64, answer: Answer) {
        self.answer_one(id, 0, answer);
    }

    /// As [`Self::answer`], in its wait of this number.
    pub fn answer_one(&self, id: u64, number: u32, answer: Answer) {
        self.step(|runs| runs.answer(id, number, answer, None));
    }

    /// As [`Self::answer_one`], with what another script returned. That holds memory of the engine until it is taken over.
    pub fn answer_by_script(&self, id: u64, number: u32, answer: Answer, held: Option<Held>) {
        self.step(|runs| runs.answer(id, number, answer, held));
    }

    /// Hears what another thread has to say, and says what came of that.
    pub fn signal(&self, signal: Signal) -> Finished {
        let (mut finished, evicted) = self.lock().hear(signal);
        // First these give their memory back, then others begin with it.
        drop(evicted);
        finished.settled.extend(self.step(Runs::go_ahead));
        finished
    }

    /// Goes on with what has waited for memory: to be called when a [`Settled::held`] was dropped. Says what that ended.
    pub fn go_on(&self) -> Vec<Settled> {
        self.step(|runs| {
            let settled = runs.go_ahead();
            runs.after_handed_in(settled)
        })
    }

    /// Stops a run: at once, if it has not begun, and then says what came of it; else it is told to die, and comes out
    /// of [`Self::finished`]. A run that is settled already is left alone.
    pub fn kill(&self, id: u64) -> Vec<Settled> {
        self.step(|runs| runs.kill(id))
    }

    /// Lets all runs end as soon as they can: none begins, and those that execute stop. Flags first: the end of one run must
    /// not start another. Each is then ended by [`Self::end_doomed`].
    pub fn doom_all(&self) {
        self.lock().doom_all();
    }

    /// As [`Self::kill`], after [`Self::doom_all`]. A run that waits for its turn in a context ends with that, or gets its
    /// turn and is refused then.
    pub fn end_doomed(&self, id: u64) -> Vec<Settled> {
        self.step(|runs| runs.end_doomed(id))
    }

    /// Drops every run that no worker has, kills the others, and starts none any more: for when nobody is left to hear
    /// of them. Those come back soon, and are dropped then.
    pub fn close(&self) {
        self.step(Runs::close);
    }

    /// A new context: its first run makes a VM, in which the later ones find what those before left.
    pub fn create_context(&self) -> ContextId {
        self.lock().create_context()
    }

    /// Lets a context take no further run. Those that it has taken still happen; then its VM is dropped.
    pub fn close_context(&self, id: ContextId) {
        let vm = self.lock().close_context(id);
        // First it gives its memory back, then others begin with it.
        drop(vm);
        self.step(Runs::fill);
    }

    /// Whether a context takes runs.
    pub fn is_context_open(&self, id: ContextId) -> bool {
        self.lock().is_context_open(id)
    }

    /// The bytes that the VM of a context holds, between two runs; otherwise 0.
    pub fn context_memory(&self, id: ContextId) -> usize {
        self.lock().context_memory(id)
    }

    /// How many runs wait to begin: queued, waiting for their turn in a context, or behind the first of their batch, as they may
    /// come back.
    pub fn queued(&self) -> usize {
        self.lock().queued()
    }

    /// How many runs are with worker threads, but for those that still wait to begin there.
    pub fn running(&self) -> usize {
        self.lock().running()
    }

    /// How many runs are started, not done, and hold no worker thread.
    pub fn suspended(&self) -> usize {
        self.lock().suspended()
    }

    /// How many runs are started, not done, and do not wait.
    pub fn started(&self) -> usize {
        self.lock().started()
    }

    /// How many batches are with the workers.
    pub fn busy(&self) -> usize {
        self.lock().busy()
    }

    /// How many VMs are built and wait for a script.
    pub fn warm(&self) -> usize {
        self.lock().warm()
    }

    /// What was counted.
    pub fn totals(&self) -> Totals {
        self.lock().totals()
    }

    /// Whether the queue has filled, or emptied after that, since this was last asked.
    pub fn pressure(&self) -> Option<Pressure> {
        if !self.is_pressed.load(Ordering::Relaxed) {
            return None;
        }
        let mut runs = self.lock();
        let pressure = runs.pressure();
        self.is_pressed.store(runs.is_pressed(), Ordering::Relaxed);
        pressure
    }

    /// What every id may use that is not known yet and gets no limits of its own.
    pub fn set_default_limits(&self, limits: IdLimits) {
        self.lock().tenants().set_default(limits);
    }

    /// What one id may use, from now on.
    pub fn set_limits(&self, id: &ScriptId, limits: IdLimits) {
        self.step(|runs| {
            runs.set_limits(id, limits);
            // The next signal tells of those that cannot begin any more.
            let refused = runs.go_ahead();
            runs.untold.extend(refused);
        });
    }

    /// Whether an id is known, and its limits need not be asked for.
    pub fn knows(&self, id: &ScriptId) -> bool {
        self.lock().tenants().knows(id)
    }

    /// How many ids are known.
    pub fn ids(&self) -> usize {
        self.lock().tenants().len()
    }

    /// Lets the limits of one id, or of all, be asked for again. Returns those that have something going on.
    pub fn refresh_limits(&self, id: Option<&ScriptId>) -> Vec<ScriptId> {
        self.lock().tenants().refresh(id)
    }

    /// What an id has going on.
    pub fn usage(&self, id: &ScriptId) -> IdUsage {
        self.lock().tenants().usage(id)
    }

    /// Where ids have quotas of their own in State.
    pub fn set_quotas(&self, quotas: Arc<Quotas>) {
        self.lock().tenants().set_quotas(quotas);
    }

    /// What tells the time, for rates.
    pub fn set_clock(&self, clock: impl Fn() -> Instant + Send + Sync + 'static) {
        self.lock().tenants().set_clock(Arc::new(clock));
    }

    /// Changes where runs are, under one lock; then carries out what follows from it. Starting a batch may call the host,
    /// which may call the scheduler: so nothing is locked then, and nothing else is left to do.
    fn step<T>(&self, change: impl FnOnce(&mut Runs) -> T) -> T {
        let (changed, batches, questions, waiting, untold) = {
            let mut runs = self.lock();
            let changed = change(&mut runs);
            let (batches, questions) = runs.take_outgoing();
            self.is_pressed.store(runs.is_pressed(), Ordering::Relaxed);
            (changed, batches, questions, runs.has_waiting(), runs.has_untold())
        };
        if self.holds.swap(waiting, Ordering::Relaxed) != waiting {
            self.workers.hold(waiting);
        }
        if untold {
            (self.workers.wake_up())(Signal::Overdue);
        }
        for Asked { run, number, question } in questions {
            let wake_up = self.workers.wake_up();
            let Question { store, request } = *question;
            store.later(request, Box::new(move |answered| wake_up(Signal::Answered(run, number, answered))));
        }
        for batch in batches {
            self.workers.start(batch);
        }
        changed
    }

    fn lock(&self) -> MutexGuard<'_, Runs> {
        lock(&self.runs)
    }
}

/// Whoever holds the lock does so for some microseconds: to be put to sleep, and woken up, takes longer than to look again so often.
const LOOKS: usize = 500;

fn lock(runs: &Mutex<Runs>) -> MutexGuard<'_, Runs> {
    for _ in 0..LOOKS {
        if let Ok(runs) = runs.try_lock() {
            return runs;
        }
        std::hint::spin_loop();
    }
    // Nothing that holds the lock panics half way through a change.
    runs.lock().unwrap_or_else(PoisonError::into_inner)
}
