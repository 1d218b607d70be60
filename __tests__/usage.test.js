// What each id has taken of an engine, and has going on.
'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const { ENDLESS } = require('./support/constants')
const { Usage } = require('../lib/usage')
const { engineExposing, engineWith, hold, isIdle, until } = require('./support/engine')
const { ends, expectBadArgument, thrownBy } = require('./support/rejection')

const NOTHING = {
  queued: 0,
  started: 0,
  waiting: 0,
  completed: 0,
  failed: 0,
  timedOut: 0,
  aborted: 0,
  rejected: 0,
  cpuTime: 0,
  hostCalls: 0,
  memory: 0,
  stateBytes: 0,
}
const ENDS = ['completed', 'failed', 'timedOut', 'aborted', 'rejected']

test('an id that was never seen has taken nothing', () => {
  const engine = engineWith()
  expect(engine.usage('nobody')).toEqual(NOTHING)
  expect([...engine.usage()]).toEqual([])
  expectBadArgument(
    thrownBy(() => engine.usage('')),
    RangeError,
    'scriptId',
  )
})

test('what runs have going on is told while they are at it', async () => {
  const engine = engineExposing({ never: () => new Promise(() => {}) }, { concurrency: 1 })
  const runs = ends([engine.runLua('t = ("x"):rep(1e6) State.set("k", 1) host.never()', 'a')])
  await until(() => engine.usage('a').waiting === 1 && engine.usage('a').hostCalls === 1)
  const release = hold(engine)
  const queued = ends([1, 2].map(() => engine.runLua('', 'a')))
  const usage = engine.usage('a')
  expect(usage).toMatchObject({ queued: 2, started: 1, waiting: 1, hostCalls: 1, completed: 0 })
  expect(usage.memory).toBeGreaterThan(1e6)
  expect(usage.stateBytes).toBe((await engine.state('a').size()).bytes)
  await release()
  await queued
  await engine.close({ timeout: 0 })
  expect(await runs).toEqual(['ERR_ENGINE_CLOSED'])
  expect(engine.usage('a')).toMatchObject({ queued: 0, started: 0, waiting: 0, completed: 2, aborted: 1, memory: 0 })
})

test('calls that get no context of a pool count as they do for the engine', async () => {
  const engine = engineWith()
  const pool = engine.createPool('a', { size: 1, maxPending: 1 })
  const controller = new AbortController()
  const waits = [pool.use(() => new Promise((resolve) => controller.signal.addEventListener('abort', resolve)))]
  const calls = ends([pool.run('', { signal: controller.signal }), pool.run('')])
  await until(() => pool.pending === 0 || engine.usage('a').rejected === 1)
  controller.abort()
  await Promise.all([calls, ...waits])
  const { completed, aborted, rejected } = engine.stats()
  expect(engine.usage('a')).toMatchObject({ completed, aborted, rejected })
  expect(aborted + rejected).toBe(2)
})

test('memory of contexts counts between their runs', async () => {
  const engine = engineWith()
  const context = engine.createContext('a')
  await context.run('t = ("x"):rep(1e6)')
  await until(() => isIdle(engine))
  expect(engine.usage('a').memory).toBeGreaterThan(1e6)
  await context.close()
  expect(engine.usage('a').memory).toBe(0)
})

test('a run that is aborted counts with the time that it took', async () => {
  const engine = engineWith({ concurrency: 1 })
  const controller = new AbortController()
  const run = ends([engine.runLua(ENDLESS, 'a', { signal: controller.signal })])
  await until(() => engine.usage('a').started === 1)
  await sleep(30)
  controller.abort('enough')
  expect(await run).toEqual(['enough'])
  expect(engine.usage('a').aborted).toBe(1)
  // Heard of a little later: a worker may go on by itself.
  await until(() => engine.usage('a').started === 0 && engine.usage('a').cpuTime > 0)
  expect(engine.usage('a').cpuTime).toBeGreaterThan(5)
})

test('cpuTime is the sum of what the results say', async () => {
  const engine = engineWith()
  const results = await Promise.all([1, 2, 3].map((i) => engine.run(`return ${i}`, 'a')))
  const sum = results.reduce((sum, { stats }) => sum + stats.cpuTime, 0)
  expect(engine.usage('a').cpuTime).toBeCloseTo(sum, 9)
})

test('after any mix of ends the sums are those of stats()', async () => {
  const engine = engineExposing({ ask: async () => 1 }, { concurrency: 2, maxQueue: 12, perId: { maxQueued: 4 } })
  let seed = 5
  const random = (n) => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return Math.floor((seed / 2147483648) * n)
  }
  const codes = ['return 1', 'error("no")', ENDLESS, 'return host.ask()', 'sleep(0.003)', 'x x']
  const contexts = ['id-0', 'id-1'].map((id) => engine.createContext(id))
  const sums = () => {
    const sum = Object.fromEntries(['queued', ...ENDS].map((name) => [name, 0]))
    for (const [, usage] of engine.usage()) for (const name of Object.keys(sum)) sum[name] += usage[name]
    return sum
  }
  const isRight = () => {
    const { completed, failed, timedOut, aborted, rejected } = engine.stats()
    const { queued: _, ...ended } = sums()
    expect(ended).toEqual({ completed, failed, timedOut, aborted, rejected })
    // Workers that go on by themselves take some of what waits, and give some of it back, in between.
    for (let looks = 1; sums().queued !== engine.stats().queued; looks++) expect(looks).toBeLessThan(1000)
  }
  const runs = []
  for (let i = 0; i < 300; i++) {
    const code = codes[random(codes.length)]
    const controller = new AbortController()
    const options = { timeout: 1 + random(15), signal: controller.signal }
    const start = random(4) === 0 ? () => contexts[random(2)].run(code, options) : () => run(code, options)
    const run = (code, options) => engine.run(code, `id-${random(7)}`, options)
    runs.push(start().catch((error) => error))
    if (random(5) === 0) controller.abort()
    isRight()
    if (random(3) === 0) await new Promise(setImmediate)
    isRight()
  }
  await Promise.all(runs)
  isRight()
  expect(Object.values(sums()).every((count) => count >= 0)).toBe(true)
  const { queued, ...ended } = sums()
  expect([queued, Object.values(ended).reduce((a, b) => a + b, 0)]).toEqual([0, 300])
  await engine.close({ timeout: 0 })
  isRight()
  for (const [, { started, waiting, memory }] of engine.usage()) expect([started, waiting, memory]).toEqual([0, 0, 0])
})

test('resetStats leaves it alone', async () => {
  const engine = engineWith()
  await engine.runLua('', 'a')
  engine.resetStats()
  expect([engine.stats().completed, engine.usage('a').completed]).toEqual([0, 1])
})

describe('trackedIds', () => {
  const idsOf = (engine) => Array.from(engine.usage(), ([id]) => id)

  test('the ids that were active last are tracked, from the latest on', async () => {
    const engine = engineWith({ trackedIds: 3 })
    for (const id of ['a', 'b', 'c', 'a', 'd']) await engine.runLua('', id)
    expect(idsOf(engine)).toEqual(['d', 'a', 'c'])
    expect(engine.usage('a').completed).toBe(2)
    expect(engine.usage('b').completed).toBe(0)
    expect(engine.stats().completed).toBe(5)
  })

  test('the end of a run is activity, also of an id that was forgotten meanwhile', async () => {
    const answers = []
    const engine = engineExposing(
      { ask: () => new Promise((resolve) => answers.push(resolve)) },
      { concurrency: 1, trackedIds: 2 },
    )
    const slow = engine.runLua('return host.ask()', 'slow')
    await until(() => answers.length === 1)
    for (const id of ['a', 'b', 'c']) await engine.runLua('', id)
    expect(idsOf(engine)).toEqual(['c', 'b'])
    expect(engine.usage('slow')).toMatchObject({ waiting: 1, hostCalls: 0 })
    answers[0](1)
    await slow
    expect(idsOf(engine)).toEqual(['slow', 'c'])
    expect(engine.usage('slow').completed).toBe(1)
  })

  test('iterating is not disturbed by what happens meanwhile', async () => {
    const engine = engineWith({ trackedIds: 3 })
    for (const id of ['a', 'b', 'c']) await engine.runLua('', id)
    const seen = []
    for (const [id] of engine.usage()) {
      seen.push(id)
      await engine.runLua('', `new-${id}`)
    }
    expect(seen).toEqual(['c', 'b', 'a'])
  })

  test('a million ids take no more than those that are tracked, and their sums are exact', () => {
    const MANY = 1_000_000
    const ended = { completed: 0, failed: 0 }
    const usage = new Usage({ usage: () => ({}) }, 1000)
    for (let i = 0; i < MANY; i++) {
      const tally = usage.of(`id ${i}`)
      usage.took(tally, 1)
      const end = i % 3 ? 'completed' : 'failed'
      usage.count(tally, end)
      if (i >= MANY - 1000) ended[end] += 1
    }
    const all = [...usage.all()]
    expect([all.length, all[0][0], all.at(-1)[0]]).toEqual([1000, 'id 999999', 'id 999000'])
    const sumOf = (name) => all.reduce((sum, [, of]) => sum + of[name], 0)
    expect([sumOf('completed'), sumOf('failed'), sumOf('cpuTime')]).toEqual([ended.completed, ended.failed, 1000])
  })

  test('the sums of many ids are those of the engine', async () => {
    const engine = engineWith()
    const run = (i) => engine.runLua(i % 5 ? '' : 'error()', `id ${i % 700}`).catch(() => {})
    for (let i = 0; i < 3000; i += 500) await Promise.all(Array.from({ length: 500 }, (_, k) => run(i + k)))
    const all = [...engine.usage()]
    expect(all).toHaveLength(700)
    const { completed, failed } = engine.stats()
    const sumOf = (name) => all.reduce((sum, [, of]) => sum + of[name], 0)
    expect([sumOf('completed'), sumOf('failed')]).toEqual([completed, failed])
    expect([completed, failed]).toEqual([2400, 600])
  })

  test.each([0, 1.5, '3'])('%p is refused', (trackedIds) => {
    expectBadArgument(
      thrownBy(() => engineWith({ trackedIds })),
      typeof trackedIds === 'string' ? TypeError : RangeError,
      'whole number of ids from 1 to 10000000',
    )
  })
})
