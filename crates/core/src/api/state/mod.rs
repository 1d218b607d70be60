//! `State`: the script's own keys and those that were granted to it, and the refusal of everybody else's.

mod arguments;
mod keys;
mod list;
mod quick;
mod update;

pub(crate) use arguments::store_error;

use super::Named;
use crate::waiting_function;
use moonpool_lua::ffi;

const FUNCTIONS: &[Named] = &[
    (c"get", quick::get),
    (c"set", quick::set),
    (c"has", waiting_function!(keys::has)),
    (c"delete", waiting_function!(keys::delete)),
    (c"list", waiting_function!(list::list)),
    (c"add", waiting_function!(keys::add)),
    (c"replace", waiting_function!(keys::replace)),
    (c"incr", quick::incr),
    (c"cas", waiting_function!(keys::cas)),
    (c"expire", waiting_function!(keys::expire)),
    (c"ttl", waiting_function!(keys::ttl)),
    (c"update", update::update),
];

/// Sets the global `State`.
///
/// # Safety
/// As [`super::push_library`].
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        super::push_library(state, FUNCTIONS);
        super::set_library(state, c"State");
        update::install(state);
    }
}
