// State: what a call of it costs from Lua, and how fast runs that write get through.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { hasRedis, redisServer } from '../__tests__/support/redis.js'
import { ask, capture } from '../scripts/run.mjs'
import { median, ratio, rounds, verdict } from './measure.mjs'

const CALLS = 100_000
const ROUNDS = { count: 25, warmup: 3 }
const WRITERS = { runs: 3000, inFlight: 64 }

const FILL = `
  State.set('number', 42) State.set('text', 'hello world')
  State.set('table', { a = 1, b = 2, c = 3, d = 'four', e = 'five', f = true, g = false, h = 8.5, i = 9, j = 'ten' })`

const LOOPS = {
  'a look-up in a Lua table': 'local t = { number = 42 } for i = 1, n do local v = t.number end',
  "State.get('number')": "local get = State.get for i = 1, n do get('number') end",
  "State.get('text')": "local get = State.get for i = 1, n do get('text') end",
  "State.get('table'), 10 fields": "local get = State.get for i = 1, n do get('table') end",
  "State.set('number', i)": "local set = State.set for i = 1, n do set('number', i) end",
  "State.incr('count')": "local incr = State.incr for i = 1, n do incr('count') end",
}

/** What an engine must have before its State answers at once: the space is loaded by the first look. */
async function filled(moonpool, options) {
  const engine = new moonpool.Engine({ concurrency: 1, defaults: { timeout: 60_000 }, ...options })
  await engine.runLua(FILL, 'bench')
  return engine
}

/** Seconds on the worker for one execution of a loop. */
const loop = (engine, code) => async () => {
  const { stats } = await engine.run(`local n = ${CALLS} ${code}`, 'bench')
  return stats.cpuTime / 1000
}

const perSecond = (taken, name) => CALLS / median(taken[name])

async function calls(engine) {
  const contestants = Object.fromEntries(Object.entries(LOOPS).map(([name, code]) => [name, loop(engine, code)]))
  const taken = await rounds(contestants, ROUNDS)
  for (const name of Object.keys(LOOPS)) {
    const millions = perSecond(taken, name) / 1e6
    if (name === "State.get('number')") verdict(name, millions, { atLeast: 5, unit: 'M/s' })
    else if (name.includes('10 fields')) verdict(name, millions, { atLeast: 0.8, unit: 'M/s' })
    else console.log(`  ${name.padEnd(50)} ${millions.toFixed(2).padStart(6)} M/s`)
  }
  return taken
}

/** Runs per second, so many in flight, that each write a key of their own id. */
async function writers(engine) {
  const begin = process.hrtime.bigint()
  let left = WRITERS.runs
  const lane = async (lane) => {
    while (left-- > 0) await engine.runLua(`State.set('k', ${left})`, `writer-${lane}`)
  }
  await Promise.all(Array.from({ length: WRITERS.inFlight }, (_, i) => lane(i)))
  return Number(process.hrtime.bigint() - begin) / 1e9 / WRITERS.runs
}

/** One transaction for each write: a run after the other, each of which is on disk before the next begins. */
async function oneByOne(engine) {
  const runs = 60
  const begin = process.hrtime.bigint()
  for (let i = 0; i < runs; i++) await engine.runLua(`State.set('k', ${i})`, 'writer')
  return Number(process.hrtime.bigint() - begin) / 1e9 / runs
}

async function sqlite(moonpool) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'moonpool-bench-'))
  // As many threads as an engine has by default: what is measured are runs that come at once.
  const concurrency = undefined
  const memory = await filled(moonpool, { concurrency })
  const disk = await filled(moonpool, { concurrency, state: { sqlite: path.join(folder, 'state.db') } })
  console.log('\nState on SQLite, against the store in memory in the same run')
  const get = LOOPS["State.get('number')"]
  const got = await rounds({ memory: loop(memory, get), sqlite: loop(disk, get) }, ROUNDS)
  verdict("State.get('number'), loaded: time / memory", median(got.sqlite) / median(got.memory), { atMost: 1.3 })
  const wrote = await rounds(
    { memory: () => writers(memory), sqlite: () => writers(disk), 'one by one': () => oneByOne(disk) },
    { count: 5, warmup: 1 },
  )
  const name = `${WRITERS.inFlight} runs in flight that set a key`
  verdict(`${name}: rate / one by one`, median(wrote['one by one']) / median(wrote.sqlite), { atLeast: 20 })
  const most = median(wrote['one by one']) / median(wrote.memory)
  console.log(`  ${'the same in memory: rate / one by one on SQLite'.padEnd(50)} ${most.toFixed(2).padStart(10)}`)
  verdict(`${name}: rate / memory`, median(wrote.memory) / median(wrote.sqlite), { atLeast: 0.5 })
  await Promise.all([memory.close(), disk.close()])
  rmSync(folder, { recursive: true, force: true })
}

/** The command that the server got for one operation of the example, as `redis-cli monitor` shows it: its arguments. */
async function commandOf(port, example, name) {
  const monitor = spawn('redis-cli', ['-p', port, 'monitor'])
  let seen = ''
  monitor.stdout.setEncoding('utf8').on('data', (text) => (seen += text))
  const until = async (text) => {
    while (!seen.includes(text)) await new Promise((wait) => setTimeout(wait, 10))
  }
  await until('OK')
  // The second time the key is there, and one command is all of the operation.
  for (let i = 0; i < 2; i++) example(1, name)
  ask('redis-cli', ['-p', port, 'echo', 'the end'])
  await until('the end')
  monitor.kill()
  await once(monitor, 'exit')
  // What scripts ask on the server is shown as ` lua]`.
  const asked = seen.split('\n').filter((line) => line.includes('{bench:a}') && !line.includes(' lua]'))
  return [...asked.at(-1).matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text]) => text.replaceAll('\\"', '"'))
}

async function redis() {
  console.log('\nState on Redis, 64 at once, against redis-benchmark with the same command')
  if (!hasRedis()) return console.log('  redis-server is not installed: not measured')
  const { port, url, stop } = await redisServer()
  try {
    capture('cargo', ['build', '--release', '--locked', '-p', 'moonpool-core', '--example', 'redis'])
    const example = (count, name) => {
      const { stdout } = capture('target/release/examples/redis', [url, String(count), '64', name])
      return 1 / Number(/: ([\d.]+) a second/.exec(stdout)[1])
    }
    // In this order: there is nothing to get before something is set.
    for (const [name, count] of Object.entries({ set: 150_000, get: 600_000, incr: 150_000 })) {
      const command = await commandOf(port, example, name)
      const benchmark = ['-p', port, '-c', '1', '-P', '64', '-n', String(count), '-q', ...command]
      const theirs = () => 1 / Number(/([\d.]+) requests per second/.exec(ask('redis-benchmark', benchmark))[1])
      const taken = await rounds({ ours: () => example(count, name), theirs }, { count: 9 })
      verdict(`${name}: time / redis-benchmark`, ratio(taken, 'ours', 'theirs'), { atMost: 1.5 })
    }
  } finally {
    await stop()
  }
}

export async function state({ moonpool }) {
  console.log('\nState in memory, calls a second from one script')
  const engine = await filled(moonpool, {})
  await calls(engine)
  await engine.close()
  await sqlite(moonpool)
  await redis()
}
