//! Blocks of memory from the system: small ones from the allocator, large ones, with glibc, as mappings of their own.
//!
//! glibc keeps freed blocks of up to 32 MiB in its arenas once a program has freed one that large, where they stay split
//! and resident: a VM that builds strings of megabytes made the process grow to twice its limit and more. A mapping
//! goes back to the system when it is freed, and grows without being copied.

use std::alloc::{Layout, alloc, dealloc, realloc};

/// Every block is aligned as malloc would; Lua asks for nothing stricter.
const ALIGN: usize = 16;

/// The largest block that may be asked for.
pub(super) const LARGEST: usize = isize::MAX as usize - (1 << 16);

/// What a block of `size` bytes takes of the process's memory, in bytes: malloc adds a header and rounds to [`ALIGN`],
/// which triples the smallest blocks; the kernel rounds mappings to pages.
pub(super) const fn cost(size: usize) -> usize {
    const HEADER: usize = 8;
    const SMALLEST: usize = 32;
    const PAGE: usize = 4096;
    match size {
        0 => 0,
        1..=24 => SMALLEST,
        _ if mapping::is_for(size) => size.next_multiple_of(PAGE),
        _ => (size + HEADER).next_multiple_of(ALIGN),
    }
}

/// A new block, or null.
///
/// # Safety
/// `size` is not zero and not above [`LARGEST`].
pub(super) unsafe fn allocate(size: usize) -> *mut u8 {
    if mapping::is_for(size) {
        return mapping::allocate(size);
    }
    // SAFETY: the caller vouches for the size.
    unsafe { alloc(layout(size)) }
}

/// The block with another size, perhaps elsewhere; or null, and then the old one stays.
///
/// # Safety
/// `block` came from here with size `old`; `new` as in [`allocate`].
pub(super) unsafe fn resize(block: *mut u8, old: usize, new: usize) -> *mut u8 {
    // SAFETY: the caller vouches for block and sizes. Where the kind of block changes, the old one is freed only
    // once its bytes are copied.
    unsafe {
        match (mapping::is_for(old), mapping::is_for(new)) {
            (false, false) => realloc(block, layout(old), new),
            (true, true) => mapping::resize(block, old, new),
            _ => {
                let moved = allocate(new);
                if !moved.is_null() {
                    moved.copy_from_nonoverlapping(block, old.min(new));
                    free(block, old);
                }
                moved
            }
        }
    }
}

/// Gives a block back.
///
/// # Safety
/// `block` came from here with this size, and is not used again.
pub(super) unsafe fn free(block: *mut u8, size: usize) {
    // SAFETY: the caller vouches for block and size.
    unsafe {
        if mapping::is_for(size) {
            mapping::free(block, size);
        } else {
            dealloc(block, layout(size));
        }
    }
}

fn layout(size: usize) -> Layout {
    // SAFETY: ALIGN is a power of two; sizes are at most LARGEST.
    unsafe { Layout::from_size_align_unchecked(size, ALIGN) }
}

/// Anonymous private mappings. The kernel rounds sizes up to pages.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod mapping {
    use std::ptr;

    /// From this size on a block is a mapping.
    const LARGE: usize = 1 << 20;

    pub(super) const fn is_for(size: usize) -> bool {
        size >= LARGE
    }

    pub(super) fn allocate(size: usize) -> *mut u8 {
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping, wherever the kernel likes.
        or_null(unsafe { libc::mmap(ptr::null_mut(), size, access, kind, -1, 0) })
    }

    /// # Safety
    /// `block` came from here with size `old`.
    pub(super) unsafe fn resize(block: *mut u8, old: usize, new: usize) -> *mut u8 {
        // SAFETY: the caller vouches for the mapping.
        or_null(unsafe { libc::mremap(block.cast(), old, new, libc::MREMAP_MAYMOVE) })
    }

    /// # Safety
    /// `block` came from here with this size, and is not used again.
    pub(super) unsafe fn free(block: *mut u8, size: usize) {
        // SAFETY: the caller vouches for the mapping. It cannot fail for a whole mapping.
        unsafe { libc::munmap(block.cast(), size) };
    }

    fn or_null(mapping: *mut libc::c_void) -> *mut u8 {
        if mapping == libc::MAP_FAILED { ptr::null_mut() } else { mapping.cast() }
    }
}

/// Other systems' allocators give large blocks back by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod mapping {
    pub(super) const fn is_for(_: usize) -> bool {
        false
    }

    pub(super) fn allocate(_: usize) -> *mut u8 {
        unreachable!("no block is a mapping")
    }

    pub(super) unsafe fn resize(_: *mut u8, _: usize, _: usize) -> *mut u8 {
        unreachable!("no block is a mapping")
    }

    pub(super) unsafe fn free(_: *mut u8, _: usize) {
        unreachable!("no block is a mapping")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that tell where they stood.
    fn pattern(i: usize) -> u8 {
        (i * 31 + i / 251) as u8
    }

    #[test]
    fn blocks_keep_their_bytes_across_sizes_and_kinds() {
        let sizes = [1, 100, 4096, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5 << 20, 3 << 20, 70_000, 10];
        // SAFETY: the sizes are small; every block is used within its size, and freed once.
        unsafe {
            let (mut block, mut size) = (allocate(7), 7);
            for i in 0..size {
                *block.add(i) = pattern(i);
            }
            let mut known = size;
            for new in sizes {
                block = resize(block, size, new);
                assert!(!block.is_null());
                known = known.min(new);
                for i in 0..known {
                    assert_eq!(*block.add(i), pattern(i), "byte {i} of {new}, once {size}");
                }
                for i in known..new {
                    *block.add(i) = pattern(i);
                }
                (known, size) = (new, new);
            }
            free(block, size);
        }
    }

    #[test]
    fn what_the_system_does_not_have_is_null() {
        // SAFETY: the size is allowed; a block of it is not used.
        unsafe { assert!(allocate(LARGEST).is_null()) }
    }
}
