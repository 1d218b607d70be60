// The battery as a program. It must end by itself beside what it leaves open; with `exit`, it ends in the middle of runs.
'use strict'

const { once } = require('node:events')
const { setTimeout: sleep } = require('node:timers/promises')
const { Worker, isMainThread, workerData } = require('node:worker_threads')
const battery = require('../battery.cjs')

/** What a worker of this program is given, to tell it from those of the battery. */
const ENDS = 'a worker that ends'

/** An executable with all of this in it is no file that a worker can run: then a file of the same is named. */
const { BATTERY } = process.env

/** An addon that only workers have loaded stays when the last of them ends: threads of its own are in its code. */
async function endThreads() {
  for (let i = 0; i < 3; i++) {
    const [exitCode] = await once(new Worker(BATTERY ?? __filename, { workerData: ENDS }), 'exit')
    if (exitCode !== 0) throw new Error(`a worker that loads the addon ended with ${exitCode}`)
    await sleep(200)
  }
}

/** In such a worker: it ends in the middle of runs, too. */
async function end() {
  const { runLua } = require('moonpool')
  for (const source of ['sleep(600)', 'while true do end']) runLua(source, 'a', { timeout: 700_000 }).catch(() => {})
  await runLua('sleep(0.01) return 1', 'short', { timeout: 60_000 })
  process.exit(0)
}

async function main() {
  const found = []
  // Before this thread has loaded it.
  await endThreads().catch((error) => found.push(`threads that end: ${error?.stack ?? error}`))
  const moonpool = require('moonpool')
  const { checks, failures } = await battery(moonpool, { file: BATTERY })
  found.push(...failures)
  for (const failure of found) console.log(`failed: ${failure}`)
  console.log(`battery: ${checks + 1} checks, ${found.length} failed`)
  process.exitCode = found.length === 0 ? 0 : 1
  // Nobody closes these, and they hold no process.
  const engine = new moonpool.Engine()
  await engine.createContext('left-open').run('x = 1')
}

async function exit() {
  const engine = new (require('moonpool').Engine)()
  for (let i = 0; i < 8; i++) engine.run('while true do end', `id-${i}`, { timeout: 60_000 }).catch(() => {})
  engine.run('sleep(60)', 'sleeper', { timeout: 70_000 }).catch(() => {})
  await engine.runLua('return 1', 'short')
  process.exit(7)
}

if (isMainThread) {
  if (process.argv[2] === 'exit') exit()
  else main()
} else if (workerData === ENDS) end()
