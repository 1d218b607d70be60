// Closing an engine: what it waits for, what it stops, and what it refuses from then on.
// Beside other tests: what it measures takes seconds.
'use strict'

const path = require('node:path')
const { Engine, LuaError } = require('..')
const { runProgram } = require('./support/child')
const { ENDLESS, FOREVER, HOLDING, holdingAfter } = require('./support/constants')
const { engineWith: newEngine, hold, until } = require('./support/engine')
const { folderWith } = require('./support/files')
const { ends, expectBadArgument, rejection } = require('./support/rejection')

/** They print first, so that a run that began can be told from one that waited. */
const SAYING_HOLDING = `print("so far") ;${HOLDING}`
const BUSY = 'for i = 1, 3e6 do end return "finished"'

const engineWith = (options) => newEngine({ concurrency: 1, ...options })

/** Everything is settled, and the engine says so. */
function expectIdle(engine, calls) {
  const stats = engine.stats()
  expect(stats).toMatchObject({ queued: 0, running: 0, suspended: 0 })
  const { completed, failed, timedOut, aborted, rejected } = stats
  expect(completed + failed + timedOut + aborted + rejected).toBe(calls)
}

describe('what was accepted', () => {
  test('finishes: what waits, what runs, and what is suspended', async () => {
    const engine = engineWith()
    const runs = Array.from({ length: 40 }, (_, i) => engine.runLua(i < 5 ? BUSY : `return ${i}`, `tenant-${i % 3}`))
    await engine.close({ timeout: 60_000 })
    expect(engine.stats().completed).toBe(40)
    expect(await ends(runs)).toEqual(runs.map((_, i) => (i < 5 ? 'finished' : String(i))))
    expectIdle(engine, 40)
  })

  test('ends as it would have: failures and timeouts, too', async () => {
    const engine = engineWith()
    const runs = [
      engine.runLua('error("no")', 'x'),
      engine.runLua(ENDLESS, 'x', { timeout: 30 }),
      engine.runLua('return', 'x'),
    ]
    const all = ends(runs)
    await engine.close({ timeout: 60_000 })
    expect(await all).toEqual(['ERR_LUA_RUNTIME', 'ERR_LUA_TIMEOUT', ''])
    expect(engine.stats()).toMatchObject({ failed: 1, timedOut: 1, completed: 1, aborted: 0, rejected: 0 })
  })

  test('can still be aborted', async () => {
    const engine = engineWith()
    const controller = new AbortController()
    const run = rejection(engine.runLua(ENDLESS, 'x', { signal: controller.signal }))
    const closed = engine.close({ timeout: 60_000 })
    await until(() => engine.stats().started === 1)
    controller.abort('enough')
    expect(await run).toBe('enough')
    await closed
    expectIdle(engine, 1)
  })

  test('keeps its queueTimeout', async () => {
    const engine = engineWith()
    const release = hold(engine)
    const waits = rejection(engine.runLua('', 'x', { queueTimeout: 5 }))
    const closed = engine.close({ timeout: 60_000 })
    expect(await waits).toMatchObject({ code: 'ERR_QUEUE_TIMEOUT' })
    await Promise.all([release(), closed])
    expectIdle(engine, 2)
  })
})

describe('after the timeout', () => {
  test('the rest is stopped: with what it printed if it ran, without a trace if it waited', async () => {
    const engine = engineWith()
    const saying = 'print("so far") host.wait(script.id)'
    const waiting = new Set()
    engine.expose('wait', (_run, id) => {
      waiting.add(id)
      return id === 'holder' ? undefined : new Promise(() => {})
    })
    const began = ['a', 'b'].map((id) => rejection(engine.runLua(saying, id, { timeout: FOREVER })))
    await until(() => waiting.size === 2)
    const holder = rejection(engine.runLua(holdingAfter(saying), 'holder', { timeout: FOREVER }))
    await until(() => waiting.has('holder') && engine.stats().running === 1)
    const waits = rejection(engine.runLua('State.set("ran", 1)', 'waits'))
    await engine.close({ timeout: 0 })
    for (const error of await Promise.all([...began, holder])) {
      expect(error).toBeInstanceOf(LuaError)
      expect(error).toMatchObject({ code: 'ERR_ENGINE_CLOSED', output: 'so far\n' })
    }
    expect((await began[0]).scriptId).toBe('a')
    expect(await waits).toMatchObject({ code: 'ERR_ENGINE_CLOSED', output: '', scriptId: 'waits' })
    expect(engine.stats()).toMatchObject({ aborted: 3, rejected: 1, started: 3 })
    expectIdle(engine, 4)
  })

  test('a loop inside of a callback, which never leaves its thread, is stopped', async () => {
    const engine = engineWith()
    const runs = [
      SAYING_HOLDING,
      'print("so far") table.sort({ 1, 2, 3 }, function() while true do end end)',
      'print("so far") while true do pcall(function() ("x"):gsub("x", function() while true do end end) end) end',
      'print("so far") coroutine.wrap(function() while true do end end)()',
    ].map((code) => rejection(engine.runLua(code, 'x')))
    await engine.close({ timeout: 100 })
    const codes = (await Promise.all(runs)).map((error) => error.code)
    expect(codes).toEqual(Array(4).fill('ERR_ENGINE_CLOSED'))
    expectIdle(engine, 4)
  })

  test('no Lua code can catch it', async () => {
    const engine = engineWith()
    const code = 'while true do pcall(function() while true do end end) print("caught") end'
    const run = rejection(engine.runLua(code, 'x'))
    await until(() => engine.stats().started === 1)
    await engine.close({ timeout: 0 })
    expect(await run).toMatchObject({ code: 'ERR_ENGINE_CLOSED', output: '' })
  })

  test('hundreds of runs, wherever they are, are all stopped', async () => {
    const engine = engineWith({ concurrency: 2 })
    const runs = ends(Array.from({ length: 500 }, (_, i) => engine.runLua(ENDLESS, `tenant-${i % 20}`)))
    await until(() => engine.stats().started > 5)
    await engine.close({ timeout: 0 })
    expect(new Set(await runs)).toEqual(new Set(['ERR_ENGINE_CLOSED']))
    const { aborted, rejected, started } = engine.stats()
    expect([aborted, aborted + rejected]).toEqual([started, 500])
    expectIdle(engine, 500)
  })

  test('tens of thousands that wait are stopped in several turns of the event loop', async () => {
    const engine = engineWith({ maxQueue: 30_000 })
    const runs = Array.from({ length: 30_000 }, (_, i) => engine.runLua(ENDLESS, `tenant-${i % 100}`))
    const all = ends(runs)
    let [turns, isOver] = [0, false]
    const count = () => {
      turns += 1
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    await engine.close({ timeout: 0 })
    isOver = true
    expect(turns).toBeGreaterThan(5)
    expect(new Set(await all)).toEqual(new Set(['ERR_ENGINE_CLOSED']))
    expectIdle(engine, 30_000)
  })

  test('what finishes before is not stopped', async () => {
    const engine = engineWith()
    const run = engine.runLua(BUSY, 'x')
    await engine.close({ timeout: 60_000 })
    expect(await run).toBe('finished')
  })

  test('the default is 5 seconds', async () => {
    const engine = engineWith()
    const start = performance.now()
    const run = rejection(engine.runLua(ENDLESS, 'x', { timeout: 60_000 }))
    await engine.close()
    expect(await run).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
    expect(performance.now() - start).toBeGreaterThan(4900)
  })
})

describe('once more', () => {
  test('twice at once: both resolve when no run is left', async () => {
    const engine = engineWith()
    const run = engine.runLua(BUSY, 'x')
    const closed = await Promise.all([60_000, 50_000].map((timeout) => engine.close({ timeout })))
    expect(closed).toEqual([undefined, undefined])
    expectIdle(engine, 1)
    expect(await run).toBe('finished')
  })

  test('a shorter timeout counts', async () => {
    const engine = engineWith()
    const run = rejection(engine.runLua(ENDLESS, 'x', { timeout: 2_000_000 }))
    const patient = engine.close({ timeout: 2_000_000 })
    await engine.close({ timeout: 1 })
    await patient
    expect(await run).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
    expectIdle(engine, 1)
  })

  test('a longer timeout does not save what the first will stop', async () => {
    const engine = engineWith()
    const run = rejection(engine.runLua(ENDLESS, 'x', { timeout: 2_000_000 }))
    const first = engine.close({ timeout: 1 })
    await engine.close({ timeout: 2_000_000 })
    await first
    expect(await run).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
  })

  test('of a closed engine, as often as one likes', async () => {
    const engine = engineWith()
    await engine.runLua('', 'x')
    for (let i = 0; i < 5; i++) expect(await engine.close({ timeout: i })).toBeUndefined()
    expect(await Promise.all(Array.from({ length: 20 }, () => engine.close()))).toEqual(Array(20).fill(undefined))
    expectIdle(engine, 1)
  })

  test('of an engine that was never used', async () => {
    const engine = new Engine()
    expect(await engine.close()).toBeUndefined()
    expectIdle(engine, 0)
  })

  test('it keeps no process alive afterwards, and its timer neither', async () => {
    const start = performance.now()
    const { exitCode, stdout } = await runProgram(`
      const { Engine } = require('moonpool')
      const engine = new Engine()
      const run = engine.runLua('return 1', 'x')
      engine.close({ timeout: 2147483647 }).then(async () => console.log(await run))`)
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '1\n' })
    expect(performance.now() - start).toBeLessThan(25_000)
  })
})

describe('timeout: 0', () => {
  test('stops at once what runs and what waits', async () => {
    const engine = engineWith()
    const runs = ends([engine.runLua(HOLDING, 'x'), engine.runLua('return 1', 'x'), engine.runLua('return 2', 'y')])
    await engine.close({ timeout: 0 })
    expect(await runs).toEqual(Array(3).fill('ERR_ENGINE_CLOSED'))
    expectIdle(engine, 3)
  })

  test('of an idle engine is like any other', async () => {
    const engine = engineWith()
    expect(await engine.runLua('return 1', 'x')).toBe('1')
    expect(await engine.close({ timeout: 0 })).toBeUndefined()
  })
})

describe('options', () => {
  test.each([
    [{ timeout: -1 }, RangeError, '"options.timeout"', 'Received -1'],
    [{ timeout: 0.5 }, RangeError, '"options.timeout"', 'Received 0.5'],
    [{ timeout: 2 ** 31 }, RangeError, '"options.timeout"', 'Received 2147483648'],
    [{ timeout: Number.NaN }, RangeError, '"options.timeout"', 'Received NaN'],
    [{ timeout: Number.POSITIVE_INFINITY }, RangeError, '"options.timeout"', 'Received Infinity'],
    [{ timeout: '5' }, TypeError, '"options.timeout"', `Received type string ('5')`],
    [{ timeout: null }, TypeError, '"options.timeout"', 'Received null'],
    [{ timeout: 5n }, TypeError, '"options.timeout"', 'Received type bigint (5n)'],
    [{ timeOut: 5 }, TypeError, `unknown option 'timeOut'; did you mean 'timeout'?`, 'known options: timeout'],
    [null, TypeError, 'The "options" argument must be an object', 'Received null'],
    [5, TypeError, 'The "options" argument must be an object', 'Received type number (5)'],
    [[], TypeError, 'The "options" argument must be an object', 'Received an instance of Array'],
  ])('%p: rejects, and closes nothing', async (options, ErrorClass, ...says) => {
    const engine = engineWith()
    const error = await rejection(engine.close(options))
    expectBadArgument(error, ErrorClass, ...says)
    expect(await engine.runLua('return "open"', 'x')).toBe('open')
    await engine.close()
  })

  test.each([[undefined], [{}], [{ timeout: undefined }], [{ timeout: 2 ** 31 - 1 }]])('%p: taken', async (options) => {
    const engine = engineWith()
    expect(await engine.close(options)).toBeUndefined()
  })
})

describe('from then on', () => {
  test('every run is refused, and nothing of it runs', async () => {
    const engine = engineWith()
    const script = engine.compile('return 1')
    const running = engine.runLua(BUSY, 'x')
    const closed = engine.close({ timeout: 60_000 })
    for (const code of ['return 1', Buffer.from('return 1'), script]) {
      const error = await rejection(engine.runLua(code, 'late'))
      expect(error).toBeInstanceOf(LuaError)
      expect(error).toMatchObject({ code: 'ERR_ENGINE_CLOSED', scriptId: 'late', output: '' })
      expect(error.message).toContain('closed')
    }
    await Promise.all([running, closed])
    expect(await rejection(engine.runLua('return 1', 'late'))).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
    expect(engine.stats()).toMatchObject({ completed: 1, rejected: 4, started: 1 })
    expectIdle(engine, 5)
  })

  test('bad arguments are still bad arguments', async () => {
    const engine = engineWith()
    await engine.close()
    expect(await rejection(engine.runLua(1, 'x'))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    expect(() => engine.compile(1)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }))
    expectIdle(engine, 0)
  })

  test('what it compiled runs on other engines', async () => {
    const engine = engineWith()
    const script = engine.compile('return 6 * 7')
    await engine.close()
    expect(await new Engine().runLua(script, 'x')).toBe('42')
  })

  test('other engines go on', async () => {
    const [one, other] = [engineWith(), engineWith()]
    const run = other.runLua(BUSY, 'x')
    rejection(one.runLua(ENDLESS, 'x'))
    await one.close({ timeout: 0 })
    expect(await run).toBe('finished')
    expect(await other.runLua('return 1', 'x')).toBe('1')
    await other.close()
  })

  test('a run started when the last one settles is refused', async () => {
    const engine = engineWith()
    const late = engine.runLua(BUSY, 'x').then(() => rejection(engine.runLua('', 'x')))
    await engine.close()
    expect(await late).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
  })
})

describe('while runFile reads its file', () => {
  const file = path.join(folderWith({ 'mark.lua': 'return "ran"' }), 'mark.lua')

  test.each([undefined, { timeout: 0 }])(
    'the call ends once, either way, and the engine closes (%p)',
    async (options) => {
      const engine = engineWith()
      const runs = ends([1, 2, 3].map(() => engine.runFile(file, 'x')))
      await engine.close(options)
      for (const end of await runs) expect(['ran', 'ERR_ENGINE_CLOSED']).toContain(end)
      expectIdle(engine, 3)
    },
  )
})

describe('Symbol.asyncDispose', () => {
  test('closes', async () => {
    const engine = engineWith()
    const run = engine.runLua(BUSY, 'x')
    expect(await engine[Symbol.asyncDispose]()).toBeUndefined()
    expect(await run).toBe('finished')
    expect(await rejection(engine.runLua('', 'x'))).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
  })

  test('uses what a subclass makes of close, and is no enumerable property', async () => {
    const calls = []
    class Mine extends Engine {
      async close(...args) {
        calls.push(args)
        return super.close(...args)
      }
    }
    const engine = new Mine({ concurrency: 1 })
    await engine[Symbol.asyncDispose]()
    expect(calls).toEqual([[]])
    expect(Object.getOwnPropertyDescriptor(Engine.prototype, Symbol.asyncDispose).enumerable).toBe(false)
  })

  test('is there in a program of its own', async () => {
    const { stdout } = await runProgram(`
      const { Engine } = require('moonpool')
      const engine = new Engine()
      engine[Symbol.asyncDispose]().then(() => engine.runLua('', 'x')).catch((error) => console.log(error.code))`)
    expect(stdout).toBe('ERR_ENGINE_CLOSED\n')
  })
})

test('close resolves after the promises of the last runs', async () => {
  const engine = new Engine()
  const order = []
  const run = engine.runLua('return 1', 'x').then(() => order.push('run'))
  await engine.close().then(() => order.push('close'))
  await run
  expect(order).toEqual(['run', 'close'])
})
