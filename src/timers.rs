//! Timers of scripts, as JavaScript fires them: see lib/timers.js.

use crate::convert::{Failure, Limits, Telling, in_milliseconds, submitted};
use crate::engine::{NativeEngine, NativeScript, id_of};
use crate::given::{NativeFunctions, NativeModules, extras};
use crate::inner::Inner;
use crate::raw::{self, Raw};
use moonpool_core::bridge::{Compiled, Limits as VmLimits, Rhythm, Task, Timers, Work};
use moonpool_core::error::{Code, Error};
use moonpool_core::scheduler::Caller;
use moonpool_core::vm::{Chunk, Exchange, Script};
use napi::bindgen_prelude::{Either, Env, Float64Array, FromNapiValue, Function, ToNapiValue};
use napi::sys;
use napi_derive::napi;
use std::ffi::CStr;
use std::sync::Arc;
use std::time::Instant;

/// What has become known of timers.
#[napi(object, object_from_js = false)]
pub struct TimerNews {
    /// Runs that timers refer to, since now.
    pub made: Vec<f64>,
    /// Runs to which no timer refers any more.
    pub gone: Vec<f64>,
    /// In how many ms the next timer is due, if there is one.
    pub next: Option<f64>,
}

/// What the run of a timer is called, and what it runs.
#[napi(object, object_from_js = false)]
pub struct TimerNames {
    /// The name of the run that made it.
    pub name: String,
    /// The name of the script to run, if it is no function.
    pub script: Option<String>,
}

/// What there is to know of a timer.
#[napi(object, object_from_js = false)]
pub struct TimerInfo {
    /// Its number.
    pub id: f64,
    /// Whose it is.
    pub script_id: String,
    /// The name of the run that made it.
    pub name: String,
    /// `at` or `every`.
    pub kind: String,
    /// After which time it runs.
    pub seconds: f64,
    /// In how many ms it runs next, if it does.
    pub next: Option<f64>,
    /// How many of its runs have ended.
    pub runs: f64,
    /// How many times it was not run, because the run before was still at work.
    pub skipped: f64,
    /// How many of its runs failed.
    pub failed: f64,
    /// Whether a run of it is at work, or queued.
    pub running: bool,
    /// How many bytes it holds.
    pub bytes: f64,
}

/// What is new of timers, and has not been told.
pub(super) fn news(timers: &Timers) -> TimerNews {
    let news = timers.news(Instant::now());
    let numbers = |runs: Vec<u64>| runs.into_iter().map(|run| run as f64).collect();
    TimerNews { made: numbers(news.made), gone: numbers(news.gone), next: news.next.map(in_milliseconds) }
}

#[napi]
impl NativeEngine {
    /// What is new of timers, and has not been told.
    #[napi(catch_unwind)]
    pub fn timer_news(&self) -> TimerNews {
        news(self.timers())
    }

    /// Takes the next timer that is due, if there is one, and returns who runs. It counts as running until that run has ended,
    /// or `timerEnded`. Into `due` go its number, that of the run that made it, and flags: 1 if its time has not come, and the
    /// engine closes; 2 if it needs more than `runPlainTimer`.
    #[napi(catch_unwind, ts_return_type = "(due: Float64Array) => string | undefined")]
    pub fn timer_taker<'env>(&self, env: &'env Env) -> napi::Result<Function<'env>> {
        raw::function::<_, TakeTimer>(env, self.inner.clone())
    }

    /// The names of a timer that was taken.
    #[napi(catch_unwind)]
    pub fn timer_names(&self, id: f64) -> napi::Result<TimerNames> {
        let task = self.timers().task(id as u64).ok_or_else(|| napi::Error::from_reason("there is no such timer"))?;
        let script = match task.work {
            Work::Function(_) => None,
            Work::Script(name) => Some(name.as_ref().to_owned()),
        };
        Ok(TimerNames { name: task.name.as_ref().to_owned(), script })
    }

    /// Queues the run of a timer that was taken, as `run` does: of its function, or of the script whose name it has.
    #[napi(catch_unwind)]
    pub fn run_timer(
        &self,
        id: f64,
        limits: Option<Limits>,
        functions: Option<&NativeFunctions>,
        modules: Option<&NativeModules>,
        script: Option<&NativeScript>,
        telling: Option<Telling>,
    ) -> Either<f64, Failure> {
        let exchange =
            Exchange { extras: extras(functions, modules), telling: telling.map(Into::into), ..Exchange::default() };
        submit(&self.inner, id as u64, script, limits.map(VmLimits::from), exchange)
    }

    /// As `runTimer`, with nothing but the engine's limits, functions and modules: a function that takes the number of the timer.
    #[napi(catch_unwind, ts_return_type = "(id: number) => number | Failure")]
    pub fn plain_timers<'env>(&self, env: &'env Env) -> napi::Result<Function<'env>> {
        raw::function::<_, RunPlainTimer>(env, self.inner.clone())
    }

    /// The run of a timer that was taken could not begin, and was not submitted.
    #[napi(catch_unwind)]
    pub fn timer_ended(&self, id: f64) {
        self.timers().ended(id as u64, true, Instant::now());
    }

    /// Lets a timer run no more. Says whether it would have.
    #[napi(catch_unwind)]
    pub fn cancel_timer(&self, id: f64) -> bool {
        self.timers().cancel(id as u64, None)
    }

    /// Lets no timer of an id run any more, or none at all. Says how many would have.
    #[napi(catch_unwind)]
    pub fn cancel_timers(&self, script_id: Option<String>) -> napi::Result<f64> {
        let owner = script_id.map(|id| id_of(&id)).transpose()?;
        Ok(self.timers().cancel_all(owner.as_ref()) as f64)
    }

    /// From now on there are no new timers, and all are due, for the last time.
    #[napi(catch_unwind)]
    pub fn close_timers(&self) {
        self.timers().close();
    }

    /// How many timers are going to run.
    #[napi(catch_unwind)]
    pub fn pending_timers(&self) -> f64 {
        self.timers().pending() as f64
    }

    /// All timers, in the order in which they were made.
    #[napi(catch_unwind)]
    pub fn list_timers(&self) -> Vec<TimerInfo> {
        let listed = self.timers().list(Instant::now()).into_iter().map(|timer| TimerInfo {
            id: timer.id as f64,
            script_id: timer.owner.as_str().to_owned(),
            name: timer.name.as_ref().to_owned(),
            kind: if timer.rhythm == Rhythm::At { "at" } else { "every" }.to_owned(),
            seconds: timer.time.as_secs_f64(),
            next: timer.next.map(in_milliseconds),
            runs: timer.runs as f64,
            skipped: timer.skipped as f64,
            failed: timer.failed as f64,
            running: timer.running,
            bytes: timer.bytes as f64,
        });
        listed.collect()
    }

    fn timers(&self) -> &Timers {
        &self.inner.services.timers
    }
}

/// See [`NativeEngine::timer_taker`].
pub(super) struct TakeTimer;

impl Raw<1> for TakeTimer {
    type About = Inner;
    const NAME: &'static CStr = c"takeTimer";

    unsafe fn call(inner: &Inner, env: sys::napi_env, [due]: [sys::napi_value; 1]) -> napi::Result<sys::napi_value> {
        // SAFETY: as the caller. Nothing else has the array meanwhile: no JavaScript is called.
        unsafe {
            let mut told = Float64Array::from_napi_value(env, due)?;
            let [number, origin, flags, ..] = told.as_mut() else {
                return Err(napi::Error::from_reason("three numbers were expected"));
            };
            let Some(due) = inner.services.timers.take(Instant::now()) else {
                return ToNapiValue::to_napi_value(env, ());
            };
            let is_plain = due.script.is_none() && *due.name == *due.owner.as_str();
            let bits = u8::from(due.premature) | u8::from(!is_plain) << 1;
            (*number, *origin, *flags) = (due.id as f64, due.origin as f64, f64::from(bits));
            ToNapiValue::to_napi_value(env, due.owner.as_str())
        }
    }
}

/// See [`NativeEngine::plain_timers`].
pub(super) struct RunPlainTimer;

impl Raw<1> for RunPlainTimer {
    type About = Inner;
    const NAME: &'static CStr = c"runPlainTimer";

    unsafe fn call(inner: &Inner, env: sys::napi_env, [id]: [sys::napi_value; 1]) -> napi::Result<sys::napi_value> {
        // SAFETY: as the caller.
        unsafe {
            let id = f64::from_napi_value(env, id)? as u64;
            ToNapiValue::to_napi_value(env, submit(inner, id, None, None, Exchange::default()))
        }
    }
}

/// Submits the run of a timer that was taken. `script` is the code of the script whose name the timer has, if there is one.
fn submit(
    inner: &Inner,
    id: u64,
    script: Option<&NativeScript>,
    limits: Option<VmLimits>,
    exchange: Exchange,
) -> Either<f64, Failure> {
    submitted(task_of(inner, id, script).and_then(|(task, code)| {
        let script = Script {
            chunk: Chunk::Compiled(code),
            id: task.owner,
            name: task.name,
            limits: limits.unwrap_or_else(|| inner.defaults.clone()),
            exchange: Exchange { args: Some(task.args), ..exchange },
            services: inner.services.clone(),
        };
        inner.submit(script, Caller::Timer(id), None)
    }))
}

/// What a timer that was taken runs, and the code of that.
fn task_of(inner: &Inner, id: u64, script: Option<&NativeScript>) -> Result<(Task, Arc<Compiled>), Error> {
    let no_code = || Error::new(Code::Internal, "a timer without code");
    let task = inner.services.timers.task(id).ok_or_else(no_code)?;
    let code = match &task.work {
        Work::Function(function) => function.clone(),
        Work::Script(name) => {
            let allowed = inner.services.scripts.check(name, &task.owner);
            allowed.map_err(|error| Error { message: error.message + "; nothing was run", ..error })?;
            script.ok_or_else(no_code)?.compiled.clone()
        }
    };
    Ok((task, code))
}
