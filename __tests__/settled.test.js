// The channel moonpool.run.settled, and that aborted runs are accounted for.
'use strict'

const { channel, tracingChannel } = require('node:diagnostics_channel')
const { engineExposing, engineWith, until } = require('./support/engine')
const { rejection } = require('./support/rejection')

const settled = channel('moonpool.run.settled')
let messages
const listen = (message) => messages.push(message)
beforeEach(() => {
  messages = []
  settled.subscribe(listen)
})
afterEach(() => settled.unsubscribe(listen))

const started = (engine, count) => until(() => engine.stats().started === count)
const told = (count) => until(() => messages.length === count)

const LIVES = {
  'that executes': 'while true do end',
  'that is preempted and executes in turns': 'for i = 1, 1e12 do end',
  'that waits for a host function': 'for i = 1, 1e6 do end host.wait()',
  'that sleeps': 'for i = 1, 1e6 do end sleep(100)',
}

describe.each(Object.entries(LIVES))('an aborted run %s', (_, code) => {
  test.each([
    ['run', (engine, options) => engine.run(code, 'x', options)],
    ['context.run', (engine, options) => engine.createContext('x').run(code, options)],
  ])('%s: its time reaches stats() and the channel', async (_name, call) => {
    const engine = engineExposing({ wait: () => new Promise(() => {}) })
    const controller = new AbortController()
    const run = rejection(call(engine, { signal: controller.signal, timeout: 60_000 }))
    await started(engine, 1)
    await new Promise((resolve) => setTimeout(resolve, 40))
    controller.abort(new Error('stop'))
    const error = await run
    await told(1)
    const [{ scriptId, name, end, stats, error: same }] = messages
    expect({ scriptId, name, end }).toEqual({ scriptId: 'x', name: 'x', end: 'aborted' })
    expect(same).toBe(error)
    expect(messages[0].engine).toBe(engine)
    expect(stats.slices).toBeGreaterThan(0)
    expect(stats.cpuTime).toBeGreaterThan(1)
    expect(stats.runTime).toBeGreaterThanOrEqual(stats.cpuTime)
    const { cpuTime, runTime, aborted } = engine.stats()
    expect(aborted).toBe(1)
    expect([cpuTime.count, runTime.count]).toEqual([1, 1])
    expect(cpuTime.max / stats.cpuTime).toBeCloseTo(1, 1)
  })
})

test.each([
  ['completed', 'return 1', {}],
  ['failed', 'error("no")', {}],
  ['timedOut', 'while true do end', { timeout: 20 }],
])('a run that %s is told once, with its stats', async (end, code, options) => {
  const engine = engineWith()
  const outcome = await engine.run(code, 'x', options).then(
    (result) => ({ result }),
    (error) => ({ error }),
  )
  await told(1)
  expect(messages[0]).toMatchObject({ end, stats: { slices: expect.any(Number) }, ...outcome })
  await new Promise(setImmediate)
  expect(messages).toHaveLength(1)
})

test('what never began is told without stats of execution', async () => {
  const engine = engineWith({ concurrency: 1 })
  const context = engine.createContext('x')
  await context.close()
  await rejection(context.run('return 1'))
  await rejection(engine.run('return 1', 'x', { signal: AbortSignal.abort() }))
  await engine.close()
  await rejection(engine.run('return 1', 'x'))
  await told(3)
  expect(messages.map(({ end, stats }) => [end, stats])).toEqual([
    ['rejected', undefined],
    ['aborted', undefined],
    ['rejected', undefined],
  ])
  expect(engine.stats()).toMatchObject({ rejected: 2, aborted: 1 })
})

test('it comes after all events of the tracing channel, with the same object', async () => {
  const events = []
  const tracing = tracingChannel('moonpool.run')
  const handlers = Object.fromEntries(
    ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((name) => [
      name,
      (context) => events.push([name, context]),
    ]),
  )
  const last = (context) => events.push(['settled', context])
  tracing.subscribe(handlers)
  settled.subscribe(last)
  try {
    const engine = engineWith()
    await engine.run('return 1', 'x')
    await told(1)
    const controller = new AbortController()
    const run = rejection(engine.run('while true do end', 'x', { signal: controller.signal }))
    await started(engine, 2)
    controller.abort()
    await run
    await told(2)
  } finally {
    tracing.unsubscribe(handlers)
    settled.unsubscribe(last)
  }
  const names = ['start', 'end', 'asyncStart', 'asyncEnd', 'settled']
  expect(events.map(([name]) => name)).toEqual([...names, 'start', 'end', 'error', 'asyncStart', 'asyncEnd', 'settled'])
  expect(new Set(events.map(([, context]) => context)).size).toBe(2)
})

test('listeners that call back: close, run, stats', async () => {
  const engine = engineWith()
  const inner = []
  const again = (message) => {
    if (message.scriptId !== 'first') return
    engine.stats()
    inner.push(engine.runLua('return 2', 'second'), engine.close())
  }
  settled.subscribe(again)
  try {
    await engine.runLua('return 1', 'first')
    await until(() => inner.length > 0)
    expect(await inner[0]).toBe('2')
    await inner[1]
  } finally {
    settled.unsubscribe(again)
  }
})
