//! One piece of addresses for all small blocks of a VM that repeats: it begins at a multiple of 4 GiB, so that a block is
//! in the same place of it in every process. Its pages are taken from the system as they are needed.

/// Where the regions of all processes begin.
const ALIGN: usize = 4 << 30;

/// Addresses, of which the first are in use.
#[cfg(unix)]
pub(crate) struct Region {
    start: *mut u8,
    size: usize,
    /// What of it has memory, and what of that was given away.
    committed: usize,
    used: usize,
}

#[cfg(unix)]
impl Region {
    /// A region of so many bytes, or nothing when the system has no addresses for it.
    pub(crate) fn new(size: usize) -> Option<Self> {
        let size = size.checked_next_multiple_of(super::page())?;
        let space = size.checked_add(ALIGN)?;
        let kind = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_NORESERVE;
        // SAFETY: a new mapping, wherever the kernel likes, without memory.
        let mapped = unsafe { libc::mmap(std::ptr::null_mut(), space, libc::PROT_NONE, kind, -1, 0) };
        if mapped == libc::MAP_FAILED {
            return None;
        }
        let before = mapped.addr().next_multiple_of(ALIGN) - mapped.addr();
        // SAFETY: all of these are within the mapping, at the ends of pages; what is given back is used by nobody.
        let start = unsafe {
            let start = mapped.cast::<u8>().add(before);
            unmap(mapped.cast(), before);
            unmap(start.add(size), ALIGN - before);
            start
        };
        Some(Self { start, size, committed: 0, used: 0 })
    }

    /// The next so many bytes, which are zero; or null when there are no more, or the system has no memory for them.
    pub(crate) fn take(&mut self, size: usize) -> *mut u8 {
        let (at, page) = (self.used, super::page());
        let Some(end) = at.checked_add(size).filter(|&end| end <= self.size) else { return std::ptr::null_mut() };
        let needed = end.next_multiple_of(page);
        // SAFETY: whole pages of the region.
        unsafe {
            if needed > self.committed {
                let access = libc::PROT_READ | libc::PROT_WRITE;
                let from = self.start.add(self.committed);
                if libc::mprotect(from.cast(), needed - self.committed, access) != 0 {
                    return std::ptr::null_mut();
                }
                self.committed = needed;
            }
            self.used = end;
            self.start.add(at)
        }
    }
}

#[cfg(unix)]
impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: ours, and nothing of the VM is used any more.
        unsafe { unmap(self.start, self.size) };
    }
}

/// # Safety
/// Whole pages of a mapping, which nobody uses.
#[cfg(unix)]
unsafe fn unmap(start: *mut u8, size: usize) {
    if size > 0 {
        // SAFETY: the caller vouches for the pages.
        unsafe { libc::munmap(start.cast(), size) };
    }
}

/// Where there is no such way to choose addresses: blocks wherever they are.
#[cfg(not(unix))]
pub(crate) struct Region(Vec<(*mut u8, std::alloc::Layout)>);

#[cfg(not(unix))]
impl Region {
    /// Always there.
    pub(crate) fn new(_size: usize) -> Option<Self> {
        Some(Self(Vec::new()))
    }

    /// So many bytes, which are zero; or null when the system has no memory for them.
    pub(crate) fn take(&mut self, size: usize) -> *mut u8 {
        let Ok(layout) = std::alloc::Layout::from_size_align(size, 16) else { return std::ptr::null_mut() };
        // SAFETY: a chunk's size is not zero.
        let block = unsafe { std::alloc::alloc_zeroed(layout) };
        if !block.is_null() {
            self.0.push((block, layout));
        }
        block
    }
}

#[cfg(not(unix))]
impl Drop for Region {
    fn drop(&mut self) {
        for (block, layout) in self.0.drain(..) {
            // SAFETY: made here with this layout; nothing of the VM is used any more.
            unsafe { std::alloc::dealloc(block, layout) };
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_region_begins_at_a_multiple_of_4_gib_and_gives_its_bytes_in_turn() {
        let mut region = Region::new(100_000).expect("addresses");
        let start = region.take(48).addr();
        assert_eq!(start % ALIGN, 0);
        let next = region.take(90_000);
        assert_eq!(next.addr(), start + 48);
        // SAFETY: the bytes are ours.
        unsafe {
            assert_eq!(next.add(89_999).read(), 0);
            next.write_bytes(1, 90_000);
        }
        assert!(region.take(super::super::page() * 16).is_null(), "the end");
        assert!(Region::new(usize::MAX / 2).is_none());
    }
}
