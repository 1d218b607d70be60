//! Work in no async context: what it makes belongs to no caller, and keeps no store of any `AsyncLocalStorage`.

use napi::bindgen_prelude::{Env, Function, Result};
use napi::sys;
use napi_derive::napi;
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
    let mut task = Task { work: Some(work), done: None };
    let callback = callback(&task);
    let (mut function, mut receiver, mut result) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: on the JS thread. The task outlives the call, and nobody else gets the function. A callback without an async
    // context has a new one that is empty: its resource is the receiver, which is new, too.
    unsafe {
        let data = (&raw mut task).cast();
        let _ = sys::napi_create_function(env, ptr::null(), 0, Some(callback), data, &mut function)
            == sys::Status::napi_ok
            && sys::napi_create_object(env, &mut receiver) == sys::Status::napi_ok
            && sys::napi_make_callback(env, ptr::null_mut(), receiver, function, 0, ptr::null(), &mut result)
                == sys::Status::napi_ok;
    }
    task.done
}

/// Calls a function outside of every async context, and throws what it throws.
#[cfg_attr(test, allow(dead_code, reason = "test programs register nothing with Node"))]
#[napi(js_name = "outside", catch_unwind)]
pub(super) fn call_outside(env: Env, work: Function<(), ()>) -> Result<()> {
    // SAFETY: called by JS, so on the JS thread of `env`, in a handle scope.
    unsafe { outside(env.raw(), || work.call(())) }.unwrap_or(Ok(()))
}

/// What to do, and what came of it.
struct Task<F, T> {
    work: Option<F>,
    done: Option<T>,
}

type Callback = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value;

/// The callback for tasks of this type.
fn callback<F: FnOnce() -> T, T>(_task: &Task<F, T>) -> Callback {
    perform::<F, T>
}

unsafe extern "C" fn perform<F: FnOnce() -> T, T>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let mut data: *mut c_void = ptr::null_mut();
    // SAFETY: called by Node on the JS thread. The data is the task of `outside`, which waits for this to return.
    unsafe {
        sys::napi_get_cb_info(env, info, ptr::null_mut(), ptr::null_mut(), ptr::null_mut(), &mut data);
        let task = &mut *data.cast::<Task<F, T>>();
        task.done = task.work.take().map(|work| work());
    }
    ptr::null_mut()
}
