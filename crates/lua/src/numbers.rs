//! Numbers that lie side by side, put into the array of a table at once.

use crate::ffi;
use std::ffi::c_int;

const _: () = assert!(cfg!(target_endian = "little"), "numbers.c reads what is little-endian");

unsafe extern "C" {
    fn moonpool_setintegers(state: *mut ffi::lua_State, index: c_int, from: usize, bytes: *const u8, n: usize)
    -> usize;
    fn moonpool_setfloats(state: *mut ffi::lua_State, index: c_int, from: usize, bytes: *const u8, n: usize) -> usize;
}

/// Integers of 32 bits, or floats of 64 bits, in little-endian bytes.
#[derive(Clone, Copy, Debug)]
pub enum Numbers<'a> {
    /// Integers.
    Integers(&'a [[u8; 4]]),
    /// Floats.
    Floats(&'a [[u8; 8]]),
}

impl Numbers<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Integers(integers) => integers.len(),
            Self::Floats(floats) => floats.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts them into the array of the table at `index`, from its place `from` on (0 is that of the key 1). Says whether that has
    /// places for all.
    ///
    /// # Safety
    /// There is a table at `index`.
    pub unsafe fn set(&self, state: *mut ffi::lua_State, index: c_int, from: usize) -> bool {
        // SAFETY: as the caller vouches; there are as many numbers as it says.
        let set = unsafe {
            match self {
                Self::Integers(all) => moonpool_setintegers(state, index, from, all.as_ptr().cast(), all.len()),
                Self::Floats(all) => moonpool_setfloats(state, index, from, all.as_ptr().cast(), all.len()),
            }
        };
        set == self.len()
    }
}
