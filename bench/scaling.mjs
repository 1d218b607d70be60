// What more threads, processes and tenants bring, and what they cost: a figure for each step of docs/scaling.md.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker as Thread, workerData } from 'node:worker_threads'
import { hasRedis, redisServer } from '../__tests__/support/redis.js'

const FILE = fileURLToPath(import.meta.url)
const SIZES = { short: 40_000, long: 400, computing: 4000, jobs: 5000, tenants: 1_000_000, spaces: 50_000 }
const IN_FLIGHT = 64
const FOREVER = 600_000

const SHORT = 'return ...'
/** About 5 ms of Lua. */
const LONG = 'local n = 0 for i = 1, 500000 do n = n + i % 7 end return n'

/** So long a host function keeps JavaScript's thread, in ms. */
const COMPUTING = 0.5

function compute() {
  const end = performance.now() + COMPUTING
  while (performance.now() < end);
}

/** Runs per second of `count` runs, of as many ids as are in flight. */
async function perSecond(count, run) {
  let left = count
  const lane = async (_, i) => {
    while (left-- > 0) await run(`tenant-${i}`, left)
  }
  const begin = performance.now()
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  return (count * 1000) / (performance.now() - begin)
}

function print(what, figure, unit) {
  const digits = figure < 100 ? 1 : 0
  console.log(`  ${what.padEnd(62)} ${figure.toFixed(digits).padStart(9)} ${unit}`)
}

async function oneProcess(moonpool, sizes) {
  console.log('\nOne process with one engine')
  print('a script that returns at once', await running(moonpool, SHORT, sizes.short), 'runs/s')
  print('a script that computes for some 5 ms, one at a time', await running(moonpool, LONG, sizes.long, 1), 'runs/s')
  print('the same, on all its threads', await running(moonpool, LONG, sizes.long), 'runs/s')
}

async function running({ Engine }, code, count, concurrency) {
  const engine = new Engine({ concurrency, defaults: { timeout: FOREVER } })
  const script = engine.compile(code)
  await perSecond(count / 10, (id) => engine.run(script, id))
  const rate = await perSecond(count, (id) => engine.run(script, id))
  await engine.close()
  return rate
}

/** An engine of its own whose scripts call a function that computes. */
async function computing({ Engine }, count) {
  const engine = new Engine({ defaults: { timeout: FOREVER }, concurrency: 1 })
  engine.expose('compute', compute)
  const rate = await perSecond(count, (id) => engine.run('host.compute()', id))
  await engine.close()
  return rate
}

async function threads(subjects, sizes) {
  console.log(`\nA host function that computes for ${COMPUTING} ms`)
  print('on the main thread', await computing(subjects.moonpool, sizes.computing), 'runs/s')
  const workers = [1, 2].map(
    () => new Thread(FILE, { workerData: { folder: subjects.folder, count: sizes.computing } }),
  )
  const rates = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]))
  print(
    'in two worker threads, each with an engine',
    rates.reduce((a, b) => a + b),
    'runs/s',
  )
}

/** Adds jobs, and lets so many worker processes do them. */
async function jobs({ folder }, sizes, server, processes) {
  const { Queue } = await import('bullmq')
  const queue = new Queue(`jobs-${processes}`, { connection: { host: '127.0.0.1', port: server.port } })
  const job = { name: 'echo', data: { scriptId: 'tenant', args: [1] }, opts: { removeOnComplete: true } }
  for (let left = sizes.jobs; left > 0; left -= 1000) {
    await queue.addBulk(Array.from({ length: Math.min(1000, left) }, () => job))
  }
  const children = Array.from({ length: processes }, () =>
    fork(FILE, ['worker', folder, String(server.port), queue.name]),
  )
  await Promise.all(children.map((child) => once(child, 'message')))
  const begin = performance.now()
  for (const child of children) child.send('begin')
  let done = 0
  await new Promise((resolve) => {
    const count = (more) => {
      done += more
      if (done >= sizes.jobs) resolve()
    }
    for (const child of children) child.on('message', count)
  })
  const rate = (sizes.jobs * 1000) / (performance.now() - begin)
  for (const child of children) child.disconnect()
  await Promise.all(children.map((child) => once(child, 'exit')))
  await queue.close()
  return rate
}

/** The part of a worker process: it says when it is ready, and every 10 ms how many jobs it has done since. */
async function work(folder, port, queue) {
  const require = createRequire(path.join(folder, 'index.js'))
  const { Engine } = require('./index.js')
  const { createProcessor } = require('./lib/bullmq/processor.js')
  const { Worker } = await import('bullmq')
  const engine = new Engine()
  const processor = createProcessor(engine, { scripts: { echo: SHORT } })
  const options = { connection: { host: '127.0.0.1', port: Number(port) }, concurrency: 100, autorun: false }
  const worker = new Worker(queue, processor, options)
  await worker.waitUntilReady()
  let done = 0
  worker.on('completed', () => {
    done += 1
  })
  const timer = setInterval(() => {
    process.send(done)
    done = 0
  }, 10)
  process.once('message', () => worker.run())
  process.once('disconnect', async () => {
    clearInterval(timer)
    await worker.close()
    await engine.close()
  })
  process.send(0)
}

async function machines(subjects, sizes, server) {
  console.log('\nJobs of BullMQ that return at once, a Redis server on the same machine')
  for (const processes of [1, 2]) {
    const rate = await jobs(subjects, sizes, server, processes)
    print(`${processes} worker ${processes === 1 ? 'process' : 'processes'}`, rate, 'jobs/s')
  }
}

async function tenants({ Engine }, sizes, server) {
  console.log(`\n${sizes.tenants} tenants, each with one run`)
  const engine = new Engine({ defaults: { timeout: FOREVER } })
  const script = engine.compile(SHORT)
  const runOf = (_, n) => engine.run(script, `tenant-${n}`)
  await perSecond(sizes.tenants / 10, runOf)
  const before = process.memoryUsage.rss()
  print('runs', await perSecond(sizes.tenants, runOf), 'runs/s')
  print('what the process has grown by', (process.memoryUsage.rss() - before) / 1e6, 'MB')
  print('of them, ids with an account', [...engine.usage()].length, '')
  await engine.close()
  if (server) await spaces({ Engine }, sizes, server)
}

/** What spaces of one small key take on a server. */
async function spaces({ Engine }, sizes, server) {
  const { Redis } = await import('ioredis')
  const client = new Redis(server.port)
  await client.flushall()
  const used = async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))[1])
  const before = await used()
  const engine = new Engine({ state: { redis: server.url, prefix: 'bench' }, defaults: { timeout: FOREVER } })
  await perSecond(sizes.spaces, (_, n) => engine.run("State.set('visits', 1)", `tenant-${n}`))
  print(
    `State on Redis, one number of each of ${sizes.spaces} tenants`,
    ((await used()) - before) / sizes.spaces,
    'bytes each',
  )
  await engine.close()
  await client.quit()
}

export async function scaling(subjects, given = {}) {
  const sizes = { ...SIZES, ...given }
  await oneProcess(subjects.moonpool, sizes)
  await threads(subjects, sizes)
  const server = hasRedis() ? await redisServer() : undefined
  if (server) await machines(subjects, sizes, server)
  else console.log('\nredis-server is not installed: no figures for jobs, and for State on Redis')
  await tenants(subjects.moonpool, sizes, server)
  await server?.stop()
}

if (!isMainThread && workerData?.folder) {
  const moonpool = createRequire(path.join(workerData.folder, 'index.js'))('./index.js')
  parentPort.postMessage(await computing(moonpool, workerData.count))
} else if (process.argv[1] === FILE && process.argv[2] === 'worker') {
  await work(...process.argv.slice(3))
}
