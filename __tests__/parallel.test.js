// `parallel` in scripts: host functions that are called at once, their answers, errors, signals and ends.
'use strict'

const { Engine } = require('..')
const { AsyncLocalStorage } = require('node:async_hooks')
const { engineExposing } = require('./support/engine')
const { FOREVER } = require('./support/constants')

const ASK = 'local function ask(n) return function() return host.ask(n) end end\n'

/** An engine whose `host.ask(n)` waits to be answered: `asked` has its calls by n, each with `resolve` and `reject`. */
function asking(options) {
  const asked = new Map()
  const ask = ({ signal }, n) =>
    new Promise((resolve, reject) => {
      asked.set(n, { resolve, reject, signal })
      whenAsked.get(n)?.()
    })
  const whenAsked = new Map()
  /** Resolves when all of these have been asked. */
  const haveBeenAsked = (...all) =>
    Promise.all(all.map((n) => asked.has(n) || new Promise((resolve) => whenAsked.set(n, resolve))))
  const engine = new Engine(options)
  engine.expose('ask', ask)
  return { engine, asked, haveBeenAsked }
}

test('all handlers have begun before the first is answered, and results come in the order of the functions', async () => {
  const { engine, asked, haveBeenAsked } = asking()
  const result = engine.run(`${ASK} return parallel(ask(1), ask(2), ask(3), ask(4))`, 'tester')
  await haveBeenAsked(1, 2, 3, 4)
  for (const n of [3, 1, 4, 2]) asked.get(n).resolve(10 * n)
  expect((await result).values).toEqual([10, 20, 30, 40])
  for (const { signal } of asked.values()) expect(signal.aborted).toBe(false)
})

test('four calls of 50 ms take about 50 ms', async () => {
  const engine = engineExposing({ slow: (_, n) => new Promise((resolve) => setTimeout(resolve, 50, n)) })
  const code =
    'local function slow(n) return function() return host.slow(n) end end return parallel(slow(1), slow(2), slow(3), slow(4))'
  await engine.run(code, 'tester')
  const began = performance.now()
  expect((await engine.run(code, 'tester')).values).toEqual([1, 2, 3, 4])
  expect(performance.now() - began).toBeLessThan(180)
})

test('the first error is raised with its cause, and the signals of the other calls are aborted at once', async () => {
  const { engine, asked, haveBeenAsked } = asking()
  const code = `${ASK} local ok, e = pcall(parallel, ask(1), ask(2), ask(3))
    host.ask(4)
    error(e)`
  const run = engine.run(code, 'tester')
  await haveBeenAsked(1, 2, 3)
  const reason = new Error('not today')
  asked.get(2).reject(reason)
  await haveBeenAsked(4)
  expect([1, 2, 3, 4].map((n) => asked.get(n).signal.aborted)).toEqual([true, false, true, false])
  expect(asked.get(1).signal.reason.message).toBe("the run of 'tester' does not wait for this call any more")
  // Late answers are nobody's.
  asked.get(1).resolve(1)
  asked.get(3).reject(new Error('late'))
  asked.get(4).resolve()
  await expect(run).rejects.toMatchObject({ code: 'ERR_HOST_FUNCTION', cause: reason })
})

test.each(['a timeout', 'an abort', 'closing the engine'])(
  '%s ends a run with 1000 calls once, and aborts all signals',
  async (how) => {
    const { engine, asked, haveBeenAsked } = asking()
    const controller = new AbortController()
    const code = `${ASK} local fs = {} for i = 1, 1000 do fs[i] = ask(i) end
    pcall(parallel, table.unpack(fs)) return 'caught'`
    const options = { signal: controller.signal, timeout: how === 'a timeout' ? 500 : FOREVER }
    const run = engine.run(code, 'tester', options)
    const settled = jest.fn()
    run.then(settled, settled)
    await haveBeenAsked(...Array.from({ length: 1000 }, (_, i) => i + 1))
    if (how === 'an abort') controller.abort()
    let closed
    if (how === 'closing the engine') closed = engine.close({ timeout: 0 })
    await expect(run).rejects.toThrow()
    await closed
    expect([...asked.values()].filter(({ signal }) => signal.aborted)).toHaveLength(1000)
    for (const { resolve } of asked.values()) resolve(1)
    await engine.close()
    expect(settled).toHaveBeenCalledTimes(1)
  },
)

test('the event loop goes on while a script makes a thousand calls', async () => {
  const burn = (ms) => {
    const until = performance.now() + ms
    while (performance.now() < until);
  }
  let calls = 0
  const engine = engineExposing({
    ask: () => {
      burn(1)
      calls += 1
    },
  })
  const turns = []
  const timer = setInterval(() => turns.push(calls), 1)
  const code = 'local fs = {} for i = 1, 300 do fs[i] = host.ask end return select("#", parallel(table.unpack(fs)))'
  const { values } = await engine.run(code, 'tester', { timeout: FOREVER })
  clearInterval(timer)
  expect([values, calls]).toEqual([[300], 300])
  const most = Math.max(...turns.map((count, i) => count - (turns[i - 1] ?? 0)))
  expect(most).toBeLessThan(100)
})

test('a call is made in the async context of its run, and given what other calls are given', async () => {
  const storage = new AsyncLocalStorage()
  const seen = []
  const engine = engineExposing({
    look: ({ signal, ...caller }, n) => {
      seen.push([n, storage.getStore(), caller, signal instanceof AbortSignal])
    },
  })
  const code = 'parallel(function() host.look(1) end, function() host.look(2) end) host.look(3)'
  await storage.run('inside', () => engine.run(code, 'tester', { name: 'looker', data: 7 }))
  const caller = { scriptId: 'tester', name: 'looker', data: 7 }
  expect(seen).toEqual([1, 2, 3].map((n) => [n, 'inside', caller, true]))
})

test('large arguments and answers cross side by side', async () => {
  const engine = engineExposing({ echo: async (_, text) => text })
  const code = `local function big(c) return function() return host.echo(c:rep(300000)) end end
    local a, b, c = parallel(big('a'), big('b'), big('c')) return #a, b:sub(-1), c == ('c'):rep(300000)`
  expect((await engine.run(code, 'tester')).values).toEqual([300000, 'b', true])
})

test('a function of a context waits in parallel, and a host function inside may not wait for that context', async () => {
  const engine = engineExposing({
    double: async (_, n) => 2 * n,
    again: async () => {
      await context.call('both')
    },
  })
  const context = await engine.createContext('tester')
  const both =
    'function both() return parallel(function() return host.double(1) end, function() return host.double(2) end) end'
  await context.run(both)
  expect((await context.call('both')).values).toEqual([2, 4])
  const run = context.run('parallel(function() host.again() end, function() host.double(1) end)')
  await expect(run).rejects.toMatchObject({ code: 'ERR_HOST_FUNCTION', cause: { code: 'ERR_CONTEXT_BUSY' } })
  await context.close()
})

test('calls of one id count one by one for its rate', async () => {
  const { engine, asked, haveBeenAsked } = asking({ perId: { hostCallsPerSecond: 2 } })
  const began = performance.now()
  const run = engine.run(`${ASK} return parallel(ask(1), ask(2), ask(3))`, 'tester')
  await haveBeenAsked(1, 2, 3)
  expect(performance.now() - began).toBeGreaterThan(300)
  for (const { resolve } of asked.values()) resolve(true)
  expect((await run).values).toEqual([true, true, true])
  expect(engine.stats().suspended).toBe(0)
})

test('answers that are more than the run may hold end it', async () => {
  const { engine, asked, haveBeenAsked } = asking()
  const code = `${ASK} local fs = {} for i = 1, 40 do fs[i] = ask(i) end pcall(parallel, table.unpack(fs)) return 'caught'`
  const run = engine.run(code, 'tester', { memoryLimit: 8 * 1024 * 1024 })
  await haveBeenAsked(...Array.from({ length: 40 }, (_, i) => i + 1))
  for (const { resolve } of asked.values()) resolve('x'.repeat(1024 * 1024))
  await expect(run).rejects.toMatchObject({ code: 'ERR_LUA_MEMORY' })
})
