//! What the memory of a VM at rest consists of, so that a host can make an image of it, and VMs elsewhere of that.

use crate::ffi;
use std::collections::{HashMap, HashSet};
use std::ffi::{c_int, c_uint, c_void};
use std::sync::Arc;

unsafe extern "C-unwind" {
    fn moonpool_walk(
        state: *mut ffi::lua_State,
        seen: *mut c_void,
        block: unsafe extern "C" fn(*mut c_void, *const c_void, usize),
        address: unsafe extern "C" fn(*mut c_void, *const c_void, *const c_void),
        unused: unsafe extern "C" fn(*mut c_void, *const c_void),
        plain: *const c_void,
    ) -> c_int;
    fn moonpool_settle(state: *mut ffi::lua_State);
    fn moonpool_strings(
        state: *mut ffi::lua_State,
        strings: *mut c_void,
        each: unsafe extern "C" fn(*mut c_void, *const c_void, usize),
    );
    fn moonpool_sharestrings(
        state: *mut ffi::lua_State,
        copies: *mut c_void,
        copy: unsafe extern "C" fn(*mut c_void, *const c_void) -> *mut c_void,
        table: *mut c_void,
        mask: c_uint,
        size: usize,
    );
    fn moonpool_share(
        state: *mut ffi::lua_State,
        kept: *mut c_void,
        keep: unsafe extern "C" fn(*mut c_void, *const c_void, usize) -> *const c_void,
    );
    fn moonpool_rehash(state: *mut ffi::lua_State) -> c_int;
    fn moonpool_pushrandomstate(state: *mut ffi::lua_State) -> *mut c_void;
    fn moonpool_reseed(state: *mut ffi::lua_State, random: *mut c_void);
    fn moonpool_hasbegun(co: *mut ffi::lua_State) -> c_int;
}

/// The blocks of a VM, and the places where it keeps addresses of them.
#[derive(Debug, Default)]
pub struct Walk {
    /// Starts and sizes.
    pub blocks: Vec<(usize, usize)>,
    /// The places of addresses; and of each, an address in the block that it is in, or at the end of.
    pub addresses: Vec<(usize, usize)>,
    /// Places of words that nobody reads.
    pub unused: Vec<usize>,
    /// How many keys of tables are hashed by where they are.
    pub object_keys: usize,
}

/// Why there can be no image of a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It has a coroutine that has begun.
    Begun,
    /// It has a userdata that may have more than bytes.
    Userdata,
}

/// Looks at all that a VM has. `plain` is the memory of the one userdata that has bytes which are no addresses, or null.
///
/// # Errors
/// When it has what cannot be in an image.
///
/// # Safety
/// `state` is the main thread of a VM that nobody uses, after [`settle`].
pub unsafe fn walk(state: *mut ffi::lua_State, plain: *const c_void) -> Result<Walk, Unfit> {
    unsafe extern "C" fn block(walk: *mut c_void, start: *const c_void, size: usize) {
        // SAFETY: what `walk` passed.
        unsafe { (*walk.cast::<Walk>()).blocks.push((start.addr(), size)) };
    }
    unsafe extern "C" fn address(walk: *mut c_void, place: *const c_void, of: *const c_void) {
        // SAFETY: as above.
        unsafe { (*walk.cast::<Walk>()).addresses.push((place.addr(), of.addr())) };
    }
    unsafe extern "C" fn unused(walk: *mut c_void, place: *const c_void) {
        // SAFETY: as above.
        unsafe { (*walk.cast::<Walk>()).unused.push(place.addr()) };
    }
    let mut walk = Walk::default();
    // SAFETY: the caller vouches for the state; the functions get what they expect.
    match unsafe { moonpool_walk(state, (&raw mut walk).cast(), block, address, unused, plain) } {
        -1 => Err(Unfit::Begun),
        found if found < 0 => Err(Unfit::Userdata),
        found => {
            walk.object_keys = found as usize;
            Ok(walk)
        }
    }
}

/// Collects all garbage, and forgets what is over: for [`walk`]. The finalizers of the host's userdata run.
///
/// # Safety
/// `state` is the main thread of a VM, used by this thread only, with no running frame, and its flag is lowered.
pub unsafe fn settle(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe { moonpool_settle(state) }
}

/// What copies of a VM have in common, and nobody writes to: short strings with a table of them, and of functions the bytecode,
/// the lines, the names of variables and the constants. What is the same is there once.
#[derive(Debug, Default)]
pub struct Shared {
    strings: Option<Arc<[u64]>>,
    pieces: HashSet<Arc<[u64]>>,
}

impl Shared {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.strings.is_none() && self.pieces.is_empty()
    }

    /// Its size in bytes.
    pub fn size(&self) -> usize {
        self.all().map(|piece| size_of_val(&**piece)).sum()
    }

    /// What an address is, if it is of one of the pieces: the piece's size in words, and the distance from its start.
    pub fn place_of(&self, address: usize) -> Option<(usize, usize)> {
        let distance = |piece: &Arc<[u64]>| address.wrapping_sub(piece.as_ptr().addr());
        self.all().find(|piece| distance(piece) < size_of_val(&***piece)).map(|piece| (piece.len(), distance(piece)))
    }

    fn all(&self) -> impl Iterator<Item = &Arc<[u64]>> {
        self.strings.iter().chain(&self.pieces)
    }

    /// The same bytes, at a place where they stay.
    fn keep(&mut self, bytes: &[u8]) -> *const u64 {
        let mut words = vec![0_u64; bytes.len().div_ceil(size_of::<u64>())];
        for (word, piece) in words.iter_mut().zip(bytes.chunks(size_of::<u64>())) {
            let mut whole = [0; size_of::<u64>()];
            whole[..piece.len()].copy_from_slice(piece);
            *word = u64::from_ne_bytes(whole);
        }
        if let Some(piece) = self.pieces.get(&*words) {
            return piece.as_ptr();
        }
        let piece = Arc::<[u64]>::from(words);
        let place = piece.as_ptr();
        self.pieces.insert(piece);
        place
    }
}

/// Takes what copies may have in common out of a VM. Afterwards there may be names that nobody has any more: [`settle`]
/// frees them.
///
/// # Safety
/// As [`walk`], when that finds no error. The result has to live as long as the VM, and as all that is copied from it.
pub unsafe fn share(state: *mut ffi::lua_State) -> Shared {
    unsafe extern "C" fn keep(shared: *mut c_void, bytes: *const c_void, size: usize) -> *const c_void {
        // SAFETY: what `share` passed, and bytes of the VM's.
        unsafe { (*shared.cast::<Shared>()).keep(std::slice::from_raw_parts(bytes.cast(), size)).cast() }
    }
    // SAFETY: the caller vouches for the state; the function gets what it expects.
    unsafe {
        let mut shared = Shared { strings: share_strings(state), ..Shared::default() };
        moonpool_share(state, (&raw mut shared).cast(), keep);
        shared
    }
}

/// The short strings, after a table of so many words as there are strings, or up to twice as many; nothing when the VM has
/// them in common with others already.
///
/// # Safety
/// As [`share`].
unsafe fn share_strings(state: *mut ffi::lua_State) -> Option<Arc<[u64]>> {
    unsafe extern "C" fn each(strings: *mut c_void, start: *const c_void, size: usize) {
        // SAFETY: what `share_strings` passed.
        unsafe { (*strings.cast::<Vec<(*const u8, usize)>>()).push((start.cast(), size)) };
    }
    unsafe extern "C" fn copy(copies: *mut c_void, of: *const c_void) -> *mut c_void {
        // SAFETY: as above.
        let copies = unsafe { &*copies.cast::<HashMap<*const c_void, *mut u64>>() };
        copies.get(&of).map_or(std::ptr::null_mut(), |copy| copy.cast())
    }
    let mut strings = Vec::<(*const u8, usize)>::new();
    // SAFETY: the caller vouches for the state; the function gets what it expects.
    unsafe { moonpool_strings(state, (&raw mut strings).cast(), each) };
    if strings.is_empty() {
        return None;
    }
    let table = strings.len().next_power_of_two();
    let words = |size: usize| size.div_ceil(size_of::<u64>());
    let len = table + strings.iter().map(|&(_, size)| words(size)).sum::<usize>();
    let mut all = Arc::<[u64]>::from(vec![0; len]);
    let start = Arc::get_mut(&mut all).expect("nobody else has it").as_mut_ptr();
    let (mut copies, mut at) = (HashMap::<*const c_void, *mut u64>::new(), table);
    // SAFETY: there is room for each string; the caller vouches for the state, and the functions get what they expect.
    unsafe {
        for (string, size) in strings {
            let place = start.add(at);
            place.cast::<u8>().copy_from_nonoverlapping(string, size);
            copies.insert(string.cast(), place);
            at += words(size);
        }
        let mask = table as c_uint - 1;
        moonpool_sharestrings(state, (&raw mut copies).cast(), copy, start.cast(), mask, len * size_of::<u64>());
    }
    Some(all)
}

/// Puts keys of tables where they belong that are hashed by where they are, in a VM whose objects have moved, and not as
/// one. Says whether there was memory for that.
///
/// # Safety
/// As [`settle`]; afterwards, if there was no memory, the VM is not used again.
#[must_use]
pub unsafe fn rehash(state: *mut ffi::lua_State) -> bool {
    // SAFETY: the caller vouches for the state.
    unsafe { moonpool_rehash(state) != 0 }
}

/// Pushes the userdata that `math.random` draws from, and gives its memory, in a VM in which no script has run yet; nil and
/// null without `math`.
///
/// # Safety
/// As [`settle`], with nobody's metatable on the globals.
pub unsafe fn push_random_state(state: *mut ffi::lua_State) -> *mut c_void {
    // SAFETY: the caller vouches for the state.
    unsafe { moonpool_pushrandomstate(state) }
}

/// Starts the random numbers of `math.random` anew, in a VM that is a copy of another.
///
/// # Safety
/// As [`settle`]; `random` is where the VM has what [`push_random_state`] gave.
pub unsafe fn reseed(state: *mut ffi::lua_State, random: *mut c_void) {
    // SAFETY: the caller vouches for both.
    unsafe { moonpool_reseed(state, random) }
}

/// Whether a coroutine has begun, and so cannot be in an image.
///
/// # Safety
/// `co` is a coroutine, or the main thread, of a VM that this thread uses.
pub unsafe fn has_begun(co: *mut ffi::lua_State) -> bool {
    // SAFETY: the caller vouches for it.
    unsafe { moonpool_hasbegun(co) != 0 }
}
