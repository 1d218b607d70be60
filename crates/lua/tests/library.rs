//! Opening libraries, and the two ends of a VM that lives in memory of its own.

mod common;

use common::Vm;
use moonpool_lua::ffi;
use std::ffi::c_int;

unsafe extern "C-unwind" fn answer(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by Lua.
    unsafe { ffi::lua_pushinteger(state, 42) };
    1
}

#[test]
fn functions_are_set_past_metamethods() {
    let vm = Vm::new();
    let functions = [
        ffi::luaL_Reg { name: c"answer".as_ptr(), func: answer },
        ffi::luaL_Reg { name: std::ptr::null(), func: answer },
    ];
    // SAFETY: the state is ours; the list ends with an empty entry.
    unsafe {
        let setup = c"return setmetatable({}, {__newindex = function() error('a metamethod ran') end})";
        assert_eq!(ffi::luaL_loadstring(vm.state, setup.as_ptr()), ffi::LUA_OK);
        ffi::lua_call(vm.state, 0, 1);
        ffi::luaL_setfuncs(vm.state, functions.as_ptr(), 0);
        ffi::lua_getfield(vm.state, -1, c"answer".as_ptr());
        ffi::lua_call(vm.state, 0, 1);
        assert_eq!(ffi::lua_tointeger(vm.state, -1), 42);
    }
}
