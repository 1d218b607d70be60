//! VMs that repeat: what they draw, show and order is the same wherever their memory is, and in every process.
#![cfg(unix)]

mod common;
#[path = "common/program.rs"]
mod program;

use common::Vm;
use moonpool_lua::{ffi, with_repeats};
use program::this_program;
use std::ffi::c_void;

/// The memory of a VM: 16 MiB from the start of 4 GiB on, of which nothing is ever given back.
struct Region {
    start: usize,
    used: usize,
}

const SIZE: usize = 16 << 20;

impl Region {
    fn new() -> Self {
        let space = 2 << 32;
        let (access, kind) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE);
        // SAFETY: a new mapping, wherever the kernel likes. It stays until the process ends.
        let mapped = unsafe { libc::mmap(std::ptr::null_mut(), space, access, kind, -1, 0) };
        assert_ne!(mapped, libc::MAP_FAILED);
        Self { start: mapped.addr().next_multiple_of(1 << 32), used: 0 }
    }
}

unsafe extern "C" fn allocate(region: *mut c_void, block: *mut c_void, old: usize, new: usize) -> *mut c_void {
    // SAFETY: the region that the state was made with; blocks came from it with these sizes.
    unsafe {
        let region = &mut *region.cast::<Region>();
        if new == 0 {
            return std::ptr::null_mut();
        }
        let at = region.used;
        region.used += new.next_multiple_of(16);
        assert!(region.used <= SIZE);
        let fresh = std::ptr::with_exposed_provenance_mut::<u8>(region.start + at);
        if !block.is_null() {
            fresh.copy_from_nonoverlapping(block.cast(), old.min(new));
        }
        fresh.cast()
    }
}

/// What `source` leaves in the global `text`, in a VM that repeats.
fn repeated(seed: u64, source: &str) -> String {
    repeated_in(Region::new(), seed, source)
}

fn repeated_in(mut region: Region, seed: u64, source: &str) -> String {
    // The VM uses the region until it is closed.
    let memory = (&raw mut region).cast();
    let vm = with_repeats(seed, || Vm::in_memory(allocate, memory));
    let text = vm.text_of(source);
    drop(vm);
    text
}

/// Set in the process that another one compares itself with: what to run.
const SOURCE: &str = "MOONPOOL_REPEAT_SOURCE";

#[test]
fn prints_what_another_process_asks_for() {
    if let Ok(source) = std::env::var(SOURCE) {
        println!("\n<{}>", repeated(7, &source));
    }
}

/// Runs `source` here twice and in another process, and demands the same text, which is returned.
fn in_every_process(source: &str) -> String {
    let here = repeated(7, source);
    assert_eq!(here, repeated(7, source), "in the same process: {source}");
    let mut other = this_program();
    let other = other.args(["prints_what_another_process_asks_for", "--exact", "--nocapture"]).env(SOURCE, source);
    let output = String::from_utf8(other.output().expect("a process").stdout).expect("text");
    assert!(output.contains(&format!("<{here}>")), "in another process: {source}\n{here}\n{output}");
    here
}

/// The order in which `pairs` gives keys that `make` makes of 1 to 40.
fn order_of(make: &str) -> String {
    format!(
        "local numbers, keyed = {{}}, {{}} text = ''
        for i = 1, 40 do local key = {make} keyed[key] = i end
        for _, i in pairs(keyed) do text = text .. i .. ' ' end"
    )
}

#[test]
fn strings_as_keys_have_an_order_that_repeats() {
    in_every_process(&order_of("'key ' .. i"));
    in_every_process(&order_of("('a long key'):rep(9) .. i"));
    assert_ne!(repeated(7, &order_of("'key ' .. i")), repeated(8, &order_of("'key ' .. i")), "of another seed");
}

#[test]
fn integers_and_floats_as_keys_have_an_order_that_repeats() {
    in_every_process(&order_of("-i * 1000"));
    in_every_process(&order_of("i / 64 + 0.001"));
}

#[test]
fn objects_as_keys_have_an_order_that_repeats() {
    in_every_process(&order_of("{}"));
    in_every_process(&order_of("function() return i end"));
    in_every_process(&order_of("coroutine.create(print)"));
}

#[test]
fn objects_as_keys_have_an_order_that_does_not_depend_on_where_the_memory_begins() {
    let source = order_of("(i % 2 == 0) and {} or function() return i end");
    let begun_at = |offset| {
        let mut region = Region::new();
        region.used = offset;
        repeated_in(region, 7, &source)
    };
    let here = begun_at(0);
    for offset in [16, 4080, 70_000 * 16] {
        assert_eq!(begun_at(offset), here, "{offset} bytes later");
    }
}

#[test]
fn functions_in_c_as_keys_have_an_order_that_repeats() {
    in_every_process(
        "local keyed = {} text = ''
        for _, library in ipairs {string, table, math, os} do
          local names = {} for name in pairs(library) do names[#names + 1] = name end
          table.sort(names)
          for _, name in ipairs(names) do keyed[library[name]] = name end
        end
        for _, name in pairs(keyed) do text = text .. name .. ' ' end",
    );
}

#[test]
fn constants_as_keys_have_an_order_that_repeats() {
    in_every_process(
        "local keyed = {} text = ''
        for i = 1, 30 do keyed[constant(i)] = i end
        for _, i in pairs(keyed) do text = text .. i .. ' ' end",
    );
}

#[test]
fn what_is_shown_instead_of_addresses_repeats_and_tells_objects_apart() {
    let ids = in_every_process(
        "local shown, long = {}, ('long'):rep(99)
        for i, value in ipairs {{}, {}, print, tostring, function() end, coroutine.create(print), io.stdout, 'short', long} do
          shown[#shown + 1] = string.format('%p', value)
        end
        text = table.concat(shown, ' ') .. ' ' .. tostring({}):match('%d+')",
    );
    let mut ids: Vec<_> = ids.split(' ').collect();
    assert_eq!(ids.len(), 10);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 10);
}

#[test]
fn random_numbers_repeat_also_when_the_script_asks_for_another_seed() {
    let source = "text = '' for _ = 1, 3 do text = text .. math.random(0) .. ' ' .. math.randomseed() .. ' ' end";
    let numbers = in_every_process(source);
    assert_eq!(numbers.split(' ').collect::<std::collections::HashSet<_>>().len(), 7, "{numbers}");
    assert_ne!(repeated(8, source), numbers);
}

#[test]
fn sorting_asks_no_clock() {
    // Of a list in which the largest stand in the places that Lua looks at, all else is one side of each partition.
    in_every_process(
        "local list, asked = {}, 0
        for i = 1, 3000 do list[i] = i end
        list[1], list[1500], list[3000] = 9001, 9002, 9003
        table.sort(list, function(a, b) asked = (asked * 31 + a * 7 + b) % 1000003 return a < b end)
        text = tostring(asked)",
    );
}

#[test]
fn a_run_with_a_time_of_its_own_sees_no_other() {
    let vm = Vm::new();
    let clock = [1_000_000_000_999.0, 2.5];
    // SAFETY: the numbers outlive the state's use of them.
    unsafe { moonpool_lua::set_clock(vm.state, clock.as_ptr()) };
    let co = vm.coroutine("assert(os.time() == 1000000000) assert(os.date('!%F %T') == '2001-09-09 01:46:40') assert(os.date('!%F', 0) == '1970-01-01') assert(os.clock() == 2.5)");
    assert_eq!(vm.resume(co), ffi::LUA_OK);
    let before = [-1000.0, 0.0];
    // SAFETY: as above.
    unsafe { moonpool_lua::set_clock(vm.state, before.as_ptr()) };
    let co = vm.coroutine("assert(os.time() == -1)");
    assert_eq!(vm.resume(co), ffi::LUA_OK);
    // SAFETY: the state is ours.
    unsafe { moonpool_lua::set_clock(vm.state, std::ptr::null()) };
    let co = vm.coroutine("assert(os.time() > 1700000000)");
    assert_eq!(vm.resume(co), ffi::LUA_OK);
}
