//! What the server's answers mean.

use super::trouble::{Then, Trouble};
use redis::Value;
use std::sync::Arc;

/// One more answer.
///
/// # Errors
/// When there is none, which is a server that does not keep to the protocol.
pub(super) fn next(answers: &mut impl Iterator<Item = Value>) -> Result<Value, Trouble> {
    answers.next().ok_or_else(confused)
}

/// The list that an answer is.
///
/// # Errors
/// When it is something else.
pub(super) fn list(answer: Value) -> Result<Vec<Value>, Trouble> {
    match answer {
        Value::Array(list) => Ok(list),
        _ => Err(confused()),
    }
}

/// The integer that an answer is.
///
/// # Errors
/// When it is something else.
pub(super) fn integer(answer: &Value) -> Result<i64, Trouble> {
    match answer {
        Value::Int(n) => Ok(*n),
        _ => Err(confused()),
    }
}

/// The bytes or entries that an answer counts.
///
/// # Errors
/// When it is something else.
pub(super) fn count(answer: &Value) -> Result<usize, Trouble> {
    integer(answer)?.try_into().map_err(|_| confused())
}

/// The text that an answer is.
///
/// # Errors
/// When it is something else.
pub(super) fn text(answer: Value) -> Result<Arc<str>, Trouble> {
    match answer {
        Value::BulkString(bytes) => std::str::from_utf8(&bytes).map(Into::into).map_err(|_| confused()),
        _ => Err(confused()),
    }
}

/// The text that an answer is, if there is any.
///
/// # Errors
/// When it is something else.
pub(super) fn some_text(answer: Value) -> Result<Option<Arc<str>>, Trouble> {
    match answer {
        Value::Nil => Ok(None),
        some => text(some).map(Some),
    }
}

/// An answer that our scripts do not give.
pub(super) fn confused() -> Trouble {
    Trouble::new(Then::Unknown, "the server has something else than State under a key of this prefix")
}
