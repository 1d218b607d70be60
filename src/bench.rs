//! The baselines of `npm run bench`, in bench builds only: an empty work item, a VM per call without any care, and others.
#![cfg_attr(test, allow(dead_code, reason = "only JavaScript calls these, and test programs register nothing"))]

use crate::pool::{Job, queue};
use mlua::{Lua, LuaOptions, StdLib};
use moonpool_lua::ffi;
use napi::JsString;
use napi::bindgen_prelude::{Env, FnArgs, Function, FunctionRef, Result};
use napi_derive::napi;
use regex::bytes::Regex;
use std::cell::RefCell;
use std::ffi::CStr;
use std::time::Instant;

type Done = FnArgs<(u32, Option<String>)>;

struct Baseline<F> {
    env: Env,
    id: u32,
    work: F,
    result: Option<String>,
    done: FunctionRef<Done, ()>,
}

impl<F: FnMut() -> Option<String> + 'static> Job for Baseline<F> {
    const NAME: &CStr = c"moonpool.bench";

    fn execute(&mut self) {
        self.result = (self.work)();
    }

    fn complete(self, _env: napi::sys::napi_env) {
        let args: Done = (self.id, self.result).into();
        let _ = self.done.borrow_back(&self.env).and_then(|done| done.call(args));
    }
}

fn start(env: Env, id: u32, done: Function<Done, ()>, work: impl FnMut() -> Option<String> + 'static) -> Result<()> {
    let job = Baseline { env, id, work, result: None, done: done.create_ref()? };
    // SAFETY: called by JS, so on the JS thread of `env`.
    unsafe { queue(env.raw(), job) };
    Ok(())
}

/// A work item that does nothing.
#[napi]
pub(super) fn bench_empty(env: Env, id: u32, done: Function<Done, ()>) -> Result<()> {
    start(env, id, done, || None)
}

/// A work item that makes mlua's safe VM, runs `code` in it without any limit, and drops it.
#[napi]
pub(super) fn bench_naive(env: Env, id: u32, code: String, done: Function<Done, ()>) -> Result<()> {
    start(env, id, done, move || {
        let lua = Lua::new_with(StdLib::ALL_SAFE, LuaOptions::default()).ok()?;
        lua.load(code.as_str()).eval::<mlua::Value>().and_then(|value| value.to_string()).ok()
    })
}

/// A string of so many characters, all ASCII, and nothing else.
#[napi]
pub(super) fn bench_text(env: &Env, length: u32) -> Result<JsString<'_>> {
    thread_local!(static TEXT: RefCell<String> = RefCell::default());
    TEXT.with_borrow_mut(|text| {
        if text.len() != length as usize {
            *text = "x".repeat(length as usize);
        }
        env.create_string(&*text)
    })
}

/// Runs `code` in unedited Lua 5.4.9 with lua-cjson to be required, on this thread; the time it took, in ms, VM construction included.
#[napi]
pub(super) fn bench_stock(code: String) -> f64 {
    let start = Instant::now();
    assert!(moonpool_lua::stock::run(code.as_bytes(), "=bench", 0).ok, "the benchmark script fails");
    start.elapsed().as_secs_f64() * 1000.0
}

/// Searches `text` for the groups of `pattern` with Rust's `regex`, so many times, on this thread; what that took, in ms.
#[napi]
pub(super) fn bench_regex(pattern: String, text: String, times: u32) -> f64 {
    let regex = Regex::new(&pattern).expect("the benchmark's pattern is one");
    let mut captures = regex.capture_locations();
    let start = Instant::now();
    for _ in 0..times {
        assert!(regex.captures_read(&mut captures, text.as_bytes()).is_some(), "the benchmark's pattern is found");
    }
    start.elapsed().as_secs_f64() * 1000.0
}

/// Runs `code` in our Lua on this thread with plain `luaL_newstate`, as `bench_stock` does: only the edits differ.
#[napi]
pub(super) fn bench_edited(code: String) -> f64 {
    let start = Instant::now();
    // SAFETY: a new state, used here only; loading and calling are protected.
    unsafe {
        let state = ffi::luaL_newstate();
        ffi::luaL_openlibs(state);
        let loaded = ffi::luaL_loadbufferx(state, code.as_ptr().cast(), code.len(), c"=bench".as_ptr(), c"t".as_ptr());
        assert!(loaded == 0 && ffi::lua_pcall(state, 0, 0, 0) == 0, "the benchmark script fails");
        ffi::lua_close(state);
    }
    start.elapsed().as_secs_f64() * 1000.0
}
