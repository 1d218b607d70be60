//! `NativeEngine`: an engine on libuv's pool whose outcomes go to one JS callback.

use super::bell::{Bell, Rung};
use super::context::{NativeContext, Slot};
use super::convert::{
    Copied, EngineOptions, EngineStats, Exchange, Failure, Global, Limits, Module, in_milliseconds, milliseconds,
};
use super::work::{Finished, LibuvPool, Mailbox, may_call_js};
use crate::engine::{self, Batch, Call, Capacity, Engine, Run, Settled};
use crate::state::{MemoryStore, ScriptId};
use crate::vm::{
    Answer, CacheLimits, Chunk, CodeCache, Compiled, Exchange as VmExchange, Host, HostError, HostFunction, Libraries,
    Limits as VmLimits, Modules, Script, Template, Vm,
};
use napi::bindgen_prelude::{ClassInstance, Either, Either4, Env, FnArgs, Function, FunctionRef, Result, Uint8Array};
use napi::sys;
use napi_derive::napi;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::sync::{Arc, PoisonError, RwLock};

/// A compiled chunk.
#[napi]
pub struct NativeScript {
    compiled: Arc<Compiled>,
}

/// Id; text or failure, and values if they were asked for; then, of the usage, queued, ran and executed in ms, slices, and
/// bytes at the peak.
type SettleArgs = (f64, Option<String>, Option<Copied>, Option<Failure>, f64, f64, f64, u32, f64);

/// The run's number, the function's, and its arguments.
type CallArgs = (f64, u32, Copied);

/// An engine on libuv's pool.
#[napi]
pub struct NativeEngine {
    inner: Rc<Inner>,
}

struct Inner {
    env: Env,
    engine: RefCell<Engine<LibuvPool>>,
    mailbox: Arc<Mailbox>,
    host: Arc<Host>,
    defaults: VmLimits,
    settle: FunctionRef<FnArgs<SettleArgs>, ()>,
    drained: FunctionRef<(), ()>,
    call: FunctionRef<FnArgs<CallArgs>, ()>,
    /// Whether somebody waits for the queue to be empty.
    draining: Cell<bool>,
    /// Where the VMs of runs that are in contexts go back to.
    contexts: RefCell<HashMap<u64, Rc<RefCell<Slot>>>>,
}

thread_local! {
    /// The engines of this JS thread, whichever realm they belong to: for stopping them when it exits.
    static ENGINES: RefCell<Vec<Weak<Inner>>> = const { RefCell::new(Vec::new()) };

    /// Whether this JS thread exits: an engine that is made now shall start nothing.
    static EXITING: Cell<bool> = const { Cell::new(false) };
}

#[napi]
impl NativeEngine {
    /// An idle engine. `settle` is called exactly once for each run that was queued, `drained` when the queue is empty
    /// after a call of `watchDrain`, `call` when a script calls an exposed function, and then waits for the answer.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        options: EngineOptions,
        defaults: Limits,
        #[napi(
            ts_arg_type = "(runId: number, text: string | null, values: Buffer | null, failure: Failure | null, queued: number, ran: number, executed: number, slices: number, peakMemory: number) => void"
        )]
        settle: Function<FnArgs<SettleArgs>, ()>,
        drained: Function<(), ()>,
        #[napi(ts_arg_type = "(runId: number, functionNumber: number, args: Buffer) => void")] call: Function<
            FnArgs<CallArgs>,
            (),
        >,
    ) -> Result<Self> {
        let (settle, drained, call) = (settle.create_ref()?, drained.create_ref()?, call.create_ref()?);
        let libraries = Libraries::named(options.libraries.iter().map(String::as_str))
            .map_err(|name| napi::Error::from_reason(format!("there is no library '{name}'")))?;
        let code_cache = options.code_cache.map(|cache| {
            let (entries, bytes) = (cache.max_entries as usize, cache.max_bytes as usize);
            CodeCache::new(CacheLimits { entries, bytes, ttl: cache.ttl.map(milliseconds) })
        });
        let host = Arc::new(Host {
            store: Arc::new(MemoryStore::new(options.state_quota as usize)),
            template: Arc::new(Template::new(libraries)),
            code_cache,
            modules: Modules::default(),
            functions: RwLock::default(),
        });
        let capacity = Capacity {
            slots: options.concurrency as usize,
            queue: options.max_queue as usize,
            warm: options.warm_vms as usize,
        };
        let inner = Rc::new_cyclic(|inner: &Weak<Inner>| {
            // SAFETY: called by JS, so on the JS thread of `env`.
            let bell = unsafe { Bell::new(env.raw(), inner.clone()) };
            let mailbox = Arc::<Mailbox>::default();
            let pool = LibuvPool::new(env.raw(), inner.clone(), bell, mailbox.clone());
            let engine = RefCell::new(Engine::new(pool, host.clone(), capacity));
            let (defaults, draining) = (defaults.into(), Cell::new(false));
            let contexts = RefCell::default();
            Inner { env, engine, mailbox, host, defaults, settle, drained, call, draining, contexts }
        });
        if EXITING.get() {
            inner.ending();
        }
        ENGINES.with_borrow_mut(|engines| {
            engines.retain(|engine| engine.strong_count() > 0);
            engines.push(Rc::downgrade(&inner));
        });
        Ok(Self { inner })
    }

    /// Queues one run, whose number is greater than those before, and returns how many wait; -1 when the queue is full,
    /// and then nothing was queued. Without limits it has the engine's.
    #[allow(clippy::too_many_arguments, reason = "an object would have to be made for each run")]
    #[napi]
    pub fn run(
        &self,
        run_id: f64,
        code: Either4<String, Uint8Array, ClassInstance<NativeScript>, Global>,
        script_id: String,
        name: String,
        limits: Option<Limits>,
        exchange: Option<Exchange>,
        context: Option<&NativeContext>,
    ) -> Result<i64> {
        let chunk = match code {
            Either4::A(text) => Chunk::Source(text.into_bytes().into()),
            Either4::B(bytes) => Chunk::Source((*bytes).into()),
            Either4::C(script) => Chunk::Compiled(script.compiled.clone()),
            Either4::D(Global { global, call: true }) => Chunk::Call(global.into()),
            Either4::D(Global { global, call: false }) => Chunk::Get(global.into()),
        };
        let mut script = self.script(chunk, &script_id, name, limits)?;
        script.exchange = exchange.map(VmExchange::from).unwrap_or_default();
        let run_id = run_id as u64;
        let run = match context {
            None => Run::new(run_id, script),
            Some(context) => {
                self.inner.contexts.borrow_mut().insert(run_id, context.slot.clone());
                Run::within(context.take(), run_id, script)
            }
        };
        let mut engine = self.inner.engine.borrow_mut();
        match engine.submit(run) {
            Ok(()) => Ok(engine.queued() as i64),
            Err(refused) => {
                self.inner.back_from(run_id, refused.into_vm(), false);
                Ok(-1)
            }
        }
    }

    /// Builds VMs ahead: for when the engine has been idle for a moment.
    #[napi]
    pub fn warm_up(&self) {
        self.inner.engine.borrow_mut().warm_up();
    }

    /// Asks for one call of `drained`, when no run waits any more.
    #[napi]
    pub fn watch_drain(&self) {
        self.inner.draining.set(true);
    }

    /// Compiles source on this thread, or says why it does not compile.
    #[napi]
    pub fn compile(&self, source: Either<String, Uint8Array>, name: String) -> Result<Either<NativeScript, Failure>> {
        Ok(match self.compiled(source, name)? {
            Ok(compiled) => Either::A(NativeScript { compiled: Arc::new(compiled) }),
            Err(failure) => Either::B(failure),
        })
    }

    /// Compiles modules on this thread and adds them, all or, when one of them does not compile, none. Names that are
    /// there already keep their modules.
    #[napi]
    pub fn add_modules(&self, modules: Vec<Module>) -> Result<Option<Failure>> {
        let mut compiled = Vec::with_capacity(modules.len());
        for Module { name, source } in modules {
            match self.compiled(source, name)? {
                Ok(module) => compiled.push(module),
                Err(failure) => return Ok(Some(failure)),
            }
        }
        for module in compiled {
            self.inner.host.modules.add(module);
        }
        Ok(None)
    }

    /// Lets runs that begin from now on find a function in `host`, under this path of names.
    #[napi]
    pub fn expose(&self, path: Vec<String>, number: u32) {
        let mut functions = self.inner.host.functions.write().unwrap_or_else(PoisonError::into_inner);
        functions.push(HostFunction { path, number });
    }

    /// Answers the call that a run waits for, with a list of one value.
    #[napi]
    pub fn answer(&self, run_id: f64, values: Uint8Array) {
        self.inner.answer(run_id, Ok(values.to_vec()));
    }

    /// Answers the call that a run waits for with an error, known by a number.
    #[napi]
    pub fn fail(&self, run_id: f64, message: String, cause: u32) {
        self.inner.answer(run_id, Err(HostError { message, cause }));
    }

    /// Stops a run: one that still waits settles during this call, one that has begun soon after it.
    #[napi]
    pub fn kill(&self, run_id: f64) {
        let settled = self.inner.engine.borrow_mut().kill(run_id as u64);
        self.inner.tell(settled);
    }

    /// Stops all runs.
    #[napi]
    pub fn kill_all(&self) {
        let settled = self.inner.engine.borrow_mut().kill_all();
        self.inner.tell(settled);
    }

    /// Ends a run whose `queueTimeout` has passed, if it still waits: it settles during this call.
    #[napi]
    pub fn expire(&self, run_id: f64) {
        let settled = self.inner.engine.borrow_mut().expire(run_id as u64);
        self.inner.tell(settled);
    }

    /// Gives back what an idle engine holds, and starts nothing any more.
    #[napi]
    pub fn close(&self) {
        self.inner.engine.borrow_mut().close();
    }

    /// What the engine does, and did since it was made.
    #[napi]
    pub fn stats(&self) -> EngineStats {
        let engine = self.inner.engine.borrow();
        let (totals, cache) =
            (engine.totals(), self.inner.host.code_cache.as_ref().map(CodeCache::stats).unwrap_or_default());
        EngineStats {
            queued: engine.queued() as u32,
            running: engine.running() as u32,
            suspended: engine.suspended() as u32,
            started: totals.started as f64,
            worked: in_milliseconds(totals.worked),
            vms_created: self.inner.host.template.vms_created() as f64,
            cache_hits: cache.hits as f64,
            cache_misses: cache.misses as f64,
        }
    }

    fn compiled(
        &self,
        source: Either<String, Uint8Array>,
        name: String,
    ) -> Result<std::result::Result<Compiled, Failure>> {
        let source = match source {
            Either::A(text) => text.into_bytes().into(),
            Either::B(bytes) => (*bytes).into(),
        };
        let script = self.script(Chunk::Source(source), "compile", name, None)?;
        Ok(engine::compile(&script).map_err(|failure| (*failure).into()))
    }

    fn script(&self, chunk: Chunk, id: &str, name: String, limits: Option<Limits>) -> Result<Script> {
        let id = ScriptId::new(id).map_err(napi::Error::from_reason)?;
        let limits = limits.map_or_else(|| self.inner.defaults.clone(), VmLimits::from);
        let exchange = VmExchange::default();
        Ok(Script { chunk, id, name: name.into(), limits, exchange, host: self.inner.host.clone() })
    }
}

#[cfg_attr(test, allow(dead_code, reason = "test programs register nothing with Node"))]
/// Stops every engine of this JS thread, which is about to exit: nobody will hear of their runs any more.
pub(super) fn stop_engines() {
    EXITING.set(true);
    for engine in ENGINES.take().iter().filter_map(Weak::upgrade) {
        engine.ending();
    }
}

impl Finished for Inner {
    fn ending(&self) {
        self.engine.borrow_mut().close();
    }

    fn finished(&self, batch: Batch) {
        let finished = self.engine.borrow_mut().finished(batch);
        // The engine is not borrowed any more: the callbacks may submit another run.
        self.tell(finished.settled);
        for Call { run, call } in finished.calls {
            let args = (run as f64, call.function, Copied(call.args));
            let _ = self.call.borrow_back(&self.env).and_then(|callback| callback.call(args.into()));
        }
    }
}

impl Rung for Inner {
    fn rung(&self, env: sys::napi_env) {
        if !may_call_js(env) {
            self.ending();
        }
        for signal in self.mailbox.empty() {
            self.engine.borrow_mut().signal(signal);
        }
    }
}

impl Inner {
    /// Puts the VM of a run back into the context that it came from, if it came from one. A run that began and brings
    /// none back has ended its context.
    fn back_from(&self, run_id: u64, vm: Option<Box<Vm>>, began: bool) {
        let Some(slot) = self.contexts.borrow_mut().remove(&run_id) else { return };
        *slot.borrow_mut() = match vm {
            Some(vm) => Slot::Idle(vm),
            None if began => Slot::Gone,
            None => Slot::New,
        };
    }

    fn answer(&self, run_id: f64, answer: Answer) {
        self.engine.borrow_mut().answer(run_id as u64, answer);
    }

    fn tell(&self, settled: impl IntoIterator<Item = Settled>) {
        for Settled { id, outcome, usage, vm } in settled {
            self.back_from(id, vm, usage.slices > 0);
            let (text, values, failure) = match outcome {
                Ok(success) => (Some(success.text), success.values.map(Copied), None),
                Err(failure) => (None, None, Some((*failure).into())),
            };
            let [queued, ran, executed] = [usage.queued, usage.ran, usage.executed].map(in_milliseconds);
            let args =
                (id as f64, text, values, failure, queued, ran, executed, usage.slices, usage.peak_memory as f64);
            // A callback that cannot be called (the JS thread is ending) leaves nobody to tell.
            let _ = self.settle.borrow_back(&self.env).and_then(|settle| settle.call(args.into()));
        }
        if self.draining.get() && self.engine.borrow().has_room() {
            self.draining.set(false);
            let _ = self.drained.borrow_back(&self.env).and_then(|drained| drained.call(()));
        }
    }
}
