//! The memory of one VM: an allocator that counts, and refuses what passes the limit.

use super::Shortage;
use super::arena::{self, Arena};
use super::pool::Account;
use super::spares::Spares;
use moonpool_lua::image::Shared;
use std::cell::{Cell, UnsafeCell};
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

/// What one VM holds, in bytes: its Lua heap, and what the host holds on its behalf.
pub(crate) struct Heap {
    used: Cell<usize>,
    peak: Cell<usize>,
    limit: Cell<usize>,
    /// What refused memory last.
    shortage: Cell<Shortage>,
    arena: UnsafeCell<Arena>,
    /// What other VMs have, too: it is not counted here.
    _shared: Option<Arc<Shared>>,
}

/// The limit is for what is in use; what freed blocks of other sizes hold besides may be two fifths more.
fn max_reserved(limit: usize) -> usize {
    limit.saturating_add(limit / 5 * 2)
}

impl Heap {
    /// An empty heap of at most `limit` bytes.
    pub(crate) fn new(limit: usize, account: Option<Account>) -> Self {
        Self::with(Arena::new(max_reserved(limit), account), limit, 0)
    }

    /// An empty heap of at most `limit` bytes, and later of `most`, in which blocks are in the same places in every process;
    /// nothing when there are no addresses for that.
    pub(crate) fn that_repeats(limit: usize, account: Option<Account>, most: usize) -> Option<Self> {
        Some(Self::with(Arena::in_region(max_reserved(limit), account, max_reserved(most.max(limit)))?, limit, 0))
    }

    /// A heap whose arena begins with room for a snapshot of so many bytes, of which it counts `used`, and the start of that;
    /// nothing when there is no memory.
    pub(crate) fn with_snapshot(
        limit: usize,
        account: Option<Account>,
        bytes: usize,
        used: usize,
        spares: Option<&Arc<Spares>>,
    ) -> Option<(Self, *mut u8)> {
        let (arena, start) = Arena::with_snapshot(max_reserved(limit), account, bytes, spares)?;
        Some((Self::with(arena, limit, used), start))
    }

    fn with(arena: Arena, limit: usize, used: usize) -> Self {
        Self {
            used: Cell::new(used),
            peak: Cell::new(used),
            limit: Cell::new(limit),
            shortage: Cell::new(Shortage::Limit),
            arena: UnsafeCell::new(arena),
            _shared: None,
        }
    }

    /// The same, which keeps what its blocks have addresses of, and others, too.
    pub(crate) fn sharing(self, shared: Option<Arc<Shared>>) -> Self {
        Self { _shared: shared, ..self }
    }

    /// How many bytes are in use.
    pub(crate) fn used(&self) -> usize {
        self.used.get()
    }

    /// The most bytes that were in use at once.
    pub(crate) fn peak(&self) -> usize {
        self.peak.get()
    }

    /// Sets the limit, for a script that is about to begin, and measures its peak from here.
    pub(crate) fn set_limit(&self, limit: usize) {
        self.limit.set(limit);
        self.peak.set(self.used.get());
        // SAFETY: no allocation is going on.
        unsafe { (*self.arena.get()).set_max_reserved(max_reserved(limit)) };
    }

    /// Counts `bytes` more, or refuses.
    pub(crate) fn take(&self, bytes: usize) -> bool {
        match self.used.get().checked_add(bytes) {
            Some(used) if used <= self.limit.get() => {
                self.used.set(used);
                self.peak.set(self.peak.get().max(used));
                true
            }
            _ => {
                self.shortage.set(Shortage::Limit);
                false
            }
        }
    }

    /// Takes back what was counted, and did not come to be.
    #[cold]
    fn refused(&self, bytes: usize, shortage: Shortage) {
        self.shortage.set(shortage);
        self.give_back(bytes);
    }

    /// What refused memory last.
    pub(crate) fn shortage(&self) -> Shortage {
        self.shortage.get()
    }

    /// Counts `bytes` less.
    pub(crate) fn give_back(&self, bytes: usize) {
        self.used.set(self.used.get() - bytes);
    }

    /// Counts `bytes` that the host holds for the VM, or refuses.
    pub(crate) fn hold(&self, bytes: usize) -> bool {
        if !self.take(bytes) {
            return false;
        }
        let charged = self.with_account(|account| account.charge(bytes)).unwrap_or(Ok(()));
        if let Err(shortage) = charged {
            self.refused(bytes, shortage);
        }
        charged.is_ok()
    }

    /// Takes back what [`Heap::hold`] counted.
    pub(crate) fn release(&self, bytes: usize) {
        self.give_back(bytes);
        self.with_account(|account| account.discharge(bytes));
    }

    /// What the VM has in its engine's pool, if that counts it.
    pub(crate) fn with_account<T>(&self, f: impl FnOnce(&Account) -> T) -> Option<T> {
        // SAFETY: one thread at a time, and no allocation is going on.
        unsafe { (*self.arena.get()).account().map(f) }
    }

    /// Allows `bytes` more than before.
    pub(crate) fn raise_limit(&self, bytes: usize) {
        self.limit.set(self.limit.get().saturating_add(bytes));
    }

    /// Does what allocates small blocks, of no more than `bytes` together, where none of them may be refused; or nothing,
    /// when they might be.
    pub(crate) fn with_room<T>(&self, bytes: usize, work: impl FnOnce() -> T) -> Option<T> {
        #[cfg(test)]
        if refuses() {
            return None;
        }
        if self.used.get().saturating_add(bytes) > self.limit.get() {
            self.shortage.set(Shortage::Limit);
            return None;
        }
        // SAFETY: one thread at a time, and no allocation is going on.
        let blocks = unsafe { &mut *self.arena.get() };
        if !blocks.ensure(bytes) {
            self.shortage.set(blocks.shortage());
            return None;
        }
        #[cfg(test)]
        let _none = Refusals::suspend();
        Some(work())
    }

    #[inline]
    fn allocate_new(&self, blocks: &mut Arena, size: usize) -> *mut u8 {
        if size == 0 || size > arena::LARGEST || !self.take(arena::cost(size)) {
            self.shortage.set(Shortage::Limit);
            return ptr::null_mut();
        }
        // SAFETY: the size was just checked.
        let block = unsafe { blocks.allocate(size) };
        if block.is_null() {
            self.refused(arena::cost(size), blocks.shortage());
        }
        block
    }

    /// Lua's allocator (`lua_Alloc`); `data` is a `Heap`.
    ///
    /// # Safety
    /// As `lua_Alloc` is specified: `data` is the `Heap` of the state, alive and used by one thread at
    /// a time; `block` is null or came from this function with size `old`.
    pub(crate) unsafe extern "C" fn allocate(
        data: *mut c_void,
        block: *mut c_void,
        old: usize,
        new: usize,
    ) -> *mut c_void {
        #[cfg(test)]
        if new > 0 && (block.is_null() || new > old) && refuses() {
            return ptr::null_mut();
        }
        // SAFETY: see above.
        let heap = unsafe { &*data.cast::<Self>() };
        // SAFETY: one thread at a time, and no allocation happens inside another.
        let blocks = unsafe { &mut *heap.arena.get() };
        if block.is_null() {
            // Of a new block Lua passes the kind of object as `old`.
            return heap.allocate_new(blocks, new).cast();
        }
        if new > arena::LARGEST {
            heap.shortage.set(Shortage::Limit);
            return ptr::null_mut();
        }
        let (held, wanted) = (arena::cost(old), arena::cost(new));
        if wanted > held && !heap.take(wanted - held) {
            return ptr::null_mut();
        }
        if new == 0 {
            heap.give_back(held);
            // SAFETY: `block` was allocated here with this size.
            unsafe { blocks.free(block.cast(), old) };
            return ptr::null_mut();
        }
        // SAFETY: `block` was allocated here with size `old`; `new` is not zero.
        let result = unsafe { blocks.resize(block.cast(), old, new) };
        // Growth was counted before; what shrank, or did not come to be, is given back.
        match (result.is_null(), wanted > held) {
            (true, true) => heap.refused(wanted - held, blocks.shortage()),
            (false, false) => heap.give_back(held - wanted),
            _ => {}
        }
        result.cast()
    }
}

/// For tests: which attempts of this thread's VMs to get memory fail, counted from 0, and how many there were.
#[cfg(test)]
pub(crate) struct Refusals {
    pub(crate) attempts: Cell<usize>,
    pub(crate) refused: Cell<(usize, usize)>,
}

#[cfg(test)]
thread_local! {
    pub(crate) static REFUSALS: Refusals =
        const { Refusals { attempts: Cell::new(0), refused: Cell::new((usize::MAX, usize::MAX)) } };
}

#[cfg(test)]
impl Refusals {
    /// Nothing is refused, or counted, until what this returns is dropped.
    fn suspend() -> impl Drop {
        struct Suspended(usize, (usize, usize));
        impl Drop for Suspended {
            fn drop(&mut self) {
                REFUSALS.with(|refusals| {
                    refusals.attempts.set(self.0);
                    refusals.refused.set(self.1);
                });
            }
        }
        REFUSALS.with(|refusals| Suspended(refusals.attempts.get(), refusals.refused.replace((usize::MAX, usize::MAX))))
    }
}

#[cfg(test)]
fn refuses() -> bool {
    REFUSALS.with(|refusals| {
        let (attempt, (from, to)) = (refusals.attempts.get(), refusals.refused.get());
        refusals.attempts.set(attempt + 1);
        (from..to).contains(&attempt)
    })
}
