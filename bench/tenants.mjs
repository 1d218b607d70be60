// What a flood of a few ids costs the many others: how long a call of one of those takes, with the flood and without.
import { setTimeout as sleep } from 'node:timers/promises'
import { percentile, verdict } from './measure.mjs'

const IDS = 10_000
const FLOODING = 10
/** Calls of each flooding id that are in flight, or refused and about to come again: far more than may wait. */
const DEEP = 200
/** Others' calls that are measured, and how many of them are in flight. */
const CALLS = 20_000
const IN_FLIGHT = 50

const CODE = 'local n = 0 for i = 1, 200 do n = n + i % 7 end return n'

/** Keeps each flooding id's queue full until it is stopped. Returns what stops it. */
function flood(engine, script) {
  let stopped = false
  const lane = async (id) => {
    while (!stopped) {
      try {
        await engine.runLua(script, id)
      } catch ({ retryAfter }) {
        await sleep(retryAfter)
      }
    }
  }
  const lanes = []
  for (let i = 0; i < FLOODING; i++) for (let j = 0; j < DEEP; j++) lanes.push(lane(`flood-${i}`))
  return () => {
    stopped = true
    return Promise.all(lanes)
  }
}

/** How long each of many calls takes, of as many ids, in ms. */
async function others(engine, script) {
  const taken = []
  let next = 0
  const lane = async () => {
    while (next < CALLS) {
      const id = `tenant-${next++ % (IDS - FLOODING)}`
      const start = performance.now()
      await engine.runLua(script, id)
      taken.push(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  return taken
}

export async function tenants({ moonpool }) {
  console.log(
    `\n${IDS} ids, of which ${FLOODING} flood with ${DEEP} calls each; calls of the others, ${IN_FLIGHT} at a time`,
  )
  // As many runs of an id wait as make sense: what more comes is refused at little cost.
  const engine = new moonpool.Engine({ concurrency: 1, maxQueue: 1000, perId: { maxQueued: 20, maxStarted: 4 } })
  const script = engine.compile(CODE, { name: 'tenant.lua' })
  await others(engine, script)
  const quiet = await others(engine, script)
  const stop = flood(engine, script)
  await sleep(200)
  const flooded = await others(engine, script)
  const { rejected } = engine.stats()
  await stop()
  for (const [what, taken] of [
    ['without the flood', quiet],
    ['with it', flooded],
  ]) {
    console.log(`  ${what}: p50 ${percentile(taken, 50).toFixed(2)} ms, p99 ${percentile(taken, 99).toFixed(2)} ms`)
  }
  console.log(`  calls of the flood that were refused: ${rejected}`)
  verdict('p99 with the flood / without', percentile(flooded, 99) / percentile(quiet, 99), { atMost: 2 })
  await engine.close()
}
