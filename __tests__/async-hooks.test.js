// Async hooks, and listeners of diagnostics channels, that call the engine back at the worst moments.
'use strict'

const { PROLOGUE, message, startWorker } = require('./support/worker')
const { ROOT, runProgram } = require('./support/child')

/**
 * Calls everything from within a hook, for resources of ours. What it begins may begin hooks again, so only some do. In the
 * end everything has settled, and a new engine works.
 */
const PROGRAM = `
  const { createHook } = require('node:async_hooks')
  const OURS = new Set(['moonpool.run', 'moonpool.wakeup', 'moonpool.call', 'moonpool.engine'])
  const seen = new Map()
  const promises = []
  const ends = (promise) => promises.push(promise.then(() => 'resolved', (error) => error.code ?? error.name))
  let depth = 0
  let budget = 3000
  let controllers = []
  function again(part, type, act) {
    const key = part + ' ' + type
    seen.set(key, (seen.get(key) ?? 0) + 1)
    if (depth > 2 || budget <= 0) return
    budget -= 1
    depth += 1
    try { act() } finally { depth -= 1 }
  }
  function runs(engine, controller) {
    const { signal } = controller
    ends(engine.runLua('return 1', 'a', { signal }))
    ends(engine.run('return host.f()', 'b', { signal, queueTimeout: 1000 }))
    ends(engine.run('sleep(0.001) return host.f()', 'c'))
    ends(engine.run('for i = 1, 1e5 do end', 'd', { timeout: 5, signal }))
    let context
    try { context = engine.createContext('e') } catch { return }
    ends(context.run('x = host.f()', { signal }))
    ends(context.get('x'))
    ends(context.memory())
    ends(context.close())
  }
  const types = new Map()
  async function play(ACT, part, type, rounds) {
    const hook = createHook({
      init(id, name) { if (OURS.has(name)) { types.set(id, name); if (part === 'init' && name === type) again('init', name, act) } },
      before(id) { if (part === 'before' && types.get(id) === type) again('before', type, act) },
      after(id) { if (part === 'after' && types.get(id) === type) again('after', type, act) },
      destroy(id) { if (part === 'destroy' && types.get(id) === type) again('destroy', type, act) },
    })
    let engine
    let controller
    let count = 0
    const act = () => engine && ACTS[ACT](engine, controller, count++)
    for (let i = 0; i < rounds; i++) {
      controller = new AbortController()
      require('node:events').setMaxListeners(0, controller.signal)
      hook.enable()
      engine = new Engine({ concurrency: 1 + i % 3, maxQueue: 1 + i * 3 })
      engine.on('full', () => engine.stats())
      engine.expose('f', () => new Promise((resolve) => setImmediate(resolve, 1)))
      runs(engine, controller)
      await new Promise(setImmediate)
      runs(engine, controller)
      const last = engine
      await new Promise((resolve) => setTimeout(resolve, 3))
      hook.disable()
      engine = undefined
      await last.close({ timeout: 200 })
      const { queued, running, suspended } = last.stats()
      if (queued + running + suspended !== 0) throw new Error('something is left')
    }
  }
  const ACTS = {
    run: (engine, controller) => runs(engine, controller),
    abort: (engine, controller) => controller.abort(),
    close: (engine) => ends(engine.close({ timeout: 0 })),
    closeSlowly: (engine) => ends(engine.close()),
    look: (engine) => { engine.stats(); engine.resetStats() },
    make: (engine, controller, i) => {
      try { engine.expose('g' + i, () => {}); engine.addModule('m' + i, 'return 1'); engine.compile('return 1') } catch (error) { if (error.code !== 'ERR_ENGINE_CLOSED') throw error }
      const other = new Engine()
      ends(other.runLua('return 1', 'x').finally(() => other.close()))
    },
    all: (engine, controller, i) => {
      const names = ['run', 'look', 'make', 'abort', 'close']
      ACTS[names[i % names.length]](engine, controller, i)
    },
  }
  async function main() {
    for (const type of OURS)
      for (const part of ['init', 'before', 'after', 'destroy'])
        for (const act of Object.keys(ACTS)) { budget = 60; await play(act, part, type, 2) }
    const all = await Promise.all(promises)
    const fine = new Engine()
    const value = await fine.runLua('return "fine"', 'x')
    await fine.close()
    return { all: all.length, ends: [...new Set(all)].sort(), seen: [...seen.keys()].sort(), value }
  }
`

function expectSound({ all, ends, seen, value }) {
  expect(value).toBe('fine')
  expect(all).toBeGreaterThan(1000)
  for (const end of ends)
    expect(String(end)).toMatch(
      /^(resolved|AbortError|20|ERR_(QUEUE_FULL|QUEUE_TIMEOUT|ENGINE_CLOSED|CONTEXT_CLOSED|LUA_TIMEOUT|HOST_FUNCTION))$/,
    )
  for (const part of ['init', 'before', 'after', 'destroy']) expect(seen).toContain(`${part} moonpool.run`)
  for (const part of ['init', 'before', 'after']) expect(seen).toContain(`${part} moonpool.wakeup`)
}

test('hooks may call everything, on the main thread', async () => {
  const { exitCode, stdout, stderr } = await runProgram(
    `const { Engine } = require(${JSON.stringify(ROOT)}); ${PROGRAM}
    main().then((outcome) => console.log(JSON.stringify(outcome)))`,
  )
  if (exitCode !== 0) throw new Error(stderr + stdout)
  expectSound(JSON.parse(stdout))
})

test('a hook that closes the engine lets the run finish that is being submitted', async () => {
  const { stdout } = await runProgram(`
    const { Engine } = require(${JSON.stringify(ROOT)})
    const engine = new Engine()
    let closed
    require('node:async_hooks').createHook({
      init(_id, type) { if (type === 'moonpool.run') closed ??= engine.close() },
    }).enable()
    engine.runLua('return 1', 'x').then(console.log).then(() => closed).then(() => console.log('closed'))
  `)
  expect(stdout).toBe('1\nclosed\n')
})

test('and in worker threads', async () => {
  const worker = startWorker(`${PROGRAM} main().then((outcome) => parentPort.postMessage(outcome))`)
  expectSound(await message(worker))
  await worker.terminate()
})

test('a worker that is terminated in the middle of it, at any moment', async () => {
  for (let i = 0; i < 10; i++) {
    const worker = startWorker(`${PROGRAM} parentPort.postMessage('begun'); main()`)
    await message(worker)
    await new Promise((resolve) => setTimeout(resolve, i * 7))
    await worker.terminate()
  }
  expect(PROLOGUE).toMatch('require')
})

test('listeners of the diagnostics channels may throw, and call everything', async () => {
  const { exitCode, stdout, stderr } = await runProgram(`
    const { Engine } = require(${JSON.stringify(ROOT)})
    const diagnostics = require('node:diagnostics_channel')
    let thrown = 0
    process.on('uncaughtException', (error) => {
      if (error.message !== 'listener') throw error
      thrown += 1
    })
    const names = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((part) => 'tracing:moonpool.run:' + part)
    let budget = 300
    const rest = []
    for (const name of [...names, 'moonpool.run.settled'])
      diagnostics.subscribe(name, ({ engine }) => {
        if (budget > 0) {
          budget -= 1
          engine.stats()
          rest.push(engine.runLua('return 1', 'again').catch(() => {}), engine.createContext('x').run('').catch(() => {}))
        }
        if (name.includes('settled')) engine.close()
        throw new Error('listener')
      })
    async function main() {
      const ends = []
      for (const code of ['return 1', 'error("no")', 'while true do end', 'sleep(1)']) {
        const engine = new Engine({ maxQueue: 5000 })
        ends.push(await engine.runLua(code, 'x', { signal: AbortSignal.timeout(ends.length < 2 ? 20000 : 30) }).catch((error) => error.code))
        await engine.close()
      }
      await Promise.all(rest)
      console.log(JSON.stringify([ends, thrown > 10]))
      process.exit()
    }
    main()
  `)
  if (exitCode !== 0) throw new Error(stderr + stdout)
  expect(JSON.parse(stdout)).toEqual([['1', 'ERR_LUA_RUNTIME', 23, 23], true])
})
