//! Compiled chunks: bytecode that our own compiler made, and nobody else.

use mlua::{Lua, Value};
use moonpool_lua::ffi;
use std::borrow::Cow;
use std::ffi::{CString, c_int, c_void};
use std::sync::Arc;

/// The chunk name of our own code in Lua, whose frames are nowhere that an error happened.
pub(crate) const OURS: &str = "[moonpool]";

/// A name as Lua takes it when it is to be shown as it is.
pub(crate) fn chunk_name(name: &str) -> CString {
    CString::new(format!("={name}")).unwrap_or_default()
}

/// A chunk's name as Lua shows it in messages.
pub(crate) fn short_name(name: &str) -> Cow<'_, str> {
    // LUA_IDSIZE, less the NUL.
    let longest = 59;
    String::from_utf8_lossy(&name.as_bytes()[..name.len().min(longest)])
}

/// A compiled chunk. Made by our own compiler only, because Lua runs bytecode unverified.
pub struct Compiled {
    name: Arc<str>,
    bytecode: Box<[u8]>,
}

impl Compiled {
    /// The name that the chunk has in messages.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Something of a size, which is no code.
    #[cfg(test)]
    pub(crate) fn of_size(name: &str, bytes: usize) -> Self {
        Self { name: name.into(), bytecode: vec![0; bytes].into() }
    }

    /// How many bytes its name and its bytecode have.
    pub(crate) fn size(&self) -> usize {
        self.name.len() + self.bytecode.len()
    }

    /// Compiles our own source.
    ///
    /// # Errors
    /// When the VM's memory does not suffice, or the source does not compile.
    pub(crate) fn new(lua: &Lua, source: &[u8], name: &str) -> mlua::Result<Self> {
        let mut dump = Dump::new(usize::MAX);
        let chunk_name = chunk_name(name);
        let (text, size, dumped) = (source.as_ptr().cast(), source.len(), &raw mut dump);
        // SAFETY: the closure owns nothing that has a destructor; the writer gets the dump, and raises no error.
        unsafe {
            lua.exec_raw::<()>((), |state| {
                if ffi::luaL_loadbufferx(state, text, size, chunk_name.as_ptr(), c"t".as_ptr()) != ffi::LUA_OK {
                    ffi::lua_error(state);
                }
                ffi::lua_dump(state, append, dumped.cast(), 0);
                ffi::lua_settop(state, 0);
            })?;
        }
        Ok(Self { name: name.into(), bytecode: dump.bytecode.into() })
    }

    /// Loads the chunk onto a coroutine that is not running; the status is Lua's.
    ///
    /// # Safety
    /// `state` is valid, used by this thread only, and has a free stack slot.
    pub(crate) unsafe fn load_onto(&self, state: *mut ffi::lua_State) -> c_int {
        // SAFETY: the caller vouches for the state; the bytecode is what our own compiler made.
        unsafe { moonpool_lua::load_bytecode(state, &self.bytecode, &chunk_name(&self.name)) }
    }

    /// The chunk's function, in a running VM.
    ///
    /// # Errors
    /// When the VM's memory does not suffice.
    pub(crate) fn load(&self, lua: &Lua) -> mlua::Result<Value> {
        // SAFETY: the closure owns nothing that has a destructor; an error object is left to be raised.
        unsafe {
            lua.exec_raw((), |state| {
                if self.load_onto(state) != ffi::LUA_OK {
                    ffi::lua_error(state);
                }
            })
        }
    }

    /// The function on top of the stack, which was just compiled of source by us, with its debug information; nothing when
    /// that takes more than `most` bytes. No memory limit counts the bytes, and there may be dozens of times as many as the
    /// source has: a name is written once for each function that it passes through.
    ///
    /// # Safety
    /// `state` is valid, used by this thread only, and has such a function on top.
    pub(crate) unsafe fn of_top(state: *mut ffi::lua_State, name: Arc<str>, most: usize) -> Option<Self> {
        let mut dump = Dump::new(most);
        // SAFETY: the caller vouches for the state; the writer gets the dump, and raises no error.
        let status = unsafe { ffi::lua_dump(state, append, (&raw mut dump).cast(), 0) };
        (status == 0).then_some(Self { name, bytecode: dump.bytecode.into() })
    }
}

/// Bytecode that is being written, and how many bytes it may have.
struct Dump {
    bytecode: Vec<u8>,
    most: usize,
}

impl Dump {
    /// One that has room for what most scripts take: Lua writes it in pieces of a few bytes.
    fn new(most: usize) -> Self {
        Self { bytecode: Vec::with_capacity(most.min(1 << 10)), most }
    }
}

/// Lua's `lua_Writer`. What it returns ends the dump, if it is not zero.
unsafe extern "C-unwind" fn append(
    _state: *mut ffi::lua_State,
    bytes: *const c_void,
    size: usize,
    dump: *mut c_void,
) -> c_int {
    // SAFETY: Lua passes what `lua_dump` was given.
    let dump = unsafe { &mut *dump.cast::<Dump>() };
    if size > dump.most - dump.bytecode.len() {
        return 1;
    }
    if size > 0 {
        // SAFETY: Lua passes its bytes.
        dump.bytecode.extend_from_slice(unsafe { std::slice::from_raw_parts(bytes.cast(), size) });
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytecode of a source, if it takes no more than `most` bytes; and how many bytes it takes.
    fn compiled(source: &str, most: usize) -> (Option<Compiled>, usize) {
        let lua = Lua::new();
        let bytecode = Compiled::new(&lua, source.as_bytes(), "test").expect("it compiles").bytecode.len();
        let mut compiled = None;
        let chunk_name = chunk_name("test");
        // SAFETY: nothing raises an error: the source compiles.
        unsafe {
            lua.exec_raw::<()>((), |state| {
                let (text, size) = (source.as_ptr().cast(), source.len());
                assert_eq!(ffi::luaL_loadbufferx(state, text, size, chunk_name.as_ptr(), c"t".as_ptr()), ffi::LUA_OK);
                compiled = Compiled::of_top(state, "test".into(), most);
                ffi::lua_settop(state, 0);
            })
            .expect("no error");
        }
        (compiled, bytecode)
    }

    #[test]
    fn bytecode_that_is_longer_than_wanted_is_not_made() {
        // Each of the functions has the name of its upvalue.
        let name = "n".repeat(50_000);
        let (open, close) = ("return function() ".repeat(60), " end".repeat(60));
        let source = format!("local {name} {open} return {name} {close}");
        let (none, takes) = compiled(&source, 200_000);
        assert!(none.is_none() && takes > 3_000_000, "{takes}");
        for most in [takes - 1, takes] {
            assert_eq!(compiled(&source, most).0.is_some(), most == takes);
        }
        assert!(compiled("return 1", 0).0.is_none());
    }
}
