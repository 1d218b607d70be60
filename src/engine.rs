//! `NativeEngine`: an engine on libuv's pool, as JavaScript holds it.

use crate::answer::GiveAnswer;
use crate::callback::Callback;
use crate::context::NativeContext;
use crate::convert::{
    ContextOptions, EngineOptions, EngineStats, Exchange, Failure, IdLimits, IdUsage, InContext, Limits, Module,
    PreludePart, Question, Registry, StateAnswer, StatePlace, in_milliseconds, milliseconds, submitted,
};
use crate::given::{NativeFunctions, NativeModules, extras, numbered};
use crate::inner::{CallArgs, Callbacks, GiveUpArgs, Inner, ScriptCallArgs, SettleArgs, TellArgs};
use crate::plain::RunPlain;
use crate::raw;
use crate::scripts::NativeNamed;
use crate::shared::{NativeSharedDict, SharedDictOptions};
use crate::state::{AnswerArgs, NativeImport, NativeStore, Opened, StateDesk};
use crate::timers::TimerNews;
use crate::times::RunTimes;
use moonpool_core::api::libraries::Libraries;
use moonpool_core::bridge::{Access, Answer, Compiled, HostError, Limits as VmLimits, Modules, Services, Timers};
use moonpool_core::error::{Code, Failure as RunFailure, Shown};
use moonpool_core::registry;
use moonpool_core::scheduler::{self, Caller, Capacity};
use moonpool_core::state::{Op, Request, Response, ScriptId};
use moonpool_core::vm::{CacheLimits, Chunk, CodeCache, Exchange as VmExchange, Factory, Part, Prelude, Script};
use napi::bindgen_prelude::{
    ClassInstance, Either, Either4, Env, FnArgs, Function, Result, Uint8Array, Uint8ArraySlice,
};
use napi_derive::napi;
use std::rc::Rc;
use std::sync::Arc;

/// A compiled chunk.
#[napi]
pub struct NativeScript {
    pub(super) compiled: Arc<Compiled>,
}

/// A prelude that has run.
#[napi]
pub struct NativePrelude {
    prelude: Arc<Prelude>,
}

#[napi]
impl NativePrelude {
    /// What it takes in each VM, in bytes.
    #[napi(getter, catch_unwind)]
    pub fn size(&self) -> f64 {
        self.prelude.size() as f64
    }

    /// The least `maxMemory` for so many threads, in bytes.
    #[napi(catch_unwind)]
    pub fn least_memory(&self, concurrency: u32) -> f64 {
        self.prelude.least_memory(concurrency as usize) as f64
    }
}

/// An engine on libuv's pool.
#[napi]
pub struct NativeEngine {
    pub(super) inner: Rc<Inner>,
}

#[napi]
impl NativeEngine {
    /// An idle engine. The functions are held by the caller, as long as it wants to hear of anything; `settle` is held from
    /// here while runs are in flight, and has to refer to the others. `settle` is called exactly once for each run that was
    /// queued, and returns whether `takenOver` will be called; `pressure` when the queue is full and when it is empty after
    /// that; `call` when a script calls an exposed function, and then waits for the answer, under a number when functions of
    /// `parallel` wait for several; `giveUp` when nobody waits for such an answer any more; `answered` exactly once for each
    /// question to State that got a number, and with the number 0 when the store is closed; `told` when a run
    /// tells something while it runs, before anything else of that run; `callScript` when a script calls a named one, which is
    /// to be begun by `runNamed` before that returns, or else it goes on by `failScript`; `timers` when
    /// there is something new of timers, before the end of the run that made it.
    #[allow(clippy::too_many_arguments, reason = "each function is one, and napi takes no list of them")]
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: Env,
        store: &NativeStore,
        options: EngineOptions,
        defaults: Limits,
        prelude: Option<&NativePrelude>,
        #[napi(
            ts_arg_type = "(runId: number, text: string | Buffer | null, values: Buffer | null, failure: Failure | null, queueTime: number, runTime: number, cpuTime: number, peakMemory: number, slices: number) => boolean | undefined"
        )]
        settle: Function<FnArgs<SettleArgs>, Option<bool>>,
        #[napi(ts_arg_type = "(full: boolean) => void")] pressure: Function<FnArgs<(bool,)>, ()>,
        #[napi(ts_arg_type = "(runId: number, functionNumber: number, args: Buffer, wait: number) => void")]
        call: Function<FnArgs<CallArgs>, ()>,
        #[napi(ts_arg_type = "(runId: number, wait: number) => void")] give_up: Function<FnArgs<GiveUpArgs>, ()>,
        #[napi(ts_arg_type = "(questionId: number, values: Buffer | null, failure: Failure | null) => void")]
        answered: Function<FnArgs<AnswerArgs>, ()>,
        #[napi(ts_arg_type = "(runId: number, frames: Buffer) => void")] told: Function<FnArgs<TellArgs>, ()>,
        #[napi(ts_arg_type = "(runId: number, callId: number, name: string, wait: number) => void")]
        call_script: Function<FnArgs<ScriptCallArgs>, ()>,
        #[napi(ts_arg_type = "(news: TimerNews) => void")] timers: Function<FnArgs<(TimerNews,)>, ()>,
    ) -> Result<Self> {
        let callbacks = Callbacks {
            settle: Callback::new(&settle)?,
            pressure: Callback::new(&pressure)?,
            call: Callback::new(&call)?,
            give_up: Callback::new(&give_up)?,
            told: Callback::new(&told)?,
            call_script: Callback::new(&call_script)?,
            timers: Callback::new(&timers)?,
        };
        let libraries = libraries_of(&options.libraries)?;
        let code_cache = options.code_cache.map(|cache| {
            let (entries, bytes) = (cache.max_entries as usize, cache.max_bytes as usize);
            CodeCache::new(CacheLimits { entries, bytes, ttl: cache.ttl.map(milliseconds) })
        });
        let mut factory = Factory::new(libraries, code_cache).with_max_memory(options.max_memory as usize);
        let opened = store.take()?;
        // Before an id is asked about, and where it has no limits of its own, this is its quota.
        let for_all = options.id_limits.as_ref().and_then(|limits| limits.state_quota);
        let mut services = Services::new(opened.store().clone(), for_all.unwrap_or(options.state_quota) as usize);
        services = services.with_timers(Timers::new(options.max_timers as usize, options.max_timers_per_id as usize));
        if options.foreign_keys_missing {
            services = services.with_foreign_keys_missing();
        }
        services = services.with_telling(options.telling.into());
        if let Some(NativePrelude { prelude }) = prelude {
            services.supply.change_modules(&[], &[prelude.modules()]);
            factory = factory.with_prelude(prelude.clone(), options.concurrency as usize);
        }
        let state = StateDesk::new(env, opened, services.quotas().clone(), Callback::new(&answered)?);
        let capacity = Capacity {
            slots: options.concurrency as usize,
            queue: options.max_queue as usize,
            warm: options.warm_vms as usize,
        };
        let inner = Inner::new(env, factory, services, defaults.into(), capacity, callbacks, state);
        inner.scheduler.set_quotas(inner.services.quotas().clone());
        if let Some(limits) = options.id_limits {
            inner.scheduler.set_default_limits(limits.into());
        }
        Ok(Self { inner })
    }

    /// Error codes, names of libraries, and the defaults of options.
    #[napi(catch_unwind)]
    pub fn registry() -> Registry {
        Registry {
            codes: registry::codes().map(str::to_owned).collect(),
            libraries: registry::libraries().map(str::to_owned).collect(),
            defaults: registry::defaults().map(|(name, value)| (name.to_owned(), value)).collect(),
        }
    }

    /// Queues one run, and returns its number, or why nothing was queued. Without limits it has the engine's; in a context
    /// it begins when the runs before it have ended, and is given what the context was; otherwise it may have functions and
    /// modules of its own.
    #[allow(clippy::too_many_arguments, reason = "an object would have to be made for each run")]
    #[napi(catch_unwind)]
    pub fn run(
        &self,
        code: Either4<String, Uint8Array, ClassInstance<NativeScript>, InContext>,
        script_id: String,
        name: String,
        limits: Option<Limits>,
        exchange: Option<Exchange>,
        context: Option<&NativeContext>,
        functions: Option<&NativeFunctions>,
        modules: Option<&NativeModules>,
    ) -> Result<Either<f64, Failure>> {
        let chunk = match code {
            Either4::A(text) => Chunk::Source(text.into_bytes().into()),
            Either4::B(bytes) => Chunk::Source((*bytes).into()),
            Either4::C(script) => Chunk::Compiled(script.compiled.clone()),
            Either4::D(target) => target.into(),
        };
        let kept = exchange.as_ref().and_then(|exchange| exchange.functions);
        let mut exchange = exchange.map(VmExchange::from).unwrap_or_default();
        match context {
            Some(context) => context.complete(&mut exchange, kept.unwrap_or(0.0)),
            None => exchange.extras = extras(functions, modules),
        }
        let script = Script {
            chunk,
            id: id_of(&script_id)?,
            name: name.into(),
            limits: limits.map_or_else(|| self.inner.defaults.clone(), VmLimits::from),
            exchange,
            services: self.inner.services.clone(),
        };
        Ok(submitted(self.inner.submit(script, Caller::Host, context.map(NativeContext::id))))
    }

    /// The limits of the plain runs that follow and ask for them.
    #[napi(catch_unwind)]
    pub fn give_limits(&self, limits: Limits) {
        self.inner.given.replace(limits.into());
    }

    /// As `run`, for source text and an id, which is the name, too: a function that takes just these, the shapes in which the
    /// returned values are given, or nothing for as text, arguments, if there are any, and whether the limits are those of
    /// `giveLimits`.
    #[napi(
        catch_unwind,
        ts_return_type = "(code: string, scriptId: string, results?: number, args?: Uint8Array, limited?: boolean) => number | Failure"
    )]
    pub fn plain_runs<'env>(&self, env: &'env Env) -> Result<Function<'env>> {
        raw::function::<_, RunPlain>(env, self.inner.clone())
    }

    /// Makes a named script of a compiled one: all that its runs have in common.
    #[allow(clippy::too_many_arguments, reason = "as for `run`")]
    #[napi(catch_unwind)]
    pub fn name_script(
        &self,
        script: &NativeScript,
        script_id: String,
        name: String,
        limits: Limits,
        exchange: Option<Exchange>,
        functions: Option<&NativeFunctions>,
        modules: Option<&NativeModules>,
    ) -> Result<NativeNamed> {
        let mut exchange = exchange.map(VmExchange::from).unwrap_or_default();
        exchange.extras = extras(functions, modules);
        Ok(NativeNamed::new(Script {
            chunk: Chunk::Compiled(script.compiled.clone()),
            id: id_of(&script_id)?,
            name: name.into(),
            limits: limits.into(),
            exchange,
            services: self.inner.services.clone(),
        }))
    }

    /// Lets scripts call others by these names; and those of the removed names not any more. `callers` are the ids of those
    /// who may, or absent for everybody.
    #[napi(catch_unwind)]
    pub fn change_scripts(&self, removed: Vec<String>, added: Vec<String>, callers: Option<Vec<String>>) -> Result<()> {
        let callers = access_of(callers)?;
        let added = added.into_iter().map(|name| (name, callers.clone()));
        self.inner.services.scripts.change(&removed, added);
        Ok(())
    }

    /// As `run`, for a named script: with these arguments, or for a call of another script with those of that call.
    #[napi(catch_unwind)]
    pub fn run_named(
        &self,
        named: &NativeNamed,
        args: Option<Uint8ArraySlice<'_>>,
        call_id: Option<f64>,
    ) -> Result<Either<f64, Failure>> {
        let args = args.map(|args| args.to_vec());
        Ok(submitted(self.inner.run_named(named, args, call_id.map(|id| id as u64))?))
    }

    /// Answers the call of a script that a run waits for with a failure, known by a number.
    #[napi(catch_unwind)]
    pub fn fail_script(&self, run_id: f64, wait: u32, code: String, message: String, cause: u32) {
        let code = Code::of(&code);
        self.answered(run_id, wait, Err(HostError { message, cause, code, shown: None }));
    }

    /// A new context, without a VM yet. It keeps what the engine gives now, and may have functions and modules of its own.
    #[napi(catch_unwind)]
    pub fn create_context(
        &self,
        options: ContextOptions,
        functions: Option<&NativeFunctions>,
        modules: Option<&NativeModules>,
    ) -> Result<NativeContext> {
        NativeContext::new(&self.inner, options, extras(functions, modules))
    }

    /// Builds VMs ahead: for when the engine has been idle for a moment.
    #[napi(catch_unwind)]
    pub fn warm_up(&self) {
        self.inner.scheduler.warm_up();
    }

    /// Compiles source on this thread, or says why it does not compile.
    #[napi(catch_unwind)]
    pub fn compile(&self, source: Either<String, Uint8Array>, name: String) -> Either<NativeScript, Failure> {
        match self.compiled(source, name) {
            Ok(compiled) => Either::A(NativeScript { compiled: Arc::new(compiled) }),
            Err(failure) => Either::B((*failure).into()),
        }
    }

    /// Compiles modules on this thread, or says why one of them does not compile.
    #[napi(catch_unwind)]
    pub fn compile_modules(&self, modules: Vec<Module>) -> Either<NativeModules, Failure> {
        let compiled = modules.into_iter().map(|Module { name, source }| self.compiled(source, name));
        match compiled.collect::<std::result::Result<Modules, _>>() {
            Ok(modules) => Either::A(NativeModules { modules }),
            Err(failure) => Either::B((*failure).into()),
        }
    }

    /// Lets runs that begin from now on find these modules, and not those of the removed names, which runs that have begun
    /// keep. Those that there are of the same names are replaced.
    #[napi(catch_unwind)]
    pub fn change_modules(&self, removed: Vec<String>, added: Vec<ClassInstance<NativeModules>>) {
        let added: Vec<_> = added.iter().map(|added| &added.modules).collect();
        self.inner.services.supply.change_modules(&removed, &added);
    }

    /// Lets runs that begin from now on find functions in `host`, under these paths of names, numbered from `first` on; and
    /// nothing else under the name that is replaced. Runs that have begun keep what was there. Arguments come in these
    /// shapes.
    #[napi(catch_unwind)]
    pub fn expose(&self, paths: Vec<Vec<String>>, first: u32, shapes: u32, replaced: Option<String>) {
        self.inner.services.supply.expose(numbered(paths, first, shapes).collect(), replaced.as_deref());
    }

    /// The numbers of functions that were replaced and that no run or context has any more. Each is told once.
    #[napi(catch_unwind)]
    pub fn forgotten_functions(&self) -> Vec<u32> {
        self.inner.services.supply.forgotten()
    }

    /// Lets runs that begin from now on find a new dictionary of this name in `Shared`.
    #[napi(catch_unwind)]
    pub fn declare_shared_dict(&self, name: String, options: SharedDictOptions) -> Result<NativeSharedDict> {
        let (native, shared) = NativeSharedDict::declare(&name, options)?;
        self.inner.services.shared.add(shared);
        Ok(native)
    }

    /// A function that answers the call that a run waits for, with a list of one value.
    #[napi(catch_unwind, ts_return_type = "(runId: number, wait: number, values: Uint8Array) => void")]
    pub fn answers<'env>(&self, env: &'env Env) -> Result<Function<'env>> {
        raw::function::<_, GiveAnswer>(env, self.inner.clone())
    }

    /// Answers the call that a run waits for with an error, known by a number. The script may see a code and details of it:
    /// those as a list of one value.
    #[napi(catch_unwind)]
    pub fn fail(
        &self,
        run_id: f64,
        wait: u32,
        message: String,
        cause: u32,
        code: Option<String>,
        details: Option<Uint8Array>,
    ) {
        let details = details.map(|details| details.to_vec());
        let shown = (code.is_some() || details.is_some()).then(|| Box::new(Shown { code, details }));
        self.answered(run_id, wait, Err(HostError { message, cause, shown, code: None }));
    }

    /// JavaScript has made its own values of what came of a run, for which `settle` returned true.
    #[napi(catch_unwind)]
    pub fn taken_over(&self, run_id: f64) {
        self.inner.taken_over(run_id as u64);
    }

    /// Stops a run: one that still waits settles during this call, one that has begun soon after it.
    #[napi(catch_unwind)]
    pub fn kill(&self, run_id: f64) {
        let settled = self.inner.scheduler.kill(run_id as u64);
        self.inner.tell(settled);
    }

    /// Lets no run begin or go on any more. Each is still to be ended.
    #[napi(catch_unwind)]
    pub fn doom_all(&self) {
        self.inner.scheduler.doom_all();
    }

    /// Ends a run after `doomAll`, as `kill` does; one that waits for its turn in a context ends with that.
    #[napi(catch_unwind)]
    pub fn end_doomed(&self, run_id: f64) {
        let settled = self.inner.scheduler.end_doomed(run_id as u64);
        self.inner.tell(settled);
    }

    /// Gives back what an idle engine holds, and starts nothing any more.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.inner.scheduler.close();
    }

    /// Runs what the VMs of a new engine with these libraries are to begin after, on this thread; or says why that cannot be.
    #[napi(catch_unwind)]
    pub fn run_prelude(
        libraries: Vec<String>,
        parts: Vec<PreludePart>,
        limits: Limits,
    ) -> Result<Either<NativePrelude, Failure>> {
        let parts: Vec<_> = parts.into_iter().map(Part::from).collect();
        // It is the host's own code: what one run may use says nothing of its time.
        let (timeout, limits) = (registry::PRELUDE_TIMEOUT, VmLimits::from(limits));
        let limits = VmLimits { timeout, cpu_timeout: None, queue_timeout: None, ..limits };
        Ok(match scheduler::run_prelude(libraries_of(&libraries)?, &parts, &limits) {
            Ok(prelude) => Either::A(NativePrelude { prelude: Arc::new(prelude) }),
            Err(failure) => Either::B((*failure).into()),
        })
    }

    /// Opens where State is kept, for a new engine; or says why that cannot be opened.
    #[napi(catch_unwind)]
    pub fn open_state(place: StatePlace) -> Either<NativeStore, Failure> {
        match Opened::new(&place.into()) {
            Ok(opened) => Either::A(NativeStore::new(opened)),
            Err(error) => Either::B(error.into()),
        }
    }

    /// Asks something of State.
    #[napi(catch_unwind)]
    pub fn ask_state(&self, question: Question) -> StateAnswer {
        self.inner.state.ask(question).into()
    }

    /// A new import into State.
    #[napi(catch_unwind)]
    pub fn begin_import(&self) -> NativeImport {
        self.inner.state.new_import()
    }

    /// Takes the next piece of an import's text, or its end. The answer is what crates/core/src/host_state/import.rs says.
    #[napi(catch_unwind)]
    pub fn import_piece(&self, under_way: &NativeImport, piece: Option<Uint8Array>) -> StateAnswer {
        Ok(self.inner.state.import(under_way, piece.map(|piece| piece.to_vec()))).into()
    }

    /// Closes the store of State. Says whether that is done; otherwise `answered` is called with the number 0.
    #[napi(catch_unwind)]
    pub fn close_state(&self) -> bool {
        self.inner.state.close()
    }

    /// Forgets every question to State that was not answered, and the end of the store.
    #[napi(catch_unwind)]
    pub fn forget_state(&self) {
        self.inner.state.forget();
    }

    /// Whether an id is known, and its limits need not be asked for.
    #[napi(catch_unwind)]
    pub fn knows(&self, script_id: String) -> Result<bool> {
        Ok(self.inner.scheduler.knows(&id_of(&script_id)?))
    }

    /// Says what one id may use, from now on.
    #[napi(catch_unwind)]
    pub fn limit(&self, script_id: String, limits: IdLimits) -> Result<()> {
        self.inner.scheduler.set_limits(&id_of(&script_id)?, limits.into());
        Ok(())
    }

    /// Lets the limits of one id, or of all, be asked for again. Returns the ids of those that have runs.
    #[napi(catch_unwind)]
    pub fn refresh_limits(&self, script_id: Option<String>) -> Result<Vec<String>> {
        let id = script_id.map(|id| id_of(&id)).transpose()?;
        let ids = self.inner.scheduler.refresh_limits(id.as_ref());
        Ok(ids.iter().map(|id| id.as_str().to_owned()).collect())
    }

    /// What an id has going on.
    #[napi(catch_unwind)]
    pub fn usage(&self, script_id: String) -> Result<IdUsage> {
        let id = id_of(&script_id)?;
        let usage = self.inner.scheduler.usage(&id);
        let request = Request { owner: id, quota: 0, op: Op::Size };
        let size = self.inner.services.store().now(&request).map(|answered| answered.response);
        Ok(IdUsage {
            queued: usage.queued as f64,
            started: usage.started as f64,
            waiting: usage.waiting as f64,
            memory: usage.memory as f64,
            state_bytes: match size {
                Some(Ok(Response::Size { bytes, .. })) => Some(bytes as f64),
                _ => None,
            },
        })
    }

    /// What the engine does, and did since it was made.
    #[napi(catch_unwind)]
    pub fn stats(&self) -> EngineStats {
        let (engine, factory) = (&self.inner.scheduler, &self.inner.factory);
        let (totals, cache) = (engine.totals(), factory.code_cache().map(CodeCache::stats).unwrap_or_default());
        EngineStats {
            queued: engine.queued() as u32,
            running: engine.running() as u32,
            suspended: engine.suspended() as u32,
            started: totals.started as f64,
            worked: in_milliseconds(totals.worked),
            memory: factory.memory().held() as f64,
            snapshot_bytes: factory.snapshot_size() as f64,
            vms_created: factory.vms_created() as f64,
            cache_hits: cache.hits as f64,
            cache_misses: cache.misses as f64,
        }
    }

    /// How long runs took that have ended since this was reset.
    #[napi(catch_unwind)]
    pub fn times(&self) -> RunTimes {
        self.inner.times.borrow().read()
    }

    /// Forgets how long runs took.
    #[napi(catch_unwind)]
    pub fn reset_times(&self) {
        self.inner.times.borrow_mut().reset();
    }

    fn compiled(
        &self,
        source: Either<String, Uint8Array>,
        name: String,
    ) -> std::result::Result<Compiled, Box<RunFailure>> {
        scheduler::compile(&self.inner.factory, &bytes_of(source), name.into(), &self.inner.defaults)
    }

    fn answered(&self, run_id: f64, wait: u32, answer: Answer) {
        self.inner.scheduler.answer_one(run_id as u64, wait, answer);
    }
}

impl From<PreludePart> for Part {
    fn from(PreludePart { name, source, is_module }: PreludePart) -> Self {
        Self { name: name.into(), source: bytes_of(source).into(), is_module }
    }
}

fn bytes_of(source: Either<String, Uint8Array>) -> Vec<u8> {
    match source {
        Either::A(text) => text.into_bytes(),
        Either::B(bytes) => bytes.to_vec(),
    }
}

fn libraries_of(names: &[String]) -> Result<Libraries> {
    Libraries::named(names.iter().map(String::as_str))
        .map_err(|name| napi::Error::from_reason(format!("there is no library '{name}'")))
}

/// Whom something is allowed to: these ids, or everybody.
fn access_of(ids: Option<Vec<String>>) -> Result<Access> {
    let Some(ids) = ids else { return Ok(Access::Everybody) };
    Ok(Access::Only(ids.iter().map(|id| id_of(id)).collect::<Result<_>>()?))
}

pub(super) fn id_of(script_id: &str) -> Result<ScriptId> {
    ScriptId::new(script_id).map_err(napi::Error::from_reason)
}
