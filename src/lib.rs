//! moonpool runs other people's Lua in Node.js: safely, fast and concurrently.
//!
//! # The life of a call
//!
//! ```text
//! JS thread                                        libuv worker
//! ① lib/*.js           validate, defaults
//! ② this crate         JS values → owned Script
//! ③ Scheduler          fair queue, slots, contexts
//!        ── Workers: a batch, one trip ─────────▶ ④ Run            a slice of 10 ms: the watchdog raises the
//!                                                                  run's flag when it is over, or a limit is
//!                                                 ⑤ vm::Vm         first slice: copies the snapshot, loads the
//!                                                                  code; then runs it until it ends, is
//!                                                                  preempted, waits or is killed
//!                                                 ⑥ api            State, json, print… ─▶ state::Store
//!                                                 ⑦ vm::outcome    at the end: outcome → owned text or values;
//!                                                                  VM dropped, or kept by its context
//! ⑧ Scheduler       ◀── Next: settled
//!                       preempted: waits for its next turn
//!                       waiting: for the host's answer (inner → lib/*.js → a host function),
//!                       or for a time (tokio's timer); then ready for its next turn
//!        ── the next batch ──▶ …
//! ⑨ inner → lib/*.js   string or values, or LuaError
//! ```
//!
//! # The parts
//!
//! This crate is the addon: the only one that depends on Node-API. It converts and delegates.
//!
//! - [`engine`], [`context`], [`given`], [`scripts`] and [`shared`]: the classes that JavaScript holds; [`plain`]: the short way of
//!   most runs, by [`raw`] functions; [`convert`]: the objects that cross.
//! - [`inner`]: an engine on its JS thread; [`callback`]: the functions by which JavaScript hears of it; [`border`]: no
//!   panic crosses it.
//! - [`state`]: the host's own questions to State; [`stored`]: what a database of State holds, from outside; [`timers`]: the timers of scripts, which JavaScript fires; [`times`]: how long runs took.
//! - [`pool`]: batches as work items of libuv; [`pool_size`]: how many threads that has; [`keep`]: how long each keeps its thread; [`wake_up`]: other threads get the JS thread's attention;
//!   [`outside`]: work in no async context; [`exit`]: the end of a JS thread; [`stay`]: the addon is never unloaded;
//!   [`version`]: which package it belongs to.
//!
//! Everything else knows no Node and is in [`moonpool_core`], floor by floor: `scheduler`, `vm`, `api`, `bridge`,
//! `value`, `memory`, and on the ground `error`, `state` and [`moonpool_lua`](moonpool_core), which is Lua with safepoints.
//!
//! Decisions about runs are made on the JS thread, or by a worker that goes on with the next batch, behind one short lock
//! that is never held while anybody is called; a VM is used by one thread at a time and moves with its work item. What threads share is the flag of each run, the
//! watchdog's list of deadlines, what makes an engine's VMs (`vm::Factory`: snapshot and code cache), what scripts
//! may use (`bridge::Services`: the store, modules, names of host functions, shared dictionaries), and the mailbox in which an engine hears
//! from other threads.

#![allow(rustdoc::private_intra_doc_links, reason = "nobody uses this crate from Rust: its page is for its readers")]

mod answer;
#[cfg(feature = "bench")]
mod bench;
mod bigint;
mod border;
mod callback;
mod context;
mod convert;
mod engine;
mod exit;
mod given;
mod inner;
mod keep;
mod outside;
mod plain;
mod pool;
mod pool_size;
mod raw;
mod scripts;
mod shared;
mod state;
mod stay;
mod stored;
mod timers;
mod times;
mod version;
mod wake_up;
