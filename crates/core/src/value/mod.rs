//! Lua values on their way out of a VM and into it: as JSON text, or as bytes that JavaScript reads.
//!
//! No direction recurses on the native stack beyond 128 levels. All count what they build against the VM's
//! memory limit, and stop when the run is killed. [`stored`] does the same without a VM, for the host's own requests to State.

mod arg;
mod collisions;
pub(crate) mod cost;
mod functions;
pub(crate) mod json;
mod list;
mod quick;
mod refusal;
mod shapes;
pub mod stored;
mod tables;
mod text;
mod walk;
pub(crate) mod wire;

pub(crate) use arg::Arg;
pub(crate) use functions::Functions;
pub use functions::{FunctionRule, Released};
pub(crate) use list::List;
pub(crate) use refusal::Refusal;
pub use shapes::{Shapes, Tables};
pub(crate) use text::Text;
pub(crate) use walk::sort;
pub use wire::Values;

use mlua::{Lua, Table, Value};

/// How deep tables may nest, as `{}` counts one.
pub(crate) const MAX_DEPTH: usize = 128;

/// The marks of a VM's `json` table: how arrays look inside Lua.
pub(crate) struct Marks {
    /// The metatable of tables that `json.array` marked.
    pub array: Table,
}

impl Marks {
    /// The marks of the VM of `lua`, which were put into it when it was built.
    ///
    /// # Errors
    /// When the VM's memory does not suffice.
    pub(crate) fn of(lua: &Lua) -> mlua::Result<Self> {
        // SAFETY: the closure owns nothing that has a destructor.
        let array = unsafe { lua.exec_raw((), |state| json::push_array_mark(state))? };
        Ok(Self { array })
    }
}

/// Lua's name for the type of a value.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) | Value::Number(_) => "number",
        Value::LightUserData(p) if p.0.is_null() => "json.null",
        Value::LightUserData(_) => "userdata",
        other => other.type_name(),
    }
}
