//! Compare and set, by value: a store compares texts, and two texts may be the same value.

use super::{Change, Condition, Expiry, Found, Op, Response, Write, equal};

/// A key that gets a new value if it has a certain one. `None` stands for no value.
pub struct CompareAndSet {
    /// The key.
    pub key: String,
    /// The value that it is to have, as JSON text.
    pub old: Option<String>,
    /// The value that it gets.
    pub new: Option<String>,
}

/// What comes next.
pub enum Compared {
    /// The store is to be asked this.
    Ask(Op<'static>),
    /// Whether the key got its new value.
    Done(bool),
}

impl CompareAndSet {
    /// The next step: begins with `None`, and then gets the response to each question. `None` for a response to another one.
    pub fn step(&self, response: Option<Response>) -> Option<Compared> {
        let when = match (response, &self.old) {
            (None, None) => Condition::Missing,
            (None, Some(old)) => Condition::Is(old.clone().into()),
            (Some(Response::Written { met: false, was_there: true }), Some(_)) => {
                return Some(Compared::Ask(Op::Get { key: self.key.clone().into(), foreign: false }));
            }
            (Some(Response::Written { met, .. }), _) => return Some(Compared::Done(met)),
            (Some(Response::Value(Found::Own(now))), Some(old)) if equal(old, &now) => {
                Condition::Is(now.to_string().into())
            }
            (Some(Response::Value(_)), _) => return Some(Compared::Done(false)),
            (Some(_), _) => return None,
        };
        let change = self.new.clone().map_or(Change::Remove, |new| Change::Put(new.into()));
        Some(Compared::Ask(Op::Write(Write { key: self.key.clone().into(), when, change, expiry: Expiry::Keep })))
    }
}
