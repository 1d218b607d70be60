//! What the functions of `State` take, and what a script hears when it is refused.

use crate::bridge::Call;
use crate::error::{Code, Error, quoted};
use crate::memory::Killed;
use crate::state::{Denied, Key, MAX_VALUE, Number, Op, Request, StoreError};
use crate::value::{Refusal, Text, json, type_name};
use mlua::{Table, Value};
use std::time::Duration;

/// The longest that a key may last, in seconds: a hundred years.
const LONGEST_TTL: f64 = 3_155_760_000.0;

/// One call of a function of `State` that is about one key.
pub(super) struct Keyed {
    /// The function's name, for messages.
    pub(super) function: &'static str,
    pub(super) key: String,
}

impl Keyed {
    /// The first argument as a key.
    pub(super) fn new(call: &Call, function: &'static str) -> Result<Self, Error> {
        let wrong = |got: String| refusal(function, format!("the key must be a string of {}, got {got}", Key::RULE));
        match call.arg(0) {
            Value::String(bytes) => {
                let key = Key::new(&bytes.as_bytes()).map_err(wrong)?;
                Ok(Self { function, key: key.into_text() })
            }
            other => Err(wrong(received(other, function))),
        }
    }

    /// The request for what is asked of this key.
    pub(super) fn request(&self, call: &Call, op: Op<'static>) -> Result<Request<'static>, Error> {
        call.state().request(op).map_err(|Denied { owner }| {
            let Self { function, key } = self;
            let message = format!(
                "State.{function}: the key {:?} was granted by '{}' to be read only",
                quoted(key),
                quoted(owner.as_str())
            );
            Error::new(Code::StateDenied, message)
        })
    }

    /// What a script hears when the store did not do what it asked.
    pub(super) fn refused(&self, call: &Call, error: StoreError) -> Error {
        store_error(self.function, &self.key, call.state_quota(), error)
    }

    /// An argument as JSON text; `name` is what messages call it.
    pub(super) fn json(&self, call: &Call, n: usize, name: &str) -> Result<String, Error> {
        let function = self.function;
        let mut text = Text::new(call.budget(), MAX_VALUE);
        json::encode(&*call.marks()?, call.arg(n), name, &mut text).map_err(|refused| match refused {
            Refusal::Killed => Killed.into(),
            Refusal::Value(reason) => refusal(function, reason),
            Refusal::TooLong | Refusal::TooMany(_) | Refusal::TooManyFunctions(_) => {
                refusal(function, format!("the {name} is longer than {MAX_VALUE} bytes of JSON"))
            }
        })?;
        // JSON text is UTF-8 by construction.
        let text = std::str::from_utf8(text.bytes()).map_err(|e| Error::new(Code::Internal, e.to_string()))?;
        Ok(text.to_owned())
    }

    /// As [`Keyed::json`], of an argument that must be there and not nil.
    pub(super) fn some_json(&self, call: &Call, n: usize, name: &str) -> Result<String, Error> {
        if call.arg(n).is_nil() {
            let message = format!("the {name} is missing, or nil; State.delete(key) deletes");
            return Err(refusal(self.function, message));
        }
        self.json(call, n, name)
    }

    /// The options in an argument, each with its value.
    pub(super) fn options(&self, call: &Call, n: usize, known: &[&str]) -> Result<Vec<(String, Value)>, Error> {
        let function = self.function;
        let table = match call.arg(n) {
            Value::Nil => return Ok(Vec::new()),
            Value::Table(table) => table,
            other => {
                let message = format!("the options must be a table, got {}", type_name(other));
                return Err(refusal(function, message));
            }
        };
        let mut options = Vec::new();
        for pair in table.pairs::<Value, Value>() {
            let (name, value) = pair.map_err(|e| call.lost(&e))?;
            let text = match &name {
                Value::String(text) => text.to_string_lossy(),
                other => format!("a {}", type_name(other)),
            };
            if !known.contains(&&*text) {
                let message = format!("there is no option '{}' (known: '{}')", quoted(&text), known.join("', '"));
                return Err(refusal(function, message));
            }
            options.push((text, value));
        }
        Ok(options)
    }

    /// The only option that most functions have: how long the key lasts.
    pub(super) fn ttl_option(&self, call: &Call, n: usize) -> Result<Option<Duration>, Error> {
        let options = self.options(call, n, &["ttl"])?;
        options.first().map(|(_, value)| self.ttl(value)).transpose()
    }

    /// A time to live, in seconds.
    pub(super) fn ttl(&self, value: &Value) -> Result<Duration, Error> {
        let seconds = match value {
            Value::Integer(n) => *n as f64,
            Value::Number(n) => *n,
            other => return Err(self.bad_ttl(type_name(other))),
        };
        if !(seconds > 0.0 && seconds <= LONGEST_TTL) {
            return Err(self.bad_ttl(&format!("{seconds:?}")));
        }
        // In whole milliseconds, and never none.
        Ok(Duration::from_millis((seconds * 1000.0).ceil() as u64))
    }

    fn bad_ttl(&self, got: &str) -> Error {
        let message = format!("the ttl must be a number of seconds above 0, at most {LONGEST_TTL}, got {got}");
        refusal(self.function, message)
    }

    /// A finite number; `name` is what messages call it.
    pub(super) fn number(&self, value: &Value, name: &str) -> Result<Number, Error> {
        let got = match value {
            Value::Integer(n) => return Ok(Number::Integer(*n)),
            Value::Number(n) if n.is_finite() => return Ok(Number::Float(*n)),
            Value::Number(n) => n.to_string(),
            other => type_name(other).to_owned(),
        };
        Err(refusal(self.function, format!("{name} must be a finite number, got {got}")))
    }
}

/// What becomes of a store's refusal to do what a function asked of a key.
pub(crate) fn store_error(function: &str, key: &str, quota: usize, error: StoreError) -> Error {
    let key = quoted(key);
    match error {
        StoreError::Quota(bytes) => Error::new(
            Code::StateQuota,
            format!(
                "State.{function}: the key {key:?} would bring its space to {bytes} bytes; its stateQuota is {quota}"
            ),
        ),
        StoreError::NotANumber(what) => refusal(function, format!("the key {key:?} has a {what}, not a number")),
        StoreError::OutOfRange => refusal(
            function,
            format!("the key {key:?} would pass the integers of 64 bits, or the largest float; it keeps its value"),
        ),
        StoreError::Unavailable(reason) => unavailable(function, &reason),
        StoreError::Taken(owner) => {
            let owner = quoted(owner.as_str());
            let message = format!("State.{function}: '{owner}' has granted the same name to the same scripts");
            Error::new(Code::StateDenied, message)
        }
    }
}

/// What stands in the place of a string, as messages show it. A colon instead of a dot puts the library there.
pub(super) fn received(value: &Value, function: &str) -> String {
    let is_library = |table: &Table| table.raw_get::<Value>(function).is_ok_and(|member| member.is_function());
    match value {
        Value::Table(table) if is_library(table) => {
            format!("State itself: call it with a dot, as in State.{function}(...)")
        }
        other => type_name(other).to_owned(),
    }
}

/// A refusal of an argument.
pub(super) fn refusal(function: &str, message: impl std::fmt::Display) -> Error {
    Error::new(Code::StateValue, format!("State.{function}: {message}"))
}

/// What a script hears when the store cannot be reached.
pub(super) fn unavailable(function: &str, reason: &str) -> Error {
    Error::new(Code::StateUnavailable, format!("State.{function}: {reason}"))
}

/// What a store must never answer.
pub(super) fn confused(function: &str) -> Error {
    Error::new(Code::Internal, format!("State.{function}: the store answered something else"))
}
