// One battery for every environment that the packages are tried in: plain CommonJS, no test framework. Counts its checks.
'use strict'

const assert = require('node:assert')
const { mkdtempSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { Worker, parentPort, workerData } = require('node:worker_threads')

const ENDLESS = 'while true do end'
/** What a worker that runs this file is given, to tell it from those of test runners. */
const IN_WORKER = 'a worker of the battery'

const codeOf = (run) =>
  run.then(
    () => 'none: it went well',
    (error) => error.code ?? error.stack,
  )

/** Each check by what it proves. It gets the package, and the path by which a worker runs this file. */
const CHECKS = {
  async 'text comes back'({ runLua }) {
    assert.equal(await runLua('print("so far") return 6 * 7, "x", { a = { 1 } }', 'a'), 'so far\n42\tx\t{"a":[1]}')
    const numbers = 'return 1/3, 2^53, 7//2, math.mininteger, ("%5.2f"):format(3.14159), "ü"'
    assert.equal(await runLua(numbers, 'a'), '0.33333333333333\t9.007199254741e+15\t3\t-9223372036854775808\t 3.14\tü')
  },

  async 'many runs at once are not mixed up, beside some that are killed'({ Engine }) {
    const engine = new Engine({ concurrency: 3 })
    const timeout = 60_000
    const killed = Array.from({ length: 20 }, (_, i) =>
      codeOf(engine.run(ENDLESS, `endless-${i}`, { cpuTimeout: 20, timeout })),
    )
    const source =
      'local n = 0 for i = 1, 2000 do n = n + i % ... end State.set("k", ...) return script.id, n, State.get("k")'
    const runs = Array.from({ length: 100 }, (_, i) => engine.run(source, `id-${i}`, { args: [i + 1], timeout }))
    for (const [i, { values }] of (await Promise.all(runs)).entries()) {
      let sum = 0
      for (let n = 1; n <= 2000; n++) sum += n % (i + 1)
      assert.deepEqual(values, [`id-${i}`, sum, i + 1])
    }
    assert.deepEqual(await Promise.all(killed), Array(20).fill('ERR_LUA_TIMEOUT'))
    await engine.close()
  },

  async 'endless scripts stop neither others nor the event loop'({ Engine }) {
    const engine = new Engine()
    let ticks = 0
    const timer = setInterval(() => ticks++, 5)
    const stop = new AbortController()
    const endless = Array.from({ length: 8 }, (_, i) =>
      engine.run(ENDLESS, `busy-${i}`, { timeout: 60_000, signal: stop.signal }),
    )
    const ended = Promise.allSettled(endless)
    for (let i = 0; i < 10; i++) assert.equal(await engine.runLua('return 1', 'short'), '1')
    assert.equal(await engine.runLua('sleep(0.1) return 2', 'short'), '2')
    clearInterval(timer)
    stop.abort(new Error('enough'))
    for (const { reason } of await ended) assert.equal(reason.message, 'enough')
    assert.ok(ticks > 0, 'no timer came')
    await engine.close()
  },

  async 'a timeout ends what catches all errors'({ runLua }) {
    const stubborn = [
      ENDLESS,
      `while true do pcall(function() ${ENDLESS} end) end`,
      `coroutine.wrap(function() ${ENDLESS} end)()`,
      'return ("a"):rep(100000):find(("a*"):rep(30) .. "b")',
    ]
    const codes = await Promise.all(stubborn.map((source) => codeOf(runLua(source, 'a', { timeout: 50 }))))
    assert.deepEqual(codes, Array(4).fill('ERR_LUA_TIMEOUT'))
  },

  async 'the memory limit holds'({ runLua }) {
    const greedy = [
      'local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end',
      'local s = "x" while true do s = s .. s end',
    ]
    const options = { memoryLimit: 4 * 2 ** 20, timeout: 60_000 }
    const codes = await Promise.all(greedy.map((source) => codeOf(runLua(source, 'a', options))))
    assert.deepEqual(codes, Array(2).fill('ERR_LUA_MEMORY'))
    const grows = 'local t = {} for i = 1, 200000 do t[i] = i end local s = 0 for i = 1, #t do s = s + t[i] end return s'
    assert.equal(await runLua(grows, 'a', { timeout: 60_000 }), '20000100000')
  },

  async 'calls that nest too deep are errors, in Lua, in its libraries and in its compiler'({ runLua }) {
    const deep = [
      ['local function f(n) return 1 + f(n + 1) end f(1)', 'ERR_LUA_RUNTIME'],
      ['local function f() return (("a"):gsub("a", f)) end f()', 'ERR_LUA_RUNTIME'],
      [`return ${'('.repeat(10_000)}`, 'ERR_LUA_SYNTAX'],
    ]
    for (const [source, code] of deep) assert.equal(await codeOf(runLua(source, 'a', { timeout: 60_000 })), code)
  },

  async 'runs are suspended in the middle of calls of C'({ runLua }) {
    const source =
      'for i = 1, 20 do sleep(0.001) end return (("ab"):gsub(".", function(c) sleep(0.001) return c:upper() end))'
    const runs = Array.from({ length: 50 }, (_, i) => runLua(source, `id-${i}`, { timeout: 60_000 }))
    assert.deepEqual(await Promise.all(runs), Array(50).fill('AB'))
  },

  async 'the libraries have what they take from the system: random bytes, hashes, time'({ runLua }) {
    const bytes =
      'return hex.encode(crypto.sha256("abc")):sub(1, 16), #crypto.random(16), crypto.random(16) ~= crypto.random(16)'
    assert.equal(await runLua(bytes, 'a'), 'ba7816bf8f01cfea\t16\ttrue')
    assert.match(await runLua('return os.time(), os.date("!%Y", 0), os.clock() >= 0', 'a'), /^\d{10,}\t1970\ttrue$/)
    assert.equal(await runLua('return json.encode(json.decode("[1.5,null]"))', 'a'), '[1.5,null]')
  },

  async 'values cross as they are'({ Engine }) {
    const engine = new Engine()
    const echo = async (value, options) => (await engine.run('return ...', 'a', { args: [value], ...options })).value
    const values = [true, 1.5, -0, 2 ** 53 - 1, 2n ** 63n - 1n, 'zażółć', null, [1, [2]], { a: { b: [] } }]
    for (const value of values) assert.deepEqual(await echo(value), value)
    assert.equal(Object.is(await echo(-0), -0), true)
    assert.equal(await echo(undefined), undefined)
    const bytes = await echo(new Uint8Array([0, 255, 10]), { strings: 'buffer' })
    assert.deepEqual([bytes instanceof Uint8Array, [...bytes]], [true, [0, 255, 10]])
    const map = new Map([
      [1, 'a'],
      ['k', true],
    ])
    assert.deepEqual([...(await echo(map, { tables: 'map' }))], [...map])
    assert.match(await engine.run('', 'a', { args: [() => {}] }).catch((error) => error.message), /args\[0\]/)
    await engine.close()
  },

  async 'errors are LuaErrors, and say where'({ LuaError, runLua }) {
    const error = await runLua('local t = { status = 404 }\nerror(t)', 'a', { name: 'route.lua' }).catch(
      (thrown) => thrown,
    )
    assert.ok(error instanceof LuaError && error instanceof Error)
    assert.deepEqual([error.code, error.line, error.chunk], ['ERR_LUA_RUNTIME', 2, 'route.lua'])
    assert.equal(error.luaValue.status, 404)
    assert.equal(await codeOf(runLua('return +', 'a')), 'ERR_LUA_SYNTAX')
    const ofLua = await runLua('local t = nil\nt.x = 1', 'a').catch((thrown) => thrown)
    assert.match(ofLua.message, /index a nil value/)
    assert.equal(await runLua('return select("#", pcall(error)), pcall(error, "x")', 'a'), '2\tfalse\tx')
  },

  async 'host functions are awaited, and what they throw can be caught'({ Engine, HostError }) {
    const engine = new Engine()
    engine.expose('later', async ({ scriptId }, ms) => {
      await new Promise((resolve) => setTimeout(resolve, ms))
      return { scriptId, ms }
    })
    engine.expose('fail', async () => {
      throw new HostError('sold out', { code: 'E_SOLD_OUT' })
    })
    const { value } = await engine.run('return host.later(5)', 'a')
    assert.equal(`${value.scriptId} ${value.ms}`, 'a 5')
    const caught = await engine.run('local ok, e = pcall(host.fail) return ok, tostring(e)', 'a')
    assert.equal(caught.values[0], false)
    assert.match(caught.values[1], /sold out/)
    assert.equal(await codeOf(engine.run('host.fail()', 'a')), 'ERR_HOST_FUNCTION')
    await engine.close()
  },

  async 'modules and named scripts are found'({ Engine }) {
    const engine = new Engine()
    engine.addModule('tax', 'return { with = function(price) return price * 1.25 end }')
    engine.addScript('price', 'local item = ... return require("tax").with(item.count * 4)', { callers: ['shop'] })
    assert.equal(await engine.runLua('return scripts.call("price", { count = 2 })', 'shop'), '10.0')
    assert.equal(await codeOf(engine.run('return scripts.call("price", {})', 'thief')), 'ERR_SCRIPT_DENIED')
    await engine.close()
  },

  async 'contexts keep what runs leave, in order, until they are closed'({ Engine }) {
    const engine = new Engine()
    const session = engine.createContext('player')
    await session.run('score = 0 function hit(points) score = score + points return score end')
    const hits = await Promise.all([1, 2, 3].map((points) => session.call('hit', points)))
    assert.deepEqual(
      hits.map(({ value }) => value),
      [1, 3, 6],
    )
    await session.close()
    assert.equal(await codeOf(session.run('return 1')), 'ERR_CONTEXT_CLOSED')
    await engine.close()
  },

  async 'State on SQLite is there when it is opened again, to its own id only'({ Engine }) {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'moonpool-battery-'))
    try {
      const state = { sqlite: path.join(folder, 'state.db') }
      const first = new Engine({ state })
      await first.run('State.set("cart", { tea = 2 }) State.incr("visits")', 'a')
      await first.close()
      const second = new Engine({ state })
      const { values } = await second.run('return State.get("cart").tea, State.incr("visits")', 'a')
      assert.deepEqual(values, [2, 2])
      assert.equal(await codeOf(second.run('return State.get("cart")', 'b')), 'ERR_STATE_DENIED')
      await second.close()
    } finally {
      // On Windows, a file may be held for a moment by whoever looks for viruses.
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
    }
  },

  async 'a worker thread that is terminated takes its runs along, and nothing else'({ runLua }, file) {
    for (let round = 0; round < 3; round++) {
      const worker = new Worker(file, { workerData: { is: IN_WORKER, round } })
      const text = await new Promise((resolve, reject) => {
        worker.on('message', resolve).on('error', reject)
        worker.on('exit', (code) => reject(new Error(`the worker ended with ${code} before it answered`)))
      })
      assert.equal(text, `in a worker ${round}`)
      await worker.terminate()
      assert.equal(await runLua('return 7', 'a'), '7')
    }
  },

  async 'an engine that is closed stops what runs'({ Engine }) {
    const engine = new Engine()
    const run = codeOf(engine.run(ENDLESS, 'a', { timeout: 60_000 }))
    await engine.runLua('return 1', 'b')
    await engine.close({ timeout: 10 })
    assert.equal(await run, 'ERR_ENGINE_CLOSED')
    assert.equal(await codeOf(engine.run('return 1', 'a')), 'ERR_ENGINE_CLOSED')
  },
}

/**
 * Carries out all checks; resolves with how many they were and what failed, a text each. `file` is this file, or the
 * bundle that has it.
 */
async function battery(moonpool, { file = __filename } = {}) {
  const failures = []
  for (const [name, check] of Object.entries(CHECKS)) {
    await check(moonpool, file).catch((error) => failures.push(`${name}: ${error?.stack ?? error}`))
  }
  return { checks: Object.keys(CHECKS).length, failures }
}

/** In a worker: something short that answers, beside what does not end. */
function inWorker({ runLua }, { round }) {
  for (let i = 0; i < 3; i++) runLua(ENDLESS, `endless-${i}`, { timeout: 60_000 }).catch(() => {})
  runLua('sleep(600)', 'sleeper', { timeout: 700_000 }).catch(() => {})
  runLua('return "in a worker " .. ...', 'short', { args: [round] }).then((text) => parentPort.postMessage(text))
}

if (workerData?.is === IN_WORKER) inWorker(require('moonpool'), workerData)

module.exports = battery
