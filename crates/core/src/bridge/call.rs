//! One call of a function of ours by a script.

use super::{Context, error_value};
use crate::error::{Code, Error};
use crate::memory::Budget;
use crate::state::View;
use crate::value::{Marks, type_name};
use mlua::{AppDataRef, Lua, Value};
use moonpool_lua::ffi;
use std::cell::Cell;
use std::ffi::c_int;

/// How many functions of ours and of Lua's may stand between a function that is called and a script's.
const MOST_LEVELS: c_int = 5;

/// One call of an API function: the VM, its context, and the arguments.
pub struct Call<'a> {
    /// The VM.
    pub lua: &'a Lua,
    /// Whose VM it is.
    pub context: &'a Context,
    /// The arguments, from the first.
    pub args: &'a [Value],
    /// Whether the VM can be suspended here: not inside the collector, and not where the system has no memory for it.
    pub can_suspend: bool,
    /// The state of the C function that is running.
    pub(super) state: *mut ffi::lua_State,
}

impl Call<'_> {
    /// The `n`th argument, from 0; nil when there are fewer.
    pub fn arg(&self, n: usize) -> &Value {
        self.args.get(n).unwrap_or(&Value::Nil)
    }

    /// How many functions of the script are at work that cannot wait.
    pub(super) fn inside(&self) -> &Cell<c_int> {
        // SAFETY: `state` is that of the C function that is running.
        unsafe { moonpool_lua::inside(self.state) }
    }

    /// The address of the coroutine that is running.
    pub(super) fn coroutine(&self) -> usize {
        self.state.addr()
    }

    /// The State of whoever is running. There is no other way to the store.
    pub fn state(&self) -> View<'_> {
        self.context.state()
    }

    /// Bytes that whoever is running may keep in State.
    pub fn state_quota(&self) -> usize {
        self.context.services.quotas.of(&self.context.id)
    }

    /// What the run may still use.
    pub fn budget(&self) -> &Budget {
        &self.context.budget
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
    pub(crate) fn position(&self, level: c_int) -> String {
        // SAFETY: the C function is running, and raises nothing meanwhile.
        unsafe { error_value::position(self.state, level) }
    }

    /// The chunk and line of the innermost function of a script's that is running, if it is near.
    pub(crate) fn place(&self) -> Option<(String, u32)> {
        // SAFETY: as in `position`.
        (1..=MOST_LEVELS).find_map(|level| unsafe { error_value::place(self.state, level) })
    }

    /// The error for an operation of the VM that fails only when its memory runs out (which kills the run).
    pub(crate) fn lost(&self, error: &mlua::Error) -> Error {
        error_value::of(error)
    }

    /// Lua's own words for an argument of the wrong type; `n` counts from 0.
    pub(crate) fn bad_argument(&self, n: usize, function: &str, wanted: &str) -> Error {
        let got = if n < self.args.len() { type_name(self.arg(n)) } else { "no value" };
        Error::new(Code::Runtime, format!("bad argument #{} to '{function}' ({wanted} expected, got {got})", n + 1))
    }
}
