//! The answers of host functions, which JavaScript gives to the runs that wait for them.

use crate::inner::Inner;
use crate::raw::{Raw, of_bytes};
use napi::bindgen_prelude::{FromNapiValue, Result, ToNapiValue};
use napi::{Error, sys};
use std::ffi::CStr;

/// See [`crate::engine::NativeEngine::answers`].
pub(super) struct GiveAnswer;

impl Raw<3> for GiveAnswer {
    type About = Inner;
    const NAME: &'static CStr = c"giveAnswer";

    unsafe fn call(
        inner: &Inner,
        env: sys::napi_env,
        [run, wait, values]: [sys::napi_value; 3],
    ) -> Result<sys::napi_value> {
        // SAFETY: as the caller.
        unsafe {
            let (run, wait) = (f64::from_napi_value(env, run)?, u32::from_napi_value(env, wait)?);
            let values = of_bytes(env, values)?.ok_or_else(|| Error::from_reason("values were expected"))?;
            inner.scheduler.answer_one(run as u64, wait, Ok(values));
            ToNapiValue::to_napi_value(env, ())
        }
    }
}
