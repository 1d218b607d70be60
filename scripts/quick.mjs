// What `npm run test:quick` leaves out, and why. `npm test` leaves out nothing, and says what the quick run does not.

/**
 * Files, or some tests of a file: those whose name ends with one of `tests` (Rust) or has one of them in it (Jest, which
 * looks for them in every file). The seconds are those of `npm test` on 2 cores. What takes a second or more is here,
 * unless it is the only test of what it proves.
 */
export const LEFT_OUT = [
  { file: 'crates/core/tests/memory.rs', why: '33 s: VMs up to their limits' },
  { file: 'crates/core/tests/fuzz.rs', why: '6 s: generated sources, JSON and patterns' },
  {
    file: 'crates/core/tests/max_memory.rs',
    tests: ['the_largest_itself_fails_once_its_garbage_is_gone'],
    why: '2 s: VMs up to the memory of an engine',
  },
  { file: 'crates/core/tests/native_stack.rs', why: '6 s: a process for each way to nest deeply' },
  { file: 'crates/lua/tests/polls.rs', why: '17 s: each C loop of Lua, on large data' },
  { file: 'crates/lua/tests/collector.rs', why: '2 s: millions of objects' },
  {
    file: 'crates/core/tests/conformance.rs',
    tests: ['when_it_is_sliced_at_every_safepoint', 'when_its_code_comes_from_the_cache'],
    why: '16 s: every script, with a slice for every jump, call and return',
  },
  {
    file: 'crates/core/tests/properties.rs',
    tests: ['a_value_is_as_long_as_its_json', 'several_scripts_on_one_store_see_what_the_model_says'],
    why: '1.5 s: generated values and stores',
  },
  { file: 'crates/core/tests/redis_failures.rs', why: '11 s: servers that hang, until time is over' },
  { file: 'crates/core/tests/state_redis.rs', why: '45 s: hundreds of thousands of operations, each over the network' },
  {
    file: 'crates/core/tests/redis.rs',
    tests: ['size_and_quota_stay_true_whatever_expires', 'two_processes_that_add_lose_nothing'],
    why: '6 s: a hundred thousand operations, and many that expire',
  },
  {
    file: 'crates/core/tests/scheduler.rs',
    tests: [
      'ten_thousand_runs_wait_for_a_redis_server_at_once_and_all_settle',
      'long_loops_in_c_are_preempted',
      'no_more_than_the_bound_are_started_and_unfinished_but_all_get_done',
      'the_extra_room_for_scripts_with_nothing_started_has_a_bound_too',
    ],
    why: '5 s: hundreds of runs that burn CPU, and every long loop of C',
  },
  {
    file: 'crates/lua/tests/sandbox.rs',
    tests: ['do_not_collide_here', 'a_traceback_takes_no_time_among_a_million_globals'],
    why: '3 s: a million keys each',
  },
  { file: '__tests__/attack-runner.test.js', why: '17 s: processes that hang until they are killed' },
  { file: '__tests__/async-hooks.test.js', why: '6 s: a process for each way to call into hooks' },
  {
    file: '__tests__/bullmq-redis.test.js',
    tests: ['small jobs of many tenants', 'what a killed worker had begun', 'locks are renewed', 'a server that dies'],
    why: '14 s: ten thousand jobs, and locks that must expire',
  },
  { file: '__tests__/context-memory.test.js', why: '5 s: thousands of runs and contexts' },
  { file: '__tests__/examples.test.js', why: '2 s: every example as a process' },
  {
    file: '__tests__/examples-auth-pipeline.test.js',
    why: '3 s: programs as processes, two of which wait for a timeout',
  },
  { file: '__tests__/examples-servers.test.js', why: '5 s: every server as a process' },
  {
    file: '__tests__/examples-game-server.test.js',
    why: '3 s: programs as processes, one of which plays for a second',
  },
  {
    file: '__tests__/host-functions-big-answers.test.js',
    tests: ['many values', 'one long array'],
    why: '6 s: millions of values there and back',
  },
  { file: '__tests__/max-memory.test.js', why: '9 s: thousands of runs that wait, up to the memory of an engine' },
  { file: '__tests__/max-memory-crossing.test.js', why: '4 s: results of hundreds of megabytes' },
  { file: '__tests__/process.test.js', why: '3 s: a process for each test' },
  { file: '__tests__/process-exit.test.js', why: '14 s: a process for each way to end' },
  { file: '__tests__/process-jest.test.js', why: '8 s: Jest in Jest' },
  { file: '__tests__/process-workers.test.js', why: '31 s: hundreds of worker threads' },
  { file: '__tests__/realm-leaks.test.js', why: '14 s: Jest in Jest, and worker threads by the hundred' },
  {
    file: '__tests__/state-memory.test.js',
    tests: ['a million entries'],
    why: '20 s: a million entries of State, twice',
  },
  { file: '__tests__/state-host-redis.test.js', why: '7 s: a server, and processes' },
  { file: '__tests__/serve-page.test.js', why: '9 s: a browser' },
  { file: '__tests__/soak.test.js', why: '6 s: all kinds of scripts at random' },
  {
    file: '__tests__/compile.test.js',
    tests: ['many are freed with their last reference'],
    why: '1 s: thousands of scripts',
  },
  {
    file: '__tests__/context-limits.test.js',
    tests: ['timeout counts from the beginning of each run', 'cpuTimeout counts for each run alone'],
    why: '7 s: runs of seconds',
  },
  { file: '__tests__/engine-close.test.js', tests: ['the default is 5 seconds'], why: '5 s: it waits for them' },
  { file: '__tests__/engine-options.test.js', tests: ['timeout is 5000'], why: '5 s: it waits for them' },
  {
    file: '__tests__/engine-queue.test.js',
    tests: ['neither is one that waits for its next slice', 'a run that has begun in time is not stopped by it'],
    why: '2 s: runs that outlive their queueTimeout',
  },
  { file: '__tests__/errors.test.js', tests: ['deep recursion'], why: '1 s: it fills the memory of a VM' },
  {
    file: '__tests__/host-functions-stops.test.js',
    tests: ['cpuTimeout does not count it', 'an answer that needs more than memoryLimit'],
    why: '2 s: a wait of a second, and answers of many megabytes',
  },
  { file: '__tests__/limits.test.js', tests: ['time in the queue is not counted'], why: '2 s: it fills the queue' },
  {
    file: '__tests__/sleep.test.js',
    tests: ['a whole number', 'those with less to sleep wake first', 'cpuTimeout does not count it'],
    why: '2 s: it sleeps',
  },
  {
    file: '__tests__/values-arguments.test.js',
    tests: ['a doubling table is stopped', 'a huge Map', 'a huge array among the'],
    why: '10 s: hundreds of megabytes',
  },
  { file: '__tests__/values-flood.test.js', why: '30 s: values of hundreds of megabytes' },
  { file: '__tests__/values-long.test.js', why: '20 s: strings of hundreds of megabytes' },
  { file: '__tests__/values-flood-records.test.js', why: '4 s: tables of tens of thousands of keys' },
]
