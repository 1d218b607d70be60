//! `NativeEngine`: an engine on libuv's pool whose outcomes go to one JS callback.

use super::work::{Finished, LibuvPool};
use crate::engine::{Batch, Engine, Run, Settled};
use crate::error::Failure as RunFailure;
use crate::state::{MemoryStore, ScriptId, Store};
use crate::vm::{Limits as VmLimits, Script};
use napi::bindgen_prelude::{Either, Env, FnArgs, Function, FunctionRef, Result, Uint8Array};
use napi_derive::napi;
use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

/// What one run may use.
#[napi(object, object_to_js = false)]
pub struct Limits {
    /// Wall time from the start of execution, in ms.
    pub timeout: f64,
    /// Time of execution on a worker thread, in ms.
    pub cpu_timeout: Option<f64>,
    /// Bytes of Lua heap.
    pub memory_limit: f64,
    /// Bytes of captured output.
    pub max_output: f64,
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
    pub output: String,
    /// The thrown value as JSON text.
    pub lua_value: Option<String>,
    /// Which time limit passed.
    pub limit: Option<String>,
}

impl From<RunFailure> for Failure {
    fn from(failure: RunFailure) -> Self {
        Self {
            code: failure.error.code.as_str().to_owned(),
            message: failure.error.to_string(),
            chunk: failure.chunk,
            line: failure.line,
            lua_stack: failure.lua_stack,
            output: failure.output,
            lua_value: failure.lua_value,
            limit: failure.limit.map(str::to_owned),
        }
    }
}

type SettleArgs = (u32, Option<String>, Option<Failure>);

/// An engine on libuv's pool.
#[napi]
pub struct NativeEngine {
    inner: Rc<Inner>,
}

struct Inner {
    env: Env,
    engine: RefCell<Engine<LibuvPool>>,
    store: Arc<dyn Store>,
    settle: FunctionRef<FnArgs<SettleArgs>, ()>,
}

#[napi]
impl NativeEngine {
    /// An idle engine that uses at most `concurrency` worker threads at once.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        concurrency: u32,
        #[napi(ts_arg_type = "(runId: number, result: string | null, failure: Failure | null) => void")]
        settle: Function<FnArgs<SettleArgs>, ()>,
    ) -> Result<Self> {
        let settle = settle.create_ref()?;
        let inner = Rc::new_cyclic(|inner: &Weak<Inner>| Inner {
            env,
            engine: RefCell::new(Engine::new(LibuvPool::new(env.raw(), inner.clone()), concurrency as usize)),
            store: Arc::new(MemoryStore::new(MemoryStore::DEFAULT_QUOTA)),
            settle,
        });
        Ok(Self { inner })
    }

    /// Queues one run; the callback is called exactly once for it, later.
    #[napi]
    pub fn run_lua(
        &self,
        run_id: u32,
        code: Either<String, Uint8Array>,
        script_id: String,
        name: String,
        limits: Limits,
    ) -> Result<()> {
        let source = match code {
            Either::A(text) => text.into_bytes(),
            Either::B(bytes) => bytes.to_vec(),
        };
        let script = Script {
            source,
            id: ScriptId::new(&script_id).map_err(napi::Error::from_reason)?,
            name: name.into(),
            limits: limits.into(),
            store: self.inner.store.clone(),
        };
        self.inner.engine.borrow_mut().submit(Run::new(run_id, script));
        Ok(())
    }
}

impl From<Limits> for VmLimits {
    fn from(limits: Limits) -> Self {
        // The JS side has checked that these are numbers in range; casts saturate.
        let ms = |ms: f64| Duration::from_secs_f64(ms.clamp(0.0, f64::from(u32::MAX)) / 1000.0);
        Self {
            timeout: ms(limits.timeout),
            cpu_timeout: limits.cpu_timeout.map(ms),
            memory: (limits.memory_limit as usize).max(Self::MIN_MEMORY),
            output: limits.max_output as usize,
        }
    }
}

impl Finished for Inner {
    fn ending(&self) {
        self.engine.borrow_mut().close();
    }

    fn finished(&self, batch: Batch) {
        let settled = self.engine.borrow_mut().finished(batch);
        // The engine is not borrowed any more: the callback may submit another run.
        for Settled { id, outcome } in settled {
            let args = match outcome {
                Ok(text) => (id, Some(text), None),
                Err(failure) => (id, None, Some((*failure).into())),
            };
            // A callback that cannot be called (the JS thread is ending) leaves nobody to tell.
            let _ = self.settle.borrow_back(&self.env).and_then(|settle| settle.call(args.into()));
        }
    }
}
