// What a program of a user does with an addon, every part of which has to do with the system. It says what came of
// it in a file.
'use strict'

const assert = require('node:assert/strict')
const { realpathSync, writeFileSync } = require('node:fs')
const path = require('node:path')
const { Worker, isMainThread } = require('node:worker_threads')
const moonpool = () => require('moonpool')
const runLua = (...args) => moonpool().runLua(...args)

/** Emulators are slow: no run that shall end by itself is killed before. */
const timeout = 120_000

const codeOf = (run) =>
  run.then(
    () => 'none',
    (error) => error.code ?? error.stack,
  )

/** What somebody who uses an engine would do; it is closed afterwards. */
async function withEngine(options, work) {
  const { Engine } = moonpool()
  const engine = new Engine(options)
  try {
    return await work(engine)
  } finally {
    await engine.close()
  }
}

const CHECKS = {
  /** First, as long as no other thread has loaded the addon: it stays, with the watchdog's thread in it, when the last of these ends. */
  async 'threads that end'() {
    for (let i = 0; i < 3; i++) {
      const exit = new Promise((resolve, reject) => new Worker(__filename).on('error', reject).on('exit', resolve))
      assert.equal(await exit, 0)
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  },
  async 'the addon of these packages'() {
    moonpool()
    const addons = Object.keys(require.cache).filter((file) => file.endsWith('.node'))
    assert.equal(addons.length, 1)
    const modules = path.join(realpathSync(__dirname), 'node_modules', '@moonpool')
    assert.ok(addons[0].startsWith(modules), `${addons[0]} is not in ${modules}`)
  },
  async 'numbers and texts'() {
    const said = await runLua('return 6 * 7, 1/3, 2^53, 7//2, math.mininteger, ("%5.2f"):format(3.14159), "ü"', 'a')
    assert.equal(said, '42\t0.33333333333333\t9.007199254741e+15\t3\t-9223372036854775808\t 3.14\tü')
  },
  async errors() {
    const error = await runLua('local t = nil\nt.x = 1', 'a').catch((it) => it)
    assert.equal(error.code, 'ERR_LUA_RUNTIME')
    assert.match(error.message, /index a nil value/)
    assert.equal(await runLua('return select("#", pcall(error)), pcall(error, "x")', 'a'), '2\tfalse\tx')
  },
  async deadlines() {
    const sources = [
      'while true do end',
      'while true do pcall(function() while true do end end) end',
      'coroutine.wrap(function() while true do end end)()',
      'string.rep("a", 1000000):find(("a*"):rep(30) .. "b")',
    ]
    for (const source of sources) assert.equal(await codeOf(runLua(source, 'a', { timeout: 100 })), 'ERR_LUA_TIMEOUT')
  },
  async memory() {
    const all = 'local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end'
    assert.equal(await codeOf(runLua(all, 'a', { memoryLimit: 8 << 20, timeout })), 'ERR_LUA_MEMORY')
    assert.equal(await codeOf(runLua('local s = "x" while true do s = s .. s end', 'a', { timeout })), 'ERR_LUA_MEMORY')
    const grows = 'local t = {} for i = 1, 300000 do t[i] = i end local s = 0 for i = 1, #t do s = s + t[i] end return s'
    assert.equal(await runLua(grows, 'a', { timeout }), '45000150000')
  },
  async 'native stacks'() {
    const calls = ['local function f(n) return 1 + f(n + 1) end f(1)', 'local function f() return (("a"):gsub("a", f)) end f()']
    for (const source of calls) assert.equal(await codeOf(runLua(source, 'a', { timeout })), 'ERR_LUA_RUNTIME')
    assert.equal(await codeOf(runLua(`return ${'('.repeat(10_000)}`, 'a', { timeout })), 'ERR_LUA_SYNTAX')
    const suspended = 'for i = 1, 50 do sleep(0.001) end return (("ab"):gsub(".", function(c) sleep(0.001) return c:upper() end))'
    const all = Array.from({ length: 50 }, (_, i) => runLua(suspended, `s${i}`, { timeout }))
    assert.deepEqual(new Set(await Promise.all(all)), new Set(['AB']))
  },
  async 'host functions'() {
    await withEngine({}, async (engine) => {
      engine.expose('add', async ({ scriptId }, a, b) => ({ sum: a + b, scriptId }))
      const { value } = await engine.run('return host.add(2, 3)', 'a', { timeout })
      assert.deepEqual(value, { sum: 5, scriptId: 'a' })
    })
  },
  async 'many at once'() {
    await withEngine({ concurrency: 3 }, async (engine) => {
      const source = 'local t = {} for i = 1, 20000 do t[i % 100] = { i, tostring(i) } end State.set("n", script.id) return State.get("n")'
      const runs = Array.from({ length: 60 }, (_, i) =>
        i % 4 === 0
          ? codeOf(engine.runLua('while true do end', `k${i}`, { cpuTimeout: 30 }))
          : engine.runLua(source, `t${i}`, { timeout }),
      )
      const wanted = runs.map((_, i) => (i % 4 === 0 ? 'ERR_LUA_TIMEOUT' : `t${i}`))
      assert.deepEqual(await Promise.all(runs), wanted)
    })
  },
  async 'State in a file'() {
    const state = { sqlite: 'state.db' }
    await withEngine({ state }, (engine) => engine.runLua('State.set("n", 7)', 'a', { timeout }))
    const read = await withEngine({ state }, (engine) => engine.runLua('return State.get("n")', 'a', { timeout }))
    assert.equal(read, '7')
  },
  async libraries() {
    const hash = 'return hex.encode(crypto.sha256("abc")):sub(1, 16), #crypto.random(16), crypto.random(16) ~= crypto.random(16)'
    assert.equal(await runLua(hash, 'a'), 'ba7816bf8f01cfea\t16\ttrue')
    assert.match(await runLua('return os.time(), os.date("!%Y", 0), os.clock() >= 0', 'a'), /^\d{10,}\t1970\ttrue$/)
    assert.equal(await runLua('return json.encode(json.decode("[1.5,null]"))', 'a'), '[1.5,null]')
  },
}

async function thread() {
  assert.equal(await runLua('sleep(0.01) return "in a thread"', 'a', { timeout }), 'in a thread')
  for (const source of ['sleep(1)', 'while true do end']) runLua(source, 'a', { timeout: 150 }).catch(() => {})
  setTimeout(() => process.exit(0), 20)
}

async function main() {
  const failed = {}
  const names = Object.keys(CHECKS)
  for (const name of names) await CHECKS[name]().catch((error) => (failed[name] = error.stack))
  writeFileSync('said.json', JSON.stringify({ node: process.versions.node, checks: names, failed }))
}

if (isMainThread) main()
else thread()
