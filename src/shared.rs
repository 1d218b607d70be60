//! `NativeSharedDict`: a shared dictionary, as JavaScript holds it. Arguments were checked in lib/shared.js.

use crate::bigint::BigInt;
use crate::convert::Bytes;
use moonpool_core::bridge::{Access, SharedDict};
use moonpool_core::shared::{Dict, End, Found, Limits, Number, Refusal, Value, When, Written};
use moonpool_core::state::ScriptId;
use napi::bindgen_prelude::{Either, Either5, Result, ToNapiValue, Uint8Array};
use napi::sys;
use napi_derive::napi;
use std::sync::Arc;

/// What a dictionary may hold, and who may use it.
#[napi(object, object_to_js = false)]
pub struct SharedDictOptions {
    /// Entries.
    pub max_items: Option<f64>,
    /// Bytes.
    pub max_bytes: f64,
    /// The ids that find it; absent for all.
    pub readers: Option<Vec<String>>,
    /// The ids of those that may change it; absent for all.
    pub writers: Option<Vec<String>>,
}

/// A shared dictionary.
#[napi]
pub struct NativeSharedDict {
    shared: Arc<SharedDict>,
}

/// What a method has to say; each has some of this.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct SharedAnswer {
    /// The value that was found, or is the result.
    pub value: Option<SharedText>,
    /// The number that it was stored with.
    pub flags: Option<u32>,
    /// Whether it has expired.
    pub stale: Option<bool>,
    /// Why nothing was done.
    pub err: Option<String>,
    /// Whether others were removed that had not expired.
    pub forcible: Option<bool>,
}

/// A key as JavaScript gives it.
type Key = Either<String, Uint8Array>;

/// A value as JavaScript gives it.
type Given = Either5<bool, f64, BigInt, String, Uint8Array>;

/// A value on its way to JavaScript: text as a string, or where it is not UTF-8, as a `Buffer`.
pub struct SharedText(Value);

impl ToNapiValue for SharedText {
    unsafe fn to_napi_value(env: sys::napi_env, Self(value): Self) -> Result<sys::napi_value> {
        const SAFE: u64 = (1 << 53) - 1;
        // SAFETY: as the caller vouches.
        unsafe {
            match value {
                Value::Boolean(value) => bool::to_napi_value(env, value),
                Value::Integer(value) if value.unsigned_abs() <= SAFE => f64::to_napi_value(env, value as f64),
                Value::Integer(value) => i64_as_big(env, value),
                Value::Number(value) => f64::to_napi_value(env, value),
                Value::String(text) => match std::str::from_utf8(&text) {
                    Ok(text) => <&str>::to_napi_value(env, text),
                    Err(_) => Bytes::to_napi_value(env, Bytes(text.to_vec())),
                },
            }
        }
    }
}

/// # Safety
/// As [`ToNapiValue::to_napi_value`].
unsafe fn i64_as_big(env: sys::napi_env, value: i64) -> Result<sys::napi_value> {
    // SAFETY: as the caller vouches.
    unsafe { BigInt::to_napi_value(env, BigInt(value)) }
}

fn bytes(key: &Key) -> &[u8] {
    match key {
        Either::A(text) => text.as_bytes(),
        Either::B(bytes) => bytes,
    }
}

fn number(value: f64) -> Number {
    const SAFE: f64 = ((1_i64 << 53) - 1) as f64;
    let is_whole = value.fract() == 0.0 && value.abs() <= SAFE && !(value == 0.0 && value.is_sign_negative());
    if is_whole { Number::Integer(value as i64) } else { Number::Float(value) }
}

fn given(value: Given) -> Value {
    match value {
        Either5::A(value) => Value::Boolean(value),
        Either5::B(value) => number(value).into(),
        Either5::C(value) => Value::Integer(value.0),
        Either5::D(text) => Value::String(text.into_bytes().into()),
        Either5::E(bytes) => Value::String((*bytes).into()),
    }
}

fn summand(value: Either<f64, BigInt>) -> Number {
    match value {
        Either::A(value) => number(value),
        Either::B(value) => Number::Integer(value.0),
    }
}

fn found(found: std::result::Result<Option<Found>, Refusal>) -> SharedAnswer {
    match found {
        Ok(Some(Found { value, flags, stale })) => SharedAnswer {
            value: Some(SharedText(value)),
            flags: Some(flags),
            stale: Some(stale),
            ..SharedAnswer::default()
        },
        Ok(None) => SharedAnswer::default(),
        Err(refusal) => refused(refusal),
    }
}

fn refused(refusal: Refusal) -> SharedAnswer {
    SharedAnswer { err: Some(refusal.text().to_owned()), ..SharedAnswer::default() }
}

fn value(value: impl Into<Value>) -> SharedAnswer {
    SharedAnswer { value: Some(SharedText(value.into())), ..SharedAnswer::default() }
}

fn length(length: std::result::Result<usize, Refusal>) -> SharedAnswer {
    length.map_or_else(refused, |length| value(Number::Integer(length as i64)))
}

fn end(left: bool) -> End {
    if left { End::Left } else { End::Right }
}

fn access(ids: Option<Vec<String>>) -> Result<Access> {
    let Some(ids) = ids else { return Ok(Access::Everybody) };
    let ids = ids.iter().map(|id| ScriptId::new(id)).collect::<std::result::Result<_, _>>();
    ids.map(Access::Only).map_err(napi::Error::from_reason)
}

impl NativeSharedDict {
    pub(super) fn declare(name: &str, options: SharedDictOptions) -> Result<(Self, Arc<SharedDict>)> {
        let items = options.max_items.map_or(usize::MAX, |items| items as usize);
        let shared = Arc::new(SharedDict {
            name: name.into(),
            dict: Dict::new(Limits { items, bytes: options.max_bytes as usize }),
            readers: access(options.readers)?,
            writers: access(options.writers)?,
        });
        Ok((Self { shared: shared.clone() }, shared))
    }

    fn dict(&self) -> &Dict {
        &self.shared.dict
    }
}

#[napi]
impl NativeSharedDict {
    /// The value of a key, also of one that has expired if `stale_too`.
    #[napi(catch_unwind)]
    pub fn get(&self, key: Key, stale_too: bool) -> SharedAnswer {
        let key = bytes(&key);
        found(if stale_too { self.dict().get_stale(key) } else { self.dict().get(key) })
    }

    /// Stores a value, or removes what there is: always, or only when the key is `present`, or only when it is not. A
    /// `safe` write removes no others.
    #[napi(catch_unwind)]
    pub fn store(
        &self,
        key: Key,
        value: Option<Given>,
        ttl: f64,
        flags: u32,
        present: Option<bool>,
        safe: bool,
    ) -> SharedAnswer {
        let when = match present {
            None => When::Always,
            Some(true) => When::Present,
            Some(false) => When::Absent,
        };
        let Written { done, forcible } =
            self.dict().store(when, safe, bytes(&key), value.map(given), ttl as u64, flags);
        SharedAnswer { forcible: Some(forcible), ..done.map_or_else(refused, |()| SharedAnswer::default()) }
    }

    /// Adds to a number; where there is none, to `init`.
    #[napi(catch_unwind)]
    pub fn incr(&self, key: Key, by: Either<f64, BigInt>, init: Option<Either<f64, BigInt>>, ttl: f64) -> SharedAnswer {
        let init = init.map(|init| (summand(init), ttl as u64));
        let Written { done, forcible } = self.dict().incr(bytes(&key), summand(by), init);
        SharedAnswer { forcible: Some(forcible), ..done.map_or_else(refused, value) }
    }

    /// Puts a value at an end of a list.
    #[napi(catch_unwind)]
    pub fn push(&self, key: Key, value: Given, left: bool) -> SharedAnswer {
        length(self.dict().push(bytes(&key), end(left), &given(value)))
    }

    /// Takes a value from an end of a list.
    #[napi(catch_unwind)]
    pub fn pop(&self, key: Key, left: bool) -> SharedAnswer {
        match self.dict().pop(bytes(&key), end(left)) {
            Ok(popped) => SharedAnswer { value: popped.map(SharedText), ..SharedAnswer::default() },
            Err(refusal) => refused(refusal),
        }
    }

    /// How long a list is.
    #[napi(catch_unwind)]
    pub fn len(&self, key: Key) -> SharedAnswer {
        length(self.dict().len(bytes(&key)))
    }

    /// How long a key lives on, in ms; 0 is for ever.
    #[napi(catch_unwind)]
    pub fn ttl(&self, key: Key) -> Option<f64> {
        self.dict().ttl(bytes(&key)).map(|ttl| ttl as f64)
    }

    /// Sets how long a key lives on, in ms.
    #[napi(catch_unwind)]
    pub fn expire(&self, key: Key, ttl: f64) -> bool {
        self.dict().expire(bytes(&key), ttl as u64)
    }

    /// Lets everything expire.
    #[napi(catch_unwind)]
    pub fn flush_all(&self) {
        self.dict().flush_all();
    }

    /// In how many parts the dictionary is walked through.
    #[napi(getter, catch_unwind)]
    pub fn shards(&self) -> u32 {
        self.dict().shards() as u32
    }

    /// Removes up to `most` entries of a part that have expired.
    #[napi(catch_unwind)]
    pub fn flush_expired(&self, shard: u32, most: f64) -> f64 {
        self.dict().flush_expired(shard as usize, most as usize) as f64
    }

    /// Up to `most` keys of a part.
    #[napi(catch_unwind, ts_return_type = "Array<string | Buffer>")]
    pub fn keys(&self, shard: u32, most: f64) -> Vec<SharedText> {
        let keys = self.dict().keys(shard as usize, most as usize);
        keys.into_iter().map(|key| SharedText(Value::String(key))).collect()
    }

    /// How many bytes it may hold.
    #[napi(getter, catch_unwind)]
    pub fn capacity(&self) -> f64 {
        self.dict().capacity() as f64
    }

    /// How many bytes more it may hold.
    #[napi(getter, catch_unwind)]
    pub fn free_space(&self) -> f64 {
        self.dict().free_space() as f64
    }
}
