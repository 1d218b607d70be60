//! A bell that any thread may ring to get the attention of one JS thread.
//!
//! A Node-API thread-safe function without a JS function: ringing it runs [`Rung::rung`] from the event loop, also in the
//! loop that Node runs while a terminated thread waits for its work items. It keeps a process alive only while held.

use napi::sys;
use std::ffi::c_void;
use std::ptr;
use std::rc::Weak;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who is told, on the JS thread.
pub(super) trait Rung {
    /// The bell was rung, once or more often.
    fn rung(&self, env: sys::napi_env);
}

/// The bell of one JS thread. Silent once Node has taken it back.
pub(super) struct Bell(Mutex<Option<Function>>);

struct Function(sys::napi_threadsafe_function);

// SAFETY: made to be called from any thread.
unsafe impl Send for Function {}

/// What Node keeps for the bell, and frees when it takes it back. The JS thread's own.
struct Context {
    bell: Arc<Bell>,
    owner: Weak<dyn Rung>,
}

impl Bell {
    /// The bell of the JS thread of `env`, whose ringing `owner` hears.
    ///
    /// # Safety
    /// Called on the JS thread of `env`.
    pub(super) unsafe fn new(env: sys::napi_env, owner: Weak<dyn Rung>) -> Arc<Self> {
        let bell = Arc::new(Self(Mutex::new(None)));
        let context: *mut c_void = Box::into_raw(Box::new(Context { bell: bell.clone(), owner })).cast();
        let (mut name, mut function) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: on the JS thread. Node owns the context from here on, and gives it back to `finalize` once.
        unsafe {
            let made = sys::napi_create_string_utf8(env, c"moonpool.bell".as_ptr(), 13, &mut name)
                == sys::Status::napi_ok
                && sys::napi_create_threadsafe_function(
                    env,
                    ptr::null_mut(),
                    unreferenced(env),
                    name,
                    0,
                    1,
                    context,
                    Some(finalize),
                    context,
                    Some(rung),
                    &mut function,
                ) == sys::Status::napi_ok;
            if made {
                sys::napi_unref_threadsafe_function(env, function);
                *bell.lock() = Some(Function(function));
            } else {
                drop(Box::from_raw(context.cast::<Context>()));
            }
        }
        bell
    }

    /// Rings. On any thread.
    pub(super) fn ring(&self) {
        let function = self.lock();
        if let Some(Function(function)) = *function {
            // SAFETY: `finalize` and `silence` take it out before it ceases to be.
            unsafe {
                sys::napi_call_threadsafe_function(
                    function,
                    ptr::null_mut(),
                    sys::ThreadsafeFunctionCallMode::nonblocking,
                );
            }
        }
    }

    /// Keeps the event loop alive, as something is awaited that only the bell can tell; or no longer.
    ///
    /// # Safety
    /// Called on the JS thread of `env`, whose bell it is.
    pub(super) unsafe fn hold(&self, env: sys::napi_env, awaited: bool) {
        if let Some(Function(function)) = *self.lock() {
            // SAFETY: on the JS thread; both do nothing when it is so already.
            unsafe {
                if awaited {
                    sys::napi_ref_threadsafe_function(env, function);
                } else {
                    sys::napi_unref_threadsafe_function(env, function);
                }
            }
        }
    }

    /// Gives the bell back to Node.
    pub(super) fn silence(&self) {
        let function = self.lock().take();
        if let Some(Function(function)) = function {
            // SAFETY: taken out, so released once and not called again.
            unsafe {
                sys::napi_release_threadsafe_function(function, sys::ThreadsafeFunctionReleaseMode::abort);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Function>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The resource that async hooks see. Jest's `--detectOpenHandles` asks it whether it keeps the process alive.
///
/// # Safety
/// As [`Bell::new`].
unsafe fn unreferenced(env: sys::napi_env) -> sys::napi_value {
    let (mut resource, mut has_ref) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: on the JS thread. When anything fails, a null resource is allowed, too.
    unsafe {
        sys::napi_create_object(env, &mut resource);
        sys::napi_create_function(env, ptr::null(), 0, Some(always_false), ptr::null_mut(), &mut has_ref);
        sys::napi_set_named_property(env, resource, c"hasRef".as_ptr(), has_ref);
    }
    resource
}

unsafe extern "C" fn always_false(env: sys::napi_env, _info: sys::napi_callback_info) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: called by Node on the JS thread.
    unsafe { sys::napi_get_boolean(env, false, &mut value) };
    value
}

unsafe extern "C" fn rung(env: sys::napi_env, _: sys::napi_value, context: *mut c_void, _: *mut c_void) {
    // Without an env the thread is gone.
    if env.is_null() {
        return;
    }
    // SAFETY: Node calls this on the JS thread, before `finalize`.
    let owner = unsafe { (*context.cast::<Context>()).owner.upgrade() };
    if let Some(owner) = owner {
        owner.rung(env);
    }
}

unsafe extern "C" fn finalize(_env: sys::napi_env, context: *mut c_void, _hint: *mut c_void) {
    // SAFETY: the box of `Bell::new`, taken back once, on the JS thread.
    let context = unsafe { Box::from_raw(context.cast::<Context>()) };
    context.bell.lock().take();
}
