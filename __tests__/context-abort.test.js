// Signals of runs in a context, and runs that are refused: what never began costs the context nothing.
// Beside other tests: its clock only burns time.
'use strict'

const { getEventListeners } = require('node:events')
const { ENDLESS, FOREVER } = require('./support/constants')
const { contextWith, valueIn, valuesIn, withWait } = require('./support/context')
const { engineWith, held: holdNow, until } = require('./support/engine')
const { rejection } = require('./support/rejection')

/** Holds the only thread of an engine. Returns what gives it back. */
async function held(engine) {
  const release = await holdNow(engine)
  return async () => {
    await release()
    await until(() => engine.stats().running === 0)
  }
}

describe.each(['new', 'used'])('a run of which nothing was run, in a %s context', (kind) => {
  async function contextOn(engine) {
    const context = engine.createContext('x')
    if (kind === 'used') await context.run('n = 1')
    return context
  }

  /** It has lost nothing, and nothing was run. */
  async function expectUsable(context) {
    expect(await valuesIn(context.run('return n, ran'))).toEqual([kind === 'used' ? 1 : undefined, undefined])
    await context.set('later', 1)
    expect(await context.get('later')).toBe(1)
  }

  test('a signal that is aborted already', async () => {
    const context = await contextOn(engineWith())
    const reason = { any: 'value' }
    expect(await rejection(context.run('ran = true', { signal: AbortSignal.abort(reason) }))).toBe(reason)
    await expectUsable(context)
  })

  test('a signal that is aborted in the turn of the call', async () => {
    const context = await contextOn(engineWith())
    const controller = new AbortController()
    const run = rejection(context.run('ran = true', { signal: controller.signal }))
    controller.abort('at once')
    expect(await run).toBe('at once')
    await expectUsable(context)
  })

  test('a signal that is aborted while it waits for its turn: it rejects at once, the others go on', async () => {
    const engine = engineWith()
    const { arrived, release } = withWait(engine)
    const context = await contextOn(engine)
    const controller = new AbortController()
    const first = context.run('host.wait("first") return "first"')
    const second = rejection(context.run('ran = true', { signal: controller.signal }))
    const third = context.run('return ran, "third"')
    await arrived('first')
    controller.abort('no patience')
    expect(await second).toBe('no patience')
    release('first')
    expect(await valueIn(first)).toBe('first')
    expect(await valuesIn(third)).toEqual([undefined, 'third'])
    await expectUsable(context)
  })

  test('a signal that is aborted while it waits in the queue of the engine', async () => {
    const engine = engineWith({ concurrency: 1 })
    const context = await contextOn(engine)
    const free = await held(engine)
    const controller = new AbortController()
    const run = rejection(context.run('ran = true', { signal: controller.signal }))
    await until(() => engine.stats().queued === 1)
    controller.abort('no patience')
    expect(await run).toBe('no patience')
    await free()
    await expectUsable(context)
  })

  test('queueTimeout', async () => {
    const engine = engineWith({ concurrency: 1 })
    const context = await contextOn(engine)
    const free = await held(engine)
    const error = await rejection(context.run('ran = true', { queueTimeout: 10 }))
    expect(error).toMatchObject({ code: 'ERR_QUEUE_TIMEOUT' })
    await free()
    await expectUsable(context)
  })

  test('ERR_QUEUE_FULL', async () => {
    const engine = engineWith({ concurrency: 1, maxQueue: 0 })
    const context = await contextOn(engine)
    const free = await held(engine)
    expect(await rejection(context.run('ran = true'))).toMatchObject({ code: 'ERR_QUEUE_FULL' })
    expect(await rejection(context.get('n'))).toMatchObject({ code: 'ERR_QUEUE_FULL' })
    await free()
    await expectUsable(context)
  })

  test('bad arguments', async () => {
    const context = await contextOn(engineWith())
    await rejection(context.run('ran = true', { timeout: -1 }))
    await rejection(context.run('x'.repeat(2 ** 20 + 1)))
    await rejection(context.get(''))
    await expectUsable(context)
  })
})

test('a signal that is aborted after the run changes nothing, and no listener is left', async () => {
  const context = contextWith()
  const controller = new AbortController()
  const { signal } = controller
  const runs = [context.run('n = 1', { signal }), context.run('error("no")', { signal }), context.run('', { signal })]
  await Promise.allSettled(runs)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  controller.abort()
  expect(await context.get('n')).toBe(1)
})

test('one signal for many runs of a context: one listener, no warning, and all of them stop', async () => {
  const warnings = []
  const listener = (warning) => warnings.push(warning.name)
  process.on('warning', listener)
  const context = contextWith()
  const controller = new AbortController()
  const { signal } = controller
  const runs = Array.from({ length: 50 }, () => rejection(context.run(ENDLESS, { signal, timeout: FOREVER })))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  controller.abort('all')
  expect(new Set(await Promise.all(runs))).toEqual(new Set(['all']))
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  await new Promise(setImmediate)
  process.off('warning', listener)
  expect(warnings).toEqual([])
  expect(await rejection(context.get('n'))).toMatchObject({ code: 'ERR_CONTEXT_CLOSED' })
})

test('a signal that is aborted when the run has ended, but has not settled, does not harm the context', async () => {
  const context = contextWith()
  await context.run('n = 1')
  const controller = new AbortController()
  const run = rejection(context.run('n = 2', { signal: controller.signal }))
  await new Promise(setImmediate)
  const start = performance.now()
  while (performance.now() - start < 100) {}
  controller.abort('late')
  expect(await run).toBe('late')
  expect(await context.get('n')).toBe(2)
})
