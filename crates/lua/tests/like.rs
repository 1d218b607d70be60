//! Tables that are made like a model are tables like others.

mod common;

use common::Vm;
use moonpool_lua::{ffi, like};
use std::ffi::CStr;

/// The global `made`: so many tables, each with these keys and the values that `value` pushes for it, and then all is collected.
fn make(vm: &Vm, keys: &[&str], count: i64, value: impl Fn(*mut ffi::lua_State, i64, usize)) {
    let state = vm.state;
    // SAFETY: the state is ours, with room on its stack; the model stays as it is.
    unsafe {
        assert_ne!(ffi::lua_checkstack(state, keys.len() as i32 + 16), 0);
        ffi::lua_newtable(state);
        let made = ffi::lua_gettop(state);
        ffi::lua_createtable(state, 0, keys.len() as i32);
        let model = made + 1;
        let push = |key: &str| ffi::lua_pushlstring(state, key.as_ptr().cast(), key.len());
        for key in keys {
            push(key);
            ffi::lua_pushboolean(state, 1);
            ffi::lua_rawset(state, model);
        }
        let place = |key: &&str| {
            push(key);
            like::place_of(state, model).expect("it is a key")
        };
        let places: Vec<u8> = keys.iter().map(place).collect();
        for i in 1..=count {
            for place in 0..keys.len() {
                value(state, i, place);
            }
            like::push(state, model, &places);
            ffi::lua_rawseti(state, made, i);
            assert_eq!(ffi::lua_gettop(state), model, "the values are popped");
        }
        ffi::lua_settop(state, made);
        ffi::lua_setglobal(state, c"made".as_ptr());
        ffi::lua_gc(state, ffi::LUA_GCCOLLECT, 0);
    }
}

fn check(vm: &Vm, source: &str) {
    let co = vm.coroutine(source);
    let status = vm.resume(co);
    // SAFETY: the coroutine has ended, with a message if it failed.
    unsafe {
        let message = if status == ffi::LUA_OK { c"" } else { CStr::from_ptr(ffi::lua_tostring(co, -1)) };
        assert_eq!(status, ffi::LUA_OK, "{message:?}");
    }
}

fn text(state: *mut ffi::lua_State, text: &str) {
    // SAFETY: the tests' state, with room on its stack.
    unsafe { ffi::lua_pushlstring(state, text.as_ptr().cast(), text.len()) };
}

#[test]
fn they_have_the_keys_of_the_model_and_values_of_their_own_while_the_collector_works() {
    for keys in [1, 2, 3, 4, 5, 9, 64, like::MOST_KEYS] {
        let vm = Vm::scribbling();
        // SAFETY: the state is ours. It collects all the time.
        unsafe { ffi::lua_gc(vm.state, ffi::LUA_GCINC, 1, 400, 0) };
        let names: Vec<String> = (1..=keys).map(|i| format!("key {i}{}", "x".repeat(i % 60))).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        make(&vm, &names, 20, |state, i, place| text(state, &format!("value {i} of {}", place + 1)));
        check(
            &vm,
            &format!(
                "assert(#made == 20)
                for i, t in ipairs(made) do
                    local count = 0
                    for _ in pairs(t) do count = count + 1 end
                    assert(count == {keys}, count)
                    for place = 1, {keys} do
                        local key = 'key ' .. place .. ('x'):rep(place % 60)
                        assert(t[key] == 'value ' .. i .. ' of ' .. place, key)
                    end
                end
                for i, t in ipairs(made) do
                    for j = 1, 40 do t['more ' .. j] = i t[j] = -j end
                    t['key 1x'] = nil
                end
                collectgarbage()
                for i, t in ipairs(made) do
                    assert(t['key 1x'] == nil and #t == 40 and t['more 40'] == i)
                    if {keys} > 1 then assert(t['key 2xx'] == 'value ' .. i .. ' of 2') end
                end"
            ),
        );
    }
}

#[test]
fn a_value_that_is_nil_is_absent_and_can_be_set() {
    let vm = Vm::scribbling();
    make(&vm, &["a", "b"], 9, |state, i, place| match (i % 3, place) {
        // SAFETY: the tests' state.
        (0, _) | (1, 0) => unsafe { ffi::lua_pushnil(state) },
        _ => text(state, "there"),
    });
    check(
        &vm,
        "for i, t in ipairs(made) do
            assert((next(t) == nil) == (i % 3 == 0) and (t.a == nil) == (i % 3 ~= 2))
            collectgarbage()
            t.a, t.b = i, {i}
            collectgarbage()
            assert(t.a == i and t.b[1] == i)
        end",
    );
}

#[test]
fn metamethods_among_their_keys_are_found() {
    let vm = Vm::new();
    make(&vm, &["__index", "x"], 2, |state, _, place| {
        // SAFETY: the tests' state.
        unsafe { ffi::lua_getglobal(state, [c"string", c"_VERSION"][place].as_ptr()) };
    });
    check(&vm, "for _, t in ipairs(made) do assert(setmetatable({}, t).format == string.format) end");
}
