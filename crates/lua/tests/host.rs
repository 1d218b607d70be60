//! The place for what the host keeps of a VM.

mod common;

use common::Vm;
use moonpool_lua::{host, set_host};
use std::ptr;

#[test]
fn what_the_host_keeps_is_the_same_in_all_coroutines_of_a_vm_and_in_no_other_vm() {
    let (vm, other) = (Vm::new(), Vm::new());
    let kept = 7_u64;
    let co = vm.coroutine("");
    // SAFETY: all states are ours.
    unsafe {
        assert!(host(vm.state).is_null());
        set_host(co, (&raw const kept).cast());
        assert_eq!(host(vm.state).cast(), &raw const kept);
        assert!(host(other.state).is_null());
        set_host(vm.state, ptr::null());
        assert!(host(co).is_null());
    }
}
