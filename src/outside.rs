//! Work in no async context: what it makes belongs to no caller, and keeps no store of any `AsyncLocalStorage`.

use crate::callback;
use napi::bindgen_prelude::{Env, Function, JsValue, Result};
use napi::sys;
use napi_derive::napi;
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;

/// Does `work` at once, outside of every async context. Nothing comes of it when JS may not be called any more.
///
/// What Node keeps for an addon (a thread-safe function, for instance) refers to the async context in which it was made,
/// and so to all that the host has stored there, which may lead back to the engine: then neither would ever be collected.
///
/// # Safety
/// Called on the JS thread of `env`, in a handle scope. `work` does not unwind.
pub(super) unsafe fn outside<T>(env: sys::napi_env, work: impl FnOnce() -> T) -> Option<T> {
    // SAFETY: as the caller vouches; the door is dropped on the same thread.
    unsafe { Door::new(env).outside(work) }
}

/// Calls a function outside of every async context; it throws nothing, unless no stack is left for it.
#[cfg_attr(test, allow(dead_code, reason = "test programs register nothing with Node"))]
#[napi(js_name = "outside", catch_unwind)]
pub(super) fn call_outside(env: Env, work: Function<(), ()>) -> Result<()> {
    // SAFETY: called by JS, so on the JS thread of `env`, in a handle scope.
    unsafe { outside(env.raw(), || callback::call(env.raw(), work.raw(), &[])) }
        .map_or(Ok(()), |called| called.map(drop))
}

/// A way out of async contexts, for those who go often: making its function takes longer than all the rest.
pub(super) struct Door {
    env: sys::napi_env,
    /// The function, held weakly, as it would hold its realm: when it was collected it is made anew. Null before the first.
    function: Cell<sys::napi_ref>,
}

impl Door {
    /// Makes nothing yet.
    ///
    /// # Safety
    /// Used and dropped on the JS thread of `env`, before that has ended.
    pub(super) unsafe fn new(env: sys::napi_env) -> Self {
        Self { env, function: Cell::new(ptr::null_mut()) }
    }

    pub(super) fn env(&self) -> sys::napi_env {
        self.env
    }

    /// As [`outside`].
    ///
    /// # Safety
    /// In a handle scope. `work` does not unwind.
    pub(super) unsafe fn outside<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let (mut work, mut done) = (Some(work), None);
        let mut task = || done = work.take().map(|work| work());
        let mut task: &mut dyn FnMut() = &mut task;
        let task: *mut c_void = (&raw mut task).cast();
        let (mut receiver, mut result) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: on the JS thread. The task outlives the call. A callback without an async context has a new one that is
        // empty: its resource is the receiver, which is new, too. As `TASK` is set anew, whatever was left there by a call
        // that Node refused is never used.
        unsafe {
            if let Some(function) = self.function()
                && sys::napi_create_object(self.env, &mut receiver) == sys::Status::napi_ok
            {
                TASK.set(task);
                sys::napi_make_callback(self.env, ptr::null_mut(), receiver, function, 0, ptr::null(), &mut result);
                TASK.set(ptr::null_mut());
            }
        }
        done
    }

    /// # Safety
    /// In a handle scope.
    unsafe fn function(&self) -> Option<sys::napi_value> {
        let (mut function, mut reference) = (ptr::null_mut(), self.function.get());
        // SAFETY: on the JS thread. The reference is this one's, and lives until it is replaced.
        unsafe {
            if !reference.is_null()
                && sys::napi_get_reference_value(self.env, reference, &mut function) == sys::Status::napi_ok
                && !function.is_null()
            {
                return Some(function);
            }
            self.forget();
            let made =
                sys::napi_create_function(self.env, ptr::null(), 0, Some(perform), ptr::null_mut(), &mut function);
            if made != sys::Status::napi_ok {
                return None;
            }
            if sys::napi_create_reference(self.env, function, 0, &mut reference) == sys::Status::napi_ok {
                self.function.set(reference);
            }
        }
        Some(function)
    }

    fn forget(&self) {
        let reference = self.function.replace(ptr::null_mut());
        if !reference.is_null() {
            // SAFETY: made by `function`, deleted once, on the JS thread.
            unsafe { sys::napi_delete_reference(self.env, reference) };
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.forget();
    }
}

thread_local! {
    /// What the function that is about to be called shall do: a `&mut dyn FnMut()` of [`Door::outside`].
    static TASK: Cell<*mut c_void> = const { Cell::new(ptr::null_mut()) };
}

unsafe extern "C" fn perform(_env: sys::napi_env, _info: sys::napi_callback_info) -> sys::napi_value {
    // Taken: async hooks, which Node calls after this, may come here again.
    let task = TASK.replace(ptr::null_mut()).cast::<&mut dyn FnMut()>();
    if !task.is_null() {
        // SAFETY: of `Door::outside`, which waits for this to return.
        unsafe { (*task)() };
    }
    ptr::null_mut()
}
