// A rate limiter that several processes share through Redis: together they let through as many calls as one would.
//   REDIS_URL=redis://127.0.0.1:6379 node examples/rate-limiter
'use strict'

const { fork } = require('node:child_process')
const { Engine } = require('moonpool')

const PROCESSES = 2
const CALLS = 20
const LIMIT = 10

/** Counts calls in windows of a minute. The first call of a window makes the counter, and with it the time of its end. */
const ALLOW = `
  local who, limit = ...
  return State.incr('calls/' .. who, 1, { ttl = 60 }) <= limit`

/** One of the processes: how many of its calls were allowed. */
async function worker(url, who) {
  const engine = new Engine({ state: { redis: url, prefix: 'rate-limiter' } })
  const calls = Array.from({ length: CALLS }, () => engine.run(ALLOW, 'limiter', { args: [who, LIMIT] }))
  const answers = await Promise.all(calls)
  await engine.close()
  return answers.filter(({ value }) => value).length
}

/** Starts a process, and resolves with what it counted. */
function start(who) {
  return new Promise((resolve, reject) => {
    const child = fork(__filename, ['worker', who])
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`a process ended with ${code}`)))
  })
}

async function main([role, who]) {
  const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'
  if (role === 'worker') {
    const allowed = await worker(url, who)
    process.send(allowed, () => process.disconnect())
    return
  }
  // A name of its own for each start, so that windows of an earlier one do not count.
  const caller = `ada-${process.pid}`
  const allowed = await Promise.all(Array.from({ length: PROCESSES }, () => start(caller)))
  const sum = allowed.reduce((sum, n) => sum + n, 0)
  console.log(`${sum} of ${PROCESSES * CALLS} calls in ${PROCESSES} processes were allowed; the limit is ${LIMIT}`)
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
