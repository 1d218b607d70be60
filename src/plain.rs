//! The short way of runs that are given nothing but source, an id, limits and arguments, as most are.

use crate::convert::{Failure, submitted};
use crate::engine::id_of;
use crate::inner::Inner;
use crate::raw::{Raw, of_bytes, of_text};
use moonpool_core::bridge::Limits;
use moonpool_core::scheduler::Caller;
use moonpool_core::state::ScriptId;
use moonpool_core::value::Shapes;
use moonpool_core::vm::{Chunk, Exchange, Script};
use napi::bindgen_prelude::{Either, FromNapiValue, Result, ToNapiValue};
use napi::sys;
use std::ffi::CStr;
use std::sync::Arc;

/// As [`crate::engine::NativeEngine::run`], with source text and an id alone, which is the name, too; with the shapes of the
/// results, if they are not given as text; with arguments, if there are any; and whether with the limits that were given last,
/// instead of the engine's.
pub(super) struct RunPlain;

impl Raw<5> for RunPlain {
    type About = Inner;
    const NAME: &'static CStr = c"runPlain";

    unsafe fn call(
        inner: &Inner,
        env: sys::napi_env,
        [source, id, results, args, limited]: [sys::napi_value; 5],
    ) -> Result<sys::napi_value> {
        // SAFETY: as the caller.
        unsafe {
            let source = of_text(env, source, |source| source.as_bytes().into())?;
            let id = of_text(env, id, id_of)??;
            let results = Option::<u32>::from_napi_value(env, results)?.map(Shapes::from_bits);
            let args = of_bytes(env, args)?;
            let limits = match Option::<bool>::from_napi_value(env, limited)? {
                Some(true) => inner.given.borrow().clone(),
                _ => inner.defaults.clone(),
            };
            let exchange = Exchange { args, results, ..Exchange::default() };
            Either::to_napi_value(env, submit(inner, source, id, limits, exchange))
        }
    }
}

fn submit(inner: &Inner, source: Arc<[u8]>, id: ScriptId, limits: Limits, exchange: Exchange) -> Either<f64, Failure> {
    let script = Script {
        chunk: Chunk::Source(source),
        name: id.to_text(),
        id,
        limits,
        exchange,
        services: inner.services.clone(),
    };
    submitted(inner.submit(script, Caller::Host, None))
}
