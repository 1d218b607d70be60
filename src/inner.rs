//! An engine on its JS thread: the scheduler, and the callbacks by which JavaScript hears of it.
//!
//! Nothing here is borrowed or locked while JavaScript is called: what it calls may call the engine.

use crate::callback::Callback;
use crate::convert::{Encoded, Failure, Text, in_milliseconds};
use crate::pool::{Finished, LibuvPool, Mailbox, may_call_js};
use crate::scripts::{NativeNamed, ScriptAnswer, ScriptCalls};
use crate::state::StateDesk;
use crate::timers::{TimerNews, news};
use crate::times::Times;
use crate::wake_up::{Awakened, Waker};
use moonpool_core::bridge::{Called, HostError, Limits, Services};
use moonpool_core::error::{Code, Error};
use moonpool_core::memory::Held;
use moonpool_core::scheduler::Finished as Outgoing;
use moonpool_core::scheduler::{
    Batch, Caller, Capacity, ContextId, HostCallOf, Pressure, Scheduler, Settled, ToldBy, Usage,
};
use moonpool_core::value::Values;
use moonpool_core::vm::{Factory, Script};
use napi::bindgen_prelude::Env;
use napi::sys;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Instant;

/// The run's number; text or failure, and values if they were asked for; then, of the usage, queueTime, runTime and
/// cpuTime in ms, peakMemory in bytes, and slices.
pub(super) type SettleArgs = (f64, Option<Text>, Option<Encoded>, Option<Failure>, f64, f64, f64, f64, u32);

/// The run's number, the function's, its arguments, and the number of the wait.
pub(super) type CallArgs = (f64, u32, Encoded, u32);

/// The run's number, and that of the wait.
pub(super) type GiveUpArgs = (f64, u32);

/// The run's number, and what it tells while it runs, in frames.
pub(super) type TellArgs = (f64, Encoded);

/// The run's number, the call's, the name of the script that is called, and the number of the wait.
pub(super) type ScriptCallArgs = (f64, f64, String, u32);

/// What JavaScript is told by. The engine in JavaScript holds these functions; and `settle`, which is held from here while
/// runs are in flight, holds that engine through them.
pub(super) struct Callbacks {
    /// Returns whether JavaScript has not taken the outcome over yet; then it says so later, by [`Inner::taken_over`].
    pub(super) settle: Callback<SettleArgs, Option<bool>>,
    pub(super) pressure: Callback<(bool,)>,
    pub(super) call: Callback<CallArgs>,
    pub(super) give_up: Callback<GiveUpArgs>,
    pub(super) told: Callback<TellArgs>,
    pub(super) call_script: Callback<ScriptCallArgs>,
    pub(super) timers: Callback<(TimerNews,)>,
}

/// An engine on its JS thread.
pub(super) struct Inner {
    env: sys::napi_env,
    pub(super) scheduler: Scheduler<LibuvPool>,
    mailbox: Arc<Mailbox>,
    waker: Arc<Waker>,
    pub(super) factory: Arc<Factory>,
    pub(super) services: Arc<Services>,
    pub(super) defaults: Limits,
    /// What JavaScript gave last, for the runs that it submits with that.
    pub(super) given: RefCell<Limits>,
    pub(super) state: Rc<StateDesk>,
    callbacks: Callbacks,
    /// How many runs JavaScript has submitted and not been told the end of.
    in_flight: Cell<usize>,
    /// How many calls of [`Inner::submit`] are on the stack. JavaScript does not know those runs yet.
    submitting: Cell<u32>,
    /// What came of runs meanwhile.
    untold: RefCell<Vec<Settled>>,
    /// Runs whose end JavaScript could not be told of, for instance because no stack was left: told again from the event loop.
    unheard: RefCell<Vec<(u64, Usage, Error)>>,
    /// What is left to do about outcomes that JavaScript is still taking over, by the numbers of their runs.
    kept: RefCell<HashMap<u64, Kept>>,
    pub(super) times: RefCell<Times>,
    script_calls: ScriptCalls,
}

/// What JavaScript has to have taken an outcome over for.
enum Kept {
    /// The memory that the outcome holds is given back.
    Held(Held),
    /// The script that has called this one goes on. Not before: it could end first, and this run with it.
    Answer(ScriptAnswer),
}

thread_local! {
    /// The engines of this JS thread, whichever realm they belong to: for stopping them when it exits.
    static ENGINES: RefCell<Vec<Weak<Inner>>> = const { RefCell::new(Vec::new()) };

    /// Whether this JS thread exits: an engine that is made now shall start nothing.
    static EXITING: Cell<bool> = const { Cell::new(false) };
}

impl Inner {
    pub(super) fn new(
        env: Env,
        factory: Factory,
        services: Services,
        defaults: Limits,
        capacity: Capacity,
        callbacks: Callbacks,
        state: Rc<StateDesk>,
    ) -> Rc<Self> {
        let (factory, services) = (Arc::new(factory), Arc::new(services));
        let inner = Rc::new_cyclic(|inner: &Weak<Self>| {
            // SAFETY: called by JS, so on the JS thread of `env`.
            let waker = unsafe { Waker::new(env.raw(), inner.clone()) };
            let mailbox = Arc::<Mailbox>::default();
            let pool = LibuvPool::new(env.raw(), inner.clone(), waker.clone(), mailbox.clone());
            let scheduler = Scheduler::new(pool, factory.clone(), capacity);
            Self {
                env: env.raw(),
                scheduler,
                mailbox,
                waker,
                factory,
                services,
                given: RefCell::new(defaults.clone()),
                defaults,
                state,
                callbacks,
                in_flight: Cell::new(0),
                submitting: Cell::new(0),
                untold: RefCell::default(),
                unheard: RefCell::default(),
                kept: RefCell::default(),
                times: RefCell::new(Times::new()),
                script_calls: ScriptCalls::default(),
            }
        });
        if EXITING.get() {
            inner.ending();
        }
        ENGINES.with_borrow_mut(|engines| {
            engines.retain(|engine| engine.strong_count() > 0);
            engines.push(Rc::downgrade(&inner));
        });
        inner
    }

    /// Queues a run. Starting a worker may call JavaScript (an async hook), which may stop runs: what came of them is told
    /// later, as JavaScript learns the number of this one only when the call returns.
    pub(super) fn submit(&self, script: Script, caller: Caller, context: Option<ContextId>) -> Result<u64, Error> {
        let submitted = {
            let _submitting = Submitting::new(&self.submitting);
            match context {
                None => self.scheduler.submit(script, caller),
                Some(context) => self.scheduler.submit_within(context, script, caller),
            }
        };
        if submitted.is_ok() && self.in_flight.replace(self.in_flight.get() + 1) == 0 {
            self.callbacks.settle.hold();
        }
        self.tell_pressure();
        submitted
    }

    /// Tells JavaScript what came of runs.
    pub(super) fn tell(&self, mut settled: Vec<Settled>) {
        // First, while JavaScript still knows the runs that made timers.
        self.tell_timers();
        while !settled.is_empty() {
            if self.submitting.get() > 0 {
                self.untold.borrow_mut().extend(settled);
                self.waker.wake();
                return;
            }
            let held = settled.iter().any(|settled| settled.held.is_some());
            for settled in settled {
                if let Caller::Timer(timer) = settled.caller {
                    self.services.timers.ended(timer, settled.outcome.is_err(), Instant::now());
                }
                if settled.caller != Caller::Nobody {
                    self.tell_one(settled);
                }
            }
            settled = if held { self.scheduler.go_on() } else { Vec::new() };
            // Those that have ended are due again.
            self.tell_timers();
        }
        self.tell_pressure();
    }

    /// Tells JavaScript what is new of timers, if anything.
    fn tell_timers(&self) {
        if self.services.timers.has_news() && self.submitting.get() == 0 {
            let _ = self.callbacks.timers.call((news(&self.services.timers),));
        }
    }

    /// JavaScript has made its own values of what came of a run.
    pub(super) fn taken_over(&self, run: u64) {
        let kept = self.kept.borrow_mut().remove(&run);
        match kept {
            Some(Kept::Held(held)) => {
                drop(held);
                self.tell(self.scheduler.go_on());
            }
            Some(Kept::Answer(answer)) => answer.give(&self.scheduler),
            None => {}
        }
    }

    fn tell_one(&self, Settled { id, outcome, usage, held, .. }: Settled) {
        self.times.borrow_mut().record(&usage);
        let (outcome, held, answer) = self.script_calls.settled(id, outcome, held);
        let (error, told) = match outcome {
            Ok(success) => {
                let (text, values) = (Text(success.text), success.values.map(Encoded));
                (None, self.settle(id, usage, Some(text), values, None))
            }
            Err(failure) => (Some(failure.error.clone()), self.settle(id, usage, None, None, Some((*failure).into()))),
        };
        let kept = answer.map(Kept::Answer).or(held.map(Kept::Held));
        match kept {
            Some(kept) if matches!(told, Ok(Some(true))) => {
                self.kept.borrow_mut().insert(id, kept);
            }
            Some(Kept::Answer(answer)) => answer.give(&self.scheduler),
            _ => {}
        }
        if told.is_err() {
            // Something did not become a value of JavaScript, and the run shall settle all the same.
            let no_room = || Error::new(Code::Result, "the result cannot cross: JavaScript has no room for it");
            let error = error.unwrap_or_else(no_room);
            if self.settle(id, usage, None, None, Some(error.clone().into())).is_err() {
                self.unheard.borrow_mut().push((id, usage, error));
                // SAFETY: on the JS thread of this env.
                return unsafe { self.waker.wake_surely(self.env) };
            }
        }
        self.is_told();
    }

    fn settle(
        &self,
        id: u64,
        usage: Usage,
        text: Option<Text>,
        values: Option<Encoded>,
        failure: Option<Failure>,
    ) -> napi::Result<Option<bool>> {
        let [queued, ran, executed] = [usage.queue_time, usage.run_time, usage.cpu_time].map(in_milliseconds);
        let (id, peak_memory) = (id as f64, usage.peak_memory as f64);
        self.callbacks.settle.call((id, text, values, failure, queued, ran, executed, peak_memory, usage.slices))
    }

    /// JavaScript knows the end of one more run.
    fn is_told(&self) {
        self.in_flight.update(|runs| runs - 1);
        if self.in_flight.get() == 0 {
            self.callbacks.settle.release();
        }
    }

    fn tell_pressure(&self) {
        if let Some(pressure) = self.scheduler.pressure() {
            let _ = self.callbacks.pressure.call((pressure == Pressure::Full,));
        }
    }
}

/// A call of [`Inner::submit`] that is on the stack, also while it unwinds.
struct Submitting<'a>(&'a Cell<u32>);

impl<'a> Submitting<'a> {
    fn new(depth: &'a Cell<u32>) -> Self {
        depth.update(|depth| depth + 1);
        Self(depth)
    }
}

impl Drop for Submitting<'_> {
    fn drop(&mut self) {
        self.0.update(|depth| depth - 1);
    }
}

/// Stops every engine of this JS thread, which is about to exit: nobody will hear of their runs any more.
#[cfg_attr(test, allow(dead_code, reason = "test programs register nothing with Node"))]
pub(super) fn stop_engines() {
    EXITING.set(true);
    for engine in ENGINES.take().iter().filter_map(Weak::upgrade) {
        engine.ending();
    }
}

impl Finished for Inner {
    fn ending(&self) {
        self.scheduler.close();
    }

    fn finished(&self, batch: Batch) {
        self.tell_all(self.scheduler.finished(batch));
    }
}

impl Inner {
    /// Tells JavaScript all that came of a batch, or of several: each part, in the order in which it came.
    fn tell_all(&self, finished: Outgoing) {
        for part in finished.in_order() {
            self.tell_part(part);
        }
    }

    /// Tells JavaScript what runs tell, which calls they give up, what came of them, and what they call.
    fn tell_part(&self, finished: Outgoing) {
        for ToldBy { run, frames } in finished.told {
            // Where it does not become a value of JavaScript, it is lost: the run goes on.
            let _ = self.callbacks.told.call((run as f64, Encoded(frames)));
        }
        for (run, number) in finished.given_up {
            let _ = self.callbacks.give_up.call((run as f64, number));
        }
        self.tell(finished.settled);
        for HostCallOf { run, number, call } in finished.calls {
            if let Some(called) = call.script {
                self.call_script((run, number), *called, call.args);
                continue;
            }
            let told = self.callbacks.call.call((run as f64, call.function, Encoded(call.args), number));
            if told.is_err() {
                let message = "the call cannot cross: JavaScript has no room for its arguments".to_owned();
                self.scheduler.answer_one(run, number, Err(HostError { message, ..HostError::default() }));
            }
        }
    }
}

impl Inner {
    /// Lets JavaScript begin a script that another one calls, if that may.
    fn call_script(&self, waiting @ (run, number): (u64, u32), called: Called, args: Values) {
        if let Err(error) = self.services.scripts.check(called.name(), &called.by) {
            return self.scheduler.answer_one(run, number, Err(error.into()));
        }
        let name = called.name().to_owned();
        let call = self.script_calls.ask(waiting, called, args);
        let told = self.callbacks.call_script.call((run as f64, call as f64, name, number));
        // Whoever is still there was not begun. JavaScript has said why, unless it failed.
        if self.script_calls.take(call).is_some() && told.is_err() {
            let message = "the call failed: JavaScript has no room for it".to_owned();
            self.scheduler.answer_one(run, number, Err(HostError { message, ..HostError::default() }));
        }
    }

    /// Queues a run of a named script: with these arguments, or for the call of this number.
    ///
    /// # Errors
    /// When there is no such call. Inside: as [`Inner::submit`].
    pub(super) fn run_named(
        &self,
        named: &NativeNamed,
        args: Option<Values>,
        call: Option<u64>,
    ) -> napi::Result<Result<u64, Error>> {
        let Some(call) = call else { return Ok(self.submit(named.script(args), Caller::Host, None)) };
        let no_call = || napi::Error::from_reason("there is no such call of a script");
        let asked = self.script_calls.take(call).ok_or_else(no_call)?;
        let waiting = asked.waiting;
        let submitted = self.submit(named.called(asked), Caller::Host, None);
        if let Ok(id) = submitted {
            self.script_calls.begun(id, waiting);
        }
        Ok(submitted)
    }
}

impl Awakened for Inner {
    fn awakened(&self, env: sys::napi_env) {
        if !may_call_js(env) {
            self.ending();
        }
        for (id, usage, error) in self.unheard.take() {
            let _ = self.settle(id, usage, None, None, Some(error.into()));
            self.is_told();
        }
        let untold = self.untold.take();
        self.tell(untold);
        // SAFETY: called by Node on the JS thread of `env`, as a callback.
        for signal in unsafe { self.mailbox.empty(env) } {
            self.tell_all(self.scheduler.signal(signal));
        }
    }
}
