//! moonpool without Node.js: other people's Lua, run safely, fast and concurrently.
//!
//! The parts are floors: each uses those below it and none above, which `tests/architecture.rs` holds.
//!
//! - [`registry`]: what JavaScript and the documents also speak of.
//! - [`scheduler`]: runs, the fair queue and its slots, contexts, the worker threads behind a trait, watchdog and timer.
//! - [`host_state`]: State as the host uses it.
//! - [`vm`]: one VM: the snapshot that it is a copy of, its code, its script, and how a run ends.
//! - [`api`]: what scripts see: the allow-list, and beyond Lua `print`, `script`, `require`, `host`, `sleep`, `json`,
//!   `Shared`, `State`, `timer`.
//! - [`bridge`]: how a script calls a function of ours, what that may use, and how a script waits.
//! - [`value`]: Lua values as JSON text, and as bytes that cross to JavaScript.
//! - `regex`: regular expressions that can be stopped.
//! - [`memory`]: what a VM may hold, and where its blocks are.
//! - The ground: [`error`], the one error type and its stable codes; [`state`], each script's own keys, behind a trait
//!   that stores implement; [`shared`], dictionaries that scripts share; `runtime`, threads that wait for many things at
//!   once; [`moonpool_lua`], Lua with safepoints.

pub mod api;
pub mod bridge;
pub mod error;
pub mod host_state;
pub mod memory;
mod regex;
pub mod registry;
mod runtime;
pub mod scheduler;
pub mod shared;
pub mod state;
pub mod value;
pub mod vm;
