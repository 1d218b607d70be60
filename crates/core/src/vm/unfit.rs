//! By what name a prelude has left something that cannot be copied.

use crate::error::quoted_bytes;
use moonpool_lua::ffi;
use moonpool_lua::image::{Unfit, has_begun};
use std::collections::HashMap;
use std::ffi::{CStr, c_int};

/// How far is looked from the globals.
const DEEPEST: usize = 12;

/// Slots of the stack for each step.
const SLOTS: c_int = 6;

/// So many values are looked at, at each depth.
const MOST: usize = 1_000_000;

/// Says what it is, and where it is found first.
///
/// # Safety
/// `state` is the main thread of a VM that this thread uses, with no running frame.
pub(super) unsafe fn describe(state: *mut ffi::lua_State, why: Unfit) -> String {
    // SAFETY: the caller vouches for the state. Nothing here raises an error: keys are those that are there, and there is room.
    let found = unsafe {
        if ffi::lua_checkstack(state, DEEPEST as c_int * SLOTS + 20) == 0 {
            return left(why);
        }
        let top = ffi::lua_gettop(state);
        let found = (1..=DEEPEST).find_map(|deepest| {
            let mut search = Search { state, why, deepest, seen: HashMap::new() };
            ffi::lua_rawgeti(state, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_GLOBALS);
            let found = search.look(0, &Path::Globals);
            ffi::lua_settop(state, top);
            found
        });
        ffi::lua_settop(state, top);
        found
    };
    found.unwrap_or_else(|| left(why))
}

/// What is said of what is found under no name.
fn left(why: Unfit) -> String {
    match why {
        Unfit::Begun => format!("it leaves {BEGUN}"),
        Unfit::Userdata => format!("it leaves {USERDATA}"),
    }
}

const BEGUN: &str = "a coroutine that has begun";
const USERDATA: &str = "a userdata";

/// A search of what cannot be copied, to some depth.
struct Search {
    state: *mut ffi::lua_State,
    why: Unfit,
    deepest: usize,
    /// Where things were seen, and how deep.
    seen: HashMap<usize, usize>,
}

/// How a value was reached.
enum Path<'a> {
    Globals,
    Field(&'a Path<'a>, String),
    Upvalue(&'a Path<'a>, String),
    Metatable(&'a Path<'a>),
    /// A value that a coroutine, or a function in C, keeps.
    Within(&'a Path<'a>),
    Key(&'a Path<'a>),
}

impl Path<'_> {
    fn shown(&self) -> String {
        match self {
            Path::Globals => "_G".to_owned(),
            // Modules are known to `require` only.
            Path::Field(Path::Upvalue(Path::Field(Path::Globals, require), loaded), name)
                if require == "require" && loaded == "loaded" =>
            {
                format!("the module {name}")
            }
            Path::Field(Path::Globals, name) => name.clone(),
            Path::Field(within, name) if name.starts_with('[') => format!("{}{name}", within.shown()),
            Path::Field(within, name) => format!("{}.{name}", within.shown()),
            Path::Upvalue(of, name) => format!("the upvalue '{name}' of {}", of.shown()),
            Path::Metatable(of) => format!("the metatable of {}", of.shown()),
            Path::Within(of) => of.shown(),
            Path::Key(of) => format!("a key of {}", of.shown()),
        }
    }
}

impl Search {
    /// Looks at the value on top of the stack, and pops it.
    ///
    /// # Safety
    /// As [`describe`], with room on the stack for what is left of the depth.
    unsafe fn look(&mut self, depth: usize, path: &Path) -> Option<String> {
        let state = self.state;
        // SAFETY: the caller vouches for the state.
        unsafe {
            let (at, kind) = (ffi::lua_gettop(state), ffi::lua_type(state, -1));
            let found = match kind {
                ffi::LUA_TUSERDATA if self.why == Unfit::Userdata && is_unfit(state) => Some(match path {
                    Path::Within(of) => format!("{} keeps {USERDATA}", of.shown()),
                    _ => format!("{} is {USERDATA}", path.shown()),
                }),
                ffi::LUA_TTHREAD if self.why == Unfit::Begun && has_begun(ffi::lua_tothread(state, -1)) => {
                    Some(format!("{} is {BEGUN}", path.shown()))
                }
                ffi::LUA_TTABLE | ffi::LUA_TFUNCTION | ffi::LUA_TTHREAD | ffi::LUA_TUSERDATA if self.goes_on(depth) => {
                    self.look_inside(depth + 1, kind, path)
                }
                _ => None,
            };
            ffi::lua_settop(state, at - 1);
            found
        }
    }

    /// Whether what is inside of the value on top is to be looked at.
    fn goes_on(&mut self, depth: usize) -> bool {
        // SAFETY: as `look`.
        let address = unsafe { ffi::lua_topointer(self.state, -1).addr() };
        let known = self.seen.get(&address).is_some_and(|&seen| seen <= depth);
        if known || depth >= self.deepest || self.seen.len() >= MOST {
            return false;
        }
        self.seen.insert(address, depth);
        true
    }

    /// # Safety
    /// As [`Search::look`].
    unsafe fn look_inside(&mut self, depth: usize, kind: c_int, path: &Path) -> Option<String> {
        let state = self.state;
        // SAFETY: as the caller.
        unsafe {
            let at = ffi::lua_gettop(state);
            match kind {
                ffi::LUA_TTABLE => {
                    ffi::lua_pushnil(state);
                    while ffi::lua_next(state, at) != 0 {
                        let name = key(state);
                        let found = self.look(depth, &Path::Field(path, name));
                        ffi::lua_pushvalue(state, -1);
                        let found = found.or_else(|| self.look(depth, &Path::Key(path)));
                        ffi::lua_settop(state, at + 1);
                        if found.is_some() {
                            return found;
                        }
                    }
                }
                ffi::LUA_TTHREAD => {
                    let co = ffi::lua_tothread(state, at);
                    for i in 1..=ffi::lua_gettop(co).min(20) {
                        if co == state || ffi::lua_checkstack(co, 1) == 0 {
                            break;
                        }
                        ffi::lua_pushvalue(co, i);
                        ffi::lua_xmove(co, state, 1);
                        let found = self.look(depth, &Path::Within(path));
                        if found.is_some() {
                            return found;
                        }
                    }
                }
                ffi::LUA_TFUNCTION => {
                    for n in 1.. {
                        let name = ffi::lua_getupvalue(state, at, n);
                        if name.is_null() {
                            break;
                        }
                        let name = quoted_bytes(CStr::from_ptr(name).to_bytes()).into_owned();
                        let within = if name.is_empty() { Path::Within(path) } else { Path::Upvalue(path, name) };
                        let found = self.look(depth, &within);
                        if found.is_some() {
                            return found;
                        }
                    }
                }
                _ => {}
            }
            if ffi::lua_getmetatable(state, at) != 0 {
                return self.look(depth, &Path::Metatable(path));
            }
            None
        }
    }
}

/// Whether the userdata on top has what cannot be copied.
///
/// # Safety
/// As [`Search::look`].
unsafe fn is_unfit(state: *mut ffi::lua_State) -> bool {
    // SAFETY: as the caller. The main thread keeps the one userdata with bytes that is copied.
    unsafe { ffi::lua_rawlen(state, -1) > 0 && ffi::lua_rawequal(state, -1, 2) == 0 }
}

/// The key below the value on top, as it is written in Lua.
///
/// # Safety
/// As [`Search::look`].
unsafe fn key(state: *mut ffi::lua_State) -> String {
    const LONGEST: usize = 60;
    // SAFETY: as the caller. Only of a string, which stays what it is, a text is asked.
    unsafe {
        match ffi::lua_type(state, -2) {
            ffi::LUA_TSTRING => {
                let mut len = 0;
                let text = ffi::lua_tolstring(state, -2, &mut len);
                let text = std::slice::from_raw_parts(text.cast::<u8>(), len);
                let is_name = text.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_') && !text.is_empty();
                if is_name && len <= LONGEST && !text[0].is_ascii_digit() {
                    return String::from_utf8_lossy(text).into_owned();
                }
                format!("['{}']", quoted_bytes(&text[..len.min(LONGEST)]))
            }
            ffi::LUA_TNUMBER if ffi::lua_isinteger(state, -2) != 0 => format!("[{}]", ffi::lua_tointeger(state, -2)),
            ffi::LUA_TNUMBER => format!("[{}]", ffi::lua_tonumber(state, -2)),
            ffi::LUA_TBOOLEAN => format!("[{}]", ffi::lua_toboolean(state, -2) != 0),
            kind => format!("[a {}]", CStr::from_ptr(ffi::lua_typename(state, kind)).to_string_lossy()),
        }
    }
}
