// The runs of a context: one after the other, in the order of the calls, and without a thread while they wait.
'use strict'

const { contextWith, valueIn, withWait } = require('./support/context')
const { engineWith } = require('./support/engine')
const { rejection } = require('./support/rejection')

describe('the order of runs', () => {
  test('is that of the calls, whatever kind they are and however long they take', async () => {
    const engine = engineWith()
    engine.expose('later', (_context, value) => new Promise((resolve) => setTimeout(resolve, 20, value)))
    const context = engine.createContext('x')
    const calls = [
      context.run('log = "" function note(what) log = log .. what return log end sleep(0.03) note("a")'),
      context.set('mark', 'm'),
      context.run('note(host.later("b")) note(mark)'),
      context.get('log'),
      context.call('note', 'c'),
      context.set('mark', 'n'),
      context.run('for i = 1, 3e6 do end note(mark) error("no")').catch((error) => error.code),
      context.call('note', 'd'),
      context.get('log'),
    ]
    const results = await Promise.all(calls)
    expect(results[3]).toBe('abm')
    expect(results[4].value).toBe('abmc')
    expect(results[6]).toBe('ERR_LUA_RUNTIME')
    expect(results[7].value).toBe('abmcnd')
    expect(results[8]).toBe('abmcnd')
  })

  test('holds for 300 calls at once, with and without a signal', async () => {
    const context = contextWith()
    await context.run('seen = {}')
    const { signal } = new AbortController()
    const runs = Array.from({ length: 300 }, (_, i) =>
      context.run(i % 3 ? 'seen[#seen + 1] = ...' : 'sleep(0) seen[#seen + 1] = ...', {
        args: [i],
        signal: i % 2 ? signal : undefined,
      }),
    )
    await Promise.all(runs)
    expect(await context.get('seen')).toEqual(runs.map((_, i) => i))
  })

  test('promises settle in that order, too', async () => {
    const context = contextWith()
    const settled = []
    const calls = [context.run('sleep(0.02)'), context.run('error("no")'), context.set('a', 1), context.get('a')]
    await Promise.all(calls.map((call, i) => call.catch(() => {}).then(() => settled.push(i))))
    expect(settled).toEqual([0, 1, 2, 3])
  })

  test('no run begins before the one before it has ended', async () => {
    const engine = engineWith({ concurrency: 2 })
    const { arrived, hasArrived, release } = withWait(engine)
    const context = engine.createContext('x')
    const first = context.run('host.wait("first")')
    const second = context.run('host.wait("second")')
    await arrived('first')
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(hasArrived('second')).toBe(false)
    expect(engine.stats()).toMatchObject({ started: 1, suspended: 1, queued: 1 })
    release('first')
    await arrived('second')
    release('second')
    await Promise.all([first, second])
  })

  test('memory() waits for the runs before it', async () => {
    const context = contextWith()
    await context.run('')
    const before = await context.memory()
    context.run('sleep(0.02) t = ("x"):rep(300000)')
    expect(await context.memory()).toBeGreaterThan(before + 290_000)
  })

  test('a host function may use another context', async () => {
    const engine = engineWith({ concurrency: 1 })
    const other = engine.createContext('other')
    engine.expose('ask', async (_context, code) => (await other.run(code)).value)
    await other.run('n = 20')
    expect(await valueIn(engine.createContext('x').run('return host.ask("n = n + 1 return n") * 2'))).toBe(42)
  })
})

describe('a run whose values cannot cross does not block those after it', () => {
  test.each([
    ['call', (context) => context.call('tostring', () => {})],
    ['set', (context) => context.set('v', Symbol('s'))],
    ['run with args', (context) => context.run('', { args: [new Date()] })],
    ['run with globals', (context) => context.run('', { globals: { f() {} } })],
  ])('%s', async (_what, call) => {
    const engine = engineWith()
    const context = engine.createContext('x')
    expect(await rejection(call(context))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    expect(await valueIn(context.run('return 1'))).toBe(1)
    await context.close()
    await engine.close()
  })
})

describe('a run that waits', () => {
  test('holds no thread: on one thread, other runs and other contexts go on', async () => {
    const engine = engineWith({ concurrency: 1 })
    const { arrived, release } = withWait(engine)
    const context = engine.createContext('x')
    const waits = context.run('n = host.wait("a") sleep(0.001) return n')
    await arrived('a')
    expect(engine.stats()).toMatchObject({ suspended: 1, running: 0 })
    expect(await engine.runLua('return 1', 'y')).toBe('1')
    expect(await valueIn(engine.createContext('x').run('return 2'))).toBe(2)
    release('a')
    expect(await valueIn(waits)).toBe('a')
  })

  test('an idle context holds no thread either', async () => {
    const engine = engineWith({ concurrency: 1 })
    const contexts = Array.from({ length: 20 }, (_, i) => engine.createContext(`tenant-${i}`))
    await Promise.all(contexts.map((context) => context.run('n = 1')))
    expect(engine.stats()).toMatchObject({ running: 0, suspended: 0, queued: 0 })
    expect(await engine.runLua('return 1', 'y')).toBe('1')
  })
})
