// How long the event loop stands still while something happens.
'use strict'

const { performance } = require('node:perf_hooks')
const { setImmediate } = require('node:timers')

/** Resolves with what `act` resolves with (or the error), and with its longest time without a turn of the loop, in ms. */
async function watched(act) {
  let longest = 0
  let last = performance.now()
  let over = false
  const turn = () => {
    const now = performance.now()
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
