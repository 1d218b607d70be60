// Runs that are stopped for good: they end their context, and every call of it says so.
'use strict'

const { LuaError } = require('..')
const { ENDLESS, FOREVER, HOLDING } = require('./support/constants')
const { anyCall, valueIn, withWait } = require('./support/context')
const { engineWith, until } = require('./support/engine')
const { rejection } = require('./support/rejection')

/** Ways to stop a run for good: each gets an engine, a context of it, and a controller whose signal stops the run. */
const KILLS = {
  timeout: {
    run: (context) => context.run(ENDLESS, { timeout: 30 }),
    error: { code: 'ERR_LUA_TIMEOUT', limit: 'timeout' },
  },
  'timeout, in a call': {
    run: (context) => context.call('spin'),
    options: { timeout: 100 },
    error: { code: 'ERR_LUA_TIMEOUT', limit: 'timeout' },
  },
  'timeout, inside one of our own functions': {
    run: (context) => context.run(HOLDING, { timeout: 30 }),
    error: { code: 'ERR_LUA_TIMEOUT', limit: 'timeout' },
  },
  'timeout, while it sleeps': {
    run: (context) => context.run('sleep(1000)', { timeout: 30 }),
    error: { code: 'ERR_LUA_TIMEOUT', limit: 'timeout' },
  },
  'timeout, while it waits for a host function': {
    run: (context) => context.run('host.wait("forever")', { timeout: 30 }),
    error: { code: 'ERR_LUA_TIMEOUT', limit: 'timeout' },
  },
  'timeout, in a <close> variable of a failed run': {
    run: (context) =>
      context.run(`local v <close> = setmetatable({}, { __close = function() ${ENDLESS} end }) error("no")`, {
        timeout: 30,
      }),
    error: { code: 'ERR_LUA_TIMEOUT', limit: 'timeout' },
  },
  cpuTimeout: {
    run: (context) => context.run(ENDLESS, { cpuTimeout: 30, timeout: FOREVER }),
    error: { code: 'ERR_LUA_TIMEOUT', limit: 'cpuTimeout' },
  },
  memoryLimit: {
    run: (context) => context.run('local t = {} while true do t[#t + 1] = ("x"):rep(1e5) .. #t end'),
    error: { code: 'ERR_LUA_MEMORY' },
  },
  'memoryLimit, by what is handed over': {
    run: (context) => context.set('big', 'x'.repeat(2 ** 23)),
    error: { code: 'ERR_LUA_MEMORY' },
  },
  maxOutput: {
    run: (context) => context.run('print(("x"):rep(100))', { maxOutput: 10 }),
    error: { code: 'ERR_LUA_OUTPUT' },
  },
  'a signal while it executes': {
    run: (context, { signal }) => context.run(ENDLESS, { signal, timeout: FOREVER }),
    stop: async (engine, controller) => {
      await until(() => engine.stats().started === 2)
      controller.abort('stopped')
    },
    error: 'stopped',
  },
  'a signal while it executes inside one of our own functions': {
    run: (context, { signal }) => context.run(`host.wait("go") ;${HOLDING}`, { signal, timeout: FOREVER }),
    stop: async (engine, controller, { arrived, release }) => {
      await arrived('go')
      release('go')
      await until(() => engine.stats().running === 1)
      await new Promise((resolve) => setTimeout(resolve, 30))
      controller.abort('stopped')
    },
    error: 'stopped',
  },
  'a signal while it sleeps': {
    run: (context, { signal }) => context.run('sleep(1000)', { signal, timeout: FOREVER }),
    stop: async (engine, controller) => {
      await until(() => engine.stats().suspended === 1)
      controller.abort('stopped')
    },
    error: 'stopped',
  },
  'a signal while it waits for a host function': {
    run: (context, { signal }) => context.run('host.wait("forever")', { signal, timeout: FOREVER }),
    stop: async (_engine, controller, { arrived }) => {
      await arrived('forever')
      controller.abort('stopped')
    },
    error: 'stopped',
  },
  'engine.close while it executes': {
    run: (context) => context.run(ENDLESS, { timeout: FOREVER }),
    stop: async (engine) => {
      await until(() => engine.stats().started === 2)
      await engine.close({ timeout: 0 })
    },
    error: { code: 'ERR_ENGINE_CLOSED' },
  },
  'engine.close while it waits for a host function': {
    run: (context) => context.run('host.wait("forever")', { timeout: FOREVER }),
    stop: async (engine, _controller, { arrived }) => {
      await arrived('forever')
      await engine.close({ timeout: 0 })
    },
    error: { code: 'ERR_ENGINE_CLOSED' },
  },
}

describe.each(Object.keys(KILLS))('a run that is stopped by %s', (name) => {
  const { run, stop, error, options } = KILLS[name]

  async function killed() {
    const engine = engineWith({ concurrency: 1 })
    const wait = withWait(engine)
    const context = engine.createContext('x', { memoryLimit: 2 ** 22, ...options })
    await context.run(`n = 1 function spin() ${ENDLESS} end`)
    const controller = new AbortController()
    const ended = rejection(run(context, controller))
    const behind = anyCall(context).map(rejection)
    await stop?.(engine, controller, wait)
    return { engine, context, ended: await ended, behind: await Promise.all(behind) }
  }

  test('ends its context: that is said to all calls, those that wait and those that come', async () => {
    const { context, ended, behind } = await killed()
    if (typeof error === 'string') expect(ended).toBe(error)
    else expect(ended).toMatchObject({ name: 'LuaError', ...error })
    const after = await Promise.all(anyCall(context).map(rejection))
    // A closed engine has the first word.
    const isClosed = error.code === 'ERR_ENGINE_CLOSED'
    for (const refusal of isClosed ? behind : [...behind, ...after]) {
      expect(refusal).toBeInstanceOf(LuaError)
      expect(refusal).toMatchObject({ code: 'ERR_CONTEXT_CLOSED', scriptId: 'x', output: '' })
      expect(refusal.message).toMatch(/the context has ended, because a run in it was stopped; nothing was run/)
    }
    for (const { code } of after) expect(['ERR_CONTEXT_CLOSED', isClosed && 'ERR_ENGINE_CLOSED']).toContain(code)
  })

  test('gives its memory back, and can be closed', async () => {
    const { context } = await killed()
    expect(await context.memory()).toBe(0)
    await context.close()
    await context.close()
    expect(await rejection(context.get('n'))).toMatchObject({ code: 'ERR_CONTEXT_CLOSED' })
  })
})

test('after a stopped run the engine runs others, and makes other contexts', async () => {
  const engine = engineWith({ concurrency: 1 })
  for (let i = 0; i < 20; i++) {
    const context = engine.createContext('x')
    await rejection(context.run(ENDLESS, { timeout: 5 }))
    expect(await rejection(context.get('n'))).toMatchObject({ code: 'ERR_CONTEXT_CLOSED' })
  }
  expect(await valueIn(engine.createContext('x').run('return 1'))).toBe(1)
  expect(await engine.runLua('return 1', 'x')).toBe('1')
  expect(engine.stats()).toMatchObject({ running: 0, suspended: 0, queued: 0, timedOut: 20 })
})

test('a host function is told when the run that waits for it is stopped', async () => {
  const engine = engineWith()
  let seen
  engine.expose('wait', ({ signal }) => {
    seen = signal
    return new Promise(() => {})
  })
  const context = engine.createContext('x')
  await rejection(context.run('host.wait()', { timeout: 20 }))
  expect(seen.aborted).toBe(true)
})
