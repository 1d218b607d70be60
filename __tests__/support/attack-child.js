// The process of one attack: reads the attack from stdin, runs it, and prints what it sees, a JSON object per line.
'use strict'

const { readFileSync } = require('node:fs')
const { setImmediate: turn } = require('node:timers/promises')

const NORMAL = {
  id: 'bystander',
  code: 'local t = {} for i = 1, 100 do t[i] = (i * 37) % 101 end table.sort(t) return t[1], t[100], #t',
  expect: '1\t100\t100',
}

const { Engine, runLua } = require(process.argv[2])
const attack = JSON.parse(readFileSync(0, 'utf8'))

/** Pipes are written synchronously, so the lines of a process that is killed arrive. */
const report = (facts) => process.stdout.write(`${JSON.stringify(facts)}\n`)

async function outcome(code, id, options, values) {
  try {
    const value = values ? await valuesOf(code, id, { ...options, ...values }) : await runLua(code, id, options)
    return { value: value.slice(0, 1000) }
  } catch (error) {
    return { code: error.code, error: `${error.name}: ${error.message.slice(0, 1000)}` }
  }
}

/** What came of results that are values. */
async function valuesOf(code, id, options) {
  const engine = new Engine()
  const { value, values } = await engine.run(code, id, options)
  return `${typeof value}, ${values.length} in all`
}

async function timed(run) {
  const start = performance.now()
  return { outcome: await run(), elapsed: performance.now() - start }
}

/** The most memory that this process has held. Linux counts that of the parent into `maxRSS`. */
function peakMemory() {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024
}

async function main() {
  report({ stage: 'set-up' })
  const normal = () => outcome(NORMAL.code, NORMAL.id)
  await normal() // Loads all that is loaded on first use.
  if (attack.setup) report({ setup: await outcome(attack.setup.code, attack.setup.id) })

  report({ stage: 'the attack' })
  const source = Buffer.from(attack.source, 'base64')
  const memory = process.memoryUsage.rss()
  const loop = performance.eventLoopUtilization()
  report(await timed(() => outcome(source, attack.id, attack.options, attack.values)))
  await turn()
  // Not the delay of a timer, which grows with all else that the machine does: a thread that waits for its core while
  // it is idle counts as idle here.
  report({ loopBusy: performance.eventLoopUtilization(loop).active, growth: peakMemory() - memory })

  report({ stage: 'a normal script' })
  report({ health: { ...(await timed(normal)), expect: NORMAL.expect } })

  report({ stage: 'the script after it' })
  if (attack.after) report({ after: await outcome(attack.after.code, attack.after.id) })

  report({ stage: 'end' })
}

main()
