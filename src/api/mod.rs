//! What scripts see beyond Lua itself: output, `script`, `json` and `State`. One file each.

pub(crate) mod json;
pub(crate) mod output;
pub(crate) mod script;
pub(crate) mod state;

use moonpool_lua::ffi;
use std::ffi::{CStr, c_int};

/// A named C function, as the tables of this module list them.
pub(crate) type Named = (&'static CStr, unsafe extern "C-unwind" fn(*mut ffi::lua_State) -> c_int);

/// Pushes a new table of `functions`.
///
/// # Safety
/// As any function of Lua's C API that may raise an error: called in protected mode, with three free stack
/// slots and nothing alive that has a destructor.
pub(crate) unsafe fn push_library(state: *mut ffi::lua_State, functions: &[Named]) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        ffi::lua_createtable(state, 0, functions.len() as c_int);
        for (name, function) in functions {
            ffi::lua_pushcfunction(state, *function);
            ffi::lua_setfield(state, -2, name.as_ptr());
        }
    }
}
