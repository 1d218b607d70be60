//! Lua 5.4.9 with safepoints: a VM that another thread can stop, or preempt, at any time.
//!
//! The C API is `mlua-sys`'s, linked against the Lua that this crate builds (README.md lists the edits).
//! What is new is the [`Flag`]: one integer that any thread may raise and that the VM reads at every
//! backward jump, function entry and C call.
//!
//! ```
//! use moonpool_lua::{Flag, ffi};
//! let flag = Flag::new();
//! // SAFETY: a new state, used by this thread only, closed before `flag` is dropped.
//! unsafe {
//!     let lua = ffi::luaL_newstate();
//!     flag.watch(lua);
//!     ffi::luaL_loadstring(lua, c"while true do end".as_ptr());
//!     flag.kill(Flag::FIRST_REASON);
//!     assert_eq!(ffi::lua_pcall(lua, 0, 0, 0), ffi::LUA_ERRRUN);
//!     ffi::lua_close(lua);
//! }
//! ```

pub use mlua_sys as ffi;

pub mod branch;
pub mod image;
pub mod like;
pub mod look;
pub mod numbers;
mod protect;
#[cfg(feature = "stock")]
pub mod stock;

pub use protect::protect;

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::hash::{BuildHasher, RandomState};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

unsafe extern "C-unwind" {
    fn moonpool_setflag(state: *mut ffi::lua_State, flag: *mut c_int) -> *mut c_int;
    fn moonpool_setbase(state: *mut ffi::lua_State, base: *mut ffi::lua_State);
    fn moonpool_poll(state: *mut ffi::lua_State);
    fn moonpool_sethost(state: *mut ffi::lua_State, host: *const c_void);
    fn moonpool_host(state: *mut ffi::lua_State) -> *const c_void;
    fn moonpool_ready(state: *mut ffi::lua_State);
    fn moonpool_built(state: *mut ffi::lua_State);
    fn moonpool_findskeys(state: *mut ffi::lua_State) -> c_int;
    fn moonpool_close(state: *mut ffi::lua_State);
    fn moonpool_retire(state: *mut ffi::lua_State, ended: *mut ffi::lua_State);
    fn moonpool_setfiber(
        state: *mut ffi::lua_State,
        suspend: Option<unsafe extern "C-unwind" fn(*mut c_void)>,
        fiber: *mut c_void,
    );
    fn moonpool_inside(state: *mut ffi::lua_State) -> *mut c_int;
    fn moonpool_cansuspend(state: *mut ffi::lua_State) -> c_int;
    fn moonpool_suspend(state: *mut ffi::lua_State, k: ffi::lua_KFunction) -> c_int;
    fn moonpool_makeroom(state: *mut ffi::lua_State);
    fn moonpool_running(state: *mut ffi::lua_State) -> c_int;
    fn moonpool_describe(state: *mut ffi::lua_State) -> c_int;
    fn moonpool_isactive(state: *mut ffi::lua_State) -> c_int;
    fn moonpool_setclock(state: *mut ffi::lua_State, clock: *const f64);
    fn moonpool_load(state: *mut ffi::lua_State, code: *const c_char, size: usize, name: *const c_char) -> c_int;
}

/// What other threads ask of one VM: nothing, to be preempted, or to die.
///
/// A request to die is final: the first reason stays, and nothing lowers it while the script has frames.
#[derive(Debug, Default)]
pub struct Flag(AtomicI32);

impl Flag {
    const RUN: i32 = 0;
    const PREEMPT: i32 = 1;
    /// The reason that Lua itself raises when the allocator refuses memory.
    pub const MEMORY: i32 = 2;
    /// The first reason that is free for callers of [`Flag::kill`].
    pub const FIRST_REASON: i32 = 3;

    /// A lowered flag.
    pub const fn new() -> Self {
        Self(AtomicI32::new(Self::RUN))
    }

    /// Asks the VM to yield, invisibly to the script, at its next safepoint where Lua can.
    pub fn preempt(&self) {
        let _ = self.0.compare_exchange(Self::RUN, Self::PREEMPT, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether the VM is asked to be preempted.
    pub fn is_preempted(&self) -> bool {
        self.0.load(Ordering::Relaxed) == Self::PREEMPT
    }

    /// Takes a request to be preempted back, before the VM goes on.
    pub fn go_on(&self) {
        let _ = self.0.compare_exchange(Self::PREEMPT, Self::RUN, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Kills the script for `reason`, unless it is being killed already. Returns whether this call was first.
    ///
    /// # Panics
    /// When `reason` is below [`Flag::FIRST_REASON`] and not [`Flag::MEMORY`].
    pub fn kill(&self, reason: i32) -> bool {
        assert!(reason >= Self::MEMORY, "{reason} is not a reason to kill");
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| (now <= Self::PREEMPT).then_some(reason))
            .is_ok()
    }

    /// Why the script was killed, if it was.
    pub fn killed(&self) -> Option<i32> {
        let now = self.0.load(Ordering::Relaxed);
        (now > Self::PREEMPT).then_some(now)
    }

    /// Makes `state` and all its coroutines obey this flag.
    ///
    /// # Safety
    /// `state` is a valid Lua state of this crate's Lua, used by this thread only, and is closed
    /// (or made to [`Flag::ignore`] it) before the flag is dropped or moved.
    pub unsafe fn watch(&self, state: *mut ffi::lua_State) {
        // SAFETY: the caller vouches for the state and for the flag's life. C reads the integer as
        // `volatile int`, and writes it only from the thread that runs the VM.
        unsafe { moonpool_setflag(state, self.0.as_ptr()) };
    }
}

impl Flag {
    /// Makes `state` obey no flag any more, so that the host can work on it: only when its script will never run again.
    ///
    /// # Safety
    /// `state` is a valid Lua state of this crate's Lua, used by this thread only, with no running frame.
    pub unsafe fn ignore(state: *mut ffi::lua_State) {
        // SAFETY: the caller vouches for the state.
        unsafe { moonpool_setflag(state, ptr::null_mut()) };
    }

    /// Does work of the host's in a VM that obeys no flag meanwhile: what is asked of its script is not for that.
    ///
    /// # Safety
    /// `state` is a valid Lua state of this crate's Lua, used by this thread only. `work` does not panic, and raises no error.
    pub unsafe fn undisturbed<T>(state: *mut ffi::lua_State, work: impl FnOnce() -> T) -> T {
        // SAFETY: the caller vouches for the state; the flag is as alive as it was.
        unsafe {
            let flag = moonpool_setflag(state, ptr::null_mut());
            let done = work();
            moonpool_setflag(state, flag);
            done
        }
    }
}

/// Makes `base`, a coroutine, look like the main thread of its VM to scripts: `coroutine.running` says so, and
/// `coroutine.yield` in it is an error.
///
/// # Safety
/// `state` and `base` are valid and of one VM, used by this thread only; `base` lives as long as the VM.
pub unsafe fn set_base(state: *mut ffi::lua_State, base: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for both.
    unsafe { moonpool_setbase(state, base) }
}

/// Keeps an address in the VM, for its C functions: what the host has of this VM. No script reaches it.
///
/// # Safety
/// `state` is valid and used by this thread only. What the address is of, is between this and [`host`].
pub unsafe fn set_host(state: *mut ffi::lua_State, host: *const c_void) {
    // SAFETY: the caller vouches for the state.
    unsafe { moonpool_sethost(state, host) }
}

/// What [`set_host`] kept in the VM of this state or coroutine; null when nothing.
///
/// # Safety
/// `state` is valid and used by this thread only.
pub unsafe fn host(state: *mut ffi::lua_State) -> *const c_void {
    // SAFETY: the caller vouches for the state.
    unsafe { moonpool_host(state) }
}

/// A C function: returns the coroutine that runs it, also where scripts see the main one.
pub const RUNNING: ffi::lua_CFunction = moonpool_running;

/// A C function: its argument as `lua` shows an error object: as it is when it is a string, else by its `__tostring`; nil
/// when it has none.
pub const DESCRIBE: ffi::lua_CFunction = moonpool_describe;

/// A C function: whether its argument, a coroutine, is running, or waits for one that is.
pub const IS_ACTIVE: ffi::lua_CFunction = moonpool_isactive;

/// Lets the VM have a time of its own: two numbers, which are ms since 1970, and the seconds that `os.clock` gives. With
/// null it has the system's.
///
/// # Safety
/// `state` is valid and used by this thread only. The numbers stay where they are until this is called again or the state
/// is closed, and only the thread that uses the VM changes them.
pub unsafe fn set_clock(state: *mut ffi::lua_State, clock: *const f64) {
    // SAFETY: the caller vouches for both.
    unsafe { moonpool_setclock(state, clock) }
}

/// Says that the VM runs on a native stack that `suspend`, called with `fiber`, can suspend until the VM is resumed: then
/// a script can be suspended where Lua cannot yield, too. With `None` it runs on one that cannot be.
///
/// # Safety
/// `state` is valid and used by this thread only. `suspend` returns on the same native stack, and nothing uses the VM
/// before it does; both stay valid until this is called again.
pub unsafe fn set_fiber(
    state: *mut ffi::lua_State,
    suspend: Option<unsafe extern "C-unwind" fn(*mut c_void)>,
    fiber: *mut c_void,
) {
    // SAFETY: the caller vouches for all of them.
    unsafe { moonpool_setfiber(state, suspend, fiber) }
}

/// How many calls of functions that cannot yield are at work, as the host counts them: up before such a call, and down when
/// that ends, also by an error that is caught. Of calls whose coroutine an error ends, it forgets by itself.
///
/// # Safety
/// `state` is valid, and used by this thread only.
pub unsafe fn inside<'a>(state: *mut ffi::lua_State) -> &'a Cell<c_int> {
    // SAFETY: the caller vouches for the state; the number lives as long as that, and is only used by its thread.
    unsafe { Cell::from_mut(&mut *moonpool_inside(state)) }
}

/// Whether the C function that is running could [`suspend`] the VM.
///
/// # Safety
/// `state` runs a C function.
pub unsafe fn can_suspend(state: *mut ffi::lua_State) -> bool {
    // SAFETY: the caller vouches for the state.
    unsafe { moonpool_cansuspend(state) != 0 }
}

/// Suspends the VM from a C function, as it is preempted at a safepoint: through all coroutines, and no script can tell.
/// When the VM is resumed, `k` goes on in the function's place.
///
/// # Safety
/// The last act of the C function that `state` runs, with nothing alive that has a destructor; [`can_suspend`] said yes.
pub unsafe fn suspend(state: *mut ffi::lua_State, k: ffi::lua_KFunction) -> c_int {
    // SAFETY: the caller vouches for the state.
    unsafe { moonpool_suspend(state, k) }
}

/// Starts the collector of a VM that was built while it stood still, as if a collection had just ended: what is there now
/// is there to stay, and the first cycle begins when the heap has grown to twice that.
///
/// # Safety
/// `state` is valid, used by this thread only, and no collection has begun in it.
pub unsafe fn built(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe { moonpool_built(state) }
}

/// Whether every key of every table of a VM is found where it stands: not so in a copy of a VM that has keys which are
/// hashed by their address.
///
/// # Safety
/// `state` is valid and used by this thread only.
pub unsafe fn finds_keys(state: *mut ffi::lua_State) -> bool {
    // SAFETY: the caller vouches for the state.
    unsafe { moonpool_findskeys(state) != 0 }
}

/// Lets a coroutine go that has ended, in a VM that lives on: its frames and its stack are free, and scripts find it dead.
///
/// # Safety
/// `state` is the main thread of a VM, used by this thread only, with no running frame; `ended` is a coroutine of it that
/// has ended.
pub unsafe fn retire(state: *mut ffi::lua_State, ended: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for both.
    unsafe { moonpool_retire(state, ended) }
}

/// Ends a VM whose allocator gives all memory back at once: runs the finalizers that are left, and frees nothing.
///
/// # Safety
/// `state` is the main thread of a VM, used by this thread only, with no running frame; afterwards neither it nor
/// anything of its VM is used again.
pub unsafe fn close(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe { moonpool_close(state) }
}

/// Throws if the script is being killed: for long loops in C functions written in Rust.
///
/// # Safety
/// As for any function that may raise a Lua error: `state` runs the calling C function, and no
/// Rust value with a destructor is alive in the frames that the error skips.
pub unsafe fn poll(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe { moonpool_poll(state) }
}

/// Makes room on both stacks for work of the host below a C function, or throws Lua's error when there is none: what fails
/// there after that fails because memory runs out, and the script is being killed.
///
/// # Safety
/// As [`poll`].
pub unsafe fn ready(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe { moonpool_ready(state) }
}

/// Makes room for the names of the libraries in the globals of a new state.
///
/// # Safety
/// As for any function that may raise a Lua error; `state` has a free stack slot.
pub unsafe fn make_room(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe { moonpool_makeroom(state) }
}

/// Loads bytecode. This is the only way that Lua takes any: every other refuses it.
///
/// # Safety
/// As `luaL_loadbufferx`; and `code` is what `lua_dump` wrote in this process. Lua does not verify bytecode: forged
/// code reads and writes any memory.
pub unsafe fn load_bytecode(state: *mut ffi::lua_State, code: &[u8], name: &CStr) -> c_int {
    // SAFETY: the caller vouches for state and code.
    unsafe { moonpool_load(state, code.as_ptr().cast(), code.len(), name.as_ptr()) }
}

thread_local! {
    static SEED: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Builds something with a fixed seed, so that it can be built alike again.
pub fn with_seed<T>(seed: u64, build: impl FnOnce() -> T) -> T {
    SEED.set(Some(seed));
    let built = build();
    SEED.set(None);
    built
}

thread_local! {
    static REPEATS: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Lets a state that `build` makes be one that repeats: all that it draws is made of the seed, and wherever a script could
/// see an address, or chance, or an order that comes of either, it sees the same in every process.
///
/// That holds if all blocks that the state's allocator gives for objects are in one region that begins at a multiple of
/// 4 GiB, and if what it does with them depends on what it is asked only.
pub fn with_repeats<T>(seed: u64, build: impl FnOnce() -> T) -> T {
    REPEATS.set(Some(seed));
    let built = build();
    REPEATS.set(None);
    built
}

/// Whether the new state repeats, and what its seeds are made of.
#[unsafe(no_mangle)]
extern "C" fn moonpool_lua_repeats(seeds: *mut u64) -> c_int {
    let Some(seed) = REPEATS.get() else { return 0 };
    // SAFETY: Lua passes a place in the state that it makes.
    unsafe { *seeds = seed };
    1
}

/// Unpredictable bits: a keyed hash (std's SipHash) of a counter. The key comes from the operating system, once per
/// process: asking it for each VM took 1 µs of the VM's 20.
pub fn random() -> u64 {
    static KEY: OnceLock<RandomState> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    KEY.get_or_init(RandomState::new).hash_one(COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The seed of a VM's string hashes and of its `math.random`.
#[unsafe(no_mangle)]
extern "C" fn moonpool_lua_seed() -> u32 {
    SEED.get().unwrap_or_else(random) as u32
}

/// The secret numbers that hash integers and floats, drawn once per process.
#[unsafe(no_mangle)]
extern "C" fn moonpool_lua_hashkey() -> *const u64 {
    static KEY: OnceLock<[u64; 3]> = OnceLock::new();
    KEY.get_or_init(|| [random(), random(), random()]).as_ptr()
}

/// What scripts see instead of an address: a keyed hash of it (std's SipHash), drawn once per process. Of 53 bits, so
/// that it is a number in JavaScript, too.
#[unsafe(no_mangle)]
extern "C" fn moonpool_lua_objectid(address: *const c_void) -> i64 {
    static KEY: OnceLock<RandomState> = OnceLock::new();
    (KEY.get_or_init(RandomState::new).hash_one(address.addr()) >> 11) as i64
}
