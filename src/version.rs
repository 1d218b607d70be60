//! The version of the addon, by which `lib/addon.js` tells one that was built for another version of the package.

use napi_derive::napi;

/// The version of the package that the addon was built for.
#[cfg_attr(test, allow(dead_code, reason = "test programs register nothing with Node"))]
#[napi(catch_unwind)]
pub(super) fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
