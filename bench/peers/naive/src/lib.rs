//! Lua in Node.js as one writes it in an afternoon: a new VM for each call, on libuv's pool. No limits, and all of Lua's
//! safe libraries.

use mlua::{Lua, LuaSerdeExt};
use napi::bindgen_prelude::{AsyncTask, Unknown};
use napi::{Env, Error, Result, ScopedTask};
use napi_derive::napi;
use serde_json::Value;

/// A script, and the value of its `...`.
pub struct Run {
    code: String,
    given: Option<Value>,
}

impl<'env> ScopedTask<'env> for Run {
    type Output = Value;
    type JsValue = Unknown<'env>;

    fn compute(&mut self) -> Result<Value> {
        self.run().map_err(|error| Error::from_reason(error.to_string()))
    }

    fn resolve(&mut self, env: &'env Env, output: Value) -> Result<Unknown<'env>> {
        env.to_js_value(&output)
    }
}

impl Run {
    fn run(&mut self) -> mlua::Result<Value> {
        let lua = Lua::new();
        let given = self.given.take().map(|given| lua.to_value(&given)).transpose()?;
        let returned = lua.load(self.code.as_str()).call::<mlua::Value>(given)?;
        lua.from_value(returned)
    }
}

/// Runs a script in a VM of its own.
#[napi]
pub fn run(code: String, given: Option<Value>) -> AsyncTask<Run> {
    AsyncTask::new(Run { code, given })
}
