// What contexts cost: the memory that they hold and give back, and what the statistics count.
// Beside other tests: the memory that it measures is that of a process of its own, or of contexts.
'use strict'

const { GARBAGE_COLLECTION, runProgram } = require('./support/child')
const { ENDLESS } = require('./support/constants')
const { contextWith } = require('./support/context')
const { engineWith } = require('./support/engine')
const { rejection } = require('./support/rejection')

describe('memory', () => {
  test('is 0 before the first run, grows with what is kept, and is 0 after close', async () => {
    const context = contextWith()
    expect(await context.memory()).toBe(0)
    await context.run('t = {}')
    const before = await context.memory()
    expect(before).toBeGreaterThan(10_000)
    await context.set('text', 'x'.repeat(500_000))
    expect(await context.memory()).toBeGreaterThan(before + 490_000)
    await context.close()
    expect(await context.memory()).toBe(0)
  })

  test('does not grow over 5000 runs', async () => {
    const context = contextWith()
    await context.run('function f(t) last = t return #t end')
    const least = []
    for (let i = 0; i < 5000; i++) {
      if (i % 4 === 0) await context.run('x = { 1, 2, 3 } print("some output") return x')
      else if (i % 4 === 1) await context.call('f', [i, 'text', { i }])
      else if (i % 4 === 2) await context.set('given', { i })
      else await context.get('given')
      least.push(await context.memory())
    }
    // Garbage comes and goes.
    const [early, late] = [least.slice(500, 2500), least.slice(-2000)].map((some) => Math.min(...some))
    expect(late).toBeLessThan(early + 10_000)
    expect(Math.max(...least)).toBeLessThan(500_000)
  })

  test('is not what a recursion took, once its run is over', async () => {
    const context = contextWith()
    for (let i = 0; i < 3; i++) {
      const { value, stats } = await context.run('local function f() return 1 + f() end return (pcall(f))')
      expect(value).toBe(false)
      expect(stats.peakMemory).toBeGreaterThan(10e6)
      expect(await context.memory()).toBeLessThan(1e6)
    }
  })

  test('does not grow with functions of the host, over 2000 runs', async () => {
    const engine = engineWith()
    engine.expose('db', { get: async () => 1, deeper: { put: async () => 2 } })
    const context = engine.createContext('x')
    const least = []
    for (let i = 0; i < 2000; i++) {
      await context.run('return host.db.get() + host.db.deeper.put()')
      least.push(await context.memory())
    }
    const [early, late] = [least.slice(200, 1100), least.slice(-900)].map((some) => Math.min(...some))
    expect(late).toBeLessThan(early + 10_000)
  })
})

test('contexts that nobody refers to any more give their memory back, closed or not', async () => {
  const { stdout, stderr } = await runProgram(`${GARBAGE_COLLECTION}
    const { Engine } = require('moonpool')
    const engine = new Engine()
    const MB = 1e6
    async function use() {
      const context = engine.createContext('x')
      await context.run('t = {} for i = 1, 10 do t[i] = ("x"):rep(1e5) .. i end')
      return context
    }
    const free = () => collectGarbage(3, 5)
    async function main() {
      const held = []
      await use()
      await free()
      const before = process.memoryUsage.rss()
      for (let i = 0; i < 60; i++) held.push(await use())
      const full = process.memoryUsage.rss()
      held.length = 0
      await free()
      for (let round = 0; round < 10; round++) {
        for (let i = 0; i < 60; i++) await use()
        await free()
      }
      console.log(JSON.stringify({ held: (full - before) / MB, dropped: (process.memoryUsage.rss() - before) / MB }))
    }
    main()`)
  expect(stderr).toBe('')
  const { held: keeping, dropped } = JSON.parse(stdout)
  // 60 of them held that much, and 600 dropped ones would hold ten times as much. Of two times as much nobody knows: malloc keeps
  // what lies below any small block that is in use.
  expect(keeping).toBeGreaterThan(50)
  expect(dropped).toBeLessThan(200)
})

describe('stats', () => {
  test('count what a context runs, as they count other runs', async () => {
    const engine = engineWith()
    const context = engine.createContext('x')
    await context.run('n = 1')
    await context.get('n')
    await context.set('n', 2)
    await context.call('tostring', 1)
    await rejection(context.run('error("no")'))
    await rejection(context.run('return return'))
    await rejection(context.run(ENDLESS, { timeout: 20 }))
    const stats = engine.stats()
    expect(stats).toMatchObject({ started: 7, completed: 4, failed: 2, timedOut: 1, aborted: 0, rejected: 0 })
    expect(stats).toMatchObject({ queued: 0, running: 0, suspended: 0 })
    expect([stats.queueTime.count, stats.runTime.count, stats.cpuTime.count]).toEqual([7, 7, 7])
  })

  test('one VM for all runs of a context', async () => {
    const engine = engineWith({ warmVms: 0 })
    await engine.runLua('', 'x')
    const context = engine.createContext('x')
    engine.resetStats()
    for (let i = 0; i < 10; i++) await context.run(`return ${i}`)
    expect(engine.stats()).toMatchObject({ vmsCreated: 1, started: 10 })
  })

  test('runs of a context use the code cache', async () => {
    const engine = engineWith()
    const context = engine.createContext('x')
    for (let i = 0; i < 5; i++) await context.run('n = (n or 0) + 1')
    expect(await context.get('n')).toBe(5)
    expect(engine.stats()).toMatchObject({ cacheMisses: 1, cacheHits: 4 })
  })
})
