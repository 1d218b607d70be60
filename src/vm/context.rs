//! What belongs to the run that a VM executes: who it is, what it wrote, what it may use. Kept in app data.

use super::heap::Heap;
use super::json::Marks;
use super::kill::Kill;
use super::{Answer, Host, Script, Wait, type_name};
use crate::error::{Code, Error};
use crate::state::ScriptId;
use mlua::{AppDataRef, Lua, Value};
use moonpool_lua::Flag;
use std::cell::RefCell;
use std::sync::Arc;

/// The app data of a VM. The only source of identity: no Lua value is ever asked who is running.
pub struct Context {
    /// Who is running.
    pub id: ScriptId,
    /// The chunk's name in messages.
    pub name: Arc<str>,
    /// What the engine gives to all its scripts.
    pub host: Arc<Host>,
    flag: Arc<Flag>,
    output: RefCell<Vec<u8>>,
    max_output: usize,
    heap: HeapRef,
    panic: RefCell<Option<String>>,
    /// What the script waits for, until its run is off the worker; and what came of it.
    pub(super) wait: RefCell<Option<Wait>>,
    pub(super) answer: RefCell<Option<Answer>>,
}

/// The heap of the VM that holds this context.
pub(super) struct HeapRef(pub(super) *const Heap);

// SAFETY: the heap lives as long as the VM, which owns the context, and both are used by one thread
// at a time: they move between threads together.
unsafe impl Send for HeapRef {}

impl Context {
    pub(super) fn new(script: &Script, flag: Arc<Flag>, heap: HeapRef) -> Self {
        Self {
            id: script.id.clone(),
            name: script.name.clone(),
            host: script.host.clone(),
            flag,
            output: RefCell::default(),
            max_output: script.limits.output,
            heap,
            panic: RefCell::default(),
            wait: RefCell::default(),
            answer: RefCell::default(),
        }
    }

    /// Adds to the captured output; past `maxOutput` the run is killed, with the output cut at the limit.
    ///
    /// # Errors
    /// When the run is being killed.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        self.check()?;
        let mut output = self.output.borrow_mut();
        let room = self.max_output - output.len();
        let taken = bytes.len().min(room);
        self.extend(&mut output, &bytes[..taken])?;
        if bytes.len() > room {
            return Err(self.kill(Kill::Output));
        }
        Ok(())
    }

    /// Counts `bytes` that the host holds for this VM against the VM's memory limit.
    ///
    /// # Errors
    /// Past the limit, and then the run is killed.
    pub fn hold(&self, bytes: usize) -> Result<(), Error> {
        if self.heap().take(bytes) { Ok(()) } else { Err(self.kill(Kill::Memory)) }
    }

    /// Adds `bytes` to a buffer whose whole capacity is counted.
    ///
    /// # Errors
    /// As [`Context::hold`].
    pub(crate) fn extend(&self, buffer: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Error> {
        let wanted = buffer.len() + bytes.len();
        if wanted > buffer.capacity() {
            let capacity = wanted.max(buffer.capacity() * 3 / 2);
            self.hold(capacity - buffer.capacity())?;
            buffer.reserve_exact(capacity - buffer.len());
        }
        buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// Takes back what [`Context::hold`] counted.
    pub fn release(&self, bytes: usize) {
        self.heap().give_back(bytes);
    }

    /// Whether the run may go on: to be asked in loops whose length a script chooses.
    ///
    /// # Errors
    /// When the run is being killed.
    pub fn check(&self) -> Result<(), Error> {
        if self.flag.killed().is_some() { Err(Self::killed()) } else { Ok(()) }
    }

    /// Kills the run (unless something else did so before) and returns an error to unwind with.
    pub fn kill(&self, kill: Kill) -> Error {
        self.flag.kill(kill.reason());
        Self::killed()
    }

    /// Kills the run for a panic in our code, and keeps its message.
    pub fn panicked(&self, payload: &(dyn std::any::Any + Send)) -> Error {
        *self.panic.borrow_mut() = Some(panic_message(payload));
        self.kill(Kill::Internal)
    }

    pub(super) fn take_panic(&self) -> Option<String> {
        self.panic.borrow_mut().take()
    }

    /// What was written, counted no longer.
    pub(super) fn take_output(&self) -> Vec<u8> {
        let output = std::mem::take(&mut *self.output.borrow_mut());
        self.release(output.capacity());
        output
    }

    /// Never seen by anyone: once the flag is up, nothing catches the error it travels in.
    fn killed() -> Error {
        Error::new(Code::Internal, "killed")
    }

    fn heap(&self) -> &Heap {
        // SAFETY: see `HeapRef`.
        unsafe { &*self.heap.0 }
    }
}

/// What a panic said.
pub(crate) fn panic_message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without a message").into()
}

/// One call of an API function: the VM, its context, and the arguments.
pub struct Call<'a> {
    /// The VM.
    pub lua: &'a Lua,
    /// Whose VM it is.
    pub context: &'a Context,
    /// The arguments, from the first.
    pub args: &'a [Value],
}

impl Call<'_> {
    /// The `n`th argument, from 0; nil when there are fewer.
    pub fn arg(&self, n: usize) -> &Value {
        self.args.get(n).unwrap_or(&Value::Nil)
    }

    /// How this VM marks arrays.
    pub(crate) fn marks(&self) -> Result<AppDataRef<'_, Marks>, Error> {
        self.lua.app_data_ref().ok_or_else(|| Error::new(Code::Internal, "a VM without marks"))
    }

    /// A new Lua string.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<Value, Error> {
        self.lua.create_string(bytes).map(Value::String).map_err(|e| self.lost(&e))
    }

    /// A new Lua string.
    pub(crate) fn string(&self, text: &str) -> Result<Value, Error> {
        self.bytes(text.as_bytes())
    }

    /// `chunk:line: ` of the function so many levels above this one, if it is a script's; or nothing.
    pub(crate) fn position(&self, level: usize) -> String {
        super::error_value::position(self.lua, level)
    }

    /// The error for an operation of the VM that fails only when its memory runs out (which kills the run).
    pub(crate) fn lost(&self, error: &mlua::Error) -> Error {
        super::error_value::of(error)
    }

    /// Lua's own words for an argument of the wrong type; `n` counts from 0.
    pub(crate) fn bad_argument(&self, n: usize, function: &str, wanted: &str) -> Error {
        let got = if n < self.args.len() { type_name(self.arg(n)) } else { "no value" };
        Error::new(Code::Runtime, format!("bad argument #{} to '{function}' ({wanted} expected, got {got})", n + 1))
    }
}
