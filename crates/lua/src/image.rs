//! What the memory of a VM at rest consists of, so that a host can make an image of it, and VMs elsewhere of that.

use crate::ffi;
use std::ffi::{c_int, c_void};

unsafe extern "C-unwind" {
    fn moonpool_walk(
        state: *mut ffi::lua_State,
        seen: *mut c_void,
        block: unsafe extern "C" fn(*mut c_void, *const c_void, usize),
        address: unsafe extern "C" fn(*mut c_void, *const c_void, *const c_void),
        unused: unsafe extern "C" fn(*mut c_void, *const c_void),
        plain: *const c_void,
    ) -> c_int;
    fn moonpool_settle(state: *mut ffi::lua_State);
    fn moonpool_rehash(state: *mut ffi::lua_State) -> c_int;
    fn moonpool_pushrandomstate(state: *mut ffi::lua_State) -> *mut c_void;
    fn moonpool_reseed(state: *mut ffi::lua_State, random: *mut c_void);
    fn moonpool_hasbegun(co: *mut ffi::lua_State) -> c_int;
}

/// The blocks of a VM, and the places where it keeps addresses of them.
#[derive(Debug, Default)]
pub struct Walk {
    /// Starts and sizes.
    pub blocks: Vec<(usize, usize)>,
    /// The places of addresses; and of each, an address in the block that it is in, or at the end of.
    pub addresses: Vec<(usize, usize)>,
    /// Places of words that nobody reads.
    pub unused: Vec<usize>,
    /// How many keys of tables are hashed by where they are.
    pub object_keys: usize,
}

/// Why there can be no image of a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It has a coroutine that has begun.
    Begun,
    /// It has a userdata that may have more than bytes.
    Userdata,
}

/// Looks at all that a VM has. `plain` is the memory of the one userdata that has bytes which are no addresses, or null.
///
/// # Errors
/// When it has what cannot be in an image.
///
/// # Safety
/// `state` is the main thread of a VM that nobody uses, after [`settle`].
pub unsafe fn walk(state: *mut ffi::lua_State, plain: *const c_void) -> Result<Walk, Unfit> {
    unsafe extern "C" fn block(walk: *mut c_void, start: *const c_void, size: usize) {
        // SAFETY: what `walk` passed.
        unsafe { (*walk.cast::<Walk>()).blocks.push((start.addr(), size)) };
    }
    unsafe extern "C" fn address(walk: *mut c_void, place: *const c_void, of: *const c_void) {
        // SAFETY: as above.
        unsafe { (*walk.cast::<Walk>()).addresses.push((place.addr(), of.addr())) };
    }
    unsafe extern "C" fn unused(walk: *mut c_void, place: *const c_void) {
        // SAFETY: as above.
        unsafe { (*walk.cast::<Walk>()).unused.push(place.addr()) };
    }
    let mut walk = Walk::default();
    // SAFETY: the caller vouches for the state; the functions get what they expect.
    match unsafe { moonpool_walk(state, (&raw mut walk).cast(), block, address, unused, plain) } {
        -1 => Err(Unfit::Begun),
        found if found < 0 => Err(Unfit::Userdata),
        found => {
            walk.object_keys = found as usize;
            Ok(walk)
        }
    }
}

/// Collects all garbage, and forgets what is over: for [`walk`]. The finalizers of the host's userdata run.
///
/// # Safety
/// `state` is the main thread of a VM, used by this thread only, with no running frame, and its flag is lowered.
pub unsafe fn settle(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe { moonpool_settle(state) }
}

/// Puts keys of tables where they belong that are hashed by where they are, in a VM whose objects have moved, and not as
/// one. Says whether there was memory for that.
///
/// # Safety
/// As [`settle`]; afterwards, if there was no memory, the VM is not used again.
#[must_use]
pub unsafe fn rehash(state: *mut ffi::lua_State) -> bool {
    // SAFETY: the caller vouches for the state.
    unsafe { moonpool_rehash(state) != 0 }
}

/// Pushes the userdata that `math.random` draws from, and gives its memory, in a VM in which no script has run yet; nil and
/// null without `math`.
///
/// # Safety
/// As [`settle`], with nobody's metatable on the globals.
pub unsafe fn push_random_state(state: *mut ffi::lua_State) -> *mut c_void {
    // SAFETY: the caller vouches for the state.
    unsafe { moonpool_pushrandomstate(state) }
}

/// Starts the random numbers of `math.random` anew, in a VM that is a copy of another.
///
/// # Safety
/// As [`settle`]; `random` is where the VM has what [`push_random_state`] gave.
pub unsafe fn reseed(state: *mut ffi::lua_State, random: *mut c_void) {
    // SAFETY: the caller vouches for both.
    unsafe { moonpool_reseed(state, random) }
}

/// Whether a coroutine has begun, and so cannot be in an image.
///
/// # Safety
/// `co` is a coroutine, or the main thread, of a VM that this thread uses.
pub unsafe fn has_begun(co: *mut ffi::lua_State) -> bool {
    // SAFETY: the caller vouches for it.
    unsafe { moonpool_hasbegun(co) != 0 }
}
