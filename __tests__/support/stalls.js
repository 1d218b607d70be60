// How long the event loop stands still while something happens.
'use strict'

const { readFileSync } = require('node:fs')
const { performance } = require('node:perf_hooks')
const { setImmediate } = require('node:timers')

const SCHEDULE = `/proc/self/task/${process.pid}/schedstat`

/** How long this thread has worked, in ms. Time does not do: a busy machine takes the thread off its core. */
function worked() {
  if (process.platform !== 'linux') return performance.now()
  return Number(readFileSync(SCHEDULE, 'latin1').split(' ')[0]) / 1e6
}

/** Resolves with what came of `act`, and with the longest time that one turn of the loop took meanwhile, in ms. */
async function watched(act) {
  let longest = 0
  let last = worked()
  let over = false
  const turn = () => {
    const now = worked()
    longest = Math.max(longest, now - last)
    last = now
    if (!over) setImmediate(turn)
  }
  setImmediate(turn)
  const outcome = await Promise.resolve()
    .then(act)
    .then(
      (value) => ({ value }),
      (error) => ({ error }),
    )
  await new Promise(setImmediate)
  turn()
  over = true
  return { ...outcome, longest }
}

module.exports = { watched }
