//! Waking up one JS thread, from any thread.
//!
//! A Node-API thread-safe function without a JS function: calling it runs [`Awakened::awakened`] from the event loop, also in
//! the loop that Node runs while a terminated thread waits for its work items. It keeps a process alive only while held.

use crate::border::guarded;
use crate::outside::outside;
use napi::sys;
use std::ffi::c_void;
use std::ptr;
use std::rc::Weak;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who is told, on the JS thread.
pub(super) trait Awakened {
    /// The thread was woken, once or more often.
    fn awakened(&self, env: sys::napi_env);
}

/// Wakes one JS thread. Does nothing once Node has taken the function back.
pub(super) struct Waker(Mutex<Option<Function>>);

struct Function {
    function: sys::napi_threadsafe_function,
    /// Whether the event loop is kept alive: because something is awaited; and until the thread is awake.
    is_held: bool,
    is_sure: bool,
}

// SAFETY: made to be called from any thread.
unsafe impl Send for Function {}

/// What Node keeps for the waker, and frees when it takes it back. The JS thread's own.
struct Context {
    waker: Arc<Waker>,
    owner: Weak<dyn Awakened>,
}

impl Waker {
    /// The waker of the JS thread of `env`; `owner` is told.
    ///
    /// # Safety
    /// Called on the JS thread of `env`.
    pub(super) unsafe fn new(env: sys::napi_env, owner: Weak<dyn Awakened>) -> Arc<Self> {
        let waker = Arc::new(Self(Mutex::new(None)));
        let context: *mut c_void = Box::into_raw(Box::new(Context { waker: waker.clone(), owner })).cast();
        // SAFETY: on the JS thread, in a handle scope, as the caller vouches.
        let function = unsafe { outside(env, || threadsafe_function(env, context)) }.flatten();
        match function {
            Some(function) => *waker.lock() = Some(Function { function, is_held: false, is_sure: false }),
            // SAFETY: Node has not taken it.
            None => drop(unsafe { Box::from_raw(context.cast::<Context>()) }),
        }
        waker
    }

    /// Wakes the thread. On any thread.
    pub(super) fn wake(&self) {
        let function = self.lock();
        if let Some(Function { function, .. }) = *function {
            // SAFETY: `finalize` and `close` take it out before it ceases to be.
            unsafe {
                sys::napi_call_threadsafe_function(
                    function,
                    ptr::null_mut(),
                    sys::ThreadsafeFunctionCallMode::nonblocking,
                );
            }
        }
    }

    /// As [`Self::wake`], and keeps the event loop alive until then.
    ///
    /// # Safety
    /// Called on the JS thread of `env`, whose waker it is.
    pub(super) unsafe fn wake_surely(&self, env: sys::napi_env) {
        // SAFETY: as the caller.
        unsafe { self.keep_alive(env, |function| function.is_sure = true) };
        self.wake();
    }

    /// Keeps the event loop alive, as something is awaited that only a wake-up can tell; or no longer.
    ///
    /// # Safety
    /// As [`Self::wake_surely`].
    pub(super) unsafe fn hold(&self, env: sys::napi_env, awaited: bool) {
        // SAFETY: as the caller.
        unsafe { self.keep_alive(env, |function| function.is_held = awaited) };
    }

    /// # Safety
    /// As [`Self::wake_surely`].
    unsafe fn keep_alive(&self, env: sys::napi_env, change: impl FnOnce(&mut Function)) {
        if let Some(function) = &mut *self.lock() {
            change(function);
            // SAFETY: on the JS thread; both do nothing when it is so already.
            unsafe {
                if function.is_held || function.is_sure {
                    sys::napi_ref_threadsafe_function(env, function.function);
                } else {
                    sys::napi_unref_threadsafe_function(env, function.function);
                }
            }
        }
    }

    /// The thread is awake.
    ///
    /// # Safety
    /// As [`Self::wake_surely`].
    unsafe fn is_awake(&self, env: sys::napi_env) {
        if self.lock().as_ref().is_some_and(|function| function.is_sure) {
            // SAFETY: as the caller.
            unsafe { self.keep_alive(env, |function| function.is_sure = false) };
        }
    }

    /// Gives the function back to Node.
    pub(super) fn close(&self) {
        let function = self.lock().take();
        if let Some(Function { function, .. }) = function {
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

/// A thread-safe function of this context, which does not keep the event loop alive. Node owns the context then, and gives
/// it back to `finalize` once.
fn threadsafe_function(env: sys::napi_env, context: *mut c_void) -> Option<sys::napi_threadsafe_function> {
    let (mut name, mut function) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: called by `Waker::new`, on the JS thread.
    unsafe {
        let resource = unreferenced(env);
        let made = sys::napi_create_string_utf8(env, c"moonpool.wakeup".as_ptr(), 15, &mut name)
            == sys::Status::napi_ok
            && sys::napi_create_threadsafe_function(
                env,
                ptr::null_mut(),
                resource,
                name,
                0,
                1,
                context,
                Some(finalize),
                context,
                Some(awakened),
                &mut function,
            ) == sys::Status::napi_ok;
        if !made {
            return None;
        }
        sys::napi_unref_threadsafe_function(env, function);
    }
    Some(function)
}

/// The resource that async hooks see. Jest's `--detectOpenHandles` asks it whether it keeps the process alive.
///
/// # Safety
/// As [`Waker::new`].
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

unsafe extern "C" fn awakened(env: sys::napi_env, _: sys::napi_value, context: *mut c_void, _: *mut c_void) {
    // Without an env the thread is gone.
    if env.is_null() {
        return;
    }
    // SAFETY: Node calls this on the JS thread, before `finalize`.
    let owner = unsafe {
        let context = &*context.cast::<Context>();
        context.waker.is_awake(env);
        context.owner.upgrade()
    };
    if let Some(owner) = owner {
        // SAFETY: as above.
        unsafe { guarded(env, || owner.awakened(env)) };
    }
}

unsafe extern "C" fn finalize(_env: sys::napi_env, context: *mut c_void, _hint: *mut c_void) {
    // SAFETY: the box of `Waker::new`, taken back once, on the JS thread.
    let context = unsafe { Box::from_raw(context.cast::<Context>()) };
    context.waker.lock().take();
}
