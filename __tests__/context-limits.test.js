// The limits and the output of runs in a context: each run has its own, and the memory is that of the context.
'use strict'

const { ENDLESS, FOREVER } = require('./support/constants')
const { contextWith, valueIn } = require('./support/context')
const { engineWith } = require('./support/engine')
const { rejection } = require('./support/rejection')

describe('limits', () => {
  test('timeout counts from the beginning of each run, not from the call', async () => {
    const context = contextWith({ timeout: 1500 })
    const slow = context.run('sleep(2.5)', { timeout: FOREVER })
    const waits = context.run('return "done"')
    await slow
    expect(await valueIn(waits)).toBe('done')
    for (let i = 0; i < 4; i++) await context.run('sleep(0.5)')
  })

  test('cpuTimeout counts for each run alone', async () => {
    const context = contextWith({ cpuTimeout: 2000 })
    for (let i = 0; i < 5; i++) {
      await context.run('local t = os.clock() while os.clock() - t < 0.5 do end', { timeout: FOREVER })
    }
    expect(await valueIn(context.run('return 1'))).toBe(1)
  })

  test('maxOutput counts for each run alone', async () => {
    const context = contextWith({ maxOutput: 1000 })
    for (let i = 0; i < 5; i++) {
      expect((await context.run('io.write(("x"):rep(900))')).output).toHaveLength(900)
    }
    expect(await rejection(context.run('io.write(("x"):rep(1001))'))).toMatchObject({ code: 'ERR_LUA_OUTPUT' })
  })

  test('memoryLimit holds for the VM: what earlier runs left counts', async () => {
    const context = contextWith({ memoryLimit: 2 ** 20 })
    await context.run('t = {} function add() t[#t + 1] = ("x"):rep(100000) .. #t return #t end')
    let error
    let added = 0
    while (!error && added < 100) {
      await context.call('add').then(
        (result) => {
          added = result.value
        },
        (reason) => {
          error = reason
        },
      )
    }
    expect(error).toMatchObject({ code: 'ERR_LUA_MEMORY' })
    expect(added).toBeGreaterThanOrEqual(3)
    expect(added).toBeLessThan(11)
  })

  test('maxSource', async () => {
    const context = contextWith({ maxSource: 10 })
    expect(await rejection(context.run('return 12345'))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    expect(await valueIn(context.run('return 1'))).toBe(1)
    expect(await valueIn(context.run('return 12345', { maxSource: 20 }))).toBe(12345)
  })

  test('a run has its own, or else those of its context, or else those of the engine', async () => {
    const engine = engineWith({ defaults: { maxOutput: 10, timeout: FOREVER } })
    const write = (context, options) => context.run('io.write("12345")', options).then(valueIn, ({ code }) => code)
    expect(await write(engine.createContext('x'))).toBeUndefined()
    expect(await write(engine.createContext('x', { maxOutput: 3 }))).toBe('ERR_LUA_OUTPUT')
    expect(await write(engine.createContext('x', { maxOutput: 3 }), { maxOutput: 5 })).toBeUndefined()
    expect(await write(engine.createContext('x'), { maxOutput: 4 })).toBe('ERR_LUA_OUTPUT')
  })

  test('those of one run are not those of the next', async () => {
    const context = contextWith()
    await context.run('io.write("1")', { maxOutput: 1, timeout: 5000, cpuTimeout: 5000 })
    expect((await context.run('io.write("12")')).output).toBe('12')
  })
})

describe('output', () => {
  test('of one run is not in the next', async () => {
    const context = contextWith()
    expect((await context.run('print("first")')).output).toBe('first\n')
    expect((await context.run('print("second")')).output).toBe('second\n')
    expect((await context.run('')).output).toBe('')
  })

  test('of a run that failed is in its error, and in no later one', async () => {
    const context = contextWith()
    expect(await rejection(context.run('print("before") error("no")'))).toMatchObject({ output: 'before\n' })
    expect(await rejection(context.run('print("again") return print'))).toMatchObject({ output: 'again\n' })
    expect(await context.get('x')).toBeUndefined()
    expect((await context.run('print("after")')).output).toBe('after\n')
  })

  test('of a run that is stopped is its own alone', async () => {
    const context = contextWith()
    await context.run('print("first")')
    const error = await rejection(context.run(`print("last") ${ENDLESS}`, { timeout: 50 }))
    expect(error.output).toBe('last\n')
  })
})
