//! What JavaScript and the documents also speak of: error codes, names of libraries, and the defaults of options.

use crate::api::libraries::Libraries;
use crate::bridge::{Limits, MAX_TIMERS, MAX_TIMERS_PER_ID, Telling};
use crate::error::Code;
use crate::scheduler::{Capacity, IdLimits};
use crate::shared;
use crate::state;
use crate::vm::CacheLimits;
use std::time::Duration;

/// How long closing an engine waits for its runs, by default.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How many ids an engine keeps the usage of, by default.
pub const TRACKED_IDS: u32 = 10_000;

/// How long the setup of a context of a pool may take, by default.
pub const SETUP_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a prelude may run.
pub const PRELUDE_TIMEOUT: Duration = Duration::from_secs(10);

/// How many functions of a context JavaScript may hold, by default.
pub const MAX_FUNCTIONS: usize = 1000;

/// The stable strings of all error codes.
pub fn codes() -> impl Iterator<Item = &'static str> {
    Code::ALL.iter().map(|code| code.as_str())
}

/// The names of the libraries that an engine may leave out, sorted.
pub fn libraries() -> impl Iterator<Item = &'static str> {
    Libraries::names()
}

/// The defaults of options, by their names in JavaScript; times in ms, sizes in bytes.
pub fn defaults() -> impl Iterator<Item = (&'static str, f64)> {
    let (limits, capacity, cache) = (Limits::default(), Capacity::default(), CacheLimits::default());
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    [
        ("timeout", ms(limits.timeout)),
        ("memoryLimit", limits.memory as f64),
        ("maxOutput", limits.output as f64),
        ("maxLog", Telling::default().max_log as f64),
        ("maxNodes", limits.nodes as f64),
        ("maxSource", Limits::SOURCE as f64),
        ("maxQueue", capacity.queue as f64),
        ("maxTimers", MAX_TIMERS as f64),
        ("maxTimersPerId", MAX_TIMERS_PER_ID as f64),
        ("warmVms", capacity.warm as f64),
        ("stateQuota", state::DEFAULT_QUOTA as f64),
        ("state.cacheBytes", state::DEFAULT_CACHE as f64),
        ("state.commandTimeout", ms(state::DEFAULT_COMMAND_TIMEOUT)),
        ("trackedIds", f64::from(TRACKED_IDS)),
        ("perId.weight", IdLimits::default().weight),
        ("codeCache.maxEntries", cache.entries as f64),
        ("codeCache.maxBytes", cache.bytes as f64),
        ("close.timeout", ms(CLOSE_TIMEOUT)),
        ("pool.setupTimeout", ms(SETUP_TIMEOUT)),
        ("context.maxFunctions", MAX_FUNCTIONS as f64),
        ("sharedDict.maxBytes", shared::DEFAULT_BYTES as f64),
    ]
    .into_iter()
}
