//! `print` and `io.write`: text into the run's captured output.

use super::Named;
use crate::bridge::direct;
use moonpool_lua::{ffi, poll};
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// `print` replaces Lua's.
pub(crate) const PRINT: Named = (c"print", print);

/// Sets the global `io` with its one function.
///
/// # Safety
/// As [`super::push_library`].
pub(crate) unsafe fn install_io(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state. `io.write` returns `io` itself, its upvalue, so that calls can be
    // chained as with Lua's files.
    unsafe {
        ffi::lua_createtable(state, 0, 1);
        ffi::lua_pushvalue(state, -1);
        ffi::lua_pushcclosure(state, write, 1);
        ffi::lua_setfield(state, -2, c"write".as_ptr());
        super::set_library(state, c"io");
    }
}

unsafe extern "C-unwind" fn print(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by Lua with its own state. `luaL_tolstring` may raise any error of a `__tostring`: nothing
    // here has a destructor. The text stays on the stack while `sink` reads it.
    unsafe {
        for i in 1..=ffi::lua_gettop(state) {
            let mut len = 0;
            let text = ffi::luaL_tolstring(state, i, &mut len);
            if i > 1 {
                sink(state, b"\t");
            }
            sink(state, std::slice::from_raw_parts(text.cast(), len));
            ffi::lua_settop(state, -2);
        }
        sink(state, b"\n");
    }
    0
}

unsafe extern "C-unwind" fn write(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as in `print`; `luaL_checklstring` raises an error for what is neither a string nor a number.
    unsafe {
        let top = ffi::lua_gettop(state);
        let method = ffi::lua_rawequal(state, 1, ffi::lua_upvalueindex(1)) != 0;
        for i in (1 + c_int::from(method))..=top {
            let mut len = 0;
            let float = ffi::lua_type(state, i) == ffi::LUA_TNUMBER && ffi::lua_isinteger(state, i) == 0;
            let text = ffi::luaL_checklstring(state, i, &mut len);
            let bytes = std::slice::from_raw_parts(text.cast(), len);
            // Lua's io.write prints a float with "%.14g", without the ".0" that tostring adds.
            sink(state, if float { bytes.strip_suffix(b".0").unwrap_or(bytes) } else { bytes });
        }
        ffi::lua_pushvalue(state, ffi::lua_upvalueindex(1));
    }
    1
}

/// Captures bytes, and dies when that killed the run.
///
/// # Safety
/// `state` is the state of the running C function, which has nothing alive that has a destructor.
unsafe fn sink(state: *mut ffi::lua_State, bytes: &[u8]) {
    // SAFETY: a script runs, and so the VM has its context. All Rust values are gone before `poll` may throw.
    unsafe {
        let context = direct::context(state);
        let _ = catch_unwind(AssertUnwindSafe(|| context.write(bytes).is_ok()));
        poll(state);
    }
}
