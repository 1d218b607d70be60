//! The door to Node.js: the only part that names napi. Converts and delegates.

mod engine;
mod work;
