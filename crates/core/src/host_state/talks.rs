//! What the host asks of State, as steps.

use super::answers::{Giving, confused, is_quick, unreadable, values_of, weight};
use super::line::entry_line;
use crate::api::state::store_error;
use crate::error::{Code, Error};
use crate::state::{
    Change, CompareAndSet, Compared, Condition, Entry, Expiry, Incr, Key, Number, Op, Request, Response, ScriptId,
    StoreError, Write,
};
use crate::value::stored::{json_of, number_of};
use crate::value::{List, Shapes, Values};
use std::borrow::Cow;
use std::time::Duration;

/// What the host asks, in steps.
pub trait Talk: Send {
    /// The next step: begins with `None`, and then gets the response to each request in turn. Unless `long`, what takes
    /// time answers [`Step::Long`], and is called again where it may, with no response.
    fn step(&mut self, response: Option<Result<Response, StoreError>>, long: bool) -> Step;
}

/// What comes next.
pub enum Step {
    /// It is done.
    Done(Result<Values, Error>),
    /// It asks the store.
    Ask(Request<'static>),
    /// It would take time.
    Long,
}

/// What the functions that the host calls take, of which each has some.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// The key.
    pub key: Option<String>,
    /// A list of one value.
    pub value: Option<Values>,
    /// Of `cas`, the value that is to be there; of `incr`, what a key begins with.
    pub old: Option<Values>,
    /// Of `cas`, the same as the text that `get` gave.
    pub old_text: Option<String>,
    /// How long a key lasts, in whole milliseconds; `None` for ever.
    pub ttl: Option<Duration>,
    /// Of `get`: how the value is given.
    pub shapes: Shapes,
    /// Of `get`: whether the value's text comes after it.
    pub text: bool,
}

/// What a function of the host's asks of `owner`'s space, by its name.
pub fn talk(function: &'static str, owner: ScriptId, quota: usize, given: Arguments) -> Box<dyn Talk> {
    Box::new(Keyed { function, owner, quota, given: Some(given), talk: None })
}

/// A function of the host's: what its values become takes time when they are big.
struct Keyed {
    function: &'static str,
    owner: ScriptId,
    quota: usize,
    given: Option<Arguments>,
    talk: Option<Box<dyn Talk>>,
}

impl Talk for Keyed {
    fn step(&mut self, response: Option<Result<Response, StoreError>>, long: bool) -> Step {
        const QUICK: usize = 16 << 10;
        if let Some(given) = self.given.take() {
            let size = |values: &Option<Values>| values.as_ref().map_or(0, Vec::len);
            if !long && size(&given.value) + size(&given.old) > QUICK {
                self.given = Some(given);
                return Step::Long;
            }
            match keyed(self.function, self.owner.clone(), self.quota, given) {
                Ok(talk) => self.talk = Some(talk),
                Err(error) => return Step::Done(Err(error)),
            }
        }
        match &mut self.talk {
            Some(talk) => talk.step(response, long),
            None => Step::Done(Err(confused())),
        }
    }
}

/// As [`talk`], with its values as the text that is stored.
fn keyed(function: &'static str, owner: ScriptId, quota: usize, given: Arguments) -> Result<Box<dyn Talk>, Error> {
    let Arguments { key, value, old, old_text, ttl, shapes, text } = given;
    let key = key.unwrap_or_default();
    Key::new(key.as_bytes())
        .map_err(|got| refusal(function, &format!("the key must be a string of {}, got {got}", Key::RULE)))?;
    let json = |values: Option<Values>, name: &str| match values {
        None => Ok(None),
        Some(values) => json_of(&values, name).map_err(|reason| refusal(function, &reason)),
    };
    let number = |values: Option<Values>, default: i64, name: &str| match values {
        None => Ok(Number::Integer(default)),
        Some(values) => match number_of(&values) {
            Some(Number::Float(n)) if !n.is_finite() => {
                Err(refusal(function, &format!("{name} must be a finite number, got {n}")))
            }
            Some(number) => Ok(number),
            None => Err(refusal(function, &format!("{name} must be a finite number"))),
        },
    };
    let lasting = ttl.map_or(Expiry::Never, Expiry::In);
    let name = || Cow::Owned(key.clone());
    let write = |when, change, expiry| Op::Write(Write { key: name(), when, change, expiry });
    let put = |json: Option<String>| json.map_or(Change::Remove, |json| Change::Put(json.into()));
    let op = match function {
        "get" => Op::Get { key: name(), foreign: false },
        "has" | "ttl" => Op::Lasts { key: name() },
        "delete" => write(Condition::Always, Change::Remove, Expiry::Never),
        "set" => write(Condition::Always, put(json(value, "value")?), lasting),
        "add" => write(Condition::Missing, put(json(value, "value")?), lasting),
        "replace" => write(Condition::Present, put(json(value, "value")?), lasting),
        "expire" => write(Condition::Present, Change::Keep, lasting),
        "incr" => {
            let (by, init) = (number(value, 1, "the number to add")?, number(old, 0, "the option 'init'")?);
            Op::Incr(Incr { key: name(), by, init, ttl })
        }
        "cas" => {
            let old = old_text.map_or_else(|| json(old, "old value"), |text| Ok(Some(text)))?;
            let new = json(value, "new value")?;
            return Ok(Box::new(Cas { owner, quota, swap: CompareAndSet { key, old, new } }));
        }
        _ => return Err(Error::new(Code::Internal, format!("State has no function '{function}'"))),
    };
    let one = One::new(function, Request { owner, quota, op });
    Ok(Box::new(One { giving: Giving { shapes, text }, ..one }))
}

fn refusal(function: &str, message: &str) -> Error {
    Error::new(Code::StateValue, format!("State.{function}: {message}"))
}

/// One request.
pub(super) struct One {
    function: &'static str,
    quota: usize,
    key: String,
    request: Option<Request<'static>>,
    giving: Giving,
    /// What takes time to make something of.
    response: Option<Response>,
}

impl One {
    pub(super) fn new(function: &'static str, request: Request<'static>) -> Self {
        let key = request.op.key().unwrap_or_default().to_owned();
        let quota = request.quota;
        Self { function, quota, key, request: Some(request), giving: Giving::default(), response: None }
    }
}

impl Talk for One {
    fn step(&mut self, response: Option<Result<Response, StoreError>>, long: bool) -> Step {
        // Those that are about a whole space take time in the store.
        let takes_time = |request: &Request<'_>| {
            matches!(
                request.op,
                Op::Size | Op::Clear | Op::List { .. } | Op::Entries { .. } | Op::Owners { .. } | Op::Grants
            )
        };
        match (response, self.request.take(), self.response.take()) {
            (None, Some(request), _) if !long && takes_time(&request) => {
                self.request = Some(request);
                Step::Long
            }
            (None, Some(request), _) => Step::Ask(request),
            (Some(Err(error)), _, _) => Step::Done(Err(store_error(self.function, &self.key, self.quota, error))),
            (Some(Ok(response)), _, _) if !long && !is_quick(&response) => {
                self.response = Some(response);
                Step::Long
            }
            (Some(Ok(response)), _, _) | (None, None, Some(response)) => Step::Done(values_of(response, self.giving)),
            (None, None, None) => Step::Done(Err(confused())),
        }
    }
}

/// `cas`.
struct Cas {
    owner: ScriptId,
    quota: usize,
    swap: CompareAndSet,
}

impl Talk for Cas {
    fn step(&mut self, response: Option<Result<Response, StoreError>>, _long: bool) -> Step {
        let Self { owner, quota, swap } = self;
        match response.transpose().map(|response| swap.step(response)) {
            Err(error) => Step::Done(Err(store_error("cas", &swap.key, *quota, error))),
            Ok(Some(Compared::Ask(op))) => Step::Ask(Request { owner: owner.clone(), quota: *quota, op }),
            Ok(Some(Compared::Done(met))) => {
                Step::Done(values_of(Response::Written { met, was_there: met }, Giving::default()))
            }
            Ok(None) => Step::Done(Err(confused())),
        }
    }
}

/// A page of entries: as many as fit into some bytes, and at least one if there is any.
///
/// The list has whether there may be more; the last key, if there is one; and then, of each entry, what is wanted.
pub struct Pages {
    owner: ScriptId,
    prefix: String,
    after: Option<String>,
    limit: usize,
    wanted: Wanted,
    shapes: Shapes,
    entries: Option<Vec<Entry>>,
}

/// What a page has of each entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    KeysAndValues,
    Lines,
}

impl Pages {
    /// A page takes about so many bytes.
    const BYTES: usize = 256 << 10;

    /// The page of at most `limit` entries after the key `after`: of `entries`, or `lines` of an export.
    pub fn new(wanted: &str, owner: ScriptId, prefix: String, after: Option<String>, limit: usize) -> Self {
        let wanted = match wanted {
            "lines" => Wanted::Lines,
            _ => Wanted::KeysAndValues,
        };
        Self { owner, prefix, after, limit, wanted, shapes: Shapes::default(), entries: None }
    }

    /// The same; values are given like this.
    #[must_use]
    pub fn with_shapes(self, shapes: Shapes) -> Self {
        Self { shapes, ..self }
    }

    fn page(&self, entries: &[Entry]) -> Result<Values, Error> {
        let mut taken = 0;
        let mut bytes = 0;
        for entry in entries {
            bytes += weight(entry);
            if taken > 0 && bytes > Self::BYTES {
                break;
            }
            taken += 1;
        }
        let mut list = List::new();
        list.boolean(taken < entries.len() || entries.len() == self.limit);
        list.text(entries[..taken].last().map_or("", |entry| &entry.key));
        for entry in &entries[..taken] {
            match self.wanted {
                Wanted::Lines => list.text(&entry_line(&self.owner, entry)),
                Wanted::KeysAndValues => {
                    list.text(&entry.key);
                    list.json(&entry.json, self.shapes).map_err(unreadable)?;
                }
            }
        }
        Ok(list.done())
    }
}

impl Talk for Pages {
    fn step(&mut self, response: Option<Result<Response, StoreError>>, long: bool) -> Step {
        match response {
            None => match self.entries.take() {
                Some(entries) => return Step::Done(self.page(&entries)),
                None if !long => return Step::Long,
                None => {}
            },
            Some(Ok(Response::Entries(entries))) if long => return Step::Done(self.page(&entries)),
            Some(Ok(Response::Entries(entries))) => {
                self.entries = Some(entries);
                return Step::Long;
            }
            Some(Err(error)) => return Step::Done(Err(store_error("entries", "", 0, error))),
            Some(Ok(_)) => return Step::Done(Err(confused())),
        }
        let op = Op::Entries {
            prefix: self.prefix.clone().into(),
            after: self.after.clone().map(Cow::Owned),
            limit: self.limit,
        };
        Step::Ask(Request { owner: self.owner.clone(), quota: 0, op })
    }
}

/// One request, of a function that is about no key.
pub fn request(function: &'static str, request: Request<'static>) -> Box<dyn Talk> {
    Box::new(One::new(function, request))
}
