//! What a store answers, as values for JavaScript.

use super::line::access_text;
use crate::error::{Code, Error};
use crate::state::{Entry, Found, Grant, Lasts, Number, Response};
use crate::value::{List, Shapes, Values};

/// How JavaScript is given the value that a key has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Giving {
    pub(super) shapes: Shapes,
    /// Whether its text comes after it: for who sets it if it is still the same.
    pub(super) text: bool,
}

/// What a response is to JavaScript, whatever was asked. Entries are for [`super::Pages`].
pub(super) fn values_of(response: Response, giving: Giving) -> Result<Values, Error> {
    let mut list = List::new();
    match response {
        Response::Value(Found::Own(json)) => {
            list.json(&json, giving.shapes).map_err(unreadable)?;
            if giving.text {
                list.text(&json);
            }
        }
        Response::Value(_) | Response::Done | Response::Lasts(Lasts::Missing) => {}
        Response::Lasts(Lasts::Forever) => list.float(f64::INFINITY),
        Response::Lasts(Lasts::For(time)) => list.count(time.as_millis().try_into().unwrap_or(usize::MAX)),
        Response::Written { met, was_there } => {
            list.boolean(met);
            list.boolean(was_there);
        }
        Response::Number(Number::Integer(n)) => list.integer(n),
        Response::Number(Number::Float(n)) => list.float(n),
        Response::Size { entries, bytes } => {
            list.count(entries);
            list.count(bytes);
        }
        Response::Keys(keys) => keys.iter().for_each(|key| list.text(key)),
        Response::Owners(owners) => owners.iter().for_each(|owner| list.text(owner.as_str())),
        Response::Grants(grants) => {
            for Grant { owner, keys, to, access } in &grants {
                for text in [owner.as_str(), keys.as_str(), to.as_str(), access_text(*access)] {
                    list.text(text);
                }
            }
        }
        Response::Entries(_) => return Err(confused()),
    }
    Ok(list.done())
}

/// Whether an answer takes so little that it may be made on the engine's thread.
pub(super) fn is_quick(response: &Response) -> bool {
    const QUICK: usize = 16 << 10;
    match response {
        Response::Value(Found::Own(json)) => json.len() <= QUICK,
        Response::Keys(_) | Response::Entries(_) | Response::Owners(_) | Response::Grants(_) => false,
        _ => true,
    }
}

/// The bytes of an entry, about.
pub(super) fn weight(entry: &Entry) -> usize {
    entry.key.len() + entry.json.len() + 16
}

/// Of a value that a store keeps, and that is no JSON.
pub(super) fn unreadable(reason: serde_json::Error) -> Error {
    Error::new(Code::Internal, format!("a value in State does not read: {reason}"))
}

/// What a store must never answer.
pub(super) fn confused() -> Error {
    Error::new(Code::Internal, "the store answered something else")
}
