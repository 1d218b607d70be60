//! The operations on one key: the command that mostly is all of one, and what its answer means.

use super::answers::{confused, count, integer, list, next, some_text, text};
use super::index::{self, For};
use super::keys::Keys;
use super::scripts::{self, evaluate};
use super::trouble::Trouble;
use crate::state::{
    Change, Condition, Expiry, Found, Incr, Lasts, Number, Op, Request, Response, ScriptId, StoreError, Write,
};
use redis::{Cmd, Value};
use std::sync::Arc;
use std::time::Duration;

/// The longest time that a key lasts which lasts not for ever, in ms: 30 000 years. Redis and its scripts count further.
pub(super) const LONGEST: u64 = 1_000_000_000_000_000;

/// The command that mostly is all of an operation, if there is one. When more is to be done, it has written nothing.
pub(super) fn command(keys: &Keys, request: &Request<'_>) -> Option<Cmd> {
    let Request { owner, quota, op } = request;
    match op {
        Op::Get { key, .. } => Some(get(keys, owner, key)),
        Op::Lasts { key } => Some(index::lasts(keys, owner, key)),
        Op::Write(change) if !lasts_longer(change) => Some(write(keys, owner, *quota, change, false)),
        Op::Incr(Incr { key, by: Number::Integer(by), .. }) => Some(incr(keys, owner, *quota, key, *by)),
        _ => None,
    }
}

/// What the answer to an operation's command means.
pub(super) enum Meaning {
    /// The operation is done; and whether the index may name its key for nothing.
    Done(Result<Response, StoreError>, bool),
    /// Nothing was written, and more is to be asked.
    More,
}

/// What the answer to the operation's command means.
///
/// # Errors
/// When it means nothing.
pub(super) fn meaning(op: &Op<'_>, answer: Value) -> Result<Meaning, Trouble> {
    let done = |response| Meaning::Done(Ok(response), false);
    Ok(match op {
        Op::Get { foreign, .. } => match json(answer)? {
            Json::Is(Some(json)) => done(Response::Value(Found::Own(json))),
            Json::Is(None) if !foreign => done(Response::Value(Found::Nowhere)),
            _ => Meaning::More,
        },
        Op::Lasts { .. } => done(lasts(&answer)?),
        Op::Write(_) => match written(answer)? {
            Written::Done { response, tidy } => Meaning::Done(response, tidy),
            Written::JoinFirst => Meaning::More,
        },
        Op::Incr(_) => match sum(answer)? {
            Sum::Is(sum) => Meaning::Done(Number::parse(&sum).map(Response::Number), false),
            Sum::AddTo(_) => Meaning::More,
        },
        _ => return Err(confused()),
    })
}

/// One command of Redis, unless the entry expires: then a script looks at the time.
pub(super) fn get(keys: &Keys, owner: &ScriptId, name: &str) -> Cmd {
    let values = keys.values(owner);
    // Room for all of it, so that the command is made in one piece.
    let mut command = Cmd::with_capacity(3, 4 + values.len() + name.len());
    command.arg("HGET").arg(values).arg(name);
    command
}

/// What a name has.
pub(super) enum Json {
    /// A value, or none.
    Is(Option<Arc<str>>),
    /// One that expires, or has.
    Expires,
}

/// What the answer to [`get`] means.
///
/// # Errors
/// When it means nothing.
pub(super) fn json(answer: Value) -> Result<Json, Trouble> {
    match &answer {
        Value::BulkString(raw) if raw.first() == Some(&b'@') => Ok(Json::Expires),
        _ => some_text(answer).map(Json::Is),
    }
}

/// What the answer to [`index::lasts`] means.
///
/// # Errors
/// When it means nothing.
pub(super) fn lasts(answer: &Value) -> Result<Response, Trouble> {
    Ok(Response::Lasts(match integer(answer)? {
        -1 => Lasts::Forever,
        ms if ms >= 0 => Lasts::For(Duration::from_millis(ms.unsigned_abs())),
        _ => Lasts::Missing,
    }))
}

/// Whether the index must be told before the write, as the entry gets a time.
pub(super) fn lasts_longer(write: &Write<'_>) -> bool {
    matches!((&write.change, write.expiry), (Change::Put(_), Expiry::In(_)))
}

/// For how long a write lets its key last, as the index wants it.
pub(super) fn time(write: &Write<'_>) -> For {
    match write.expiry {
        Expiry::Keep | Expiry::Never => For::Ever,
        Expiry::In(ttl) => For::Millis(ttl.as_millis().try_into().unwrap_or(u64::MAX).min(LONGEST)),
    }
}

/// Changes an entry; unless the index must be told first and was not, as `indexed` says.
pub(super) fn write(keys: &Keys, owner: &ScriptId, quota: usize, write: &Write<'_>, indexed: bool) -> Cmd {
    let (when, is) = match &write.when {
        Condition::Always => ("always", ""),
        Condition::Missing => ("missing", ""),
        Condition::Present => ("present", ""),
        Condition::Is(json) => ("is", &**json),
    };
    let (change, json) = match &write.change {
        Change::Put(json) => ("put", &**json),
        Change::Remove => ("remove", ""),
        Change::Keep => ("keep", ""),
    };
    let expiry = match write.expiry {
        Expiry::Keep => "keep",
        Expiry::Never => "never",
        Expiry::In(_) => "in",
    };
    let ttl = if let For::Millis(ms) = time(write) { ms } else { 0 };
    let mut command = evaluate(&scripts::WRITE, &keys.space(owner));
    command.arg(&*write.key).arg(when).arg(is).arg(change).arg(json).arg(expiry).arg(ttl).arg(quota);
    command.arg(u8::from(indexed));
    command
}

/// What came of a write.
pub(super) enum Written {
    /// Nothing: the index must be told first.
    JoinFirst,
    /// This; and whether the index may name the key for nothing.
    Done { response: Result<Response, StoreError>, tidy: bool },
}

/// What the answer to [`write`] means.
///
/// # Errors
/// When it means nothing.
pub(super) fn written(answer: Value) -> Result<Written, Trouble> {
    let answer = list(answer)?;
    let part = |i: usize| answer.get(i).ok_or_else(confused);
    let response = match integer(part(0)?)? {
        1 => return Ok(Written::JoinFirst),
        2 => Err(StoreError::Quota(count(part(1)?)?)),
        _ => Ok(Response::Written { met: integer(part(1)?)? == 1, was_there: integer(part(2)?)? == 1 }),
    };
    Ok(Written::Done { response, tidy: integer(part(3)?)? == 1 })
}

/// Adds an integer to an entry that is one.
pub(super) fn incr(keys: &Keys, owner: &ScriptId, quota: usize, name: &str, by: i64) -> Cmd {
    evaluate(&scripts::INCR, &keys.space(owner)).arg(name).arg(by).arg(quota).take()
}

/// What came of an addition.
pub(super) enum Sum {
    /// Its JSON text.
    Is(Arc<str>),
    /// Nothing: the client is to add to this JSON text, if there is any.
    AddTo(Option<Arc<str>>),
}

/// What the answer to [`incr`] means.
///
/// # Errors
/// When it means nothing.
pub(super) fn sum(answer: Value) -> Result<Sum, Trouble> {
    let mut answer = list(answer)?.into_iter();
    let state = integer(&next(&mut answer)?)?;
    Ok(match (state, answer.next().map(text).transpose()?) {
        (0, Some(sum)) => Sum::Is(sum),
        (_, old) => Sum::AddTo(old),
    })
}
