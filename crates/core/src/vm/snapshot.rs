//! A VM as it is before any script: an image of its memory, and copies of that.
//!
//! Building a VM is interning some 300 strings and filling tables with 150 functions: 11 µs. Its strings are for all copies
//! the same; copying the other 15 KiB and correcting 200 addresses in them takes half a microsecond. Lua tells of each block
//! that a VM has, and of each address in it. The image has the blocks one behind the other, and addresses as distances from
//! its start.

use crate::api::libraries::{self, Libraries};
use crate::bridge::Limits;
use crate::memory::{Account, Heap, Spares, cost, place};
use moonpool_lua::image::{self, Shared, Unfit, Walk};
use moonpool_lua::{ffi, with_repeats};
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

/// The memory of a VM that is at rest.
pub(super) struct Snapshot {
    words: Vec<u64>,
    /// Which words are addresses, by their numbers.
    addresses: Vec<u32>,
    /// What the VM counts as used.
    used: usize,
    roots: Roots<usize>,
    /// What its copies have in common, if there is anything.
    shared: Option<Arc<Shared>>,
    /// What copies leave for others, where that pays.
    spares: Option<Arc<Spares>>,
}

/// Where a VM begins: addresses, or distances from the start of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Roots<T> {
    pub(super) state: T,
    pub(super) base: T,
    /// What `math.random` draws from; nothing without `math`. The main thread's stack keeps it.
    pub(super) random: Option<T>,
}

/// A VM without a script: its memory, its main thread, the coroutine that a script will run in, and what it draws from.
pub(super) struct Blank {
    pub(super) heap: Box<Heap>,
    pub(super) roots: Roots<*mut ffi::lua_State>,
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
        // The base coroutine stays at the bottom of the main stack, and so is never collected; and so does the other.
        let base = ffi::lua_tothread(state, 1);
        moonpool_lua::set_base(state, base);
        let random = image::push_random_state(state);
        Some(Blank { heap, roots: Roots { state, base, random: (!random.is_null()).then(|| random.cast()) } })
    }
}

impl Snapshot {
    /// The snapshot of VMs with these libraries, if there is memory for it.
    pub(super) fn new(libraries: Libraries) -> Option<Self> {
        let vm = build(libraries, None)?;
        // SAFETY: ours, with no script in it, and not used again.
        unsafe { Self::of(vm.roots) }.ok().flatten()
    }

    /// The snapshot of a VM; nothing when there is no memory for it.
    ///
    /// # Errors
    /// When the VM has what cannot be copied.
    ///
    /// # Safety
    /// The roots are of a VM that this thread uses, with no running frame, whose flag is lowered, and which has no context
    /// and no handle. When there is no error, no Lua runs in it any more.
    pub(super) unsafe fn of(roots: Roots<*mut ffi::lua_State>) -> Result<Option<Self>, Unfit> {
        // SAFETY: the caller vouches for the VM, which nobody changes between a walk and its snapshot.
        let (snapshot, object_keys, shared) = unsafe {
            image::settle(roots.state);
            // First: a VM that cannot be copied keeps what it has.
            let mut walk = Self::walk(roots)?;
            let shared = Some(image::share(roots.state)).filter(|shared| !shared.is_empty()).map(Arc::new);
            if shared.is_some() {
                // Names that nobody has any more go.
                image::settle(roots.state);
                walk = Self::walk(roots)?;
            }
            let object_keys = walk.object_keys;
            (Self::of_walk(walk, roots, shared.clone()), object_keys, shared)
        };
        if object_keys == 0 {
            return Ok(Some(snapshot));
        }
        // Objects have moved closer to each other, and tables look for them where they were.
        let Some(copy) = snapshot.copy(None) else { return Ok(None) };
        // SAFETY: a whole VM, ours alone, and not used again.
        unsafe {
            if !image::rehash(copy.roots.state) {
                return Ok(None);
            }
            Ok(Some(Self::of_walk(Self::walk(copy.roots)?, copy.roots, shared)))
        }
    }

    /// # Safety
    /// As [`Self::of`], for a VM that is settled.
    unsafe fn walk(roots: Roots<*mut ffi::lua_State>) -> Result<Walk, Unfit> {
        let random = roots.random.map_or(ptr::null(), |random| random.cast_const().cast::<c_void>());
        // SAFETY: the caller vouches for the VM, which nobody changes meanwhile.
        unsafe { image::walk(roots.state, random) }
    }

    /// # Safety
    /// The walk was made through the VM of these roots, and nobody has changed that since.
    unsafe fn of_walk(walk: Walk, roots: Roots<*mut ffi::lua_State>, shared: Option<Arc<Shared>>) -> Self {
        // In the order of the walk, which is the same in a copy.
        let mut len = 0;
        let mut blocks = Vec::with_capacity(walk.blocks.len());
        for &(start, size) in &walk.blocks {
            blocks.push((start, size, len));
            len += place(size);
        }
        blocks.sort_unstable();
        // Where something that is in a block, or at its end, is in the snapshot.
        let moved = |address: usize, of: usize| {
            let i = blocks.partition_point(|&(start, ..)| start <= of) - 1;
            let (start, size, place) = blocks[i];
            assert!(of < start + size && (start..=start + size).contains(&address), "an address of no block");
            place + (address - start)
        };
        let mut words = vec![0_u64; len.div_ceil(size_of::<u64>())];
        for &(start, size, place) in &blocks {
            let block = ptr::with_exposed_provenance::<u8>(start);
            // SAFETY: the VM has the block; the snapshot has its place.
            unsafe { words.as_mut_ptr().byte_add(place).cast::<u8>().copy_from_nonoverlapping(block, size) };
        }
        for &at in &walk.unused {
            words[moved(at, at) / size_of::<u64>()] = 0;
        }
        let mut addresses = Vec::with_capacity(walk.addresses.len());
        for &(at, of) in &walk.addresses {
            let word = moved(at, at) / size_of::<u64>();
            words[word] = moved(words[word] as usize, of) as u64;
            addresses.push(u32::try_from(word).expect("a snapshot is less than 32 GiB"));
        }
        addresses.sort_unstable();
        let root = |root: *mut ffi::lua_State| moved(root.addr(), root.addr());
        Self {
            used: walk.blocks.iter().map(|&(_, size)| cost(size)).sum(),
            roots: Roots { state: root(roots.state), base: root(roots.base), random: roots.random.map(root) },
            words,
            addresses,
            shared,
            spares: None,
        }
    }

    /// The same, where the memory of a copy goes to the next one.
    pub(super) fn with_spares(self) -> Self {
        Self { spares: Some(Arc::new(Spares::of(self.size()))), ..self }
    }

    /// Its size in bytes.
    pub(super) fn size(&self) -> usize {
        size_of_val(&*self.words)
    }

    /// A VM that is a copy, or nothing when there is no memory for it.
    pub(super) fn copy(&self, account: Option<Account>) -> Option<Blank> {
        let limit = Limits::MIN_MEMORY.max(self.used);
        let (heap, start) = Heap::with_snapshot(limit, account, self.size(), self.used, self.spares.as_ref())?;
        let heap = Box::new(heap.sharing(self.shared.clone()));
        // SAFETY: there is room for all words, which are nobody else's.
        unsafe { self.write(start.cast()) };
        // SAFETY: the distances were taken from the same snapshot.
        let root = |distance: usize| unsafe { start.add(distance).cast::<ffi::lua_State>() };
        let Roots { state, base, random } = self.roots;
        let roots = Roots { state: root(state), base: root(base), random: random.map(root) };
        let memory = ptr::from_ref(&*heap).cast_mut().cast::<c_void>();
        // SAFETY: a whole VM, ours alone; the heap holds all its blocks, and lives as long.
        unsafe {
            ffi::lua_setallocf(roots.state, Heap::allocate, memory);
            if let Some(random) = roots.random {
                image::reseed(roots.state, random.cast());
            }
        }
        Some(Blank { heap, roots })
    }

    /// Writes all words, as they are in a copy that begins at `start`. Few of them are addresses: strings, to which most led, are
    /// in common.
    ///
    /// # Safety
    /// There is room for all words at `start`.
    unsafe fn write(&self, start: *mut u64) {
        // SAFETY: as the caller vouches; the numbers are of words that there are.
        unsafe {
            start.copy_from_nonoverlapping(self.words.as_ptr(), self.words.len());
            for &at in &self.addresses {
                *start.add(at as usize) += start.addr() as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moonpool_lua::with_seed;
    use std::collections::HashSet;

    const SEED: u64 = 0x5eed;

    /// What has every kind of object that a VM may have before a script.
    const ALL_KINDS: &str = "
        local count, shared = 0, { 1, 2.5, 'three', json.null, print, [-1] = false }
        function step(by) count = count + (by or 1) return count, shared end
        function reset() count = 0 end
        by_value = { [print] = 'print', [1.5] = 'float', [2^53] = 'large', [true] = 'true' }
        local co = coroutine.create(function(...) return count, ... end)
        waiting, wrapped = co, coroutine.wrap(step)
        finished = coroutine.create(function() end) coroutine.resume(finished)
        weak = setmetatable({ {}, shared }, { __mode = 'v' })
        setmetatable(shared, { __index = by_value, __close = step, __call = function(self, ...) return ... end })
        long = ('long '):rep(20000)
        list = {} for i = 1, 5000 do list[i] = i end
        named = {} for i = 1, 3000 do named['name ' .. i] = { i } end
        for i = 1, 2900 do named['name ' .. i] = nil end
        _, failed = pcall(error, { code = 1 })
        local function deep(n) if n > 0 then return 1 + deep(n - 1) end return 0 end
        deep(10000)
        string.shout = string.upper
        function vararg(...) local a <const>, b <close> = 1, nil goto done ::done:: return select('#', ...) end";

    /// And with objects as keys, whose order is another in each VM that is not a copy.
    fn all_kinds_and_keys() -> String {
        let keys = "
            local _, shared = step(0)
            by_object, keyed, cyclic = { [step] = 'step', [shared] = 'shared', [waiting] = 'co' }, {}, {}
            for i = 1, 50 do local key = {} by_object[key] = i by_object[#by_object + 1] = key end
            setmetatable(keyed, { __mode = 'k' })
            keyed[{}], keyed[shared], cyclic[cyclic] = 1, 2, cyclic";
        format!("{ALL_KINDS} {keys}")
    }

    /// A VM in which a source has run, from a seed.
    fn built(source: &str, seed: u64) -> Blank {
        let vm = with_seed(seed, || build(Libraries::ALL, None)).expect("there is memory");
        // SAFETY: ours.
        unsafe { moonpool_lua::built(vm.roots.state) };
        run(&vm, source);
        vm
    }

    fn snapshot_of(vm: &Blank) -> Result<Snapshot, Unfit> {
        // SAFETY: ours, at rest, without a context.
        unsafe { Snapshot::of(vm.roots) }.map(|snapshot| snapshot.expect("there is memory"))
    }

    fn snapshot(source: &str) -> Snapshot {
        snapshot_of(&built(source, SEED)).expect("it can be copied")
    }

    /// Runs a source in a VM, which must not fail.
    fn run(vm: &Blank, source: &str) {
        vm.heap.set_limit(64 << 20);
        let Roots { state, base, .. } = vm.roots;
        let (text, len, mut results) = (source.as_ptr().cast(), source.len(), 0);
        // SAFETY: ours. Lua remembers by its address the name of the chunk, which is a constant.
        unsafe {
            assert_eq!(ffi::luaL_loadbufferx(base, text, len, c"=source".as_ptr(), ptr::null()), ffi::LUA_OK);
            let status = ffi::lua_resume(base, state, 0, &mut results);
            assert_eq!(status, ffi::LUA_OK, "{:?}", std::ffi::CStr::from_ptr(ffi::lua_tostring(base, -1)));
            ffi::lua_settop(base, 0);
        }
    }

    /// Whether a word is of what `math.random` draws from, which is another in each copy.
    fn is_random(snapshot: &Snapshot, word: usize) -> bool {
        let random = snapshot.roots.random.expect("math") / size_of::<u64>();
        (random..random + 4).contains(&word)
    }

    /// Which words are not the same.
    fn differing(one: &Snapshot, other: &Snapshot) -> Vec<usize> {
        let (one, other) = (&one.words, &other.words);
        assert_eq!(one.len(), other.len());
        (0..one.len()).filter(|&i| one[i] != other[i]).collect()
    }

    /// Of what copies have in common a word is the address.
    fn in_common(snapshot: &Snapshot, word: usize) -> Option<(usize, usize)> {
        snapshot.shared.as_ref()?.place_of(snapshot.words[word] as usize)
    }

    #[test]
    fn vms_that_are_built_alike_elsewhere_have_the_same_snapshot_byte_for_byte() {
        for source in ["", ALL_KINDS] {
            let first = snapshot(source);
            let (mut kept, mut offsets) = (Vec::new(), HashSet::new());
            for size in [0, 1000, 20_000, 5000, 100_000] {
                // In the way of the next VM, so that that begins at another offset in its page.
                let in_the_way = vec![0_u8; size];
                let vm = built(source, SEED);
                let snapshot = snapshot_of(&vm).expect("it can be copied");
                // What differs is an address that Lua did not tell of.
                assert_eq!(snapshot.addresses, first.addresses);
                let differing = differing(&snapshot, &first);
                let may_differ = |i: usize| {
                    let (here, there) = (in_common(&snapshot, i), in_common(&first, i));
                    is_random(&first, i) || (here.is_some() && here == there)
                };
                assert!(differing.iter().all(|&i| may_differ(i)), "{differing:?} of {}", first.words.len());
                assert_eq!((snapshot.used, snapshot.roots), (first.used, first.roots));
                offsets.insert(vm.roots.state.addr() % 4096);
                kept.push((vm, in_the_way));
            }
            // The sanitizer begins every large block at the same offset.
            assert!(offsets.len() > 2 || cfg!(feature = "sanitizer"), "{offsets:?}");
        }
    }

    #[test]
    fn a_snapshot_counts_what_its_vm_does() {
        for source in ["", &all_kinds_and_keys()] {
            let vm = built(source, SEED);
            let snapshot = snapshot_of(&vm).expect("it can be copied");
            assert_eq!(snapshot.used, vm.heap.used());
            assert_eq!(snapshot.copy(None).expect("there is memory").heap.used(), snapshot.used);
        }
    }

    #[test]
    fn a_copy_of_a_copy_is_the_same_snapshot() {
        for source in ["", ALL_KINDS] {
            let first = snapshot(source);
            let copy = first.copy(None).expect("there is memory");
            let again = snapshot_of(&copy).expect("it can be copied");
            assert_eq!((&again.addresses, again.used, again.roots), (&first.addresses, first.used, first.roots));
            let differing = differing(&again, &first);
            // And so is the debt that the collector has.
            assert!(differing.iter().all(|&i| is_random(&first, i) || i < 200), "{differing:?}");
        }
    }

    #[test]
    fn every_key_of_a_copy_is_found() {
        for source in ["", ALL_KINDS, &all_kinds_and_keys()] {
            let snapshot = snapshot(source);
            for _ in 0..3 {
                let copy = snapshot.copy(None).expect("there is memory");
                // SAFETY: a whole VM, ours alone.
                assert!(unsafe { moonpool_lua::finds_keys(copy.roots.state) });
            }
        }
    }

    #[test]
    fn a_copy_lives_on_as_the_vm_would_and_shares_nothing_with_another() {
        let snapshot = snapshot(&all_kinds_and_keys());
        let source = "
            local n, shared = step(5)
            assert(n == 5 and step() == 6 and wrapped(4) == 10)
            assert(shared[3] == 'three' and shared.x == nil and shared(7) == 7)
            assert(by_object[step] == 'step' and by_object[shared] == 'shared' and by_object[waiting] == 'co')
            assert(by_value[1.5] == 'float' and by_value[2^53] == 'large' and by_value[print] == 'print' and by_value[true])
            for i = 1, 50 do assert(by_object[by_object[i]] == i) by_object[{}] = i end
            assert(select(2, coroutine.resume(waiting, 'x')) == 10 and coroutine.status(waiting) == 'dead')
            assert(coroutine.status(finished) == 'dead' and #weak == 2 and weak[1] == nil and cyclic[cyclic] == cyclic)
            assert(#long == 100000 and ('x'):shout() == 'X' and failed.code == 1 and vararg(1, 2) == 2)
            assert(keyed[shared] == 2 and next(keyed) == shared and #list == 5000)
            -- Garbage is made of all that there is, and the memory is used again.
            by_object, weak, keyed, waiting, wrapped, finished, list, named, cyclic, shared, step = nil
            for round = 1, 20 do
              local kept = {}
              for i = 1, 2000 do kept[i] = { tostring(i):rep(i % 50) } end
              long = long .. ('more'):rep(10000)
              for i = 1, 2000 do assert(kept[i][1] == tostring(i):rep(i % 50)) end
            end";
        let copies: Vec<_> = (0..3).map(|_| snapshot.copy(None).expect("there is memory")).collect();
        for copy in &copies {
            // SAFETY: a whole VM, ours alone.
            unsafe { moonpool_lua::built(copy.roots.state) };
            run(copy, source);
            // SAFETY: as above.
            unsafe { ffi::lua_gc(copy.roots.state, ffi::LUA_GCCOLLECT) };
        }
    }

    #[test]
    fn each_copy_draws_other_random_numbers_whatever_has_become_of_math() {
        for source in ["drawn = math.random", "drawn = math.random math = nil setmetatable(_G, { __index = error })"] {
            let snapshot = snapshot(source);
            let drawn = || {
                let copy = snapshot.copy(None).expect("there is memory");
                run(&copy, "number = drawn(0)");
                // SAFETY: a whole VM, ours alone.
                unsafe {
                    ffi::lua_getglobal(copy.roots.state, c"number".as_ptr());
                    ffi::lua_tointeger(copy.roots.state, -1)
                }
            };
            assert_ne!(drawn(), drawn());
        }
        let copy = snapshot("math = nil").copy(None).expect("there is memory");
        run(&copy, "assert(math == nil)");
    }

    #[test]
    fn what_has_begun_is_refused() {
        for source in [
            "co = coroutine.create(function() coroutine.yield() end) coroutine.resume(co)",
            "each = ('a b'):gmatch('%a') step = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) step()",
            "co = coroutine.create(error) coroutine.resume(co)",
        ] {
            assert_eq!(snapshot_of(&built(source, SEED)).err(), Some(Unfit::Begun), "{source}");
        }
        // But not what nobody has any more.
        snapshot("coroutine.wrap(coroutine.yield)()");
    }
}
