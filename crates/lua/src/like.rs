//! Tables with the same keys as another one, made at once from their values.

use crate::ffi;
use std::ffi::c_int;

unsafe extern "C-unwind" {
    fn moonpool_placeof(state: *mut ffi::lua_State, model: c_int) -> c_int;
    fn moonpool_pushlike(state: *mut ffi::lua_State, model: c_int, places: *const u8, n: c_int);
}

/// The most keys of a model: so many places of a hash have numbers of a byte.
pub const MOST_KEYS: usize = 255;

/// Where in the hash of the table at `model` the key on top stands, which is popped; `None` if it is no key of that, or stands too
/// far behind.
///
/// # Safety
/// `model` is the place of a table, and there is a string on top.
pub unsafe fn place_of(state: *mut ffi::lua_State, model: c_int) -> Option<u8> {
    // SAFETY: as the caller vouches.
    unsafe { moonpool_placeof(state, model) }.try_into().ok()
}

/// Pops as many values as there are places, and pushes a table that has them under the keys of the one at `model`: the first
/// under the key that stands at the first place, and so on.
///
/// # Safety
/// `model` is the place of a table that has a value under at least one key, all of them in its hash, and was not changed since `places` were
/// found in it: one for each key. There are so many values on top, and a free stack slot. Lua may leave by `longjmp`, when its memory does not
/// suffice.
pub unsafe fn push(state: *mut ffi::lua_State, model: c_int, places: &[u8]) {
    // SAFETY: as the caller vouches; no more than `MOST_KEYS`.
    unsafe { moonpool_pushlike(state, model, places.as_ptr(), places.len() as c_int) }
}
