//! The short way of runs that are given nothing but source and an id, as most are: a function of its own, which costs half of
//! what a method with all arguments does.

use crate::convert::Failure;
use crate::engine::id_of;
use crate::inner::Inner;
use moonpool_core::state::ScriptId;
use moonpool_core::value::Shapes;
use moonpool_core::vm::{Chunk, Exchange, Script};
use napi::bindgen_prelude::{Either, Env, FnArgs, FromNapiValue, Function, Result, ToNapiValue};
use napi::{JsError, check_status, sys};
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::{ptr, slice};

/// As [`crate::engine::NativeEngine::run`], with source text and an id alone, which is the name, too; and with the shapes of
/// the results, if they are not given as text.
pub(super) type RunPlain<'env> = Function<'env, FnArgs<(String, String, Option<u32>)>, Either<f64, Failure>>;

/// The function of an engine, which holds that.
pub(super) fn plain_runs(env: &Env, inner: Rc<Inner>) -> Result<RunPlain<'_>> {
    let (env, name, mut function) = (env.raw(), c"runPlain", ptr::null_mut());
    let inner = Rc::into_raw(inner).cast_mut().cast::<c_void>();
    // SAFETY: called by JS, so on the JS thread of `env`, in a handle scope. The function has its own count of the engine, which
    // `let_go` takes back when Node forgets the function, or is taken back here when Node has not taken it.
    unsafe {
        let made = sys::napi_create_function(
            env,
            name.as_ptr(),
            name.count_bytes() as isize,
            Some(run_plain),
            inner,
            &mut function,
        );
        let added = match made {
            sys::Status::napi_ok => {
                sys::napi_add_finalizer(env, function, inner, Some(let_go), ptr::null_mut(), ptr::null_mut())
            }
            refused => refused,
        };
        if added != sys::Status::napi_ok {
            drop(Rc::from_raw(inner.cast::<Inner>()));
        }
        check_status!(added, "no function for runs")?;
        Function::from_napi_value(env, function)
    }
}

unsafe extern "C" fn let_go(_env: sys::napi_env, inner: *mut c_void, _hint: *mut c_void) {
    // SAFETY: of `plain_runs`, and called once, on the JS thread.
    drop(unsafe { Rc::from_raw(inner.cast::<Inner>()) });
}

unsafe extern "C" fn run_plain(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let (mut values, mut count, mut inner) = ([ptr::null_mut(); 3], 3, ptr::null_mut());
    let run = || {
        // SAFETY: called by Node on the JS thread. It fills up what is missing with undefined. The data is the engine, which
        // the function holds.
        unsafe {
            let status = sys::napi_get_cb_info(env, info, &mut count, values.as_mut_ptr(), ptr::null_mut(), &mut inner);
            check_status!(status, "no arguments")?;
            let source = of_text(env, values[0], |source| source.as_bytes().into())?;
            let id = of_text(env, values[1], id_of)??;
            let results = Option::<u32>::from_napi_value(env, values[2])?;
            Either::to_napi_value(env, submit(&*inner.cast::<Inner>(), source, id, results))
        }
    };
    let run =
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err(napi::Error::from_reason("moonpool panicked")));
    run.unwrap_or_else(|error| {
        // SAFETY: on the JS thread.
        unsafe { JsError::from(error).throw_into(env) };
        ptr::null_mut()
    })
}

fn submit(inner: &Inner, source: Arc<[u8]>, id: ScriptId, results: Option<u32>) -> Either<f64, Failure> {
    let script = Script {
        chunk: Chunk::Source(source),
        name: id.to_text(),
        id,
        limits: inner.defaults.clone(),
        exchange: Exchange { results: results.map(Shapes::from_bits), ..Exchange::default() },
        services: inner.services.clone(),
    };
    match inner.submit(script, None) {
        Ok(id) => Either::A(id as f64),
        Err(error) => Either::B(error.into()),
    }
}

/// So long is text that is read at once, in bytes. Otherwise its length is asked for first.
const SHORT: usize = 512;

/// Makes something of text of JavaScript's.
///
/// # Safety
/// On the JS thread of `env`, whose value it is.
unsafe fn of_text<T>(env: sys::napi_env, value: sys::napi_value, make: impl FnOnce(&str) -> T) -> Result<T> {
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
