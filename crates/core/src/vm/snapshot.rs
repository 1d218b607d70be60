//! A VM as it is before any script: a snapshot of its memory, and copies of that.
//!
//! Building a VM is interning some 300 strings and filling tables with 150 functions: 11 µs. Copying its 25 KiB and
//! correcting the addresses in them is 1 µs. Which words of the snapshot are addresses is not told by Lua but seen:
//! the VM is built twice, in two places, from the same seeds, and a word that differs must differ by the distance
//! of the two places. If a word differs in any other way there is no snapshot, and every VM is built anew.

use crate::api::libraries::{self, Libraries};
use crate::bridge::Limits;
use crate::memory::{Account, Heap, Mark};
use moonpool_lua::{ffi, with_repeats, with_seed};
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
    build_in(Box::new(Heap::new(Limits::MIN_MEMORY, account)), libraries)
}

/// As [`build`], but a VM that repeats: everything about it that a script sees is made of the seed. It may be given a limit
/// of at most `memory` later.
pub(super) fn build_that_repeats(
    libraries: Libraries,
    account: Option<Account>,
    seed: u64,
    memory: usize,
) -> Option<Blank> {
    let heap = Box::new(Heap::that_repeats(Limits::MIN_MEMORY, account, memory)?);
    with_repeats(seed, || build_in(heap, libraries))
}

fn build_in(heap: Box<Heap>, libraries: Libraries) -> Option<Blank> {
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
        let snapshot = Self::of_seed(libraries, moonpool_lua::random())?;
        // In debug builds every key of a copy is looked up.
        // SAFETY: a whole VM, ours alone.
        debug_assert!(snapshot.copy(None).is_none_or(|copy| unsafe { moonpool_lua::finds_keys(copy.state) }));
        Some(snapshot)
    }

    fn of_seed(libraries: Libraries, seed: u64) -> Option<Self> {
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
            vm.disown_memory();
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
    pub(super) fn copy(&self, account: Option<Account>) -> Option<Blank> {
        let heap = Heap::with_snapshot(Limits::MIN_MEMORY, account, &self.words, &self.arena, self.used)?;
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
    /// Makes the VM forget its heap, whose place is the only address outside of its memory that differs.
    fn disown_memory(&self) {
        // SAFETY: ours, and not used until it has its heap again.
        unsafe { ffi::lua_setallocf(self.state, Heap::allocate, ptr::null_mut()) };
    }

    /// Makes the VM allocate from its own heap.
    fn own_memory(&self) {
        let heap = ptr::from_ref(&*self.heap).cast_mut().cast::<c_void>();
        // SAFETY: ours; the heap holds all blocks of the VM, and lives as long.
        unsafe { ffi::lua_setallocf(self.state, Heap::allocate, heap) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const SEED: u64 = 0x5eed;

    fn snapshot() -> Snapshot {
        Snapshot::of_seed(Libraries::ALL, SEED).expect("VMs are copied here")
    }

    /// The memory of a snapshot as it would be from `start` on.
    fn relocated(snapshot: &Snapshot, start: u64) -> Vec<u64> {
        let mut words = snapshot.words.clone();
        for &i in &snapshot.addresses {
            words[i as usize] += start;
        }
        words
    }

    #[test]
    fn vms_that_are_built_elsewhere_are_the_snapshot_byte_for_byte() {
        let snapshot = snapshot();
        let (mut kept, mut offsets) = (Vec::new(), HashSet::new());
        for size in [0, 1000, 20_000, 5000, 100_000] {
            // In the way of the next VM, so that that begins at another offset in its page.
            let in_the_way = vec![0_u8; size];
            let vm = with_seed(SEED, || build(Libraries::ALL, None)).expect("there is memory");
            vm.disown_memory();
            let (words, _) = vm.heap.snapshot().expect("one chunk");
            let start = words.as_ptr().addr() as u64;
            assert!(words == relocated(&snapshot, start), "a VM at {start:x} differs");
            offsets.insert(start % 4096);
            vm.own_memory();
            kept.push((vm, in_the_way));
        }
        // The sanitizer begins every large block at the same offset.
        assert!(offsets.len() > 2 || cfg!(feature = "sanitizer"), "{offsets:?}");
    }

    #[test]
    fn the_relocations_are_the_places_where_lua_keeps_addresses_and_no_others() {
        let snapshot = snapshot();
        let vm = with_seed(SEED, || build(Libraries::ALL, None)).expect("there is memory");
        let (words, _) = vm.heap.snapshot().expect("one chunk");
        let (start, end) = (words.as_ptr().addr(), words.as_ptr().addr() + size_of_val(words));
        // SAFETY: ours, and its collector stood still.
        let inspection = unsafe { moonpool_lua::inspect(vm.state) };
        assert_eq!(inspection.address_keys, 0, "keys that are hashed by their address");
        let relocations: HashSet<usize> = snapshot.addresses.iter().map(|&i| start + 8 * i as usize).collect();
        let slots: HashSet<usize> = inspection.slots.into_iter().collect();
        let mut references = 0;
        for &slot in &slots {
            assert!((start..end).contains(&slot) && slot % 8 == 0, "a place outside of the memory");
            let word = words[(slot - start) / 8];
            if (start..=end).contains(&(word as usize)) {
                assert!(relocations.contains(&slot), "an address at {} is not corrected", slot - start);
                references += 1;
            }
        }
        assert!(references > 500, "{references}");
        // What no block in use has is of nobody's interest: freed blocks, and lists of them.
        let in_use =
            |place: usize| inspection.blocks.iter().any(|&(block, size)| (block..block + size).contains(&place));
        for place in relocations {
            assert!(slots.contains(&place) || !in_use(place), "what is corrected at {} is no address", place - start);
        }
    }

    #[test]
    fn every_key_of_a_copy_is_found() {
        let copy = snapshot().copy(None).expect("there is memory");
        // SAFETY: a whole VM, ours alone.
        assert!(unsafe { moonpool_lua::finds_keys(copy.state) });
    }

    #[test]
    fn a_key_that_is_hashed_by_its_address_is_noticed() {
        let twin = || {
            let vm = with_seed(SEED, || build(Libraries::ALL, None)).expect("there is memory");
            // SAFETY: ours; there is room in its heap.
            unsafe {
                ffi::lua_createtable(vm.state, 0, 32);
                for _ in 0..32 {
                    ffi::lua_createtable(vm.state, 0, 0);
                    ffi::lua_pushboolean(vm.state, 1);
                    ffi::lua_rawset(vm.state, -3);
                }
                ffi::lua_setglobal(vm.state, c"keyed".as_ptr());
            }
            vm
        };
        let (a, b) = (twin(), twin());
        // SAFETY: ours.
        assert_eq!(unsafe { moonpool_lua::inspect(a.state).address_keys }, 32);
        let copy = Snapshot::of(&a, &b).and_then(|snapshot| snapshot.copy(None));
        // SAFETY: ours.
        assert!(copy.is_none_or(|copy| unsafe { !moonpool_lua::finds_keys(copy.state) }));
    }
}
