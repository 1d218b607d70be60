//! A number of seconds that a script gives: for `sleep`, and for timers.

use crate::bridge::Call;
use crate::bridge::direct::Arg;
use crate::error::{Code, Error};
use mlua::Value;

/// The longest time, in seconds: what fits into the milliseconds of a timeout.
const LONGEST: f64 = 2_147_483.647;

/// The first argument of `function`: a number of seconds, and `shortest` at least.
///
/// # Errors
/// When it is none.
pub(super) fn seconds(call: &Call, function: &str, shortest: f64) -> Result<f64, Error> {
    let seconds = match call.arg(0) {
        Value::Integer(n) => *n as f64,
        Value::Number(n) => *n,
        _ => return Err(call.bad_argument(0, function, "number")),
    };
    if is_good(seconds, shortest) {
        return Ok(seconds);
    }
    let wanted = format!("a number of seconds from {shortest} to {LONGEST}");
    let message = format!("bad argument #1 to '{function}' ({wanted} expected, got {seconds})");
    Err(Error::new(Code::Runtime, message))
}

/// The same of an argument as it stands; nothing when it is none.
pub(super) fn plain_seconds(arg: Arg, shortest: f64) -> Option<f64> {
    let seconds = match arg {
        Arg::Integer(n) => n as f64,
        Arg::Number(n) => n,
        _ => return None,
    };
    is_good(seconds, shortest).then_some(seconds)
}

fn is_good(seconds: f64, shortest: f64) -> bool {
    (shortest..=LONGEST).contains(&seconds)
}
