// A host function that calls the context whose run waits for it: refused at once, instead of waiting for itself.
'use strict'

const { engineExposing, engineWith, until } = require('./support/engine')
const { later } = require('./support/host-functions')
const { rejection } = require('./support/rejection')

/** Long enough that waiting for it fails the test. */
const LONG = { timeout: 40_000 }

const BUSY = {
  code: 'ERR_CONTEXT_BUSY',
  scriptId: 'x',
  name: 'LuaError',
  message: expect.stringMatching(/^the context is busy: /),
}

const WAYS = {
  run: (context) => context.run('return 1'),
  call: (context) => context.call('tostring', 1),
  get: (context) => context.get('x'),
  set: (context) => context.set('x', 1),
  memory: (context) => context.memory(),
  close: (context) => context.close(),
}

describe.each(Object.entries(WAYS))('%s', (_, call) => {
  test.each([
    ['at once', async () => {}],
    ['after a turn', later],
    ['in a callback', () => new Promise((resolve) => setTimeout(resolve, 1))],
  ])('is refused %s, and the script goes on', async (_when, before) => {
    const engine = engineWith()
    const context = engine.createContext('x', LONG)
    engine.expose('again', async () => {
      await before()
      return call(context)
    })
    const { value } = await context.run('local ok, e = pcall(host.again) return {ok, e.message}')
    expect(value).toEqual([false, expect.stringMatching(/^the context is busy: /)])
    expect(await rejection(context.run('host.again()'))).toMatchObject({ code: 'ERR_HOST_FUNCTION', cause: BUSY })
    expect((await context.run('return 2')).value).toBe(2)
  })
})

test('a call that nobody awaits is refused, too', async () => {
  const engine = engineWith()
  const context = engine.createContext('x', LONG)
  let inner
  engine.expose('again', () => {
    inner = rejection(context.run('return 1'))
    return 5
  })
  expect((await context.run('return host.again()')).value).toBe(5)
  expect(await inner).toMatchObject(BUSY)
})

test('nothing of it was run, and it counts as rejected', async () => {
  const engine = engineWith()
  const context = engine.createContext('x', LONG)
  engine.expose('again', () => context.run('ran = true').catch(() => {}))
  await context.run('host.again()')
  expect(await context.get('ran')).toBe(undefined)
  expect(engine.stats()).toMatchObject({ started: 2, completed: 2, rejected: 1 })
})

describe('through others', () => {
  test.each([
    ['another context', (engine) => engine.createContext('b', LONG)],
    ['engine.run', (engine) => ({ run: (code) => engine.run(code, 'b', LONG) })],
    ['engine.runLua', (engine) => ({ run: (code) => engine.runLua(code, 'b', LONG) })],
    ['another engine', () => engineExposing({ back: (...args) => back(...args) }).createContext('b', LONG)],
  ])('%s', async (_, other) => {
    const engine = engineWith()
    const a = engine.createContext('x', LONG)
    const b = other(engine)
    const refused = []
    back = async () => {
      refused.push(await rejection(a.run('return 1')))
    }
    engine.expose('back', back)
    engine.expose('there', async () => void (await b.run('host.back()')))
    await a.run('host.there()')
    expect(refused).toEqual([expect.objectContaining(BUSY)])
  })
  let back

  test('the one between is busy as well, and a fourth is not', async () => {
    const engine = engineWith()
    const [a, b, c] = ['x', 'x', 'x'].map((id) => engine.createContext(id, LONG))
    engine.expose('first', async () => void (await b.run('host.second()')))
    const refused = []
    engine.expose('second', async () => {
      refused.push(await rejection(a.get('x')), await rejection(b.get('x')))
      expect((await c.run('return 1')).value).toBe(1)
    })
    await a.run('host.first()')
    expect(refused).toEqual([expect.objectContaining(BUSY), expect.objectContaining(BUSY)])
  })
})

describe('in a circle of several runs', () => {
  /** Contexts whose runs each call the next one, when all of them have begun. */
  async function circle(count, call) {
    const engine = engineWith({ concurrency: 2 })
    const contexts = Array.from({ length: count }, (_, i) => engine.createContext(`c${i}`, LONG))
    let begun = 0
    const refused = []
    engine.expose('next', async (_run, i) => {
      begun += 1
      await until(() => begun === count)
      await call(contexts[(i + 1) % count]).catch((error) => refused.push(error))
    })
    await Promise.all(contexts.map((context, i) => context.run(`host.next(${i}) n = 1`)))
    for (const context of contexts) expect(await context.get('n')).toBe(1)
    return refused
  }

  const { close, ...ways } = WAYS
  test.each(Object.entries(ways).flatMap(([way, call]) => [2, 3, 10].map((count) => [way, count, call])))(
    '%s, of %i: the one that closes it is refused, and the others go on',
    async (_way, count, call) => {
      expect(await circle(count, call)).toEqual([expect.objectContaining({ code: 'ERR_CONTEXT_BUSY' })])
    },
  )

  test('also behind runs that wait for their turn, and through runs without a context', async () => {
    const engine = engineWith({ concurrency: 2 })
    const [a, b] = ['a', 'b'].map((id) => engine.createContext(id, LONG))
    const others = { a: b, b: a }
    let begun = 0
    const refused = []
    engine.expose('far', (_run, id) => engine.run(`host.near('${id}')`, 'between', LONG).catch(() => {}))
    engine.expose('near', async (_run, id) => {
      begun += 1
      await until(() => begun === 2)
      await others[id].call('tostring', 1).catch((error) => refused.push(error))
    })
    const runs = [a, b].flatMap((context) => [context.run('host.far(script.id)'), context.run('return 1')])
    await Promise.all(runs)
    expect(refused).toEqual([expect.objectContaining({ code: 'ERR_CONTEXT_BUSY' })])
  })

  test('a circle that has ended does not count', async () => {
    const engine = engineWith()
    const [a, b] = ['a', 'b'].map((id) => engine.createContext(id, LONG))
    engine.expose('b', async () => (await b.run('return 1')).value)
    engine.expose('a', async () => (await a.run('return 2')).value)
    for (let i = 0; i < 3; i++) {
      expect((await a.run('return host.b()')).value).toBe(1)
      expect((await b.run('return host.a()')).value).toBe(2)
    }
  })
})

describe('is not for', () => {
  test('other contexts, and runs without one', async () => {
    const engine = engineWith()
    const [a, b] = [engine.createContext('x', LONG), engine.createContext('x', LONG)]
    engine.expose('other', async () => (await b.run('return 3')).value + (await engine.run('return 4', 'x')).value)
    expect((await a.run('return host.other()')).value).toBe(7)
  })

  test('calls from elsewhere while it waits: they wait for their turn', async () => {
    const engine = engineWith()
    let open
    engine.expose(
      'wait',
      () =>
        new Promise((resolve) => {
          open = resolve
        }),
    )
    const context = engine.createContext('x', LONG)
    const first = context.run('host.wait() x = 1')
    await until(() => open)
    const second = context.get('x')
    open()
    await first
    expect(await second).toBe(1)
  })

  test('work that goes on after the function has answered', async () => {
    const engine = engineWith()
    const context = engine.createContext('x', LONG)
    const inner = []
    engine.expose('begin', () => {
      setTimeout(() => inner.push(context.run('return 1'), context.run('return host.nested()')), 5)
    })
    engine.expose('nested', () => 2)
    await context.run('host.begin() sleep(0.02)')
    await until(() => inner.length === 2)
    expect((await Promise.all(inner)).map(({ value }) => value)).toEqual([1, 2])
  })

  test('a function that is still at work for a run that was stopped: its context has ended', async () => {
    const engine = engineWith()
    const context = engine.createContext('x')
    let inner
    engine.expose('slow', async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      inner = rejection(context.run('return 1'))
    })
    expect(await rejection(context.run('host.slow()', { timeout: 20 }))).toMatchObject({ code: 'ERR_LUA_TIMEOUT' })
    await until(() => inner)
    expect(await inner).toMatchObject({ code: 'ERR_CONTEXT_CLOSED' })
  })

  test('a thousand contexts in turn, each called from work that the function of the one before began', async () => {
    const engine = engineWith()
    let left = 1000
    let done
    const all = new Promise((resolve) => {
      done = resolve
    })
    engine.expose('next', () => {
      left -= 1
      if (left === 0) return done()
      setImmediate(() => engine.createContext('x').run('host.next()').catch(done))
    })
    engine.createContext('x').run('host.next()')
    expect(await all).toBe(undefined)
  })
})
