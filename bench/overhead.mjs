// What observing costs when nobody listens: the package against a copy without statistics and diagnostics.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { root } from '../scripts/run.mjs'
import { median, perCall, percentile, ratio, ratios, rounds, verdict } from './measure.mjs'

const FOLDER = path.join(root, 'target/bench-plain')
const CODE = 'return 1'
/** Many short rounds: the speed of a machine drifts less within one, and the median of many is steadier. */
const ROUNDS = { count: 400, warmup: 20 }
const CALLS = { 1: 500, 64: 2000 }

const WITHOUT = {
  'stats.js': `// Counts nothing.
'use strict'
class Stats {
  count() {}
  reset() {}
  read() {
    return {}
  }
}
module.exports = { Stats }
`,
  'diagnostics.js': `// Tells nobody anything.
'use strict'
function debug() {}
debug.enabled = false
module.exports = { debug, isWatched: () => false, watched: (_run, _context, start) => start() }
`,
}

/** A copy of the JS layer without what observes. It shares the addon, so that the native code is the very same. */
function loadPlain(folder) {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  for (const part of ['index.js', 'lib', 'package.json'])
    cpSync(path.join(folder, part), path.join(FOLDER, part), { recursive: true })
  for (const [file, text] of Object.entries(WITHOUT)) writeFileSync(path.join(FOLDER, 'lib', file), text)
  const addon = path.join(folder, 'lib/addon.js')
  writeFileSync(path.join(FOLDER, 'lib/addon.js'), `module.exports = require(${JSON.stringify(addon)})\n`)
  return createRequire(path.join(FOLDER, 'index.js'))('./index.js')
}

/** Builds no VMs ahead, which an engine would do while it is another's turn. */
function caller({ Engine }) {
  const engine = new Engine({ warmVms: 0 })
  return () => engine.runLua(CODE, 'bench')
}

/** A median ratio with the interval in which it is 95 times of 100: so many ranks away from the middle, in percent. */
function withInterval(taken, name) {
  const all = ratios(taken, name, 'plain')
  const ranks = 98 / Math.sqrt(all.length)
  const [low, high] = [50 - ranks, 50 + ranks].map((percent) => percentile(all, percent).toFixed(3))
  return `${median(all).toFixed(3)} (${low} to ${high})`
}

/** What two engines of the same kind differ by is noise. */
function show(taken) {
  console.log(`    with / without ${withInterval(taken, 'observed')}`)
  console.log(`    without / without, the noise: ${withInterval(taken, 'another plain')}`)
}

/** µs for the accounts of one call, which `engine.usage` tells, when so many ids take turns. */
function accounting(folder, ids) {
  const { Usage } = createRequire(path.join(folder, 'index.js'))('./lib/usage.js')
  const usage = new Usage(undefined, 10_000)
  const names = Array.from({ length: ids }, (_, i) => `id ${i}`)
  const count = 200_000
  const account = (i) => {
    const tally = usage.of(names[i % ids])
    usage.took(tally, 0.1)
    usage.count(tally, 'completed')
  }
  for (let i = 0; i < count; i++) account(i)
  const start = process.hrtime.bigint()
  for (let i = 0; i < count; i++) account(i)
  return Number(process.hrtime.bigint() - start) / 1000 / count
}

/** More ids than are tracked are the worst case: each is forgotten before it comes again. */
async function accounts({ folder, moonpool }) {
  const call = caller(moonpool)
  const { call: taken } = await rounds({ call: () => perCall(call, { calls: 2000, inFlight: 64 }) }, { count: 15 })
  console.log('\nThe accounts of ids: their part of a trivial call, 64 in flight')
  for (const ids of [1, 10_000, 20_000]) {
    const times = Array.from({ length: 5 }, () => accounting(folder, ids))
    verdict(`${ids} ids, in percent`, (100 * median(times)) / median(taken), { atMost: 2 })
  }
}

export async function overhead({ folder, moonpool }) {
  await accounts({ folder, moonpool })
  const plain = loadPlain(folder)
  const callers = { observed: caller(moonpool), plain: caller(plain), 'another plain': caller(plain) }
  console.log('\nStatistics and diagnostics when nobody listens: with / without')
  for (const inFlight of [1, 64]) {
    const measured = Object.fromEntries(
      Object.entries(callers).map(([name, call]) => [name, () => perCall(call, { calls: CALLS[inFlight], inFlight })]),
    )
    const taken = await rounds(measured, ROUNDS)
    if (inFlight === 1) console.log('  one after another')
    else verdict(`${inFlight} in flight`, ratio(taken, 'observed', 'plain'), { atMost: 1.02, digits: 3 })
    show(taken)
  }
}
