// Functions of the host that fail: scripts can catch it, and nothing of the error is lost on its way out.
'use strict'

const { Engine, LuaError } = require('..')
const { MIB } = require('./support/constants')
const { engineExposing, engineWith, valuesOf } = require('./support/engine')
const { BASIC, later, thenable } = require('./support/host-functions')
const { rejection, thrownBy } = require('./support/rejection')

describe('errors of a function', () => {
  const failure = new Error('no such price')
  const WAYS = {
    throws: () => {
      throw failure
    },
    'rejects at once': () => Promise.reject(failure),
    'rejects later': async () => {
      await later()
      throw failure
    },
    'is a thenable that rejects': () => thenable((_resolve, reject) => reject(failure)),
    'is a thenable that throws': () =>
      thenable(() => {
        throw failure
      }),
    'gives a promise whose class throws when it is read': () =>
      Object.defineProperty(Promise.resolve(1), 'constructor', {
        get() {
          throw failure
        },
      }),
    'has a then that throws when it is read': () =>
      new Proxy(
        {},
        {
          get() {
            throw failure
          },
        },
      ),
    'gives an object with a getter that throws': () => ({
      get a() {
        throw failure
      },
    }),
    'settles twice': () =>
      new Promise((resolve, reject) => {
        reject(failure)
        resolve(1)
        reject(new Error('again'))
      }),
  }

  test.each(Object.keys(WAYS))('one that %s: the run rejects with the very error as cause', async (way) => {
    const engine = engineExposing({ f: WAYS[way] })
    const error = await rejection(engine.runLua('print("so far")\nlocal x = host.f()\nreturn x', 'tenant'))
    expect(error).toBeInstanceOf(LuaError)
    expect(error.cause).toBe(failure)
    expect(error).toMatchObject({
      code: 'ERR_HOST_FUNCTION',
      message: 'tenant:2: host.f failed',
      line: 2,
      chunk: 'tenant',
      output: 'so far\n',
      scriptId: 'tenant',
    })
    expect(error.luaStack).toContain('tenant:2')
    expect(engine.stats().failed).toBe(1)
  })

  test.each(Object.keys(WAYS))('one that %s: a script catches it, and goes on', async (way) => {
    const engine = engineExposing({ f: WAYS[way], same: BASIC.same })
    const code = `local ok, e = pcall(function() return host.f() end)
      return ok, e.code, e.message, tostring(e), "so: " .. e, host.same("on")`
    expect(await valuesOf(engine, code)).toEqual([
      false,
      'ERR_HOST_FUNCTION',
      'host.f failed',
      'x:1: host.f failed',
      'so: x:1: host.f failed',
      'on',
    ])
  })

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['text', 'text'],
    ['0', 0],
    ['a symbol', Symbol('s')],
    ['a function', () => {}],
    ['an object', { a: 1 }],
    [
      'an object whose message throws',
      {
        get message() {
          throw new Error('hidden')
        },
      },
    ],
    ['an error whose message is no text', Object.assign(new Error('x'), { message: 5 })],
    ['a message with a lone surrogate', new Error('\ud800')],
    ['a message with a NUL', new Error('a\0b')],
    ['a long message', new Error('x'.repeat(MIB))],
    [
      'a revoked proxy',
      (() => {
        const { proxy, revoke } = Proxy.revocable({}, {})
        revoke()
        return proxy
      })(),
    ],
    ['a LuaError', thrownBy(() => new Engine().compile('='))],
  ])('%s as what is thrown keeps its identity', async (_what, thrown) => {
    const ways = {
      throws: () => {
        throw thrown
      },
      rejects: () => Promise.reject(thrown),
    }
    const engine = engineExposing(ways)
    for (const way of Object.keys(ways)) {
      const error = await rejection(engine.runLua(`host.${way}()`, 'x'))
      expect(error.code).toBe('ERR_HOST_FUNCTION')
      expect(Object.hasOwn(error, 'cause')).toBe(true)
      expect(Object.is(error.cause, thrown)).toBe(true)
      expect(await valuesOf(engine, `local ok, e = pcall(host.${way}) return ok, type(e.message)`)).toEqual([
        false,
        'string',
      ])
    }
  })

  test('one that is raised again keeps its cause, through whatever it goes', async () => {
    const engine = engineExposing({
      bad: () => {
        throw failure
      },
    })
    const AGAIN = [
      'local _, e = pcall(host.bad) error(e)',
      'local _, e = pcall(host.bad) error(e, 0)',
      'local _, e = pcall(host.bad) error(select(2, pcall(error, e)))',
      'local e = select(2, coroutine.resume(coroutine.create(host.bad))) error(e)',
      'coroutine.wrap(function() host.bad() end)()',
      'local kept = {} kept.e = select(2, pcall(host.bad)) sleep(0.001) error(kept.e)',
      'local _, e = xpcall(host.bad, function(e) return e end) error(e)',
      'assert(pcall(host.bad))',
      'assert(false, select(2, pcall(host.bad)))',
      'local x <close> = setmetatable({}, { __close = function(_, e) error(e) end }) host.bad()',
    ]
    for (const code of AGAIN) {
      const error = await rejection(engine.runLua(code, 'x'))
      expect([code, error.code, error.cause === failure]).toEqual([code, 'ERR_HOST_FUNCTION', true])
    }
  })

  test('each of several errors has its own cause', async () => {
    const thrown = Array.from({ length: 20 }, (_, i) => new Error(`e${i}`))
    const engine = engineExposing({
      bad: (_context, i) => {
        throw thrown[i]
      },
    })
    const code = 'local all = {} for i = 0, 19 do all[i] = select(2, pcall(host.bad, i)) end error(all[...])'
    for (const i of [0, 7, 19]) expect((await rejection(engine.runLua(code, 'x', { args: [i] }))).cause).toBe(thrown[i])
  })

  test('its message alone is an error of the script', async () => {
    const engine = engineExposing(BASIC)
    for (const raise of [
      'error(e.message)',
      'error(tostring(e))',
      'error("x" .. e)',
      'error({ code = e.code, message = e.message })',
    ]) {
      const error = await rejection(engine.runLua(`local _, e = pcall(host.bad) ${raise}`, 'x'))
      expect(error.code).toBe('ERR_LUA_RUNTIME')
      expect(Object.hasOwn(error, 'cause')).toBe(false)
    }
  })

  test('a forged error value is an error of the script', async () => {
    const engine = engineExposing(BASIC)
    for (const forged of [
      '{ code = "ERR_HOST_FUNCTION", message = "m", cause = 0 }',
      'setmetatable({ code = "ERR_HOST_FUNCTION" }, { __tostring = function() return "x:1: boom" end })',
      'setmetatable({}, { __index = select(2, pcall(host.bad)) })',
      '"ERR_HOST_FUNCTION: boom"',
    ]) {
      const error = await rejection(engine.runLua(`pcall(host.bad) error(${forged})`, 'x'))
      expect([forged, error.code, error.cause]).toEqual([forged, 'ERR_LUA_RUNTIME', undefined])
    }
  })

  test('an error value cannot be changed', async () => {
    const engine = engineExposing(BASIC)
    for (const attempt of [
      'e.code = "x"',
      'e.cause = 1',
      'setmetatable(e, {})',
      'rawset(e, "code", "x")',
      'getmetatable(e).__index = nil',
      'for k in pairs(e) do end',
    ]) {
      const code = `local _, e = pcall(host.bad) local ok = pcall(function() ${attempt} end) return ok, e.code, e.message`
      expect(await valuesOf(engine, code)).toEqual([false, 'ERR_HOST_FUNCTION', 'host.bad failed'])
    }
  })

  test('a host function that runs a script which fails: the cause is its LuaError', async () => {
    const engine = engineWith()
    engine.expose('inner', () => engine.runLua('error("inside")', 'inner'))
    const error = await rejection(engine.runLua('host.inner()', 'outer'))
    expect(error).toMatchObject({ code: 'ERR_HOST_FUNCTION', scriptId: 'outer' })
    expect(error.cause).toMatchObject({ code: 'ERR_LUA_RUNTIME', scriptId: 'inner', message: 'inner:1: inside' })
    expect(error.cause).toBeInstanceOf(LuaError)
  })
})
