//! What crosses the door as data: objects of JavaScript and their Rust counterparts. Nothing here decides anything.

use moonpool_core::bridge::{Level, Limits as VmLimits, Repeats as VmRepeats, Telling as VmTelling};
use moonpool_core::error::{Code, Error, Failure as RunFailure};
use moonpool_core::host_state::Asked;
use moonpool_core::scheduler::IdLimits as CoreIdLimits;
use moonpool_core::state::{DEFAULT_CACHE, DEFAULT_COMMAND_TIMEOUT, Place};
use moonpool_core::value::Shapes;
use moonpool_core::vm::{Chunk, Exchange as VmExchange, Target};
use napi::bindgen_prelude::{Either, Result, ToNapiValue, Uint8Array};
use napi::sys;
use napi_derive::napi;
use std::collections::HashMap;
use std::time::Duration;

/// What an engine may use, and what it gives to its scripts.
#[napi(object, object_to_js = false)]
pub struct EngineOptions {
    /// Worker threads at once.
    pub concurrency: u32,
    /// Runs that may wait to begin.
    pub max_queue: u32,
    /// VMs to build ahead.
    pub warm_vms: u32,
    /// Bytes that all VMs may hold together.
    pub max_memory: f64,
    /// Bytes of State for each script.
    pub state_quota: f64,
    /// Whether keys that only other scripts have count as missing.
    pub foreign_keys_missing: bool,
    /// Timers that are going to run.
    pub max_timers: u32,
    /// The same, of one id.
    pub max_timers_per_id: u32,
    /// The names of the libraries that scripts find.
    pub libraries: Vec<String>,
    /// What the code cache may hold, if there is one.
    pub code_cache: Option<CodeCacheOptions>,
    /// What each id may use, unless it is given limits of its own.
    pub id_limits: Option<IdLimits>,
    /// What its runs tell while they run, unless they say something else.
    pub telling: Telling,
}

/// What one id may use. What is absent has no bound.
#[napi(object, object_to_js = false)]
pub struct IdLimits {
    /// Runs that may wait to begin.
    pub max_queued: Option<f64>,
    /// Runs that may have begun and not ended.
    pub max_started: Option<f64>,
    /// Runs that may wait for something else than their turn.
    pub max_waiting: Option<f64>,
    /// Milliseconds on worker threads a second.
    pub cpu_per_second: Option<f64>,
    /// Calls of host functions a second.
    pub host_calls_per_second: Option<f64>,
    /// Bytes that all its VMs may hold together.
    pub memory: Option<f64>,
    /// Bytes that it may keep in State.
    pub state_quota: Option<f64>,
    /// Its share of turns.
    pub weight: f64,
}

impl From<IdLimits> for CoreIdLimits {
    fn from(limits: IdLimits) -> Self {
        let whole = |number: Option<f64>| number.map(|number| number as usize);
        Self {
            max_queued: whole(limits.max_queued),
            max_started: whole(limits.max_started),
            max_waiting: whole(limits.max_waiting),
            cpu_per_second: limits.cpu_per_second,
            host_calls_per_second: limits.host_calls_per_second,
            memory: whole(limits.memory),
            state_quota: whole(limits.state_quota),
            weight: limits.weight,
        }
    }
}

/// What one id has going on.
#[napi(object, object_from_js = false)]
pub struct IdUsage {
    /// Runs that have not begun.
    pub queued: f64,
    /// Runs that have begun and not ended.
    pub started: f64,
    /// Of those, how many wait for something else than their turn.
    pub waiting: f64,
    /// Bytes that its VMs hold.
    pub memory: f64,
    /// Bytes that it keeps in State, where the store knows that at once.
    pub state_bytes: Option<f64>,
}

/// Where State is kept.
#[napi(object, object_to_js = false)]
pub struct StatePlace {
    /// `memory`, `named`, `sqlite` or `redis`.
    pub kind: String,
    /// The name, the file or the address.
    pub at: Option<String>,
    /// Of SQLite: bytes of spaces that are kept in memory.
    pub cache_bytes: Option<f64>,
    /// Of SQLite: whether nothing waits for the disk.
    pub relaxed: Option<bool>,
    /// Of Redis: what tells these spaces from others on the server.
    pub prefix: Option<String>,
    /// Of Redis: how long an operation may take, in ms.
    pub command_timeout: Option<f64>,
}

impl From<StatePlace> for Place {
    fn from(StatePlace { kind, at, cache_bytes, relaxed, prefix, command_timeout }: StatePlace) -> Self {
        let at = at.unwrap_or_default();
        match &*kind {
            "named" => Self::Named(at),
            "sqlite" => Self::Sqlite {
                path: at.into(),
                cache_bytes: cache_bytes.map_or(DEFAULT_CACHE, |bytes| bytes as usize),
                relaxed: relaxed.unwrap_or(false),
            },
            "redis" => Self::Redis {
                url: at,
                prefix: prefix.unwrap_or_default(),
                command_timeout: command_timeout.map_or(DEFAULT_COMMAND_TIMEOUT, milliseconds),
            },
            // lib/ gives no other.
            _ => Self::Memory,
        }
    }
}

/// What the host asks of State. Each function takes some of it.
#[napi(object, object_to_js = false)]
pub struct Question {
    /// What to do.
    pub function: String,
    /// Whose space.
    pub owner: Option<String>,
    /// The key.
    pub key: Option<String>,
    /// A list of one value: the new value, or the number to add.
    pub value: Option<Uint8Array>,
    /// A list of one value: the value that is to be there, or what a number begins with.
    pub old: Option<Uint8Array>,
    /// Of `cas`: instead of `old`, the text that `get` gave.
    pub old_text: Option<String>,
    /// How long the key lasts, in ms.
    pub ttl: Option<f64>,
    /// How values are given.
    pub shapes: Option<u32>,
    /// Of `get`: whether the value's text comes after it.
    pub text: Option<bool>,
    /// What keys begin with.
    pub prefix: Option<String>,
    /// The last key, or owner, of the page before.
    pub after: Option<String>,
    /// How many the page has at most.
    pub limit: Option<u32>,
    /// Of a grant: which keys.
    pub keys: Option<String>,
    /// Of a grant: for whom.
    pub to: Option<String>,
    /// Of a grant: `read` or `write`.
    pub access: Option<String>,
}

/// What is known of a question.
#[napi(object, object_from_js = false)]
pub struct StateAnswer {
    /// Its number, if the answer takes time.
    pub id: Option<f64>,
    /// The answer: a list of values.
    #[napi(ts_type = "Buffer")]
    pub values: Option<Bytes>,
    /// Why there is none.
    pub failure: Option<Failure>,
}

impl From<std::result::Result<Asked, String>> for StateAnswer {
    fn from(asked: std::result::Result<Asked, String>) -> Self {
        match asked {
            Ok(Asked::Pending(id)) => Self { id: Some(id as f64), values: None, failure: None },
            Ok(Asked::Settled(Ok(values))) => Self { id: None, values: Some(Bytes(values)), failure: None },
            Ok(Asked::Settled(Err(error))) => Self { id: None, values: None, failure: Some(error.into()) },
            Err(message) => Self { id: None, values: None, failure: Some(Failure::argument(message)) },
        }
    }
}

/// What a code cache may hold.
#[napi(object, object_to_js = false)]
pub struct CodeCacheOptions {
    /// How many chunks.
    pub max_entries: u32,
    /// Bytes of source and bytecode.
    pub max_bytes: f64,
    /// How long a chunk is kept, in ms.
    pub ttl: Option<f64>,
}

/// What one run may use.
#[napi(object, object_to_js = false)]
pub struct Limits {
    /// Wall time from the start of execution, in ms.
    pub timeout: f64,
    /// Time of execution on a worker thread, in ms.
    pub cpu_timeout: Option<f64>,
    /// Time in the queue, in ms.
    pub queue_timeout: Option<f64>,
    /// Bytes of Lua heap.
    pub memory_limit: f64,
    /// Bytes of captured output.
    pub max_output: f64,
    /// Values and keys that JavaScript is given at once.
    pub max_nodes: f64,
}

/// A module that `require` shall find.
#[napi(object, object_to_js = false)]
pub struct Module {
    /// Its name, and that of its chunk.
    pub name: String,
    /// Its Lua source.
    pub source: Either<String, Uint8Array>,
}

/// A chunk of a prelude.
#[napi(object, object_to_js = false)]
pub struct PreludePart {
    /// Its name; of a module, that by which `require` finds it.
    pub name: String,
    /// Its Lua source.
    pub source: Either<String, Uint8Array>,
    /// Whether it is a module.
    pub is_module: bool,
}

/// What a run tells while it runs.
#[napi(object, object_to_js = false)]
pub struct Telling {
    /// The least level of what is logged: 0 debug, 1 info, 2 warn, 3 error, 4 none.
    pub level: u32,
    /// Bytes that its log entries may take.
    pub max_log: f64,
    /// Whether what it writes is told as it is written.
    pub streams: bool,
}

impl From<Telling> for VmTelling {
    fn from(Telling { level, max_log, streams }: Telling) -> Self {
        let level = Level::ALL.get(level as usize).copied().unwrap_or(Level::Silent);
        Self { level, max_log: max_log as usize, streams }
    }
}

/// The values that a run is given, and how it gives its own. Lists as lib/values.js writes them.
#[napi(object, object_to_js = false)]
pub struct Exchange {
    /// The values of the chunk's `...`.
    pub args: Option<Uint8Array>,
    /// Names and values in turn: globals that the script finds.
    pub globals: Option<Uint8Array>,
    /// The shapes in which the returned values are given; absent for as text.
    pub results: Option<u32>,
    /// In a context: the number of the first function that is kept of the returned values; 0 when functions are not asked
    /// for.
    pub functions: Option<f64>,
    /// What it tells while it runs; absent for what the engine's runs do.
    pub telling: Option<Telling>,
    /// What its time and its chance are to be.
    pub repeats: Option<Repeats>,
}

/// What a run is given so that it can be repeated.
#[napi(object, object_to_js = false)]
pub struct Repeats {
    /// What its time begins with, in ms since 1970.
    pub now: Option<f64>,
    /// What all that is random in it is made of: a whole number.
    pub seed: Option<f64>,
}

impl From<Repeats> for VmRepeats {
    fn from(Repeats { now, seed }: Repeats) -> Self {
        Self { now, seed: seed.map(|seed| seed as u64) }
    }
}

impl From<Exchange> for VmExchange {
    fn from(exchange: Exchange) -> Self {
        Self {
            args: exchange.args.map(|values| values.to_vec()),
            globals: exchange.globals.map(|values| values.to_vec()),
            initial: None,
            results: exchange.results.map(Shapes::from_bits),
            repeats: exchange.repeats.map(VmRepeats::from),
            extras: None,
            telling: exchange.telling.map(VmTelling::from),
            released: None,
            called: None,
        }
    }
}

/// Text of more bytes is given to JavaScript as bytes, which it decodes a piece at a time.
const LONG_TEXT: usize = 16 << 10;

/// Text: a string, or when it is long, its bytes.
pub struct Text(pub(super) String);

impl ToNapiValue for Text {
    unsafe fn to_napi_value(env: sys::napi_env, Self(text): Self) -> Result<sys::napi_value> {
        // SAFETY: as the caller vouches.
        unsafe {
            if text.len() <= LONG_TEXT {
                String::to_napi_value(env, text)
            } else {
                Bytes::to_napi_value(env, Bytes(text.into_bytes()))
            }
        }
    }
}

/// Bytes as a `Buffer`: the long ones as they are, where that is allowed (not by Electron), the others copied.
pub struct Bytes(pub(super) Vec<u8>);

impl Bytes {
    /// So many are copied faster than they are handed over.
    const FEW: usize = 64 << 10;

    /// A `Buffer` of these bytes, or the bytes.
    ///
    /// # Safety
    /// As [`ToNapiValue::to_napi_value`].
    unsafe fn hand_over(env: sys::napi_env, bytes: Vec<u8>) -> std::result::Result<sys::napi_value, Vec<u8>> {
        unsafe extern "C" fn drop_bytes(_: sys::napi_env, _: *mut std::ffi::c_void, bytes: *mut std::ffi::c_void) {
            // SAFETY: made below, and given back once.
            drop(unsafe { Box::from_raw(bytes.cast::<Vec<u8>>()) });
        }
        let mut buffer = std::ptr::null_mut();
        let mut bytes = Box::new(bytes);
        let (len, data) = (bytes.len(), bytes.as_mut_ptr().cast());
        let bytes = Box::into_raw(bytes);
        // SAFETY: the bytes stay where they are until `drop_bytes` is called; nobody else has them.
        unsafe {
            match sys::napi_create_external_buffer(env, len, data, Some(drop_bytes), bytes.cast(), &mut buffer) {
                sys::Status::napi_ok => Ok(buffer),
                sys::Status::napi_no_external_buffers_allowed => Err(*Box::from_raw(bytes)),
                // Whose the bytes are now, it does not say: they are lost.
                _ => Err(Vec::new()),
            }
        }
    }
}

impl ToNapiValue for Bytes {
    unsafe fn to_napi_value(env: sys::napi_env, mut bytes: Self) -> Result<sys::napi_value> {
        if bytes.0.len() > Self::FEW {
            // SAFETY: as the caller vouches.
            match unsafe { Self::hand_over(env, bytes.0) } {
                Ok(buffer) => return Ok(buffer),
                Err(left) if left.is_empty() => {
                    return Err(napi::Error::from_reason("the values do not fit into a Buffer"));
                }
                Err(left) => bytes.0 = left,
            }
        }
        let mut buffer = std::ptr::null_mut();
        // SAFETY: on the JS thread, as the caller vouches; Node copies the bytes before it returns.
        let status = unsafe {
            sys::napi_create_buffer_copy(env, bytes.0.len(), bytes.0.as_ptr().cast(), std::ptr::null_mut(), &mut buffer)
        };
        napi::check_status!(status, "the values do not fit into a Buffer").map(|()| buffer)
    }
}

/// Encoded values, for JavaScript to decode: few bytes as a string with a character for each, which costs V8 a fifth of what a
/// `Buffer` does; else a `Buffer`.
pub struct Encoded(pub(super) Vec<u8>);

impl Encoded {
    /// So many bytes are few.
    const FEW: usize = 1 << 10;
}

impl ToNapiValue for Encoded {
    unsafe fn to_napi_value(env: sys::napi_env, Self(bytes): Self) -> Result<sys::napi_value> {
        if bytes.len() > Self::FEW {
            // SAFETY: as the caller vouches.
            return unsafe { Bytes::to_napi_value(env, Bytes(bytes)) };
        }
        let mut text = std::ptr::null_mut();
        // SAFETY: on the JS thread, as the caller vouches; Node copies the bytes before it returns.
        let status =
            unsafe { sys::napi_create_string_latin1(env, bytes.as_ptr().cast(), bytes.len() as isize, &mut text) };
        napi::check_status!(status, "the values do not fit into a string").map(|()| text)
    }
}

/// What all runs of a context have in common, unless one says something else.
#[napi(object, object_to_js = false)]
pub struct ContextOptions {
    /// Who runs in it.
    pub script_id: String,
    /// The name of its chunks.
    pub name: String,
    /// What each run may use.
    pub limits: Limits,
    /// The shapes in which returned values are given.
    pub results: u32,
    /// What it tells while it runs; absent for what the engine's runs do.
    pub telling: Option<Telling>,
    /// Names and values in turn: globals that its VM begins with.
    pub initial: Option<Uint8Array>,
    /// How many functions JavaScript may hold.
    pub max_functions: u32,
}

/// Something in a context: to be called, read or set.
#[napi(object, object_to_js = false)]
pub struct InContext {
    /// `call`, `get` or `set`.
    pub act: String,
    /// Its name.
    pub named: Option<String>,
    /// Or its number, for a function that JavaScript holds.
    pub function: Option<f64>,
}

impl From<InContext> for Chunk {
    fn from(InContext { act, named, function }: InContext) -> Self {
        let name = named.unwrap_or_default().into();
        match (&*act, function) {
            ("get", _) => Self::Get(name),
            ("set", _) => Self::Set(name),
            (_, Some(number)) => Self::Call(Target::Function(number as i64)),
            (_, None) => Self::Call(Target::Named(name)),
        }
    }
}

/// Why a run has no result.
#[napi(object, object_from_js = false)]
pub struct Failure {
    /// The stable code.
    pub code: String,
    /// The message.
    pub message: String,
    /// The chunk in which it happened.
    pub chunk: Option<String>,
    /// The line in that chunk.
    pub line: Option<u32>,
    /// The Lua traceback.
    pub lua_stack: Option<String>,
    /// What was captured before.
    #[napi(ts_type = "string | Buffer")]
    pub output: Text,
    /// The thrown value as JSON text.
    #[napi(ts_type = "string | Buffer")]
    pub lua_value: Option<Text>,
    /// The option that is the limit, if one was met.
    pub limit: Option<String>,
    /// After how long trying again may help, in ms.
    pub retry_after: Option<f64>,
    /// The number of the host's error that this one stands for.
    pub cause: Option<u32>,
}

impl Failure {
    /// An argument is wrong: JavaScript makes a `RangeError` of it.
    pub(super) fn argument(message: String) -> Self {
        Self { code: "ERR_INVALID_ARG_VALUE".to_owned(), ..Error::new(Code::Internal, message).into() }
    }
}

/// The number of a run that was submitted, or why it was not.
pub(crate) fn submitted(run: std::result::Result<u64, Error>) -> Either<f64, Failure> {
    match run {
        Ok(id) => Either::A(id as f64),
        Err(error) => Either::B(error.into()),
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        RunFailure::new(error).into()
    }
}

impl From<RunFailure> for Failure {
    fn from(failure: RunFailure) -> Self {
        Self {
            code: failure.error.code.as_str().to_owned(),
            message: failure.error.to_string(),
            cause: failure.error.cause,
            chunk: failure.chunk,
            line: failure.line,
            lua_stack: failure.lua_stack,
            output: Text(failure.output),
            lua_value: failure.lua_value.map(Text),
            limit: failure.limit.map(str::to_owned),
            retry_after: failure.error.retry_after.map(|time| in_milliseconds(time).ceil().max(1.0)),
        }
    }
}

/// What an engine does and did.
#[napi(object, object_from_js = false)]
pub struct EngineStats {
    /// Runs that wait to begin.
    pub queued: u32,
    /// Runs that are with worker threads.
    pub running: u32,
    /// Runs that are started, not done, and hold no worker thread.
    pub suspended: u32,
    /// Runs that began.
    pub started: f64,
    /// Time that worker threads spent with this engine, in ms.
    pub worked: f64,
    /// Bytes that all VMs hold.
    pub memory: f64,
    /// The size of the image that VMs are copies of, in bytes; 0 where they are not copied.
    pub snapshot_bytes: f64,
    /// VMs that were made.
    pub vms_created: f64,
    /// Compiled chunks that were found in the code cache.
    pub cache_hits: f64,
    /// Compiled chunks that were not found there.
    pub cache_misses: f64,
}

/// What is written down once, in Rust.
#[napi(object, object_from_js = false)]
pub struct Registry {
    /// The stable strings of all error codes.
    pub codes: Vec<String>,
    /// The names of the libraries that an engine may leave out.
    pub libraries: Vec<String>,
    /// The defaults of options, by name; times in ms, sizes in bytes.
    pub defaults: HashMap<String, f64>,
}

impl From<Limits> for VmLimits {
    fn from(limits: Limits) -> Self {
        Self {
            timeout: milliseconds(limits.timeout),
            cpu_timeout: limits.cpu_timeout.map(milliseconds),
            queue_timeout: limits.queue_timeout.map(milliseconds),
            memory: (limits.memory_limit as usize).max(Self::MIN_MEMORY),
            output: limits.max_output as usize,
            nodes: limits.max_nodes as usize,
        }
    }
}

/// A time that JavaScript gave.
pub(super) fn milliseconds(ms: f64) -> Duration {
    // The JS side has checked that it is a number in range; casts saturate.
    Duration::from_secs_f64(ms.clamp(0.0, f64::from(u32::MAX)) / 1000.0)
}

/// A time as JavaScript counts it.
pub(super) fn in_milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
