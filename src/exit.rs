//! The end of a JS thread: its scripts are stopped, so that `process.exit()` waits for none of them.
//!
//! Registered here, when the addon is loaded, and not by lib/: a test runner may give each file a `process` object of its
//! own, whose `exit` event never comes. First among the listeners, because one that throws ends the process at once.

use crate::border::guarded_elsewhere;
use crate::inner::stop_engines;
use napi::bindgen_prelude::{Env, FnArgs, Function, JsObjectValue, Object, Result};
use napi_derive::napi;
use std::cell::Cell;

thread_local! {
    /// Whether the end of this JS thread is listened for.
    static LISTENING: Cell<bool> = const { Cell::new(false) };
}

#[cfg_attr(test, allow(dead_code, reason = "test programs register nothing with Node"))]
#[napi(module_exports)]
pub(super) fn on_load(_exports: Object, env: Env) -> Result<()> {
    // Whoever loads the addon again and again, past the cache of `require`, gets one listener.
    if LISTENING.replace(true) {
        return Ok(());
    }
    let process = env.get_global()?.get_named_property::<Object>("process")?;
    let listen_first =
        process.get_named_property::<Function<FnArgs<(&str, Function<(), ()>)>, ()>>("prependListener")?;
    let stop = env.create_function_from_closure::<(), (), _>("stopEngines", |_| {
        guarded_elsewhere(stop_engines);
        Ok(())
    })?;
    listen_first.apply(process, ("exit", stop).into())
}
