//! A number of seconds that a script gives: for `sleep`, and for timers.

use crate::bridge::Call;
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
    if (shortest..=LONGEST).contains(&seconds) {
        return Ok(seconds);
    }
    let wanted = format!("a number of seconds from {shortest} to {LONGEST}");
    let message = format!("bad argument #1 to '{function}' ({wanted} expected, got {seconds})");
    Err(Error::new(Code::Runtime, message))
}
