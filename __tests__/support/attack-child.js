// A process for attacks: reads them from stdin, one a line, runs one after the other, and prints what it sees, a JSON
// object per line.
'use strict'

const { readFileSync, writeFileSync } = require('node:fs')
const { createInterface } = require('node:readline')
const { setImmediate: turn } = require('node:timers/promises')

const NORMAL = {
  id: 'bystander',
  code: 'local t = {} for i = 1, 100 do t[i] = (i * 37) % 101 end table.sort(t) return t[1], t[100], #t',
  expect: '1\t100\t100',
}

const [, , door, isShared] = process.argv
const moonpool = require(door)

/** Pipes are written synchronously, so the lines of a process that is killed arrive. */
const report = (facts) => process.stdout.write(`${JSON.stringify(facts)}\n`)

async function outcome({ runLua }, code, id, options, values) {
  try {
    const value = values ? await valuesOf(code, id, { ...options, ...values }) : await runLua(code, id, options)
    return { value: value.slice(0, 1000) }
  } catch (error) {
    return { code: error.code, error: `${error.name}: ${error.message.slice(0, 1000)}` }
  }
}

/** What came of results that are values. */
async function valuesOf(code, id, options) {
  const engine = new moonpool.Engine()
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

/** Whether the peak is now what the process holds, and not what an earlier attack has held. */
function forgetPeak() {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
    return true
  } catch {
    return false
  }
}

async function run(attack, engine) {
  report({ stage: 'set-up' })
  const normal = () => outcome(engine, NORMAL.code, NORMAL.id)
  await normal() // Loads all that is loaded on first use.
  if (attack.setup) report({ setup: await outcome(engine, attack.setup.code, attack.setup.id) })

  report({ stage: 'the attack' })
  const source = Buffer.from(attack.source, 'base64')
  const hasPeak = !isShared || forgetPeak()
  const memory = process.memoryUsage.rss()
  const loop = performance.eventLoopUtilization()
  report(await timed(() => outcome(engine, source, attack.id, attack.options, attack.values)))
  await turn()
  // Not the delay of a timer, which grows with all else that the machine does: a thread that waits for its core while
  // it is idle counts as idle here.
  report({ loopBusy: performance.eventLoopUtilization(loop).active })
  if (hasPeak) report({ growth: peakMemory() - memory })

  report({ stage: 'a normal script' })
  report({ health: { ...(await timed(normal)), expect: NORMAL.expect } })

  report({ stage: 'the script after it' })
  if (attack.after) report({ after: await outcome(engine, attack.after.code, attack.after.id) })
}

/**
 * In a process with others, each attack has an engine of its own: they share no State, queue or VM. And so has one that
 * needs shared dictionaries, named scripts or a prelude.
 */
async function runApart(attack) {
  const { prelude = [], modules: preludeModules = [] } = attack.prelude ?? {}
  const engine = new moonpool.Engine({ prelude, preludeModules })
  for (const [name, options] of Object.entries(attack.shared ?? {})) engine.sharedDict(name, options)
  for (const [name, source] of Object.entries(attack.scripts ?? {})) engine.addScript(name, source, { callers: '*' })
  await run(attack, { runLua: engine.runLua.bind(engine) })
  await engine.close()
}

async function main() {
  for await (const line of createInterface({ input: process.stdin })) {
    const attack = JSON.parse(line)
    await (isShared || attack.shared || attack.scripts || attack.prelude ? runApart(attack) : run(attack, moonpool))
    report({ stage: 'end' })
  }
}

main()
