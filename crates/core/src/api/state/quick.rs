//! `State.get`, `State.set` and `State.incr` of plain values that are at hand: without a handle of mlua's, several times as
//! fast. Everything else, and everything that goes wrong, goes the long way.

use super::keys;
use crate::bridge::direct::{self, Arg, Direct, Plain, Values};
use crate::state::{Change, Condition, Expiry, Found, Incr, Key, Number, Op, Response, Write};
use crate::waiting_function;
use moonpool_lua::ffi;
use std::borrow::Cow;
use std::ffi::c_int;

/// The longest string that is written here, in bytes: what it takes on the way is counted nowhere.
const LONGEST: usize = 1024;

/// Makes a C function of two: of one that may leave the call to the other.
macro_rules! quick_function {
    ($name:ident, $attempt:path, $otherwise:expr) => {
        pub(super) unsafe extern "C-unwind" fn $name(state: *mut ffi::lua_State) -> c_int {
            // SAFETY: Lua calls this function with its own state, and there is nothing else in this frame.
            unsafe {
                match direct::attempt(state, $attempt) {
                    Some(results) => results,
                    None => $otherwise(state),
                }
            }
        }
    };
}

quick_function!(get, look_up, waiting_function!(keys::get));
quick_function!(set, put, waiting_function!(keys::set, nothing));
quick_function!(incr, add, waiting_function!(keys::incr));

/// The first argument, if it can be a key.
fn key<'d>(direct: &'d Direct) -> Option<&'d str> {
    let Arg::String(bytes) = direct.arg(1) else { return None };
    std::str::from_utf8(bytes).ok().filter(|key| (1..=Key::MAX).contains(&key.len()))
}

/// Sets a key to a value that is no table, without options.
fn put(direct: &Direct) -> Option<Values> {
    let (key, Arg::None) = (key(direct)?, direct.arg(3)) else { return None };
    let json = match direct.arg(2) {
        Arg::Boolean(value) => Cow::Borrowed(if value { "true" } else { "false" }),
        Arg::Integer(value) => Number::Integer(value).to_json().into(),
        Arg::Number(value) if value.is_finite() => Number::Float(value).to_json().into(),
        Arg::String(bytes) if bytes.len() <= LONGEST => {
            serde_json::to_string(std::str::from_utf8(bytes).ok()?).ok()?.into()
        }
        _ => return None,
    };
    let op = Write { key: key.into(), when: Condition::Always, change: Change::Put(json), expiry: Expiry::Never };
    ask(direct, Op::Write(op))?;
    Some(Values::NONE)
}

/// Adds to a number, without options.
fn add(direct: &Direct) -> Option<Values> {
    let (key, Arg::None) = (key(direct)?, direct.arg(3)) else { return None };
    let by = match direct.arg(2) {
        Arg::None | Arg::Nil => Number::Integer(1),
        Arg::Integer(value) => Number::Integer(value),
        Arg::Number(value) if value.is_finite() => Number::Float(value),
        _ => return None,
    };
    match ask(direct, Op::Incr(Incr { key: key.into(), by, init: Number::Integer(0), ttl: None }))? {
        Response::Number(Number::Integer(sum)) => Some([Plain::Integer(sum)].into()),
        Response::Number(Number::Float(sum)) => Some([Plain::Number(sum)].into()),
        _ => None,
    }
}

/// What the store answers, if it can at once. One that refuses has changed nothing: it is asked again the long way, which has
/// the words for it.
fn ask(direct: &Direct, op: Op<'_>) -> Option<Response> {
    let request = direct.context.state().request(op).ok()?;
    direct.context.ask(&request)?.ok()
}

/// The value, when there is one and the store has it at hand.
fn look_up(direct: &Direct) -> Option<Values> {
    let key = key(direct)?;
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
