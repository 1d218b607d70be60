//! What a run executes, what it is given, and what comes of it.

use crate::bridge::{Called, Compiled, Extras, Limits, Repeats, Services, Telling};
use crate::error::Failure;
use crate::state::ScriptId;
use crate::value::{Released, Shapes, Values};
use std::sync::Arc;

use super::target::Target;

/// What a run executes.
#[derive(Clone)]
pub enum Chunk {
    /// Lua source text. A byte order mark and a first line that begins with `#` are skipped, as `lua` does.
    Source(Arc<[u8]>),
    /// A chunk that was compiled before.
    Compiled(Arc<Compiled>),
    /// A function, in a VM that had a script before.
    Call(Target),
    /// The value of a name, in a VM that had a script before.
    Get(Arc<str>),
    /// Sets a name to the first argument, in a VM that had a script before.
    Set(Arc<str>),
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
    /// What the engine gives to all its scripts.
    pub services: Arc<Services>,
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
    /// What its time and its chance are to be. In a context, the seed is always the same.
    pub repeats: Option<Repeats>,
    /// The functions and modules that it is given beside the engine's. In a context, always the same.
    pub extras: Option<Arc<Extras>>,
    /// What the run tells while it runs; `None` for what the engine's runs do.
    pub telling: Option<Telling>,
    /// The functions of the VM that JavaScript does not need any more.
    pub released: Option<Arc<Released>>,
    /// Which script called this one, if one did.
    pub called: Option<Arc<Called>>,
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
    /// What those take in JavaScript, beyond their bytes here.
    pub takes: usize,
}
