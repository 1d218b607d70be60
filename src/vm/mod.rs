//! One VM: a fresh Lua state with its limits, the script that runs in it, and what came of it.

mod arena;
mod context;
mod error_value;
mod heap;
mod kill;
mod libraries;
mod mapping;
mod outcome;

#[doc(hidden)]
pub mod entry;
pub(crate) mod json;

pub(crate) use context::panic_message;
pub use context::{Call, Context};
pub use kill::Kill;

use crate::error::{Code, Error, Failure};
use crate::state::{ScriptId, Store};
use heap::Heap;
use mlua::{Lua, Value};
use moonpool_lua::{Flag, ffi, set_base};
use std::ffi::{CString, c_int, c_void};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

/// What one run may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Wall time from the start of execution.
    pub timeout: Duration,
    /// Time of execution on a worker thread, waits not counted; `None` for no such limit.
    pub cpu_timeout: Option<Duration>,
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
        Self { timeout: Duration::from_secs(5), cpu_timeout: None, memory: 64 << 20, output: 1 << 20 }
    }
}

/// One script to run: its source, who it is, and what it may use.
#[derive(Clone)]
pub struct Script {
    /// Lua source text. A byte order mark and a first line that begins with `#` are skipped, as `lua` does.
    pub source: Vec<u8>,
    /// Who runs.
    pub id: ScriptId,
    /// The chunk's name in messages and tracebacks.
    pub name: Arc<str>,
    /// What the run may use.
    pub limits: Limits,
    /// Where State is kept.
    pub store: Arc<dyn Store>,
}

/// What a run ended with: captured output and returned values as text, or why there are none.
pub type Outcome = Result<String, Box<Failure>>;

/// Where a script stands after it ran for a while.
pub enum Progress {
    /// It left because its flag asked for it, and can be resumed.
    Left,
    /// It ended.
    Done(Outcome),
}

/// A Lua state that runs one script, used by one thread at a time.
pub struct Vm {
    state: *mut ffi::lua_State,
    /// The coroutine that the script runs in, so that it can be left and resumed.
    base: *mut ffi::lua_State,
    lua: Option<Lua>,
    flag: Arc<Flag>,
    limits: Limits,
    /// Dropped after the state is closed; Lua and the context point to it.
    heap: Box<Heap>,
}

// SAFETY: a state may be used by any thread, by one at a time, and `&mut self` or ownership is needed for
// every use. What Lua points to (heap, flag) is owned here; mlua's values are Send with its `send` feature.
unsafe impl Send for Vm {}

impl Vm {
    /// Builds a VM for `script`, obeying `flag`.
    ///
    /// # Errors
    /// `ERR_LUA_MEMORY` when the memory limit leaves no room for the libraries.
    pub fn new(script: &Script, flag: Arc<Flag>) -> Result<Self, Error> {
        let heap = Box::new(Heap::new(script.limits.memory));
        let heap_ptr: *const Heap = &*heap;
        let no_room = || Kill::Memory.error(&script.limits);
        // SAFETY: the heap outlives the state, which `Drop` closes first; the flag is kept alive in `self`.
        let mut vm = unsafe {
            let state = ffi::lua_newstate(Heap::allocate, heap_ptr.cast_mut().cast::<c_void>());
            if state.is_null() {
                return Err(no_room());
            }
            Self { state, base: ptr::null_mut(), lua: None, flag, limits: script.limits.clone(), heap }
        };
        // SAFETY: a new state, ours; every step that may raise an error runs under `lua_pcall`. mlua keeps its own
        // data in the state's registry and is dropped before the state is closed.
        unsafe {
            // Nothing to collect while building.
            ffi::lua_gc(vm.state, ffi::LUA_GCSTOP);
            ffi::lua_pushcfunction(vm.state, libraries::open);
            if ffi::lua_pcall(vm.state, 0, 1, 0) != ffi::LUA_OK {
                return Err(no_room());
            }
            // The base coroutine stays at the bottom of the main stack, and so is never collected.
            vm.base = ffi::lua_tothread(vm.state, 1);
            set_base(vm.state, vm.base);
            let lua = Lua::get_or_init_from_ptr(vm.state).clone();
            vm.prepare(&lua, script, context::HeapRef(heap_ptr)).map_err(|_| no_room())?;
            vm.lua = Some(lua);
            ffi::lua_gc(vm.state, ffi::LUA_GCRESTART);
            // Only now: a kill is for the script, and shall not surprise our own work on the VM.
            vm.flag.watch(vm.state);
        }
        Ok(vm)
    }

    fn prepare(&self, lua: &Lua, script: &Script, heap: context::HeapRef) -> mlua::Result<()> {
        lua.set_app_data(crate::api::json::marks(lua)?);
        let (store, flag) = (script.store.clone(), self.flag.clone());
        let (id, name) = (script.id.clone(), script.name.clone());
        lua.set_app_data(Context::new(id, name, store, flag, script.limits.output, heap));
        Ok(())
    }

    /// Loads the script and runs it until it ends or leaves.
    pub fn start(&mut self, source: &[u8]) -> Progress {
        match self.load(source) {
            ffi::LUA_OK => self.resume(),
            _ => Progress::Done(self.outcome(Err(Code::Syntax))),
        }
    }

    /// Runs the script, which is loaded or has left before, until it ends or leaves.
    pub fn resume(&mut self) -> Progress {
        let mut results = 0;
        // SAFETY: `base` holds a loaded function or has left; lua_resume is protected by Lua itself.
        match unsafe { ffi::lua_resume(self.base, self.state, 0, &mut results) } {
            ffi::LUA_YIELD => Progress::Left,
            ffi::LUA_OK => Progress::Done(self.outcome(Ok(()))),
            _ => Progress::Done(self.outcome(Err(Code::Runtime))),
        }
    }

    /// Compiles `source` onto the base coroutine.
    fn load(&mut self, source: &[u8]) -> c_int {
        let source = skip_file_header(source);
        let name = self.with_context(|context| CString::new(format!("={}", context.name)).unwrap_or_default());
        // SAFETY: `base` is a fresh coroutine of our state; the buffer is read during the call only. Loading is
        // protected by Lua itself.
        unsafe { ffi::luaL_loadbufferx(self.base, source.as_ptr().cast(), source.len(), name.as_ptr(), c"t".as_ptr()) }
    }

    /// Lets the host work on the VM undisturbed. The script must never run again.
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
            self.heap.close();
            ffi::lua_close(self.state);
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

/// Skips what `lua` skips at the start of a file: a byte order mark, and a first line that begins with `#`
/// (its line break stays, so that line numbers hold).
fn skip_file_header(source: &[u8]) -> &[u8] {
    let source = source.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(source);
    match source.first() {
        Some(b'#') => &source[source.iter().position(|&b| b == b'\n').unwrap_or(source.len())..],
        _ => source,
    }
}
