//! `Shared`: the dictionaries that the host has declared, with the methods of OpenResty's `ngx.shared.DICT`.
//!
//! A dictionary is a userdata that says which one it is, and whether this script may change it. Its methods are called
//! directly. What OpenResty returns as `nil, "reason"` is returned; what it raises is an error value.

use super::Named;
use crate::bridge::direct::{self, Arg, Direct, Plain, Values, direct_function};
use crate::bridge::{Dicts, SharedDict};
use crate::error::{Code, Error};
use crate::shared::{Dict, End, Found, MAX_KEY, Number, Refusal, Value, When, Written};
use crate::state::ScriptId;
use moonpool_lua::ffi;
use std::ffi::{CStr, c_int};
use std::sync::Arc;

/// The metatable's name in the registry, and the type's in messages.
const NAME: &CStr = c"shared dictionary";

/// Its address is the first word of each dictionary's userdata, and of no other.
static TAG: u8 = 0;

/// The keys that `get_keys` returns, by default.
const MOST_KEYS: usize = 1024;

/// The longest time in which something expires, in seconds: milliseconds up to there are exact.
const LONGEST_TIME: f64 = 9_007_199_254_740.0;

/// Makes a C function of a method whose first argument is a key.
macro_rules! keyed {
    ($function:path) => {{
        unsafe extern "C-unwind" fn entry(state: *mut ffi::lua_State) -> c_int {
            // SAFETY: Lua calls this function with its own state, and there is nothing else in this frame.
            unsafe {
                direct::make_key(state, KEY);
                direct::call(state, $function)
            }
        }
        entry
    }};
}

const METHODS: &[Named] = &[
    (c"add", keyed!(add)),
    (c"capacity", direct_function!(capacity)),
    (c"delete", keyed!(delete)),
    (c"expire", keyed!(expire)),
    (c"flush_all", direct_function!(flush_all)),
    (c"flush_expired", direct_function!(flush_expired)),
    (c"free_space", direct_function!(free_space)),
    (c"get", keyed!(get)),
    (c"get_keys", direct_function!(get_keys)),
    (c"get_stale", keyed!(get_stale)),
    (c"incr", incr_entry),
    (c"llen", keyed!(llen)),
    (c"lpop", keyed!(lpop)),
    (c"lpush", keyed!(lpush)),
    (c"replace", keyed!(replace)),
    (c"rpop", keyed!(rpop)),
    (c"rpush", keyed!(rpush)),
    (c"safe_add", keyed!(safe_add)),
    (c"safe_set", keyed!(safe_set)),
    (c"set", keyed!(set)),
    (c"ttl", keyed!(ttl)),
];

// Where the arguments are; the first is the dictionary.
const KEY: c_int = 2;
const VALUE: c_int = 3;
const EXPTIME: c_int = 4;
const FLAGS: c_int = 5;

/// Sets the global `Shared`, an empty table, and makes the metatable of all dictionaries.
///
/// # Safety
/// As [`super::push_library`].
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        ffi::luaL_newmetatable(state, NAME.as_ptr());
        super::push_library(state, METHODS);
        ffi::lua_setfield(state, -2, c"__index".as_ptr());
        ffi::lua_pushboolean(state, 0);
        ffi::lua_setfield(state, -2, c"__metatable".as_ptr());
        ffi::lua_createtable(state, 0, 0);
        super::set_library(state, c"Shared");
    }
}

/// Puts those of `dicts` that `id` may read, from the `first` on, into the `Shared` of a VM whose script has not begun.
///
/// # Safety
/// As any function of Lua's C API that may raise an error, with an empty stack.
pub(crate) unsafe fn add_dicts(state: *mut ffi::lua_State, dicts: &[Arc<SharedDict>], first: usize, id: &ScriptId) {
    for (index, shared) in dicts.iter().enumerate().skip(first) {
        if !shared.readers.allows(id) {
            continue;
        }
        let words = Handle { index, writable: shared.writers.allows(id) }.words();
        // SAFETY: as the caller; nothing here has a destructor, and the userdata has room for the words.
        unsafe {
            // A script that lives on may have put something else there; and without the library there is nothing.
            super::push_global(state, "Shared");
            if ffi::lua_type(state, 1) != ffi::LUA_TTABLE {
                return;
            }
            super::bytes::push(state, shared.name.as_bytes());
            ffi::lua_newuserdatauv(state, size_of_val(&words), 0).cast::<[u64; Handle::WORDS]>().write(words);
            ffi::luaL_setmetatable(state, NAME.as_ptr());
            ffi::lua_rawset(state, 1);
            ffi::lua_settop(state, 0);
        }
    }
}

/// What a dictionary's userdata says.
#[derive(Clone, Copy)]
struct Handle {
    /// Which one of the context's it is.
    index: usize,
    writable: bool,
}

impl Handle {
    const WORDS: usize = 3;

    fn words(self) -> [u64; Self::WORDS] {
        [(&raw const TAG).addr() as u64, self.index as u64, self.writable.into()]
    }

    fn of(words: &[u64]) -> Option<Self> {
        let &[tag, index, writable] = words else { return None };
        (tag == (&raw const TAG).addr() as u64).then_some(Self { index: index as usize, writable: writable != 0 })
    }
}

/// The dictionary that a method was called on, and whether the script may change it.
fn target<'a>(call: &'a Direct, method: &str) -> Result<(&'a SharedDict, bool), Error> {
    let handle = match call.arg(1) {
        Arg::Userdata(words) => Handle::of(words),
        _ => None,
    };
    let dicts: &Dicts = &call.context.shared;
    let found = handle.and_then(|handle| Some((&**dicts.as_ref()?.get(handle.index)?, handle.writable)));
    found.ok_or_else(|| {
        let got = call.arg(1).type_name();
        let message = format!("bad self of '{method}' (shared dictionary expected, got {got}): call it with a colon, as in Shared.NAME:{method}()");
        Error::new(Code::Runtime, message)
    })
}

fn read<'a>(call: &'a Direct, method: &str) -> Result<&'a Dict, Error> {
    target(call, method).map(|(shared, _)| &shared.dict)
}

fn change<'a>(call: &'a Direct, method: &str) -> Result<&'a Dict, Error> {
    let (shared, writable) = target(call, method)?;
    if writable {
        return Ok(&shared.dict);
    }
    let message = format!("Shared.{}:{method}: this script may read the dictionary, but not change it", shared.name);
    Err(Error::new(Code::StateDenied, message))
}

/// The key, or why there is none, in OpenResty's words.
fn key<'a>(call: &'a Direct, method: &str) -> Result<Result<&'a [u8], &'static str>, Error> {
    match call.arg(KEY) {
        Arg::String(b"") => Ok(Err("empty key")),
        Arg::String(key) if key.len() > MAX_KEY => Ok(Err("key too long")),
        Arg::String(key) => Ok(Ok(key)),
        Arg::None | Arg::Nil => Ok(Err("nil key")),
        _ => Err(call.bad_method_argument(KEY, method, "string or number")),
    }
}

/// The key; or returns why there is none.
macro_rules! key {
    ($call:expr, $method:expr) => {
        match key($call, $method)? {
            Ok(key) => key,
            Err(reason) => return Ok(nothing(reason)),
        }
    };
}

fn nothing(reason: &'static str) -> Values {
    [Plain::Nil, Plain::Text(reason)].into()
}

fn refused(refusal: Refusal) -> Values {
    nothing(refusal.text())
}

/// A value, as it is returned.
fn plain(call: &Direct, value: Value) -> Plain {
    match value {
        Value::Boolean(value) => Plain::Boolean(value),
        Value::Integer(value) => Plain::Integer(value),
        Value::Number(value) => Plain::Number(value),
        Value::String(text) => call.keep(text),
    }
}

/// A time in seconds, as milliseconds: nothing when it is none. What is not 0 does not become 0.
fn milliseconds(arg: Arg) -> Option<u64> {
    let seconds = match arg {
        Arg::Integer(seconds) => seconds as f64,
        Arg::Number(seconds) => seconds,
        _ => return None,
    };
    (0.0..=LONGEST_TIME).contains(&seconds).then(|| (seconds * 1000.0).ceil() as u64)
}

/// A time to live that may be left out.
fn exptime(call: &Direct, n: c_int, name: &str) -> Result<u64, Error> {
    match call.arg(n) {
        Arg::None | Arg::Nil | Arg::Boolean(false) => Ok(0),
        arg => milliseconds(arg).ok_or_else(|| bad_time(call, n, name)),
    }
}

fn bad_time(call: &Direct, n: c_int, name: &str) -> Error {
    let got = match call.arg(n) {
        Arg::Integer(seconds) => seconds.to_string(),
        Arg::Number(seconds) => seconds.to_string(),
        other => other.type_name().to_owned(),
    };
    let message = format!("bad \"{name}\" argument (a number of seconds from 0 to {LONGEST_TIME} expected, got {got})");
    Error::new(Code::Runtime, message)
}

/// How many at most; 0 is all of them.
fn most(call: &Direct, method: &str, default: usize) -> Result<usize, Error> {
    let n = KEY;
    match call.arg(n) {
        Arg::None | Arg::Nil => Ok(default),
        Arg::Integer(0) => Ok(usize::MAX),
        Arg::Integer(most @ 1..) => Ok(most as usize),
        Arg::Number(most) if most >= 0.0 && most.fract() == 0.0 => {
            Ok(if most == 0.0 { usize::MAX } else { most as usize })
        }
        _ => Err(call.bad_method_argument(n, method, "a whole number from 0")),
    }
}

fn get(call: &Direct) -> Result<Values, Error> {
    let dict = read(call, "get")?;
    Ok(match dict.get(key!(call, "get")) {
        Ok(Some(Found { value, flags: 0, .. })) => [plain(call, value)].into(),
        Ok(Some(Found { value, flags, .. })) => [plain(call, value), Plain::Integer(flags.into())].into(),
        Ok(None) => [Plain::Nil].into(),
        Err(refusal) => refused(refusal),
    })
}

fn get_stale(call: &Direct) -> Result<Values, Error> {
    let dict = read(call, "get_stale")?;
    Ok(match dict.get_stale(key!(call, "get_stale")) {
        Ok(Some(Found { value, flags, stale })) => {
            let flags = if flags == 0 { Plain::Nil } else { Plain::Integer(flags.into()) };
            [plain(call, value), flags, Plain::Boolean(stale)].into()
        }
        Ok(None) => [Plain::Nil].into(),
        Err(refusal) => refused(refusal),
    })
}

fn set(call: &Direct) -> Result<Values, Error> {
    store(call, "set", When::Always, false)
}

fn safe_set(call: &Direct) -> Result<Values, Error> {
    store(call, "safe_set", When::Always, true)
}

fn add(call: &Direct) -> Result<Values, Error> {
    store(call, "add", When::Absent, false)
}

fn safe_add(call: &Direct) -> Result<Values, Error> {
    store(call, "safe_add", When::Absent, true)
}

fn replace(call: &Direct) -> Result<Values, Error> {
    store(call, "replace", When::Present, false)
}

fn delete(call: &Direct) -> Result<Values, Error> {
    let dict = change(call, "delete")?;
    let written = dict.store(When::Always, false, key!(call, "delete"), None, 0, 0);
    Ok(stored(written))
}

fn store(call: &Direct, method: &str, when: When, safe: bool) -> Result<Values, Error> {
    let dict = change(call, method)?;
    let ttl = exptime(call, EXPTIME, "exptime")?;
    let flags = match call.arg(FLAGS) {
        Arg::None | Arg::Nil | Arg::Boolean(false) => 0,
        arg => whole(arg).and_then(|flags| u32::try_from(flags).ok()).ok_or_else(|| {
            let got = arg.type_name();
            let message = format!("bad \"flags\" argument (a whole number from 0 to {} expected, got {got})", u32::MAX);
            Error::new(Code::Runtime, message)
        })?,
    };
    let key = key!(call, method);
    let value = match call.arg(VALUE) {
        Arg::None | Arg::Nil => None,
        arg => match value(arg) {
            Some(value) => Some(value),
            None => return Ok(nothing("bad value type")),
        },
    };
    Ok(stored(dict.store(when, safe, key, value, ttl, flags)))
}

fn stored(Written { done, forcible }: Written<()>) -> Values {
    let forcible = Plain::Boolean(forcible);
    match done {
        Ok(()) => [Plain::Boolean(true), Plain::Nil, forcible].into(),
        Err(refusal) => [Plain::Boolean(false), Plain::Text(refusal.text()), forcible].into(),
    }
}

/// An argument as a value of a dictionary, if it can be one.
fn value(arg: Arg) -> Option<Value> {
    match arg {
        Arg::Boolean(value) => Some(Value::Boolean(value)),
        Arg::Integer(value) => Some(Value::Integer(value)),
        Arg::Number(value) => Some(Value::Number(value)),
        Arg::String(text) => Some(Value::String(text.into())),
        Arg::None | Arg::Nil | Arg::Userdata(_) | Arg::Other(_) => None,
    }
}

/// A number that is whole.
fn whole(arg: Arg) -> Option<i64> {
    match arg {
        Arg::Integer(number) => Some(number),
        Arg::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some(number as i64),
        _ => None,
    }
}

fn number(arg: Arg) -> Option<Number> {
    match arg {
        Arg::Integer(number) => Some(Number::Integer(number)),
        Arg::Number(number) => Some(Number::Float(number)),
        _ => None,
    }
}

// Where the arguments of `incr` are.
const BY: c_int = 3;
const INIT: c_int = 4;
const INIT_TTL: c_int = 5;

unsafe extern "C-unwind" fn incr_entry(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: Lua calls this function with its own state, and there is nothing else in this frame.
    unsafe {
        direct::make_key(state, KEY);
        for n in [BY, INIT, INIT_TTL] {
            direct::make_number(state, n);
        }
        direct::call(state, incr)
    }
}

fn incr(call: &Direct) -> Result<Values, Error> {
    let dict = change(call, "incr")?;
    let key = key!(call, "incr");
    let by = number(call.arg(BY)).ok_or_else(|| call.bad_method_argument(BY, "incr", "number"))?;
    let init = match call.arg(INIT) {
        Arg::None | Arg::Nil | Arg::Boolean(false) => None,
        arg => Some(number(arg).ok_or_else(|| bad_number(arg, "init"))?),
    };
    let ttl = match (call.arg(INIT_TTL), init) {
        (Arg::None | Arg::Nil, _) => 0,
        (arg, _) if number(arg).is_none() => return Err(bad_number(arg, "init_ttl")),
        (arg, _) if milliseconds(arg).is_none() => return Err(bad_time(call, INIT_TTL, "init_ttl")),
        (_, None) => {
            return Err(Error::new(Code::Runtime, "must provide \"init\" when providing \"init_ttl\""));
        }
        (arg, Some(_)) => milliseconds(arg).unwrap_or(0),
    };
    let Written { done, forcible } = dict.incr(key, by, init.map(|init| (init, ttl)));
    Ok(match done {
        Ok(sum) if init.is_none() => [plain(call, sum.into())].into(),
        Ok(sum) => [plain(call, sum.into()), Plain::Nil, Plain::Boolean(forcible)].into(),
        Err(refusal) => refused(refusal),
    })
}

fn bad_number(arg: Arg, name: &str) -> Error {
    Error::new(Code::Runtime, format!("bad {name} arg: number expected, got {}", arg.type_name()))
}

fn lpush(call: &Direct) -> Result<Values, Error> {
    push(call, "lpush", End::Left)
}

fn rpush(call: &Direct) -> Result<Values, Error> {
    push(call, "rpush", End::Right)
}

fn push(call: &Direct, method: &str, end: End) -> Result<Values, Error> {
    let dict = change(call, method)?;
    let key = key!(call, method);
    let value = match value(call.arg(VALUE)) {
        Some(value @ (Value::Integer(_) | Value::Number(_) | Value::String(_))) => value,
        _ => return Ok(nothing("bad value type")),
    };
    Ok(length(dict.push(key, end, &value)))
}

fn lpop(call: &Direct) -> Result<Values, Error> {
    pop(call, "lpop", End::Left)
}

fn rpop(call: &Direct) -> Result<Values, Error> {
    pop(call, "rpop", End::Right)
}

fn pop(call: &Direct, method: &str, end: End) -> Result<Values, Error> {
    let dict = change(call, method)?;
    Ok(match dict.pop(key!(call, method), end) {
        Ok(Some(value)) => [plain(call, value)].into(),
        Ok(None) => [Plain::Nil].into(),
        Err(refusal) => refused(refusal),
    })
}

fn llen(call: &Direct) -> Result<Values, Error> {
    let dict = read(call, "llen")?;
    Ok(length(dict.len(key!(call, "llen"))))
}

fn length(length: Result<usize, Refusal>) -> Values {
    match length {
        Ok(length) => [Plain::Integer(length as i64)].into(),
        Err(refusal) => refused(refusal),
    }
}

fn ttl(call: &Direct) -> Result<Values, Error> {
    let dict = read(call, "ttl")?;
    Ok(match dict.ttl(key!(call, "ttl")) {
        Some(0) => [Plain::Integer(0)].into(),
        Some(milliseconds) => [Plain::Number(milliseconds as f64 / 1000.0)].into(),
        None => refused(Refusal::NotFound),
    })
}

fn expire(call: &Direct) -> Result<Values, Error> {
    let dict = change(call, "expire")?;
    let ttl = milliseconds(call.arg(VALUE)).ok_or_else(|| bad_time(call, VALUE, "exptime"))?;
    Ok(match dict.expire(key!(call, "expire"), ttl) {
        true => [Plain::Boolean(true)].into(),
        false => refused(Refusal::NotFound),
    })
}

fn flush_all(call: &Direct) -> Result<Values, Error> {
    change(call, "flush_all")?.flush_all();
    Ok(Values::NONE)
}

fn flush_expired(call: &Direct) -> Result<Values, Error> {
    let dict = change(call, "flush_expired")?;
    let most = most(call, "flush_expired", usize::MAX)?;
    let mut flushed = 0;
    for shard in 0..dict.shards() {
        call.budget().check()?;
        flushed += dict.flush_expired(shard, most - flushed);
    }
    Ok([Plain::Integer(flushed as i64)].into())
}

fn get_keys(call: &Direct) -> Result<Values, Error> {
    let dict = read(call, "get_keys")?;
    let most = most(call, "get_keys", MOST_KEYS)?;
    let mut found = 0;
    for shard in 0..dict.shards() {
        // The lock of the shard is not held any more when its keys are copied.
        for key in dict.keys(shard, most - found) {
            call.budget().check()?;
            call.keep_in_list(&key)?;
            found += 1;
        }
    }
    Ok([Plain::KeptList].into())
}

fn capacity(call: &Direct) -> Result<Values, Error> {
    Ok([Plain::Integer(read(call, "capacity")?.capacity() as i64)].into())
}

fn free_space(call: &Direct) -> Result<Values, Error> {
    Ok([Plain::Integer(read(call, "free_space")?.free_space() as i64)].into())
}
