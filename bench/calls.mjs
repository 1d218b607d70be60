// What a call costs: `runLua('return 1')` against an empty work item and against a naive VM per call.
import { median, perCall, ratio, rounds, verdict } from './measure.mjs'

const CODE = 'return 1'

/** The baselines take a callback that gets (id, result); one waiting promise for each id. */
function promised(start) {
  const waiting = new Map()
  let last = 0
  const done = (id, result) => {
    waiting.get(id)(result)
    waiting.delete(id)
  }
  return () =>
    new Promise((resolve) => {
      last += 1
      waiting.set(last, resolve)
      start(last, done)
    })
}

export async function calls({ moonpool, baselines }) {
  const contestants = {
    runLua: () => moonpool.runLua(CODE, 'bench'),
    'naive VM per call': promised((id, done) => baselines.benchNaive(id, CODE, done)),
    'empty work item': promised((id, done) => baselines.benchEmpty(id, done)),
  }
  for (const inFlight of [1, 64]) {
    const measured = Object.fromEntries(
      Object.entries(contestants).map(([name, call]) => [name, () => perCall(call, { calls: 2000, inFlight })]),
    )
    const taken = await rounds(measured, { count: 15 })
    console.log(`\n${inFlight === 1 ? 'one after another' : `${inFlight} in flight`}, median µs per call`)
    for (const name of Object.keys(taken))
      console.log(`  ${name.padEnd(20)} ${median(taken[name]).toFixed(1).padStart(8)}`)
    judge(taken, inFlight)
  }
}

/** One after another, a call is to cost little more than the way to a thread; many at once, to use the threads well. */
function judge(taken, inFlight) {
  const naive = ratio(taken, 'runLua', 'naive VM per call')
  const empty = ratio(taken, 'runLua', 'empty work item')
  console.log(`  runLua / naive VM per call: ${naive.toFixed(2)}`)
  if (inFlight === 1) verdict('runLua / empty work item', empty, { atMost: 1.15 })
  else {
    console.log(`  runLua / empty work item: ${empty.toFixed(2)}`)
    const throughput = ratio(taken, 'naive VM per call', 'runLua')
    verdict('throughput: runLua / naive VM per call', throughput, { atLeast: 4.5 })
  }
}
