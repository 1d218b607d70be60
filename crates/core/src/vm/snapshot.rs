//! A VM as it is before any script: a snapshot of its memory, and copies of that.
//!
//! Building a VM is interning some 300 strings and filling tables with 150 functions: 11 µs. Copying its 25 KiB and
//! correcting the addresses in them is 1 µs. Which words of the snapshot are addresses is not told by Lua but seen:
//! the VM is built twice, in two places, from the same seeds, and a word that differs must differ by the distance
//! of the two places. If a word differs in any other way there is no snapshot, and every VM is built anew.

use crate::api::libraries::{self, Libraries};
use crate::bridge::Limits;
use crate::memory::{Account, Heap, Mark};
use moonpool_lua::{ffi, with_seed};
use std::ffi::c_void;
use std::ptr;

/// The memory of a VM that was built and not used.
pub(super) struct Snapshot {
    /// The used part of its arena, which is one chunk.
    words: Vec<u64>,
    /// Which words are addresses within the chunk; those words are distances from its start.
    addresses: Vec<u32>,
    arena: Mark,
    used: usize,
    roots: Roots<usize>,
}

/// Where a VM begins: addresses, or distances from the start of a snapshot.
#[derive(Clone, Copy, PartialEq)]
struct Roots<T> {
    state: T,
    base: T,
}

/// A VM without a script: its memory, its main thread, and the coroutine that a script will run in.
pub(super) struct Blank {
    pub(super) heap: Box<Heap>,
    pub(super) state: *mut ffi::lua_State,
    pub(super) base: *mut ffi::lua_State,
}

/// Builds a VM with these libraries, from the beginning.
pub(super) fn build(libraries: Libraries, account: Option<Account>) -> Option<Blank> {
    let heap = Box::new(Heap::new(Limits::MIN_MEMORY, account));
    // SAFETY: a new state, in a heap that lives as long; what may raise an error runs under `lua_pcall`.
    unsafe {
        let state = ffi::lua_newstate(Heap::allocate, ptr::from_ref(&*heap).cast_mut().cast());
        if state.is_null() {
            return None;
        }
        // Nothing to collect while building.
        ffi::lua_gc(state, ffi::LUA_GCSTOP);
        ffi::lua_pushcfunction(state, libraries::open);
        ffi::lua_pushinteger(state, libraries.bits().into());
        if ffi::lua_pcall(state, 1, 1, 0) != ffi::LUA_OK {
            return None;
        }
        // The base coroutine stays at the bottom of the main stack, and so is never collected.
        let base = ffi::lua_tothread(state, 1);
        moonpool_lua::set_base(state, base);
        Some(Blank { heap, state, base })
    }
}

impl Snapshot {
    /// The snapshot of VMs with these libraries, if they can be copied here.
    pub(super) fn new(libraries: Libraries) -> Option<Self> {
        let seed = moonpool_lua::random();
        let twin = || with_seed(seed, || build(libraries, None));
        let (a, b) = twin().zip(twin())?;
        let snapshot = Self::of(&a, &b);
        for built in [a, b] {
            // SAFETY: both are ours, unused, and not used again; their memory goes with their heaps.
            unsafe { moonpool_lua::close(built.state) };
        }
        snapshot
    }

    /// What two VMs that were built alike have in common, if nothing but their place tells them apart.
    fn of(a: &Blank, b: &Blank) -> Option<Self> {
        for vm in [a, b] {
            // SAFETY: ours; the allocator stays, and whose memory it works on is set again in each copy.
            unsafe { ffi::lua_setallocf(vm.state, Heap::allocate, ptr::null_mut()) };
        }
        let snapshot = Self::compare(a, b);
        for vm in [a, b] {
            vm.own_memory();
        }
        snapshot
    }

    fn compare(a: &Blank, b: &Blank) -> Option<Self> {
        let ((words, arena), (others, _)) = (a.heap.snapshot()?, b.heap.snapshot()?);
        let (start, other_start) = (words.as_ptr().addr() as u64, others.as_ptr().addr() as u64);
        let roots = |vm: &Blank, start: u64| Roots {
            state: vm.state.addr() - start as usize,
            base: vm.base.addr() - start as usize,
        };
        if words.len() != others.len() || roots(a, start) != roots(b, other_start) {
            return None;
        }
        let mut snapshot =
            Self { words: Vec::new(), addresses: Vec::new(), arena, used: a.heap.used(), roots: roots(a, start) };
        for (i, (&word, &other)) in words.iter().zip(others).enumerate() {
            if word == other {
                snapshot.words.push(word);
                continue;
            }
            let distance = word.wrapping_sub(start);
            if distance != other.wrapping_sub(other_start) || distance > (words.len() * 8) as u64 {
                return None;
            }
            snapshot.words.push(distance);
            snapshot.addresses.push(i as u32);
        }
        Some(snapshot)
    }

    /// A VM that is a copy, or nothing when the system has no memory for it.
    pub(super) fn copy(&self, account: Account) -> Option<Blank> {
        let heap = Heap::with_snapshot(Limits::MIN_MEMORY, Some(account), &self.words, &self.arena, self.used)?;
        let heap = Box::new(heap);
        let start = heap.start();
        for &i in &self.addresses {
            // SAFETY: the chunk begins with a copy of `words`, to which `i` belongs.
            unsafe { *start.cast::<u64>().add(i as usize) += start.addr() as u64 };
        }
        // SAFETY: the distances of the two were taken from the same snapshot.
        let (state, base) = unsafe { (start.add(self.roots.state).cast(), start.add(self.roots.base).cast()) };
        let blank = Blank { heap, state, base };
        blank.own_memory();
        // SAFETY: a whole VM, ours alone.
        unsafe { moonpool_lua::reseed(state) };
        Some(blank)
    }
}

impl Blank {
    /// Makes the VM allocate from its own heap.
    fn own_memory(&self) {
        let heap = ptr::from_ref(&*self.heap).cast_mut().cast::<c_void>();
        // SAFETY: ours; the heap holds all blocks of the VM, and lives as long.
        unsafe { ffi::lua_setallocf(self.state, Heap::allocate, heap) };
    }
}
