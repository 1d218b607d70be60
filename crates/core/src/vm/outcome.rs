//! What came of a run: the text of its results, or the failure with everything that is known about it.
//!
//! The flag decides, never the error value: scripts can keep, copy and rethrow error values.

use super::{Outcome, Success, Vm, marks};
use crate::bridge::{Context, Kill, OURS, error_value, short_name};
use crate::error::{Code, Error, Failure};
use crate::memory::{Budget, Killed, Shortage};
use crate::value::cost::{LONGEST_STRING, text_size, units};
use crate::value::wire::Writer;
use crate::value::{Arg, FunctionRule, Functions, Refusal, Shapes, Text, Values, json, type_name};
use mlua::{Lua, LuaString, Value};
use moonpool_lua::{ffi, protect};
use std::ffi::c_int;
use std::io::Write;

/// Its address is the name, in the registry, of the thread on which a thrown value is described.
static DESCRIBER: u8 = 0;
/// The most values and keys of a thrown value, which JavaScript parses at one go.
const MOST_THROWN: usize = 50_000;

/// The longest message or traceback that is kept of a failure, in bytes: no longer than anyone reads, because the host
/// keeps several copies of it.
const LONGEST: usize = 64 << 10;

/// The most characters of an integer.
const LONGEST_INTEGER: usize = "-9223372036854775808".len();

/// The memory in which a traceback can be made after a script has used up its own.
const POST_MORTEM: usize = 64 << 10;

/// A value that the script returned.
enum Returned<'a> {
    /// As it stands on the stack.
    Plain(Arg<'a>),
    /// By the handle, with what its path begins with.
    Whole(&'a Lua, &'a Value, &'a str),
}

impl Vm {
    /// Classifies the end of the script: `end` says whether it ran to its end or failed, and with which code if it
    /// was not killed.
    pub(super) fn outcome(&mut self, end: Result<(), Code>) -> Outcome {
        if let Some(kill) = self.killed_by() {
            return Err(self.killed(kill));
        }
        match end {
            Ok(()) => self.results(),
            Err(code) => self.fail(code),
        }
        .map_err(|failure| match self.killed_by() {
            // The work above runs in the VM too, and hit a limit: what is known of the script itself stays.
            Some(kill) => Box::new(Failure { error: self.kill_error(kill), limit: kill.limit(), ..*failure }),
            None => failure,
        })
    }

    /// Why the run was killed, if it was. When memory ran out, the VM's own limit was met, or its id's, or the engine's, or the
    /// system had none.
    fn killed_by(&self) -> Option<Kill> {
        let kill = Kill::of(self.flag.as_ref()?)?;
        Some(match self.heap.shortage() {
            Shortage::Pool if kill == Kill::Memory => Kill::EngineMemory,
            Shortage::Share if kill == Kill::Memory => Kill::IdMemory,
            Shortage::System if kill == Kill::Memory => Kill::SystemMemory,
            _ => kill,
        })
    }

    /// Captured output and the returned values, as the run's caller wants them.
    fn results(&self) -> Outcome {
        match self.results {
            None => self.results_as_text(),
            Some(shapes) => self.results_as_values(shapes),
        }
    }

    /// Captured output, then the returned values joined by tabs.
    fn results_as_text(&self) -> Outcome {
        self.with_context(|context| {
            let output = context.take_output();
            let written = output.len();
            // Its room was given back just now.
            let mut text = Text::continuing(&context.budget, output).map_err(|killed| self.plain(killed.into()))?;
            let result = self.write_texts(&mut text);
            let mut bytes = text.into_bytes();
            if let Err(refusal) = result {
                bytes.truncate(written);
                return Err(Box::new(Failure { output: cut_output(bytes), ..refused(refusal) }));
            }
            let text = whole_text(&context.budget, bytes, "text", written)?;
            Ok(Success { text, values: None, takes: 0 })
        })
    }

    fn write_texts(&self, text: &mut Text) -> Result<(), Refusal> {
        self.each_result(|i, result| {
            let between: &[u8] = if i > 0 { b"\t" } else { b"" };
            match result {
                Returned::Plain(value) => self.write_plain(i, value, between, text),
                Returned::Whole(lua, value, root) => {
                    text.push(between)?;
                    json::encode(&*marks(lua)?, value, root, text).map(|()| true)
                }
            }
        })
    }

    fn results_as_values(&self, shapes: Shapes) -> Outcome {
        let values = self.write_values(shapes);
        let output = self.with_context(Context::take_output);
        let outcome = match values {
            Ok((values, takes)) => {
                let written = output.len();
                let text = self.with_context(|context| whole_text(&context.budget, output, "output", written));
                text.map(|text| Success { text, values: Some(values), takes })
            }
            Err(refusal) => Err(Box::new(Failure { output: cut_output(output), ..refused(refusal) })),
        };
        if outcome.is_err() {
            self.forget_kept(shapes.functions);
        }
        outcome
    }

    fn write_values(&self, shapes: Shapes) -> Result<(Values, usize), Refusal> {
        if matches!(shapes.functions, FunctionRule::Kept { .. }) {
            Functions::install(self.lua()?)?;
        }
        let context = self.of_run();
        let functions = context.handle.get().and_then(|lua| lua.app_data_ref::<Functions>());
        let writer = Writer::new(&context.budget, shapes, self.result_count(), self.limits.nodes)?;
        let mut writer = writer.with_functions(functions.as_deref());
        self.each_result(|_, result| match result {
            Returned::Plain(value) => writer.write_plain(value),
            Returned::Whole(lua, value, root) => writer.write(&*marks(lua)?, value, root).map(|()| true),
        })?;
        Ok(writer.into_values())
    }

    /// JavaScript does not hear of the functions that were kept for a result which does not cross.
    fn forget_kept(&self, rule: FunctionRule) {
        if let FunctionRule::Kept { first, most } = rule
            && let Some(functions) = self.of_run().handle.get().and_then(|lua| lua.app_data_ref::<Functions>())
        {
            // It fails only when memory runs out, which kills the run.
            let _ = functions.release(first, first + most as i64);
        }
    }

    fn result_count(&self) -> usize {
        // SAFETY: `base` has ended and holds only its results.
        unsafe { ffi::lua_gettop(self.base) as usize }
    }

    /// Each returned value, as it stands on the stack; and when `take` says that this is not enough, by the handle, with what
    /// its path begins with. A single nil is no value, but counts.
    fn each_result(&self, mut take: impl FnMut(usize, Returned) -> Result<bool, Refusal>) -> Result<(), Refusal> {
        let count = self.result_count();
        for i in 0..count {
            // SAFETY: `base` has ended and keeps its results.
            let plain = unsafe { Arg::at(self.base, i as c_int + 1) };
            if count == 1 && plain == Arg::Nil && self.results.is_none() {
                return Ok(());
            }
            if !take(i, Returned::Plain(plain))? {
                let root = if count == 1 { "value".to_owned() } else { format!("values[{}]", i + 1) };
                take(i, Returned::Whole(self.lua()?, &self.result(i as c_int + 1)?, &root))?;
            }
        }
        Ok(())
    }

    /// The failure of a run whose arguments or globals did not get into its VM.
    pub(super) fn not_handed_over(&mut self, refusal: Refusal) -> Box<Failure> {
        match self.killed_by() {
            Some(kill) => self.killed(kill),
            None => {
                let failure = refused(refusal);
                Box::new(Failure { limit: failure.limit, ..*self.plain(failure.error) })
            }
        }
    }

    /// Writes the `i`th result, from 0, after what is `between` it and the one before, if that takes no handle.
    fn write_plain(&self, i: usize, value: Arg, between: &[u8], text: &mut Text) -> Result<bool, Refusal> {
        let written = |bytes: &[u8], text: &mut Text| {
            text.push(between)?;
            text.push(bytes)
        };
        match value {
            Arg::Nil => written(b"nil", text)?,
            Arg::Boolean(value) => written(if value { b"true" } else { b"false" }, text)?,
            Arg::String(bytes) if std::str::from_utf8(bytes).is_ok() => written(bytes, text)?,
            Arg::Integer(value) => {
                let mut digits = [0; LONGEST_INTEGER];
                let mut rest = &mut digits[..];
                write!(rest, "{value}").expect("there is room for every integer");
                let rest = rest.len();
                written(&digits[..LONGEST_INTEGER - rest], text)?;
            }
            // As Lua's `tostring` writes it.
            Arg::Number(_) => {
                let base = self.base;
                // SAFETY: the closure owns nothing that has a destructor; `base` has ended and keeps its results.
                let digits = unsafe {
                    self.with_string(
                        |state| {
                            ffi::luaL_checkstack(base, 1, std::ptr::null());
                            ffi::lua_pushvalue(base, i as c_int + 1);
                            ffi::lua_xmove(base, state, 1);
                            ffi::lua_tolstring(state, -1, std::ptr::null_mut());
                        },
                        |digits| written(digits, text),
                    )
                };
                digits.unwrap_or(Err(Refusal::Killed))?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What `read` makes of the string that `work` leaves on the main stack; nothing when Lua raised an error.
    ///
    /// # Safety
    /// As any function of Lua's C API that may raise an error: `work` owns nothing that has a destructor.
    unsafe fn with_string<T>(
        &self,
        mut work: impl FnMut(*mut ffi::lua_State),
        read: impl FnOnce(&[u8]) -> T,
    ) -> Option<T> {
        // SAFETY: the state is ours, and no script runs on the main thread. The string stays on the stack until it is read.
        unsafe {
            let top = ffi::lua_gettop(self.state);
            let status = protect(self.state, 0, 1, |state| {
                work(state);
                1
            });
            let read = match Arg::at(self.state, -1) {
                Arg::String(bytes) if status == ffi::LUA_OK => Some(read(bytes)),
                _ => None,
            };
            ffi::lua_settop(self.state, top);
            read
        }
    }

    /// The `i`th value that the script returned, from 1. One at a time: there may be a million.
    fn result(&self, i: c_int) -> mlua::Result<Value> {
        let base = self.base;
        // SAFETY: the closure owns nothing that has a destructor; `base` has ended and keeps its results.
        unsafe {
            self.lua()?.exec_raw((), |state| {
                ffi::luaL_checkstack(base, 1, std::ptr::null());
                ffi::lua_pushvalue(base, i);
                ffi::lua_xmove(base, state, 1);
            })
        }
    }

    /// The failure of a script that did not compile, or raised an error that nobody caught.
    fn fail(&self, code: Code) -> Outcome {
        let (lua_stack, frames) =
            if code == Code::Syntax { (None, Vec::new()) } else { (self.traceback(), self.close_frames()) };
        let (mut error, lua_value) = match self.plainly_thrown(code) {
            Some(error) => (error, None),
            None => self.thrown(code).map_err(|error| self.plain(error_value::of(&error)))?,
        };
        let place = stated_place(&error).or_else(|| self.place(&error, code, &frames));
        if code == Code::Syntax && place.is_none() {
            // Lua does not say where: precompiled, or nested too deeply for the compiler.
            error.position = format!("{}:?: ", self.name());
        }
        let (chunk, line) = place.or_else(|| frames.into_iter().next()).map(|place| self.full_name(place)).unzip();
        Err(Box::new(Failure { chunk, line, lua_stack, lua_value, ..*self.plain(error) }))
    }

    /// Closes the `<close>` variables of the dead coroutine, as the end of a script does; its frames before that.
    fn close_frames(&self) -> Vec<(String, u32)> {
        let frames = self.frames().collect();
        // SAFETY: the coroutine is ours, and dead. Closing is protected by Lua itself; it leaves an error object, the
        // old one or that of a `__close` that failed.
        unsafe { ffi::lua_resetthread(self.base) };
        frames
    }

    /// The error that was thrown, if it is a string, or one of ours.
    fn plainly_thrown(&self, code: Code) -> Option<Error> {
        // SAFETY: the error object is on top of the coroutine, which is dead, and not collected.
        match unsafe { Arg::at(self.base, -1) } {
            Arg::String(message) => Some(Error::new(code, message_of(message))),
            Arg::Userdata(_) => {
                // SAFETY: both are ours, and no script runs on the main thread.
                let mut error = unsafe { error_value::read(self.state, self.base) }?;
                if error.message.len() > LONGEST {
                    error.message = message_of(error.message.as_bytes());
                }
                Some(error)
            }
            _ => None,
        }
    }

    /// What any other value says that was thrown, as `lua` reports it; and the value as JSON text, if it can cross.
    fn thrown(&self, code: Code) -> mlua::Result<(Error, Option<String>)> {
        let (lua, base) = (self.lua()?, self.base);
        // SAFETY: as in `result`; the error object is on top of the coroutine.
        let thrown = unsafe { lua.exec_raw::<Value>((), |state| ffi::lua_xmove(base, state, 1)) }?;
        // A kill meanwhile decides, whatever was made of it.
        let text = match self.text_of(lua, &thrown) {
            Ok(Value::String(text)) => Some(text),
            _ => stated_message(&thrown).ok().flatten(),
        };
        let message = match text {
            Some(text) => message_of(&text.as_bytes()),
            None => format!("(error object is a {} value)", type_name(&thrown)),
        };
        Ok((Error::new(code, message), self.thrown_json(lua, &thrown)))
    }

    /// A thrown value as a string, or something else when it has none. It may run the script's own `__tostring`: under its
    /// limits, on a thread of its own, which scripts take for the main one, and with nothing locked.
    fn text_of(&self, lua: &Lua, thrown: &Value) -> mlua::Result<Value> {
        let mut thread = std::ptr::null_mut();
        // SAFETY: the closure owns nothing that has a destructor. The registry keeps the thread; nobody else has the
        // address of its name.
        unsafe {
            lua.exec_raw::<()>(thrown.clone(), |state| {
                thread = ffi::lua_newthread(state);
                ffi::lua_rotate(state, -2, 1);
                ffi::lua_pushcfunction(thread, moonpool_lua::DESCRIBE);
                ffi::lua_xmove(state, thread, 1);
                ffi::lua_rawsetp(state, ffi::LUA_REGISTRYINDEX, (&raw const DESCRIBER).cast());
            })?;
        }
        // SAFETY: all three are ours, and alive; what is run is protected by Lua itself.
        let ok = unsafe {
            moonpool_lua::set_base(self.state, thread);
            let status = ffi::lua_resume(thread, self.state, 1, &mut 0);
            moonpool_lua::set_base(self.state, self.base);
            status == ffi::LUA_OK
        };
        // SAFETY: the thread has ended, with one result; what it leaves when it failed does not matter.
        unsafe {
            lua.exec_raw((), |state| {
                if ok {
                    ffi::lua_xmove(thread, state, 1);
                } else {
                    ffi::lua_pushnil(state);
                }
                ffi::lua_pushnil(state);
                ffi::lua_rawsetp(state, ffi::LUA_REGISTRYINDEX, (&raw const DESCRIBER).cast());
            })
        }
    }

    /// A thrown value as JSON text, when it can cross.
    fn thrown_json(&self, lua: &Lua, thrown: &Value) -> Option<String> {
        let context = self.of_run();
        let nodes = MOST_THROWN.min(context.max_nodes);
        let mut text = Text::to_be_parsed(&context.budget, crate::state::MAX_VALUE, nodes);
        json::encode(&*marks(lua).ok()?, thrown, "value", &mut text).ok()?;
        String::from_utf8(text.bytes().to_vec()).ok()
    }

    /// The failure of a script that was killed. None of its code will ever run again.
    pub(super) fn killed(&self, kill: Kill) -> Box<Failure> {
        self.ignore_flag();
        self.heap.raise_limit(POST_MORTEM);
        let lua_stack = self.traceback();
        let (chunk, line) = self.frames().next().map(|place| self.full_name(place)).unzip();
        let error = self.kill_error(kill);
        Box::new(Failure { chunk, line, lua_stack, ..*self.plain(error) })
    }

    fn kill_error(&self, kill: Kill) -> Error {
        let mut error = kill.error(&self.limits);
        if let Some(panic) = self.context.as_ref().and_then(|context| context.take_panic()) {
            error.message = format!("{}: {panic}", error.message);
        }
        error
    }

    fn plain(&self, error: Error) -> Box<Failure> {
        let output = self.context.as_ref().map(|context| context.take_output()).unwrap_or_default();
        Box::new(Failure { output: cut_output(output), ..Failure::new(error) })
    }

    /// The Lua traceback of the coroutine that the script died in.
    fn traceback(&self) -> Option<String> {
        let base = self.base;
        // Names of functions may be as long as the script's source.
        // SAFETY: the closure owns nothing that has a destructor; a dead coroutine keeps its frames.
        unsafe { self.with_string(|state| ffi::luaL_traceback(state, base, std::ptr::null(), 0), message_of) }
    }

    /// The chunk and line that a message begins with, if the script was there: a message alone proves nothing.
    fn place(&self, error: &Error, code: Code, frames: &[(String, u32)]) -> Option<(String, u32)> {
        let text = error.to_string();
        let stated = |chunk: &str| -> Option<u32> {
            let (line, _) = text.strip_prefix(chunk)?.strip_prefix(':')?.split_once(':')?;
            line.parse().ok()
        };
        if code == Code::Syntax {
            let name = short_name(self.name());
            return stated(&name).map(|line| (name.into_owned(), line));
        }
        frames.iter().find(|(chunk, line)| stated(chunk) == Some(*line)).cloned()
    }

    /// Lua cuts chunk names: the main chunk's is known in full.
    fn full_name(&self, (chunk, line): (String, u32)) -> (String, u32) {
        (if chunk == short_name(self.name()) { self.name().to_owned() } else { chunk }, line)
    }

    /// Chunk and line of the Lua functions that were running, from the innermost; no more than a traceback shows.
    fn frames(&self) -> impl Iterator<Item = (String, u32)> {
        const MOST: c_int = 100;
        (0..MOST).map_while(|level| self.frame(level)).flatten().filter(|(chunk, _)| chunk != OURS)
    }

    /// The chunk and line at one level of the stack, if there is such a level, and it has a line.
    fn frame(&self, level: c_int) -> Option<Option<(String, u32)>> {
        // SAFETY: reading the frames of a dead coroutine raises no errors; `ar` is filled before it is read.
        unsafe {
            let mut ar: ffi::lua_Debug = std::mem::zeroed();
            if ffi::lua_getstack(self.base, level, &mut ar) == 0 {
                return None;
            }
            ffi::lua_getinfo(self.base, c"Sl".as_ptr(), &mut ar);
            let chunk = std::ffi::CStr::from_ptr(ar.short_src.as_ptr()).to_string_lossy().into_owned();
            Some(u32::try_from(ar.currentline).ok().map(|line| (chunk, line)))
        }
    }
}

/// The failure of a run whose results are refused.
fn refused(refusal: Refusal) -> Failure {
    let (error, limit) = match refusal {
        Refusal::Killed => (Killed.into(), None),
        Refusal::Value(reason) => (Error::new(Code::Result, format!("the result cannot cross: {reason}")), None),
        Refusal::TooLong => (Error::new(Code::Result, "the result is too long"), None),
        Refusal::TooMany(most) => {
            let message = format!("the result cannot cross: it has more values than its maxNodes of {most}");
            (Error::new(Code::Result, message), Some("maxNodes"))
        }
        Refusal::TooManyFunctions(most) => {
            let message = format!(
                "the result cannot cross: with its functions, more of the context's would be held than its maxFunctions of {most}"
            );
            (Error::new(Code::Result, message), Some("maxFunctions"))
        }
    };
    Failure { limit, ..Failure::new(error) }
}

/// Text for JavaScript. What it takes there beyond its bytes, which were counted until now, counts too.
fn whole_text(budget: &Budget, bytes: Vec<u8>, what: &str, written: usize) -> Result<String, Box<Failure>> {
    // What is not UTF-8 becomes three times as long.
    let room = if std::str::from_utf8(&bytes).is_ok() { bytes.len() } else { 4 * bytes.len() };
    let killed = |_| Box::new(Failure::new(Killed.into()));
    budget.hold(room).map_err(killed)?;
    let text = lossy(bytes);
    let more = text_size(&text).saturating_sub(text.len());
    let held = budget.hold(more);
    budget.release(if held.is_ok() { room + more } else { room });
    held.map_err(killed)?;
    if text.len() > LONGEST_STRING && units(&text) > LONGEST_STRING {
        let reason = format!(
            "the result cannot cross: its {what} has {} characters, and the longest string of JavaScript {LONGEST_STRING}",
            units(&text)
        );
        let mut output = text.into_bytes();
        output.truncate(written);
        return Err(Box::new(Failure { output: cut_output(output), ..Failure::new(Error::new(Code::Result, reason)) }));
    }
    Ok(text)
}

/// What was captured before a failure, as far as JavaScript has strings for it.
fn cut_output(mut bytes: Vec<u8>) -> String {
    bytes.truncate(LONGEST_STRING);
    lossy(bytes)
}

/// A thrown string, or a traceback, as far as anyone reads it.
fn message_of(bytes: &[u8]) -> String {
    if bytes.len() <= LONGEST {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    format!("{}... (cut from {} bytes)", String::from_utf8_lossy(&bytes[..LONGEST]), bytes.len())
}

/// What a table says in its own field `message`: no code of the script's runs.
fn stated_message(thrown: &Value) -> mlua::Result<Option<LuaString>> {
    let Value::Table(table) = thrown else { return Ok(None) };
    Ok(match table.raw_get("message")? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

/// The chunk and line that an error of ours was raised at.
fn stated_place(error: &Error) -> Option<(String, u32)> {
    let (chunk, line) = error.position.strip_suffix(": ")?.rsplit_once(':')?;
    Some((chunk.to_owned(), line.parse().ok()?))
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
