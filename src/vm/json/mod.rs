//! Lua values to JSON text and back: the one converter behind results, `json.*` and State.
//!
//! Neither direction recurses on the native stack beyond [`MAX_DEPTH`] levels, and both count what they
//! build against the VM's memory limit and stop when the run is killed.

mod decode;
mod encode;
mod text;

pub(crate) use decode::decode;
pub(crate) use encode::encode;
pub(crate) use text::Text;

use crate::error::{Code, Error};
use mlua::Table;

/// How deep tables may nest, as `{}` counts one.
pub(crate) const MAX_DEPTH: usize = 128;

/// Why a value has no text.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The value cannot cross: a sentence that begins with its path.
    Value(String),
    /// The text would be longer than the caller allows, in bytes.
    TooLong,
    /// The run is being killed.
    Killed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Killed(error)
    }
}

impl From<mlua::Error> for Refusal {
    /// Raw access to tables fails only when memory runs out, which kills the run.
    fn from(error: mlua::Error) -> Self {
        Self::Killed(Error::new(Code::Internal, error.to_string()))
    }
}

/// The marks of a VM's `json` table: how `null` and arrays look inside Lua.
pub(crate) struct Marks {
    /// The metatable of tables that `json.array` marked.
    pub array: Table,
}
