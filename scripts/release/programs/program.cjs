// The battery as a program. It must end by itself beside what it leaves open; with `exit`, it ends in the middle of runs.
'use strict'

const { isMainThread } = require('node:worker_threads')
const moonpool = require('moonpool')
const battery = require('../battery.cjs')

async function main() {
  const { checks, failures } = await battery(moonpool)
  for (const failure of failures) console.log(`failed: ${failure}`)
  console.log(`battery: ${checks} checks, ${failures.length} failed`)
  process.exitCode = failures.length === 0 ? 0 : 1
  // Nobody closes these, and they hold no process.
  const engine = new moonpool.Engine()
  await engine.createContext('left-open').run('x = 1')
}

async function exit() {
  const engine = new moonpool.Engine()
  for (let i = 0; i < 8; i++) engine.run('while true do end', `id-${i}`, { timeout: 60_000 }).catch(() => {})
  engine.run('sleep(60)', 'sleeper', { timeout: 70_000 }).catch(() => {})
  await engine.runLua('return 1', 'short')
  process.exit(7)
}

if (isMainThread) {
  if (process.argv[2] === 'exit') exit()
  else main()
}
