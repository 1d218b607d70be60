// npm run test:memory [asan|valgrind]: the Rust tests under AddressSanitizer, or under valgrind where there is none.
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { ask, hostTriple, mustSucceed, root, run } from './run.mjs'

const target = hostTriple()
const [chosen] = process.argv.slice(2)

// What both leave out: these measure the process itself, and a memory checker makes it another one.
const MEASURES = ['native_stack', 'suspended_stacks', 'memory', 'architecture', 'readme']
// This one kills processes of its own, hundreds of them, each of which takes long to start under a checker.
const KILLS = ['sqlite_kill']
// These count on a speed that no checker has, and prove nothing about memory.
const TIMED = [
  'runs_behind_a_long_one_in_its_batch_go_back_to_the_front',
  'garbage_does_not_count',
  'long_loops_in_c_are_preempted',
  'sliced_at_every_safepoint',
]

/** The integration tests of a folder: each a file, or a folder with a main.rs. */
function tests(folder) {
  const isTest = (name) => name.endsWith('.rs') || existsSync(path.join(root, folder, name, 'main.rs'))
  const names = readdirSync(path.join(root, folder)).filter(isTest)
  return names.map((name) => path.basename(name, '.rs')).filter((name) => ![...MEASURES, ...KILLS].includes(name))
}

/** `cargo test` for the library and the tests of both crates; the arguments go to the test programs. */
function cargoTest({ toolchain = [], features = [] }, skipped, env, args = []) {
  const named = [...tests('crates/core/tests'), ...tests('crates/lua/tests')].flatMap((name) => ['--test', name])
  const skip = [...TIMED, ...skipped].flatMap((name) => ['--skip', name])
  const cargo = [...toolchain, 'test', '--workspace', '--locked', '--no-fail-fast', '--quiet', '--target', target]
  return run('cargo', [...cargo, ...features, '--lib', ...named, '--', ...args, ...skip], { env })
}

function hasSanitizer() {
  const sysroot = ask('rustc', ['+nightly', '--print', 'sysroot'])
  if (sysroot === undefined) return false
  const libraries = path.join(sysroot, 'lib/rustlib', target, 'lib')
  return existsSync(libraries) && readdirSync(libraries).some((file) => /rt[.\w]*asan/.test(file))
}

function underSanitizer() {
  console.log('test:memory: AddressSanitizer, with the nightly toolchain')
  const flags = '-fsanitize=address -fno-omit-frame-pointer -g'
  const nightly = { toolchain: ['+nightly'], features: ['--features', 'moonpool-core/sanitizer'] }
  return cargoTest(nightly, [], {
    CARGO_TARGET_DIR: path.join(root, 'target/asan'),
    RUSTFLAGS: '-Zsanitizer=address',
    // The C code of Lua: crates/lua/build/main.rs compiles it with the cc crate, which reads this.
    [`CFLAGS_${target.replaceAll('-', '_')}`]: flags,
    // Lua leaves C frames by longjmp; what it skips is unpoisoned by the sanitizer, and not used again.
    ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=0:abort_on_error=0',
  })
}

/** valgrind is about thirty times slower, and runs one thread at a time: what searches or slices much is left out. */
const SLOW_IN_VALGRIND = [
  'p3_cpu_mixed',
  'every_script_prints',
  'eight_threads',
  'differential::',
  'json::',
  'sources::',
  'several_scripts_on_one_store',
  'a_key_is_good',
  'a_value_is_as_long',
]

async function underValgrind() {
  await installValgrind()
  console.log('test:memory: valgrind (memcheck)')
  const options =
    '--quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite ' +
    '--fair-sched=yes --num-callers=30'
  return cargoTest({}, SLOW_IN_VALGRIND, {
    CARGO_TARGET_DIR: path.join(root, 'target/valgrind'),
    [`CARGO_TARGET_${target.replaceAll('-', '_').toUpperCase()}_RUNNER`]: `valgrind ${options}`,
  })
}

async function installValgrind() {
  if (ask('valgrind', ['--version']) !== undefined) return
  if (process.getuid?.() === 0 && ask('apt-get', ['--version']) !== undefined) {
    console.log('test:memory: installing valgrind (apt-get install valgrind)')
    const env = { DEBIAN_FRONTEND: 'noninteractive' }
    await run('apt-get', ['update', '-qq'], { env })
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'valgrind', 'libc6-dbg'], { env })
  }
  if (ask('valgrind', ['--version']) !== undefined) return
  console.error(
    'test:memory needs AddressSanitizer (run: rustup toolchain install nightly) or valgrind ' +
      '(run: sudo apt-get install valgrind, or get it from https://valgrind.org).',
  )
  process.exit(1)
}

const sanitizer = chosen === undefined ? hasSanitizer() : chosen === 'asan'
mustSucceed(await (sanitizer ? underSanitizer() : underValgrind()))
console.log('test:memory: nothing found')
