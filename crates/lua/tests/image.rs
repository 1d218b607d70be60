//! Images of VMs: what copies of a VM have in common leaves it.

mod common;

use common::Vm;
use moonpool_lua::image::{self, Shared};

/// A VM, and what it shares: that is dropped after it.
struct Sharing {
    vm: Vm,
    shared: Shared,
}

impl Sharing {
    /// Runs a source in a VM, and takes out what may be shared.
    fn of(vm: Vm, source: &str) -> Self {
        vm.text_of(source);
        // SAFETY: ours, at rest; the result is kept for as long.
        let shared = unsafe {
            image::settle(vm.state);
            image::share(vm.state)
        };
        // SAFETY: as above.
        unsafe { image::settle(vm.state) };
        Self { vm, shared }
    }
}

const FUNCTIONS: &str = "
    local count, missing = 0, nil
    function step(by)
      local sum = count + (by or 1)
      count = sum
      return sum
    end
    function fail(argument) local first = argument
      return first.field.deeper
    end
    function fails_at_length()
      local a_name_of_more_than_forty_bytes_as_few_people_write = nil
      return a_name_of_more_than_forty_bytes_as_few_people_write.field
    end
    function fails_by_upvalue() return missing.field end
    function each() local done = 0 for key, value in pairs({1, 2, 3}) do done = done + value end return done end
    text = ''";

const ERRORS: &str = "
    local texts = {}
    for i, f in ipairs({ fail, fails_by_upvalue, fails_at_length }) do texts[i] = select(2, pcall(f, {})) end
    text = table.concat(texts, '\\n')";

#[test]
fn functions_that_share_do_what_they_did_and_name_what_they_named() {
    let own = Vm::new();
    own.text_of(FUNCTIONS);
    let Sharing { vm, shared } = &Sharing::of(Vm::scribbling(), FUNCTIONS);
    assert!(!shared.is_empty() && shared.size() > 200);
    let errors = vm.text_of(ERRORS);
    assert!(
        errors.contains("field 'field'") && errors.contains("upvalue 'missing'") && errors.contains("_few_"),
        "{errors}"
    );
    assert_eq!(errors, own.text_of(ERRORS));
    assert_eq!(vm.text_of("text = step(2) + step() + each()"), "11");
}

#[test]
fn a_function_that_shares_is_freed_without_what_it_shares() {
    let Sharing { vm, shared } = Sharing::of(Vm::scribbling(), FUNCTIONS);
    let before = format!("{shared:?}");
    let round = "step, fail, fails_by_upvalue, each = nil
        for i = 1, 100 do load('local a, b = 1, 2 return function() return a + b end')() end
        collectgarbage() collectgarbage() text = collectgarbage('count')";
    let counts: Vec<f64> = (0..4).map(|_| vm.text_of(round).parse().expect("kilobytes")).collect();
    // The coroutine in which a round runs stays.
    assert!(counts[3] - counts[2] < 2.0, "new functions are freed whole: {counts:?}");
    drop(vm);
    assert_eq!(format!("{shared:?}"), before, "nobody has written to it");
}

#[test]
fn a_vm_that_shares_finds_its_strings() {
    let Sharing { vm, shared } = Sharing::of(Vm::scribbling(), "named = { field = 1, [1] = 'value' } text = ''");
    let before = format!("{shared:?}");
    let found = "
        local function joined(a, b) return a .. b end
        assert(_G[joined('str', 'ing')] == string and named[joined('fi', 'eld')] == 1)
        assert(joined('va', 'lue') == named[1] and load(joined('return named.', 'field'))() == 1)
        for i = 1, 200 do assert(named[joined('new ', i)] == nil) named[joined('new ', i)] = i end
        collectgarbage() collectgarbage()
        for i = 1, 200 do assert(named[joined('new ', i)] == i) named[joined('new ', i)] = nil end
        setmetatable(named, { [joined('__in', 'dex')] = string, __mode = 'kv' })
        collectgarbage() collectgarbage()
        assert(named.upper == string.upper and not pcall(function() return nil + 1 end))
        text = table.concat({ type(nil), type(print), select(2, pcall(error, joined('fi', 'eld'))) }, ' ')";
    for _ in 0..3 {
        assert_eq!(vm.text_of(found), "nil function field");
    }
    drop(vm);
    assert_eq!(format!("{shared:?}"), before, "nobody has written to it");
}

#[test]
fn what_is_the_same_is_shared_once() {
    let shared = |count| {
        let many = "all = {} for i = 1, COUNT do all[i] = load('local one, two = 1, 2 return one + two') end text = ''";
        Sharing::of(Vm::new(), &many.replace("COUNT", count))
    };
    let Sharing { vm, shared: of_many } = &shared("100");
    assert_eq!(of_many.size(), shared("001").shared.size());
    // SAFETY: as in `Sharing::of`.
    assert!(unsafe { image::share(vm.state) }.is_empty(), "all share already");
}
