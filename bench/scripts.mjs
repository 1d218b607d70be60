// What scripts that work together cost: calls of named scripts and runs of timers, against `runLua`; and calls by other
// scripts, against a host function that does the same.
import { setTimeout as sleep } from 'node:timers/promises'
import { median, perCall, ratio, rounds, verdict } from './measure.mjs'

const CODE = 'return 1'
/** So many calls of another script by one run. */
const CALLS = 100

async function namedScripts({ moonpool }) {
  const engine = new moonpool.Engine()
  engine.addScript('one', CODE, { callers: '*' })
  engine.expose('call', () => engine.callScript('one'))
  const callers = {
    'scripts.call': `local call = scripts.call for i = 1, ${CALLS} do call('one') end`,
    'a host function': `local call = host.call for i = 1, ${CALLS} do call() end`,
  }
  const contestants = {
    runLua: () => engine.runLua(CODE, 'bench'),
    run: () => engine.run(CODE, 'bench'),
    callScript: () => engine.callScript('one'),
  }
  for (const inFlight of [1, 64]) {
    const measured = Object.fromEntries(
      Object.entries(contestants).map(([name, call]) => [name, () => perCall(call, { calls: 2000, inFlight })]),
    )
    for (const [name, caller] of Object.entries(callers)) {
      measured[name] = async () => {
        const lanes = Math.min(inFlight, 20)
        return (await perCall(() => engine.runLua(caller, 'bench'), { calls: lanes, inFlight: lanes })) / CALLS
      }
    }
    const taken = await rounds(measured, { count: 15 })
    console.log(`\nnamed scripts, ${inFlight === 1 ? 'one after another' : 'many in flight'}, median µs per call`)
    for (const name of Object.keys(taken))
      console.log(`  ${name.padEnd(20)} ${median(taken[name]).toFixed(1).padStart(8)}`)
    verdict('callScript / runLua', ratio(taken, 'callScript', 'runLua'), { atMost: 1.3 })
    // The script that calls is suspended, and goes on: two trips to a worker more than a run takes.
    verdict('scripts.call / a host function', ratio(taken, 'scripts.call', 'a host function'), { atMost: 1 })
  }
  await engine.close()
}

const TIMERS = 4000
const IDS = 100
/** In ms: longer than any part of this takes. */
const FOREVER = 600_000

/** In ms: all timers of a round are made in that time. */
const AHEAD = 200

/** A timer's run against a trivial `runLua`: as many of each, and all at once. */
async function timerRuns({ moonpool }, { timers, roundsOf }) {
  const options = { maxTimers: timers, maxTimersPerId: timers, defaults: { timeout: FOREVER } }
  const engine = new moonpool.Engine(options)
  const perId = timers / IDS
  const ids = Array.from({ length: IDS }, (_, i) => `tenant-${i}`)
  const make = `for _ = 1, ${perId} do assert(timer.at(${AHEAD / 1000}, function() return 1 end)) end`
  /** µs for each, from when all are due. */
  const ofTimers = async () => {
    const before = engine.stats().completed
    await Promise.all(ids.map((id) => engine.runLua(make, id)))
    const made = performance.now()
    while (performance.now() < made + AHEAD);
    const start = performance.now()
    // Ids take turns. To ask for all costs more.
    const each = engine.usage(ids[0]).completed + perId
    while (engine.usage(ids[0]).completed < each) await sleep(1)
    while (engine.stats().completed < before + IDS + timers) await sleep(1)
    return ((performance.now() - start) * 1000) / timers
  }
  const ofCalls = async () => {
    const start = performance.now()
    const runs = ids.flatMap((id) => Array.from({ length: perId }, () => engine.runLua('return 1', id)))
    await Promise.all(runs)
    return ((performance.now() - start) * 1000) / timers
  }
  const taken = await rounds({ 'run of a timer': ofTimers, runLua: ofCalls }, roundsOf)
  await engine.close()
  console.log(`\nTimers: ${timers} runs of ${IDS} ids, median µs for each`)
  for (const name of Object.keys(taken))
    console.log(`  ${name.padEnd(20)} ${median(taken[name]).toFixed(1).padStart(8)}`)
  verdict('the run of a timer / runLua', ratio(taken, 'run of a timer', 'runLua'), { atMost: 1.3 })
}

export async function scripts(subjects, options = {}) {
  const { timers = TIMERS, roundsOf = { count: 15 } } = options
  await namedScripts(subjects)
  await timerRuns(subjects, { timers, roundsOf })
}
