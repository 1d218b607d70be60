//! `State.get` of a key that is at hand: without a handle of mlua's, several times as fast. Everything else goes the long way.

use super::keys;
use crate::bridge::direct::{self, Arg, Direct, Plain, Values};
use crate::state::{Found, Key, Number, Response};
use crate::waiting_function;
use moonpool_lua::ffi;
use std::ffi::c_int;

pub(super) unsafe extern "C-unwind" fn get(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: Lua calls this function with its own state, and there is nothing else in this frame.
    unsafe {
        match direct::attempt(state, look_up) {
            Some(results) => results,
            None => waiting_function!(keys::get)(state),
        }
    }
}

/// The value, when there is one and the store has it at hand.
fn look_up(direct: &Direct) -> Option<Values> {
    let Arg::String(bytes) = direct.arg(1) else { return None };
    let key = std::str::from_utf8(bytes).ok().filter(|key| (1..=Key::MAX).contains(&key.len()))?;
    let view = direct.context.state();
    let request = view.request(view.get(key)).ok()?;
    let Ok(Response::Value(Found::Own(text))) = direct.context.ask(&request)? else { return None };
    let value = match text.as_bytes().first()? {
        b't' => Plain::Boolean(true),
        b'f' => Plain::Boolean(false),
        b'-' | b'0'..=b'9' => match Number::parse(&text).ok()? {
            Number::Integer(number) => Plain::Integer(number),
            Number::Float(number) => Plain::Number(number),
        },
        _ => direct.keep_json(text),
    };
    Some([value].into())
}
