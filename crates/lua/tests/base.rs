//! The coroutine that stands for the main thread looks like it.

mod common;

use common::Vm;
use moonpool_lua::{ffi, set_base};

#[test]
fn the_base_coroutine_looks_like_the_main_thread() {
    let vm = Vm::new();
    let base = vm.coroutine(
        "local _, ismain = coroutine.running()
         local ok, message = pcall(coroutine.yield)
         local _, direct = pcall(function() coroutine.yield() end)
         local inner = coroutine.wrap(function() return select(2, coroutine.running()), coroutine.isyieldable() end)
         local innermain, inneryieldable = inner()
         after = (ismain and 1 or 0) + (coroutine.isyieldable() and 0 or 10) + (ok and 0 or 100)
             + (message == direct and message == 'attempt to yield from outside a coroutine' and 1000 or 0)
             + (innermain and 0 or 10000) + (inneryieldable and 100000 or 0)",
    );
    // SAFETY: `base` stays on the stack of the state.
    unsafe { set_base(vm.state, base) };
    assert_eq!(vm.resume(base), ffi::LUA_OK);
    assert_eq!(vm.global(c"after"), 111_111);
}

#[test]
fn the_hosts_main_thread_is_refused() {
    let vm = Vm::new();
    let base = vm.coroutine(
        "after = 0
         for i, f in ipairs{coroutine.resume, coroutine.close, coroutine.status} do
           local ok, message = pcall(f, main)
           if not ok and message:find('thread expected') then after = after + 10 ^ i // 1 | 0 end
         end",
    );
    // SAFETY: `base` stays on the stack of the state.
    unsafe {
        ffi::lua_pushthread(vm.state);
        ffi::lua_setglobal(vm.state, c"main".as_ptr());
        set_base(vm.state, base);
    }
    assert_eq!(vm.resume(base), ffi::LUA_OK);
    assert_eq!(vm.global(c"after"), 1110);
}
