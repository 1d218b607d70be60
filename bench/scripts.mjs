// What scripts that work together cost: the run of a timer.
import { setTimeout as sleep } from 'node:timers/promises'
import { median, ratio, rounds, verdict } from './measure.mjs'

const TIMERS = 1000
const IDS = 100
/** In ms: longer than any part of this takes. */
const FOREVER = 600_000

/** A timer's run against a trivial `runLua`: as many of each, and all at once. */
async function timerRuns({ moonpool }, { timers, roundsOf }) {
  const options = { maxTimers: timers, maxTimersPerId: timers, defaults: { timeout: FOREVER } }
  const engine = new moonpool.Engine(options)
  const perId = timers / IDS
  const ids = Array.from({ length: IDS }, (_, i) => `tenant-${i}`)
  /** µs for each, with making it. */
  const ofTimers = async () => {
    const before = engine.stats().completed
    const start = performance.now()
    const make = `for _ = 1, ${perId} do assert(timer.at(0, function() return 1 end)) end`
    await Promise.all(ids.map((id) => engine.runLua(make, id)))
    // Asking costs, too.
    while (engine.stats().completed < before + IDS + timers) await sleep(2)
    return ((performance.now() - start) * 1000) / timers
  }
  const ofCalls = async () => {
    const start = performance.now()
    await Promise.all(ids.map((id) => engine.runLua(`local x = ${perId}`, id)))
    const runs = ids.flatMap((id) => Array.from({ length: perId }, () => engine.runLua('return 1', id)))
    await Promise.all(runs)
    return ((performance.now() - start) * 1000) / timers
  }
  const taken = await rounds({ 'run of a timer': ofTimers, runLua: ofCalls }, roundsOf)
  await engine.close()
  console.log(`\nTimers: ${timers} runs of ${IDS} ids, median µs for each`)
  for (const name of Object.keys(taken))
    console.log(`  ${name.padEnd(20)} ${median(taken[name]).toFixed(1).padStart(8)}`)
  verdict('the run of a timer, with making it / runLua', ratio(taken, 'run of a timer', 'runLua'), { atMost: 1.3 })
}

export async function scripts(subjects, options = {}) {
  const { timers = TIMERS, roundsOf = { count: 15 } } = options
  await timerRuns(subjects, { timers, roundsOf })
}
