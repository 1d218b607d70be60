//! One VM: a fresh Lua state with its limits, the script that runs in it, and what came of it.

mod arena;
mod code;
mod context;
mod error_value;
mod heap;
mod kill;
mod libraries;
mod mapping;
mod modules;
mod outcome;
mod template;
mod values;
mod waits;
mod walk;

#[doc(hidden)]
pub mod entry;
pub(crate) mod json;

pub use code::{CacheLimits, CacheStats, Chunk, CodeCache, Compiled};
pub(crate) use context::panic_message;
pub use context::{Call, Context};
pub use kill::Kill;
pub use libraries::Libraries;
pub use modules::Modules;
pub use template::Template;
pub use values::{Shapes, Values};
pub(crate) use values::{read_values, write_values};
pub use waits::{Answer, HostCall, HostError, HostFunction, Wait};

use crate::api;
use crate::error::{Code, Error, Failure};
use crate::state::{ScriptId, Store};
use heap::Heap;
use json::Refusal;
use mlua::{Lua, Value};
use moonpool_lua::{Flag, ffi};
use std::ffi::{CString, c_int};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use template::Blank;
use values::Reader;

/// The chunk name of our own code in Lua, whose frames are nowhere that an error happened.
pub(crate) const OURS: &str = "[moonpool]";

/// What one run may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Wall time from the start of execution.
    pub timeout: Duration,
    /// Time of execution on a worker thread, waits not counted; `None` for no such limit.
    pub cpu_timeout: Option<Duration>,
    /// Time in the queue, before execution; `None` for no such limit.
    pub queue_timeout: Option<Duration>,
    /// Bytes of Lua heap, and of what the host holds for the script; at least [`Limits::MIN_MEMORY`].
    pub memory: usize,
    /// Bytes of captured output.
    pub output: usize,
}

impl Limits {
    /// The smallest memory limit: room for the libraries and a small script.
    pub const MIN_MEMORY: usize = 1 << 20;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            cpu_timeout: None,
            queue_timeout: None,
            memory: 64 << 20,
            output: 1 << 20,
        }
    }
}

/// What an engine gives to all its scripts.
pub struct Host {
    /// Where State is kept.
    pub store: Arc<dyn Store>,
    /// What VMs are made from.
    pub template: Arc<Template>,
    /// Where compiled chunks are kept, if they are.
    pub code_cache: Option<CodeCache>,
    /// What `require` finds.
    pub modules: Modules,
    /// What `host` has, for runs that begin from now on.
    pub functions: RwLock<Vec<HostFunction>>,
}

/// One script to run: its code, who it is, and what it may use.
#[derive(Clone)]
pub struct Script {
    /// What to run.
    pub chunk: Chunk,
    /// Who runs.
    pub id: ScriptId,
    /// The chunk's name in messages and tracebacks; for a compiled chunk, the one it was compiled with.
    pub name: Arc<str>,
    /// What the run may use.
    pub limits: Limits,
    /// What JavaScript gives to the run and takes from it.
    pub exchange: Exchange,
    /// The engine's part.
    pub host: Arc<Host>,
}

/// The values that a run is given, and how it gives its own.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// A list: the values of the chunk's `...`.
    pub args: Option<Values>,
    /// A list of names and values in turn: globals that the script finds.
    pub globals: Option<Values>,
    /// As `globals`, but only for a VM that had no script before.
    pub initial: Option<Values>,
    /// How the returned values are given; `None` for as text, after the output.
    pub results: Option<Shapes>,
}

/// What a run ended with, or why there is nothing.
pub type Outcome = Result<Success, Box<Failure>>;

/// What a run that succeeded wrote and returned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Success {
    /// Captured output; and the returned values as text, unless they are given as values.
    pub text: String,
    /// The returned values, if they were asked for.
    pub values: Option<Values>,
}

/// Where a script stands after it ran for a while.
pub enum Progress {
    /// It left because its flag asked for it, or to give up its turn, and can be resumed.
    Left,
    /// It left because it waits, and can be resumed when that is over; for a call, after [`Vm::answer`].
    Waits(Wait),
    /// It ended.
    Done(Outcome),
}

/// A Lua state, used by one thread at a time: built without a script, then given one, once.
pub struct Vm {
    state: *mut ffi::lua_State,
    /// The coroutine that the script runs in, so that it can be left and resumed.
    base: *mut ffi::lua_State,
    lua: Option<Lua>,
    flag: Arc<Flag>,
    limits: Limits,
    /// How the script's results are given.
    results: Option<Shapes>,
    /// How many of the host's functions it has, whether its `require` finds modules, and whether it has what a VM begins
    /// with.
    functions: usize,
    requires: bool,
    initialised: bool,
    /// Dropped after the state is closed; Lua and the context point to it.
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
    pub fn build(template: &Template) -> Result<Self, Error> {
        let no_memory = || Error::new(Code::Memory, "the system has no memory for another VM");
        let Blank { heap, state, base } = template.vm().ok_or_else(no_memory)?;
        let mut vm = Self {
            state,
            base,
            lua: None,
            flag: Arc::default(),
            limits: Limits::default(),
            results: None,
            functions: 0,
            requires: false,
            initialised: false,
            heap,
        };
        // SAFETY: a new state, ours, with mlua's part of it made under its own protection. mlua keeps its data in the
        // state's registry and is dropped before the state is closed.
        let lua = unsafe { Lua::get_or_init_from_ptr(vm.state) }.clone();
        let marks = api::json::marks(&lua).map_err(|_| no_memory())?;
        lua.set_app_data(marks);
        vm.lua = Some(lua);
        // SAFETY: the state is ours, and its collector stood still until now.
        unsafe { moonpool_lua::built(vm.state) };
        Ok(vm)
    }

    /// Gives the VM to a script, which obeys `flag`. To a VM that had one before, only after [`Vm::renew`].
    pub fn assign(&mut self, script: &Script, flag: Arc<Flag>) {
        self.heap.set_limit(script.limits.memory);
        let heap = context::HeapRef(&raw const *self.heap);
        self.lua().set_app_data(Context::new(script, flag.clone(), heap));
        // SAFETY: the flag is kept alive in `self` from here on, and the one before until here. Only now: a kill is for
        // the script, and shall not surprise our own work on the VM.
        unsafe { flag.watch(self.state) };
        (self.flag, self.limits) = (flag, script.limits.clone());
    }

    /// Whether another script can have this VM: not after a kill, which leaves it in the middle of something.
    pub fn is_reusable(&self) -> bool {
        self.flag.killed().is_none()
    }

    /// Prepares a VM whose script has ended for another one, which finds what that left in its globals.
    ///
    /// # Errors
    /// When the VM's memory does not suffice.
    pub fn renew(&mut self) -> Result<(), Error> {
        // A kill that came after the end is not for us.
        self.ignore_flag();
        let mut base = std::ptr::null_mut();
        // SAFETY: the old one has ended; without its results it is dead for scripts, too.
        unsafe { ffi::lua_settop(self.base, 0) };
        // SAFETY: the closure owns nothing that has a destructor. The registry keeps the coroutine; nobody else has the
        // address of the name.
        let made = unsafe {
            self.lua().exec_raw::<()>((), |state| {
                base = ffi::lua_newthread(state);
                ffi::lua_rawsetp(state, ffi::LUA_REGISTRYINDEX, (&raw const BASE).cast());
            })
        };
        made.map_err(|_| Kill::Memory.error(&self.limits))?;
        self.base = base;
        // SAFETY: both are ours, and `base` lives as long as the registry keeps it.
        unsafe { moonpool_lua::set_base(self.state, base) };
        Ok(())
    }

    /// How many bytes the VM holds.
    pub fn memory(&self) -> usize {
        self.heap.used()
    }

    /// Loads the script and runs it until it ends or leaves.
    pub fn start(&mut self, script: &Script) -> Progress {
        self.results = script.exchange.results;
        match self.prepare(script) {
            Ok(Some(args)) => self.go_on(args),
            Ok(None) => Progress::Done(self.outcome(Ok(()))),
            Err(failure) => Progress::Done(Err(failure)),
        }
    }

    /// Puts what is to run, and so many arguments, onto the base coroutine; or, where nothing is to run, a result.
    fn prepare(&mut self, script: &Script) -> Result<Option<c_int>, Box<Failure>> {
        self.hand_over_globals(&script.exchange).map_err(|refusal| self.not_handed_over(refusal))?;
        if let Chunk::Call(name) | Chunk::Get(name) = &script.chunk {
            let value = self.lua().globals().raw_get::<Value>(&**name);
            let value = value.map_err(|refusal| self.not_handed_over(refusal.into()))?;
            if matches!(script.chunk, Chunk::Call(_)) && value.is_nil() {
                let message = format!("there is no global function '{name}' in this context");
                return Err(Box::new(Failure::new(Error::new(Code::Runtime, message))));
            }
            self.push(value).map_err(|refusal| self.not_handed_over(refusal.into()))?;
            if matches!(script.chunk, Chunk::Get(_)) {
                return Ok(None);
            }
        } else if self.load(script) != ffi::LUA_OK {
            return Err(self.outcome(Err(Code::Syntax)).expect_err("it did not compile"));
        }
        self.hand_over_args(&script.exchange).map(Some).map_err(|refusal| self.not_handed_over(refusal))
    }

    /// Compiles the script without running it.
    ///
    /// # Errors
    /// As for a run: `ERR_LUA_SYNTAX`, or a limit that passed.
    pub fn compile(&mut self, script: &Script) -> Result<Compiled, Box<Failure>> {
        let Chunk::Source(source) = &script.chunk else { unreachable!("only source is compiled") };
        match self.load_source(source, &script.name) {
            // SAFETY: the state is ours, and loading left the function there.
            ffi::LUA_OK => Ok(unsafe { Compiled::of_top(self.base, script.name.clone()) }),
            _ => Err(self.outcome(Err(Code::Syntax)).expect_err("it did not compile")),
        }
    }

    /// Runs the script, which is loaded or has left before, until it ends or leaves.
    pub fn resume(&mut self) -> Progress {
        self.go_on(0)
    }

    fn go_on(&mut self, args: c_int) -> Progress {
        let mut results = 0;
        // SAFETY: `base` holds a loaded function and so many arguments, or has left; lua_resume is protected by Lua itself.
        match unsafe { ffi::lua_resume(self.base, self.state, args, &mut results) } {
            ffi::LUA_YIELD => self.with_context(Context::take_wait).map_or(Progress::Left, Progress::Waits),
            ffi::LUA_OK => Progress::Done(self.outcome(Ok(()))),
            _ => Progress::Done(self.outcome(Err(Code::Runtime))),
        }
    }

    /// Gives the script the answer that it waits for.
    pub fn answer(&mut self, answer: Answer) {
        self.with_context(|context| context.set_answer(answer));
    }

    /// Puts the arguments on top of the script's function.
    fn hand_over_args(&self, exchange: &Exchange) -> Result<c_int, Refusal> {
        let Some(args) = &exchange.args else { return Ok(0) };
        let args = Reader::new(self.lua(), args).values()?;
        let count = args.len() as c_int;
        args.into_iter().try_for_each(|value| self.push(value))?;
        Ok(count)
    }

    /// Sets the globals that the run is given, and those that the VM is to begin with.
    fn hand_over_globals(&mut self, exchange: &Exchange) -> Result<(), Refusal> {
        self.add_extensions()?;
        let initial = exchange.initial.as_ref().filter(|_| !std::mem::replace(&mut self.initialised, true));
        for values in [initial, exchange.globals.as_ref()].into_iter().flatten() {
            for (name, value) in Reader::new(self.lua(), values).named()? {
                self.lua().globals().raw_set(name, value)?;
            }
        }
        Ok(())
    }

    /// Adds the functions and modules of the host that the VM does not have yet.
    fn add_extensions(&mut self) -> mlua::Result<()> {
        let host = self.with_context(|context| context.host.clone());
        let functions = host.functions.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(new) = functions.get(self.functions..).filter(|new| !new.is_empty()) {
            api::host::add_functions(self.lua(), new)?;
            self.functions = functions.len();
        }
        if !self.requires && !host.modules.is_empty() {
            api::require::enable(self.lua())?;
            self.requires = true;
        }
        Ok(())
    }

    /// Pushes a value onto the base coroutine, which is not running.
    fn push(&self, value: Value) -> mlua::Result<()> {
        let base = self.base;
        // SAFETY: the closure owns nothing that has a destructor; `base` is ours and not running.
        unsafe {
            self.lua().exec_raw(value, |state| {
                ffi::luaL_checkstack(base, 1, std::ptr::null());
                ffi::lua_xmove(state, base, 1);
            })
        }
    }

    /// Loads the script's function onto the base coroutine: from the cache, if it is there.
    fn load(&mut self, script: &Script) -> c_int {
        let source = match &script.chunk {
            // SAFETY: `base` is a fresh coroutine of our state.
            Chunk::Compiled(compiled) => return unsafe { compiled.load_onto(self.base) },
            Chunk::Call(_) | Chunk::Get(_) => unreachable!("not to be loaded"),
            Chunk::Source(source) => source,
        };
        let Some(cache) = &script.host.code_cache else { return self.load_source(source, &script.name) };
        if let Some(compiled) = cache.get(&script.name, source) {
            // SAFETY: as above.
            return unsafe { compiled.load_onto(self.base) };
        }
        let status = self.load_source(source, &script.name);
        if status == ffi::LUA_OK {
            // SAFETY: the state is ours, and loading left the function there.
            cache.insert(source, unsafe { Compiled::of_top(self.base, script.name.clone()) });
        }
        status
    }

    fn load_source(&mut self, source: &[u8], name: &str) -> c_int {
        let (source, name) = (skip_file_header(source), chunk_name(name));
        // SAFETY: `base` is a fresh coroutine of our state; the buffer is read during the call only. Loading is
        // protected by Lua itself.
        unsafe { ffi::luaL_loadbufferx(self.base, source.as_ptr().cast(), source.len(), name.as_ptr(), c"t".as_ptr()) }
    }

    /// The most bytes that were in use at once, since the VM had its script.
    pub fn peak_memory(&self) -> usize {
        self.heap.peak()
    }

    /// Lets the host work on the VM undisturbed. The script that it has must never run again.
    fn ignore_flag(&self) {
        // SAFETY: the state is ours, and no frame of it is running.
        unsafe { Flag::ignore(self.state) }
    }

    fn with_context<T>(&self, f: impl FnOnce(&Context) -> T) -> T {
        let context = self.lua().app_data_ref::<Context>().expect("every VM is built with a context");
        f(&context)
    }

    fn lua(&self) -> &Lua {
        self.lua.as_ref().expect("only a VM that was built is used")
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        // mlua's handle first: its values refer to the state.
        drop(self.lua.take());
        // A flag that is up would stop the finalizers of mlua's userdata, and leak what they own.
        self.ignore_flag();
        // SAFETY: the state is ours, no frame of it is running, and nothing else refers to it.
        unsafe {
            moonpool_lua::close(self.state);
        }
    }
}

/// Lua's name for the type of a value.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) | Value::Number(_) => "number",
        Value::LightUserData(_) => "userdata",
        other => other.type_name(),
    }
}

/// As Lua takes a name that is to be shown as it is.
fn chunk_name(name: &str) -> CString {
    CString::new(format!("={name}")).unwrap_or_default()
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
