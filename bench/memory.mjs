// What a process holds after many runs: a child process with a fresh default engine, its memory early and late.
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { mustSucceed, run } from '../scripts/run.mjs'
import { verdict } from './measure.mjs'

const EARLY = 10_000
const LATE = 100_000
const IN_FLIGHT = 64
const MB = 1e6

/** Each ends as its name says; State gets the same keys again and again. */
const SCRIPTS = {
  value: (i) => `return ${i % 100} * 2`,
  output: () => 'for i = 1, 20 do print(i, "line") end',
  table: (i) => `local t = {} for i = 1, 50 do t[i] = { id = i, name = "n" .. i } end return t, ${i % 10}`,
  strings: () => 'local s = ("ab"):rep(100) return (s:gsub("a", string.upper)), #s',
  State: (i) => `State.set("k${i % 50}", { n = ${i} }) return State.get("k${i % 50}").n`,
  error: () => 'error({ code = 404 })',
  'runtime error': () => 'local function f() return nil + 1 end f()',
  'syntax error': (i) => `return return ${i % 10}`,
}

async function settled(runLua, i) {
  const scripts = Object.values(SCRIPTS)
  try {
    await runLua(scripts[i % scripts.length](i), `tenant-${i % 40}`)
  } catch (error) {
    if (!['ERR_LUA_RUNTIME', 'ERR_LUA_SYNTAX'].includes(error.code)) throw error
  }
}

/** The child's part: prints its memory after the early runs, and after all of them. */
async function child(folder) {
  const { runLua } = createRequire(path.join(folder, 'index.js'))('./index.js')
  let i = 0
  const reach = async (count) => {
    const lane = async () => {
      while (i < count) await settled(runLua, i++)
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
    return process.memoryUsage.rss()
  }
  const [early, late] = [await reach(EARLY), await reach(LATE)]
  console.log('\nMemory of a process (RSS)')
  console.log(`  after ${EARLY} runs ${(early / MB).toFixed(1)} MB, after ${LATE} runs ${(late / MB).toFixed(1)} MB`)
  verdict('more by', (late - early) / MB, { atMost: 20, unit: 'MB', digits: 1 })
}

const FILE = fileURLToPath(import.meta.url)

export async function memory({ folder }) {
  mustSucceed(await run(process.execPath, [FILE, folder]))
}

if (process.argv[1] === FILE) await child(process.argv[2])
