//! moonpool runs other people's Lua in Node.js: safely, fast and concurrently.
//!
//! # The life of a call
//!
//! ```text
//! JS thread                                        libuv worker
//! ① lib/*.js           validate, defaults
//! ② binding            JS values → owned Script
//! ③ engine::Engine     queue, slots, turns
//!        ── engine::Slices: a batch, one trip ──▶ ④ engine::Run    a slice of 10 ms: the watchdog raises the
//!                                                                  run's flag when it is over, or a limit is
//!                                                 ⑤ vm::Vm         first slice: builds the VM, loads the script;
//!                                                                  then runs it until it ends, leaves or is killed
//!                                                 ⑥ api            State, json, print… ─▶ state::Store
//!                                                 ⑦ vm             at the end: outcome → owned text; VM dropped
//! ⑧ engine::Engine  ◀── done: settled
//!                       left: waits for its next turn
//!        ── the next batch ──▶ …
//! ⑨ binding → lib/*.js string, or LuaError
//! ```
//!
//! # The parts
//!
//! - [`binding`]: the only place that names Node-API; converts and delegates.
//! - [`engine`]: runs, the queue and its slots, the worker threads behind a trait, the watchdog.
//! - [`vm`]: one VM: its allow-list, memory, output, errors, values, and how a run ends.
//! - `api`: what scripts see beyond Lua: `print`, `script`, `json`, `State`.
//! - [`state`]: each script's own keys, behind a trait that stores implement.
//! - [`error`]: the one error type and its stable codes.
//!
//! All scheduling state lives on the JS thread, so there are no locks in it; a VM is used by one thread at
//! a time and moves with its work item. What threads share is the [`moonpool_lua::Flag`] of each run, the
//! watchdog's list of deadlines, and the store.

mod api;
pub mod binding;
pub mod engine;
pub mod error;
pub mod state;
pub mod vm;
