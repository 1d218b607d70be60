//! The memory of one VM: an allocator that counts, and refuses what passes the limit.

use super::blocks;
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;

/// What one VM holds, in bytes: its Lua heap, and what the host holds on its behalf.
#[derive(Debug)]
pub(super) struct Heap {
    used: Cell<usize>,
    limit: Cell<usize>,
}

impl Heap {
    pub(super) fn new(limit: usize) -> Self {
        Self { used: Cell::new(0), limit: Cell::new(limit) }
    }

    /// Counts `bytes` more, or refuses.
    pub(super) fn take(&self, bytes: usize) -> bool {
        match self.used.get().checked_add(bytes) {
            Some(used) if used <= self.limit.get() => {
                self.used.set(used);
                true
            }
            _ => false,
        }
    }

    /// Counts `bytes` less.
    pub(super) fn give_back(&self, bytes: usize) {
        self.used.set(self.used.get() - bytes);
    }

    /// Allows `bytes` more than before.
    pub(super) fn raise_limit(&self, bytes: usize) {
        self.limit.set(self.limit.get().saturating_add(bytes));
    }

    /// Lua's allocator (`lua_Alloc`); `data` is a `Heap`.
    ///
    /// # Safety
    /// As `lua_Alloc` is specified: `data` is the `Heap` of the state, alive and used by one thread at
    /// a time; `block` is null or came from this function with size `old`.
    pub(super) unsafe extern "C" fn allocate(
        data: *mut c_void,
        block: *mut c_void,
        old: usize,
        new: usize,
    ) -> *mut c_void {
        // SAFETY: see above.
        let heap = unsafe { &*data.cast::<Self>() };
        // For a new block Lua passes the kind of object as `old`.
        let old = if block.is_null() { 0 } else { old };
        if new > blocks::LARGEST {
            return ptr::null_mut();
        }
        let (held, wanted) = (blocks::cost(old), blocks::cost(new));
        if wanted > held && !heap.take(wanted - held) {
            return ptr::null_mut();
        }
        if new == 0 {
            if !block.is_null() {
                heap.give_back(held);
                // SAFETY: `block` was allocated here with this size.
                unsafe { blocks::free(block.cast(), old) };
            }
            return ptr::null_mut();
        }
        let result = if block.is_null() {
            // SAFETY: `new` is not zero.
            unsafe { blocks::allocate(new) }
        } else {
            // SAFETY: `block` was allocated here with size `old`; `new` is not zero.
            unsafe { blocks::resize(block.cast(), old, new) }
        };
        // Growth was counted before; what shrank, or did not come to be, is given back.
        match (result.is_null(), wanted > held) {
            (true, true) => heap.give_back(wanted - held),
            (false, false) => heap.give_back(held - wanted),
            _ => {}
        }
        result.cast()
    }
}
