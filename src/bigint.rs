//! Integers of 64 bits that JavaScript has as `BigInt`. napi's own type would bring thread-safe functions with it: see
//! Cargo.toml.

use napi::bindgen_prelude::{FromNapiValue, Result, ToNapiValue, TypeName, ValidateNapiValue};
use napi::{Error, Status, ValueType, check_status, sys};

/// An integer; of a larger one, its lowest 64 bits.
pub struct BigInt(pub i64);

impl TypeName for BigInt {
    fn type_name() -> &'static str {
        "BigInt"
    }

    fn value_type() -> ValueType {
        ValueType::Unknown
    }
}

impl ValidateNapiValue for BigInt {
    unsafe fn validate(env: sys::napi_env, value: sys::napi_value) -> Result<sys::napi_value> {
        let mut kind = 0;
        // SAFETY: as the caller vouches.
        check_status!(unsafe { sys::napi_typeof(env, value, &mut kind) })?;
        if kind == sys::ValueType::napi_bigint {
            return Ok(std::ptr::null_mut());
        }
        Err(Error::new(Status::InvalidArg, "a BigInt was expected".to_owned()))
    }
}

impl FromNapiValue for BigInt {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let (mut integer, mut lossless) = (0, false);
        // SAFETY: as the caller vouches.
        check_status!(unsafe { sys::napi_get_value_bigint_int64(env, value, &mut integer, &mut lossless) })?;
        Ok(Self(integer))
    }
}

impl ToNapiValue for BigInt {
    unsafe fn to_napi_value(env: sys::napi_env, Self(integer): Self) -> Result<sys::napi_value> {
        let mut value = std::ptr::null_mut();
        // SAFETY: as the caller vouches.
        check_status!(unsafe { sys::napi_create_bigint_int64(env, integer, &mut value) })?;
        Ok(value)
    }
}
