//! The short way of runs that are given nothing but source, an id and arguments, as most are.

use crate::convert::{Failure, submitted};
use crate::engine::id_of;
use crate::inner::Inner;
use crate::raw::{Raw, of_bytes, of_text};
use moonpool_core::scheduler::Caller;
use moonpool_core::state::ScriptId;
use moonpool_core::value::{Shapes, Values};
use moonpool_core::vm::{Chunk, Exchange, Script};
use napi::bindgen_prelude::{Either, FromNapiValue, Result, ToNapiValue};
use napi::sys;
use std::ffi::CStr;
use std::sync::Arc;

/// As [`crate::engine::NativeEngine::run`], with source text and an id alone, which is the name, too; with the shapes of the
/// results, if they are not given as text; and with arguments, if there are any.
pub(super) struct RunPlain;

impl Raw<4> for RunPlain {
    type About = Inner;
    const NAME: &'static CStr = c"runPlain";

    unsafe fn call(
        inner: &Inner,
        env: sys::napi_env,
        [source, id, results, args]: [sys::napi_value; 4],
    ) -> Result<sys::napi_value> {
        // SAFETY: as the caller.
        unsafe {
            let source = of_text(env, source, |source| source.as_bytes().into())?;
            let id = of_text(env, id, id_of)??;
            let results = Option::<u32>::from_napi_value(env, results)?;
            Either::to_napi_value(env, submit(inner, source, id, results, of_bytes(env, args)?))
        }
    }
}

fn submit(
    inner: &Inner,
    source: Arc<[u8]>,
    id: ScriptId,
    results: Option<u32>,
    args: Option<Values>,
) -> Either<f64, Failure> {
    let script = Script {
        chunk: Chunk::Source(source),
        name: id.to_text(),
        id,
        limits: inner.defaults.clone(),
        exchange: Exchange { args, results: results.map(Shapes::from_bits), ..Exchange::default() },
        services: inner.services.clone(),
    };
    submitted(inner.submit(script, Caller::Host, None))
}
