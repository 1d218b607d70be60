//! Lua 5.4.9 with safepoints: a VM that another thread can stop, or ask to leave, at any time.
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

#[cfg(feature = "stock")]
pub mod stock;

use std::ffi::{c_int, c_void};
use std::hash::{BuildHasher, RandomState};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering};

unsafe extern "C-unwind" {
    fn moonpool_setflag(state: *mut ffi::lua_State, flag: *mut c_int);
    fn moonpool_setbase(state: *mut ffi::lua_State, base: *mut ffi::lua_State);
    fn moonpool_poll(state: *mut ffi::lua_State);
}

/// What other threads ask of one VM: nothing, to leave, or to die.
///
/// A request to die is final: the first reason stays, and nothing lowers it while the script has frames.
#[derive(Debug, Default)]
pub struct Flag(AtomicI32);

impl Flag {
    const RUN: i32 = 0;
    const YIELD: i32 = 1;
    /// The reason that Lua itself raises when the allocator refuses memory.
    pub const MEMORY: i32 = 2;
    /// The first reason that is free for callers of [`Flag::kill`].
    pub const FIRST_REASON: i32 = 3;

    /// A lowered flag.
    pub const fn new() -> Self {
        Self(AtomicI32::new(Self::RUN))
    }

    /// Asks the VM to yield, invisibly to the script, at its next safepoint where Lua can.
    pub fn leave(&self) {
        let _ = self.0.compare_exchange(Self::RUN, Self::YIELD, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Takes a request to leave back, before the VM goes on.
    pub fn stay(&self) {
        let _ = self.0.compare_exchange(Self::YIELD, Self::RUN, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Kills the script for `reason`, unless it is being killed already. Returns whether this call was first.
    ///
    /// # Panics
    /// When `reason` is below [`Flag::FIRST_REASON`] and not [`Flag::MEMORY`].
    pub fn kill(&self, reason: i32) -> bool {
        assert!(reason >= Self::MEMORY, "{reason} is not a reason to kill");
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| (now <= Self::YIELD).then_some(reason)).is_ok()
    }

    /// Why the script was killed, if it was.
    pub fn killed(&self) -> Option<i32> {
        let now = self.0.load(Ordering::Relaxed);
        (now > Self::YIELD).then_some(now)
    }

    /// Makes `state` and all its coroutines obey this flag.
    ///
    /// # Safety
    /// `state` is a valid Lua state of this crate's Lua, used by this thread only, and is closed
    /// (or made to [`Flag::ignore`] it) before the flag is dropped or moved.
    pub unsafe fn watch(&self, state: *mut ffi::lua_State) {
        // SAFETY: the caller vouches for the state and for the flag's life. C reads the integer as
        // `volatile int`, and writes it only from the thread that runs the VM.
        unsafe { moonpool_setflag(state, self.0.as_ptr()) }
    }
}

impl Flag {
    /// Makes `state` obey no flag any more, so that the host can work on it: only when its script will never run again.
    ///
    /// # Safety
    /// `state` is a valid Lua state of this crate's Lua, used by this thread only, with no running frame.
    pub unsafe fn ignore(state: *mut ffi::lua_State) {
        // SAFETY: the caller vouches for the state.
        unsafe { moonpool_setflag(state, ptr::null_mut()) }
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

/// Throws if the script is being killed: for long loops in C functions written in Rust.
///
/// # Safety
/// As for any function that may raise a Lua error: `state` runs the calling C function, and no
/// Rust value with a destructor is alive in the frames that the error skips.
pub unsafe fn poll(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe { moonpool_poll(state) }
}

/// Random bits from the operating system.
fn random() -> u64 {
    // Without a random source (never seen on a supported system) std's own hash keys are the next best.
    getrandom::u64().unwrap_or_else(|_| RandomState::new().hash_one(0_u8))
}

/// The seed of a VM's string hashes and of its `math.random`.
#[unsafe(no_mangle)]
extern "C" fn moonpool_lua_seed() -> u32 {
    random() as u32
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
