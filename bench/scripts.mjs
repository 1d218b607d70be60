// What scripts that work together cost: calls of named scripts, by the host and by others, and runs of timers, against `runLua`.
import { setTimeout as sleep } from 'node:timers/promises'
import { median, perCall, ratio, rounds, verdict } from './measure.mjs'

const CODE = 'return 1'
/** So many calls of another script by one run. */
const CALLS = 100

async function namedScripts({ moonpool }) {
  const engine = new moonpool.Engine()
  engine.addScript('one', CODE, { callers: '*' })
  const caller = `local call = scripts.call for i = 1, ${CALLS} do call('one') end`
  const contestants = {
    runLua: () => engine.runLua(CODE, 'bench'),
    run: () => engine.run(CODE, 'bench'),
    callScript: () => engine.callScript('one'),
  }
  for (const inFlight of [1, 64]) {
    const measured = Object.fromEntries(
      Object.entries(contestants).map(([name, call]) => [name, () => perCall(call, { calls: 2000, inFlight })]),
    )
    measured['scripts.call'] = async () => {
      const lanes = Math.min(inFlight, 20)
      return (await perCall(() => engine.runLua(caller, 'bench'), { calls: lanes, inFlight: lanes })) / CALLS
    }
    const taken = await rounds(measured, { count: 15 })
    console.log(`\nnamed scripts, ${inFlight === 1 ? 'one after another' : 'many in flight'}, median µs per call`)
    for (const name of Object.keys(taken))
      console.log(`  ${name.padEnd(20)} ${median(taken[name]).toFixed(1).padStart(8)}`)
    for (const name of ['callScript', 'scripts.call'])
      verdict(`${name} / runLua`, ratio(taken, name, 'runLua'), { atMost: 1.3 })
  }
  await engine.close()
}

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
  await namedScripts(subjects)
  await timerRuns(subjects, { timers, roundsOf })
}
