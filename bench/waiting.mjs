// What waiting costs: many scripts that wait at once, the memory of each, and the round trip of one host call.
import { createRequire } from 'node:module'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { mustSucceed, run } from '../scripts/run.mjs'
import { median, perCall, ratio, rounds, verdict } from './measure.mjs'

const SCRIPTS = 10_000
const WAIT = 1000
const IDS = 100
const CONCURRENCY = 3
/** In ms: longer than any part of this takes. */
const FOREVER = 600_000

/** What scripts do, when they wait and when they do not: with the same work beside. */
const WAITS = {
  'host.wait()': { waiting: 'return host.wait()', answered: 'return host.answer()' },
  'sleep(1)': { waiting: `sleep(${WAIT / 1000}) return 1`, answered: 'sleep(0) return 1' },
}

/** How long so many runs of `code` take at once, in ms; and the most memory meanwhile, seen every 20 ms. */
async function all(engine, code, scripts) {
  const before = process.memoryUsage.rss()
  let [most, suspended] = [before, 0]
  const observer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss())
    suspended = Math.max(suspended, engine.stats().suspended)
  }, 20)
  const start = performance.now()
  const runs = Array.from({ length: scripts }, (_, i) => engine.runLua(code, `tenant-${i % IDS}`))
  const ends = await Promise.allSettled(runs)
  const time = performance.now() - start
  clearInterval(observer)
  const failed = ends.find(({ status }) => status === 'rejected')
  if (failed) throw new Error(`a script that should wait failed: ${code}`, { cause: failed.reason })
  return { time, suspended, grown: most - before }
}

/** The child's part: a fresh process for each kind of waiting, whose memory nothing else has used. */
async function child(folder, kind, scripts) {
  const { Engine } = createRequire(path.join(folder, 'index.js'))('./index.js')
  const engine = new Engine({ concurrency: CONCURRENCY, maxQueue: scripts, defaults: { timeout: FOREVER } })
  engine.expose('wait', () => new Promise((resolve) => setTimeout(resolve, WAIT, 1)))
  engine.expose('answer', () => 1)
  const { waiting, answered } = WAITS[kind]
  // What the process needs once: compiled code, threads, the heap of JavaScript.
  await all(engine, answered, Math.ceil(scripts / 10))
  await sleep(100)
  const measured = await all(engine, waiting, scripts)
  await sleep(100)
  const { time: work } = await all(engine, answered, scripts)
  const ideal = WAIT + work
  console.log(`\n${scripts} scripts in ${kind} at once, for ${WAIT} ms, on ${CONCURRENCY} threads`)
  console.log(`  waited at once, at most seen: ${measured.suspended}; without the wait all take ${work.toFixed(0)} ms`)
  console.log(`  total ${measured.time.toFixed(0)} ms, the wait and the work ${ideal.toFixed(0)} ms`)
  verdict('total / (wait + work)', measured.time / ideal, { atMost: 1.5 })
  verdict('memory for each, with its promise', measured.grown / scripts / 1000, { atMost: 24, unit: 'KB', digits: 1 })
  await engine.close()
}

const CALLS = 1000

/** µs for each of `calls` items of the baseline, one after another, each with a promise. */
function emptyItems(baselines, calls) {
  const waiting = new Map()
  let last = 0
  const done = (id) => {
    waiting.get(id)()
    waiting.delete(id)
  }
  const call = () =>
    new Promise((resolve) => {
      last += 1
      waiting.set(last, resolve)
      baselines.benchEmpty(last, done)
    })
  return () => perCall(call, { calls, inFlight: 1 })
}

async function roundTrip({ moonpool, baselines }, { calls, roundsOf }) {
  const engine = new moonpool.Engine({ concurrency: 1, defaults: { timeout: FOREVER } })
  engine.expose('echo', (_context, value) => value)
  const scripted = (body) => async () => {
    const start = performance.now()
    await engine.runLua(`for i = 1, ${calls} do ${body} end`, 'bench')
    return ((performance.now() - start) * 1000) / calls
  }
  const taken = await rounds(
    { 'host.echo(1)': scripted('host.echo(1)'), 'empty work item': emptyItems(baselines, calls) },
    roundsOf,
  )
  await engine.close()
  console.log(`\nThe round trip of a host call, ${calls} one after another, median µs per call`)
  for (const name of Object.keys(taken))
    console.log(`  ${name.padEnd(20)} ${median(taken[name]).toFixed(1).padStart(8)}`)
  verdict('host.echo(1) / empty work item', ratio(taken, 'host.echo(1)', 'empty work item'), { atMost: 2 })
}

const SLOW = 50

/** Four calls that take a while, in functions of `parallel`. */
async function together({ moonpool }, { roundsOf }) {
  const engine = new moonpool.Engine({ concurrency: 1, defaults: { timeout: FOREVER } })
  engine.expose('slow', () => new Promise((resolve) => setTimeout(resolve, SLOW)))
  const code = 'parallel(host.slow, host.slow, host.slow, host.slow)'
  const call = async () => {
    const start = performance.now()
    await engine.runLua(code, 'bench')
    return performance.now() - start
  }
  const taken = await rounds({ [code]: call }, roundsOf)
  await engine.close()
  console.log(`\nFour host calls of ${SLOW} ms each, in parallel`)
  verdict(`${code}, median`, median(taken[code]), { atMost: SLOW + 10, unit: 'ms', digits: 1 })
}

const FILE = fileURLToPath(import.meta.url)

export async function waiting(subjects, options = {}) {
  const { scripts = SCRIPTS, calls = CALLS, roundsOf = { count: 15 } } = options
  for (const kind of Object.keys(WAITS))
    mustSucceed(await run(process.execPath, [FILE, subjects.folder, kind, String(scripts)]))
  await roundTrip(subjects, { calls, roundsOf })
  await together(subjects, { roundsOf })
}

if (process.argv[1] === FILE) await child(process.argv[2], process.argv[3], Number(process.argv[4]))
