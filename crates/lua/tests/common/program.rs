//! The test program itself, started once more: under the emulator that it runs in, if it does.
#![allow(unreachable_pub, reason = "shared by several test programs")]

use std::process::Command;

/// Names the emulator for programs of this target, such as `qemu-aarch64`, which the system does not start by itself.
const RUNNER: &str = "MOONPOOL_TEST_RUNNER";

/// This program, without arguments.
pub fn this_program() -> Command {
    let program = std::env::current_exe().expect("the test program has a path");
    let Some(runner) = std::env::var_os(RUNNER) else { return Command::new(program) };
    let mut command = Command::new(runner);
    command.arg(program);
    command
}
