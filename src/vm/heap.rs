//! The memory of one VM: an allocator that counts, and refuses what passes the limit.

use super::arena::{self, Arena};
use std::cell::{Cell, UnsafeCell};
use std::ffi::c_void;
use std::ptr;

/// What one VM holds, in bytes: its Lua heap, and what the host holds on its behalf.
pub(super) struct Heap {
    used: Cell<usize>,
    limit: Cell<usize>,
    arena: UnsafeCell<Arena>,
}

impl Heap {
    pub(super) fn new(limit: usize) -> Self {
        // The limit is for what is in use; what freed blocks of other sizes hold besides may be two fifths more.
        let max_reserved = limit.saturating_add(limit / 5 * 2);
        let arena = UnsafeCell::new(Arena::new(max_reserved));
        Self { used: Cell::new(0), limit: Cell::new(limit), arena }
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

    /// Prepares for the end of the VM: its blocks go back to the system together.
    ///
    /// # Safety
    /// No allocation is going on.
    pub(super) unsafe fn close(&self) {
        // SAFETY: the caller vouches for it; one thread at a time uses the heap.
        unsafe { (*self.arena.get()).close() };
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
        // SAFETY: one thread at a time, and no allocation happens inside another.
        let blocks = unsafe { &mut *heap.arena.get() };
        // For a new block Lua passes the kind of object as `old`.
        let old = if block.is_null() { 0 } else { old };
        if new > arena::LARGEST {
            return ptr::null_mut();
        }
        let (held, wanted) = (arena::cost(old), arena::cost(new));
        if wanted > held && !heap.take(wanted - held) {
            return ptr::null_mut();
        }
        if new == 0 {
            if !block.is_null() {
                heap.give_back(held);
                // SAFETY: `block` was allocated here with this size.
                unsafe { blocks.free(block.cast(), old) };
            }
            return ptr::null_mut();
        }
        let result = if block.is_null() {
            // SAFETY: `new` is not zero.
            unsafe { blocks.allocate(new) }
        } else {
            // SAFETY: `block` was allocated here with size `old`; `new` is not zero.
            unsafe { blocks.resize(block.cast(), old, new) }
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
