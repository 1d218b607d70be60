// The async context of whoever calls: host functions, events and promises of a run are in it, and in no other's.
'use strict'

const { AsyncLocalStorage, createHook, executionAsyncId } = require('node:async_hooks')
const { once } = require('node:events')
const { setTimeout: delay } = require('node:timers/promises')
const { engineExposing, engineWith } = require('./support/engine')
const { later } = require('./support/host-functions')
const { rejection } = require('./support/rejection')

const storage = new AsyncLocalStorage()
const stored = () => storage.getStore()

/** Calls `call(i)` for 100 requests at once, each with a store of its own; the results, in order. */
const requests = (call) => Promise.all(Array.from({ length: 100 }, (_, i) => storage.run(i, () => call(i))))
const NUMBERS = Array.from({ length: 100 }, (_, i) => i)

/** How scripts come to their calls: at once, after others, or one by one. */
const WAYS = {
  'at once': 'local a = host.who() local b = host.who() return a == b and a',
  'after a sleep': 'sleep(0.001 * (... % 7)) local a = host.who() sleep(0.001) return a == host.who() and a',
  'in between slices': 'local a = host.who() for i = 1, 200000 do end return a == host.who() and a',
  'below pcall and coroutines': 'return coroutine.wrap(function() return select(2, pcall(host.who)) end)()',
}

describe('a host function has the store of the call that started its run', () => {
  test.each(Object.entries(WAYS))('%s, in engine.run', async (_, code) => {
    const engine = engineExposing({ who: stored })
    const results = await requests((i) => engine.run(code, `id${i % 9}`, { args: [i] }))
    expect(results.map(({ value }) => value)).toEqual(NUMBERS)
  })

  test('in runLua, and when its answer takes a while', async () => {
    const engine = engineExposing({
      who: async () => {
        await later()
        return stored()
      },
    })
    expect(await requests(() => engine.runLua('return host.who()', 'x'))).toEqual(NUMBERS.map(String))
  })

  test('in contexts: one for each request, and one for all', async () => {
    const engine = engineExposing({ who: stored })
    const all = engine.createContext('all')
    await all.run('function who() sleep(0.0001) return host.who() end')
    expect((await requests(() => all.call('who'))).map(({ value }) => value)).toEqual(NUMBERS)
    const own = await requests(async () => {
      const context = engine.createContext('own')
      return (await context.run('return host.who()')).value
    })
    expect(own).toEqual(NUMBERS)
  })

  test('one after another', async () => {
    const engine = engineExposing({ who: stored })
    for (let i = 0; i < 300; i++) {
      const result = await storage.run(i, async () => [await engine.run('return host.who()', 'x'), stored()])
      expect([result[0].value, result[1], stored()]).toEqual([i, i, undefined])
    }
  })

  test('in scripts that host functions start', async () => {
    const engine = engineWith()
    engine.expose('who', stored)
    engine.expose('nested', async () => (await engine.run('return host.who()', 'inner')).value)
    const results = await requests(() => engine.run('sleep(0.001) return host.nested()', 'x'))
    expect(results.map(({ value }) => value)).toEqual(NUMBERS)
  })

  test('when it was exposed after the call', async () => {
    const engine = engineWith({ concurrency: 1 })
    const busy = engine.run('for i = 1, 1000000 do end', 'busy')
    const results = requests(() => engine.run('return host.who()', 'x'))
    engine.expose('who', stored)
    expect((await results).map(({ value }) => value)).toEqual(NUMBERS)
    await busy
  })

  test('getters of its answer and of its errors have it, too', async () => {
    const functions = {
      object: () => ({
        get who() {
          return stored()
        },
      }),
      bad: async () => {
        throw {
          get message() {
            return `failed for ${stored()}`
          },
        }
      },
    }
    const engine = engineExposing(functions, { hostErrors: 'messages' })
    const code = 'local _, e = pcall(host.bad) return {host.object().who, e.message}'
    const results = await requests(() => engine.run(code, 'x'))
    expect(results.map(({ value }) => value)).toEqual(NUMBERS.map((i) => [i, `failed for ${i}`]))
  })
})

describe('so has everything else', () => {
  test('the promise: whoever awaits it, resolved or rejected', async () => {
    const engine = engineWith()
    const seen = await requests(async (i) => {
      await engine.run(i % 2 ? 'sleep(0.001)' : 'error("no")', 'x').catch(() => {})
      return stored()
    })
    expect(seen).toEqual(NUMBERS)
  })

  test('the end of a run that a host function hears of, by timeout and by abort', async () => {
    const seen = []
    const engine = engineExposing({
      wait: ({ signal }, i) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            seen.push([i, stored()])
            resolve()
          })
        }),
    })
    await requests(async (i) => {
      const controller = new AbortController()
      const options = { args: [i], timeout: 200, signal: i % 2 ? controller.signal : undefined }
      const run = rejection(engine.run('host.wait(...)', 'x', options))
      storage.run('another', () => setTimeout(() => controller.abort(), 100))
      await run
    })
    // On a slow machine some end before they call anything.
    expect(seen.length).toBeGreaterThan(10)
    for (const [i, store] of seen) expect(store).toBe(i)
  })

  test('signals, thenables and errors of the host’s own making', async () => {
    const seen = {}
    const see = (what, i) => {
      seen[what] ??= 'its own'
      if (stored() !== i) seen[what] = 'of another'
    }
    /** A signal that does no more than it has to. */
    function signalFor(i) {
      const listeners = new Set()
      const told =
        (what, act) =>
        (...args) => {
          see(what, i)
          return act(...args)
        }
      const signal = {
        addEventListener: told('addEventListener', (_type, listener) => listeners.add(listener)),
        removeEventListener: told('removeEventListener', (_type, listener) => listeners.delete(listener)),
      }
      Object.defineProperty(signal, 'aborted', { get: told('aborted', () => false) })
      Object.defineProperty(signal, 'reason', { get: told('reason', () => 'enough') })
      return {
        signal,
        listeners,
        abort: () => storage.run('another', () => [...listeners].map((listener) => listener())),
      }
    }
    /** What resolves or rejects later, twice. */
    const thenableFor = (i, resolved, rejected) => ({
      // biome-ignore lint/suspicious/noThenProperty: that is what a thenable is
      get then() {
        see('then', i)
        return (resolve, reject) => {
          see('then()', i)
          setImmediate(() => {
            if (rejected) reject(rejected)
            resolve(resolved)
            reject(resolved)
          })
        }
      },
    })
    const messageFor = (i) =>
      Object.defineProperty(new Error(), 'message', {
        get() {
          see('message', i)
          return 'no'
        },
      })
    const functions = {
      thenable: (_context, i) => thenableFor(i, thenableFor(i, 7)),
      bad: (_context, i) => thenableFor(i, undefined, messageFor(i)),
      wait: () => new Promise(() => {}),
    }
    const engine = engineExposing(functions, { hostErrors: 'messages' })
    const code = 'local i = ... local n = host.thenable(i) pcall(host.bad, i) host.wait() return n'
    const left = await requests(async (i) => {
      const { signal, listeners, abort } = signalFor(i)
      const run = rejection(engine.run(code, `id${i % 9}`, { args: [i], signal, timeout: 20_000 }))
      while (!seen.message) await later()
      setTimeout(abort, 50)
      expect(await run).toBe('enough')
      return listeners.size
    })
    expect(left).toEqual(NUMBERS.map(() => 0))
    const whats = ['aborted', 'addEventListener', 'then', 'then()', 'message', 'reason', 'removeEventListener']
    expect(seen).toEqual(Object.fromEntries(whats.map((what) => [what, 'its own'])))
  })

  test('what is no run’s, full and drain, is emitted where the engine was made', async () => {
    const engine = storage.run('engine', () => engineWith({ concurrency: 1, maxQueue: 2 }))
    const seen = []
    engine.on('full', () => seen.push(['full', stored()])).on('drain', () => seen.push(['drain', stored()]))
    const drained = once(engine, 'drain')
    await requests(() => engine.run('', 'x').catch(() => {}))
    await drained
    expect(seen).toEqual([
      ['full', 'engine'],
      ['drain', 'engine'],
    ])
  })

  test('the engine of runLua keeps nobody’s store', async () => {
    const { runLua } = require('..')
    let store = { big: true }
    const weak = new WeakRef(store)
    await storage.run(store, () => runLua('return 1', 'x'))
    store = undefined
    require('node:v8').setFlagsFromString('--expose-gc')
    const gc = require('node:vm').runInNewContext('gc')
    for (let i = 0; i < 20 && weak.deref(); i++) {
      await delay(20)
      gc()
    }
    expect(weak.deref()).toBe(undefined)
  })
})

describe('async hooks', () => {
  test('see one resource for each call, in which host functions execute, and which ends', async () => {
    const calls = new Map()
    const hook = createHook({
      init(id, type, trigger) {
        if (type === 'moonpool.call') calls.set(id, { trigger, before: 0, after: 0, destroyed: false })
      },
      before(id) {
        if (calls.has(id)) calls.get(id).before += 1
      },
      after(id) {
        if (calls.has(id)) calls.get(id).after += 1
      },
      destroy(id) {
        if (calls.has(id)) calls.get(id).destroyed = true
      },
    }).enable()
    try {
      const ids = []
      const engine = engineExposing({ id: () => ids.push(executionAsyncId()) })
      const here = executionAsyncId()
      await Promise.all([engine.run('host.id() host.id()', 'x'), rejection(engine.run('host.id() error()', 'y'))])
      await engine.createContext('x').run('host.id()')
      await later()
      await later()
      expect(new Set(ids)).toEqual(new Set(calls.keys()))
      expect([...calls.values()].map(({ before, after }) => [before, after])).toEqual([
        [2, 2],
        // Its end is told in there, too.
        [2, 2],
        [1, 1],
      ])
      expect([...calls.values()].slice(0, 2).map(({ trigger }) => trigger)).toEqual([here, here])
      expect([...calls.values()].every(({ destroyed }) => destroyed)).toBe(true)
    } finally {
      hook.disable()
    }
  })
})

test('OpenTelemetry’s active context is that of the request', async () => {
  const { context, createContextKey } = require('@opentelemetry/api')
  const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks')
  const key = createContextKey('request')
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  try {
    const engine = engineExposing({ who: () => context.active().getValue(key) })
    const results = await Promise.all(
      NUMBERS.map((i) =>
        context.with(context.active().setValue(key, i), async () => {
          const { value } = await engine.run('sleep(0.001) return host.who()', 'x')
          return [value, context.active().getValue(key)]
        }),
      ),
    )
    expect(results).toEqual(NUMBERS.map((i) => [i, i]))
  } finally {
    context.disable()
  }
})
