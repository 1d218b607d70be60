//! Why a value does not cross.

use crate::memory::Killed;

/// Why a value does not cross.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The value cannot cross: a sentence that begins with its path.
    Value(String),
    /// What it becomes would be longer than the caller allows, in bytes.
    TooLong,
    /// It has more values and keys than this, which is the run's `maxNodes`.
    TooMany(usize),
    /// With its functions, JavaScript would hold more of the VM's than this, which is the context's `maxFunctions`.
    TooManyFunctions(usize),
    /// The run is being killed.
    Killed,
}

impl From<Killed> for Refusal {
    fn from(_: Killed) -> Self {
        Self::Killed
    }
}

impl From<mlua::Error> for Refusal {
    /// Raw access to tables and new strings fail only when memory runs out, which kills the run.
    fn from(_: mlua::Error) -> Self {
        Self::Killed
    }
}
