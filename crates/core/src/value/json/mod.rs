//! Lua values to JSON text and back: the one converter behind text results, `json.*` and State.

mod decode;
mod encode;
mod push;
mod scan;

/// So many bytes of a text are read without a look at the flag.
const PIECE: usize = 1 << 16;

pub(crate) use decode::{decode, decode_in_pieces};
pub(crate) use encode::{encode, encode_quickly};
pub(crate) use push::{push, push_array_mark, set_array_mark};
