//! Compiled chunks: bytecode that our own compiler made, and nobody else.

use mlua::{Lua, Value};
use moonpool_lua::ffi;
use std::ffi::{CString, c_int, c_void};
use std::sync::Arc;

/// The chunk name of our own code in Lua, whose frames are nowhere that an error happened.
pub(crate) const OURS: &str = "[moonpool]";

/// A name as Lua takes it when it is to be shown as it is.
pub(crate) fn chunk_name(name: &str) -> CString {
    CString::new(format!("={name}")).unwrap_or_default()
}

/// A compiled chunk. Made by our own compiler only, because Lua runs bytecode unverified.
pub struct Compiled {
    name: Arc<str>,
    bytecode: Vec<u8>,
}

impl Compiled {
    /// The name that the chunk has in messages.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Something of a size, which is no code.
    #[cfg(test)]
    pub(crate) fn of_size(name: &str, bytes: usize) -> Self {
        Self { name: name.into(), bytecode: vec![0; bytes] }
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
        let mut compiled = Self { name: name.into(), bytecode: Vec::new() };
        let chunk_name = chunk_name(name);
        let (text, size, bytecode) = (source.as_ptr().cast(), source.len(), &raw mut compiled.bytecode);
        // SAFETY: the closure owns nothing that has a destructor; the writer gets the vector, and raises no error.
        unsafe {
            lua.exec_raw::<()>((), |state| {
                if ffi::luaL_loadbufferx(state, text, size, chunk_name.as_ptr(), c"t".as_ptr()) != ffi::LUA_OK {
                    ffi::lua_error(state);
                }
                ffi::lua_dump(state, append, bytecode.cast(), 0);
                ffi::lua_settop(state, 0);
            })?;
        }
        Ok(compiled)
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

    /// The function on top of the stack, which was just compiled of source by us, with its debug information.
    ///
    /// # Safety
    /// `state` is valid, used by this thread only, and has such a function on top.
    pub(crate) unsafe fn of_top(state: *mut ffi::lua_State, name: Arc<str>) -> Self {
        let mut bytecode = Vec::new();
        // SAFETY: the caller vouches for the state; the writer gets the vector, and raises no error.
        unsafe { ffi::lua_dump(state, append, (&raw mut bytecode).cast(), 0) };
        Self { name, bytecode }
    }
}

/// Lua's `lua_Writer`.
unsafe extern "C-unwind" fn append(
    _state: *mut ffi::lua_State,
    bytes: *const c_void,
    size: usize,
    bytecode: *mut c_void,
) -> c_int {
    if size > 0 {
        // SAFETY: Lua passes its bytes, and what `of_top` gave it.
        unsafe { (*bytecode.cast::<Vec<u8>>()).extend_from_slice(std::slice::from_raw_parts(bytes.cast(), size)) };
    }
    0
}
