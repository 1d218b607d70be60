//! Lua values to JSON text and back: the one converter behind text results, `json.*` and State.

mod decode;
mod encode;

pub(crate) use decode::decode;
pub(crate) use encode::encode;
