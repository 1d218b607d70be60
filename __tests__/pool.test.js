// Pools of contexts: setup, borrowing in turn, replacement of what has ended, and the end of the pool.
'use strict'

const { AsyncLocalStorage } = require('node:async_hooks')
const { ContextPool } = require('..')
const { ENDLESS, FOREVER, MIB } = require('./support/constants')
const { valueIn, withWait } = require('./support/context')
const { engineWith, until } = require('./support/engine')
const { expectBadArgument, rejection, thrownBy } = require('./support/rejection')

const poolWith = (options) => engineWith().createPool('x', options)
const isReady = (pool) => pool.idle === pool.size

/** A promise with what settles it. */
function open() {
  const opened = {}
  opened.promise = new Promise((resolve, reject) => Object.assign(opened, { resolve, reject }))
  return opened
}

describe('a pool', () => {
  test('prepares all of its contexts, and calls borrow them', async () => {
    let count = 0
    const pool = poolWith({
      size: 3,
      globals: { rate: 2 },
      setup: async (context) => {
        count += 1
        await context.run('function double(n) return rate * n end room = { tick = double }')
      },
    })
    expect([pool.scriptId, pool.size, pool.idle, pool.pending, pool.isClosed]).toEqual(['x', 3, 0, 0, false])
    await until(() => isReady(pool))
    const calls = [pool.run('return double(...)', { args: [1] }), pool.call('double', 2), pool.apply('room.tick', [3])]
    expect(pool.idle).toBe(0)
    expect((await Promise.all(calls)).map(({ value }) => value)).toEqual([2, 4, 6])
    expect(await pool.use(async (context) => (await context.call('double', 4)).value)).toBe(8)
    expect([count, pool.idle]).toEqual([3, 3])
  })

  test('needs no setup, and has as many contexts as the engine has threads', async () => {
    const pool = engineWith({ concurrency: 2 }).createPool('x')
    expect(pool.size).toBe(2)
    expect(await valueIn(pool.run('return script.id'))).toBe('x')
  })

  test('runs as many calls side by side as it has contexts', async () => {
    const engine = engineWith()
    const host = withWait(engine)
    const pool = engine.createPool('x', { size: 2 })
    const calls = ['a', 'b', 'c'].map((name) => pool.run('return host.wait(...)', { args: [name] }))
    await host.arrived('b')
    expect([pool.pending, host.hasArrived('c')]).toEqual([1, false])
    host.release('b')
    await host.arrived('c')
    host.release('a')
    host.release('c')
    await Promise.all(calls)
  })

  test('serves those who wait in their order', async () => {
    const pool = poolWith({ size: 1 })
    const NEXT = 'n = (n or 0) + 1 return n'
    const next = (context) => valueIn(context.run(NEXT))
    const order = Array.from({ length: 10 }, (_, i) => (i % 2 ? pool.use(next) : next(pool)))
    expect(await Promise.all(order)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  test('copies code and arguments when the call is made', async () => {
    const pool = poolWith({ size: 1 })
    const code = Buffer.from('return ...')
    const args = [[1]]
    const call = pool.run(code, { args })
    code.fill(32)
    args[0][0] = 2
    expect(await valueIn(call)).toEqual([1])
  })

  test('an error of a script leaves its context as it is', async () => {
    const pool = poolWith({ size: 1 })
    await rejection(pool.run('n = 1 error("no")'))
    expect(await valueIn(pool.run('return n'))).toBe(1)
  })

  test('gives LuaFunctions, which call their context also when it is back', async () => {
    const pool = poolWith({ size: 1, functions: true })
    const fn = await valueIn(pool.run('return function() return 5 end'))
    expect(await valueIn(fn.call())).toBe(5)
  })
})

describe('a context that has ended is replaced', () => {
  const ENDS = [
    ['by a timeout', (pool) => pool.run(ENDLESS, { timeout: 20 })],
    ['by its memory', (pool) => pool.run('s = ("x"):rep(2^22)')],
    ['by a signal', (pool) => pool.run('sleep(60)', { signal: AbortSignal.timeout(20), timeout: FOREVER })],
    ['by its borrower', (pool) => pool.use((context) => context.close().then(() => Promise.reject(new Error('own'))))],
    [
      'by a run that its borrower left there',
      (pool) => pool.use((context) => void rejection(context.run(ENDLESS, { timeout: 20 }))),
    ],
  ]

  test.each(ENDS)('%s', async (_, end) => {
    let setups = 0
    const pool = poolWith({ size: 1, memoryLimit: MIB, setup: (context) => context.set('n', ++setups) })
    const ended = end(pool).catch(() => {})
    const next = pool.run('return n')
    await ended
    expect(await valueIn(next)).toBe(2)
    await until(() => isReady(pool))
    expect(setups).toBe(2)
  })

  test('when it ends between two calls', async () => {
    let last
    const pool = poolWith({
      size: 1,
      setup: (context) => {
        last = context
      },
    })
    await until(() => isReady(pool))
    const first = last
    await first.close()
    expect(await valueIn(pool.run('return 1'))).toBe(1)
    expect(last).not.toBe(first)
  })
})

describe('setup', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('no setup')
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('no setup')
      },
    ],
  ])('that %s fails one who waits, each time, and is tried again for the next', async (_, fail) => {
    let attempts = 0
    const pool = poolWith({ size: 2, setup: () => (++attempts < 5 ? fail() : undefined) })
    const outcomes = await Promise.allSettled([pool.run('return 1'), pool.call('type', 1), pool.use(() => 3)])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    for (const { reason } of outcomes) expect(reason.message).toBe('no setup')
    expect((await rejection(pool.run('return 1'))).message).toBe('no setup')
    expect(await valueIn(pool.run('return 2'))).toBe(2)
  })

  test('that fails while nobody waits is tried again when somebody does, and not before', async () => {
    let attempts = 0
    const pool = poolWith({
      size: 3,
      setup: () => {
        attempts += 1
        if (attempts <= 3) throw new Error('no')
      },
    })
    await until(() => attempts === 3)
    for (let i = 0; i < 10; i++) await new Promise(setImmediate)
    expect(attempts).toBe(3)
    expect(await valueIn(pool.run('return 1'))).toBe(1)
    expect(attempts).toBe(4)
  })

  test('that hangs fails with its setupTimeout, and its context is closed', async () => {
    const contexts = []
    const pool = poolWith({
      size: 1,
      setupTimeout: 20,
      setup: (context) => {
        contexts.push(context)
        return contexts.length === 1 ? new Promise(() => {}) : undefined
      },
    })
    expect(await rejection(pool.run('return 1'))).toMatchObject({
      code: 'ERR_LUA_TIMEOUT',
      limit: 'setupTimeout',
      scriptId: 'x',
      message: 'setup took longer than its setupTimeout of 20 ms',
    })
    expect(contexts[0].isClosed).toBe(true)
    expect(await valueIn(pool.run('return 1'))).toBe(1)
  })

  test('whose runs are not awaited is done when they are', async () => {
    const pool = poolWith({ size: 1, setup: (context) => void context.run('sleep(0.02) n = 1') })
    expect(pool.idle).toBe(0)
    expect(await valueIn(pool.run('return n'))).toBe(1)
  })

  test('that closes its context fails', async () => {
    const pool = poolWith({ size: 1, setup: (context) => context.close() })
    expect(await rejection(pool.run('return 1'))).toMatchObject({ code: 'ERR_CONTEXT_CLOSED' })
  })

  test('that calls its pool is refused, instead of waiting for itself', async () => {
    const refused = []
    const pool = poolWith({
      size: 1,
      setup: async () => {
        for (const call of [() => pool.run(''), () => pool.use(() => {}), () => pool.drain(), () => pool.close()]) {
          refused.push(await rejection(call()))
        }
      },
    })
    expect(await valueIn(pool.run('return 1'))).toBe(1)
    for (const error of refused) expect(error).toMatchObject({ code: 'ERR_CONTEXT_BUSY', scriptId: 'x' })
    expect(refused).toHaveLength(4)
  })

  test('executes in the async context in which the pool was made', async () => {
    const storage = new AsyncLocalStorage()
    const seen = []
    const pool = storage.run('maker', () => poolWith({ size: 1, setup: () => void seen.push(storage.getStore()) }))
    await storage.run('caller', () => rejection(pool.run(ENDLESS, { timeout: 10 })))
    await until(() => isReady(pool))
    expect(seen).toEqual(['maker', 'maker'])
    expect(await storage.run('caller', () => pool.use(() => storage.getStore()))).toBe('caller')
  })
})

describe('a call of the pool from within', () => {
  test('use, or a host function of a run in it, is refused', async () => {
    const engine = engineWith()
    const pool = engine.createPool('x', { size: 2 })
    engine.expose('again', () => pool.run('return 1'))
    expect(await rejection(pool.use(() => pool.run('return 1')))).toMatchObject({ code: 'ERR_CONTEXT_BUSY' })
    expect((await rejection(pool.run('host.again()'))).cause).toMatchObject({ code: 'ERR_CONTEXT_BUSY' })
    expect(await pool.use(() => 1)).toBe(1)
  })

  test('is allowed for work that goes on after it', async () => {
    const pool = poolWith({ size: 1 })
    let later
    await pool.use(() => {
      setTimeout(() => {
        later = pool.run('return 1')
      }, 5)
    })
    await until(() => later)
    expect(await valueIn(later)).toBe(1)
  })

  test('another pool: the call that would close a circle is refused, and the others go on', async () => {
    const engine = engineWith()
    const [a, b] = [engine.createPool('a', { size: 1 }), engine.createPool('b', { size: 1 })]
    let held = 0
    const hold = (own, other) =>
      own.use(async () => {
        held += 1
        await until(() => held === 2)
        return other.use(() => 'done')
      })
    const outcomes = await Promise.allSettled([hold(a, b), hold(b, a)])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(outcomes.find(({ reason }) => reason).reason).toMatchObject({ code: 'ERR_CONTEXT_BUSY' })
  })
})

describe('those who wait', () => {
  /** A pool of one context, which is in use until `end` is called. */
  async function busyPool(options) {
    const engine = engineWith()
    const pool = engine.createPool('x', { size: 1, ...options })
    const using = open()
    const used = pool.use(() => using.promise)
    await until(() => pool.pending === 0)
    const end = () => {
      using.resolve()
      return used
    }
    return { engine, pool, end }
  }

  test('leave the line when their signal is aborted', async () => {
    const { engine, pool, end } = await busyPool()
    const controller = new AbortController()
    const { signal } = controller
    const left = [pool.run('return 1', { signal }), pool.use(() => 1, { signal }), pool.apply('f', [], { signal })]
    const stays = pool.run('return 2')
    controller.abort('gone')
    for (const call of left) expect(await rejection(call)).toBe('gone')
    expect(pool.pending).toBe(1)
    expect(await rejection(pool.run('return 1', { signal }))).toBe('gone')
    await end()
    expect(await valueIn(stays)).toBe(2)
    expect(engine.stats()).toMatchObject({ completed: 1, aborted: 3, rejected: 0 })
  })

  test('have the rest of their queueTimeout in the context', async () => {
    const pool = engineWith().createPool('x', {
      size: 1,
      setup: (context) => context.run('function f(x) return x end'),
      queueTimeout: 60_000,
    })
    const ends = await Promise.all([1, 2, 3].map((n) => pool.call('f', n)))
    expect(ends.map(({ value }) => value)).toEqual([1, 2, 3])
  })

  test('leave it after their queueTimeout', async () => {
    const { engine, pool, end } = await busyPool({ queueTimeout: 10 })
    const QUEUE_TIMEOUT = { code: 'ERR_QUEUE_TIMEOUT', limit: 'queueTimeout', scriptId: 'x' }
    expect(await rejection(pool.run('return 1'))).toMatchObject(QUEUE_TIMEOUT)
    expect(await rejection(pool.use(() => 1))).toMatchObject(QUEUE_TIMEOUT)
    expect(await rejection(pool.use(() => 1, { queueTimeout: 5 }))).toMatchObject(QUEUE_TIMEOUT)
    const stays = pool.run('return 1', { queueTimeout: FOREVER })
    await end()
    await stays
    expect(engine.stats().rejected).toBe(1)
  })

  test('are no more than maxPending', async () => {
    const { pool, end } = await busyPool({ maxPending: 1 })
    const waits = pool.run('return 1')
    const FULL = { code: 'ERR_QUEUE_FULL', limit: 'maxPending', scriptId: 'x' }
    expect(await rejection(pool.run('return 1'))).toMatchObject(FULL)
    expect(await rejection(pool.use(() => 1))).toMatchObject(FULL)
    await end()
    expect(await valueIn(waits)).toBe(1)
  })

  test.each([
    [
      'that throws when it is asked',
      {
        get aborted() {
          throw new Error('hostile')
        },
      },
    ],
    [
      'that cannot be listened to',
      {
        aborted: false,
        addEventListener() {
          throw new Error('hostile')
        },
      },
    ],
    [
      'that is aborted while it is listened to',
      {
        aborted: false,
        reason: new Error('hostile'),
        addEventListener(_, act) {
          act()
        },
      },
    ],
  ])('with a signal %s are refused, and nobody else', async (_, given) => {
    const { pool, end } = await busyPool()
    const signal = { addEventListener() {}, removeEventListener() {} }
    Object.defineProperties(signal, Object.getOwnPropertyDescriptors(given))
    let asked = 0
    const hostile = new Proxy(signal, {
      // The check of options asks for `aborted` first.
      get(target, name) {
        if (name === 'aborted') asked += 1
        return name === 'aborted' && asked === 1 ? false : target[name]
      },
    })
    expect((await rejection(pool.use(() => 1, { signal: hostile }))).message).toBe('hostile')
    expect(pool.pending).toBe(0)
    const stays = pool.run('return 1')
    await end()
    expect(await valueIn(stays)).toBe(1)
  })
})

describe('replace', () => {
  test('lets calls that have begun finish with the old, and all others have new ones', async () => {
    const engine = engineWith()
    const host = withWait(engine)
    let version = 1
    const pool = engine.createPool('x', { size: 2, setup: (context) => context.set('version', version) })
    await until(() => isReady(pool))
    const old = pool.run('host.wait("old") return version')
    await host.arrived('old')
    version = 2
    expect(pool.replace()).toBeUndefined()
    expect(await valueIn(pool.run('return version'))).toBe(2)
    host.release('old')
    expect(await valueIn(old)).toBe(1)
    await until(() => isReady(pool))
    const both = await Promise.all([1, 2].map(() => pool.run('sleep(0.01) return version')))
    expect(both.map(({ value }) => value)).toEqual([2, 2])
  })

  test('also of contexts that are being prepared', async () => {
    const first = open()
    let setups = 0
    const pool = poolWith({
      size: 1,
      setup: async (context) => {
        setups += 1
        const version = setups
        if (version === 1) await first.promise
        await context.set('version', version)
      },
    })
    await until(() => setups === 1)
    const call = pool.run('return version')
    pool.replace()
    expect(await valueIn(call)).toBe(2)
    first.resolve()
    expect(await valueIn(pool.run('return version'))).toBe(2)
    expect([pool.idle, setups]).toEqual([1, 2])
  })

  test('is refused in setup, which would bring about itself for ever', async () => {
    const outcomes = []
    const opened = open()
    const pool = poolWith({
      size: 2,
      setup: async () => {
        await opened.promise
        if (outcomes.length < 100) outcomes.push(thrownBy(() => pool.replace()).code)
      },
    })
    await new Promise(setImmediate)
    // Also in those whose contexts nobody wants any more.
    pool.replace()
    opened.resolve()
    await until(() => isReady(pool))
    expect(outcomes).toEqual(Array(4).fill('ERR_CONTEXT_BUSY'))
    await pool.use(() => pool.replace())
    await until(() => isReady(pool))
    expect(outcomes).toHaveLength(6)
  })

  test('many times in a row leaves no more contexts than the pool has', async () => {
    const engine = engineWith()
    const pool = engine.createPool('x', { size: 3, setup: (context) => context.run('n = 1') })
    for (let i = 0; i < 20; i++) pool.replace()
    await until(() => isReady(pool))
    expect(pool.idle).toBe(3)
  })
})

describe('the end of a pool', () => {
  test('drain takes no further calls, and lets all finish that were asked for', async () => {
    const pool = poolWith({ size: 1, setup: () => {} })
    const calls = [pool.run('return 1'), pool.run('return 2'), pool.use(() => 3)]
    const drained = pool.drain()
    expect(pool.isClosed).toBe(true)
    expect(await rejection(pool.run('return 4'))).toMatchObject({ code: 'ERR_CONTEXT_CLOSED', scriptId: 'x' })
    await drained
    const [first, second, third] = await Promise.all(calls)
    expect([first.value, second.value, third]).toEqual([1, 2, 3])
    expect([pool.idle, pool.pending]).toEqual([0, 0])
    await pool.close()
  })

  test('close refuses those who wait, and lets those finish that have a context', async () => {
    const engine = engineWith()
    const host = withWait(engine)
    const contexts = []
    const pool = engine.createPool('x', { size: 1, setup: (context) => void contexts.push(context) })
    const begun = pool.run('return host.wait("a")')
    await host.arrived('a')
    const waits = [rejection(pool.run('return 2')), rejection(pool.use(() => 3))]
    const closed = pool.close()
    for (const error of await Promise.all(waits)) {
      expect(error).toMatchObject({ code: 'ERR_CONTEXT_CLOSED', message: expect.stringMatching(/nothing was run$/) })
    }
    host.release('a')
    expect(await valueIn(begun)).toBe('a')
    await closed
    expect(contexts.map(({ isClosed }) => isClosed)).toEqual([true])
    await Promise.all([pool.close(), pool.drain()])
    expect(thrownBy(() => pool.replace())).toMatchObject({ code: 'ERR_CONTEXT_CLOSED' })
  })

  test('does not wait for a setup that hangs', async () => {
    const pool = poolWith({ size: 2, setupTimeout: FOREVER, setup: () => new Promise(() => {}) })
    const waits = rejection(pool.run('return 1'))
    await new Promise(setImmediate)
    await pool.close()
    expect(await waits).toMatchObject({ code: 'ERR_CONTEXT_CLOSED' })
  })

  test('drain lets those who wait hear of a setup that fails', async () => {
    const pool = poolWith({ size: 1, setup: () => Promise.reject(new Error('no setup')) })
    const waits = [rejection(pool.run('return 1')), rejection(pool.run('return 1'))]
    await pool.drain()
    for (const error of await Promise.all(waits)) expect(error.message).toBe('no setup')
  })

  test('from within use is refused', async () => {
    const pool = poolWith({ size: 1 })
    expect(await rejection(pool.use(() => pool.close()))).toMatchObject({ code: 'ERR_CONTEXT_BUSY' })
    expect(pool.isClosed).toBe(false)
  })

  test('of its engine refuses calls, and replaces nothing', async () => {
    const engine = engineWith()
    let setups = 0
    const pool = engine.createPool('x', {
      size: 2,
      setup: () => {
        setups += 1
      },
    })
    await until(() => isReady(pool))
    await engine.close()
    for (let i = 0; i < 3; i++)
      expect(await rejection(pool.run('return 1'))).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
    expect(setups).toBe(2)
    await pool.close()
    expect(() => engine.createPool('x')).toThrow(/engine is closed/)
  })

  test('at the end of an await using block', async () => {
    const pool = poolWith({ size: 1 })
    await pool[Symbol.asyncDispose]()
    expect(pool.isClosed).toBe(true)
  })
})

describe('bad arguments', () => {
  test.each([
    ['no scriptId', [], TypeError, /"scriptId" argument/],
    ['options that are null', ['x', null], TypeError, /"options" argument/],
    ['an unknown option', ['x', { sise: 1 }], TypeError, /did you mean 'size'/],
    [
      'a size of 0',
      ['x', { size: 0 }],
      RangeError,
      /"options.size" property must be a whole number of contexts from 1/,
    ],
    ['a size that is no number', ['x', { size: '2' }], TypeError, /"options.size"/],
    ['a setup that is code', ['x', { setup: 'n = 1' }], TypeError, /"options.setup" property must be a function/],
    ['a setupTimeout of 0', ['x', { setupTimeout: 0 }], RangeError, /"options.setupTimeout"/],
    ['a limit of contexts', ['x', { memoryLimit: 1 }], RangeError, /"options.memoryLimit"/],
    ['globals that cannot cross', ['x', { globals: { a: Date } }], TypeError, /options\.globals\.a/],
  ])('createPool: %s', (_, args, ErrorClass, message) => {
    const engine = engineWith()
    expectBadArgument(
      thrownBy(() => engine.createPool(...args)),
      ErrorClass,
      message,
    )
  })

  test.each([
    ['run: no code', (pool) => pool.run(), TypeError, /"code" argument/],
    ['run: an unknown option', (pool) => pool.run('', { timeOut: 1 }), TypeError, /did you mean 'timeout'/],
    ['call: no name', (pool) => pool.call(), TypeError, /"name" argument/],
    ['apply: args that are no array', (pool) => pool.apply('f', 1), TypeError, /"args" argument/],
    ['use: no function', (pool) => pool.use('f'), TypeError, /"act" argument must be a function/],
    ['use: an unknown option', (pool) => pool.use(() => {}, { timeout: 1 }), TypeError, /unknown option 'timeout'/],
    ['use: a signal that is none', (pool) => pool.use(() => {}, { signal: 1 }), TypeError, /"options.signal"/],
  ])('%s', async (_, call, ErrorClass, message) => {
    const pool = poolWith({ size: 1 })
    expectBadArgument(await rejection(call(pool)), ErrorClass, message)
    expect(await valueIn(pool.run('return 1'))).toBe(1)
  })

  test('a ContextPool cannot be constructed', () => {
    const pool = poolWith({ size: 1 })
    expect(pool).toBeInstanceOf(ContextPool)
    expect(Object.keys(pool)).toEqual([])
    expect(() => new ContextPool({})).toThrow(/cannot be constructed/)
  })
})

test('whatever use throws comes to its caller, and the context goes on', async () => {
  const pool = poolWith({ size: 1 })
  for (const thrown of [undefined, new Error('own')]) {
    expect(
      await rejection(
        pool.use(() => {
          throw thrown
        }),
      ),
    ).toBe(thrown)
    const late = pool.use(async () => {
      throw thrown
    })
    expect(await rejection(late)).toBe(thrown)
  }
  expect(await pool.use((context) => context.run('return 1').then(({ value }) => value))).toBe(1)
  expect(pool.idle).toBe(1)
})
