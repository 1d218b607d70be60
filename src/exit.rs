//! The end of a JS thread: its scripts are stopped, so that `process.exit()` waits for none of them.
//!
//! Registered here, when the addon is loaded, and not by lib/: a test runner may give each file a `process` object of its
//! own, whose `exit` event never comes. First among the listeners, because one that throws ends the process at once.

use crate::border::guarded_elsewhere;
use crate::inner::stop_engines;
use crate::stay::stay_loaded;
use napi::bindgen_prelude::{Env, FnArgs, Function, JsObjectValue, Object, Result};
use napi::sys;
use napi_derive::napi;
use std::cell::Cell;
use std::ptr;

thread_local! {
    /// Whether the end of this JS thread is listened for.
    static LISTENING: Cell<bool> = const { Cell::new(false) };
}

#[cfg_attr(test, allow(dead_code, reason = "test programs register nothing with Node"))]
#[napi(module_exports)]
pub(super) fn on_load(_exports: Object, env: Env) -> Result<()> {
    stay_loaded();
    // Whoever loads the addon again and again, past the cache of `require`, gets one listener.
    if LISTENING.replace(true) {
        return Ok(());
    }
    let process = env.get_global()?.get_named_property::<Object>("process")?;
    let listen_first =
        process.get_named_property::<Function<FnArgs<(&str, Function<(), ()>)>, ()>>("prependListener")?;
    let stop = env.create_function::<(), ()>("stopEngines", stop)?;
    listen_first.apply(process, ("exit", stop).into())
}

unsafe extern "C" fn stop(_env: sys::napi_env, _info: sys::napi_callback_info) -> sys::napi_value {
    guarded_elsewhere(stop_engines);
    ptr::null_mut()
}
