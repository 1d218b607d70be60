//! Running out of memory ends the script for good, after garbage had its chance.

mod common;

use common::Vm;
use moonpool_lua::{Flag, ffi};
use std::ffi::c_void;

/// Limits `vm` to `bytes` more than it uses now.
fn limit(vm: &Vm, bytes: usize) {
    // SAFETY: the state is ours. The allocator below frees and grows blocks of any earlier allocator that uses malloc.
    unsafe {
        let mut data = std::ptr::null_mut();
        let allocate = ffi::lua_getallocf(vm.state, &mut data);
        let heap = Box::new(Heap { allocate, data, left: bytes as isize });
        ffi::lua_setallocf(vm.state, counted, Box::into_raw(heap).cast());
    }
}

struct Heap {
    allocate: ffi::lua_Alloc,
    data: *mut c_void,
    left: isize,
}

unsafe extern "C" fn counted(heap: *mut c_void, block: *mut c_void, old: usize, new: usize) -> *mut c_void {
    // SAFETY: `heap` is the (leaked) box of `limit`; the rest is passed on as Lua gave it.
    unsafe {
        let heap = &mut *heap.cast::<Heap>();
        let held = if block.is_null() { 0 } else { old };
        let growth = new as isize - held as isize;
        if growth > heap.left {
            return std::ptr::null_mut();
        }
        heap.left -= growth;
        (heap.allocate)(heap.data, block, old, new)
    }
}

#[test]
fn running_out_of_memory_is_final() {
    let vm = Vm::new();
    let co = vm.coroutine("after = 0 pcall(string.rep, 'x', 1 << 24) after = 1");
    limit(&vm, 1 << 20);
    assert!(vm.resume(co) > ffi::LUA_YIELD);
    assert_eq!(vm.flag.killed(), Some(Flag::MEMORY));
    vm.ignore_flag();
    assert_eq!(vm.global(c"after"), 0);
}

#[test]
fn a_buffer_collects_garbage_before_it_gives_up() {
    let vm = Vm::new();
    // Three quarters of the room are garbage when the buffer asks for more than is left.
    let co = vm.coroutine(
        "collectgarbage('stop')
         local t = {} for i = 1, 12 do t[i] = ('x'):rep(64 * 1024 - i) end t = nil
         after = #('y'):rep(400 * 1024)",
    );
    limit(&vm, 1 << 20);
    assert_eq!(vm.resume(co), ffi::LUA_OK);
    assert_eq!(vm.global(c"after"), 400 * 1024);
}
