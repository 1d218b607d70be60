//! Protected work: what may raise an error of Lua's, for a host that has no C function around it.

use crate::ffi;
use std::ffi::{c_int, c_void};

/// Calls `work` as a C function in protected mode, which gets the `args` values on top of the stack, and leaves as many
/// `results`. The status is Lua's; when it is not `LUA_OK`, the error value is there instead.
///
/// ```
/// use moonpool_lua::{ffi, protect};
/// // SAFETY: a new state, used by this thread only.
/// unsafe {
///     let lua = ffi::luaL_newstate();
///     let status = protect(lua, 0, 0, |lua| {
///         ffi::lua_pushinteger(lua, 1);
///         ffi::lua_error(lua)
///     });
///     assert_eq!((status, ffi::lua_tointeger(lua, -1)), (ffi::LUA_ERRRUN, 1));
///     ffi::lua_close(lua);
/// }
/// ```
///
/// # Safety
/// `state` is valid, used by this thread only, and has two free stack slots. When `work` raises an error, it owns nothing that
/// has a destructor; and it never panics.
pub unsafe fn protect<F>(state: *mut ffi::lua_State, args: c_int, results: c_int, mut work: F) -> c_int
where
    F: FnMut(*mut ffi::lua_State) -> c_int,
{
    unsafe extern "C-unwind" fn call<F: FnMut(*mut ffi::lua_State) -> c_int>(state: *mut ffi::lua_State) -> c_int {
        // SAFETY: Lua calls this with what was pushed below.
        unsafe {
            let work: *mut F = ffi::lua_touserdata(state, 1).cast();
            ffi::lua_remove(state, 1);
            (*work)(state)
        }
    }
    // SAFETY: the caller vouches for the state. Neither of the two values is allocated.
    unsafe {
        ffi::lua_pushcfunction(state, call::<F>);
        ffi::lua_pushlightuserdata(state, (&raw mut work).cast::<c_void>());
        ffi::lua_rotate(state, -2 - args, 2);
        ffi::lua_pcall(state, args + 1, results, 0)
    }
}
