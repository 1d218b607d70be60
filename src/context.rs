//! `NativeContext`: a VM that lives on between its runs, as JavaScript holds it.

use crate::inner::Inner;
use moonpool_core::bridge::Extras;
use moonpool_core::scheduler::ContextId;
use moonpool_core::value::Released;
use napi_derive::napi;
use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::Arc;

/// A context. Its VM is given back when it is closed, or when nobody in JavaScript refers to it any more.
#[napi]
pub struct NativeContext {
    pub(super) id: ContextId,
    /// What each of its runs is given, until it is closed.
    extras: RefCell<Option<Arc<Extras>>>,
    /// Weak: a context keeps no engine alive.
    engine: Weak<Inner>,
    /// The functions of its VM that JavaScript does not need any more.
    pub(super) released: Arc<Released>,
}

impl NativeContext {
    /// A context that keeps what the engine gives now.
    pub(super) fn new(engine: &Rc<Inner>, extras: Option<Arc<Extras>>) -> Self {
        let mut extras = extras.map(Arc::unwrap_or_clone).unwrap_or_default();
        extras.kept = Some(engine.services.supply.now());
        let extras = RefCell::new(Some(Arc::new(extras)));
        let (id, engine) = (engine.scheduler.create_context(), Rc::downgrade(engine));
        Self { id, extras, engine, released: Arc::default() }
    }

    /// What its next run is given beside what its engine gives to all.
    pub(super) fn extras(&self) -> Option<Arc<Extras>> {
        self.extras.borrow().clone()
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
        self.extras.take();
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
