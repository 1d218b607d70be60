//! What a database of State holds, for tools that look into it from outside: see lib/cli/state.js.

use crate::convert::Failure;
use crate::engine::NativeEngine;
use moonpool_core::error::{Code, Error};
use moonpool_core::state::{StoredEntry as Entry, StoredOwner as Owner, stored_entries, stored_owners};
use napi::bindgen_prelude::Either;
use napi_derive::napi;

/// What an owner has in a database.
#[napi(object, object_from_js = false)]
pub struct StoredOwner {
    /// Whose it is.
    pub owner: String,
    /// How many entries.
    pub entries: f64,
    /// Their bytes, as a quota counts them.
    pub bytes: f64,
}

/// An entry in a database.
#[napi(object, object_from_js = false)]
pub struct StoredEntry {
    /// Its key.
    pub key: String,
    /// Its value, as JSON text.
    pub value: String,
    /// When it expires, in ms since 1970.
    pub expires: Option<f64>,
}

#[napi]
impl NativeEngine {
    /// Up to `limit` owners behind `after`, of a file that nothing is changed in; or why it cannot be read.
    #[napi(catch_unwind)]
    pub fn stored_owners(file: String, after: String, limit: u32) -> Either<Vec<StoredOwner>, Failure> {
        let owner =
            |Owner { owner, entries, bytes }| StoredOwner { owner, entries: entries as f64, bytes: bytes as f64 };
        given(stored_owners(file.as_ref(), &after, limit), owner)
    }

    /// Up to `limit` entries of an owner behind the key `after`, and at least one if there is one.
    #[napi(catch_unwind)]
    pub fn stored_entries(
        file: String,
        owner: String,
        prefix: String,
        after: String,
        limit: u32,
    ) -> Either<Vec<StoredEntry>, Failure> {
        let entry = |Entry { key, value, expires }| StoredEntry { key, value, expires: expires.map(|at| at as f64) };
        given(stored_entries(file.as_ref(), &owner, &prefix, &after, limit), entry)
    }
}

fn given<T, U>(read: Result<Vec<T>, String>, make: impl FnMut(T) -> U) -> Either<Vec<U>, Failure> {
    match read {
        Ok(list) => Either::A(list.into_iter().map(make).collect()),
        Err(reason) => Either::B(Error::new(Code::StateUnavailable, reason).into()),
    }
}
