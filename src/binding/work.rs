//! Runs as Node-API work items: executed on libuv's pool, brought back to the JS thread.

use crate::engine::{Run, Slices};
use napi::sys;
use std::ffi::c_void;
use std::ptr;
use std::rc::{Rc, Weak};

/// What a finished run is handed to, on the JS thread.
pub(super) trait Finished {
    /// Takes the run back. Called inside a scope in which JS may be called.
    fn finished(&self, run: Run);
}

/// libuv's pool, seen from one JS thread.
pub(super) struct LibuvPool {
    env: sys::napi_env,
    /// Owns this pool, so the way back is weak.
    owner: Weak<dyn Finished>,
}

/// A work item: what both callbacks share. The worker touches only `run`.
struct Item {
    work: sys::napi_async_work,
    run: Run,
    owner: Rc<dyn Finished>,
}

impl LibuvPool {
    /// The pool of `env`, whose runs go back to `owner`.
    pub(super) fn new(env: sys::napi_env, owner: Weak<dyn Finished>) -> Self {
        Self { env, owner }
    }
}

impl Slices for LibuvPool {
    fn start(&self, run: Run) {
        let Some(owner) = self.owner.upgrade() else { return };
        let item = Box::into_raw(Box::new(Item { work: ptr::null_mut(), run, owner }));
        // SAFETY: on the JS thread of `env`. The item stays where it is until `complete` takes it back, which Node
        // calls exactly once for each queued item.
        unsafe {
            let mut name = ptr::null_mut();
            let text = c"moonpool.run";
            let created = sys::napi_create_string_utf8(self.env, text.as_ptr(), 12, &mut name) == sys::Status::napi_ok
                && sys::napi_create_async_work(
                    self.env,
                    ptr::null_mut(),
                    name,
                    Some(execute),
                    Some(complete),
                    item.cast(),
                    &mut (*item).work,
                ) == sys::Status::napi_ok
                && sys::napi_queue_async_work(self.env, (*item).work) == sys::Status::napi_ok;
            if !created {
                // Only while the JS thread is ending: nobody is left to tell.
                drop(Box::from_raw(item));
            }
        }
    }
}

/// On a worker thread.
unsafe extern "C" fn execute(_env: sys::napi_env, item: *mut c_void) {
    // SAFETY: the item is alive and only this thread uses its run. `Run::execute` never unwinds.
    unsafe { (*item.cast::<Item>()).run.execute() }
}

/// On the JS thread, inside a callback scope.
unsafe extern "C" fn complete(env: sys::napi_env, _status: sys::napi_status, item: *mut c_void) {
    // SAFETY: the box of `start`, taken back once.
    let item = unsafe { Box::from_raw(item.cast::<Item>()) };
    // SAFETY: made by `start` for this env, and complete.
    unsafe { sys::napi_delete_async_work(env, item.work) };
    item.owner.finished(item.run);
}
