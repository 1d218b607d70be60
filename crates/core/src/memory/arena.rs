//! The blocks of one VM: small ones from an arena of its own, the rest from the system.
//!
//! A run moves between worker threads, and malloc keeps an arena for each thread, in which freed blocks stay: a VM that
//! makes garbage on two threads held twice its memory. An arena of the VM's own reuses what any thread freed, and goes
//! back to the system in one piece.
//!
//! ```text
//! up to 32 KiB   a size class: its free list, else the next bytes of the current chunk
//! up to 1 MiB    malloc
//! above          a mapping of its own (glibc would keep freed blocks of megabytes, too)
//! ```
//!
//! No chunk goes back before the VM ends, also when all of its blocks are free: to find out, somebody would have to walk
//! through all free blocks, of which a script can have millions, where nothing can stop it. So what a VM had in small blocks
//! cannot become large ones.

use super::pool::Account;
use super::region::Region;
use super::spares::Spares;
use super::{Shortage, mapping};
use std::alloc::{Layout, alloc, alloc_zeroed, dealloc, realloc};
use std::collections::HashMap;
use std::ops::Range;
use std::ptr;
use std::sync::Arc;

/// Every block is aligned so: Lua has nothing that is to be aligned more strictly (its `LUAI_MAXALIGN`).
const ALIGN: usize = 8;

/// Up to here classes are [`ALIGN`] apart: a table has 56 bytes.
const FINEST: usize = 64;
const FINEST_CLASSES: usize = FINEST / ALIGN;
/// Up to here they are so far apart; above, there are four to a doubling.
const STEP: usize = 16;
const FINE: usize = 512;
const FINE_CLASSES: usize = FINEST_CLASSES + (FINE - FINEST) / STEP;

/// The largest block of the arena.
const SMALL: usize = 32 << 10;
const CLASSES: usize = FINE_CLASSES + 4 * (SMALL / FINE).ilog2() as usize;

/// From here on a block is a mapping.
const LARGE: usize = 1 << 20;

/// What there is behind a snapshot in the first chunk of a VM that begins with one: what a trivial script needs. The VMs of
/// scripts that wait lie side by side, and what they do not use would lie between them.
const ROOM: usize = 1 << 10;

/// Other chunks double from the first to the last. They begin small for the same reason.
const FIRST_CHUNK: usize = 4 << 10;
const LAST_CHUNK: usize = LARGE;

/// Addresses for the chunks of a VM whose limit is none.
const LARGEST_REGION: usize = 64 << 30;

/// The largest block that may be asked for.
pub(crate) const LARGEST: usize = isize::MAX as usize - (1 << 16);

/// A freed block, in the list of its class.
struct Free {
    next: *mut Free,
}

/// The memory of one VM. Used by one thread at a time.
pub(crate) struct Arena {
    free: [*mut Free; CLASSES],
    chunks: Vec<(*mut u8, usize)>,
    /// Where chunks are, in a VM that repeats.
    region: Option<Region>,
    /// What is left of the last chunk.
    rest: *mut u8,
    rest_len: usize,
    /// Bytes taken from the system, and how many there may be.
    reserved: usize,
    max_reserved: usize,
    /// The blocks that are not in a chunk, and their sizes: so that the arena's end frees them, too.
    large: HashMap<*mut u8, usize>,
    /// Where the snapshot is with which the first chunk begins: it has large blocks, too, which go with the chunk.
    snapshot: Range<usize>,
    /// Where the first chunk comes from and goes to, in a VM that begins after a prelude.
    spares: Option<Arc<Spares>>,
    /// Where what is reserved counts, too; nowhere for a VM that is only a model for others.
    account: Option<Account>,
    /// What refused the block that was asked for last and did not come to be.
    shortage: Shortage,
}

/// The class of a small size.
const fn class_of(size: usize) -> usize {
    if size <= FINEST {
        return size.div_ceil(ALIGN) - 1;
    }
    if size <= FINE {
        return FINEST_CLASSES + (size - FINEST).div_ceil(STEP) - 1;
    }
    // The power of two below, and the quarter between it and the next.
    let last = size - 1;
    let power = last.ilog2() as usize;
    FINE_CLASSES + (power - FINE.ilog2() as usize) * 4 + ((last >> (power - 2)) & 3)
}

/// The size of the blocks of a class.
const fn class_size(class: usize) -> usize {
    if class < FINEST_CLASSES {
        return (class + 1) * ALIGN;
    }
    if class < FINE_CLASSES {
        return FINEST + (class - FINEST_CLASSES + 1) * STEP;
    }
    let above = class - FINE_CLASSES;
    (5 + above % 4) << (above / 4 + FINE.ilog2() as usize - 2)
}

/// What a block of `size` bytes takes, in bytes.
pub(crate) fn cost(size: usize) -> usize {
    const MALLOC_HEADER: usize = 16;
    match size {
        0 => 0,
        1..=SMALL => class_size(class_of(size)),
        _ if size < LARGE => size.next_multiple_of(STEP) + MALLOC_HEADER,
        _ => size.next_multiple_of(mapping::page()),
    }
}

/// What a block of `size` bytes takes of a snapshot, in bytes: its class, so that it can be freed.
pub(crate) fn place(size: usize) -> usize {
    match size {
        0 => 0,
        1..=SMALL => class_size(class_of(size)),
        _ => size.next_multiple_of(ALIGN),
    }
}

/// The length of the chunk that begins with a snapshot of so many bytes.
pub(super) fn chunk_for(snapshot: usize) -> usize {
    let len = snapshot + ROOM;
    len.next_multiple_of(if len < LARGE { ALIGN } else { mapping::page() })
}

impl Arena {
    /// An empty arena that takes at most `max_reserved` bytes from the system.
    pub(crate) fn new(max_reserved: usize, account: Option<Account>) -> Self {
        Self {
            free: [ptr::null_mut(); CLASSES],
            chunks: Vec::with_capacity(1),
            region: None,
            rest: ptr::null_mut(),
            rest_len: 0,
            reserved: 0,
            max_reserved,
            large: HashMap::new(),
            snapshot: 0..0,
            spares: None,
            account,
            shortage: Shortage::Limit,
        }
    }

    /// An empty arena whose chunks are in one region, in which there is room for what `most` lets it take; nothing when
    /// there are no addresses for that.
    pub(crate) fn in_region(max_reserved: usize, account: Option<Account>, most: usize) -> Option<Self> {
        let mut arena = Self::new(max_reserved, account);
        arena.region = Some(Region::new(most.min(LARGEST_REGION) + FIRST_CHUNK)?);
        Some(arena)
    }

    /// An arena whose first chunk begins with room for a snapshot of `used` bytes, and the start of that; nothing when there is
    /// no memory. The chunk is one of the spares, if there are any.
    pub(crate) fn with_snapshot(
        max_reserved: usize,
        account: Option<Account>,
        used: usize,
        spares: Option<&Arc<Spares>>,
    ) -> Option<(Self, *mut u8)> {
        let mut arena = Self::new(max_reserved, account);
        let len = chunk_for(used);
        if !arena.reserve(len) {
            return None;
        }
        let chunk = spares.and_then(|spares| spares.take(len)).unwrap_or_else(|| {
            // SAFETY: the length is a chunk's.
            unsafe { if len < LARGE { alloc(layout(len)) } else { mapping::allocate(len) } }
        });
        if chunk.is_null() {
            return None;
        }
        arena.chunks.push((chunk, len));
        arena.spares = spares.cloned();
        arena.snapshot = chunk.addr()..chunk.addr() + used;
        // SAFETY: the chunk is longer than the snapshot.
        (arena.rest, arena.rest_len) = (unsafe { chunk.add(used) }, len - used);
        Some((arena, chunk))
    }

    /// Changes how many bytes may be taken from the system.
    pub(crate) fn set_max_reserved(&mut self, bytes: usize) {
        self.max_reserved = bytes;
    }

    /// A new block, or null.
    ///
    /// # Safety
    /// `size` is not zero and not above [`LARGEST`].
    #[inline]
    pub(crate) unsafe fn allocate(&mut self, size: usize) -> *mut u8 {
        if size <= SMALL {
            return self.allocate_small(class_of(size));
        }
        if !self.reserve(cost(size)) {
            return ptr::null_mut();
        }
        // SAFETY: the caller vouches for the size.
        let block = unsafe { if size < LARGE { alloc(layout(size)) } else { mapping::allocate(size) } };
        if block.is_null() {
            self.not_made(cost(size));
        } else {
            self.large.insert(block, size);
        }
        block
    }

    /// The block with another size, perhaps elsewhere; or null, and then the old one stays.
    ///
    /// # Safety
    /// `block` came from this arena with size `old`; `new` as in [`Arena::allocate`].
    pub(crate) unsafe fn resize(&mut self, block: *mut u8, old: usize, new: usize) -> *mut u8 {
        let kind = |size| (size > SMALL, size >= LARGE);
        if kind(old) == kind(new) {
            if new <= SMALL {
                if class_of(old) == class_of(new) {
                    return block;
                }
            } else if !self.snapshot.contains(&block.addr()) {
                // SAFETY: as the caller.
                return unsafe { self.resize_in_place(block, old, new) };
            }
        }
        // SAFETY: the caller vouches for block and sizes; the old block is freed once its bytes are copied.
        unsafe {
            let moved = self.allocate(new);
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(block, old.min(new));
                self.free(block, old);
            }
            moved
        }
    }

    /// # Safety
    /// As [`Arena::resize`], where both sizes are malloc's or both are mappings'.
    unsafe fn resize_in_place(&mut self, block: *mut u8, old: usize, new: usize) -> *mut u8 {
        let (held, wanted) = (cost(old), cost(new));
        if wanted > held && !self.reserve(wanted - held) {
            return ptr::null_mut();
        }
        // SAFETY: the caller vouches for block and sizes.
        let moved =
            unsafe { if new < LARGE { realloc(block, layout(old), new) } else { mapping::resize(block, old, new) } };
        match (moved.is_null(), wanted > held) {
            (true, true) => self.not_made(wanted - held),
            (false, false) => self.release(held - wanted),
            _ => {}
        }
        if !moved.is_null() {
            self.large.remove(&block);
            self.large.insert(moved, new);
        }
        moved
    }

    /// Gives a block back.
    ///
    /// # Safety
    /// `block` came from this arena with this size, and is not used again.
    pub(crate) unsafe fn free(&mut self, block: *mut u8, size: usize) {
        // SAFETY: the caller vouches for block and size.
        unsafe {
            if size <= SMALL {
                self.push(block, class_of(size));
                return;
            }
            if !self.snapshot.contains(&block.addr()) {
                self.release(cost(size));
                self.large.remove(&block);
                give_back(block, size);
            }
        }
    }

    /// Whether the next small blocks, of so many bytes together, will come to be.
    pub(crate) fn ensure(&mut self, bytes: usize) -> bool {
        self.rest_len >= bytes || self.add_chunk(bytes)
    }

    #[inline]
    fn allocate_small(&mut self, class: usize) -> *mut u8 {
        let first = self.free[class];
        if !first.is_null() {
            // SAFETY: blocks in the list are free, and large enough for the link.
            self.free[class] = unsafe { (*first).next };
            return first.cast();
        }
        let size = class_size(class);
        if self.rest_len < size && !self.add_chunk(size) {
            return ptr::null_mut();
        }
        self.take_rest(size)
    }

    /// The next `size` bytes of the current chunk, which has them.
    fn take_rest(&mut self, size: usize) -> *mut u8 {
        let block = self.rest;
        // SAFETY: within the chunk, or one past its end.
        self.rest = unsafe { self.rest.add(size) };
        self.rest_len -= size;
        block
    }

    /// Makes a new chunk with room for `size` bytes the current one; what was left of the old one becomes free blocks.
    fn add_chunk(&mut self, size: usize) -> bool {
        let grown = match self.chunks.last() {
            Some((start, len)) if !self.snapshot.contains(&start.addr()) => (len * 2).min(LAST_CHUNK),
            _ => FIRST_CHUNK,
        };
        // Near the end of what may be reserved, a smaller chunk may still fit. None is so small that nothing would be left.
        let Some(len) = [grown.max(size), SMALL].into_iter().find(|&len| self.reserve(len)) else {
            return false;
        };
        // SAFETY: the length is a chunk's.
        let chunk = unsafe {
            match (&mut self.region, len) {
                (Some(region), _) => region.take(len),
                // Zeroed, so that the images of two VMs that were built alike are alike, also in what nobody reads.
                (None, len) if len < LARGE && (cfg!(test) || self.snapshot.is_empty()) => alloc_zeroed(layout(len)),
                _ if len < LARGE => alloc(layout(len)),
                _ => mapping::allocate(len),
            }
        };
        if chunk.is_null() {
            self.not_made(len);
            return false;
        }
        while self.rest_len >= ALIGN {
            // The largest class that fits; all are multiples of ALIGN, as what is left.
            let fit = self.rest_len.min(SMALL);
            let class = if class_size(class_of(fit)) > fit { class_of(fit) - 1 } else { class_of(fit) };
            let block = self.take_rest(class_size(class));
            // SAFETY: bytes of the old chunk that nobody uses.
            unsafe { self.push(block, class) };
        }
        self.chunks.push((chunk, len));
        (self.rest, self.rest_len) = (chunk, len);
        true
    }

    /// # Safety
    /// `block` has the size of its class, and nobody uses it.
    unsafe fn push(&mut self, block: *mut u8, class: usize) {
        let freed = block.cast::<Free>();
        // SAFETY: the smallest class has room for the link, and every block is aligned for it.
        unsafe { freed.write(Free { next: self.free[class] }) };
        self.free[class] = freed;
    }

    fn reserve(&mut self, bytes: usize) -> bool {
        let refusal = if self.reserved.checked_add(bytes).is_none_or(|reserved| reserved > self.max_reserved) {
            Some(Shortage::Limit)
        } else {
            self.account.as_ref().and_then(|account| account.charge(bytes).err())
        };
        match refusal {
            Some(shortage) => self.shortage = shortage,
            None => self.reserved += bytes,
        }
        refusal.is_none()
    }

    /// The system has refused what was reserved.
    #[cold]
    fn not_made(&mut self, bytes: usize) {
        self.release(bytes);
        self.shortage = Shortage::System;
    }

    /// What refused the block that was asked for last and did not come to be.
    pub(crate) fn shortage(&self) -> Shortage {
        self.shortage
    }

    fn release(&mut self, bytes: usize) {
        self.reserved -= bytes;
        if let Some(account) = &self.account {
            account.discharge(bytes);
        }
    }

    /// The VM's account in its engine's pool.
    pub(crate) fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        if self.region.is_some() {
            self.chunks.clear();
        }
        if let Some(spares) = &self.spares
            && let Some(&(first, len)) = self.chunks.first()
            && spares.keep(first, len)
        {
            self.chunks.swap_remove(0);
        }
        for (block, size) in self.chunks.drain(..).chain(self.large.drain()) {
            // SAFETY: made here with this size; nothing of the VM is used any more.
            unsafe { give_back(block, size) };
        }
    }
}

/// Gives a chunk, or a block that is in none, back to the system.
///
/// # Safety
/// It was allocated with this size, and is not used again.
pub(super) unsafe fn give_back(block: *mut u8, size: usize) {
    // SAFETY: the caller vouches for block and size.
    unsafe { if size < LARGE { dealloc(block, layout(size)) } else { mapping::free(block, size) } }
}

fn layout(size: usize) -> Layout {
    // SAFETY: ALIGN is a power of two; sizes are at most LARGEST.
    unsafe { Layout::from_size_align_unchecked(size, ALIGN) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn every_small_size_fits_its_class_and_no_smaller_one() {
        assert_eq!(class_size(CLASSES - 1), SMALL);
        for size in 1..=SMALL {
            let class = class_of(size);
            assert!(class < CLASSES && class_size(class) >= size, "{size}");
            assert!(class == 0 || class_size(class - 1) < size, "{size}");
            assert_eq!(class_size(class) % ALIGN, 0);
        }
    }

    /// A block full of one byte.
    fn fill(block: *mut u8, size: usize, byte: u8) {
        // SAFETY: the block has this size.
        unsafe { block.write_bytes(byte, size) }
    }

    fn check(block: *mut u8, size: usize, byte: u8) {
        // SAFETY: the block has this size, and was filled.
        let bytes = unsafe { std::slice::from_raw_parts(block, size) };
        assert!(bytes.iter().all(|&b| b == byte), "a block of {size} bytes was overwritten");
    }

    #[test]
    fn blocks_of_all_sizes_never_overlap() {
        let mut arena = Arena::new(usize::MAX, None);
        let mut blocks: HashMap<usize, (*mut u8, usize, u8)> = HashMap::new();
        let mut random = 12345_usize;
        let mut next = |below: usize| {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (random >> 33) % below
        };
        for step in 0..20_000 {
            let size = 1 + match next(100) {
                0 => next(3 << 20),
                1..=5 => next(200 << 10),
                6..=20 => next(40 << 10),
                _ => next(700),
            };
            let (slot, byte) = (next(300), step as u8);
            // SAFETY: sizes are within bounds; every block is used within its size and freed once.
            unsafe {
                match blocks.remove(&slot) {
                    None => {
                        let block = arena.allocate(size);
                        assert!(!block.is_null() && block.addr().is_multiple_of(ALIGN));
                        fill(block, size, byte);
                        blocks.insert(slot, (block, size, byte));
                    }
                    Some((block, old, was)) if step % 2 == 0 => {
                        check(block, old, was);
                        let block = arena.resize(block, old, size);
                        check(block, old.min(size), was);
                        fill(block, size, byte);
                        blocks.insert(slot, (block, size, byte));
                    }
                    Some((block, old, was)) => {
                        check(block, old, was);
                        arena.free(block, old);
                    }
                }
            }
        }
        for (block, size, byte) in blocks.into_values() {
            check(block, size, byte);
            // SAFETY: freed once.
            unsafe { arena.free(block, size) };
        }
        assert_eq!(arena.reserved, arena.chunks.iter().map(|(_, len)| len).sum::<usize>());
    }

    #[test]
    fn blocks_of_a_snapshot_may_be_freed_and_resized_whatever_their_size() {
        let sizes = [24, 700, 40 << 10, 600 << 10, 3 << 20];
        let used = sizes.iter().map(|&size| place(size)).sum();
        for freed in 0..1 << sizes.len() {
            // The chunk is as long as what is kept of spares at most, or none is.
            let spares = (freed % 2 == 0).then(|| Arc::new(Spares::of(used)));
            let (mut arena, start) =
                Arena::with_snapshot(usize::MAX, None, used, spares.as_ref()).expect("there is memory");
            fill(start, used, 1);
            let (mut at, begun) = (start, arena.reserved);
            for (i, &size) in sizes.iter().enumerate() {
                // SAFETY: the snapshot has the block there; the next one begins behind it. Each is given back once.
                unsafe {
                    let block = at;
                    at = at.add(place(size));
                    check(block, size, 1);
                    if freed & 1 << i != 0 {
                        arena.free(block, size);
                        continue;
                    }
                    let larger = arena.resize(block, size, size + size / 2);
                    check(larger, size, 1);
                    fill(larger, size + size / 2, 2);
                    arena.free(larger, size + size / 2);
                }
            }
            assert_eq!(arena.reserved - begun, arena.chunks[1..].iter().map(|(_, len)| len).sum::<usize>());
        }
    }

    #[test]
    fn the_chunk_of_a_snapshot_goes_to_the_next_vm() {
        const USED: usize = 80_000;
        let spares = Arc::new(Spares::of(USED));
        let make = || Arena::with_snapshot(usize::MAX, None, USED, Some(&spares)).expect("there is memory");
        let mut starts = Vec::new();
        for _ in 0..3 {
            let (mut arena, start) = make();
            fill(start, USED, 7);
            // SAFETY: the block is not used.
            assert_eq!(unsafe { arena.allocate(100) }.addr(), start.addr() + USED);
            starts.push(start);
        }
        assert!(cfg!(feature = "sanitizer") || starts.iter().all(|&start| start == starts[0]), "{starts:?}");
        // Two at once have two.
        let (one, two) = (make(), make());
        assert_ne!(one.1, two.1);
    }

    #[test]
    fn freed_blocks_are_used_again() {
        let mut arena = Arena::new(usize::MAX, None);
        for _ in 0..100 {
            // SAFETY: every block is freed once.
            let blocks: Vec<_> = (0..1000).map(|_| unsafe { arena.allocate(100) }).collect();
            for block in blocks {
                // SAFETY: as above.
                unsafe { arena.free(block, 100) };
            }
        }
        assert!(arena.reserved < 300 << 10, "{} bytes for 112 KB", arena.reserved);
    }

    #[test]
    fn no_more_is_reserved_than_allowed() {
        let mut arena = Arena::new(1 << 20, None);
        // SAFETY: the sizes are allowed; the blocks are not used.
        unsafe {
            assert!(arena.allocate(2 << 20).is_null());
            assert!(arena.allocate(LARGEST).is_null());
            let mut blocks = 0;
            while !arena.allocate(1000).is_null() {
                blocks += 1;
            }
            assert!((900..=1024).contains(&blocks), "{blocks} blocks of 1 KiB");
        }
        assert!(arena.reserved <= 1 << 20);
    }
}
