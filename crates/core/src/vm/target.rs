//! What a run in a context calls, reads or sets without a chunk of its own: a global, what stands behind the dots of its
//! name, or a function that JavaScript holds.

use super::{Progress, Vm};
use crate::error::{Code, Error, Failure, quoted};
use crate::value::{Functions, Refusal, Released, Values, type_name};
use mlua::{Lua, MultiValue, Value};
use moonpool_lua::ffi;
use std::ffi::c_int;
use std::sync::Arc;

/// What is called.
#[derive(Clone)]
pub enum Target {
    /// What this name means: a global, or with dots, as in `room.tick`, what a script would find there.
    Named(Arc<str>),
    /// The function of this number, which JavaScript holds.
    Function(i64),
}

/// What is done with what a name means.
#[derive(Clone, Copy, PartialEq)]
enum Act {
    Call,
    Get,
    Set,
}

/// A name whose value Lua is asked for, because metamethods decide; and what comes then.
pub(super) struct Reaching {
    act: Act,
    name: Arc<str>,
    /// How many parts of the name were known before.
    known: usize,
    args: Option<Values>,
}

/// What a name was found to mean.
struct Reached {
    value: Value,
    /// How many parts of the name that is.
    parts: usize,
    /// The type of what the last part was looked up in, if that was no table.
    within: Option<String>,
}

/// So much was put onto the base coroutine: what is to be resumed, with so many arguments, or the result.
type Prepared = Result<Option<c_int>, Box<Failure>>;

impl Vm {
    /// Prepares a call.
    pub(super) fn prepare_call(&mut self, target: &Target, args: Option<&Values>) -> Prepared {
        match target {
            Target::Named(name) => self.prepare_named(Act::Call, name, args),
            Target::Function(number) => {
                let functions = self.of_run().handle.get().and_then(|lua| lua.app_data_ref::<Functions>());
                let function = functions.map_or(Ok(Value::Nil), |functions| functions.get(*number));
                let function = function.map_err(|error| self.not_handed_over(error.into()))?;
                if function.is_nil() {
                    return Err(failed("the function is not there any more".into()));
                }
                self.call_with(function, args)
            }
        }
    }

    /// Prepares to give the value of a name.
    pub(super) fn prepare_get(&mut self, name: &Arc<str>) -> Prepared {
        self.prepare_named(Act::Get, name, None)
    }

    /// Prepares to set a name to the first of these values.
    pub(super) fn prepare_set(&mut self, name: &Arc<str>, args: Option<&Values>) -> Prepared {
        self.prepare_named(Act::Set, name, args)
    }

    /// Goes as far as no metamethod has a say, and lets Lua do the rest. Globals are none of a metamethod's business.
    fn prepare_named(&mut self, act: Act, name: &Arc<str>, args: Option<&Values>) -> Prepared {
        let parts: Vec<&str> = name.split('.').collect();
        let globals = self.lua().map(Lua::globals).map_err(|error| self.not_handed_over(error.into()))?;
        let (mut value, mut known) = (Value::Table(globals), 0);
        let last = parts.len() - usize::from(act == Act::Set);
        while known < last
            && let Value::Table(table) = &value
        {
            let next = table.raw_get::<Value>(parts[known]);
            let next = next.map_err(|error| self.not_handed_over(error.into()))?;
            if next.is_nil() && known > 0 {
                break;
            }
            (value, known) = (next, known + 1);
        }
        if act == Act::Set && known == last {
            let new = self.first_of(args).map_err(|refusal| self.not_handed_over(refusal))?;
            match &value {
                Value::Table(table) if known == 0 || table.metatable().is_none() => {
                    let set = table.raw_set(parts[known], new);
                    return set.map(|()| None).map_err(|error| self.not_handed_over(error.into()));
                }
                _ => return self.reach(act, name, &parts, known, value, Some(new), args),
            }
        }
        if known == parts.len() {
            return self.act_on(act, name, Reached { value, parts: known, within: None }, args);
        }
        self.reach(act, name, &parts, known, value, None, args)
    }

    /// Lets Lua go on from a value that it has to look into.
    #[allow(clippy::too_many_arguments, reason = "called from one place, which has them all at hand")]
    fn reach(
        &mut self,
        act: Act,
        name: &Arc<str>,
        parts: &[&str],
        known: usize,
        value: Value,
        new: Option<Value>,
        args: Option<&Values>,
    ) -> Prepared {
        let put = || -> mlua::Result<c_int> {
            // SAFETY: the closure owns nothing that has a destructor.
            let find = unsafe { self.lua()?.exec_raw::<Value>((), |state| ffi::lua_pushcfunction(state, find))? };
            let sets = Value::Boolean(new.is_some());
            for value in [find, sets, new.clone().unwrap_or(Value::Nil), value.clone()] {
                self.push(value)?;
            }
            for part in &parts[known..] {
                self.push(Value::String(self.lua()?.create_string(part)?))?;
            }
            Ok((BEFORE_PARTS as usize + parts.len() - known) as c_int)
        };
        let count = put().map_err(|error| self.not_handed_over(error.into()))?;
        // What is set has been handed over.
        let args = args.filter(|_| act == Act::Call).cloned();
        self.reaching = Some(Reaching { act, name: name.clone(), known, args });
        Ok(Some(count))
    }

    /// Goes on when Lua has found what a name means.
    pub(super) fn reached(&mut self, Reaching { act, name, known, args }: Reaching) -> Progress {
        let prepared = match self.take_found() {
            Ok((value, found, within)) => {
                let within = (within != "table").then_some(within);
                self.act_on(act, &name, Reached { value, parts: known + found, within }, args.as_ref())
            }
            Err(error) => Err(self.not_handed_over(error.into())),
        };
        self.proceed(prepared)
    }

    /// Does with a value what is to be done, or says what is wrong with it.
    fn act_on(&mut self, act: Act, name: &Arc<str>, reached: Reached, args: Option<&Values>) -> Prepared {
        let Reached { value, parts, within } = reached;
        let whole = name.split('.').count();
        if parts < whole {
            return Err(failed(unfit(act, name, parts, &value)));
        }
        match act {
            Act::Set => Ok(None),
            Act::Get => self.push(value).map(|()| None).map_err(|error| self.not_handed_over(error.into())),
            Act::Call => {
                let callable = self.is_callable(&value).map_err(|error| self.not_handed_over(error.into()))?;
                if callable {
                    return self.call_with(value, args);
                }
                let within = within.map_or(String::new(), |kind| {
                    format!(" ({} is a {kind} value)", quoted(&first_parts(name, whole - 1)))
                });
                Err(failed(unfit(act, name, whole, &value) + &within))
            }
        }
    }

    fn call_with(&mut self, function: Value, args: Option<&Values>) -> Prepared {
        let put = self.push(function).map_err(Refusal::from).and_then(|()| self.hand_over_args(args));
        put.map(Some).map_err(|refusal| self.not_handed_over(refusal))
    }

    /// The first of the values that a run is given.
    fn first_of(&self, args: Option<&Values>) -> Result<Value, Refusal> {
        let Some(args) = args else { return Ok(Value::Nil) };
        let values = self.read(args, |reader| reader.values())?;
        Ok(values.into_iter().next().unwrap_or(Value::Nil))
    }

    /// What [`find`] returned.
    fn take_found(&self) -> mlua::Result<(Value, usize, String)> {
        let base = self.base;
        // SAFETY: the closure owns nothing that has a destructor; `base` has ended, and holds the three results.
        let found = unsafe {
            self.lua()?.exec_raw::<MultiValue>((), |state| {
                ffi::lua_xmove(base, state, FOUND);
            })?
        };
        let mut found = found.into_iter();
        let value = found.next().unwrap_or(Value::Nil);
        let parts = found.next().and_then(|parts| parts.as_usize()).unwrap_or(0);
        let within = found.next().and_then(|kind| kind.to_string().ok()).unwrap_or_default();
        Ok((value, parts, within))
    }

    /// Whether Lua can call a value: a function, or what has a `__call`.
    fn is_callable(&self, value: &Value) -> mlua::Result<bool> {
        if value.is_function() {
            return Ok(true);
        }
        // SAFETY: the closure owns nothing that has a destructor, and is given one value.
        unsafe {
            self.lua()?.exec_raw::<bool>(value.clone(), |state| {
                let callable = ffi::luaL_getmetafield(state, -1, c"__call".as_ptr()) != ffi::LUA_TNIL;
                ffi::lua_settop(state, if callable { -3 } else { -2 });
                ffi::lua_pushboolean(state, c_int::from(callable));
            })
        }
    }

    /// Forgets the functions that JavaScript has released.
    pub(super) fn forget(&self, released: &Released) -> mlua::Result<()> {
        let functions = self.of_run().handle.get().and_then(|lua| lua.app_data_ref::<Functions>());
        let Some(functions) = functions else { return Ok(()) };
        released.take().into_iter().try_for_each(|(first, last)| functions.release(first, last))
    }
}

/// What [`find`] is given before the parts: whether it sets, what it sets, and where it begins.
const BEFORE_PARTS: c_int = 3;

/// How many values [`find`] returns.
const FOUND: c_int = 3;

/// Looks parts up, each in what the one before gave, as a script does with dots: metamethods are asked. Returns what it
/// found last, how many parts that is, and the type of what the last part was looked up in.
unsafe extern "C-unwind" fn find(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: Lua calls this function with its own state. Nothing in this frame has a destructor, so that errors may pass
    // through it. It needs three more places than it has arguments, and every C function has twenty.
    unsafe {
        let last = ffi::lua_gettop(state);
        let sets = ffi::lua_toboolean(state, 1) != 0;
        let mut within = ffi::LUA_TTABLE;
        let mut found = 0;
        ffi::lua_pushvalue(state, BEFORE_PARTS);
        for part in BEFORE_PARTS + 1..=last {
            let sets_here = sets && part == last;
            let event = if sets_here { c"__newindex" } else { c"__index" };
            within = ffi::lua_type(state, -1);
            if within != ffi::LUA_TTABLE {
                if ffi::luaL_getmetafield(state, -1, event.as_ptr()) == ffi::LUA_TNIL {
                    break;
                }
                ffi::lua_settop(state, -2);
            }
            ffi::lua_pushvalue(state, part);
            if sets_here {
                ffi::lua_pushvalue(state, 2);
                ffi::lua_settable(state, -3);
            } else {
                ffi::lua_gettable(state, -2);
                ffi::lua_replace(state, -2);
            }
            found += 1;
        }
        ffi::lua_pushinteger(state, found);
        ffi::lua_pushstring(state, ffi::lua_typename(state, within));
        FOUND
    }
}

/// What is wrong with the value that so many parts of a name mean.
fn unfit(act: Act, name: &str, parts: usize, value: &Value) -> String {
    let what = match act {
        Act::Call => "called",
        Act::Get => "read",
        Act::Set => "set",
    };
    let part = first_parts(name, parts);
    format!("{} cannot be {what}: {} is a {} value", quoted(name), quoted(&part), type_name(value))
}

/// The first parts of a name.
fn first_parts(name: &str, parts: usize) -> String {
    name.split('.').take(parts).collect::<Vec<_>>().join(".")
}

fn failed(message: String) -> Box<Failure> {
    Box::new(Failure::new(Error::new(Code::Runtime, message)))
}
