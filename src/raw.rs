//! Functions that JavaScript calls for each run: each costs half of what a method does.

use napi::bindgen_prelude::{Env, FromNapiValue, Function, Result, Uint8ArraySlice};
use napi::{JsError, check_status, sys};
use std::ffi::{CStr, c_void};
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::{ptr, slice};

/// What such a function does.
pub(super) trait Raw<const ARGS: usize> {
    /// What it is about, which it holds.
    type About;

    /// As stack traces call it.
    const NAME: &'static CStr;

    /// Does it. What is missing among the arguments is `undefined`.
    ///
    /// # Errors
    /// What JavaScript has thrown at it.
    ///
    /// # Safety
    /// On the JS thread of `env`, in a handle scope; the arguments are its values.
    unsafe fn call(about: &Self::About, env: sys::napi_env, args: [sys::napi_value; ARGS]) -> Result<sys::napi_value>;
}

/// The function about something, which holds that.
pub(super) fn function<const ARGS: usize, R: Raw<ARGS>>(env: &Env, about: Rc<R::About>) -> Result<Function<'_>> {
    let (env, mut function) = (env.raw(), ptr::null_mut());
    let about = Rc::into_raw(about).cast_mut().cast::<c_void>();
    let let_go = let_go::<R::About>;
    // SAFETY: called by JS, so on the JS thread of `env`, in a handle scope. The function has its own count of what it is about,
    // which `let_go` takes back when Node forgets the function, or is taken back here when Node has not taken it.
    unsafe {
        let (name, len) = (R::NAME.as_ptr(), R::NAME.count_bytes() as isize);
        let made = sys::napi_create_function(env, name, len, Some(call::<ARGS, R>), about, &mut function);
        let added = match made {
            sys::Status::napi_ok => {
                sys::napi_add_finalizer(env, function, about, Some(let_go), ptr::null_mut(), ptr::null_mut())
            }
            refused => refused,
        };
        if added != sys::Status::napi_ok {
            drop(Rc::from_raw(about.cast::<R::About>()));
        }
        check_status!(added, "no function for runs")?;
        Function::from_napi_value(env, function)
    }
}

unsafe extern "C" fn let_go<A>(_env: sys::napi_env, about: *mut c_void, _hint: *mut c_void) {
    // SAFETY: of `function`, and called once, on the JS thread.
    drop(unsafe { Rc::from_raw(about.cast::<A>()) });
}

unsafe extern "C" fn call<const ARGS: usize, R: Raw<ARGS>>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let (mut values, mut count, mut about) = ([ptr::null_mut(); ARGS], ARGS, ptr::null_mut());
    let act = || {
        // SAFETY: called by Node on the JS thread. It fills up what is missing with undefined. The data is what the function
        // holds.
        unsafe {
            let status = sys::napi_get_cb_info(env, info, &mut count, values.as_mut_ptr(), ptr::null_mut(), &mut about);
            check_status!(status, "no arguments")?;
            R::call(&*about.cast::<R::About>(), env, values)
        }
    };
    let returned =
        catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|_| Err(napi::Error::from_reason("moonpool panicked")));
    returned.unwrap_or_else(|error| {
        // SAFETY: on the JS thread.
        unsafe { JsError::from(error).throw_into(env) };
        ptr::null_mut()
    })
}

/// A copy of bytes of JavaScript's; nothing of `undefined`.
///
/// # Errors
/// When it is neither.
///
/// # Safety
/// As [`of_text`].
pub(super) unsafe fn of_bytes(env: sys::napi_env, value: sys::napi_value) -> Result<Option<Vec<u8>>> {
    // SAFETY: as the caller vouches. The bytes are copied before anything else happens.
    let bytes = unsafe { Option::<Uint8ArraySlice<'_>>::from_napi_value(env, value)? };
    Ok(bytes.map(|bytes| bytes.to_vec()))
}

/// So long is text that is read at once, in bytes. Otherwise its length is asked for first.
const SHORT: usize = 512;

/// Makes something of text of JavaScript's.
///
/// # Errors
/// When it is no text.
///
/// # Safety
/// On the JS thread of `env`, whose value it is.
pub(super) unsafe fn of_text<T>(env: sys::napi_env, value: sys::napi_value, make: impl FnOnce(&str) -> T) -> Result<T> {
    let (mut bytes, mut len) = (MaybeUninit::<[u8; SHORT]>::uninit(), 0);
    let bytes = bytes.as_mut_ptr();
    // SAFETY: as the caller vouches; Node writes no more than there is room for, and says how many bytes.
    unsafe {
        check_status!(sys::napi_get_value_string_utf8(env, value, bytes.cast(), SHORT, &mut len), "text was expected")?;
        // Where less is left than a character and the zero at the end take, some may be missing.
        if len + 5 > SHORT {
            return String::from_napi_value(env, value).map(|text| make(&text));
        }
        // They are whole characters, and a lone surrogate is U+FFFD.
        Ok(make(str::from_utf8_unchecked(slice::from_raw_parts(bytes.cast(), len))))
    }
}
