//! `NativeContext`: a VM that lives on between its runs, as JavaScript holds it.

use crate::convert::{ContextOptions, submitted};
use crate::engine::id_of;
use crate::inner::Inner;
use crate::raw::{self, Raw, of_bytes, of_text};
use moonpool_core::bridge::{Extras, Limits, Telling};
use moonpool_core::error;
use moonpool_core::scheduler::{Caller, ContextId};
use moonpool_core::state::ScriptId;
use moonpool_core::value::{FunctionRule, Released, Shapes, Values};
use moonpool_core::vm::{Chunk, Exchange, Script, Target};
use napi::bindgen_prelude::{Env, FromNapiValue, Function, Result, ToNapiValue};
use napi::{Error, sys};
use napi_derive::napi;
use std::cell::RefCell;
use std::ffi::CStr;
use std::rc::{Rc, Weak};
use std::sync::Arc;

/// A context. Its VM is given back when it is closed, or when nobody in JavaScript refers to it any more.
#[napi]
pub struct NativeContext {
    common: Rc<Common>,
}

/// What the runs of a context have in common.
pub(super) struct Common {
    id: ContextId,
    /// What each of its runs is given, until it is closed.
    extras: RefCell<Option<Arc<Extras>>>,
    /// Weak: a context keeps no engine alive.
    engine: Weak<Inner>,
    /// The functions of its VM that JavaScript does not need any more.
    released: Arc<Released>,
    script_id: ScriptId,
    name: Arc<str>,
    limits: Limits,
    /// As `Exchange` has them.
    initial: Option<Values>,
    results: Shapes,
    telling: Option<Telling>,
    max_functions: usize,
}

impl NativeContext {
    /// A context that keeps what the engine gives now.
    ///
    /// # Errors
    /// When the id is none.
    pub(super) fn new(engine: &Rc<Inner>, options: ContextOptions, extras: Option<Arc<Extras>>) -> Result<Self> {
        let mut extras = extras.map(Arc::unwrap_or_clone).unwrap_or_default();
        extras.kept = Some(engine.services.supply.now());
        let common = Common {
            script_id: id_of(&options.script_id)?,
            id: engine.scheduler.create_context(),
            extras: RefCell::new(Some(Arc::new(extras))),
            engine: Rc::downgrade(engine),
            released: Arc::default(),
            name: options.name.into(),
            limits: options.limits.into(),
            initial: options.initial.map(|values| values.to_vec()),
            results: Shapes::from_bits(options.results),
            telling: options.telling.map(Into::into),
            max_functions: options.max_functions as usize,
        };
        Ok(Self { common: Rc::new(common) })
    }

    pub(super) fn id(&self) -> ContextId {
        self.common.id
    }

    /// Adds what each run of the context has. Functions that the run returns are numbered from `kept` on, unless that is 0.
    pub(super) fn complete(&self, exchange: &mut Exchange, kept: f64) {
        self.common.complete(exchange, kept);
    }
}

impl Common {
    fn complete(&self, exchange: &mut Exchange, kept: f64) {
        exchange.initial.clone_from(&self.initial);
        exchange.extras.clone_from(&self.extras.borrow());
        exchange.released = Some(self.released.clone());
        if let Some(results) = &mut exchange.results {
            results.functions = match kept as i64 {
                0 => FunctionRule::NotAsked,
                first => FunctionRule::Kept { first, most: self.max_functions },
            };
        }
    }
}

#[napi]
impl NativeContext {
    /// The bytes that its VM holds, between two runs; otherwise 0.
    #[napi(getter, catch_unwind)]
    pub fn memory(&self) -> f64 {
        self.common.engine.upgrade().map_or(0.0, |engine| engine.scheduler.context_memory(self.common.id) as f64)
    }

    /// Whether it takes runs.
    #[napi(getter, catch_unwind)]
    pub fn is_open(&self) -> bool {
        self.common.engine.upgrade().is_some_and(|engine| engine.scheduler.is_context_open(self.common.id))
    }

    /// As `NativeEngine.run`, for a call of a function by its name, with the context's limits and shapes: a function that takes
    /// the name, the arguments, and the number of the first function that is kept, or 0.
    #[napi(
        catch_unwind,
        ts_return_type = "(name: string, args: Uint8Array | undefined, functions: number) => number | Failure"
    )]
    pub fn plain_calls<'env>(&self, env: &'env Env) -> Result<Function<'env>> {
        raw::function::<_, CallPlain>(env, self.common.clone())
    }

    /// JavaScript does not need functions of its VM any more: those from one number to another.
    #[napi(catch_unwind)]
    pub fn release(&self, first: f64, last: f64) {
        self.common.released.add(first as i64, last as i64);
    }

    /// Takes no further run. Those that it has taken still happen; then its VM is given back.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.common.extras.take();
        if let Some(engine) = self.common.engine.upgrade() {
            engine.scheduler.close_context(self.common.id);
        }
    }
}

impl Drop for NativeContext {
    fn drop(&mut self) {
        self.close();
    }
}

/// See [`NativeContext::plain_calls`].
struct CallPlain;

impl Raw<3> for CallPlain {
    type About = Common;
    const NAME: &'static CStr = c"callPlain";

    unsafe fn call(
        about: &Common,
        env: sys::napi_env,
        [name, args, functions]: [sys::napi_value; 3],
    ) -> Result<sys::napi_value> {
        let engine = about.engine.upgrade().ok_or_else(|| Error::from_reason("the engine is gone"))?;
        // SAFETY: as the caller.
        unsafe {
            let target = Target::Named(of_text(env, name, |name| name.into())?);
            let (args, functions) = (of_bytes(env, args)?, f64::from_napi_value(env, functions)?);
            ToNapiValue::to_napi_value(env, submitted(about.submit(&engine, target, args, functions)))
        }
    }
}

impl Common {
    fn submit(
        &self,
        engine: &Inner,
        target: Target,
        args: Option<Values>,
        functions: f64,
    ) -> std::result::Result<u64, error::Error> {
        let (results, telling) = (Some(self.results), self.telling);
        let mut exchange = Exchange { args, results, telling, ..Exchange::default() };
        self.complete(&mut exchange, functions);
        let script = Script {
            chunk: Chunk::Call(target),
            id: self.script_id.clone(),
            name: self.name.clone(),
            limits: self.limits.clone(),
            exchange,
            services: engine.services.clone(),
        };
        engine.submit(script, Caller::Host, Some(self.id))
    }
}
