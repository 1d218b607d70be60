//! Strings of any bytes as arguments and results of C functions, and work on them in pieces, between which a run can die.

use crate::bridge::direct;
pub(super) use crate::bridge::direct::push_bytes as push;
use moonpool_lua::ffi;
use std::ffi::{CStr, c_int};
use std::mem::MaybeUninit;
use std::slice;

/// So many bytes are worked on without a look at the flag: whole groups of base64 and hex.
pub(super) const PIECE: usize = 48 << 10;

/// The `n`th argument, which has to be a string or a number, as for Lua's own functions.
///
/// # Safety
/// As for any function of Lua's that may raise an error: in a C function that runs, with nothing alive that has a destructor.
/// The bytes are those of the argument, and live as long as it stands there.
pub(super) unsafe fn check<'a>(state: *mut ffi::lua_State, n: c_int) -> &'a [u8] {
    let mut len = 0;
    // SAFETY: as the caller.
    unsafe { slice::from_raw_parts(ffi::luaL_checklstring(state, n, &mut len).cast(), len) }
}

/// Pushes nil and a message, which the C function is to return.
///
/// # Safety
/// As [`push`], with two free stack slots.
pub(super) unsafe fn nothing(state: *mut ffi::lua_State, message: &CStr) -> c_int {
    // SAFETY: as the caller.
    unsafe {
        ffi::lua_pushnil(state);
        ffi::lua_pushstring(state, message.as_ptr());
    }
    2
}

/// How a piece of the input becomes one of the output.
pub(super) trait Recode {
    /// How long the output of a piece is, at most.
    fn size(&self, piece: &[u8]) -> usize;

    /// Writes the output of a piece into room of that size; how many bytes that were.
    ///
    /// # Errors
    /// The index of what is wrong in the piece.
    fn recode(&self, piece: &[u8], room: &mut [u8]) -> Result<usize, usize>;

    /// How many bytes of the input to take at most: a piece ends where the code allows it.
    fn take(&self, rest: &[u8]) -> usize {
        rest.len().min(PIECE)
    }
}

/// Makes a string of `size` bytes at most out of `input`, piece by piece, in memory of the VM; pushes it. Or says at which
/// index of the input something is wrong, and leaves anything on the stack.
///
/// # Safety
/// As [`push`]. `input` is an argument of the C function.
pub(super) unsafe fn recode(
    state: *mut ffi::lua_State,
    input: &[u8],
    size: usize,
    code: &impl Recode,
) -> Result<(), usize> {
    let mut buffer = MaybeUninit::<ffi::luaL_Buffer>::uninit();
    // SAFETY: as the caller. The buffer has room for `size` bytes, and stays where it is.
    unsafe {
        let room = ffi::luaL_buffinitsize(state, buffer.as_mut_ptr(), size).cast::<u8>();
        let (mut read, mut written) = (0, 0);
        while read < input.len() {
            let piece = &input[read..][..code.take(&input[read..])];
            // Pieces that are longer when they are alone have no more room than all have together.
            let out = code.size(piece).min(size - written);
            room.add(written).write_bytes(0, out);
            let out = slice::from_raw_parts_mut(room.add(written), out);
            let made = direct::work(state, |direct| {
                direct.budget().check()?;
                Ok(code.recode(piece, out))
            });
            match made {
                Ok(bytes) => written += bytes,
                Err(at) => return Err(read + at),
            }
            read += piece.len();
        }
        ffi::luaL_pushresultsize(buffer.as_mut_ptr(), written);
    }
    Ok(())
}
