//! Numbers are put into the array of a table, and nowhere else.

mod common;

use common::Vm;
use moonpool_lua::ffi;
use moonpool_lua::numbers::Numbers;

/// A table whose array has places for four values.
fn with_four_places(vm: &Vm) -> *mut ffi::lua_State {
    // SAFETY: the state is ours, with room on its stack.
    unsafe { ffi::lua_createtable(vm.state, 4, 0) };
    vm.state
}

fn integer(state: *mut ffi::lua_State, key: i64) -> Option<i64> {
    // SAFETY: as above; the table is on top.
    unsafe {
        ffi::lua_rawgeti(state, -1, key);
        let number = (ffi::lua_isinteger(state, -1) == 1).then(|| ffi::lua_tointeger(state, -1));
        ffi::lua_pop(state, 1);
        number
    }
}

#[test]
fn integers_and_floats_stand_where_they_were_put() {
    let vm = Vm::scribbling();
    let state = with_four_places(&vm);
    let integers = [i32::MIN, -1, i32::MAX].map(i32::to_le_bytes);
    // SAFETY: the table is on top.
    assert!(unsafe { Numbers::Integers(&integers).set(state, -1, 1) });
    let found: Vec<_> = (1..=4).map(|key| integer(state, key)).collect();
    assert_eq!(found, [None, Some(i64::from(i32::MIN)), Some(-1), Some(i64::from(i32::MAX))]);
    let floats = [0.5, -0.0].map(f64::to_le_bytes);
    // SAFETY: as above.
    assert!(unsafe { Numbers::Floats(&floats).set(state, -1, 0) });
    for (key, float) in [(1, 0.5_f64), (2, -0.0)] {
        // SAFETY: as above.
        let found = unsafe {
            ffi::lua_rawgeti(state, -1, key);
            let found = ffi::lua_tonumber(state, -1);
            ffi::lua_pop(state, 1);
            found
        };
        assert_eq!(found.to_bits(), float.to_bits());
        assert_eq!(integer(state, key), None);
    }
}

#[test]
fn those_that_have_no_place_are_left_out_and_that_is_said() {
    let vm = Vm::scribbling();
    let state = with_four_places(&vm);
    let integers = [1, 2, 3].map(i32::to_le_bytes);
    for (from, found) in [(2, [None, None, Some(1), Some(2)]), (4, [None; 4]), (usize::MAX, [None; 4])] {
        // SAFETY: the table is on top.
        unsafe {
            ffi::lua_createtable(state, 4, 0);
            assert!(!Numbers::Integers(&integers).set(state, -1, from));
        }
        assert_eq!([1, 2, 3, 4].map(|key| integer(state, key)), found);
        assert_eq!(integer(state, 5), None);
    }
}
