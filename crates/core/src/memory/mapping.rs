//! Anonymous memory from the system, in whole pages: given back when freed, grown without being copied.

/// What sizes are rounded up to, on most systems.
pub(crate) const PAGE: usize = 4096;

#[cfg(target_os = "linux")]
pub(crate) use linux::{allocate, forget, free, resize};

#[cfg(not(target_os = "linux"))]
pub(crate) use other::{allocate, forget, free, resize};

#[cfg(target_os = "linux")]
mod linux {
    use std::ptr;

    /// A new mapping, or null.
    ///
    /// # Safety
    /// `size` is not zero.
    pub(crate) unsafe fn allocate(size: usize) -> *mut u8 {
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping, wherever the kernel likes.
        or_null(unsafe { libc::mmap(ptr::null_mut(), size, access, kind, -1, 0) })
    }

    /// The mapping with another size, perhaps elsewhere; or null, and then the old one stays.
    ///
    /// # Safety
    /// `block` came from [`allocate`] with size `old`.
    pub(crate) unsafe fn resize(block: *mut u8, old: usize, new: usize) -> *mut u8 {
        // SAFETY: the caller vouches for the mapping.
        or_null(unsafe { libc::mremap(block.cast(), old, new, libc::MREMAP_MAYMOVE) })
    }

    /// # Safety
    /// `block` came from [`allocate`] with this size, and is not used again.
    pub(crate) unsafe fn free(block: *mut u8, size: usize) {
        // SAFETY: the caller vouches for the mapping. It cannot fail for a whole mapping.
        unsafe { libc::munmap(block.cast(), size) };
    }

    /// Gives the memory of whole pages back, which stay mapped, and are zero when they are touched again.
    ///
    /// # Safety
    /// Nobody needs what is in them.
    pub(crate) unsafe fn forget(pages: *mut u8, size: usize) {
        // SAFETY: the caller vouches for the pages. Should it fail, they keep their memory.
        unsafe { libc::madvise(pages.cast(), size, libc::MADV_DONTNEED) };
    }

    fn or_null(mapping: *mut libc::c_void) -> *mut u8 {
        if mapping == libc::MAP_FAILED { ptr::null_mut() } else { mapping.cast() }
    }
}

/// Where blocks of this size come from the system anyhow.
#[cfg(not(target_os = "linux"))]
mod other {
    use std::alloc::{Layout, alloc, dealloc, realloc};

    /// A new block, or null.
    ///
    /// # Safety
    /// `size` is not zero.
    pub(crate) unsafe fn allocate(size: usize) -> *mut u8 {
        // SAFETY: the caller vouches for the size.
        unsafe { alloc(layout(size)) }
    }

    /// The block with another size, perhaps elsewhere; or null, and then the old one stays.
    ///
    /// # Safety
    /// `block` came from [`allocate`] with size `old`.
    pub(crate) unsafe fn resize(block: *mut u8, old: usize, new: usize) -> *mut u8 {
        // SAFETY: the caller vouches for block and sizes.
        unsafe { realloc(block, layout(old), new) }
    }

    /// # Safety
    /// `block` came from [`allocate`] with this size, and is not used again.
    pub(crate) unsafe fn free(block: *mut u8, size: usize) {
        // SAFETY: the caller vouches for block and size.
        unsafe { dealloc(block, layout(size)) }
    }

    /// Does nothing here.
    ///
    /// # Safety
    /// None is needed.
    pub(crate) unsafe fn forget(_pages: *mut u8, _size: usize) {}

    fn layout(size: usize) -> Layout {
        // SAFETY: a power of two, and a size that Lua's allocator has checked.
        unsafe { Layout::from_size_align_unchecked(size, 16) }
    }
}
