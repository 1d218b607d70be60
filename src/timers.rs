//! Timers of scripts, as JavaScript fires them: see lib/timers.js.

use crate::convert::{Failure, Limits, Telling, in_milliseconds};
use crate::engine::{NativeEngine, NativeScript, id_of};
use crate::given::{NativeFunctions, NativeModules, extras};
use moonpool_core::bridge::{Compiled, Limits as VmLimits, Rhythm, Timers, Work};
use moonpool_core::error::{Code, Error};
use moonpool_core::state::ScriptId;
use moonpool_core::value::Values;
use moonpool_core::vm::{Chunk, Exchange, Script};
use napi::bindgen_prelude::Either;
use napi_derive::napi;
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

/// A timer whose time has come.
#[napi(object, object_from_js = false)]
pub struct DueTimer {
    /// Its number.
    pub id: f64,
    /// Who runs.
    pub script_id: String,
    /// The run that made it.
    pub origin: f64,
    /// The name of that run.
    pub name: String,
    /// The name of the script to run, if it is no function.
    pub script: Option<String>,
    /// Whether its time has not come, and the engine closes.
    pub premature: bool,
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

    /// The next timer that is due, if there is one. It counts as running until `timerEnded`.
    #[napi(catch_unwind)]
    pub fn take_timer(&self) -> Option<DueTimer> {
        self.timers().take(Instant::now()).map(|due| DueTimer {
            id: due.id as f64,
            script_id: due.owner.as_str().to_owned(),
            origin: due.origin as f64,
            name: due.name.as_ref().to_owned(),
            script: due.script.map(|name| name.as_ref().to_owned()),
            premature: due.premature,
        })
    }

    /// Queues the run of a timer that was taken, as `run` does: of its function, or of the script whose name it has.
    #[allow(clippy::too_many_arguments, reason = "as for `run`")]
    #[napi(catch_unwind)]
    pub fn run_timer(
        &self,
        id: f64,
        name: String,
        limits: Option<Limits>,
        functions: Option<&NativeFunctions>,
        modules: Option<&NativeModules>,
        script: Option<&NativeScript>,
        telling: Option<Telling>,
    ) -> Either<f64, Failure> {
        let submitted = self.due(id as u64, script).and_then(|(owner, function, args)| {
            let telling = telling.map(Into::into);
            let exchange =
                Exchange { args: Some(args), extras: extras(functions, modules), telling, ..Exchange::default() };
            let script = Script {
                chunk: Chunk::Compiled(function),
                id: owner,
                name: name.into(),
                limits: limits.map_or_else(|| self.inner.defaults.clone(), VmLimits::from),
                exchange,
                services: self.inner.services.clone(),
            };
            self.inner.submit(script, None)
        });
        match submitted {
            Ok(id) => Either::A(id as f64),
            Err(error) => Either::B(error.into()),
        }
    }

    /// The run of a timer has ended, or could not begin.
    #[napi(catch_unwind)]
    pub fn timer_ended(&self, id: f64, failed: bool) {
        self.timers().ended(id as u64, failed, Instant::now());
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

    /// Who runs for a timer that was taken, with which code and arguments. `script` is the code of the script whose name
    /// the timer has, if there is one.
    fn due(&self, id: u64, script: Option<&NativeScript>) -> Result<(ScriptId, Arc<Compiled>, Values), Error> {
        let no_code = || Error::new(Code::Internal, "a timer without code");
        let (owner, work, args) = self.timers().work(id).ok_or_else(no_code)?;
        let code = match work {
            Work::Function(function) => function,
            Work::Script(name) => {
                let allowed = self.inner.services.scripts.check(&name, &owner);
                allowed.map_err(|error| Error { message: error.message + "; nothing was run", ..error })?;
                script.ok_or_else(no_code)?.compiled.clone()
            }
        };
        Ok((owner, code, args))
    }

    fn timers(&self) -> &Timers {
        &self.inner.services.timers
    }
}
