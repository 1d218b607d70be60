//! What scripts see and may do: no addresses, no bytecode, no finalizers, no predictable hashes.

mod common;

use common::Vm;
use moonpool_lua::{ffi, stock};
use std::ffi::{CStr, c_void};
use std::time::{Duration, Instant};

/// The address of the global `name`.
fn address_of(vm: &Vm, name: &CStr) -> i64 {
    // SAFETY: the state is ours.
    unsafe {
        ffi::lua_getglobal(vm.state, name.as_ptr());
        let address = ffi::lua_topointer(vm.state, -1);
        ffi::lua_settop(vm.state, -2);
        address.addr() as i64
    }
}

#[test]
fn tostring_shows_no_address_but_tells_objects_apart() {
    let vm = Vm::new();
    let ids = vm.text_of("t, u = {}, {} text = tostring(t) .. ' ' .. tostring(u) .. ' ' .. tostring(t)");
    let ids: Vec<_> = ids.split(' ').filter(|id| id.parse::<i64>().is_ok()).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(ids[0], ids[2], "an object keeps its id");
    assert_ne!(ids[0], ids[1]);
    assert_ne!(ids[0].parse(), Ok(address_of(&vm, c"t")));
}

#[test]
fn errors_call_light_userdata_by_the_name_of_its_metatable() {
    let vm = Vm::new();
    let light = |named: bool| {
        // SAFETY: the state is ours, and has room for three values.
        unsafe {
            ffi::lua_pushlightuserdata(vm.state, std::ptr::null_mut());
            if named {
                ffi::lua_createtable(vm.state, 0, 1);
                ffi::lua_pushstring(vm.state, c"json.null".as_ptr());
                ffi::lua_setfield(vm.state, -2, c"__name".as_ptr());
                ffi::lua_setmetatable(vm.state, -2);
            }
            ffi::lua_setglobal(vm.state, c"null".as_ptr());
        }
    };
    let failing = |code: &str| {
        let source = format!("local _, e = pcall(function() local n = null {code} end) text = e:match(': (.*)')");
        vm.text_of(&source)
    };
    light(false);
    assert_eq!(failing("return n + 1"), "attempt to perform arithmetic on a userdata value (local 'n')");
    light(true);
    for (code, message) in [
        ("return n + 1", "attempt to perform arithmetic on a json.null value (local 'n')"),
        ("return n | 1", "attempt to perform bitwise operation on a json.null value (local 'n')"),
        ("return n.x", "attempt to index a json.null value (local 'n')"),
        ("n.x = 1", "attempt to index a json.null value (local 'n')"),
        ("n()", "attempt to call a json.null value (local 'n')"),
        ("return 'a' .. n", "attempt to concatenate a json.null value (local 'n')"),
        ("return #n", "attempt to get length of a json.null value (local 'n')"),
        ("return n < 1", "attempt to compare json.null with number"),
        ("return n < n", "attempt to compare two json.null values"),
        ("for i = 1, n do end", "bad 'for' limit (number expected, got json.null)"),
    ] {
        assert_eq!(failing(code), message, "{code}");
    }
}

#[test]
fn format_p_shows_what_tostring_shows() {
    let vm = Vm::new();
    let ids = vm
        .text_of("t = {} text = string.format('%p', t) .. ' ' .. tostring(t):sub(8) .. ' ' .. string.format('%p', 1)");
    let ids: Vec<_> = ids.split(' ').collect();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0].parse(), Ok(address_of(&vm, c"t")));
    assert!(ids[0].parse::<i64>().is_ok(), "{ids:?}");
    assert_eq!(ids[2], "(null)");
}

#[test]
fn binary_chunks_are_refused_whatever_the_mode() {
    let vm = Vm::new();
    let answers = vm.text_of("local code = string.dump(function() return 1 end)
         local answers = {}
         for _, mode in ipairs{'b', 'bt', 't', false} do
             answers[#answers + 1] = tostring(load(code, 'x', mode or nil))
             local done
             answers[#answers + 1] = tostring(load(function() if not done then done = true return code end end, 'x', mode or nil))
         end
         text = table.concat(answers, ' ')",
    );
    assert_eq!(answers, "nil nil nil nil nil nil nil nil");
}

#[test]
fn a_gc_metamethod_is_refused_and_has_no_effect_later() {
    let vm = Vm::new();
    assert_eq!(
        vm.text_of(
            "local ok, message = pcall(setmetatable, {}, {__gc = function() end})
             local mt = {}
             setmetatable({}, mt)
             mt.__gc = function() late = true end
             collectgarbage()
             text = tostring(ok) .. ' ' .. message .. ' ' .. tostring(late)",
        ),
        "false '__gc' is not available in metatables nil"
    );
}

#[test]
fn no_table_has_a_finalizer_however_its_metatable_was_set() {
    let vm = Vm::new();
    let ran = vm.text_of(
        "text = 'no finalizer ran'
         debug.setmetatable({}, {__gc = function() text = 'a finalizer ran' end})
         collectgarbage()",
    );
    assert_eq!(ran, "no finalizer ran");
}

#[test]
fn strings_compare_as_in_unedited_lua() {
    let source =
        "local words, answers = {'', 'a', 'b', 'ab', 'a\\0', 'a\\0b', 'a\\0c', '\\0', '\\0\\0', 'Z', '\\xe9', 'z'}, {}
        for _, a in ipairs(words) do for _, b in ipairs(words) do
            answers[#answers + 1] = (a < b and '<' or a > b and '>' or '=') .. (a <= b and 't' or 'f') end end
        text = table.concat(answers)";
    let vm = Vm::new();
    let answer = stock::run(format!("{source} io.write(text)").as_bytes(), "=test", 0);
    assert_eq!(vm.text_of(source), String::from_utf8_lossy(&answer.text));
}

/// Milliseconds of CPU that `source` says it took, here and in unedited Lua.
fn race(source: &str) -> (f64, f64) {
    let timed = format!("local start = os.clock() {source} text = tostring((os.clock() - start) * 1000)");
    let ours = Vm::new().text_of(&timed).parse().expect("a number");
    let answer = stock::run(format!("{timed} io.write(text)").as_bytes(), "=test", 0);
    (ours, String::from_utf8_lossy(&answer.text).parse().expect("a number"))
}

#[test]
fn integers_that_collide_in_unedited_lua_do_not_collide_here() {
    // Multiples of the moduli that Lua uses for hash parts of 2^13 to 2^15 nodes.
    let (ours, stock) = race(
        "local step = ((1 << 13) - 1) * ((1 << 14) - 1) * ((1 << 15) - 1)
         local t = {} for i = 1, 30000 do t[i * step] = i end",
    );
    assert!(ours * 5.0 < stock, "{ours} ms, unedited {stock} ms");
}

#[test]
fn floats_that_collide_in_unedited_lua_do_not_collide_here() {
    let (ours, stock) = race("local t = {} for i = 1, 20000 do t[1 + i * 2^-52] = i end");
    assert!(ours * 5.0 < stock, "{ours} ms, unedited {stock} ms");
}

#[test]
fn keys_of_all_kinds_are_found_again() {
    let vm = Vm::new();
    assert_eq!(
        vm.text_of(
            "local t, n = {}, 0
             for i = -5000, 5000 do t[i * 7919] = i t[i + 0.5] = -i t['k' .. i] = i end
             for i = -5000, 5000 do
                 if t[i * 7919] == i and t[i + 0.5] == -i and t['k' .. i] == i and t[i * 7919.0] == i then n = n + 1 end
             end
             local count = 0 for _ in pairs(t) do count = count + 1 end
             text = n .. ' ' .. count",
        ),
        "10001 30003"
    );
}

/// Gives every state the same addresses: blocks one after another, from the start of one buffer.
unsafe extern "C" fn same_addresses(next: *mut c_void, block: *mut c_void, old: usize, new: usize) -> *mut c_void {
    // SAFETY: `next` is the place in a buffer with room for all; a block came from here, with size `old`.
    unsafe {
        let next = &mut *next.cast::<*mut u8>();
        if new == 0 || (!block.is_null() && new <= old) {
            return if new == 0 { std::ptr::null_mut() } else { block };
        }
        let fresh = *next;
        *next = next.add(new.next_multiple_of(16));
        if !block.is_null() {
            fresh.copy_from_nonoverlapping(block.cast(), old);
        }
        fresh.cast()
    }
}

#[test]
fn states_at_the_same_address_order_strings_differently() {
    let mut buffer = vec![0_u128; 1 << 20];
    let mut order = || {
        let mut next: *mut u8 = buffer.as_mut_ptr().cast();
        // SAFETY: the state is closed before the next one uses the buffer.
        unsafe {
            let state = ffi::lua_newstate(same_addresses, (&raw mut next).cast());
            ffi::luaL_openlibs(state);
            let source = c"local t, keys = {}, {} for i = 1, 40 do t['key' .. i] = i end
                for k in pairs(t) do keys[#keys + 1] = k end return table.concat(keys, ' ')";
            assert_eq!(ffi::luaL_loadstring(state, source.as_ptr()), ffi::LUA_OK);
            assert_eq!(ffi::lua_pcall(state, 0, 1, 0), ffi::LUA_OK);
            let order = CStr::from_ptr(ffi::lua_tolstring(state, -1, std::ptr::null_mut())).to_owned();
            ffi::lua_close(state);
            order
        }
    };
    // All from one place: Lua's own seed takes an address of the stack, too.
    let orders: Vec<_> = (0..10).map(|_| order()).collect();
    assert!(orders.iter().any(|order| *order != orders[0]), "the hash seed repeats");
}

#[test]
fn a_traceback_takes_no_time_among_a_million_globals() {
    let vm = Vm::new();
    vm.text_of("for i = 1, 1000000 do _G['g' .. i] = i end text = ''");
    let deep = "local function f(n) if n == 0 then error('x') end return (f(n - 1)) end f(30)";
    let co = vm.coroutine(deep);
    assert_eq!(vm.resume(co), ffi::LUA_ERRRUN);
    let start = Instant::now();
    // SAFETY: the states are ours; the stack has room, memory is not limited.
    unsafe { ffi::luaL_traceback(vm.state, co, std::ptr::null(), 0) };
    assert!(start.elapsed() < Duration::from_millis(200), "{:?}", start.elapsed());
}

#[test]
fn the_seed_of_math_random_holds_no_address() {
    let vm = Vm::new();
    let co = vm.coroutine("local _, seed = math.randomseed() after = seed");
    assert_eq!(vm.resume(co), ffi::LUA_OK);
    assert_ne!(vm.global(c"after"), co.addr() as i64);
}
