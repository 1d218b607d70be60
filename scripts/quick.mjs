// What `npm run test:quick` leaves out, and why: an answer within a minute is worth more than a whole one, while one
// works. `npm test` and `npm test -- <pattern>` leave out nothing.

/**
 * Files, or the tests of a file that `tests` names. The seconds were measured on 2 cores; a test belongs here when it
 * takes more than a second or two and seldom says what no other one does.
 */
export const LEFT_OUT = [
  { file: 'crates/core/tests/memory.rs', why: '33 s: fills VMs up to their limits' },
  { file: 'crates/core/tests/fuzz.rs', why: '6 s: generated sources, JSON and patterns' },
  { file: 'crates/core/tests/native_stack.rs', why: '6 s: a process for each way to nest deeply' },
  { file: 'crates/lua/tests/polls.rs', why: '17 s: each C loop of Lua, on large data' },
  {
    file: 'crates/core/tests/conformance.rs',
    tests: ['every_script_prints_the_same_when_it_is_sliced_at_every_safepoint'],
    why: '16 s: every script, with a slice for every jump, call and return',
  },
  {
    file: 'crates/lua/tests/sandbox.rs',
    tests: ['do_not_collide_here', 'a_traceback_takes_no_time_among_a_million_globals'],
    why: '3 s: a million keys each',
  },
  { file: '__tests__/process-workers.test.js', why: '31 s: hundreds of worker threads' },
  { file: '__tests__/process-exit.test.js', why: '14 s: a process for each way to end' },
  { file: '__tests__/process-jest.test.js', why: '8 s: Jest in Jest' },
  { file: '__tests__/process.test.js', why: '3 s: a process for each test' },
  { file: '__tests__/attack-runner.test.js', why: '17 s: processes that hang until they are killed' },
  { file: '__tests__/examples.test.js', why: '2 s: every example as a process' },
  { file: '__tests__/examples-servers.test.js', why: '5 s: every server as a process' },
  { file: '__tests__/soak.test.js', why: '6 s: all kinds of scripts at random' },
  { file: '__tests__/context-memory.test.js', why: '5 s: thousands of runs and of contexts' },
  {
    file: '__tests__/context-limits.test.js',
    tests: ['timeout counts from the beginning of each run', 'cpuTimeout counts for each run alone'],
    why: '7 s: runs that take seconds',
  },
  {
    file: '__tests__/values-arguments.test.js',
    tests: ['a doubling table is stopped', 'a huge Map', 'a huge array among the'],
    why: '10 s: hundreds of megabytes',
  },
  { file: '__tests__/engine-close.test.js', tests: ['the default is 5 seconds'], why: '5 s: it waits for them' },
  { file: '__tests__/engine-options.test.js', tests: ['timeout is 5000'], why: '5 s: it waits for them' },
  { file: '__tests__/limits.test.js', tests: ['time in the queue is not counted'], why: '2 s: it fills the queue' },
]
