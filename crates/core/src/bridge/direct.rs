//! Direct calls: how a script calls a function of ours that needs no handle of mlua's, at a tenth of the price.
//!
//! Such a call has two halves, because Lua raises its errors by `longjmp`, which runs no destructors. In the first one,
//! Rust runs as it likes, and Lua is only read, which never raises. It leaves plain values, and in the context whatever
//! has a destructor. In the second one those values are pushed, or the error is raised, and nothing that would be lost
//! stands on the native stack.

use super::entry::{self, Inside};
use super::{Call, Context};
use crate::error::{Code, Error};
use crate::memory::{Budget, Killed};
pub(crate) use crate::value::Arg;
use crate::value::json;
use mlua::Value;
use moonpool_lua::{ffi, poll};
use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;

/// A function of ours that is called directly.
pub(crate) type Function = fn(&Direct) -> Result<Values, Error>;

/// One direct call: whose it is, and its arguments.
pub(crate) struct Direct<'a> {
    /// Whose VM it is.
    pub(crate) context: &'a Context,
    state: *mut ffi::lua_State,
}

/// A value that a function returns. What has a destructor is left in the context.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Plain {
    Nil,
    Boolean(bool),
    Integer(i64),
    Number(f64),
    Text(&'static str),
    /// The string that [`Direct::keep`] was given.
    Kept,
    /// A table of the strings that [`Direct::keep_in_list`] was given.
    KeptList,
    /// The value of the JSON text that [`Direct::keep_json`] was given.
    KeptJson,
    /// The string that [`Direct::keep_text`] was given.
    KeptText,
}

/// What a function returns: a few values, in this order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values {
    count: usize,
    values: [Plain; Values::MOST],
}

impl Values {
    const MOST: usize = 3;

    /// No values.
    pub(crate) const NONE: Self = Self { count: 0, values: [Plain::Nil; Self::MOST] };
}

impl<const N: usize> From<[Plain; N]> for Values {
    fn from(given: [Plain; N]) -> Self {
        const { assert!(N <= Values::MOST) };
        let mut values = Self { count: N, ..Self::NONE };
        values.values[..N].copy_from_slice(&given);
        values
    }
}

/// What a call leaves for its second half. The context owns it, so nothing is lost when Lua raises an error meanwhile.
#[derive(Default)]
pub(crate) struct Kept {
    string: Option<Arc<[u8]>>,
    /// Strings, each behind its length; counted in the VM's memory.
    list: Vec<u8>,
    strings: usize,
    /// Boxed, as it seldom is: every run has room for it.
    error: Option<Box<Error>>,
    json: Option<Arc<str>>,
    /// Counted in the VM's memory.
    text: Vec<u8>,
}

/// What stands before each string of the list.
const LENGTH: usize = size_of::<usize>();

impl Direct<'_> {
    /// Of a string of a host's or another script's answer, in bytes.
    const LONGEST_KEPT: usize = 4096;

    /// How many arguments there are.
    pub(crate) fn count(&self) -> usize {
        // SAFETY: the C function is running.
        unsafe { ffi::lua_gettop(self.state) as usize }
    }

    /// The `n`th argument, from 1.
    pub(crate) fn arg(&self, n: c_int) -> Arg<'_> {
        // SAFETY: the C function is running, and its arguments stay where they are until it ends.
        unsafe { Arg::at(self.state, n) }
    }

    /// Whether a script can wait here; if not, the way through mlua says why.
    pub(crate) fn can_wait(&self) -> bool {
        // SAFETY: the C function is running.
        let can_suspend =
            || unsafe { moonpool_lua::inside(self.state).get() == 0 && moonpool_lua::can_suspend(self.state) };
        !self.context.services.is_prelude && can_suspend()
    }

    /// What the run may still use.
    pub(crate) fn budget(&self) -> &Budget {
        &self.context.budget
    }

    /// Leaves a string to be returned.
    pub(crate) fn keep(&self, string: Arc<[u8]>) -> Plain {
        self.context.kept.borrow_mut().string = Some(string);
        Plain::Kept
    }

    /// Leaves a value to be returned that needs no handle; none is nil. Not a long string: nobody counts this copy of it.
    pub(crate) fn keep_plain(&self, value: Option<Arg>) -> Option<Plain> {
        Some(match value.unwrap_or(Arg::Nil) {
            Arg::Nil => Plain::Nil,
            Arg::Boolean(value) => Plain::Boolean(value),
            Arg::Integer(value) => Plain::Integer(value),
            Arg::Number(value) => Plain::Number(value),
            Arg::String(bytes) if bytes.len() <= Self::LONGEST_KEPT => self.keep(bytes.into()),
            Arg::String(_) | Arg::None | Arg::Userdata(_) | Arg::Other(_) => return None,
        })
    }

    /// Leaves a JSON text, whose value is to be returned.
    pub(crate) fn keep_json(&self, text: Arc<str>) -> Plain {
        self.context.kept.borrow_mut().json = Some(text);
        Plain::KeptJson
    }

    /// Leaves bytes to be returned as a string.
    ///
    /// # Errors
    /// When the VM has no memory for them, and then the run is killed.
    pub(crate) fn keep_text(&self, text: Vec<u8>) -> Result<Plain, Killed> {
        self.context.forget_text();
        self.budget().hold(text.capacity())?;
        self.context.kept.borrow_mut().text = text;
        Ok(Plain::KeptText)
    }

    /// The address of the `n`th argument, from 1, if it is a table.
    pub(crate) fn table(&self, n: c_int) -> Option<*const c_void> {
        // SAFETY: the C function is running.
        unsafe { (ffi::lua_type(self.state, n) == ffi::LUA_TTABLE).then(|| ffi::lua_topointer(self.state, n)) }
    }

    /// The address of the metatable that marks arrays.
    pub(crate) fn array_mark(&self) -> *const c_void {
        // SAFETY: the C function is running, and has a free slot.
        unsafe {
            json::push_array_mark(self.state);
            let mark = ffi::lua_topointer(self.state, -1);
            ffi::lua_settop(self.state, -2);
            mark
        }
    }

    /// Leaves one more string of a list to be returned; the list may be empty, too.
    ///
    /// # Errors
    /// When the VM has no memory for it, and then the run is killed.
    pub(crate) fn keep_in_list(&self, string: &[u8]) -> Result<(), Killed> {
        let kept = &mut *self.context.kept.borrow_mut();
        self.budget().extend(&mut kept.list, &string.len().to_ne_bytes())?;
        self.budget().extend(&mut kept.list, string)?;
        kept.strings += 1;
        Ok(())
    }

    /// Lua's own words for an argument of the wrong type.
    #[cfg(test)]
    pub(crate) fn bad_argument(&self, n: c_int, function: &str, wanted: &str) -> Error {
        self.bad_argument_called(n, n, function, wanted)
    }

    /// As [`Direct::bad_argument`], for a method: `self` is no argument to whoever calls it.
    pub(crate) fn bad_method_argument(&self, n: c_int, method: &str, wanted: &str) -> Error {
        self.bad_argument_called(n, n - 1, method, wanted)
    }

    fn bad_argument_called(&self, n: c_int, called: c_int, function: &str, wanted: &str) -> Error {
        let got = self.arg(n).type_name();
        let message = format!("bad argument #{called} to '{function}' ({wanted} expected, got {got})");
        Error::new(Code::Runtime, message)
    }
}

/// Gives the VM of `state` its context, or with `None` nobody's.
///
/// # Safety
/// `state` is used by this thread only, and has no running frame. The context stays where it is until the VM is given another.
pub(crate) unsafe fn set_context(state: *mut ffi::lua_State, context: Option<&Context>) {
    // SAFETY: the caller vouches for the state and the context.
    unsafe {
        moonpool_lua::set_clock(state, context.map_or(std::ptr::null(), |context| context.sources.clock()));
        moonpool_lua::set_host(state, context.map_or(std::ptr::null(), |context| ptr::from_ref(context).cast()));
    }
}

/// Makes the `n`th argument of a C function, when it is a number, the string that it is as a key: a float that is whole as
/// the integer that it equals, as in a table.
///
/// # Safety
/// As [`call`], before it.
pub(crate) unsafe fn make_key(state: *mut ffi::lua_State, n: c_int) {
    // SAFETY: as the caller; there is a free stack slot.
    unsafe {
        if ffi::lua_type(state, n) != ffi::LUA_TNUMBER {
            return;
        }
        let mut is_whole = 0;
        let whole = ffi::lua_tointegerx(state, n, &mut is_whole);
        if is_whole != 0 {
            ffi::lua_pushinteger(state, whole);
            ffi::lua_replace(state, n);
        }
        ffi::lua_tolstring(state, n, std::ptr::null_mut());
    }
}

/// Makes the `n`th argument of a C function, when it is a string that reads as a number, that number.
///
/// # Safety
/// As [`call`], before it.
pub(crate) unsafe fn make_number(state: *mut ffi::lua_State, n: c_int) {
    // SAFETY: as the caller; there is a free stack slot.
    unsafe {
        if ffi::lua_type(state, n) != ffi::LUA_TSTRING {
            return;
        }
        let mut len = 0;
        let text = ffi::lua_tolstring(state, n, &mut len);
        // What has a NUL in it is read up to there.
        match ffi::lua_stringtonumber(state, text) {
            0 => {}
            read if read == len + 1 => ffi::lua_replace(state, n),
            _ => ffi::lua_settop(state, -2),
        }
    }
}

/// How the first half ends.
enum End<T> {
    Returned(T),
    /// With an error, which the context has.
    Failed,
    Killed,
}

/// Runs `function` for the C function that `state` is calling, which is to return what this returns.
///
/// # Safety
/// Only from a C function that Lua called with `state`, as its last act, with nothing alive that has a destructor.
pub(crate) unsafe fn call(state: *mut ffi::lua_State, function: Function) -> c_int {
    // SAFETY: as the caller. Nothing here has a destructor: those of the first half have run when `perform` returns.
    unsafe {
        let context: *const Context = moonpool_lua::host(state).cast();
        if context.is_null() {
            return ffi::luaL_error(state, c"a VM without a context".as_ptr());
        }
        match perform(&Direct { context: &*context, state }, function) {
            End::Returned(values) => {
                // What is kept for a call that must succeed, has been checked.
                push_all(state, &*context, &values).unwrap_or(0)
            }
            End::Failed => {
                poll(state);
                entry::call(state, raise)
            }
            End::Killed => {
                poll(state);
                0
            }
        }
    }
}

/// What belongs to the run whose function `state` calls.
///
/// # Safety
/// `state` runs a C function of a VM that was given to a script, and the context is not used after that has ended.
pub(crate) unsafe fn context<'a>(state: *mut ffi::lua_State) -> &'a Context {
    // SAFETY: the caller vouches for the state; the context lives as long as the VM has the script.
    unsafe { &*moonpool_lua::host(state).cast::<Context>() }
}

/// Does the work of a C function that Rust does as it likes, while Lua is only read; gives what that made, or raises its
/// error. A C function may have several such parts, and use Lua's own functions between them.
///
/// # Safety
/// Only from a C function that Lua called with `state`, with nothing alive that has a destructor.
pub(crate) unsafe fn work<T: Copy>(state: *mut ffi::lua_State, work: impl FnOnce(&Direct) -> Result<T, Error>) -> T {
    // SAFETY: as the caller. All that `work` owns is gone when `perform` returns, and none of the functions after it does.
    unsafe {
        let context: *const Context = moonpool_lua::host(state).cast();
        if !context.is_null() {
            match perform(&Direct { context: &*context, state }, work) {
                End::Returned(made) => return made,
                End::Failed => {
                    poll(state);
                    entry::call(state, raise);
                }
                End::Killed => poll(state),
            }
        }
        ffi::luaL_error(state, c"a VM without a context".as_ptr());
    }
    unreachable!("Lua has raised an error")
}

/// The string that [`Direct::keep`] was given, until [`forget_kept`], or until another one is kept.
///
/// # Safety
/// As [`work`], between two of them.
pub(crate) unsafe fn kept<'a>(state: *mut ffi::lua_State) -> &'a [u8] {
    // SAFETY: as the caller; work was done before, so that there is a context.
    unsafe { &*(*moonpool_lua::host(state).cast::<Context>()).kept_string() }
}

/// Lets go of what was kept.
///
/// # Safety
/// As [`kept`].
pub(crate) unsafe fn forget_kept(state: *mut ffi::lua_State) {
    // SAFETY: as the caller.
    unsafe { (*moonpool_lua::host(state).cast::<Context>()).forget_string() }
}

/// As [`call`], for a function that may leave the call to the way through mlua: then it is `None`, and the stack has the
/// arguments.
///
/// # Safety
/// As [`call`], but that something may follow.
pub(crate) unsafe fn attempt(state: *mut ffi::lua_State, function: fn(&Direct) -> Option<Values>) -> Option<c_int> {
    // SAFETY: as `call`.
    unsafe {
        let context: *const Context = moonpool_lua::host(state).cast();
        if context.is_null() {
            return None;
        }
        let args = ffi::lua_gettop(state);
        let values = quickly(&Direct { context: &*context, state }, function)?;
        let pushed = push_all(state, &*context, &values);
        if pushed.is_none() {
            ffi::lua_settop(state, args);
        }
        pushed
    }
}

fn quickly(direct: &Direct, function: fn(&Direct) -> Option<Values>) -> Option<Values> {
    let _inside = Inside::enter();
    catch_unwind(AssertUnwindSafe(|| function(direct))).ok().flatten()
}

fn perform<T>(direct: &Direct, function: impl FnOnce(&Direct) -> Result<T, Error>) -> End<T> {
    let _inside = Inside::enter();
    match catch_unwind(AssertUnwindSafe(|| function(direct))) {
        Ok(Ok(made)) => End::Returned(made),
        Ok(Err(error)) => {
            direct.context.forget_list();
            direct.context.kept.borrow_mut().error = Some(Box::new(error));
            End::Failed
        }
        Err(panic) => {
            direct.context.panicked(&*panic);
            End::Killed
        }
    }
}

/// Raises the error that the context has.
fn raise(call: &Call) -> Result<Value, Error> {
    let error = call.context.kept.borrow_mut().error.take();
    Err(error.map_or_else(|| Error::new(Code::Internal, "a call failed without an error"), |error| *error))
}

/// # Safety
/// As [`call`].
unsafe fn push_all(state: *mut ffi::lua_State, context: &Context, values: &Values) -> Option<c_int> {
    // SAFETY: as the caller. A C function has room for so few values. What is kept stays until it is forgotten.
    unsafe {
        for value in &values.values[..values.count] {
            match *value {
                Plain::Nil => ffi::lua_pushnil(state),
                Plain::Boolean(value) => ffi::lua_pushboolean(state, value.into()),
                Plain::Integer(value) => ffi::lua_pushinteger(state, value),
                Plain::Number(value) => ffi::lua_pushnumber(state, value),
                Plain::Text(text) => push_bytes(state, text.as_bytes()),
                Plain::Kept => {
                    push_bytes(state, &*context.kept_string());
                    context.forget_string();
                }
                Plain::KeptList => {
                    push_list(state, context);
                    context.forget_list();
                }
                Plain::KeptText => {
                    push_bytes(state, &*context.kept_text());
                    context.forget_text();
                }
                Plain::KeptJson => {
                    let is_pushed = json::push(state, context.kept_json());
                    context.forget_json();
                    if !is_pushed {
                        return None;
                    }
                }
            }
        }
    }
    Some(values.count as c_int)
}

/// Pushes a string.
///
/// # Safety
/// As any function of Lua's C API that may raise an error, with a free stack slot.
pub(crate) unsafe fn push_bytes(state: *mut ffi::lua_State, bytes: &[u8]) {
    // SAFETY: as the caller.
    unsafe {
        ffi::lua_pushlstring(state, bytes.as_ptr().cast(), bytes.len());
    }
}

/// # Safety
/// As [`call`].
unsafe fn push_list(state: *mut ffi::lua_State, context: &Context) {
    /// So many strings are pushed without a look at the flag.
    const AT_ONCE: usize = 1024;
    // SAFETY: as the caller. The list is as `keep_in_list` made it.
    unsafe {
        let (list, strings) = context.kept_list();
        let mut list = &*list;
        ffi::lua_createtable(state, c_int::try_from(strings).unwrap_or(c_int::MAX), 0);
        for i in 1..=strings {
            if i % AT_ONCE == 0 {
                poll(state);
            }
            let (length, rest) = list.split_at(LENGTH);
            let mut bytes = [0; LENGTH];
            bytes.copy_from_slice(length);
            let (string, rest) = rest.split_at(usize::from_ne_bytes(bytes));
            push_bytes(state, string);
            ffi::lua_rawseti(state, -2, i as ffi::lua_Integer);
            list = rest;
        }
    }
}

// The addresses are of what stays where it is while nothing else is called directly: no script has a finalizer, which could
// run while a value is pushed. No borrow is left on the native stack.
impl Context {
    fn kept_string(&self) -> *const [u8] {
        self.kept.borrow().string.as_deref().unwrap_or_default()
    }

    fn forget_string(&self) {
        self.kept.borrow_mut().string = None;
    }

    fn kept_json(&self) -> *const [u8] {
        self.kept.borrow().json.as_deref().unwrap_or_default().as_bytes()
    }

    fn kept_text(&self) -> *const [u8] {
        &raw const *self.kept.borrow().text
    }

    fn forget_text(&self) {
        let text = std::mem::take(&mut self.kept.borrow_mut().text);
        self.budget.release(text.capacity());
    }

    fn forget_json(&self) {
        self.kept.borrow_mut().json = None;
    }

    fn kept_list(&self) -> (*const [u8], usize) {
        let kept = self.kept.borrow();
        (&raw const *kept.list, kept.strings)
    }

    fn forget_list(&self) {
        let kept = &mut *self.kept.borrow_mut();
        kept.strings = 0;
        self.budget.release(std::mem::take(&mut kept.list).capacity());
    }
}

/// Makes a C function of a [`Function`].
macro_rules! direct_function {
    ($function:path) => {{
        unsafe extern "C-unwind" fn entry(state: *mut ::moonpool_lua::ffi::lua_State) -> ::std::ffi::c_int {
            // SAFETY: Lua calls this function with its own state, and there is nothing else in this frame.
            unsafe { $crate::bridge::direct::call(state, $function) }
        }
        entry
    }};
}
pub(crate) use direct_function;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::{Limits, Services, error_value};
    use crate::memory::Heap;
    use crate::state::{Depends, MemoryStore, ScriptId};
    use mlua::Lua;
    use moonpool_lua::Flag;

    /// A VM with `function` as the global `call`; what it evaluates `code` to.
    fn evaluate(function: ffi::lua_CFunction, code: &str) -> Result<String, String> {
        let (flag, heap) = (Arc::new(Flag::new()), Box::new(Heap::new(1 << 20, None)));
        let lua = Lua::new();
        let services = Arc::new(Services::new(Arc::new(MemoryStore::default()), 0));
        // SAFETY: the heap is dropped after the VM.
        let budget = unsafe { Budget::new(flag.clone(), &heap) };
        let id = ScriptId::new("somebody").expect("an id");
        let context = Context::new(
            id,
            "chunk".into(),
            services,
            Default::default(),
            budget,
            (&Limits::default(), None),
            Depends::default(),
        );
        let mut main = std::ptr::null_mut();
        // SAFETY: the closure owns nothing that has a destructor when it may raise an error; the state is ours.
        unsafe {
            lua.exec_raw::<()>((), |state| {
                main = state;
                error_value::install(state);
                ffi::lua_pushcfunction(state, function);
                ffi::lua_setglobal(state, c"call".as_ptr());
            })
            .expect("memory");
            set_context(main, Some(&context));
            // This VM was built by mlua, and so it has a handle.
            assert!(context.handle.set(lua.clone()).is_ok());
            flag.watch(main);
        }
        let result = lua.load(code).set_name("=chunk").eval::<mlua::LuaString>();
        // SAFETY: the state is ours, and nothing runs.
        unsafe { Flag::ignore(main) };
        match flag.killed() {
            Some(_) => Err("killed".to_owned()),
            None => result.map(|text| text.to_string_lossy()).map_err(|error| error.to_string()),
        }
    }

    #[test]
    fn arguments_are_what_they_are_and_stay_so() {
        fn call(direct: &Direct) -> Result<Values, Error> {
            let shown: Vec<_> = (1..=direct.count() as c_int + 1).map(|n| format!("{:?}", direct.arg(n))).collect();
            Ok([direct.keep(shown.join(" ").into_bytes().into())].into())
        }
        let code = "local n, s = 5, '7' local shown = call(nil, true, n, 0.5, s, {}, print)
            return shown .. ' ' .. math.type(n) .. ' ' .. type(s)";
        let shown = "Nil Boolean(true) Integer(5) Number(0.5) String([55]) Other(\"table\") Other(\"function\") None";
        assert_eq!(evaluate(direct_function!(call), code), Ok(format!("{shown} integer string")));
    }

    #[test]
    fn several_values_are_returned_in_their_order() {
        fn call(direct: &Direct) -> Result<Values, Error> {
            Ok(match direct.count() {
                0 => Values::NONE,
                1 => [Plain::Boolean(true)].into(),
                2 => [Plain::Nil, Plain::Text("why")].into(),
                _ => [Plain::Integer(3), Plain::Number(0.5), direct.keep((*b"a\0b").into())].into(),
            })
        }
        let code = "local function show(...)
              local shown = {}
              for i = 1, select('#', ...) do shown[i] = ('%q'):format((select(i, ...))) end
              return table.concat(shown, ' ')
            end
            return table.concat({show(call()), show(call(1)), show(call(1, 2)), show(call(1, 2, 3))}, ';')";
        let values = r#";true;nil "why";3 0x1p-1 "a\0b""#;
        assert_eq!(evaluate(direct_function!(call), code), Ok(values.to_owned()));
    }

    #[test]
    fn a_list_is_a_table_of_its_strings() {
        fn call(direct: &Direct) -> Result<Values, Error> {
            for n in 0..3000 {
                direct.keep_in_list(n.to_string().as_bytes())?;
            }
            Ok([Plain::KeptList].into())
        }
        let code = "local list = call() local again = call()
            return #list .. ' ' .. list[1] .. ' ' .. list[3000] .. ' ' .. #again";
        assert_eq!(evaluate(direct_function!(call), code), Ok("3000 0 2999 3000".to_owned()));
    }

    #[test]
    fn an_error_is_a_value_with_a_code_and_the_place_of_the_call() {
        fn call(direct: &Direct) -> Result<Values, Error> {
            Err(direct.bad_argument(2, "call", "number"))
        }
        let code = "local ok, e = pcall(function()\n call(1, {}) end) return e.code .. ' ' .. tostring(e)";
        let shown = "ERR_LUA_RUNTIME chunk:2: bad argument #2 to 'call' (number expected, got table)";
        assert_eq!(evaluate(direct_function!(call), code), Ok(shown.to_owned()));
    }

    #[test]
    fn a_panic_kills_the_run() {
        fn call(_: &Direct) -> Result<Values, Error> {
            panic!("a bug")
        }
        let code = "pcall(call) pcall(call) return 'it goes on'";
        assert_eq!(evaluate(direct_function!(call), code), Err("killed".to_owned()));
    }

    #[test]
    fn a_list_that_the_vm_has_no_memory_for_kills_the_run() {
        fn call(direct: &Direct) -> Result<Values, Error> {
            loop {
                direct.keep_in_list(&[b'x'; 1000])?;
            }
        }
        assert_eq!(evaluate(direct_function!(call), "pcall(call) return 'it goes on'"), Err("killed".to_owned()));
    }
}
