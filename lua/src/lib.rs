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

use std::ffi::c_int;
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

    /// Lowers the flag, so that the host can work on the VM after a kill.
    ///
    /// Only for a VM whose script can never run again.
    pub fn lower(&self) {
        self.0.store(Self::RUN, Ordering::Relaxed);
    }

    /// Makes `state` and all its coroutines obey this flag.
    ///
    /// # Safety
    /// `state` is a valid Lua state of this crate's Lua, used by this thread only, and is closed
    /// before the flag is dropped or moved.
    pub unsafe fn watch(&self, state: *mut ffi::lua_State) {
        // SAFETY: the caller vouches for the state and for the flag's life. C reads the integer as
        // `volatile int`, and writes it only from the thread that runs the VM.
        unsafe { moonpool_setflag(state, self.0.as_ptr()) }
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

/// A random number from the operating system, for the VM's hash seed and `math.randomseed()`.
#[unsafe(no_mangle)]
extern "C" fn moonpool_lua_seed() -> u32 {
    getrandom::u32().unwrap_or_else(|_| {
        // No random source (never seen on a supported system): std's own hash keys are the next best.
        use std::hash::{BuildHasher, RandomState};
        RandomState::new().hash_one(0_u8) as u32
    })
}
