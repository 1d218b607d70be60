// maxMemory: what all VMs of an engine hold together, and what happens at that bound.
'use strict'

const os = require('node:os')
const { LuaError } = require('..')
const { maxMemory } = require('../lib/max-memory')
const { MIB } = require('./support/constants')
const { engineExposing, engineWith, until } = require('./support/engine')
const { rejection } = require('./support/rejection')

const KILLED = { code: 'ERR_LUA_MEMORY', limit: 'maxMemory' }

/** Holds so many MiB. */
const held = (mib) => `local t = {} for i = 1, ${mib} do t[i] = ("x"):rep(1000000 + i) end`

/** An engine whose scripts wait for `host.wait()`, until they are let go, by the name that they give. */
function engineWithWaits(options) {
  const waiting = new Map()
  const wait = (_context, name) => new Promise((resolve) => waiting.set(name, resolve))
  const engine = engineExposing({ wait }, { concurrency: 2, warmVms: 0, defaults: { timeout: 30_000 }, ...options })
  return { engine, waiting }
}

const bytes = (engine) => engine.stats().memory

describe('2000 runs of one id that sleep', () => {
  const SLEEP = 'local s = ("x"):rep(600000) .. #host sleep(0.3) return #s'

  test('all end well, and never hold more than the engine may', async () => {
    const engine = engineWith({ maxMemory: 128 * MIB, warmVms: 0, defaults: { timeout: 60_000 } })
    let most = 0
    const watch = setInterval(() => {
      most = Math.max(most, bytes(engine))
    }, 1)
    const runs = Array.from({ length: 2000 }, () => engine.runLua(SLEEP, 'sleeper'))
    const settled = await Promise.allSettled(runs)
    clearInterval(watch)
    expect(settled.filter(({ value }) => value !== '600001')).toEqual([])
    expect(most).toBeGreaterThan(32 * MIB)
    expect(most).toBeLessThanOrEqual(128 * MIB)
    expect(bytes(engine)).toBe(0)
  }, 60_000)

  test('another id runs meanwhile', async () => {
    const engine = engineWith({ maxMemory: 64 * MIB, defaults: { timeout: 60_000 } })
    const runs = Array.from({ length: 500 }, () => engine.runLua(SLEEP, 'sleeper'))
    expect(await engine.runLua('return 1', 'other')).toBe('1')
    expect(engine.stats().completed).toBeLessThan(500)
    await Promise.all(runs)
  }, 60_000)
})

describe('a run that grows past it', () => {
  test('makes the largest run of the id that holds most die where it waits, and goes on', async () => {
    const { engine, waiting } = engineWithWaits({ maxMemory: 48 * MIB })
    const start = (id, name, mib) => engine.runLua(`${held(mib)} host.wait('${name}') return #t`, id)
    const grows = engine.runLua(`host.wait('grows') ${held(14)} return #t`, 'grows')
    const small = start('many', 'small', 8)
    const large = rejection(start('many', 'large', 14))
    const one = start('one', 'one', 16)
    await until(() => waiting.size === 4)
    expect(bytes(engine)).toBeGreaterThan(36 * MIB)
    waiting.get('grows')()
    expect(await grows).toBe('14')
    const error = await large
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ ...KILLED, scriptId: 'many' })
    expect(error.message).toContain('maxMemory')
    for (const name of ['small', 'one']) waiting.get(name)()
    expect(await Promise.all([small, one])).toEqual(['8', '16'])
    expect(bytes(engine)).toBe(0)
    expect(engine.stats()).toMatchObject({ completed: 3, failed: 1, suspended: 0 })
  })

  test('dies when it is itself the largest, and small ones go on', async () => {
    const { engine, waiting } = engineWithWaits({ maxMemory: 32 * MIB })
    const small = engine.runLua(`${held(2)} host.wait('small') return #t`, 'small')
    await until(() => waiting.size === 1)
    const endless = 'local t = {} while true do t[#t + 1] = ("x"):rep(10000) .. #t end'
    for (let i = 0; i < 5; i++) expect(await rejection(engine.runLua(endless, 'large'))).toMatchObject(KILLED)
    expect(await rejection(engine.runLua(endless, 'large', { memoryLimit: 8 * MIB }))).toMatchObject({
      code: 'ERR_LUA_MEMORY',
      limit: 'memoryLimit',
    })
    waiting.get('small')()
    expect(await small).toBe('2')
  })

  test('cannot be caught', async () => {
    const engine = engineWith({ maxMemory: 16 * MIB })
    const code = `while true do pcall(function() ${held(64)} end) end`
    expect(await rejection(engine.runLua(code, 'x', { timeout: 20_000 }))).toMatchObject(KILLED)
  })
})

describe('contexts', () => {
  test('count between their runs, and no more when they are closed', async () => {
    const engine = engineWith({ maxMemory: 64 * MIB, warmVms: 0 })
    const context = engine.createContext('x')
    await context.run(`kept = {} for i = 1, 10 do kept[i] = ("x"):rep(1000000 + i) end`)
    expect(bytes(engine)).toBeGreaterThan(9 * MIB)
    await context.close()
    expect(bytes(engine)).toBe(0)
  })

  test('that hold everything make runs fail with a clear error until one is closed', async () => {
    const engine = engineWith({ maxMemory: 8 * MIB, warmVms: 0 })
    const context = engine.createContext('tenant')
    const piece = 'kept = { kept, ("x"):rep(871) }'
    await context.run(`while collectgarbage("count") < 7900 do ${piece} end`)
    while (bytes(engine) + 65536 <= 8 * MIB) await context.run(`for i = 1, 10 do ${piece} end`)
    const error = await rejection(engine.runLua('return 1', 'other'))
    expect(error).toMatchObject({ ...KILLED, scriptId: 'other' })
    expect(error.message).toMatch(/contexts .*maxMemory of 8388608 bytes; nothing was run/)
    expect(engine.stats()).toMatchObject({ rejected: 1, queued: 0 })
    expect((await context.run('return kept ~= nil')).value).toBe(true)
    await context.close()
    expect(await engine.runLua('return 1', 'other')).toBe('1')
  })

  test('the one that holds most ends when a run needs its memory', async () => {
    const engine = engineWith({ maxMemory: 32 * MIB, warmVms: 0 })
    const [large, small] = [engine.createContext('tenant'), engine.createContext('tenant')]
    await large.run('kept = {} for i = 1, 15 do kept[i] = ("x"):rep(1000000 + i) end')
    await small.run('kept = {} for i = 1, 4 do kept[i] = ("x"):rep(1000000 + i) end')
    expect(await engine.runLua(`${held(16)} return #t`, 'other')).toBe('16')
    expect(await rejection(large.run('return 1'))).toMatchObject({ code: 'ERR_CONTEXT_CLOSED', limit: 'maxMemory' })
    expect((await small.run('return #kept')).value).toBe(4)
  })
})

describe('stats().memory', () => {
  test('is the sum of all VMs, those that were made ahead included', async () => {
    const engine = engineWith({ warmVms: 3 })
    await until(() => engine.stats().vmsCreated === 3 && engine.stats().running === 0 && bytes(engine) > 0)
    expect(bytes(engine)).toBeGreaterThan(3 * 15_000)
    expect(bytes(engine)).toBeLessThan(3 * 50_000)
  })
})

describe('the default', () => {
  afterEach(() => jest.restoreAllMocks())

  test.each([
    ['a half of what the container leaves', () => 512 * MIB, 256 * MIB],
    ['a half of the machine, when the process is not constrained', () => 0, os.totalmem() / 2],
    ['a half of the machine, when Node does not know', () => undefined, os.totalmem() / 2],
    ['a half of the machine, when the constraint is no constraint', () => 2 ** 63, os.totalmem() / 2],
    ['at least what the option takes', () => 4096, MIB],
  ])('%s', (_what, constrained, expected) => {
    jest.spyOn(process, 'constrainedMemory').mockImplementation(constrained)
    expect(maxMemory()).toBe(Math.floor(expected))
  })
})

test('every limit is named by the error that it causes', async () => {
  const engine = engineWith({ maxQueue: 0, concurrency: 1, stateQuota: 1000 })
  const limitOf = async (code, options) => (await rejection(engine.runLua(code, 'x', options))).limit
  expect(await limitOf('while true do end', { timeout: 20 })).toBe('timeout')
  expect(await limitOf('while true do end', { cpuTimeout: 20 })).toBe('cpuTimeout')
  expect(await limitOf('return ("x"):rep(1e9)', {})).toBe('memoryLimit')
  expect(await limitOf('print("xx")', { maxOutput: 1 })).toBe('maxOutput')
  expect(await limitOf('State.set("k", ("x"):rep(2000))', {})).toBe('stateQuota')
  expect(await limitOf('return 1', { maxSource: 1 })).toBe('maxSource')
  expect(await limitOf('error("x")', {})).toBeUndefined()
  // One that ends at once might give its slot to the next.
  const running = rejection(engine.runLua('while true do end', 'y', { timeout: 50 }))
  expect(await limitOf('return 1', {})).toBe('maxQueue')
  await running
})
