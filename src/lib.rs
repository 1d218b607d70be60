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
//!                                                 ⑤ vm::Vm         first slice: copies a VM, loads the code;
//!                                                                  then runs it until it ends, leaves, waits
//!                                                                  or is killed
//!                                                 ⑥ api            State, json, print… ─▶ state::Store
//!                                                 ⑦ vm             at the end: outcome → owned text or values;
//!                                                                  VM dropped, or kept by its context
//! ⑧ engine::Engine  ◀── done: settled
//!                       left: waits for its next turn
//!                       waits: for the host's answer (binding → lib/*.js → a function of the host's),
//!                       or for a time (tokio's timer); then ready for its next turn
//!        ── the next batch ──▶ …
//! ⑨ binding → lib/*.js string or values, or LuaError
//! ```
//!
//! # The parts
//!
//! - [`binding`]: the only place that names Node-API; converts and delegates.
//! - [`engine`]: runs, the queue and its slots, the worker threads behind a trait, the watchdog, the timer.
//! - [`vm`]: one VM: its template, allow-list, code, memory, output, errors, values, waits, and how a run ends.
//! - `api`: what scripts see beyond Lua: `print`, `script`, `require`, `host`, `sleep`, `json`, `State`.
//! - [`state`]: each script's own keys, behind a trait that stores implement.
//! - [`error`]: the one error type and its stable codes.
//!
//! All scheduling state lives on the JS thread, so there are no locks in it; a VM is used by one thread at
//! a time and moves with its work item. What threads share is the [`moonpool_lua::Flag`] of each run, the
//! watchdog's list of deadlines, what an engine gives to all its scripts ([`vm::Host`]: the store, the template, the
//! code cache, modules and the names of functions), and the mailbox in which an engine hears from other threads.

mod api;
pub mod binding;
pub mod engine;
pub mod error;
pub mod state;
pub mod vm;
