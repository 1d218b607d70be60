// The end of contexts: closed, with their engine closed, with their worker thread, and with the process.
// Beside other tests: what it measures may take seconds.
'use strict'

const { Context, Engine, LuaError } = require('..')
const { runProgram } = require('./support/child')
const { FOREVER } = require('./support/constants')
const { anyCall, contextWith, valueIn, withWait } = require('./support/context')
const { engineWith, until } = require('./support/engine')
const { rejection, thrownBy } = require('./support/rejection')
const { testIf } = require('./support/test-if')
const { message, startWorker } = require('./support/worker')

describe('close', () => {
  test('waits for the runs that were asked for', async () => {
    const engine = engineWith()
    const { arrived, release } = withWait(engine)
    const context = engine.createContext('x')
    const settled = []
    const runs = [
      context.run('host.wait("a") n = 1'),
      context.run('sleep(0.01) n = n + 1'),
      context.get('n'),
      context.run('error("no")').catch((error) => error.code),
    ]
    runs.forEach((run, i) => {
      run.then(() => settled.push(i))
    })
    const closed = context.close().then(() => settled.push('closed'))
    await arrived('a')
    expect(settled).toEqual([])
    release('a')
    await closed
    await Promise.all(runs)
    expect([...settled].sort()).toEqual([0, 1, 2, 3, 'closed'])
    expect(await runs[2]).toBe(2)
    expect(await runs[3]).toBe('ERR_LUA_RUNTIME')
  })

  test('every call afterwards rejects, and says why', async () => {
    const context = contextWith()
    await context.run('n = 1')
    const closed = context.close()
    for (const error of await Promise.all(anyCall(context).map(rejection))) {
      expect(error).toBeInstanceOf(LuaError)
      expect(error).toMatchObject({ code: 'ERR_CONTEXT_CLOSED', scriptId: 'x', output: '' })
      expect(error.message).toMatch(/the context is closed; nothing was run/)
    }
    await closed
    expect(await rejection(context.run('return 1'))).toMatchObject({ code: 'ERR_CONTEXT_CLOSED' })
    expect(await context.memory()).toBe(0)
    expect(context.scriptId).toBe('x')
  })

  test('bad arguments come first, also afterwards', async () => {
    const context = contextWith()
    await context.close()
    expect(await rejection(context.run(1))).toBeInstanceOf(TypeError)
    expect(await rejection(context.get(''))).toBeInstanceOf(RangeError)
  })

  test('may be called again and again, also before any run', async () => {
    const context = contextWith()
    expect(await Promise.all([context.close(), context.close()])).toEqual([undefined, undefined])
    expect(await context.close()).toBeUndefined()
  })

  test('other contexts of the engine live on', async () => {
    const engine = engineWith()
    const [first, second] = [engine.createContext('x'), engine.createContext('x')]
    await second.set('n', 1)
    await first.close()
    expect(await second.get('n')).toBe(1)
  })

  testIf(typeof Symbol.asyncDispose === 'symbol')('Symbol.asyncDispose closes, too', async () => {
    const context = contextWith()
    const run = context.run('sleep(0.01) return 1')
    await context[Symbol.asyncDispose]()
    expect(await valueIn(run)).toBe(1)
    expect(await rejection(context.run(''))).toMatchObject({ code: 'ERR_CONTEXT_CLOSED' })
    expect(Object.getOwnPropertyDescriptor(Context.prototype, Symbol.asyncDispose).enumerable).toBe(false)
  })
})

describe('a closed engine', () => {
  test('makes no contexts', async () => {
    const engine = new Engine()
    await engine.close()
    const error = thrownBy(() => engine.createContext('x'))
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ code: 'ERR_ENGINE_CLOSED', scriptId: 'x' })
  })

  test('runs nothing in the contexts that it made, which can be closed', async () => {
    const engine = new Engine()
    const context = engine.createContext('x')
    await context.run('n = 1')
    await engine.close()
    for (const error of await Promise.all(anyCall(context).map(rejection))) {
      expect(error).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
    }
    await context.close()
    expect(await rejection(context.get('n'))).toMatchObject({ code: 'ERR_CONTEXT_CLOSED' })
  })

  test('lets a run of a context finish that it has accepted', async () => {
    const engine = new Engine()
    const context = engine.createContext('x')
    const run = context.run('sleep(0.05) return "finished"')
    await until(() => engine.stats().suspended === 1)
    await engine.close({ timeout: FOREVER })
    expect(await valueIn(run)).toBe('finished')
  })

  test('lets a run finish that still waits for its turn', async () => {
    const engine = new Engine()
    const context = engine.createContext('x')
    const runs = [context.run('sleep(0.05) n = 1'), context.run('n = n + 1'), context.get('n')]
    await until(() => engine.stats().suspended === 1)
    await engine.close({ timeout: FOREVER })
    await Promise.all(runs)
    expect(await runs[2]).toBe(2)
  })

  test('idle contexts do not hold it up', async () => {
    const engine = new Engine()
    for (let i = 0; i < 10; i++) await engine.createContext('x').run('n = 1')
    await engine.close({ timeout: FOREVER })
    expect(engine.stats()).toMatchObject({ completed: 10, running: 0 })
  })
})

test('an idle context keeps no process alive', async () => {
  const begun = performance.now()
  const { exitCode, stdout } = await runProgram(`
    const { Engine } = require('moonpool')
    const engine = new Engine()
    globalThis.context = engine.createContext('x')
    context.run('return 1').then(({ value }) => console.log(value))`)
  expect([exitCode, stdout]).toEqual([0, '1\n'])
  expect(performance.now() - begun).toBeLessThan(20_000)
})

test.each([
  ['idle contexts', ''],
  ['contexts whose runs wait', `for (const context of contexts) context.run('host.never()').catch(() => {})`],
  ['contexts whose runs execute', `for (const context of contexts) context.run('while true do end').catch(() => {})`],
])('worker.terminate() with %s', async (_what, then) => {
  for (let round = 0; round < 5; round++) {
    const worker = startWorker(`
      const engine = new Engine({ defaults: { timeout: ${FOREVER} } })
      engine.expose('never', () => new Promise(() => {}))
      globalThis.contexts = Array.from({ length: 20 }, (_, i) => engine.createContext('tenant-' + i))
      Promise.all(contexts.map((context) => context.run('t = ("x"):rep(1e5)'))).then(() => {
        ${then}
        setTimeout(() => parentPort.postMessage('ready'), 5)
      })
      setInterval(() => {}, 1000)`)
    await message(worker)
    expect(await worker.terminate()).toBe(1)
  }
})
