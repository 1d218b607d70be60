// moonpool/bullmq with BullMQ and a Redis server: several worker processes, one that is killed, retries, cancelled jobs.
'use strict'

const { fork } = require('node:child_process')
const { once } = require('node:events')
const { mkdtempSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { setTimeout: pause } = require('node:timers/promises')
const { Queue, QueueEvents, Worker } = require('bullmq')
const { Redis } = require('ioredis')
const { Engine } = require('..')
const { createProcessor } = require('../bullmq')
const { hasRedis, redisServer } = require('./support/redis')
const { testIf } = require('./support/test-if')

const CHILD = path.join(__dirname, 'support/jobs-child.js')
/** So many small jobs: more by hand. */
const MANY = Number(process.env.MOONPOOL_JOBS ?? 10_000)

const redisTest = testIf(hasRedis())

let server, connection
beforeAll(async () => {
  if (!hasRedis()) return
  server = await redisServer()
  connection = { host: '127.0.0.1', port: server.port }
})
afterAll(() => server?.stop())

let number = 0
let engine, queue, events
// What ends with a test, the last begun first.
let ends
beforeEach(async () => {
  ends = []
  if (!hasRedis()) return
  queue = new Queue(`test-${++number}`, { connection })
  queue.setMaxListeners(0)
  events = new QueueEvents(queue.name, { connection })
  ends.push(
    () => queue.close(),
    () => events.close(),
  )
  await events.waitUntilReady()
})
afterEach(async () => {
  for (const end of ends.reverse()) await end()
})

/** A worker in this process. */
async function work(options, workerOptions, engineOptions) {
  engine = new Engine({ concurrency: 2, ...engineOptions })
  const worker = new Worker(queue.name, createProcessor(engine, options), { connection, ...workerOptions })
  worker.on('error', () => {})
  ends.push(
    () => engine.close({ timeout: 0 }),
    () => worker.close(),
  )
  await worker.waitUntilReady()
  return worker
}

const carry = (code, more, options) => queue.add('job', { code, scriptId: 'acme', ...more }, options)

/** How a job ended: its result or why it failed, and how many times it was tried. */
async function end(job) {
  const [result, failed] = await job.waitUntilFinished(events).then(
    (result) => [result],
    (error) => [undefined, error.message],
  )
  const { attemptsMade } = await queue.getJob(job.id)
  return failed === undefined ? { result, attemptsMade } : { failed, attemptsMade }
}

redisTest('a job gives its values, its log and its progress', async () => {
  await work({ scripts: { price: 'log.info("asked", { n = ... }) host.progress(50) return ... * 5, json.null' } })
  const job = await queue.add('price', { args: [3] })
  expect(await end(job)).toEqual({ result: [15, null], attemptsMade: 1 })
  expect((await queue.getJobLogs(job.id)).logs).toEqual([
    expect.stringMatching(/ info \[price\] price:1: asked {"n":3}$/),
  ])
  expect((await queue.getJob(job.id)).progress).toBe(50)
})

redisTest(
  'a script that does not compile, bad data and denied scripts are tried once; errors as often as the job says',
  async () => {
    await work({ allowCode: true, scripts: [] })
    const options = { attempts: 3 }
    const jobs = await Promise.all([
      carry('x =', { name: 'rule' }, options),
      carry(5, {}, options),
      queue.add('absent', {}, options),
      carry('return 2^63 // 1 | 0', {}, options),
      carry('error("again")', { name: 'rule' }, options),
      carry('error({ message = "bullmq:rateLimitExceeded" })', {}, options),
    ])
    expect(await Promise.all(jobs.map(end))).toEqual([
      { failed: expect.stringMatching(/^ERR_LUA_SYNTAX: rule:1: /), attemptsMade: 1 },
      { failed: expect.stringMatching(/^ERR_INVALID_ARG_TYPE: /), attemptsMade: 1 },
      { failed: expect.stringMatching(/^ERR_SCRIPT_DENIED: /), attemptsMade: 1 },
      { failed: expect.stringMatching(/^ERR_LUA_RUNTIME: /), attemptsMade: 3 },
      { failed: 'ERR_LUA_RUNTIME: rule:1: again', attemptsMade: 3 },
      { failed: expect.stringMatching(/^ERR_LUA_RUNTIME: bullmq/), attemptsMade: 3 },
    ])
    const { stacktrace } = await queue.getJob(jobs[4].id)
    expect(stacktrace).toHaveLength(3)
    expect(stacktrace[0]).toContain('stack traceback:')
  },
)

redisTest('a deadline ends a job, and beside it others go on', async () => {
  await work({ allowCode: true, timeout: 200, retryLimits: false }, { concurrency: 10 })
  const endless = await carry('while true do end', {}, { attempts: 3 })
  const others = await Promise.all(Array.from({ length: 5 }, (_, i) => carry('return ...', { args: [i] })))
  expect((await Promise.all(others.map(end))).map(({ result }) => result)).toEqual([[0], [1], [2], [3], [4]])
  expect(await end(endless)).toEqual({ failed: expect.stringMatching(/^ERR_LUA_TIMEOUT: /), attemptsMade: 1 })
})

redisTest('a cancelled job stops its script, and is not tried again', async () => {
  const worker = await work({ allowCode: true, timeout: 60_000 })
  const begun = new Promise((resolve) => engine.expose('begun', () => resolve()))
  const job = await carry('host.begun() while true do end', {}, { attempts: 3 })
  await begun
  expect(worker.cancelJob(job.id, 'not needed')).toBe(true)
  expect(await end(job)).toEqual({ failed: 'the job was cancelled: not needed', attemptsMade: 1 })
  await until(() => engine.stats().running === 0)
})

redisTest('locks are renewed while a script waits, and while it computes', async () => {
  const worker = await work(
    { allowCode: true, timeout: 60_000 },
    { concurrency: 4, lockDuration: 800, stalledInterval: 200 },
  )
  const stalled = []
  worker.on('stalled', (id) => stalled.push(id))
  let begun = 0
  engine.expose('begun', () => ++begun)
  const busy = 'host.begun() local e = time.monotonic() + 1.7 while time.monotonic() < e do end return 1'
  const jobs = await Promise.all([carry('host.begun() sleep(1.7) return 1'), carry(busy)])
  for (const job of jobs) expect(await end(job)).toEqual({ result: [1], attemptsMade: 1 })
  expect([begun, stalled]).toEqual([2, []])
})

redisTest('a script whose lock is lost is stopped when the worker cancels its job', async () => {
  const worker = await work({ allowCode: true, timeout: 60_000 }, { lockDuration: 400, skipStalledCheck: true })
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) worker.cancelJob(id, 'another worker has it')
  })
  const begun = new Promise((resolve) => engine.expose('begun', () => resolve()))
  const job = await carry('host.begun() while true do end')
  await begun
  const client = new Redis(connection)
  ends.push(() => client.quit())
  await client.del(`${queue.toKey(job.id)}:lock`)
  await until(() => engine.stats().aborted === 1)
})

redisTest('a job for which there is no place is put back until there is one, whatever its attempts', async () => {
  await work({ allowCode: true }, { concurrency: 8 }, { concurrency: 1, perId: { maxQueued: 1 } })
  const code = 'local e = time.monotonic() + 0.1 while time.monotonic() < e do end return 1'
  const jobs = await Promise.all(Array.from({ length: 8 }, () => carry(code)))
  for (const job of jobs) expect(await end(job)).toEqual({ result: [1], attemptsMade: 1 })
  expect(engine.stats().rejected).toBeGreaterThan(0)
})

redisTest('a worker that ends puts back what it could not finish', async () => {
  const worker = await work({ allowCode: true, timeout: 60_000 }, { concurrency: 4 })
  const begun = new Promise((resolve) => engine.expose('begun', () => resolve()))
  const job = await carry('host.begun() while true do end')
  await begun
  const closed = worker.close()
  await engine.close({ timeout: 0 })
  await closed
  expect(await job.getState()).toBe('delayed')
  expect((await queue.getJob(job.id)).attemptsMade).toBe(0)
})

redisTest('a tenant with many jobs does not keep another one from its share', async () => {
  const worker = await work({ allowCode: true, timeout: 60_000 }, { concurrency: 100 }, { concurrency: 1 })
  const order = []
  worker.on('completed', (job) => order.push(job.data.scriptId))
  const code = 'local e = time.monotonic() + 0.02 while time.monotonic() < e do end'
  const jobs = (scriptId, n) =>
    queue.addBulk(Array.from({ length: n }, () => ({ name: 'job', data: { code, scriptId } })))
  await jobs('big', 60)
  await jobs('small', 5)
  await until(() => order.length === 65)
  expect(order.lastIndexOf('small')).toBeLessThan(40)
})

redisTest(
  'what a killed worker had begun is done by another: no job is lost, and none runs twice at once',
  async () => {
    const [victim] = await Promise.all([startChild('victim'), startChild('other')])
    const stuck = once(victim, 'message')
    const code = `
    local job = ...
    local pid, lease = host.pid(), 'lease/' .. job
    if not State.add(lease, pid) then State.set('overlap/' .. job, State.get(lease)) State.set(lease, pid) end
    sleep(0.05)
    host.held()
    State.delete(lease)
    State.incr('done/' .. job)
    return job`
    const jobs = await queue.addBulk(
      Array.from({ length: 60 }, (_, i) => ({ name: 'job', data: { code, scriptId: 'acme', args: [i] } })),
    )
    await stuck
    victim.kill('SIGKILL')
    const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(events)))
    expect(results).toEqual(jobs.map((_, i) => [i]))
    const watching = new Engine({ state: { redis: server.url, prefix: queue.name } })
    ends.push(() => watching.close())
    const space = watching.state('acme')
    const entries = new Map()
    for await (const [key, value] of space.entries()) entries.set(key, value)
    const of = (kind) => jobs.map((_, i) => entries.get(`${kind}/${i}`))
    for (const done of of('done')) expect(done).toBeGreaterThanOrEqual(1)
    // Who ran a job when it was begun once more: only who was dead by then.
    const overlaps = of('overlap').filter((pid) => pid !== undefined)
    expect(overlaps.length).toBeGreaterThan(0)
    expect(new Set(overlaps)).toEqual(new Set([victim.pid]))
    expect(of('lease').filter((pid) => pid !== undefined)).toEqual([])
    expect(await queue.getJobCounts('completed', 'failed', 'active', 'waiting')).toMatchObject({
      completed: 60,
      failed: 0,
      active: 0,
      waiting: 0,
    })
  },
)

redisTest('a server that dies and comes back during jobs loses none of them, and fails none', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'moonpool-jobs-'))
  let keeping = await redisServer({ folder })
  const to = { ...connection, port: keeping.port }
  ends.push(async () => {
    await keeping.stop()
    rmSync(folder, { recursive: true })
  })
  const kept = new Queue(queue.name, { connection: to })
  kept.on('error', () => {})
  ends.push(() => kept.close())
  const worker = await work(
    { allowCode: true },
    { connection: to, concurrency: 4, lockDuration: 1000, stalledInterval: 300, maxStalledCount: 9 },
  )
  let [begun, completed, failed] = [0, new Set(), 0]
  engine.expose('begun', () => ++begun)
  worker.on('completed', ({ data }, [value]) => value === data.args[0] && completed.add(value))
  worker.on('failed', () => failed++)
  const code = 'host.begun() host.progress(1) log.info("x") sleep(0.02) return ...'
  await kept.addBulk(
    Array.from({ length: 30 }, (_, i) => ({ name: 'job', data: { code, scriptId: 'acme', args: [i] } })),
  )
  await until(() => begun >= 10)
  await keeping.stop()
  await pause(50)
  keeping = await redisServer({ port: to.port, folder })
  await until(async () => (await kept.getJobCounts('completed')).completed === 30)
  expect([failed, await kept.getJobCounts('failed', 'active', 'waiting')]).toMatchObject([
    0,
    { failed: 0, active: 0, waiting: 0 },
  ])
})

redisTest('what is hostile in jobs and scripts fails or passes as it should, and the worker goes on', async () => {
  await work({ scripts: { safe: 'return ...' }, timeout: 5000 }, { concurrency: 4 })
  const add = (name, data, options) => queue.add(name, data, options).then(end)
  const hostile = JSON.parse('{"__proto__":{"a":1},"constructor":2,"then":3}')
  const big = 'x'.repeat(2 ** 20)
  expect(
    await Promise.all([
      add('safe', { args: [hostile] }),
      add('safe', { args: [big] }),
      add('safe', { code: 'return 1', scriptId: 'acme' }),
      add('safe', JSON.parse('{"__proto__":{"code":"return 1"}}')),
      add('__proto__', {}),
      add('toString', {}),
      add('safe', { scriptId: 'a\0b' }),
      add('safe', { scriptId: 'a'.repeat(10_000) }),
      add('safe', { args: [1] }, { jobId: 'a\0b' }),
    ]),
  ).toMatchObject([
    { result: [hostile] },
    { failed: expect.stringMatching(/^ERR_LUA_RESULT: the result cannot be kept: values has more than 262144 /) },
    { failed: expect.stringMatching(/^ERR_SCRIPT_DENIED: this processor runs no code/) },
    { failed: expect.stringMatching(/^ERR_INVALID_ARG_TYPE: unknown option '__proto__'/) },
    { failed: expect.stringMatching(/^ERR_SCRIPT_DENIED: /) },
    { failed: expect.stringMatching(/^ERR_SCRIPT_DENIED: /) },
    { failed: expect.stringMatching(/^ERR_INVALID_ARG_VALUE: /) },
    { failed: expect.stringMatching(/^ERR_INVALID_ARG_VALUE: /) },
    { result: [1] },
  ])
})

redisTest(`${MANY} small jobs of many tenants, each done once`, async () => {
  const worker = await work({ scripts: { double: 'return ... * 2' } }, { concurrency: 200 })
  let [completed, sum] = [0, 0]
  worker.on('completed', (_job, [value]) => {
    completed += 1
    sum += value
  })
  const opts = { removeOnComplete: true }
  for (let first = 0; first < MANY; first += 1000) {
    const jobs = Array.from({ length: Math.min(1000, MANY - first) }, (_, i) => ({
      name: 'double',
      data: { scriptId: `tenant-${(first + i) % 100}`, args: [first + i] },
      opts,
    }))
    await queue.addBulk(jobs)
  }
  await until(() => completed >= MANY)
  expect([completed, sum]).toEqual([MANY, MANY * (MANY - 1)])
})

async function startChild(role) {
  const child = fork(CHILD, [String(server.port), queue.name, role])
  ends.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.disconnect()
    await once(child, 'exit')
  })
  await once(child, 'message')
  return child
}

/** Resolves as soon as this holds. */
async function until(holds) {
  while (!(await holds())) await pause(5)
}
