// Signals of the host's own making: whatever they throw or change, the run settles once and the engine goes on.
'use strict'

const { engineExposing, engineWith, isIdle, until } = require('./support/engine')
const { rejection } = require('./support/rejection')

const fail = (what) => () => {
  throw new Error(what)
}

/** A signal that can be told what to do. */
class Signal {
  aborted = false
  reason
  listeners = new Set()
  added = 0

  addEventListener(_type, listener) {
    this.added += 1
    this.listeners.add(listener)
  }

  removeEventListener(_type, listener) {
    this.listeners.delete(listener)
  }

  fire() {
    for (const listener of [...this.listeners]) listener()
  }

  abort(reason) {
    this.aborted = true
    this.reason = reason
    this.fire()
  }
}

const withGetter = (name, get) => Object.defineProperty(new Signal(), name, { get, configurable: true })

const ENTRIES = {
  runLua: (engine, code, options) => engine.runLua(code, 'x', options),
  run: (engine, code, options) => engine.run(code, 'x', options),
  'context.run': (engine, code, options) => engine.createContext('x').run(code, options),
}

/** Every call has ended once, the engine has nothing left and closes, and before that it runs scripts. */
async function expectSound(engine, calls) {
  expect(await engine.runLua('return 1', 'after')).toBe('1')
  await until(() => isIdle(engine))
  const { completed, failed, timedOut, aborted, rejected } = engine.stats()
  expect(completed + failed + timedOut + aborted + rejected).toBe(calls + 1)
  await engine.close({ timeout: 60_000 })
}

describe.each(Object.entries(ENTRIES))('%s', (_, call) => {
  test('removeEventListener throws: at the end of a run, and at its abort', async () => {
    const engine = engineWith()
    const signal = new Signal()
    signal.removeEventListener = fail('remove')
    await call(engine, 'return 1', { signal })
    expect((await rejection(call(engine, 'error("no")', { signal }))).code).toBe('ERR_LUA_RUNTIME')
    const run = rejection(call(engine, 'while true do end', { signal }))
    await until(() => engine.stats().started === 3)
    signal.abort('stop')
    await expect(run.catch(String)).rejects
    signal.fire()
    await expectSound(engine, 3)
    expect(engine.stats()).toMatchObject({ aborted: 1 })
  })

  test('addEventListener throws: the call rejects with that, and nothing is run', async () => {
    const engine = engineWith()
    const signal = new Signal()
    signal.addEventListener = fail('add')
    expect(await rejection(call(engine, 'while true do end', { signal }))).toMatchObject({ message: 'add' })
    await expectSound(engine, 1)
    expect(engine.stats()).toMatchObject({ rejected: 1, started: 1 })
  })

  test('addEventListener listens, and then throws: what it tells later is nobody’s business', async () => {
    const engine = engineWith()
    const signal = new Signal()
    signal.addEventListener = function add(_type, listener) {
      this.listeners.add(listener)
      throw new Error('add')
    }
    expect(await rejection(call(engine, 'return 1', { signal }))).toMatchObject({ message: 'add' })
    signal.abort()
    await expectSound(engine, 1)
  })

  test('it is aborted while it is asked to listen', async () => {
    const engine = engineWith()
    const signal = new Signal()
    signal.addEventListener = function add(_type, listener) {
      this.aborted = true
      this.reason = new Error('sync')
      listener()
      listener()
    }
    expect(await rejection(call(engine, 'while true do end', { signal }))).toMatchObject({ message: 'sync' })
    await expectSound(engine, 1)
    expect(engine.stats()).toMatchObject({ aborted: 1, started: 1 })
  })

  test('it is aborted twice, and again later', async () => {
    const engine = engineWith()
    const signal = new Signal()
    const runs = [1, 2, 3].map(() => rejection(call(engine, 'while true do end', { signal })))
    await until(() => signal.added > 0 && engine.stats().started === 3)
    const listeners = [...signal.listeners]
    const reason = new Error('stop')
    signal.reason = reason
    for (const listener of [...listeners, ...listeners]) listener()
    expect(await Promise.all(runs)).toEqual([reason, reason, reason])
    for (const listener of listeners) listener()
    await expectSound(engine, 3)
    expect(engine.stats()).toMatchObject({ aborted: 3 })
  })

  test('an old listener that is called stops no later run', async () => {
    const engine = engineWith()
    const signal = new Signal()
    const first = rejection(call(engine, 'while true do end', { signal }))
    await until(() => engine.stats().started === 1)
    const [old] = signal.listeners
    signal.reason = new Error('first')
    old()
    await first
    const second = call(engine, 'sleep(0.05) return 2', { signal })
    await until(() => engine.stats().started === 2)
    old()
    await second
    expect(signal.listeners.size).toBe(0)
    await expectSound(engine, 2)
  })

  test('its reason throws: the call rejects with that', async () => {
    const engine = engineWith()
    const signal = withGetter('reason', fail('reason'))
    const run = rejection(call(engine, 'while true do end', { signal }))
    await until(() => engine.stats().started === 1)
    signal.fire()
    expect(await run).toMatchObject({ message: 'reason' })
    signal.aborted = true
    expect(await rejection(call(engine, 'while true do end', { signal }))).toMatchObject({ message: 'reason' })
    await expectSound(engine, 2)
    expect(engine.stats()).toMatchObject({ aborted: 2 })
  })

  test('its reason aborts it once more, closes the engine, and is another each time', async () => {
    const engine = engineWith()
    let asked = 0
    const signal = withGetter('reason', () => {
      asked += 1
      if (asked < 3) signal.fire()
      engine.close({ timeout: 60_000 })
      return new Error(`reason ${asked}`)
    })
    const run = rejection(call(engine, 'while true do end', { signal }))
    await until(() => engine.stats().started === 1)
    signal.fire()
    expect((await run).message).toMatch(/^reason \d$/)
    await engine.close()
    expect(engine.stats()).toMatchObject({ aborted: 1, queued: 0, running: 0, suspended: 0 })
  })

  test.each([0, 1, 2, 3, 4])('aborted throws from time %i on', async (from) => {
    const engine = engineWith()
    let asked = 0
    const signal = withGetter('aborted', () => {
      asked += 1
      if (asked > from) throw new Error('aborted')
      return false
    })
    const error = await call(engine, 'return 1', { signal }).then(
      () => undefined,
      (thrown) => thrown,
    )
    expect(error?.message ?? 'aborted').toBe('aborted')
    await engine.runLua('return 1', 'x')
    await until(() => isIdle(engine))
    expect(signal.listeners.size).toBe(0)
    await engine.close({ timeout: 60_000 })
  })

  test.each([0, 1, 2, 3])('aborted changes from time %i on, without an event', async (from) => {
    const engine = engineWith()
    let asked = 0
    const signal = withGetter('aborted', () => {
      asked += 1
      return asked > from
    })
    await call(engine, 'return 1', { signal }).catch(() => {})
    await until(() => isIdle(engine))
    expect(signal.listeners.size).toBe(0)
    await engine.close({ timeout: 60_000 })
  })

  test('aborting it closes the engine, and calls it', async () => {
    const engine = engineWith()
    const signal = new Signal()
    const later = []
    signal.removeEventListener = () => {
      later.push(
        engine.close({ timeout: 60_000 }),
        rejection(call(engine, 'return 1')).catch(() => {}),
      )
    }
    const run = rejection(call(engine, 'while true do end', { signal }))
    await until(() => engine.stats().started === 1)
    signal.abort(new Error('stop'))
    expect(await run).toMatchObject({ message: 'stop' })
    await Promise.all(later)
  })
})

test('a host function hears of the end although the signal throws', async () => {
  let heard
  const ended = new Promise((resolve) => {
    heard = resolve
  })
  const engine = engineExposing({ wait: ({ signal }) => signal.addEventListener('abort', heard) })
  const signal = new Signal()
  signal.removeEventListener = fail('remove')
  const run = rejection(engine.run('host.wait() while true do end', 'x', { signal, timeout: 50 }))
  expect(await run).toMatchObject({ code: 'ERR_LUA_TIMEOUT' })
  await ended
})
