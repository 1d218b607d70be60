//! `NativeContext`: a VM that lives on between its runs, as JavaScript holds it.

use crate::inner::Inner;
use moonpool_core::scheduler::ContextId;
use moonpool_core::value::Released;
use napi_derive::napi;
use std::rc::{Rc, Weak};
use std::sync::Arc;

/// A context. Its VM is given back when it is closed, or when nobody in JavaScript refers to it any more.
#[napi]
pub struct NativeContext {
    pub(super) id: ContextId,
    /// Weak: a context keeps no engine alive.
    engine: Weak<Inner>,
    /// The functions of its VM that JavaScript does not need any more.
    pub(super) released: Arc<Released>,
}

impl NativeContext {
    pub(super) fn new(engine: &Rc<Inner>) -> Self {
        Self { id: engine.scheduler.create_context(), engine: Rc::downgrade(engine), released: Arc::default() }
    }
}

#[napi]
impl NativeContext {
    /// The bytes that its VM holds, between two runs; otherwise 0.
    #[napi(getter, catch_unwind)]
    pub fn memory(&self) -> f64 {
        self.engine.upgrade().map_or(0.0, |engine| engine.scheduler.context_memory(self.id) as f64)
    }

    /// Whether it takes runs.
    #[napi(getter, catch_unwind)]
    pub fn is_open(&self) -> bool {
        self.engine.upgrade().is_some_and(|engine| engine.scheduler.is_context_open(self.id))
    }

    /// JavaScript does not need functions of its VM any more: those from one number to another.
    #[napi(catch_unwind)]
    pub fn release(&self, first: f64, last: f64) {
        self.released.add(first as i64, last as i64);
    }

    /// Takes no further run. Those that it has taken still happen; then its VM is given back.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        if let Some(engine) = self.engine.upgrade() {
            engine.scheduler.close_context(self.id);
        }
    }
}

impl Drop for NativeContext {
    fn drop(&mut self) {
        self.close();
    }
}
