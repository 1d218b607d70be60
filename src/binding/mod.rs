//! The door to Node.js: the only part that names napi. Converts and delegates.

mod bell;
#[cfg(feature = "bench")]
mod bench;
mod context;
mod convert;
mod engine;
mod exit;
mod work;
