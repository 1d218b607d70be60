//! What the tests of this crate share: a state that obeys a flag, and scripts for it.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]

use moonpool_lua::{Flag, ffi, set_fiber};
use std::alloc::{Layout, alloc, dealloc};
use std::ffi::{CStr, CString, c_int, c_void};
use std::sync::Arc;

/// A state with all libraries, and the flag that it obeys (declared last, so dropped after the state is closed).
pub struct Vm {
    pub state: *mut ffi::lua_State,
    pub flag: Arc<Flag>,
}

impl Vm {
    pub fn new() -> Self {
        // SAFETY: a new state.
        Self::of(unsafe { ffi::luaL_newstate() })
    }

    /// A state whose new and freed memory is overwritten, so that a use of it is seen.
    pub fn scribbling() -> Self {
        // SAFETY: a new state.
        Self::of(unsafe { ffi::lua_newstate(scribble, std::ptr::null_mut()) })
    }

    /// A state in such memory.
    pub fn in_memory(allocate: ffi::lua_Alloc, data: *mut c_void) -> Self {
        // SAFETY: a new state; the caller's allocator is as Lua wants it.
        Self::of(unsafe { ffi::lua_newstate(allocate, data) })
    }

    fn of(state: *mut ffi::lua_State) -> Self {
        let flag = Arc::new(Flag::new());
        // SAFETY: the state is new, used by this thread only, and closed in `drop` while the flag is alive.
        unsafe {
            flag.watch(state);
            ffi::luaL_openlibs(state);
            ffi::lua_pushcfunction(state, finalizer);
            ffi::lua_setglobal(state, c"finalizer".as_ptr());
            ffi::lua_pushcfunction(state, mark);
            ffi::lua_setglobal(state, c"mark".as_ptr());
            ffi::lua_pushcfunction(state, constant);
            ffi::lua_setglobal(state, c"constant".as_ptr());
        }
        Self { state, flag }
    }

    /// A new coroutine that runs `source` when resumed.
    pub fn coroutine(&self, source: &str) -> *mut ffi::lua_State {
        let source = CString::new(source).unwrap();
        // SAFETY: the state is ours; the thread stays on its stack, and so is not collected.
        unsafe {
            let co = ffi::lua_newthread(self.state);
            assert_eq!(ffi::luaL_loadstring(co, source.as_ptr()), ffi::LUA_OK);
            co
        }
    }

    /// Resumes until the coroutine yields or ends.
    pub fn resume(&self, co: *mut ffi::lua_State) -> c_int {
        let mut results = 0;
        // SAFETY: `co` came from `coroutine`; lua_resume is protected.
        unsafe { ffi::lua_resume(co, self.state, 0, &mut results) }
    }

    /// What `source` leaves in the global `text`.
    pub fn text_of(&self, source: &str) -> String {
        let co = self.coroutine(source);
        let status = self.resume(co);
        // SAFETY: the state is ours; each string is copied before anything else happens.
        unsafe {
            if status != ffi::LUA_OK {
                panic!("{source}: {:?}", CStr::from_ptr(ffi::lua_tolstring(co, -1, std::ptr::null_mut())));
            }
            ffi::lua_getglobal(self.state, c"text".as_ptr());
            let text = CStr::from_ptr(ffi::lua_tolstring(self.state, -1, std::ptr::null_mut()));
            let text = text.to_string_lossy().into_owned();
            ffi::lua_pop(self.state, 1);
            text
        }
    }

    /// For looking at the state after a kill.
    pub fn ignore_flag(&self) {
        // SAFETY: the state is ours and has no running frame.
        unsafe { Flag::ignore(self.state) }
    }

    pub fn global(&self, name: &CStr) -> i64 {
        // SAFETY: no metamethods on the globals; the stack has room for one value.
        unsafe {
            ffi::lua_getglobal(self.state, name.as_ptr());
            let n = ffi::lua_tointeger(self.state, -1);
            ffi::lua_pop(self.state, 1);
            n
        }
    }
}

/// Counts one time that the VM could have been suspended.
unsafe extern "C-unwind" fn count(polls: *mut c_void) {
    // SAFETY: the counter of `polls_of`, which waits.
    unsafe { *polls.cast::<usize>() += 1 };
}

/// How often a VM looks at its flag, and could be suspended, while it executes `source`.
pub fn polls_of(source: &str) -> usize {
    let vm = Vm::new();
    let co = vm.coroutine(source);
    let mut polls = 0_usize;
    vm.flag.preempt();
    // SAFETY: the counter outlives the VM's work; nothing is suspended, only counted.
    unsafe { set_fiber(vm.state, Some(count), (&raw mut polls).cast()) };
    while vm.resume(co) == ffi::LUA_YIELD {}
    polls
}

/// A value whose `__gc` is the Lua function given: only a host can make one.
unsafe extern "C-unwind" fn finalizer(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by Lua with its own state; nothing here has a destructor.
    unsafe {
        ffi::lua_newuserdatauv(state, 0, 0);
        ffi::lua_createtable(state, 0, 1);
        ffi::lua_pushvalue(state, 1);
        ffi::lua_setfield(state, -2, c"__gc".as_ptr());
        ffi::lua_setmetatable(state, -2);
    }
    1
}

/// Sets the global `after`, from C.
unsafe extern "C-unwind" fn mark(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by Lua with its own state; nothing here has a destructor.
    unsafe {
        ffi::lua_pushinteger(state, 1);
        ffi::lua_setglobal(state, c"after".as_ptr());
    }
    0
}

static CONSTANTS: [u64; 64] = [1; 64];

/// The address of a constant, by its number.
unsafe extern "C-unwind" fn constant(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by Lua with its own state; nothing here has a destructor.
    unsafe {
        let n = ffi::luaL_checkinteger(state, 1) as usize % CONSTANTS.len();
        ffi::lua_pushlightuserdata(state, (&raw const CONSTANTS[n]).cast_mut().cast());
    }
    1
}

unsafe extern "C" fn scribble(_: *mut c_void, block: *mut c_void, old: usize, new: usize) -> *mut c_void {
    let layout = |size| Layout::from_size_align(size, 16).expect("a small size");
    // SAFETY: as `lua_Alloc` is specified: a block came from here, with size `old`.
    unsafe {
        let fresh = if new == 0 { std::ptr::null_mut() } else { alloc(layout(new)) };
        if !fresh.is_null() {
            fresh.write_bytes(0xDD, new);
        }
        if !block.is_null() {
            if !fresh.is_null() {
                std::ptr::copy_nonoverlapping(block.cast::<u8>(), fresh, old.min(new));
            }
            block.cast::<u8>().write_bytes(0xDD, old);
            dealloc(block.cast(), layout(old));
        }
        fresh.cast()
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        // SAFETY: the state is ours and has no running frame.
        unsafe { ffi::lua_close(self.state) }
    }
}
