//! Functions of JavaScript's that an engine calls, held weakly.
//!
//! A function keeps its realm alive with everything in it. The engine in JavaScript holds its functions itself; a strong
//! reference from here would keep both for ever. Only while runs are in flight one function is held, because somebody
//! waits for it to be called: see [`Callback::hold`].

use napi::bindgen_prelude::{FnArgs, FromNapiValue, Function, JsValue, JsValuesTupleIntoVec, Result, TypeName};
use napi::{check_status, sys};
use std::marker::PhantomData;
use std::ptr;

/// A function on the JS thread of `env`. Belongs to that thread, as it is neither `Send` nor `Sync`.
pub(super) struct Callback<Args, Returns = ()> {
    env: sys::napi_env,
    reference: sys::napi_ref,
    signature: PhantomData<fn(Args) -> Returns>,
}

impl<Args, Returns> Callback<Args, Returns>
where
    FnArgs<Args>: JsValuesTupleIntoVec,
    Returns: FromNapiValue + TypeName + Default,
{
    /// Refers to the function, and does not hold it.
    pub(super) fn new(function: &Function<FnArgs<Args>, Returns>) -> Result<Self> {
        let (env, value) = (function.value().env, function.value().value);
        let mut reference = ptr::null_mut();
        // SAFETY: the function was handed to us by JS just now, so this is the JS thread of its env, in a handle scope.
        let status = unsafe { sys::napi_create_reference(env, value, 0, &mut reference) };
        check_status!(status, "no reference to a function")?;
        Ok(Self { env, reference, signature: PhantomData })
    }

    /// Keeps the function alive, and what it refers to; once, until [`Self::release`].
    pub(super) fn hold(&self) {
        // SAFETY: on the JS thread, and the reference lives until `drop`. It only counts: no JS is called.
        unsafe { sys::napi_reference_ref(self.env, self.reference, ptr::null_mut()) };
    }

    /// Takes [`Self::hold`] back. To be called as often as that.
    pub(super) fn release(&self) {
        // SAFETY: as in `hold`.
        unsafe { sys::napi_reference_unref(self.env, self.reference, ptr::null_mut()) };
    }

    /// Calls the function, if it is still there: otherwise there is nobody to tell. To be called inside a handle scope, as
    /// Node gives one to every callback.
    ///
    /// # Errors
    /// When something does not become a value of JavaScript, JS may not be called any more, or the function throws. No
    /// exception is left behind, which would fail every call after it.
    pub(super) fn call(&self, args: Args) -> Result<Returns> {
        let mut value = ptr::null_mut();
        // SAFETY: on the JS thread; a null value means that the function was collected.
        let status = unsafe { sys::napi_get_reference_value(self.env, self.reference, &mut value) };
        if status != sys::Status::napi_ok || value.is_null() {
            return Ok(Returns::default());
        }
        let called = FnArgs { data: args }.into_vec(self.env).and_then(|args| {
            // SAFETY: the reference was made from a function with these arguments; the values were just made.
            unsafe { Returns::from_napi_value(self.env, call(self.env, value, &args)?) }
        });
        if called.is_err() {
            // SAFETY: on the JS thread of `env`.
            unsafe { clear_exception(self.env) };
        }
        called
    }
}

/// Calls a function of JavaScript's. What it throws is not looked at: to read an exception may throw again, and to read that
/// one, without end, as `Function::call` of napi does it.
///
/// # Errors
/// When it throws, or JS may not be called any more. No exception is left behind.
///
/// # Safety
/// On the JS thread of `env`, in a handle scope; the function and the arguments are its values.
pub(super) unsafe fn call(
    env: sys::napi_env,
    function: sys::napi_value,
    args: &[sys::napi_value],
) -> Result<sys::napi_value> {
    let (mut receiver, mut returned) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: as the caller vouches.
    unsafe {
        check_status!(sys::napi_get_undefined(env, &mut receiver), "no undefined")?;
        let status = sys::napi_call_function(env, receiver, function, args.len(), args.as_ptr(), &mut returned);
        if status != sys::Status::napi_ok {
            clear_exception(env);
        }
        check_status!(status, "the function has failed").map(|()| returned)
    }
}

/// # Safety
/// On the JS thread of `env`.
unsafe fn clear_exception(env: sys::napi_env) {
    let mut exception = ptr::null_mut();
    // SAFETY: as the caller vouches.
    unsafe { sys::napi_get_and_clear_last_exception(env, &mut exception) };
}

impl<Args, Returns> Drop for Callback<Args, Returns> {
    fn drop(&mut self) {
        // SAFETY: made by `new`, deleted once. An engine is dropped by a finalizer, by the end of a work item, or by a call
        // of JS: on the JS thread, before Node forgets the env's references.
        unsafe { sys::napi_delete_reference(self.env, self.reference) };
    }
}
