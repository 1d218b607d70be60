// How many calls a context has, how many may wait, and whether it takes any.
'use strict'

const { ENDLESS, FOREVER } = require('./support/constants')
const { contextWith, valueIn, withWait } = require('./support/context')
const { engineWith, until } = require('./support/engine')
const { rejection } = require('./support/rejection')

describe('pending', () => {
  test('counts calls that wait or run, until nothing is left of them', async () => {
    const engine = engineWith()
    const host = withWait(engine)
    const context = engine.createContext('x')
    expect(context.pending).toBe(0)
    const calls = [context.run('host.wait("a")'), context.get('x'), context.call('tostring', 1)]
    expect(context.pending).toBe(3)
    await host.arrived('a')
    expect(context.pending).toBe(3)
    host.release('a')
    await Promise.all(calls)
    expect(context.pending).toBe(0)
  })

  test('counts a run that was aborted until it has stopped', async () => {
    const engine = engineWith()
    const context = engine.createContext('x')
    const controller = new AbortController()
    // What has not begun in its VM would leave the context open.
    const begun = new Promise((resolve) => engine.expose('begun', () => resolve()))
    const run = rejection(context.run(`host.begun() ${ENDLESS}`, { signal: controller.signal, timeout: FOREVER }))
    await begun
    await until(() => engine.stats().suspended === 0)
    controller.abort()
    await run
    expect(context.pending).toBe(1)
    await until(() => context.pending === 0)
    expect(context.isClosed).toBe(true)
  })
})

describe('maxPending', () => {
  const FULL = {
    code: 'ERR_QUEUE_FULL',
    limit: 'maxPending',
    message: "the context's queue is full: 2 calls wait (maxPending); nothing was run",
    scriptId: 'x',
  }

  test('more calls than may wait are refused at once, and nothing of them is run', async () => {
    const engine = engineWith()
    const host = withWait(engine)
    const context = engine.createContext('x', { maxPending: 2 })
    const taken = [context.run('host.wait("a") n = 1'), context.run('n = n + 1'), context.run('n = n + 1')]
    const refused = [
      context.run('n = 100'),
      context.call('f'),
      context.apply('f'),
      context.get('n'),
      context.set('n', 1),
    ]
    for (const call of refused) expect(await rejection(call)).toMatchObject(FULL)
    expect(engine.stats().rejected).toBe(5)
    await host.arrived('a')
    host.release('a')
    await Promise.all(taken)
    expect(await context.get('n')).toBe(3)
  })

  test('0 takes a call only when none runs', async () => {
    const context = contextWith({ maxPending: 0 })
    const first = context.run('return 1')
    expect(await rejection(context.run('return 2'))).toMatchObject({ limit: 'maxPending' })
    expect(await valueIn(first)).toBe(1)
    expect(await valueIn(context.run('return 3'))).toBe(3)
  })

  test('close and memory are no calls that wait', async () => {
    const context = contextWith({ maxPending: 0 })
    const first = context.run('x = 1')
    expect(await context.memory()).toBeGreaterThan(0)
    await Promise.all([first, context.close()])
  })
})

describe('isClosed', () => {
  test('is false for a context that takes calls', async () => {
    const context = contextWith()
    expect(context.isClosed).toBe(false)
    await rejection(context.run('error()'))
    expect(context.isClosed).toBe(false)
  })

  test('is true from close() on', async () => {
    const context = contextWith()
    const run = context.run('x = 1')
    const closed = context.close()
    expect(context.isClosed).toBe(true)
    await Promise.all([run, closed])
    expect(context.isClosed).toBe(true)
  })

  test('is true when a run was stopped', async () => {
    const context = contextWith({ timeout: 20 })
    await rejection(context.run(ENDLESS))
    expect(context.isClosed).toBe(true)
  })

  test('is true when the engine is closed', async () => {
    const engine = engineWith()
    const context = engine.createContext('x')
    const closed = engine.close()
    expect(context.isClosed).toBe(true)
    await closed
    expect(context.isClosed).toBe(true)
  })
})
