//! One VM: a fresh Lua state with its limits, the script that runs in it, and what came of it.

mod code_cache;
mod execution;
mod factory;
mod fiber;
#[cfg(test)]
mod handles;
mod outcome;
mod prelude;
mod script;
mod snapshot;
mod stacks;
#[cfg(test)]
mod starvation;
mod target;
mod unfit;

pub use code_cache::{CacheLimits, CacheStats, CodeCache};
pub use execution::Execution;
pub use factory::Factory;
pub use prelude::{Part, Prelude};
pub use script::{Chunk, Exchange, Outcome, Script, Success};
pub use target::Target;

use crate::api;
use crate::bridge::{
    Answer, Came, Compiled, Context, HostFunction, Kill, Limits, Repeats, Requests, Sources, Told, Wait, chunk_name,
    direct, given, handle,
};
use crate::error::{Code, Error, Failure};
use crate::memory::{Budget, Heap, Held, Share, Tell};
use crate::state::{Answered, Depends};
use crate::value::wire::{self, Reader};
use crate::value::{Arg, Marks, Refusal, Shapes, Values};
use mlua::{AppDataRef, Lua, Value};
use moonpool_lua::{Flag, ffi, protect};
use std::ffi::c_int;
use std::sync::Arc;

/// So many arguments are pushed at one go, without a look at the flag.
const MOST_PLAIN: usize = 64;

/// Where a script stands after it ran for a while.
pub enum Progress {
    /// It was preempted, because its flag asked for it, or gave up its turn, and can be resumed.
    Preempted,
    /// It is suspended because it waits, and can be resumed when that is over; for a call, after the answer.
    Waiting(Wait),
    /// It is suspended because all functions of a `parallel` wait, and can be resumed when any of those waits is over.
    WaitingForAny,
    /// It ended.
    Done(Outcome),
}

/// A Lua state, used by one thread at a time: built without a script, then given one, once.
pub struct Vm {
    state: *mut ffi::lua_State,
    /// The coroutine that the script runs in, so that it can be suspended and resumed.
    base: *mut ffi::lua_State,
    /// What belongs to the run; nothing while the VM is nobody's. Boxed, because Lua points to it.
    context: Option<Box<Context>>,
    /// The flag that it obeys, and the main chunk's name; nothing before it has a script.
    flag: Option<Arc<Flag>>,
    name: Option<Arc<str>>,
    limits: Limits,
    /// How the script's results are given.
    results: Option<Shapes>,
    /// What is done when Lua has found what a name means.
    reaching: Option<target::Reaching>,
    /// How many of the engine's functions it has, how many shared dictionaries it was offered, whether its `require` finds modules,
    /// and whether it has what a VM begins with.
    functions: usize,
    shared: usize,
    requires: bool,
    initialised: bool,
    /// Whether it is to do the same in every process.
    repeats: bool,
    /// For whoever has it next.
    tell: Option<Tell>,
    share: Option<Arc<Share>>,
    run: u64,
    /// Dropped after the state is closed; Lua and the budget point to it.
    heap: Box<Heap>,
}

/// Its address is the base coroutine's name in the registry of a VM that had more than one.
static BASE: u8 = 0;

// SAFETY: a state may be used by any thread, by one at a time, and `&mut self` or ownership is needed for
// every use. What Lua points to (heap, flag) is owned here; mlua's values are Send with its `send` feature.
unsafe impl Send for Vm {}

impl Vm {
    /// Builds a VM that has no script yet.
    ///
    /// # Errors
    /// `ERR_LUA_MEMORY` when the system has no memory for it.
    pub fn build(factory: &Factory) -> Result<Self, Error> {
        let mut vm = Self::of(factory.blank(), false).map_err(|error| factory.used_up().unwrap_or(error))?;
        vm.requires = factory.prelude().is_some();
        Ok(vm)
    }

    /// As [`Vm::build`], but without the engine's prelude: for what runs no script.
    ///
    /// # Errors
    /// As [`Vm::build`].
    pub fn build_bare(factory: &Factory) -> Result<Self, Error> {
        Self::of(factory.bare(), false)
    }

    /// As [`Vm::build`], but a VM in which everything that this script sees of it is made of the seed: the same in every
    /// process. The engine's prelude runs in it anew, and obeys the flag.
    ///
    /// # Errors
    /// As [`Vm::build`]; and what the prelude fails with.
    pub fn build_that_repeats(
        factory: &Factory,
        script: &Script,
        repeats: &Repeats,
        flag: &Arc<Flag>,
    ) -> Result<Self, Box<Failure>> {
        let blank = factory.blank_that_repeats(repeats.seed.unwrap_or_default(), script.limits.memory);
        let mut vm = Self::of(blank, true).map_err(|error| Box::new(Failure::new(error)))?;
        if let Some(prelude) = factory.prelude() {
            prelude.run_again(&mut vm, script, repeats, flag)?;
        }
        Ok(vm)
    }

    fn of(blank: Option<snapshot::Blank>, repeats: bool) -> Result<Self, Error> {
        let no_memory = || Error::new(Code::Memory, "the system has no memory for another VM");
        let snapshot::Blank { heap, roots: snapshot::Roots { state, base, .. } } = blank.ok_or_else(no_memory)?;
        // SAFETY: the state is ours, and its collector stood still until now.
        unsafe { moonpool_lua::built(state) };
        Ok(Self {
            state,
            base,
            context: None,
            flag: None,
            name: None,
            limits: Limits::default(),
            results: None,
            reaching: None,
            functions: 0,
            shared: 0,
            requires: false,
            initialised: false,
            repeats,
            tell: None,
            share: None,
            run: 0,
            heap,
        })
    }

    /// Gives the VM to a script, which obeys `flag`. To a VM that had one before, only after [`Vm::renew`].
    pub fn assign(&mut self, script: &Script, flag: Arc<Flag>) {
        // SAFETY: the heap is boxed, and dropped after the context.
        let budget = unsafe { Budget::new(flag.clone(), &self.heap) };
        let (id, services) = (script.id.clone(), script.services.clone());
        let (tell, share) = (self.tell.take(), self.share.take());
        self.heap.with_account(|account| account.set_owner(id.clone(), flag.clone(), tell, share));
        let earlier = self.context.take().map(|context| *context);
        // What an earlier run left in the VM may rest on writes that can still be lost; and the VM keeps what it was given.
        let depends = earlier.as_ref().map(Context::depends).unwrap_or_default();
        let extras = script.exchange.extras.clone();
        let given = given(&services.supply, extras.as_deref(), earlier.as_ref().map(|context| context.given.clone()));
        let about = (&script.limits, script.exchange.telling);
        let context = Context::new(id, script.name.clone(), services, (given, extras), budget, about, depends);
        let mut context = Box::new(context.of_run(self.run));
        let chance = earlier.as_ref().and_then(|context| context.sources.chance());
        context.sources = Sources::new(script.exchange.repeats.as_ref(), chance);
        context.called = script.exchange.called.clone();
        if let Some(earlier) = earlier {
            (context.regexes, context.handle) = (earlier.regexes, earlier.handle);
        }
        // SAFETY: the state is ours, and not running. The context is boxed, and lives until the VM has another, or is closed.
        unsafe { direct::set_context(self.state, Some(&context)) };
        if let Some(lua) = context.handle.get() {
            handle::identify(lua, &context);
        }
        self.context = Some(context);
        self.obey(flag, script.name.clone(), &script.limits);
    }

    /// See [`Execution::keep`].
    fn keep(&self, bytes: usize) -> Option<Held> {
        self.heap.with_account(|account| account.keep(bytes))
    }

    /// Puts the VM under a flag and limits.
    fn obey(&mut self, flag: Arc<Flag>, name: Arc<str>, limits: &Limits) {
        self.heap.set_limit(limits.memory);
        // SAFETY: the flag is kept alive in `self` from here on, and the one before until here. Only now: a kill is for
        // the script, and shall not surprise our own work on the VM.
        unsafe { flag.watch(self.state) };
        (self.flag, self.name, self.limits) = (Some(flag), Some(name), limits.clone());
    }

    /// Whether another script can have this VM: not after a kill, which leaves it in the middle of something. What the
    /// script that has ended kept on its stack is free then.
    fn retire(&self) -> bool {
        let reusable = self.flag.as_ref().is_none_or(|flag| flag.killed().is_none());
        if reusable {
            // SAFETY: both are ours; the script that ran in `base` has ended.
            unsafe { moonpool_lua::retire(self.state, self.base) };
        }
        reusable
    }

    /// Prepares a VM whose script has ended for another one, which finds what that left in its globals.
    ///
    /// # Errors
    /// When the VM's memory does not suffice.
    pub fn renew(&mut self) -> Result<(), Error> {
        // A kill that came after the end is not for us.
        self.ignore_flag();
        let mut base = std::ptr::null_mut();
        // SAFETY: the state is ours, and not running; the closure owns nothing that has a destructor. The registry keeps the
        // coroutine; nobody else has the address of the name.
        let status = unsafe {
            protect(self.state, 0, 0, |state| {
                base = ffi::lua_newthread(state);
                ffi::lua_rawsetp(state, ffi::LUA_REGISTRYINDEX, (&raw const BASE).cast());
                0
            })
        };
        if status != ffi::LUA_OK {
            return Err(Kill::Memory.error(&self.limits));
        }
        self.base = base;
        // SAFETY: both are ours, and `base` lives as long as the registry keeps it.
        unsafe { moonpool_lua::set_base(self.state, base) };
        Ok(())
    }

    /// What to call when the VM of the next script is killed for others, wherever that script is.
    pub(crate) fn tell_when_killed(&mut self, tell: Tell) {
        self.tell = Some(tell);
    }

    /// What the next script's id holds together, and so with this VM.
    pub(crate) fn belong_to(&mut self, share: Arc<Share>) {
        self.share = Some(share);
    }

    /// The number of the run that has the next script.
    pub(crate) fn belong_to_run(&mut self, run: u64) {
        self.run = run;
    }

    /// Why it was killed for others, if it was, also after its script has ended.
    pub(crate) fn doomed(&self) -> Option<Kill> {
        self.heap.with_account(|account| account.doomed()).flatten().and_then(Kill::of_reason)
    }

    /// How many bytes the VM holds.
    pub fn memory(&self) -> usize {
        self.heap.used()
    }

    /// Loads the script and runs it until it ends or is suspended.
    fn start(&mut self, script: &Script, factory: &Factory) -> Progress {
        (self.results, self.reaching) = (script.exchange.results, None);
        let prepared = self.prepare(script, factory);
        self.proceed(prepared)
    }

    /// Goes on with what was prepared.
    fn proceed(&mut self, prepared: Result<Option<c_int>, Box<Failure>>) -> Progress {
        match prepared {
            Ok(Some(args)) => self.go_on(args),
            Ok(None) => Progress::Done(self.outcome(Ok(()))),
            Err(failure) => Progress::Done(Err(failure)),
        }
    }

    /// Puts what is to run, and so many arguments, onto the base coroutine; or, where nothing is to run, a result.
    fn prepare(&mut self, script: &Script, factory: &Factory) -> Result<Option<c_int>, Box<Failure>> {
        self.hand_over_globals(&script.exchange).map_err(|refusal| self.not_handed_over(refusal))?;
        if let Some(released) = &script.exchange.released {
            self.forget(released).map_err(|error| self.not_handed_over(error.into()))?;
        }
        let args = script.exchange.args.as_ref();
        match &script.chunk {
            Chunk::Call(target) => return self.prepare_call(target, args),
            Chunk::Get(name) => return self.prepare_get(name),
            Chunk::Set(name) => return self.prepare_set(name, args),
            Chunk::Source(_) | Chunk::Compiled(_) => {}
        }
        let status = match &script.chunk {
            Chunk::Source(source) if self.repeats => self.load_elsewhere_compiled(script, source, factory)?,
            _ => self.load(script, factory.code_cache()),
        };
        if status != ffi::LUA_OK {
            return Err(self.outcome(Err(Code::Syntax)).expect_err("it did not compile"));
        }
        self.hand_over_args(args).map(Some).map_err(|refusal| self.not_handed_over(refusal))
    }

    /// Compiles source without running it. The VM belongs to nobody, and is of no use afterwards.
    ///
    /// # Errors
    /// As for a run: `ERR_LUA_SYNTAX`, or a limit that passed.
    pub fn compile(
        mut self,
        source: &[u8],
        name: Arc<str>,
        limits: &Limits,
        flag: Arc<Flag>,
    ) -> Result<Compiled, Box<Failure>> {
        self.obey(flag, name.clone(), limits);
        match self.load_source(source, &name) {
            ffi::LUA_OK => {
                // SAFETY: the state is ours, and loading left the function there.
                let compiled = unsafe { Compiled::of_top(self.base, name, limits.memory) };
                compiled.ok_or_else(|| self.killed(Kill::Memory))
            }
            _ => Err(self.outcome(Err(Code::Syntax)).expect_err("it did not compile")),
        }
    }

    /// Runs the script, which is loaded or was suspended before, until it ends or is suspended.
    fn resume(&mut self) -> Progress {
        self.go_on(0)
    }

    fn go_on(&mut self, args: c_int) -> Progress {
        let mut results = 0;
        // SAFETY: `base` holds a loaded function and so many arguments, or is suspended; lua_resume is protected by Lua itself.
        match unsafe { ffi::lua_resume(self.base, self.state, args, &mut results) } {
            ffi::LUA_YIELD => self.progress(),
            ffi::LUA_OK => match self.reaching.take() {
                Some(reaching) => self.reached(reaching),
                None => Progress::Done(self.outcome(Ok(()))),
            },
            _ => Progress::Done(self.outcome(Err(Code::Runtime))),
        }
    }

    /// Why the script is suspended.
    fn progress(&self) -> Progress {
        self.with_context(|context| match context.take_wait() {
            Some(wait) => Progress::Waiting(wait),
            None if context.take_waits_for_any() => Progress::WaitingForAny,
            None => Progress::Preempted,
        })
    }

    /// Says what the native stack that the VM runs on can be suspended by.
    fn set_suspender(&self, suspender: &fiber::Suspender) {
        // SAFETY: the state is ours. The suspender is the fiber's on which this is called, or none.
        unsafe { moonpool_lua::set_fiber(self.state, suspender.suspend, suspender.fiber) }
    }

    /// Counts memory that the host holds for the VM, if there is room.
    fn hold(&self, bytes: usize) -> bool {
        self.heap.hold(bytes)
    }

    fn release(&self, bytes: usize) {
        self.heap.release(bytes);
    }

    /// Kills the script, unless it is being killed already.
    fn kill(&self, kill: Kill) {
        if let Some(flag) = &self.flag {
            flag.kill(kill.reason());
        }
    }

    /// Gives the script the answer that it waits for.
    fn answer(&self, answer: Answer) {
        self.with_context(|context| context.set_answer(answer));
    }

    /// What functions of `parallel` ask for.
    fn take_requests(&self) -> Option<Box<Requests>> {
        self.with_context(Context::take_requests)
    }

    /// Gives functions of `parallel` what came of their waits.
    fn give(&self, came: Vec<(u32, Came)>) {
        self.with_context(|context| came.into_iter().for_each(|(number, came)| context.came(number, came)));
    }

    /// Keeps what the answer holds until the script takes that over.
    fn hold_result(&self, held: Held) {
        self.with_context(|context| context.hold_result(held));
    }

    /// Gives the script the store's answer.
    fn answer_state(&self, answered: Answered) {
        self.with_context(|context| context.set_state_answer(answered));
    }

    /// The writes to State that the script depends on.
    fn depends(&self) -> Depends {
        self.with_context(Context::depends)
    }

    /// What the script has told since this was last asked; and when it has `ended`, all of it.
    fn take_told(&self, ended: bool) -> Told {
        self.with_context(|context| context.take_told(ended))
    }

    /// Lets the script's `sleep` raise an error when the script goes on.
    fn refuse_sleep(&self, error: Error) {
        self.with_context(|context| context.refuse_sleep(error));
    }

    /// Puts the arguments on top of the script's function.
    fn hand_over_args(&self, args: Option<&Values>) -> Result<c_int, Refusal> {
        let Some(args) = args else { return Ok(0) };
        if let Some(plain) = wire::plain(args, MOST_PLAIN) {
            self.push_plain(&plain)?;
            return Ok(plain.len() as c_int);
        }
        let args = self.read(args, |reader| reader.values())?;
        let count = args.len() as c_int;
        args.into_iter().try_for_each(|value| self.push(value))?;
        Ok(count)
    }

    /// Pushes values onto the base coroutine, which is not running.
    fn push_plain(&self, values: &[Arg]) -> mlua::Result<()> {
        let base = self.base;
        // SAFETY: the closure owns nothing that has a destructor; both are ours and not running.
        unsafe {
            self.protected(|state| {
                ffi::luaL_checkstack(base, values.len() as c_int, std::ptr::null());
                for value in values {
                    value.push(state);
                    ffi::lua_xmove(state, base, 1);
                }
            })
        }
    }

    /// Sets the globals that the run is given, and those that the VM is to begin with.
    fn hand_over_globals(&mut self, exchange: &Exchange) -> Result<(), Refusal> {
        let is_first = !std::mem::replace(&mut self.initialised, true);
        self.add_extensions(is_first)?;
        let initial = exchange.initial.as_ref().filter(|_| is_first);
        for values in [initial, exchange.globals.as_ref()].into_iter().flatten() {
            for (name, value) in self.read(values, |reader| reader.named())? {
                self.lua()?.globals().raw_set(name, value)?;
            }
        }
        Ok(())
    }

    /// Reads values that JavaScript gave.
    fn read<T>(&self, values: &Values, as_what: impl FnOnce(Reader) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let (lua, context) = (self.lua()?, self.of_run());
        as_what(Reader::new(lua, &context.budget, values))
    }

    /// Adds the host functions, shared dictionaries and modules that the VM does not have yet.
    fn add_extensions(&mut self, is_first: bool) -> mlua::Result<()> {
        let shared = self.with_context(|context| context.shared.clone());
        if let Some(dicts) = shared.filter(|dicts| dicts.len() > self.shared) {
            let id = self.with_context(|context| context.id.clone());
            // SAFETY: what is called owns nothing that has a destructor.
            unsafe { self.protected(|state| api::shared::add_dicts(state, &dicts, self.shared, &id))? };
            self.shared = dicts.len();
        }
        let (functions, extras) =
            self.with_context(|context| (context.given.functions.clone(), context.extras.clone()));
        if let Some(new) = functions.get(self.functions..).filter(|new| !new.is_empty()) {
            self.add_functions(new)?;
            self.functions = functions.len();
        }
        if let Some(extras) = extras.filter(|_| is_first) {
            // After the others: where both have a name, it is the run's own.
            self.add_functions(&extras.functions)?;
        }
        if !self.requires && self.with_context(Context::began_with_modules) {
            let part_in_lua = api::require::part_in_lua()?;
            // SAFETY: as above.
            unsafe { self.protected(|state| api::require::enable(state, part_in_lua))? };
            self.requires = true;
        }
        Ok(())
    }

    fn add_functions(&self, functions: &[Arc<HostFunction>]) -> mlua::Result<()> {
        // SAFETY: as above.
        unsafe { self.protected(|state| api::host::add_functions(state, functions)) }
    }

    /// Does work on the main thread that may raise an error of Lua's, whose stack is as before then.
    ///
    /// # Errors
    /// When it raises one: then memory is missing.
    ///
    /// # Safety
    /// As [`protect`].
    unsafe fn protected(&self, mut work: impl FnMut(*mut ffi::lua_State)) -> mlua::Result<()> {
        // SAFETY: as the caller. The VM is ours, and not running.
        let status = unsafe {
            let top = ffi::lua_gettop(self.state);
            let status = protect(self.state, 0, 0, |state| {
                work(state);
                0
            });
            ffi::lua_settop(self.state, top);
            status
        };
        if status == ffi::LUA_OK { Ok(()) } else { Err(no_memory()) }
    }

    /// Pushes a value onto the base coroutine, which is not running.
    fn push(&self, value: Value) -> mlua::Result<()> {
        let base = self.base;
        // SAFETY: the closure owns nothing that has a destructor; `base` is ours and not running.
        unsafe {
            self.lua()?.exec_raw(value, |state| {
                ffi::luaL_checkstack(base, 1, std::ptr::null());
                ffi::lua_xmove(state, base, 1);
            })
        }
    }

    /// Loads the script's function onto the base coroutine: from the cache, if it is there.
    fn load(&mut self, script: &Script, cache: Option<&CodeCache>) -> c_int {
        let source = match &script.chunk {
            // SAFETY: `base` is a fresh coroutine of our state.
            Chunk::Compiled(compiled) => return unsafe { compiled.load_onto(self.base) },
            Chunk::Call(_) | Chunk::Get(_) | Chunk::Set(_) => unreachable!("not to be loaded"),
            Chunk::Source(source) => source,
        };
        let Some(cache) = cache else { return self.load_source(source, &script.name) };
        if let Some(compiled) = cache.get(&script.name, source) {
            // SAFETY: as above.
            return unsafe { compiled.load_onto(self.base) };
        }
        let status = self.load_source(source, &script.name);
        if status == ffi::LUA_OK
            && let Some(most) = cache.room(&script.name, source)
        {
            // SAFETY: the state is ours, and loading left the function there.
            let compiled = unsafe { Compiled::of_top(self.base, script.name.clone(), most) };
            if let Some(compiled) = compiled {
                cache.insert(source, compiled);
            }
        }
        status
    }

    /// Loads what another VM has compiled, so that it makes no difference to this one whether anybody has before.
    fn load_elsewhere_compiled(
        &mut self,
        script: &Script,
        source: &Arc<[u8]>,
        factory: &Factory,
    ) -> Result<c_int, Box<Failure>> {
        let cache = factory.code_cache();
        if let Some(compiled) = cache.and_then(|cache| cache.get(&script.name, source)) {
            // SAFETY: `base` is a fresh coroutine of our state.
            return Ok(unsafe { compiled.load_onto(self.base) });
        }
        let vm = Self::build_bare(factory).map_err(|error| Box::new(Failure::new(error)))?;
        let compiled = vm.compile(source, script.name.clone(), &self.limits, self.flag.clone().unwrap_or_default())?;
        // SAFETY: as above.
        let status = unsafe { compiled.load_onto(self.base) };
        if let Some(cache) = cache {
            cache.insert(source, compiled);
        }
        Ok(status)
    }

    fn load_source(&mut self, source: &[u8], name: &str) -> c_int {
        let (source, name) = (skip_file_header(source), chunk_name(name));
        // SAFETY: `base` is a fresh coroutine of our state; the buffer is read during the call only. Loading is
        // protected by Lua itself.
        unsafe { ffi::luaL_loadbufferx(self.base, source.as_ptr().cast(), source.len(), name.as_ptr(), c"t".as_ptr()) }
    }

    /// The most bytes that were in use at once, since the VM had its script.
    fn peak_memory(&self) -> usize {
        self.heap.peak()
    }

    /// Lets the host work on the VM undisturbed. The script that it has must never run again.
    fn ignore_flag(&self) {
        // SAFETY: the state is ours, and no frame of it is running.
        unsafe { Flag::ignore(self.state) }
    }

    /// The main chunk's name.
    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    fn with_context<T>(&self, f: impl FnOnce(&Context) -> T) -> T {
        f(self.of_run())
    }

    /// What belongs to the run that the VM was given to.
    fn of_run(&self) -> &Context {
        self.context.as_deref().expect("the VM was given to a script")
    }

    /// mlua's handle, made when it is first asked for.
    fn lua(&self) -> mlua::Result<&Lua> {
        let context = self.context.as_deref().ok_or_else(no_memory)?;
        // SAFETY: both are ours, and stay until the handle is gone.
        unsafe { handle::handle(self.state, context) }.map_err(|_killed| no_memory())
    }
}

/// How this VM marks arrays.
fn marks(lua: &Lua) -> mlua::Result<AppDataRef<'_, Marks>> {
    lua.app_data_ref().ok_or_else(no_memory)
}

/// Why there is no handle.
fn no_memory() -> mlua::Error {
    mlua::Error::MemoryError(String::new())
}

impl Drop for Vm {
    fn drop(&mut self) {
        // mlua's handle first: its values refer to the state.
        drop(self.context.as_mut().and_then(|context| context.handle.take()));
        // A flag that is up would stop the finalizers of mlua's userdata, and leak what they own.
        self.ignore_flag();
        // SAFETY: the state is ours, no frame of it is running, and nothing else refers to it.
        unsafe {
            moonpool_lua::close(self.state);
        }
    }
}

/// Skips what `lua` skips at the start of a file: a byte order mark, and a first line that begins with `#`
/// (its line break stays, so that line numbers hold).
fn skip_file_header(source: &[u8]) -> &[u8] {
    let source = source.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(source);
    match source.first() {
        Some(b'#') => &source[source.iter().position(|&b| b == b'\n').unwrap_or(source.len())..],
        _ => source,
    }
}
