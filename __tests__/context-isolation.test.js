// Several contexts of one engine: side by side, nothing shared but what their ids share, and who each of them is.
'use strict'

const { ENDLESS, FOREVER, HOLDING } = require('./support/constants')
const { contextWith, valueIn, valuesIn } = require('./support/context')
const { engineWith, until } = require('./support/engine')
const { rejection } = require('./support/rejection')

describe('several contexts', () => {
  test('run side by side: each waits for the other', async () => {
    const engine = engineWith({ concurrency: 1 })
    const waiting = []
    engine.expose('meet', () => {
      return new Promise((resolve) => {
        waiting.push(resolve)
        if (waiting.length === 3) for (const go of waiting) go('met')
      })
    })
    const runs = ['a', 'b', 'a'].map((id) => engine.createContext(id).run('return host.meet()'))
    expect(await Promise.all(runs.map(valueIn))).toEqual(['met', 'met', 'met'])
  })

  test('hold as many threads at once as the engine has', async () => {
    const engine = engineWith({ concurrency: 2 })
    const controller = new AbortController()
    const options = { signal: controller.signal, timeout: FOREVER }
    const runs = ['a', 'b'].map((id) => rejection(engine.createContext(id).run(HOLDING, options)))
    await until(() => engine.stats().running === 2 && engine.stats().queued === 0)
    controller.abort('enough')
    expect(await Promise.all(runs)).toEqual(['enough', 'enough'])
  })

  test('share no globals, also with one id', async () => {
    const engine = engineWith()
    const contexts = ['a', 'b', 'a'].map((id) => engine.createContext(id))
    await Promise.all(contexts.map((context, i) => context.run(`n = ${i} function string.n() return ${i} end`)))
    const values = await Promise.all(contexts.map((context) => valuesIn(context.run('return n, string.n()'))))
    expect(values).toEqual([0, 1, 2].map((i) => [i, i]))
  })

  test('live on when another one ends', async () => {
    const engine = engineWith()
    const [doomed, other] = [engine.createContext('x'), engine.createContext('x')]
    await other.set('n', 1)
    await rejection(doomed.run(ENDLESS, { timeout: 20 }))
    expect(await other.get('n')).toBe(1)
  })

  test('100 of them, each with a run that waits, on one thread', async () => {
    const engine = engineWith({ concurrency: 1 })
    const resolves = []
    engine.expose('wait', () => new Promise((resolve) => resolves.push(resolve)))
    const contexts = Array.from({ length: 100 }, (_, i) => engine.createContext(`tenant-${i}`))
    const runs = contexts.map((context, i) => context.run('host.wait() return ...', { args: [i] }))
    await until(() => resolves.length === 100)
    for (const resolve of resolves) resolve()
    expect(await Promise.all(runs.map(valueIn))).toEqual(contexts.map((_, i) => i))
  })
})

describe('who runs', () => {
  test('the scriptId, which decides about State', async () => {
    const engine = engineWith()
    const [first, second, other] = ['a', 'a', 'b'].map((id) => engine.createContext(id))
    await first.run('State.set("k", script.id)')
    expect(await valueIn(second.run('return State.get("k")'))).toBe('a')
    expect(await valueIn(other.run('return State.has("k")'))).toBe(false)
    expect(await engine.runLua('return State.get("k"), script.id', 'a')).toBe('a\ta')
    expect([first.scriptId, other.scriptId]).toEqual(['a', 'b'])
  })

  test('host functions are told', async () => {
    const engine = engineWith()
    const seen = []
    engine.expose('who', ({ scriptId, signal }) => {
      seen.push(signal.aborted)
      return scriptId
    })
    const context = engine.createContext('me')
    expect(await valueIn(context.run('return host.who()'))).toBe('me')
    await context.run('who = host.who')
    expect(await valueIn(context.call('who'))).toBe('me')
    expect(seen).toEqual([false, false])
  })

  test('functions that are exposed later are there in the next run', async () => {
    const engine = engineWith()
    const context = engine.createContext('x')
    expect(await valueIn(context.run('return host.later'))).toBeUndefined()
    engine.expose('later', () => 'now')
    expect(await valueIn(context.run('return host.later()'))).toBe('now')
  })

  test('scriptId cannot be written', () => {
    const context = contextWith()
    expect(() => {
      context.scriptId = 'other'
    }).toThrow(TypeError)
    expect(context.scriptId).toBe('x')
  })
})
