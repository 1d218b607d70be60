// Runs the script that prints whatever could differ in several ways, and prints what came of each, as JSON.
'use strict'

const { readFileSync } = require('node:fs')
const path = require('node:path')
const { Engine } = require('../..')
const { ENDLESS } = require('./constants')

const SOURCE = readFileSync(path.join(__dirname, '../../crates/core/tests/repeat/all_that_could_differ.lua'), 'utf8')
  // Less of what takes long.
  .replace('1, 30000', '1, 3000')
  .replace('1, 3000 do list', '1, 400 do list')
const REPEATS = { now: Date.UTC(2020, 1, 29, 12), seed: 7, args: [{ b: 1, a: [2] }], globals: { g: { z: 1, y: 2 } } }

/** On an engine of its own: what is in State is part of what a run sees. */
async function on(options, run) {
  const engine = new Engine({ defaults: { timeout: 60_000 }, ...options })
  engine.expose('answer', (_context, value) => ({ value }))
  engine.addModule('tool', 'return { name = ... }')
  const text = await run(engine)
  await engine.close({ timeout: 0 })
  return text
}

const code = `local all = (function(...) ${SOURCE} end)(...)
  local answer, tool = host.answer({ 1 }), require 'tool'
  return all .. tostring(answer) .. tostring(tool) .. tool.name .. collectgarbage('count') .. tostring(g) .. json.encode(g)`

const run = (engine) => engine.runLua(code, 'repeat', REPEATS)

const WAYS = {
  alone: () => on({ concurrency: 1 }, run),
  'on many threads': () => on({ concurrency: 3 }, run),
  'without warm VMs and a cache': () => on({ warmVms: 0, codeCache: false }, run),
  'with warm VMs': () =>
    on({ warmVms: 8 }, async (engine) => {
      await engine.runLua('', 'x')
      while (engine.stats().warmVms < 8) await new Promise((resolve) => setTimeout(resolve, 5))
      return run(engine)
    }),
  'from the cache': () =>
    on({}, async (engine) => {
      await run(engine)
      await engine.state('repeat').clear()
      return run(engine)
    }),
  'of a Script': () => on({}, (engine) => engine.runLua(engine.compile(code, { name: 'repeat' }), 'repeat', REPEATS)),
  'with others in flight': () =>
    on({ concurrency: 2 }, async (engine) => {
      const others = Array.from({ length: 10 }, (_, i) => engine.runLua(ENDLESS, `other ${i}`))
      // They end with the engine.
      Promise.allSettled(others)
      return run(engine)
    }),
  'in a context': () =>
    on({}, async (engine) => {
      const { now, seed, globals, args } = REPEATS
      const context = engine.createContext('repeat', { now, seed })
      const { output, value } = await context.run(code, { args, globals })
      return output + value
    }),
}

async function main() {
  const texts = {}
  for (const [way, act] of Object.entries(WAYS)) texts[way] = await act()
  process.stdout.write(JSON.stringify(texts))
}

main()
