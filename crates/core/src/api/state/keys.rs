//! The functions of `State` that are about one key.

use super::arguments::{Keyed, confused, refusal};
use crate::bridge::Call;
use crate::bridge::tasks::{Step, Task, perform};
use crate::error::{Code, Error, quoted};
use crate::state::{
    Change, CompareAndSet, Compared, Condition, Expiry, Found, Incr, Lasts, Number, Op, Response, StoreError, Write,
};
use crate::value::json;
use mlua::Value;
use std::borrow::Cow;
use std::time::Duration;

/// How a response becomes what the function returns.
type Finish = fn(&Keyed, &Call, Response) -> Result<Value, Error>;

/// One question, and what is made of the response.
struct Once {
    keyed: Keyed,
    /// Until it is asked.
    op: Option<Op<'static>>,
    finish: Finish,
}

impl Task for Once {
    fn step(&mut self, call: &Call, response: Option<Result<Response, StoreError>>) -> Result<Step, Error> {
        match (response, self.op.take()) {
            (Some(response), _) => {
                let response = response.map_err(|e| self.keyed.refused(call, e))?;
                (self.finish)(&self.keyed, call, response).map(Step::Done)
            }
            (None, Some(op)) => self.keyed.request(call, op).map(Step::Ask),
            (None, None) => Err(confused(self.keyed.function)),
        }
    }
}

fn once(call: &Call, keyed: Keyed, op: Op<'static>, finish: Finish) -> Result<Value, Error> {
    perform(call, Once { keyed, op: Some(op), finish })
}

impl Keyed {
    fn owned(&self) -> Cow<'static, str> {
        self.key.clone().into()
    }

    fn write(&self, when: Condition<'static>, change: Change<'static>, expiry: Expiry) -> Op<'static> {
        Op::Write(Write { key: self.owned(), when, change, expiry })
    }

    /// Looks the key up; one that only others have is missing, as it is for every write.
    fn get(&self) -> Op<'static> {
        Op::Get { key: self.owned(), foreign: false }
    }

    /// The value of a JSON text from the store.
    fn decode(&self, call: &Call, text: &str) -> Result<Value, Error> {
        json::decode(call.lua, call.budget(), &*call.marks()?, text.as_bytes()).map_err(|reason| {
            Error::new(Code::Internal, format!("State.{}: a stored value does not read: {reason}", self.function))
        })
    }

    fn is_anothers(&self) -> Error {
        let message = format!("State.{}: the key {:?} belongs to another script", self.function, quoted(&self.key));
        Error::new(Code::StateDenied, message)
    }
}

pub(super) fn get(call: &Call) -> Result<Value, Error> {
    let keyed = Keyed::new(call, "get")?;
    let op = call.state().get(&keyed.key).into_owned();
    once(call, keyed, op, |keyed, call, response| match response {
        Response::Value(Found::Own(text)) => keyed.decode(call, &text),
        Response::Value(Found::Foreign) => Err(keyed.is_anothers()),
        Response::Value(Found::Nowhere) => Ok(call.arg(1).clone()),
        _ => Err(confused("get")),
    })
}

pub(super) fn set(call: &Call) -> Result<Value, Error> {
    let keyed = Keyed::new(call, "set")?;
    if call.args.len() < 2 {
        let message = "the value is missing; State.set(key, nil) or State.delete(key) deletes";
        return Err(refusal("set", message));
    }
    let ttl = keyed.ttl_option(call, 2)?;
    let change = match call.arg(1) {
        Value::Nil => Change::Remove,
        _ => Change::Put(keyed.json(call, 1, "value")?.into()),
    };
    let op = keyed.write(Condition::Always, change, lasting(ttl));
    once(call, keyed, op, |_, _, _| Ok(Value::Nil))
}

pub(super) fn add(call: &Call) -> Result<Value, Error> {
    set_when(call, "add", Condition::Missing)
}

pub(super) fn replace(call: &Call) -> Result<Value, Error> {
    set_when(call, "replace", Condition::Present)
}

fn set_when(call: &Call, function: &'static str, when: Condition<'static>) -> Result<Value, Error> {
    let keyed = Keyed::new(call, function)?;
    let ttl = keyed.ttl_option(call, 2)?;
    let json = keyed.some_json(call, 1, "value")?;
    let op = keyed.write(when, Change::Put(json.into()), lasting(ttl));
    once(call, keyed, op, met)
}

fn lasting(ttl: Option<Duration>) -> Expiry {
    ttl.map_or(Expiry::Never, Expiry::In)
}

fn met(keyed: &Keyed, _: &Call, response: Response) -> Result<Value, Error> {
    match response {
        Response::Written { met, .. } => Ok(Value::Boolean(met)),
        _ => Err(confused(keyed.function)),
    }
}

fn was_there(keyed: &Keyed, _: &Call, response: Response) -> Result<Value, Error> {
    match response {
        Response::Written { was_there, .. } => Ok(Value::Boolean(was_there)),
        _ => Err(confused(keyed.function)),
    }
}

pub(super) fn delete(call: &Call) -> Result<Value, Error> {
    let keyed = Keyed::new(call, "delete")?;
    let op = keyed.write(Condition::Always, Change::Remove, Expiry::Never);
    once(call, keyed, op, was_there)
}

pub(super) fn has(call: &Call) -> Result<Value, Error> {
    let keyed = Keyed::new(call, "has")?;
    let op = Op::Lasts { key: keyed.owned() };
    once(call, keyed, op, |_, _, response| Ok(Value::Boolean(response != Response::Lasts(Lasts::Missing))))
}

pub(super) fn incr(call: &Call) -> Result<Value, Error> {
    let keyed = Keyed::new(call, "incr")?;
    let by = match call.arg(1) {
        Value::Nil => Number::Integer(1),
        by => keyed.number(by, "the number to add")?,
    };
    let (mut init, mut ttl) = (Number::Integer(0), None);
    for (name, value) in keyed.options(call, 2, &["init", "ttl"])? {
        match &*name {
            "init" => init = keyed.number(&value, "the option 'init'")?,
            _ => ttl = Some(keyed.ttl(&value)?),
        }
    }
    let op = Op::Incr(Incr { key: keyed.owned(), by, init, ttl });
    once(call, keyed, op, |_, _, response| match response {
        Response::Number(Number::Integer(n)) => Ok(Value::Integer(n)),
        Response::Number(Number::Float(n)) => Ok(Value::Number(n)),
        _ => Err(confused("incr")),
    })
}

pub(super) fn expire(call: &Call) -> Result<Value, Error> {
    let keyed = Keyed::new(call, "expire")?;
    if call.args.len() < 2 {
        return Err(refusal("expire", "the ttl is missing; State.expire(key, nil) lets a key last"));
    }
    let expiry = match call.arg(1) {
        Value::Nil => Expiry::Never,
        ttl => Expiry::In(keyed.ttl(ttl)?),
    };
    let op = keyed.write(Condition::Present, Change::Keep, expiry);
    once(call, keyed, op, met)
}

pub(super) fn ttl(call: &Call) -> Result<Value, Error> {
    let keyed = Keyed::new(call, "ttl")?;
    let op = Op::Lasts { key: keyed.owned() };
    once(call, keyed, op, |_, _, response| match response {
        Response::Lasts(Lasts::Missing) => Ok(Value::Nil),
        Response::Lasts(Lasts::Forever) => Ok(Value::Number(f64::INFINITY)),
        Response::Lasts(Lasts::For(time)) => Ok(Value::Number(time.as_secs_f64())),
        _ => Err(confused("ttl")),
    })
}

pub(super) fn cas(call: &Call) -> Result<Value, Error> {
    let keyed = Keyed::new(call, "cas")?;
    if call.args.len() < 3 {
        return Err(refusal("cas", "the old and the new value are wanted; nil stands for no value"));
    }
    let json = |n: usize, name| match call.arg(n) {
        Value::Nil => Ok(None),
        _ => keyed.json(call, n, name).map(Some),
    };
    let (old, new) = (json(1, "old value")?, json(2, "new value")?);
    let swap = CompareAndSet { key: keyed.key.clone(), old, new };
    perform(call, Cas { keyed, swap })
}

/// `State.cas`.
struct Cas {
    keyed: Keyed,
    swap: CompareAndSet,
}

impl Task for Cas {
    fn step(&mut self, call: &Call, response: Option<Result<Response, StoreError>>) -> Result<Step, Error> {
        let Self { keyed, swap } = self;
        let response = response.transpose().map_err(|e| keyed.refused(call, e))?;
        match swap.step(response).ok_or_else(|| confused("cas"))? {
            Compared::Ask(op) => keyed.request(call, op).map(Step::Ask),
            Compared::Done(met) => Ok(Step::Done(Value::Boolean(met))),
        }
    }
}

/// `State.update`, before its function is called: leaves the value's text, or nil.
pub(super) fn read(call: &Call) -> Result<Value, Error> {
    let keyed = Keyed::new(call, "update")?;
    if !matches!(call.arg(1), Value::Function(_)) {
        return Err(call.bad_argument(1, "State.update", "function"));
    }
    let op = keyed.get();
    once(call, keyed, op, |_, call, response| match response {
        Response::Value(Found::Own(text)) => call.string(&text),
        Response::Value(_) => Ok(Value::Nil),
        _ => Err(confused("update")),
    })
}

/// The value of a text that [`read`] left, or the default; from here on the function is at work.
pub(super) fn begin(call: &Call) -> Result<Value, Error> {
    let keyed = Keyed::new(call, "update")?;
    let value = match call.arg(3) {
        Value::String(text) => keyed.decode(call, &text.to_string_lossy())?,
        _ => call.arg(2).clone(),
    };
    let owner = keyed.request(call, keyed.write(Condition::Always, Change::Keep, Expiry::Keep))?.owner;
    call.begin_update(owner, keyed.key);
    Ok(value)
}

/// `State.update`, after its function: writes what that returned, if the value is what it was. Says whether it did.
pub(super) fn swap(call: &Call) -> Result<Value, Error> {
    let keyed = Keyed::new(call, "update")?;
    if call.context.changed_itself() {
        let message =
            format!("the function changed the key {:?} itself; it is to return the new value", quoted(&keyed.key));
        return Err(refusal("update", message));
    }
    let when = match call.arg(3) {
        Value::String(text) => Condition::Is(text.to_string_lossy().into()),
        _ => Condition::Missing,
    };
    let change = match call.arg(6) {
        Value::Nil => Change::Remove,
        _ => Change::Put(keyed.json(call, 6, "new value")?.into()),
    };
    let op = keyed.write(when, change, Expiry::Keep);
    once(call, keyed, op, met)
}
