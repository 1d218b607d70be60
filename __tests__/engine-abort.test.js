// Aborting: a signal stops a run in whatever state it is, with its own reason, and leaves nothing behind.
'use strict'

const { getEventListeners, setMaxListeners } = require('node:events')
const vm = require('node:vm')
const { runLua } = require('..')
const { ENDLESS, HOLDING } = require('./support/constants')
const { engineWith, hold, isIdle, until } = require('./support/engine')
const { expectBadArgument, rejection } = require('./support/rejection')

const COUNTING = 'local n = 0 while true do n = n + 1 State.set("n", n) end'

const listeners = (signal) => getEventListeners(signal, 'abort').length

/** A signal as another library may make it, and how to abort it. */
function homemadeSignal() {
  const heard = new Set()
  const signal = {
    aborted: false,
    reason: undefined,
    addEventListener: (event, listener) => event === 'abort' && heard.add(listener),
    removeEventListener: (event, listener) => event === 'abort' && heard.delete(listener),
  }
  function abort(reason) {
    signal.aborted = true
    signal.reason = reason
    for (const listener of [...heard]) listener({ type: 'abort' })
  }
  return { signal, abort, heard }
}

/** In which state a run is when it is aborted: gets it there. */
const PLACES = {
  async queued() {
    const engine = engineWith({ concurrency: 1 })
    hold(engine)
    const controller = new AbortController()
    const run = rejection(engine.runLua('State.set("ran", 1)', 'x', { signal: controller.signal }))
    expect(engine.stats()).toMatchObject({ queued: 1, running: 1 })
    return { engine, controller, run }
  },
  async running() {
    const engine = engineWith({ concurrency: 1 })
    const controller = new AbortController()
    const run = rejection(engine.runLua(ENDLESS, 'x', { signal: controller.signal }))
    await until(() => engine.stats().started === 1 && engine.stats().running === 1)
    return { engine, controller, run }
  },
  async 'running inside one of our own functions'() {
    const engine = engineWith({ concurrency: 2 })
    const controller = new AbortController()
    const code = `State.set("began", 1) ;${HOLDING}`
    const run = rejection(engine.runLua(code, 'x', { signal: controller.signal }))
    await until(async () => (await engine.runLua('return State.has("began")', 'x')) === 'true')
    engine.resetStats()
    return { engine, controller, run }
  },
  async suspended() {
    const engine = engineWith({ concurrency: 1 })
    const controller = new AbortController()
    const run = rejection(engine.runLua(ENDLESS, 'x', { signal: controller.signal }))
    await until(() => engine.stats().started === 1)
    // It has left its thread, which this one then keeps.
    hold(engine)
    await until(() => engine.stats().suspended === 1 && engine.stats().queued === 0)
    return { engine, controller, run }
  },
}

describe.each(Object.keys(PLACES))('a run that is %s', (place) => {
  const REASONS = [
    ['an Error', new Error('reason')],
    ['a string', 'reason'],
    ['null', null],
    ['0', 0],
    ['false', false],
    ['an object', { reason: 1 }],
    ['a symbol', Symbol('reason')],
    ['a function', () => {}],
  ]

  test('rejects at once with the very reason, whatever it is', async () => {
    const { engine, controller, run } = await PLACES[place]()
    const reason = { any: 'value' }
    controller.abort(reason)
    expect(engine.stats().aborted).toBe(1)
    expect(await run).toBe(reason)
    expect(listeners(controller.signal)).toBe(0)
    await engine.close({ timeout: 0 })
    expect(engine.stats()).toMatchObject({ completed: 0, failed: 0, timedOut: 0, queued: 0, running: 0, suspended: 0 })
  })

  test('rejects with an AbortError when no reason is given', async () => {
    const { controller, run } = await PLACES[place]()
    controller.abort()
    const error = await run
    expect(error).toBe(controller.signal.reason)
    expect(error.name).toBe('AbortError')
  })

  test('settles once, however often the signal says so', async () => {
    const { engine, controller, run } = await PLACES[place]()
    let settled = 0
    run.finally(() => {
      settled += 1
    })
    controller.abort('first')
    controller.abort('second')
    controller.signal.dispatchEvent(new Event('abort'))
    expect(await run).toBe('first')
    await engine.close({ timeout: 0 })
    expect(settled).toBe(1)
    // Another, which holds the thread, is stopped by closing: before it began or afterwards.
    const { completed, failed, timedOut, aborted, rejected } = engine.stats()
    expect({ completed, failed, timedOut }).toEqual({ completed: 0, failed: 0, timedOut: 0 })
    expect(aborted).toBeGreaterThanOrEqual(1)
    expect(aborted + rejected).toBe(place === 'queued' || place === 'suspended' ? 2 : 1)
  })

  if (place === 'queued' || place === 'running') {
    test.each(REASONS)('keeps the identity of %s', async (_what, reason) => {
      const { controller, run } = await PLACES[place]()
      controller.abort(reason)
      expect(await run).toBe(reason)
    })
  }
})

describe('before the call', () => {
  test('a signal that is aborted already: the reason, and nothing runs', async () => {
    const engine = engineWith()
    for (const reason of [new Error('early'), 'early', null, 0]) {
      const error = await rejection(engine.runLua('State.set("ran", 1)', 'x', { signal: AbortSignal.abort(reason) }))
      expect(error).toBe(reason)
    }
    expect(engine.stats()).toMatchObject({ aborted: 4, started: 0, rejected: 0 })
    expect(await engine.runLua('return State.has("ran")', 'x')).toBe('false')
  })

  test('bad arguments come first', async () => {
    const engine = engineWith()
    const options = { signal: AbortSignal.abort('early'), timeout: -1 }
    expect(await rejection(engine.runLua('', 'x', options))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    expect(await rejection(engine.runLua(1, 'x', { signal: AbortSignal.abort() }))).toBeInstanceOf(TypeError)
    expect(engine.stats().aborted).toBe(0)
  })

  test('aborted in the same turn as the call', async () => {
    const engine = engineWith()
    const controller = new AbortController()
    const run = rejection(engine.runLua(ENDLESS, 'x', { signal: controller.signal }))
    controller.abort('at once')
    expect(await run).toBe('at once')
    expect(engine.stats().aborted).toBe(1)
  })
})

describe('after settlement', () => {
  test.each([
    ['success', 'return 1'],
    ['failure', 'error("no")'],
  ])('of a %s, aborting changes nothing', async (_end, code) => {
    const engine = engineWith()
    const controller = new AbortController()
    const before = await engine.runLua(code, 'x', { signal: controller.signal }).catch((error) => error)
    controller.abort('too late')
    expect(before === '1' || before.code === 'ERR_LUA_RUNTIME').toBe(true)
    expect(engine.stats().aborted).toBe(0)
    expect(await engine.runLua('return 2', 'x')).toBe('2')
  })
})

describe('listeners', () => {
  const ENDS = {
    success: (signal) => engineWith().runLua('return 1', 'x', { signal }),
    failure: (signal) => engineWith().runLua('error("no")', 'x', { signal }),
    'a syntax error': (signal) => engineWith().runLua('local = 1', 'x', { signal }),
    'a timeout': (signal) => engineWith().runLua(ENDLESS, 'x', { signal, timeout: 20 }),
    'no memory': (signal) => engineWith().runLua('return ("x"):rep(1e9)', 'x', { signal }),
    'a full queue': (signal) => {
      const engine = engineWith({ concurrency: 1, maxQueue: 0 })
      hold(engine)
      return engine.runLua('', 'x', { signal })
    },
    'a queue timeout': (signal) => {
      const engine = engineWith({ concurrency: 1 })
      hold(engine)
      return engine.runLua('', 'x', { signal, queueTimeout: 5 })
    },
    'a closed engine': async (signal) => {
      const engine = engineWith()
      await engine.close()
      return engine.runLua('', 'x', { signal })
    },
    'an engine that is being closed': (signal) => {
      const engine = engineWith()
      const run = engine.runLua(ENDLESS, 'x', { signal })
      engine.close({ timeout: 0 })
      return run
    },
    'a wait in an engine that is being closed': (signal) => {
      const engine = engineWith({ concurrency: 1 })
      hold(engine)
      const run = engine.runLua('', 'x', { signal })
      engine.close({ timeout: 0 })
      return run
    },
    'a bad argument': (signal) => engineWith().runLua('', '', { signal }),
    'a file that is missing': (signal) => engineWith().runFile('/nowhere/at/all.lua', 'x', { signal }),
    'a script of the exported runLua': (signal) => runLua('return 1', 'x', { signal }),
  }

  test.each(Object.keys(ENDS))('none is left after %s', async (end) => {
    const { signal } = new AbortController()
    await ENDS[end](signal).catch((error) => error)
    expect(listeners(signal)).toBe(0)
  })

  test('one is there while a run is in flight', async () => {
    const engine = engineWith()
    const controller = new AbortController()
    const run = rejection(engine.runLua(ENDLESS, 'x', { signal: controller.signal }))
    expect(listeners(controller.signal)).toBe(1)
    controller.abort()
    await run
    expect(listeners(controller.signal)).toBe(0)
  })

  test('one signal for 200 runs: one listener, all stop, and none is left', async () => {
    const engine = engineWith()
    const controller = new AbortController()
    const { signal } = controller
    const runs = Array.from({ length: 200 }, (_, i) =>
      engine.runLua(i % 2 ? ENDLESS : 'return 1', `tenant-${i % 9}`, { signal }).catch((error) => error),
    )
    // Node warns of more than ten.
    expect(listeners(signal)).toBe(1)
    await new Promise(setImmediate)
    controller.abort('all')
    const settled = await Promise.all(runs)
    expect(new Set(settled.filter((_, i) => i % 2))).toEqual(new Set(['all']))
    const { completed, aborted } = engine.stats()
    expect(completed + aborted).toBe(200)
    expect(listeners(signal)).toBe(0)
  })

  test('200 runs one after the other with one signal leave none', async () => {
    const engine = engineWith()
    const { signal } = new AbortController()
    for (let i = 0; i < 200; i++) await engine.runLua('return 1', 'x', { signal })
    expect(listeners(signal)).toBe(0)
  })
})

describe('kinds of signals', () => {
  test('AbortSignal.timeout stops an endless run with its TimeoutError', async () => {
    const signal = AbortSignal.timeout(30)
    const error = await rejection(engineWith().runLua(ENDLESS, 'x', { signal }))
    expect(error).toBe(signal.reason)
    expect(error.name).toBe('TimeoutError')
  })

  test('AbortSignal.any of several', async () => {
    const controllers = [new AbortController(), new AbortController()]
    const signal = AbortSignal.any(controllers.map((controller) => controller.signal))
    const run = rejection(engineWith().runLua(ENDLESS, 'x', { signal }))
    controllers[1].abort('second')
    expect(await run).toBe('second')
    expect(listeners(signal)).toBe(0)
  })

  test('one of another realm', async () => {
    const { signal, abort } = vm.runInNewContext(`
      class AbortSignal {
        aborted = false
        #listeners = new Set()
        addEventListener(_event, listener) { this.#listeners.add(listener) }
        removeEventListener(_event, listener) { this.#listeners.delete(listener) }
        get listeners() { return this.#listeners.size }
        abort(reason) {
          this.aborted = true
          this.reason = reason
          for (const listener of this.#listeners) listener()
        }
      }
      const signal = new AbortSignal()
      ;({ signal, abort: (reason) => signal.abort(reason) })`)
    const run = rejection(engineWith().runLua(ENDLESS, 'x', { signal }))
    expect(signal.listeners).toBe(1)
    abort('from afar')
    expect(await run).toBe('from afar')
    expect(signal.listeners).toBe(0)
  })

  test('one whose reason is undefined', async () => {
    const { signal, abort } = homemadeSignal()
    const run = engineWith()
      .runLua(ENDLESS, 'x', { signal })
      .then(
        () => 'resolved',
        (reason) => ['rejected', reason],
      )
    abort(undefined)
    expect(await run).toEqual(['rejected', undefined])
    const early = { ...signal }
    await expect(engineWith().runLua(ENDLESS, 'x', { signal: early })).rejects.toBe(undefined)
  })

  test('one that tells a listener twice, and keeps those that were removed', async () => {
    const { signal, heard } = homemadeSignal()
    const kept = []
    const sloppy = {
      ...signal,
      addEventListener: (_event, listener) => kept.push(listener),
      removeEventListener: () => {},
      reason: 'again',
    }
    const engine = engineWith()
    const run = rejection(engine.runLua(ENDLESS, 'x', { signal: sloppy }))
    for (const listener of [...kept, ...kept]) listener()
    expect(await run).toBe('again')
    await until(() => isIdle(engine))
    for (const listener of kept) listener()
    expect(heard.size).toBe(0)
    const { completed, failed, aborted } = engine.stats()
    expect([completed + failed, aborted >= 1]).toEqual([0, true])
  })

  test('one that aborts while the listener is being added', async () => {
    const { signal } = homemadeSignal()
    const eager = { ...signal, addEventListener: (_event, listener) => listener(), reason: 'eager' }
    const engine = engineWith()
    expect(await rejection(engine.runLua(ENDLESS, 'x', { signal: eager, queueTimeout: 5 }))).toBe('eager')
    expect(await engine.runLua('return 1', 'x')).toBe('1')
  })

  test.each([
    ['null', null, 'null'],
    ['a boolean', true, 'type boolean (true)'],
    ['a string', 'signal', `type string ('signal')`],
    ['an empty object', {}, 'an instance of Object'],
    ['an AbortController', new AbortController(), 'an instance of AbortController'],
    ['an EventTarget', new EventTarget(), 'an instance of EventTarget'],
    ['a function', () => {}, 'function'],
    ['an object that lacks aborted', { addEventListener() {}, removeEventListener() {} }, 'an instance of Object'],
    ['an object that lacks removeEventListener', { addEventListener() {}, aborted: false }, 'an instance of Object'],
  ])('%s: refused', async (_what, signal, got) => {
    const engine = engineWith()
    const error = await rejection(engine.runLua('', 'x', { signal }))
    expectBadArgument(error, TypeError, 'The "options.signal" property must be an AbortSignal', `Received ${got}`)
    expect(engine.stats()).toMatchObject({ started: 0, aborted: 0, rejected: 0 })
  })
})

describe('effects', () => {
  const counter = async (engine) => Number(await engine.runLua('return State.get("n", 0)', 'x'))

  test('a run that is aborted while it executes writes nothing but what it was writing', async () => {
    const engine = engineWith({ concurrency: 2 })
    for (let round = 0; round < 20; round++) {
      await engine.runLua('State.set("n", 0)', 'x')
      const controller = new AbortController()
      const run = rejection(engine.runLua(COUNTING, 'x', { signal: controller.signal }))
      await until(async () => (await counter(engine)) > 0)
      controller.abort('stop')
      expect(await run).toBe('stop')
      const atAbort = await counter(engine)
      await until(() => isIdle(engine))
      const atEnd = await counter(engine)
      expect(atEnd - atAbort).toBeLessThanOrEqual(1)
      await engine.runLua('for i = 1, 1e5 do end', 'y')
      expect(await counter(engine)).toBe(atEnd)
    }
  })

  test('a run that is aborted while it is suspended writes nothing afterwards', async () => {
    const engine = engineWith({ concurrency: 1 })
    const controller = new AbortController()
    const run = rejection(engine.runLua(COUNTING, 'x', { signal: controller.signal }))
    await until(async () => (await counter(engine)) > 0)
    const release = hold(engine)
    await until(() => engine.stats().suspended === 1 && engine.stats().queued === 0)
    controller.abort('stop')
    expect(await run).toBe('stop')
    const reading = counter(engine)
    await release()
    const atAbort = await reading
    await until(() => isIdle(engine))
    expect(await counter(engine)).toBe(atAbort)
  })

  test('no Lua code can catch it', async () => {
    const engine = engineWith()
    const controller = new AbortController()
    const code = `
      State.set("began", 1)
      while true do
        pcall(function() while true do end end)
        xpcall(function() while true do end end, function() State.set("caught", 1) end)
        coroutine.wrap(function() while true do pcall(error) end end)()
        State.set("went on", 1)
      end`
    const run = rejection(engine.runLua(code, 'x', { signal: controller.signal }))
    await until(async () => (await engine.runLua('return State.has("began")', 'x')) === 'true')
    controller.abort('stop')
    expect(await run).toBe('stop')
    await until(() => isIdle(engine))
    expect(await engine.runLua('return State.list()', 'x')).toBe('["began"]')
  })

  test('an aborted run gives its thread back', async () => {
    const engine = engineWith({ concurrency: 1 })
    for (let i = 0; i < 30; i++) {
      const controller = new AbortController()
      const run = rejection(engine.runLua(i % 2 ? HOLDING : ENDLESS, 'x', { signal: controller.signal }))
      if (i % 3) await new Promise(setImmediate)
      controller.abort(i)
      expect(await run).toBe(i)
    }
    expect(await engine.runLua('return "free"', 'x')).toBe('free')
    expect(engine.stats()).toMatchObject({ aborted: 30, completed: 1, running: 0 })
  })
})

describe('the order of things', () => {
  test('a listener of the caller may abort other runs, and start new ones', async () => {
    const engine = engineWith({ concurrency: 1 })
    const [first, second] = [new AbortController(), new AbortController()]
    const fromListener = []
    first.signal.addEventListener('abort', () => {
      second.abort('second')
      fromListener.push(engine.runLua('return "new"', 'y'))
      fromListener.push(rejection(engine.runLua('', 'y', { signal: first.signal })))
    })
    const runs = [
      rejection(engine.runLua(ENDLESS, 'x', { signal: first.signal })),
      rejection(engine.runLua(ENDLESS, 'x', { signal: second.signal })),
      rejection(engine.runLua(ENDLESS, 'x', { signal: first.signal })),
    ]
    first.abort('first')
    expect(await Promise.all(runs)).toEqual(['first', 'second', 'first'])
    expect(await Promise.all(fromListener)).toEqual(['new', 'first'])
    expect(engine.stats()).toMatchObject({ aborted: 4, completed: 1 })
  })

  test('runs reject in the order in which they were submitted', async () => {
    const engine = engineWith({ concurrency: 1 })
    const controller = new AbortController()
    setMaxListeners(0, controller.signal)
    const order = []
    const runs = Array.from({ length: 10 }, (_, i) =>
      engine.runLua(ENDLESS, `tenant-${i % 3}`, { signal: controller.signal }).catch(() => order.push(i)),
    )
    controller.abort()
    await Promise.all(runs)
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('close waits for the VMs of runs that were aborted', async () => {
    const engine = engineWith({ concurrency: 1 })
    const controller = new AbortController()
    const run = rejection(engine.runLua(ENDLESS, 'x', { signal: controller.signal }))
    controller.abort('stop')
    expect(engine.stats().running).toBe(1)
    await engine.close()
    expect(engine.stats()).toMatchObject({ running: 0, suspended: 0, aborted: 1 })
    expect(await run).toBe('stop')
  })

  test('what was completed before stays completed in the statistics', async () => {
    const engine = engineWith()
    const controller = new AbortController()
    await engine.runLua('return 1', 'x', { signal: controller.signal })
    const run = rejection(engine.runLua(ENDLESS, 'x', { signal: controller.signal }))
    controller.abort()
    await run
    expect(engine.stats()).toMatchObject({ completed: 1, aborted: 1, failed: 0, timedOut: 0, rejected: 0 })
  })
})
