//! Between Lua and Rust: how a script calls a function of ours, what that function may use, and how a script waits.

mod call;
mod compiled;
mod context;
pub(crate) mod direct;
#[doc(hidden)]
pub mod entry;
pub(crate) mod error_value;
mod given;
pub(crate) mod handle;
mod kill;
mod limits;
mod modules;
pub(crate) mod parallel;
mod scripts;
mod services;
mod shared;
mod sources;
#[doc(hidden)]
pub mod tasks;
mod telling;
mod timers;
mod waits;

pub use call::Call;
pub use compiled::Compiled;
pub(crate) use compiled::{OURS, chunk_name, short_name};
pub use context::Context;
pub(crate) use context::panic_message;
pub(crate) use given::given;
pub use given::{Extras, Functions, Given, HostFunction, Supply};
pub use kill::Kill;
pub use limits::Limits;
pub use modules::Modules;
pub use parallel::Requests;
pub(crate) use scripts::no_script;
pub use scripts::{Called, MAX_DEPTH, Scripts};
pub use services::Services;
pub(crate) use shared::Dicts;
pub use shared::{Access, SharedDict, SharedDicts};
pub use sources::Repeats;
pub(crate) use sources::Sources;
pub use tasks::Question;
pub(crate) use telling::{Entry, Fields};
pub use telling::{Level, Telling, Told};
pub use timers::{
    Due, Listed, MAX_BYTES, MAX_TIMERS, MAX_TIMERS_PER_ID, NewTimer, News, Refused, Rhythm, Task, Timers, Work,
};
pub use waits::{Answer, Came, HostCall, HostError, Wait};
