//! The allow-list: which of Lua's libraries and functions a script finds, and ours beside them.
//!
//! Everything here is opened before any script, by `open`. What an engine may leave out are the [`Libraries`].

use super::{
    crypto, encoding, host, json, log, output, parallel, regex, require, script, scripts, set_library, shared, state,
    time, timer, url,
};
use crate::bridge::error_value;
use moonpool_lua::ffi;
use std::ffi::{CStr, c_int};

/// How a library comes into a state: called in protected mode, with an empty stack, leaving anything on it.
enum Open {
    /// One of Lua's own.
    Lua(&'static CStr, ffi::lua_CFunction),
    /// One of ours, or what we take of Lua's.
    Ours(unsafe fn(*mut ffi::lua_State)),
}

/// The libraries that an engine may leave out. Lua's own are safe as they are, after the edits to Lua.
const SELECTABLE: &[(&str, Open)] = &[
    ("base64", Open::Ours(encoding::install_base64)),
    ("coroutine", Open::Lua(c"coroutine", ffi::luaopen_coroutine)),
    ("crypto", Open::Ours(crypto::install)),
    ("hex", Open::Ours(encoding::install_hex)),
    ("io", Open::Ours(output::install_io)),
    ("json", Open::Ours(json::install)),
    ("log", Open::Ours(log::install)),
    ("math", Open::Lua(c"math", ffi::luaopen_math)),
    ("os", Open::Ours(open_os)),
    ("regex", Open::Ours(regex::install)),
    ("scripts", Open::Ours(scripts::install)),
    ("Shared", Open::Ours(shared::install)),
    ("State", Open::Ours(state::install)),
    ("string", Open::Ours(open_string)),
    ("table", Open::Lua(c"table", ffi::luaopen_table)),
    ("time", Open::Ours(time::install)),
    ("timer", Open::Ours(timer::install)),
    ("url", Open::Ours(url::install)),
    ("utf8", Open::Lua(c"utf8", ffi::luaopen_utf8)),
];

/// Which of the libraries that may be left out a VM has. All have the base functions, `print`, `warn` and `script`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Libraries(u32);

impl Libraries {
    /// Every library.
    pub const ALL: Self = Self((1 << SELECTABLE.len()) - 1);

    /// The libraries with these names; the name that is none, if there is one.
    ///
    /// # Errors
    /// A name that is not a library's.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, &'a str> {
        names.into_iter().try_fold(Self(0), |Self(bits), name| {
            let index = SELECTABLE.iter().position(|(known, _)| *known == name).ok_or(name)?;
            Ok(Self(bits | 1 << index))
        })
    }

    /// Their names, sorted.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SELECTABLE.iter().map(|(name, _)| *name)
    }

    /// As an integer, for a trip through Lua.
    pub(crate) const fn bits(self) -> u32 {
        self.0
    }
}

/// What the base library offers and a script must not have: files.
const ABSENT_GLOBALS: &[&CStr] = &[c"dofile", c"loadfile"];

/// What a script may have of `os`: reading the time.
const OS_FUNCTIONS: &[&CStr] = &[c"time", c"clock", c"date", c"difftime"];

/// Opens the libraries in a new state, before any script, and returns the coroutine that the script will run in.
///
/// # Safety
/// Only through `lua_pcall`, as a C function whose argument is the bits of [`Libraries`].
pub(crate) unsafe extern "C-unwind" fn open(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by Lua with its own state and LUA_MINSTACK free slots; nothing here has a destructor.
    unsafe {
        let bits = ffi::lua_tointeger(state, 1);
        moonpool_lua::make_room(state);
        open_library(state, c"_G", ffi::luaopen_base);
        for name in ABSENT_GLOBALS {
            ffi::lua_pushnil(state);
            ffi::lua_setglobal(state, name.as_ptr());
        }
        for (name, function) in [(c"collectgarbage", collectgarbage as _), output::PRINT, log::WARN] {
            ffi::lua_pushcfunction(state, function);
            ffi::lua_setglobal(state, name.as_ptr());
        }
        error_value::install(state);
        json::install_marks(state);
        script::install(state);
        require::install(state);
        host::install(state);
        parallel::install(state);
        for (i, (_, open)) in SELECTABLE.iter().enumerate() {
            match open {
                _ if bits & 1 << i == 0 => {}
                Open::Lua(name, function) => open_library(state, name, *function),
                Open::Ours(install) => install(state),
            }
            ffi::lua_settop(state, 0);
        }
        ffi::lua_newthread(state);
    }
    1
}

/// # Safety
/// As [`open`].
unsafe fn open_library(state: *mut ffi::lua_State, name: &CStr, function: ffi::lua_CFunction) {
    // SAFETY: as the caller.
    unsafe { ffi::luaL_requiref(state, name.as_ptr(), function, 1) }
}

/// # Safety
/// As [`open`].
unsafe fn open_string(state: *mut ffi::lua_State) {
    // SAFETY: as the caller.
    unsafe {
        open_library(state, c"string", ffi::luaopen_string);
        remove(state, c"string", c"dump");
        freeze_string_metatable(state);
    }
}

/// # Safety
/// As [`open`].
unsafe fn open_os(state: *mut ffi::lua_State) {
    // SAFETY: as the caller. The full library is left to the garbage collector.
    unsafe {
        ffi::lua_pushcfunction(state, ffi::luaopen_os);
        ffi::lua_call(state, 0, 1);
        ffi::lua_createtable(state, 0, OS_FUNCTIONS.len() as c_int);
        for name in OS_FUNCTIONS {
            ffi::lua_getfield(state, -2, name.as_ptr());
            ffi::lua_setfield(state, -2, name.as_ptr());
        }
        set_library(state, c"os");
        ffi::lua_settop(state, -2);
    }
}

/// # Safety
/// As [`open`].
unsafe fn remove(state: *mut ffi::lua_State, library: &CStr, function: &CStr) {
    // SAFETY: as the caller.
    unsafe {
        ffi::lua_getglobal(state, library.as_ptr());
        ffi::lua_pushnil(state);
        ffi::lua_setfield(state, -2, function.as_ptr());
        ffi::lua_settop(state, -2);
    }
}

/// All strings share one metatable: hide it, so that no script can change what methods strings have behind
/// the back of the `string` table.
///
/// # Safety
/// As [`open`].
unsafe fn freeze_string_metatable(state: *mut ffi::lua_State) {
    // SAFETY: as the caller.
    unsafe {
        ffi::lua_pushstring(state, c"".as_ptr());
        ffi::lua_getmetatable(state, -1);
        ffi::lua_pushboolean(state, 0);
        ffi::lua_setfield(state, -2, c"__metatable".as_ptr());
        ffi::lua_settop(state, -3);
    }
}

/// `collectgarbage("count")`; every other option could be used to stall or stop the collector.
unsafe extern "C-unwind" fn collectgarbage(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by Lua with its own state; nothing here has a destructor.
    unsafe {
        let option = CStr::from_ptr(ffi::luaL_optstring(state, 1, c"collect".as_ptr()));
        if option != c"count" {
            return ffi::luaL_argerror(state, 1, c"only \"count\" is available".as_ptr());
        }
        let bytes = f64::from(ffi::lua_gc(state, ffi::LUA_GCCOUNT)) * 1024.0;
        ffi::lua_pushnumber(state, (bytes + f64::from(ffi::lua_gc(state, ffi::LUA_GCCOUNTB))) / 1024.0);
    }
    1
}
