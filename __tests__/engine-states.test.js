// Every method of an engine in every state that an engine can be in.
'use strict'

const path = require('node:path')
const { Engine, LuaError, Script } = require('..')
const { ENDLESS, HOLDING } = require('./support/constants')
const { folderWith } = require('./support/files')
const { rejection, thrownBy } = require('./support/rejection')

const ENDS = ['completed', 'failed', 'timedOut', 'aborted', 'rejected']

const file = path.join(folderWith({ 'answer.lua': 'return 42' }), 'answer.lua')

/**
 * An engine in a state: `calls` were made of it, of which `settled` have settled; `release` ends what is in flight
 * and resolves when it has ended.
 */
const STATES = {
  async new() {
    return { engine: new Engine({ concurrency: 1 }), calls: 0, settled: 0, release: async () => {} }
  },
  async busy() {
    const engine = new Engine({ concurrency: 1 })
    const controller = new AbortController()
    const run = rejection(engine.runLua(ENDLESS, 'blocker', { signal: controller.signal }))
    return { engine, calls: 1, settled: 0, release: () => released(controller, run) }
  },
  async full() {
    const engine = new Engine({ concurrency: 1, maxQueue: 2 })
    const controller = new AbortController()
    const run = rejection(engine.runLua(HOLDING, 'blocker', { signal: controller.signal }))
    const waiting = [1, 2].map((i) => engine.runLua('return "waited"', `waiting-${i}`).catch((error) => error))
    return {
      engine,
      calls: 3,
      settled: 0,
      async release() {
        await released(controller, run)
        expect(await Promise.all(waiting)).toEqual(['waited', 'waited'])
      },
    }
  },
  async closing() {
    const { engine, calls, release } = await STATES.busy()
    const closed = engine.close({ timeout: 60_000 })
    return {
      engine,
      calls,
      settled: 0,
      async release() {
        await release()
        expect(await closed).toBeUndefined()
      },
    }
  },
  async closed() {
    const engine = new Engine({ concurrency: 1 })
    expect(await engine.runLua('return 1', 'before')).toBe('1')
    await engine.close()
    return { engine, calls: 1, settled: 1, release: async () => {} }
  },
}

async function released(controller, run) {
  const reason = new Error('released')
  controller.abort(reason)
  expect(await run).toBe(reason)
}

/** What each state does to a run, and what is going on in it. */
const RUN_ENDS = {
  new: '42',
  busy: '42',
  full: 'ERR_QUEUE_FULL',
  closing: 'ERR_ENGINE_CLOSED',
  closed: 'ERR_ENGINE_CLOSED',
}
const GAUGES = {
  new: { queued: 0, running: 0, suspended: 0 },
  busy: { queued: 0, running: 1, suspended: 0 },
  full: { queued: 2, running: 1, suspended: 0 },
  closing: { queued: 0, running: 1, suspended: 0 },
  closed: { queued: 0, running: 0, suspended: 0 },
}

async function expectRun({ engine, state }, run) {
  const end = await run.catch((error) => error)
  if (RUN_ENDS[state] === '42') {
    expect(end).toBe('42')
  } else {
    expect(end).toBeInstanceOf(LuaError)
    expect(end).toMatchObject({ code: RUN_ENDS[state], scriptId: 'caller', output: '' })
    expect(await rejection(engine.runLua('State.set("ran", 1)', 'caller'))).toMatchObject({ code: RUN_ENDS[state] })
    return { calls: 2 }
  }
  return { calls: 1 }
}

async function expectCloses(context, close) {
  const closed = close()
  expect(typeof closed.then).toBe('function')
  // From the same moment on, nothing is taken.
  expect(await rejection(context.engine.runLua('return 1', 'late'))).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
  await context.release()
  expect(await closed).toBeUndefined()
  return { calls: 1, isReleased: true }
}

/** Each method: what it must do in a state. Gives how many calls more were made that count. */
const METHODS = {
  runLua: (context) => expectRun(context, context.engine.runLua('return 42', 'caller')),
  'runLua with a script of another engine': async (context) => {
    const script = new Engine().compile('return 42')
    return expectRun(context, context.engine.runLua(script, 'caller'))
  },
  'runLua with an aborted signal': async ({ engine }) => {
    const reason = Symbol('reason')
    expect(await rejection(engine.runLua('', 'caller', { signal: AbortSignal.abort(reason) }))).toBe(reason)
    return { calls: 1 }
  },
  'runLua with bad arguments': async ({ engine }) => {
    expect(await rejection(engine.runLua(1, 'x'))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    expect(await rejection(engine.runLua('', ''))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    expect(await rejection(engine.runLua('', 'x', { timeOut: 1 }))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    return { calls: 0 }
  },
  runFile: (context) => expectRun(context, context.engine.runFile(file, 'caller')),
  'runFile with bad arguments': async ({ engine }) => {
    expect(await rejection(engine.runFile(1, 'x'))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    expect(await rejection(engine.runFile(file, ''))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    return { calls: 0 }
  },
  compile: async ({ engine, state }) => {
    const compile = () => engine.compile('return 42', { name: 'rule' })
    if (state.startsWith('clos')) {
      const error = thrownBy(compile)
      expect(error).toBeInstanceOf(LuaError)
      expect(error.code).toBe('ERR_ENGINE_CLOSED')
      expect(error).not.toHaveProperty('scriptId')
    } else {
      const script = compile()
      expect(script).toBeInstanceOf(Script)
      expect(await new Engine().runLua(script, 'x')).toBe('42')
    }
    return { calls: 0 }
  },
  'compile with bad arguments': async ({ engine }) => {
    expect(thrownBy(() => engine.compile())).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    expect(thrownBy(() => engine.compile('', { name: '' }))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    return { calls: 0 }
  },
  stats: async ({ engine, state, settled }) => {
    const stats = engine.stats()
    expect(stats).toMatchObject({ ...GAUGES[state], completed: settled, failed: 0, timedOut: 0, aborted: 0 })
    expect(engine.stats()).not.toBe(stats)
    return { calls: 0 }
  },
  resetStats: async ({ engine, state, settled }) => {
    expect(engine.resetStats()).toBeUndefined()
    expect(engine.stats()).toMatchObject({
      ...GAUGES[state],
      ...Object.fromEntries(ENDS.map((end) => [end, 0])),
      started: 0,
      runTime: { count: 0, max: 0 },
    })
    return { calls: -settled }
  },
  close: (context) => expectCloses(context, () => context.engine.close()),
  'close with a timeout': (context) => expectCloses(context, () => context.engine.close({ timeout: 60_000 })),
  'close twice': (context) =>
    expectCloses(context, () => {
      const both = [context.engine.close(), context.engine.close({ timeout: 60_000 })]
      return Promise.all(both).then((ends) => expect(ends).toEqual([undefined, undefined]))
    }),
  'close with bad arguments': async ({ engine, state }) => {
    expect(await rejection(engine.close({ timeout: -1 }))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    expect(await rejection(engine.close(null))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    // It closes nothing.
    if (!state.startsWith('clos')) expect(engine.compile('')).toBeInstanceOf(Script)
    return { calls: 0 }
  },
  'Symbol.asyncDispose': (context) => expectCloses(context, () => context.engine[Symbol.asyncDispose]()),
  'on and emit': async ({ engine }) => {
    const heard = []
    for (const event of ['full', 'drain', 'custom']) {
      expect(engine.on(event, (...values) => heard.push([event, ...values]))).toBe(engine)
      expect(engine.emit(event, 1)).toBe(true)
    }
    expect(heard).toEqual([
      ['full', 1],
      ['drain', 1],
      ['custom', 1],
    ])
    expect(engine.emit('unheard')).toBe(false)
    engine.removeAllListeners()
    return { calls: 0 }
  },
  'emit of an error that nobody hears': async ({ engine }) => {
    // Not the very error: the class Error of a test is not Node's own, and gets wrapped.
    expect(() => engine.emit('error', new Error('unheard'))).toThrow('unheard')
    return { calls: 0 }
  },
}

describe.each(Object.keys(STATES))('an engine that is %s', (state) => {
  test.each(Object.keys(METHODS))('%s', async (method) => {
    const context = { state, ...(await STATES[state]()) }
    const { engine, release } = context
    const { calls, isReleased } = await METHODS[method](context)
    if (!isReleased) await release()
    // Afterwards it is as good as any other: it runs, unless it is closed, it closes, and its numbers add up.
    const end = await engine.runLua('return "ran"', 'after').catch((error) => error.code)
    expect(end).toBe(isReleased || state.startsWith('clos') ? 'ERR_ENGINE_CLOSED' : 'ran')
    expect(await engine.runLua('return 1', 'after').catch(() => {})).toBe(end === 'ran' ? '1' : undefined)
    await engine.close()
    const stats = engine.stats()
    expect(stats).toMatchObject({ queued: 0, running: 0, suspended: 0 })
    expect(ENDS.reduce((sum, name) => sum + stats[name], 0)).toBe(context.calls + calls + 2)
    expect(stats.runTime.count).toBe(stats.queueTime.count)
    expect(stats.cpuTime.count).toBe(stats.queueTime.count)
  })

  test('no method works without its engine', async () => {
    const { engine, release } = await STATES[state]()
    const { runLua, runFile, compile, stats, resetStats, close } = engine
    for (const call of [() => runLua('', 'x'), () => runFile(file, 'x'), () => close()]) {
      expect(await rejection(call())).toBeInstanceOf(TypeError)
    }
    for (const call of [() => compile(''), () => stats(), () => resetStats()]) expect(call).toThrow(TypeError)
    await release()
    await engine.close()
  })
})
