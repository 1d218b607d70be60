//! What an engine's thread hears from other threads.

use crate::state::{Answered, ScriptId};
use std::sync::Arc;

/// What to call, on any thread, to tell an engine's thread something: see [`super::Workers::wake_up`].
pub type WakeUp = Arc<dyn Fn(Signal) + Send + Sync>;

/// What an engine hears from other threads.
#[derive(Clone, Debug, PartialEq)]
pub enum Signal {
    /// A worker has handed in a batch, and gone on with the next one: something has come of it.
    HandedIn,
    /// A run holds its worker long after its slice: whoever waits for the worker may have reason to stop it.
    Overdue,
    /// The run of this number was killed because its time is over.
    Killed(u64),
    /// The run of this number has slept enough, in its wait of that number.
    Awake(u64, u32),
    /// The next of the calls that this id may not make all at once is due.
    CallDue(ScriptId),
    /// The store has answered the run of this number, in its wait of that number.
    Answered(u64, u32, Answered),
    /// It has become known what became of writes to State.
    Settled,
}
