//! What native stacks hold while they are suspended. A test program of its own: it measures the whole process.
#![cfg(target_os = "linux")]

mod common;
use common::{FACTORY, execute_with, script};
use moonpool_core::bridge::Wait;
use moonpool_core::scheduler::{Caller, Next, Run};
use moonpool_core::vm::Script;
use std::time::Duration;

/// Calls C functions and callbacks in turn, so many deep.
const DEEP: &str = "local function f(n, last)
    if n == 0 then return last() end
    return (string.gsub('x', 'x', function() return f(n - 1, last) end))
end ";

fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let pages = status.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("a number");
    // SAFETY: asks, and changes nothing.
    pages * unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize
}

/// A run of `source`, whose scripts find `host.ask`, when it waits for the host.
fn waiting(source: &str) -> Run {
    let services = common::services(common::store());
    services.supply.expose(vec![common::host_function("ask", 7)], None);
    let mut patient = Script { services, ..script(source) };
    patient.limits.timeout = Duration::from_secs(600);
    let mut run = Run::new(0, patient, Caller::Host, None);
    loop {
        run.execute(Duration::from_secs(1), &FACTORY, None);
        match run.next() {
            Next::Waiting(run, Wait::Call(_)) => return run,
            Next::Preempted(preempted) => run = preempted,
            _ => panic!("it waits for the host"),
        }
    }
}

#[test]
fn what_a_script_used_before_is_given_back_while_it_waits_and_what_it_uses_counts() {
    // First deep down, then waiting in a shallow place.
    let source = format!("{DEEP} f(150, function() return 'x' end) f(1, host.ask)");
    let first = waiting(&source);
    let before = resident();
    let runs: Vec<Run> = (0..300).map(|_| waiting(&source)).collect();
    let each = (resident() - before) / runs.len();
    assert!(each < 200 << 10, "{each} bytes each");
    drop((first, runs));

    // Waiting deep down takes memory of the script's own.
    let peak = |depth: usize| {
        let source = format!("{DEEP} return f({depth}, function() sleep(0.001) return 'x' end)");
        execute_with(&FACTORY, script(&source), Duration::from_secs(1)).usage.peak_memory
    };
    let (shallow, deep) = (peak(2), peak(150));
    assert!(deep > shallow + (40 << 10), "{deep} against {shallow} bytes");
}
