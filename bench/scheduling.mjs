// What scripts cost each other and the process: short ones beside endless ones, many long ones, files and the event loop.
import { readFile } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { percentile, verdict } from './measure.mjs'

const SAMPLES = 300
/** Of what takes a millisecond: a percentile of fewer is what the machine itself does once or twice a second. */
const SHORT_SAMPLES = 2000
const ENDLESS = 'while true do end'
/** In ms: longer than any part of this takes. */
const FOREVER = 600_000

const ms = (atMost) => ({ atMost, unit: 'ms', digits: 1 })

/** Scripts that loop for ever where Lua cannot yield. */
const STUCK = [
  'table.sort({ 3, 2, 1 }, function() while true do end end)',
  'string.gsub("x", "x", function() while true do end end)',
  'xpcall(error, function() while true do end end)',
  'tostring(setmetatable({}, { __tostring = function() while true do end end }))',
  'load(function() while true do end end)',
]

/** Does `measure` while endless scripts run, one for each of `ids`; then stops them. */
async function beside(engine, ids, codes, measure) {
  // A signal for each: Node warns of many listeners on one.
  const controllers = ids.map(() => new AbortController())
  const endless = ids.map((id, i) => {
    const { signal } = controllers[i]
    return engine.runLua(codes[i % codes.length], id, { timeout: FOREVER, signal }).catch((error) => error)
  })
  await allStarted(engine, ids.length)
  const result = await measure()
  for (const controller of controllers) controller.abort()
  const ends = await Promise.all(endless)
  const other = ends.find((end) => end.name !== 'AbortError')
  if (other) throw new Error('an endless script ended before it was stopped', { cause: other })
  await engine.close()
  return result
}

/** How many runs of one script an engine starts at most before some of them end. */
const MAX_STARTED = 64

async function allStarted(engine, count) {
  const wanted = Math.min(count, MAX_STARTED)
  while (engine.stats().started < wanted) await sleep(5)
}

/** How long each of many calls takes, one after another, in ms. */
async function samples(call) {
  const taken = []
  for (let i = 0; i < SHORT_SAMPLES; i++) {
    const start = performance.now()
    await call()
    taken.push(performance.now() - start)
  }
  return taken
}

/** Prints one figure plainly and judges the other: each is a percentile of `taken` and, when judged, its limit in ms. */
function judge(what, taken, plain, judged, atMost) {
  console.log(`  ${`${what}, p${plain}`.padEnd(50)} ${percentile(taken, plain).toFixed(1).padStart(7)} ms`)
  verdict(`${what}, p${judged}`, percentile(taken, judged), ms(atMost))
}

async function latency({ Engine }) {
  console.log(`\nA trivial script beside endless ones, on one slot, ${SHORT_SAMPLES} samples`)
  const fifty = Array.from({ length: 50 }, (_, i) => `endless-${i}`)
  const crowds = [
    ['50 endless scripts of 50 ids', fifty, [ENDLESS], 3],
    ['100 endless scripts of one id', Array(100).fill('endless'), [ENDLESS], 5],
    ['50 that loop in callbacks and handlers', fifty, STUCK, 5],
  ]
  for (const [what, ids, codes, atMost] of crowds) {
    const engine = new Engine({ concurrency: 1 })
    const taken = await beside(engine, ids, codes, () => samples(() => engine.runLua('return 1', 'trivial')))
    judge(what, taken, 50, 99, atMost)
  }
}

const RUNS = 1000
const SLOTS = 2
const WANTED_MS = 20

const loop = (count) => `local n = 0 for i = 1, ${count} do n = n + i % 7 end return n`

/** What a script takes of a worker when it runs alone: the mean of some runs, one after another, in ms. */
async function alone({ Engine }, code) {
  const engine = new Engine({ concurrency: 1 })
  for (let i = 0; i < 20; i++) await engine.runLua(code, 'alone')
  const { mean } = engine.stats().cpuTime
  await engine.close()
  return mean
}

/** A script that takes about 20 ms, and what it takes. */
async function calibrated(moonpool) {
  let count = 1_000_000
  for (let i = 0; i < 3; i++) count = Math.round((count * WANTED_MS) / (await alone(moonpool, loop(count))))
  return { code: loop(count), time: await alone(moonpool, loop(count)) }
}

async function throughput(moonpool) {
  const { code, time } = await calibrated(moonpool)
  console.log(`\n${RUNS} scripts of ${time.toFixed(1)} ms, of as many ids, on ${SLOTS} slots`)
  const engine = new moonpool.Engine({ concurrency: SLOTS })
  const [start, usage] = [performance.now(), process.cpuUsage()]
  const ends = await Promise.allSettled(Array.from({ length: RUNS }, (_, i) => engine.runLua(code, `id-${i}`)))
  const total = performance.now() - start
  const { user, system } = process.cpuUsage(usage)
  const { cpuTime, runTime, timedOut } = engine.stats()
  await engine.close()
  console.log(`  total ${total.toFixed(0)} ms; mean time on a worker ${cpuTime.mean.toFixed(1)} ms`)
  // Far less than SLOTS: other processes had the cores, and the total says nothing.
  console.log(`  cores that this process had: ${((user + system) / 1000 / total).toFixed(2)}`)
  console.log(`  from first slice to end: p50 ${runTime.p50.toFixed(0)} ms, max ${runTime.max.toFixed(0)} ms`)
  verdict('total / ideal', total / ((time * RUNS) / SLOTS), { atMost: 1.3 })
  const resolved = ends.filter(({ status }) => status === 'fulfilled').length
  verdict('resolved', resolved, { atLeast: RUNS, digits: 0 })
  verdict('timed out', timedOut, { atMost: 0, digits: 0 })
}

const SMALL_FILE = fileURLToPath(import.meta.url)

/** The resolution of the monitor is part of what it measures, in ms. */
const RESOLUTION = 1

/** The delay of the event loop while timers and immediates fire in turn. */
async function loopDelay() {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION })
  delay.enable()
  for (let i = 0; i < SAMPLES; i++) {
    await sleep(5)
    await turn()
  }
  delay.disable()
  return delay
}

async function neighbours({ Engine }) {
  console.log('\nThe process beside 50 endless scripts, with the default pool')
  const engine = new Engine()
  const ids = Array.from({ length: 50 }, (_, i) => `endless-${i}`)
  await beside(engine, ids, [ENDLESS], async () => {
    judge('fs.readFile of a small file', await samples(() => readFile(SMALL_FILE)), 50, 95, 10)
    const delay = await loopDelay()
    const figure = (percent) => delay.percentile(percent) / 1e6 - RESOLUTION
    console.log(`  ${'event loop delay, p50'.padEnd(50)} ${figure(50).toFixed(1).padStart(7)} ms`)
    verdict('event loop delay, p99', figure(99), ms(50))
  })
}

/** In ms: how long the event loop is busy at once, and how long that is measured. */
const BUSY_MS = 50
const MEASURED_MS = 3000

/** How much of its slot an engine uses, with scripts that never end, while `turn` is all that the event loop does. */
async function used({ Engine }, turn) {
  const engine = new Engine({ concurrency: 1 })
  return await beside(engine, ['endless-1', 'endless-2'], [ENDLESS], async () => {
    engine.resetStats()
    const start = performance.now()
    while (performance.now() - start < MEASURED_MS) await turn()
    return engine.stats().utilization
  })
}

async function busyLoop(moonpool) {
  console.log('\nWhat CPU-bound scripts use of their slot')
  verdict('while the event loop is idle', await used(moonpool, () => sleep(BUSY_MS)), { atLeast: 0.98 })
  const busy = async () => {
    const start = performance.now()
    while (performance.now() - start < BUSY_MS);
    await turn()
  }
  verdict(`while it is busy in chunks of ${BUSY_MS} ms`, await used(moonpool, busy), { atLeast: 0.9 })
}

export async function scheduling({ moonpool }) {
  await latency(moonpool)
  await busyLoop(moonpool)
  await throughput(moonpool)
  await neighbours(moonpool)
}
