// What contexts gain by running side by side: two that need the CPU, on two threads, against one.
import os from 'node:os'
import { median, ratio, rounds, verdict } from './measure.mjs'

const CONTEXTS = 2
/** Long enough that slices and the way to a thread are nothing beside it; about 100 ms. */
const SETUP = 'function work(n) local s = 0 for i = 1, n do s = s + i % 7 end return s end'
const COUNT = 25_000_000
const ROUNDS = { count: 9, warmup: 2 }
/** In ms: longer than any part of this takes. */
const FOREVER = 600_000

export async function contexts({ moonpool }, { count = COUNT, roundsOf = ROUNDS } = {}) {
  const engine = new moonpool.Engine({ concurrency: CONTEXTS, defaults: { timeout: FOREVER } })
  const all = Array.from({ length: CONTEXTS }, (_, i) => engine.createContext(`context-${i}`))
  await Promise.all(all.map((context) => context.run(SETUP)))
  /** ms for each call, when so many contexts make one at once. */
  const perCall = async (some) => {
    const start = performance.now()
    await Promise.all(some.map((context) => context.call('work', count)))
    return (performance.now() - start) / some.length
  }
  const usage = process.cpuUsage()
  const start = performance.now()
  const taken = await rounds({ one: () => perCall(all.slice(0, 1)), several: () => perCall(all) }, roundsOf)
  const { user, system } = process.cpuUsage(usage)
  const cores = (user + system) / 1000 / (performance.now() - start)
  await Promise.all(all.map((context) => context.close()))
  await engine.close()

  console.log(`\n${CONTEXTS} contexts side by side, CPU-bound, on ${CONTEXTS} threads`)
  for (const name of ['one', 'several'])
    console.log(`  ${`ms per call, ${name}`.padEnd(50)} ${median(taken[name]).toFixed(1).padStart(10)}`)
  // All rounds of one and of several take about as long, so 1.5: far less says that others had the cores.
  console.log(`  cores that this process had: ${cores.toFixed(2)} of ${os.availableParallelism()}`)
  verdict(`throughput: ${CONTEXTS} contexts / one`, ratio(taken, 'one', 'several'), { atLeast: 1.8 })
}
