//! Numbers that lie side by side, put into the array of a table at once.

use crate::ffi;
use std::ffi::c_int;

const _: () = assert!(cfg!(target_endian = "little"), "numbers.c reads what is little-endian");

unsafe extern "C" {
    fn moonpool_setnumbers(
        state: *mut ffi::lua_State,
        index: c_int,
        from: usize,
        bytes: *const u8,
        n: usize,
        are_floats: c_int,
    ) -> usize;
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
        let (bytes, are_floats) = match self {
            Self::Integers(all) => (all.as_flattened(), false),
            Self::Floats(all) => (all.as_flattened(), true),
        };
        let count = self.len();
        // SAFETY: as the caller vouches; there are as many numbers of that kind as it says.
        count == unsafe { moonpool_setnumbers(state, index, from, bytes.as_ptr(), count, are_floats.into()) }
    }
}
