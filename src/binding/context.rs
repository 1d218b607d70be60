//! `NativeContext`: a VM that outlives its runs, between them.

use crate::vm::Vm;
use napi_derive::napi;
use std::cell::RefCell;
use std::rc::Rc;

/// A VM that outlives its runs. Made by the first of them.
#[napi]
pub struct NativeContext {
    pub(super) slot: Rc<RefCell<Slot>>,
}

/// Where the VM of a context is.
pub(super) enum Slot {
    /// Nowhere yet.
    New,
    /// Here, between two runs.
    Idle(Box<Vm>),
    /// With a run.
    Away,
    /// Gone, because a run was stopped, or because the context was closed.
    Gone,
}

#[napi]
impl NativeContext {
    /// A context without a VM yet.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self { slot: Rc::new(RefCell::new(Slot::New)) }
    }

    /// Whether a run can begin in it.
    #[napi(getter)]
    pub fn is_usable(&self) -> bool {
        matches!(*self.slot.borrow(), Slot::New | Slot::Idle(_))
    }

    /// The bytes that its VM holds, if it is here.
    #[napi(getter)]
    pub fn memory(&self) -> f64 {
        match &*self.slot.borrow() {
            Slot::Idle(vm) => vm.memory() as f64,
            _ => 0.0,
        }
    }

    /// Gives the VM back, when no run has it.
    #[napi]
    pub fn close(&self) {
        *self.slot.borrow_mut() = Slot::Gone;
    }

    /// Takes the VM out, for a run.
    pub(super) fn take(&self) -> Option<Box<Vm>> {
        match std::mem::replace(&mut *self.slot.borrow_mut(), Slot::Away) {
            Slot::Idle(vm) => Some(vm),
            _ => None,
        }
    }
}
