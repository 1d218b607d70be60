//! Anonymous memory from the system, in whole pages: given back when freed, grown without being copied.

#[cfg(target_os = "linux")]
pub(crate) use linux::{allocate, forget, free, page, resize};

#[cfg(not(target_os = "linux"))]
pub(crate) use other::{allocate, forget, free, page, resize};

#[cfg(target_os = "linux")]
mod linux {
    use std::ptr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// What sizes are rounded up to: 4, 16 or 64 KiB, as the system says, which is asked once.
    pub(crate) fn page() -> usize {
        static PAGE: AtomicUsize = AtomicUsize::new(0);
        match PAGE.load(Ordering::Relaxed) {
            0 => {
                // SAFETY: asks, and changes nothing.
                let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096).max(1);
                PAGE.store(page, Ordering::Relaxed);
                page
            }
            page => page,
        }
    }

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

    /// What large blocks are rounded up to, at most: the page of Apple's processors.
    pub(crate) const fn page() -> usize {
        16 << 10
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_counted_in_the_pages_of_this_system() {
        assert!(page().is_power_of_two() && page() >= 4096);
        #[cfg(target_os = "linux")]
        {
            // The kernel takes only whole pages as a place.
            // SAFETY: two pages of our own, of which the second is given back first; it is no whole page otherwise.
            unsafe {
                let block = allocate(2 * page());
                assert!(!block.is_null());
                assert_eq!(libc::munmap(block.add(page()).cast(), page()), 0);
                assert_eq!(libc::munmap(block.add(page() / 2).cast(), page()), -1);
                free(block, page());
            }
        }
    }
}
