// Functions of the host's that scripts call: anywhere in Lua, whatever they do, and whenever they are done.
'use strict'

const vm = require('node:vm')
const { LuaError, runLua } = require('..')
const { runProgram } = require('./support/child')
const { engineWith: newEngine, until } = require('./support/engine')
const { rejection } = require('./support/rejection')

const MIB = 1024 * 1024
function engineWith(functions = {}, options = {}) {
  const engine = newEngine(options)
  for (const [name, what] of Object.entries(functions)) engine.expose(name, what)
  return engine
}

/** An object that has `then`, whatever that is. */
const thenable = (value, object = {}) => Object.defineProperty(object, 'then', { value, enumerable: true })

const later = () => new Promise(setImmediate)
const never = () => new Promise(() => {})

/** A function whose answers wait for the test. */
function gate() {
  const calls = []
  const open = (_context, ...args) =>
    new Promise((resolve, reject) => {
      calls.push({ args, resolve, reject, context: _context })
    })
  return { calls, open }
}

/** `same` gives its argument at once, `slow` gives it in another turn, `bad` fails. */
const BASIC = {
  same: (_context, value) => value,
  slow: async (_context, value) => {
    await later()
    return value
  },
  bad: (_context, message = 'boom') => {
    throw new Error(message)
  },
}

const valuesOf = async (engine, code, options) => (await engine.run(code, 'x', options)).values

describe('names', () => {
  test.each(['a', '_', '_1', 'A9', 'db', 'get_all', '__index', '__gc', '__close', 'constructor', 'self', 'print'])(
    '%s is one',
    async (name) => {
      const engine = engineWith({ [name]: () => 'called' })
      expect(await engine.runLua(`return host.${name}()`, 'x')).toBe('called')
    },
  )

  test.each(['', ' ', '1a', 'a-b', 'a.b', 'a b', 'é', 'a\0', 'end', 'nil', 'goto', 'function', 'a\n', '\ud800'])(
    '%j is none',
    (name) => {
      const engine = engineWith()
      const errors = [() => engine.expose(name, () => {}), () => engine.expose('db', { [name]: () => {} })]
      for (const call of errors) {
        expect(call).toThrow(RangeError)
        expect(call).toThrow(
          expect.objectContaining({
            code: 'ERR_INVALID_ARG_VALUE',
            message: expect.stringContaining('identifiers of Lua'),
          }),
        )
      }
    },
  )

  test.each([undefined, null, 1, {}, ['a'], () => {}])('%p is none', (name) => {
    const call = () => engineWith().expose(name, () => {})
    expect(call).toThrow(TypeError)
    expect(call).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }))
  })

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['text', 'print'],
    ['a number', 1],
    ['an array', [() => {}]],
    ['a Map', new Map([['a', () => {}]])],
    [
      'an instance of a class',
      new (class Db {
        get() {}
      })(),
    ],
    ['a promise', Promise.resolve(() => {})],
    ['a group with something else in it', { get: () => {}, limit: 5 }],
    ['a group with null in it', { get: null }],
  ])('what is exposed is a function or a group, not %s', (_what, what) => {
    const call = () => engineWith().expose('db', what)
    expect(call).toThrow(TypeError)
    expect(call).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE', message: expect.stringContaining('host.db') }),
    )
  })

  test('a group without functions, and one that contains itself', () => {
    expect(() => engineWith().expose('db', {})).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }))
    expect(() => engineWith().expose('db', { inner: {} })).toThrow(/host\.db\.inner/)
    const group = {}
    group.group = group
    expect(() => engineWith().expose('db', group)).toThrow(TypeError)
  })

  test('a name is given once, also where a group would stand, and a wrong group adds nothing', async () => {
    const engine = engineWith({ a: () => 'a', db: { get: () => 'get' } })
    for (const [name, what] of [
      ['a', () => {}],
      ['a', { b: () => {} }],
      ['db', () => {}],
      ['db', { get: () => {} }],
      ['db', { put: () => {}, get: () => {} }],
      ['db', { get: { deeper: () => {} } }],
    ]) {
      expect(() => engine.expose(name, what)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE', message: expect.stringContaining('must be new') }),
      )
    }
    expect(() => engine.expose('other', { good: () => {}, 'not good': () => {} })).toThrow(RangeError)
    engine.expose('db', { set: () => 'set', deep: { er: () => 'er' } })
    expect(
      await engine.runLua('return host.db.get(), host.db.set(), host.db.deep.er(), host.db.put, host.other', 'x'),
    ).toBe('get\tset\ter\tnil\tnil')
  })

  test('a group may be of another realm or without a prototype, and is read once', async () => {
    const group = vm.runInNewContext(
      '({ get: () => "far", inner: Object.assign(Object.create(null), { a: () => 1 }) })',
    )
    const engine = engineWith({ db: group })
    group.get = () => 'changed'
    expect(await engine.runLua('return host.db.get(), host.db.inner.a()', 'x')).toBe('far\t1')
  })

  test('without functions there is a host, and it is empty', async () => {
    expect(await engineWith().runLua('return type(host), next(host)', 'x')).toBe('table\tnil')
    expect(await runLua('return type(host), next(host)', 'x')).toBe('table\tnil')
    const error = await rejection(engineWith().runLua('host.nope()', 'x'))
    expect(error).toMatchObject({ code: 'ERR_LUA_RUNTIME', message: expect.stringContaining("'nope'") })
  })

  test('engines do not share functions', async () => {
    const [one, two] = [engineWith({ a: () => 1 }), engineWith({ b: () => 2 })]
    const code = 'return host.a and host.a(), host.b and host.b()'
    expect([await one.runLua(code, 'x'), await two.runLua(code, 'x')]).toEqual(['1\tnil', 'nil\t2'])
  })

  test('a closed engine takes none', async () => {
    const engine = engineWith()
    await engine.close()
    expect(() => engine.expose('a', () => {})).toThrow(expect.objectContaining({ code: 'ERR_ENGINE_CLOSED' }))
  })

  test('a function that is added while runs are in flight is there for those that begin later', async () => {
    const { calls, open } = gate()
    const engine = engineWith({ open }, { concurrency: 1 })
    const first = engine.runLua('host.open() return host.late', 'x')
    await until(() => calls.length === 1)
    engine.expose('late', () => 'late')
    const second = engine.runLua('return host.late()', 'x')
    calls[0].resolve()
    expect(await Promise.all([first, second])).toEqual(['', 'late'])
  })
})

describe('what a function gets and gives', () => {
  test('the context first, then the arguments; nil and trailing nils among them', async () => {
    const seen = []
    const engine = engineWith({
      f: (...all) => {
        seen.push(all)
      },
    })
    await engine.runLua(
      'host.f() host.f(nil) host.f(1, nil, "a", nil) host.f({ 1, { a = json.null } }, 1 << 60, 2.5)',
      'tenant',
    )
    expect(seen.map(([, ...args]) => args)).toEqual([
      [],
      [undefined],
      [1, undefined, 'a', undefined],
      [[1, { a: null }], 2n ** 60n, 2.5],
    ])
    expect(new Set(seen.map(([context]) => context)).size).toBe(1)
  })

  test('the context is frozen, with the id of the run and a signal', async () => {
    let seen
    const engine = engineWith({
      f: (context) => {
        seen = context
      },
    })
    await engine.runLua('script = { id = "forged" } host.f("forged")', 'tenant')
    expect(Object.keys(seen).sort()).toEqual(['scriptId', 'signal'])
    expect(Object.isFrozen(seen)).toBe(true)
    expect(() => {
      seen.scriptId = 'other'
    }).toThrow(TypeError)
    expect(seen.scriptId).toBe('tenant')
    expect(seen.signal).toBeInstanceOf(AbortSignal)
  })

  test('this is nothing of moonpool', async () => {
    let self = 'unset'
    const engine = engineWith({
      f() {
        self = this
      },
    })
    await engine.runLua('host.f()', 'x')
    expect(self).toBeUndefined()
  })

  test('many arguments, or more than JavaScript takes: an error, not a crash', async () => {
    const engine = engineWith({ count: (_context, ...args) => args.length })
    const code = 'local t = {} for i = 1, ... do t[i] = i end return host.count(table.unpack(t))'
    for (const count of [255, 256, 1000, 20_000])
      expect(await valuesOf(engine, code, { args: [count] })).toEqual([count])
    const error = await rejection(engine.run(code, 'x', { args: [600_000], memoryLimit: 512 * MIB, timeout: 30_000 }))
    expect(error.code).toMatch(/^ERR_(HOST_FUNCTION|LUA_RUNTIME)$/)
    expect(await valuesOf(engine, code, { args: [1] })).toEqual([1])
  })

  test.each([
    ['print', 'args[1] is a function'],
    ['1, { a = { print } }', 'args[2].a[1] is a function'],
    ['coroutine.create(print)', 'args[1] is a thread'],
    ['"\\xff"', 'args[1] is a string that is not UTF-8'],
    ['{ 1, a = 2 }', 'args[1] mixes'],
    ['{ 1, nil, 3 }', 'holes'],
    ['host', 'args[1].f is a function'],
    ['setmetatable({}, { __index = {} }), { [{}] = 1 }', 'args[2] has'],
  ])('arguments that cannot cross are an error with their path, and nothing is called: %s', async (args, reason) => {
    let called = 0
    const engine = engineWith({
      f: () => {
        called += 1
      },
    })
    const error = await rejection(engine.runLua(`\nhost.f(${args})`, 'x'))
    expect(error).toMatchObject({ code: 'ERR_HOST_FUNCTION', line: 2, message: expect.stringContaining(reason) })
    const caught = await valuesOf(
      engine,
      `local ok, e = pcall(function() host.f(${args}) end) return ok, e.code, e.message`,
    )
    expect(caught).toEqual([false, 'ERR_HOST_FUNCTION', expect.stringContaining(reason)])
    expect(called).toBe(0)
  })

  test('arguments that contain themselves, or are nested too deeply', async () => {
    const engine = engineWith({ f: () => {} })
    expect((await rejection(engine.runLua('local t = {} t.t = t host.f(t)', 'x'))).message).toContain(
      'args[1].t contains itself',
    )
    const nest = 'local t = 1 for _ = 1, ... do t = { t } end return host.f(t)'
    expect(await engine.runLua(nest, 'x', { args: [128] })).toBe('')
    expect((await rejection(engine.runLua(nest, 'x', { args: [129] }))).message).toContain('128 levels')
  })

  const answers = {
    nothing: [() => {}, undefined],
    null: [() => null, null],
    'a number': [() => 1.5, 1.5],
    'a BigInt': [() => 2n ** 60n, 2n ** 60n],
    'an array': [() => [1, [2]], [1, [2]]],
    'an empty array': [() => [], []],
    'a Map': [() => new Map([['a', 1]]), { a: 1 }],
    bytes: [() => Buffer.from('hi'), 'hi'],
    'a promise': [async () => 'p', 'p'],
    'a promise of a promise': [async () => Promise.resolve(later().then(() => 'pp')), 'pp'],
    'a thenable': [() => thenable((resolve) => resolve('t')), 't'],
    'a function that is a thenable': [
      () =>
        thenable(
          (resolve) => resolve('ft'),
          () => {},
        ),
      'ft',
    ],
    'an object with a property then that is no function': [() => thenable('no'), thenable('no')],
    'a promise of another realm': [() => vm.runInNewContext('Promise.resolve("far")'), 'far'],
  }
  test.each(Object.keys(answers))('it gives %s', async (what) => {
    const [f, expected] = answers[what]
    const engine = engineWith({ f })
    expect(await valuesOf(engine, 'return host.f()')).toEqual([expected])
    expect(await valuesOf(engine, 'return select("#", host.f())')).toEqual([1])
  })

  const wrongAnswers = {
    'a symbol': () => Symbol('s'),
    'a function': () => () => {},
    'a date': () => new Date(),
    'an instance of a class': () => new (class Point {})(),
    'a generator': function* generator() {},
    'an array with a hole': () => [undefined],
    'a lone surrogate': () => '\ud800',
    'a BigInt of 65 bits': () => 2n ** 64n,
    'an object that contains itself': () => {
      const object = {}
      object.self = object
      return object
    },
    'a promise of a function': async () => () => {},
    'a thenable of a symbol': () => thenable((resolve) => resolve(Symbol('s'))),
  }
  test.each(Object.keys(wrongAnswers))(
    'it cannot give %s: an error with its path, which a script can catch',
    async (what) => {
      const engine = engineWith({ db: { f: wrongAnswers[what] } })
      const error = await rejection(engine.runLua('host.db.f()', 'x'))
      expect(error).toBeInstanceOf(LuaError)
      expect(error).toMatchObject({ code: 'ERR_HOST_FUNCTION', message: expect.stringContaining('host.db.f()') })
      expect(error.cause).toBeInstanceOf(TypeError)
      expect(await valuesOf(engine, 'local ok, e = pcall(host.db.f) return ok, e.code')).toEqual([
        false,
        'ERR_HOST_FUNCTION',
      ])
    },
  )
})

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
    const engine = engineWith({ f: WAYS[way] })
    const error = await rejection(engine.runLua('print("so far")\nlocal x = host.f()\nreturn x', 'tenant'))
    expect(error).toBeInstanceOf(LuaError)
    expect(error.cause).toBe(failure)
    expect(error).toMatchObject({
      code: 'ERR_HOST_FUNCTION',
      message: 'tenant:2: no such price',
      line: 2,
      chunk: 'tenant',
      output: 'so far\n',
      scriptId: 'tenant',
    })
    expect(error.luaStack).toContain('tenant:2')
    expect(engine.stats().failed).toBe(1)
  })

  test.each(Object.keys(WAYS))('one that %s: a script catches it, and goes on', async (way) => {
    const engine = engineWith({ f: WAYS[way], same: BASIC.same })
    const code = `local ok, e = pcall(function() return host.f() end)
      return ok, e.code, e.message, tostring(e), "so: " .. e, host.same("on")`
    expect(await valuesOf(engine, code)).toEqual([
      false,
      'ERR_HOST_FUNCTION',
      'no such price',
      'x:1: no such price',
      'so: x:1: no such price',
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
    ['a LuaError', new Error('stands for one')],
  ])('%s as what is thrown keeps its identity', async (_what, thrown) => {
    const ways = {
      throws: () => {
        throw thrown
      },
      rejects: () => Promise.reject(thrown),
    }
    const engine = engineWith(ways)
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
    const engine = engineWith({
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
    const engine = engineWith({
      bad: (_context, i) => {
        throw thrown[i]
      },
    })
    const code = 'local all = {} for i = 0, 19 do all[i] = select(2, pcall(host.bad, i)) end error(all[...])'
    for (const i of [0, 7, 19]) expect((await rejection(engine.runLua(code, 'x', { args: [i] }))).cause).toBe(thrown[i])
  })

  test('its message alone is an error of the script', async () => {
    const engine = engineWith(BASIC)
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
    const engine = engineWith(BASIC)
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
    const engine = engineWith(BASIC)
    for (const attempt of [
      'e.code = "x"',
      'e.cause = 1',
      'setmetatable(e, {})',
      'rawset(e, "code", "x")',
      'getmetatable(e).__index = nil',
      'for k in pairs(e) do end',
    ]) {
      const code = `local _, e = pcall(host.bad) local ok = pcall(function() ${attempt} end) return ok, e.code, e.message`
      expect(await valuesOf(engine, code)).toEqual([false, 'ERR_HOST_FUNCTION', 'boom'])
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

describe('a call may wait', () => {
  // Every way gets its values through `slow`, which answers in another turn of the event loop.
  const PLACES = {
    'in the main chunk': ['return host.slow(1) + host.slow(2)', [3]],
    'in a tail call': ['return host.slow(1)', [1]],
    'as an argument of itself': ['return host.slow(host.slow(host.slow(4)))', [4]],
    'in a constructor': ['return ({ host.slow(1), a = host.slow(2) }).a', [2]],
    'in pcall': ['return pcall(function() return host.slow(1), 2 end)', [true, 1, 2]],
    'as the function of pcall': ['return pcall(host.slow, 1)', [true, 1]],
    'in pcall in pcall': ['return pcall(pcall, pcall, host.slow, 1)', [true, true, true, 1]],
    'in xpcall': ['return xpcall(function(...) return host.slow(...) end, print, 7)', [true, 7]],
    'in an error that goes through xpcall': [
      'return xpcall(function() host.slow(1) error("e", 0) end, function(e) return "h" .. e end)',
      [false, 'he'],
    ],
    'in a coroutine, whose resume does not see it': [
      `local co = coroutine.create(function(a) local b = host.slow(a + 1) local c = coroutine.yield(b) return host.slow(c) end)
       local r = { coroutine.resume(co, 1) }
       r[3] = coroutine.status(co)
       r[4], r[5] = coroutine.resume(co, "c")
       r[6] = coroutine.status(co)
       return table.unpack(r)`,
      [true, 2, 'suspended', true, 'c', 'dead'],
    ],
    'in a coroutine in a coroutine in a pcall in a coroutine': [
      `local function deep(n) if n == 0 then return host.slow("deep") end
         return coroutine.wrap(function() local ok, v = pcall(deep, n - 1) assert(ok, v) return v end)() end
       return deep(40)`,
      ['deep'],
    ],
    'as the body of a coroutine': ['return coroutine.wrap(host.slow)(5)', [5]],
    'in a coroutine that is then abandoned': [
      'local co = coroutine.wrap(function() host.slow(1) coroutine.yield(host.slow(2)) host.slow(3) end) local v = co() co = nil return v, host.slow(4)',
      [2, 4],
    ],
    'in a generic for': [
      'local s = 0 for i in function(_, i) i = host.slow((i or 0) + 1) if i <= 3 then return i end end do s = s + i end return s',
      [6],
    ],
    'as the iterator of a generic for': ['for v in host.slow, "state" do return v end', ['state']],
    'in a coroutine as an iterator': [
      'local s = 0 for v in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(host.slow(i)) end end) do s = s + v end return s',
      [6],
    ],
    'in a numeric for': ['local s = 0 for i = host.slow(1), host.slow(3), host.slow(1) do s = s + i end return s', [6]],
    'in a variable to be closed': [
      'local s = "" do local x <close> = setmetatable({}, { __close = function() s = s .. host.slow("closed") end }) s = s .. "in " end return s',
      ['in closed'],
    ],
    'as __close': ['do local x <close> = setmetatable({}, { __close = host.slow }) end return 1', [1]],
    'in a variable to be closed by break and by return': [
      `local s = ""
       local function f() for i = 1, 3 do local x <close> = setmetatable({}, { __close = function() s = s .. host.slow(i) end }) if i == 2 then return "r" .. host.slow("r") end end end
       return f() .. s`,
      ['rr12'],
    ],
    'in a variable to be closed by an error that is caught': [
      'local s = "" local ok, e = pcall(function() local x <close> = setmetatable({}, { __close = function(_, e) s = host.slow(e) end }) error("e", 0) end) return ok, e, s',
      [false, 'e', 'e'],
    ],
    'in the closing value of a generic for': [
      'local s = "" for i in function(_, i) return (i or 0) + 1 end, nil, nil, setmetatable({}, { __close = function() s = host.slow("closed") end }) do if i == 2 then break end end return s',
      ['closed'],
    ],
    'in __index': ['return setmetatable({}, { __index = function(_, k) return host.slow(k) end }).key', ['key']],
    'in __index of strings of keys, far down': [
      'local t = {} for _ = 1, 50 do t = setmetatable({}, { __index = t }) end local b = setmetatable({}, { __index = function(_, k) return host.slow(k) end }) return setmetatable({}, { __index = b }).k',
      ['k'],
    ],
    'as __index': ['return type(setmetatable({}, { __index = host.count }).key)', ['number']],
    'in __newindex': [
      'local s setmetatable({}, { __newindex = function(_, k, v) s = host.slow(k) .. host.slow(v) end }).a = "b" return s',
      ['ab'],
    ],
    'in __call': ['return setmetatable({}, { __call = function(_, v) return host.slow(v) end })(3)', [3]],
    'in __eq': [
      'local m = { __eq = function() return host.slow(true) end } return setmetatable({}, m) == setmetatable({}, m), setmetatable({}, m) ~= setmetatable({}, m)',
      [true, false],
    ],
    'in __lt': [
      'local m = { __lt = function() return host.slow(true) end } return setmetatable({}, m) < setmetatable({}, m)',
      [true],
    ],
    'in __le': [
      'local m = { __le = function() return host.slow(false) end } if setmetatable({}, m) <= setmetatable({}, m) then return 1 else return 2 end',
      [2],
    ],
    'in __concat': [
      'local m = { __concat = function(a, b) return host.slow("c") end } return "a" .. setmetatable({}, m) .. "b", setmetatable({}, m) .. 1',
      ['ac', 'c'],
    ],
    'in __len': ['return #setmetatable({}, { __len = function() return host.slow(9) end })', [9]],
    'in __unm, __add, __idiv, __bnot and __shl': [
      'local f = function() return host.slow(1) end local t = setmetatable({}, { __unm = f, __add = f, __idiv = f, __bnot = f, __shl = f }) return -t + (t + 1) + (t // 1) + ~t + (1 << t)',
      [5],
    ],
    'in __pairs': [
      'local n = 0 for _ in pairs(setmetatable({}, { __pairs = function() host.slow(1) return next, { 1, 2 } end })) do n = n + 1 end return n',
      [2],
    ],
    'in a function that load made': ['return load("return host.slow(...)")(8)', [8]],
    'beside output': ['print("a") local v = host.slow("v") print("b") return v', ['v']],
    'and goto goes around it': [
      'local n = 0 ::again:: n = n + host.slow(1) if n < 5 then goto again end return n',
      [5],
    ],
    'in the middle of an expression with many temporaries': [
      'return host.slow(1) .. host.slow(2) .. (3 + host.slow(4)) .. #{ host.slow(1), host.slow(2), host.slow(3) }',
      ['1273'],
    ],
    'among upvalues that are shared': [
      'local n = 0 local function add() n = n + 1 return n end local a = add() + host.slow(10) + add() return a, n',
      [13, 2],
    ],
  }

  test.each(Object.keys(PLACES))('%s', async (place) => {
    const engine = engineWith({ ...BASIC, count: async (_context, ...args) => args.length - 1 }, { concurrency: 1 })
    const [code, expected] = PLACES[place]
    expect(await valuesOf(engine, code)).toEqual(expected)
    const sync = engineWith({ slow: BASIC.same, count: (_context, ...args) => args.length - 1 }, { concurrency: 1 })
    expect(await valuesOf(sync, code)).toEqual(expected)
    // And so with another script on the same thread meanwhile.
    const both = await Promise.all([valuesOf(engine, code), valuesOf(engine, code), engine.runLua('return 1', 'y')])
    expect(both).toEqual([expected, expected, '1'])
  })

  test('coroutines see nothing of it: isyieldable, running and status', async () => {
    const engine = engineWith(BASIC)
    const code = `
      local function look() return tostring(coroutine.isyieldable()) .. tostring(select(2, coroutine.running())) end
      local before = look() host.slow(1) local after = look()
      local co = coroutine.create(function() local a = look() host.slow(1) return a .. look() end)
      return before == after, select(2, coroutine.resume(co))`
    expect(await valuesOf(engine, code)).toEqual([true, 'truefalsetruefalse'])
  })

  test('yield across a wait goes to its own resume', async () => {
    const engine = engineWith(BASIC)
    const code = `
      local log = {}
      local function worker(name) return coroutine.create(function() for i = 1, 3 do log[#log + 1] = name .. host.slow(i) coroutine.yield() end end) end
      local a, b = worker("a"), worker("b")
      while coroutine.resume(a) and coroutine.resume(b) do end
      return table.concat(log, " ")`
    expect(await valuesOf(engine, code)).toEqual(['a1 b1 a2 b2 a3 b3'])
  })

  test('the values around a wait survive garbage collection', async () => {
    const engine = engineWith(BASIC)
    const code = `
      local out = {}
      for i = 1, 20 do
        local kept = { ("k"):rep(i) }
        local function f(...) local v = host.slow(...) for _ = 1, 2000 do local _ = { {} } end return v, kept[1] end
        local v, k = f(("v"):rep(i))
        out[i] = #v + #k
      end
      return out`
    expect(await valuesOf(engine, code)).toEqual([Array.from({ length: 20 }, (_, i) => 2 * (i + 1))])
  })
})

describe('where Lua cannot wait', () => {
  const CLEAR = /a host function cannot be called here.*Call it before/
  const PLACES = {
    'a comparator of table.sort': 'table.sort({ 3, 1, 2 }, function(a, b) return host.f(a) < b end)',
    'table.sort with a host function': 'table.sort({ 3, 1, 2 }, host.f)',
    '__lt in table.sort':
      'local m = { __lt = function() return host.f() end } table.sort({ setmetatable({}, m), setmetatable({}, m) })',
    'a callback of string.gsub': '("a"):gsub("a", function(c) return host.f(c) end)',
    'string.gsub with a host function': '("a"):gsub("a", host.f)',
    '__index in string.gsub': '("a"):gsub("a", setmetatable({}, { __index = function(_, k) return host.f(k) end }))',
    '__tostring in tostring': 'tostring(setmetatable({}, { __tostring = function() return host.f("s") end }))',
    '__tostring in print': 'print(setmetatable({}, { __tostring = function() return host.f("s") end }))',
    '__tostring in string.format':
      '("%s"):format(setmetatable({}, { __tostring = function() return host.f("s") end }))',
    '__index in table.concat':
      'table.concat(setmetatable({}, { __index = function(_, k) return host.f(k) end }), "", 1, 2)',
    '__index in table.unpack':
      'table.unpack(setmetatable({}, { __index = function(_, k) return host.f(k) end }), 1, 2)',
    '__newindex in table.insert':
      'table.insert(setmetatable({}, { __newindex = function(_, k) return host.f(k) end }), 1)',
    'a coroutine in a comparator':
      'table.sort({ 2, 1 }, function(a, b) local v = coroutine.wrap(function() return host.f(a) end)() return v < b end)',
    'pcall in a callback, when it is raised again': '("a"):gsub("a", function() assert(pcall(host.f)) end)',
    'a comparator in a coroutine':
      'coroutine.wrap(function() table.sort({ 2, 1 }, function() return host.f() end) end)()',
  }

  test.each(Object.keys(PLACES))('%s: an error that says so and what to do, and nothing is called', async (place) => {
    let called = 0
    const engine = engineWith({
      f: () => {
        called += 1
      },
    })
    const error = await rejection(engine.runLua(PLACES[place], 'x'))
    expect(error).toMatchObject({ code: 'ERR_LUA_RUNTIME', message: expect.stringMatching(CLEAR) })
    const code = `local ok, e = pcall(function() ${PLACES[place]} end) return ok, tostring(e), (pcall(host.f))`
    expect(await valuesOf(engine, code)).toEqual([false, expect.stringMatching(CLEAR), true])
    expect(called).toBe(1)
  })

  test('the reader of load: load gives nil and the error', async () => {
    const engine = engineWith(BASIC)
    for (const reader of ['host.same', 'function() return host.same("return 1") end']) {
      expect(await valuesOf(engine, `local f, e = load(${reader}) return f, tostring(e)`)).toEqual([
        undefined,
        expect.stringMatching(CLEAR),
      ])
    }
  })

  test('a message handler: pcall in it sees the error, and the run goes on', async () => {
    const engine = engineWith(BASIC)
    const code =
      'local ok, e = xpcall(error, function() return tostring(select(2, pcall(host.same, 1))) end, "e") return ok, e, host.same("on")'
    expect(await valuesOf(engine, code)).toEqual([false, expect.stringMatching(CLEAR), 'on'])
    for (const handler of ['host.same', 'function(e) return host.same(e) end', 'sleep']) {
      expect(await valuesOf(engine, `return (xpcall(error, ${handler}, "e")), host.same("on")`)).toEqual([false, 'on'])
    }
  })

  test('coroutine.close and the end of a coroutine: the error is what they give', async () => {
    const engine = engineWith(BASIC)
    const closing = 'local x <close> = setmetatable({}, { __close = function() host.same(1) end })'
    const closed = `local co = coroutine.create(function() ${closing} coroutine.yield() end) coroutine.resume(co)
      local ok, e = coroutine.close(co) return ok, tostring(e), coroutine.status(co), host.same("on")`
    const [ok, message, ...rest] = await valuesOf(engine, closed)
    expect([[true, false].includes(ok), ...rest]).toEqual([true, 'dead', 'on'])
    if (!ok) expect(message).toMatch(CLEAR)
    const wrapped = `local ok, e = pcall(coroutine.wrap(function() ${closing} error("e", 0) end)) return ok, tostring(e), host.same("on")`
    const ended = await valuesOf(engine, wrapped)
    expect([ended[0], ended[2]]).toEqual([false, 'on'])
    expect(ended[1]).toMatch(new RegExp(`^e$|${CLEAR.source}`))
  })

  test('an uncaught error value whose __tostring calls: the run rejects all the same', async () => {
    let called = 0
    const engine = engineWith({
      f: () => {
        called += 1
      },
    })
    const error = await rejection(
      engine.runLua('error(setmetatable({ a = 1 }, { __tostring = function() return host.f() end }))', 'x'),
    )
    expect(error).toMatchObject({ code: 'ERR_LUA_RUNTIME', luaValue: { a: 1 } })
    expect(called).toBe(0)
  })

  test('finalizers do not exist, also on the table of host functions', async () => {
    const engine = engineWith({ f: () => {}, __gc: () => {} })
    for (const code of ['setmetatable({}, { __gc = host.f })', 'setmetatable({}, host)']) {
      expect(await rejection(engine.runLua(code, 'x'))).toMatchObject({
        code: 'ERR_LUA_RUNTIME',
        message: expect.stringContaining('__gc'),
      })
    }
  })
})

describe('many calls', () => {
  test('of one script come in order, one at a time', async () => {
    const seen = []
    let inside = 0
    const f = async (_context, i) => {
      inside += 1
      expect(inside).toBe(1)
      if (i % 3 === 0) await later()
      seen.push(i)
      inside -= 1
      return i * 2
    }
    const engine = engineWith({ f })
    const sum = await valuesOf(engine, 'local s = 0 for i = 1, 1000 do s = s + host.f(i) end return s', {
      timeout: 60_000,
    })
    expect(sum).toEqual([1001 * 1000])
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1))
  })

  test('of many scripts: each gets its own answers, with its own context', async () => {
    const f = async ({ scriptId }, i) => {
      if (i % 2) await later()
      return `${scriptId}:${i}`
    }
    const engine = engineWith({ f })
    const code =
      'local n = ... local out = {} for i = 1, 20 do out[i] = host.f(n + i) end return table.concat(out, " ")'
    const runs = Array.from({ length: 100 }, (_, n) => engine.runLua(code, `tenant-${n}`, { args: [n] }))
    const texts = await Promise.all(runs)
    for (const [n, text] of texts.entries()) {
      expect(text).toBe(Array.from({ length: 20 }, (_, i) => `tenant-${n}:${n + i + 1}`).join(' '))
    }
  })

  test('1000 scripts wait at once with one thread, while others run, and are answered in any order', async () => {
    const { calls, open } = gate()
    const engine = engineWith({ open }, { concurrency: 1 })
    const runs = Array.from({ length: 1000 }, (_, i) =>
      engine.runLua('return host.open(...)', `t${i % 13}`, { args: [i], timeout: 60_000 }),
    )
    await until(() => calls.length === 1000)
    await until(() => engine.stats().running === 0)
    expect(engine.stats()).toMatchObject({ queued: 0, running: 0, suspended: 1000, started: 1000, completed: 0 })
    expect(await engine.runLua('local n = 0 for i = 1, 1e6 do n = n + i end return n', 'other')).toBe('500000500000')
    expect(await Promise.all(Array.from({ length: 50 }, () => engine.runLua('return 1', 'other')))).toHaveLength(50)
    expect(engine.stats().suspended).toBe(1000)
    for (const { args, resolve } of calls.reverse()) resolve(`answer ${args[0]}`)
    expect(await Promise.all(runs)).toEqual(Array.from({ length: 1000 }, (_, i) => `answer ${i}`))
    expect(engine.stats()).toMatchObject({ suspended: 0, running: 0, completed: 1051 })
  })

  test('a call may run another script, also with one thread', async () => {
    const engine = engineWith({}, { concurrency: 1 })
    engine.expose('nested', async (_context, depth) => {
      if (depth === 0) return 'bottom'
      return engine.runLua('return host.nested(...)', `depth-${depth}`, { args: [depth - 1] })
    })
    expect(await engine.runLua('return host.nested(30)', 'top')).toBe('bottom')
    expect(engine.stats()).toMatchObject({ completed: 31, suspended: 0, running: 0 })
  })

  test('State is shared with a script that a call runs', async () => {
    const engine = engineWith({}, { concurrency: 1 })
    engine.expose('other', () => engine.runLua('State.set("k", State.get("k") + 1)', 'x'))
    expect(await engine.runLua('State.set("k", 1) host.other() return State.get("k")', 'x')).toBe('2')
  })
})

describe('limits while a script waits', () => {
  test('timeout counts the wait, and the function is told', async () => {
    const { calls, open } = gate()
    const engine = engineWith({ open })
    const run = rejection(engine.runLua('print("before") host.open() print("after")', 'x', { timeout: 50 }))
    await until(() => calls.length === 1)
    expect(calls[0].context.signal.aborted).toBe(false)
    expect(await run).toMatchObject({ code: 'ERR_LUA_TIMEOUT', limit: 'timeout', output: 'before\n' })
    expect(calls[0].context.signal.aborted).toBe(true)
    calls[0].resolve('too late')
    await until(() => engine.stats().suspended === 0)
    expect(engine.stats()).toMatchObject({ timedOut: 1, running: 0 })
  })

  test('no pcall, coroutine or variable to be closed keeps it waiting', async () => {
    const engine = engineWith({ never, mark: () => {} })
    const code = `local x <close> = setmetatable({}, { __close = function() State.set("closed", 1) end })
      while true do pcall(function() coroutine.wrap(function() host.never() end)() end) State.set("went on", 1) end`
    expect(await rejection(engine.runLua(code, 'x', { timeout: 50 }))).toMatchObject({ code: 'ERR_LUA_TIMEOUT' })
    expect(await engine.runLua('return State.list()', 'x')).toBe('{}')
  })

  test('cpuTimeout does not count it', async () => {
    const wait = () => new Promise((resolve) => setTimeout(resolve, 600))
    const engine = engineWith({ wait })
    const { stats } = await engine.run('host.wait()', 'x', { cpuTimeout: 500 })
    expect(stats.runTime).toBeGreaterThanOrEqual(590)
    expect(stats.cpuTime).toBeLessThan(500)
    const error = await rejection(
      engine.runLua('host.wait() while true do end', 'x', { cpuTimeout: 30, timeout: 60_000 }),
    )
    expect(error).toMatchObject({ code: 'ERR_LUA_TIMEOUT', limit: 'cpuTimeout' })
  })

  test('an answer that needs more than memoryLimit stops the script, whatever it catches', async () => {
    const engine = engineWith({ big: () => Array.from({ length: 300_000 }, (_, i) => i), same: BASIC.same })
    const error = await rejection(
      engine.runLua('pcall(host.big) State.set("went on", 1)', 'x', { memoryLimit: 2 * MIB }),
    )
    expect(error).toMatchObject({ code: 'ERR_LUA_MEMORY' })
    expect(await engine.runLua('return State.has("went on"), #host.big()', 'x')).toBe('false\t300000')
  })

  test('arguments that need more than memoryLimit stop it, too', async () => {
    const engine = engineWith({ same: () => {} })
    const code = 'local s = ("x"):rep(1024 * 1024) pcall(host.same, { s, s, s, s, s, s, s, s }) State.set("went on", 1)'
    expect(await rejection(engine.runLua(code, 'x', { memoryLimit: 4 * MIB }))).toMatchObject({
      code: 'ERR_LUA_MEMORY',
    })
    expect(await engine.runLua('return State.has("went on")', 'x')).toBe('false')
  })

  test('a loop of calls is stopped by its timeout', async () => {
    const engine = engineWith({ ...BASIC })
    for (const call of ['host.same(1)', 'host.slow(1)', 'pcall(host.bad)']) {
      expect(await rejection(engine.runLua(`while true do ${call} end`, 'x', { timeout: 50 }))).toMatchObject({
        code: 'ERR_LUA_TIMEOUT',
      })
    }
    await until(() => engine.stats().running + engine.stats().suspended === 0)
  })
})

describe('the end of a run while it waits', () => {
  test('its own signal: the reason, and the function is told', async () => {
    const { calls, open } = gate()
    const engine = engineWith({ open }, { concurrency: 1 })
    const controller = new AbortController()
    const run = rejection(engine.runLua('pcall(host.open) State.set("went on", 1)', 'x', { signal: controller.signal }))
    await until(() => calls.length === 1)
    controller.abort('enough')
    expect(calls[0].context.signal.aborted).toBe(true)
    expect(await run).toBe('enough')
    calls[0].resolve(1)
    await until(() => engine.stats().suspended + engine.stats().running === 0)
    expect(await engine.runLua('return State.has("went on")', 'x')).toBe('false')
  })

  test('close: waits for the answer, or stops the run after its timeout', async () => {
    for (const timeout of [60_000, 0]) {
      const { calls, open } = gate()
      const engine = engineWith({ open })
      const run = engine.runLua('return host.open()', 'x').catch((error) => error)
      await until(() => calls.length === 1)
      const closed = engine.close({ timeout })
      if (timeout > 0) calls[0].resolve('in time')
      await closed
      expect(timeout > 0 ? await run : (await run).code).toBe(timeout > 0 ? 'in time' : 'ERR_ENGINE_CLOSED')
      expect(calls[0].context.signal.aborted).toBe(timeout === 0)
      calls[0].resolve('too late')
      calls[0].reject(new Error('too late'))
      await later()
    }
  })

  test('a function may close its own engine, or abort its own run', async () => {
    const engine = engineWith()
    const controller = new AbortController()
    engine.expose('abort', () => {
      controller.abort('by itself')
      return 1
    })
    engine.expose('close', () => {
      engine.close({ timeout: 0 })
      return 1
    })
    expect(await rejection(engine.runLua('host.abort() while true do end', 'x', { signal: controller.signal }))).toBe(
      'by itself',
    )
    expect(await rejection(engine.runLua('host.close() while true do end', 'x'))).toMatchObject({
      code: 'ERR_ENGINE_CLOSED',
    })
    await engine.close()
  })

  test('success: the signal is not aborted, also not later', async () => {
    let signal
    const engine = engineWith({
      f: (context) => {
        signal = context.signal
      },
    })
    await engine.runLua('host.f()', 'x')
    await engine.close()
    expect(signal.aborted).toBe(false)
  })

  test('an error of the script: the signal is aborted with an Error', async () => {
    let signal
    const engine = engineWith({
      f: (context) => {
        signal = context.signal
      },
    })
    await rejection(engine.runLua('host.f() error("no")', 'tenant'))
    expect(signal.aborted).toBe(true)
    expect(signal.reason).toBeInstanceOf(Error)
    expect(signal.reason.message).toContain('tenant')
  })

  test('what settles after the run was stopped, however, reaches no other run', async () => {
    const { calls, open } = gate()
    const engine = engineWith({ open }, { concurrency: 1 })
    for (let i = 0; i < 20; i++) await rejection(engine.runLua('host.open()', 'x', { timeout: 1 }))
    const runs = Array.from({ length: 20 }, (_, i) => engine.runLua('return host.open()', 'y', { args: [i] }))
    // Of those that were stopped, some may have been so before they called.
    await until(() => calls.filter(({ context }) => context.scriptId === 'y').length === 20)
    for (const [i, { context, resolve, reject }] of calls.entries()) {
      if (context.scriptId === 'x') i % 2 ? resolve({ wrong: true }) : reject(new Error('late'))
    }
    await later()
    for (const { context, resolve } of calls) if (context.scriptId === 'y') resolve('right')
    expect(new Set(await Promise.all(runs))).toEqual(new Set(['right']))
  })

  test('300 runs that are stopped at random moments, while functions answer at random moments', async () => {
    const answer = (_context, i) => (i % 3 === 0 ? i : new Promise((resolve) => setTimeout(resolve, i % 4, i)))
    const engine = engineWith({ answer })
    const code = 'for i = 1, 40 do if i % 5 == 0 then sleep(0.0005) end assert(host.answer(i) == i) end return "done"'
    const runs = Array.from({ length: 300 }, async (_, i) => {
      const controller = new AbortController()
      if (i % 2) setTimeout(() => controller.abort('stop'), i % 50)
      return engine
        .runLua(code, `t${i % 5}`, { signal: controller.signal, timeout: i % 3 ? 60_000 : 1 + (i % 40) })
        .catch((error) => error)
    })
    const ends = await Promise.all(runs)
    for (const end of ends) expect(end === 'done' || end === 'stop' || end.code === 'ERR_LUA_TIMEOUT' || end).toBe(true)
    await until(() => engine.stats().running + engine.stats().suspended === 0)
    const { completed, aborted, timedOut, failed, rejected } = engine.stats()
    expect([completed + aborted + timedOut, failed, rejected]).toEqual([300, 0, 0])
  })
})

describe('scripts do not reach each other through host', () => {
  test('what one does to the table, another does not see', async () => {
    const engine = engineWith({ f: () => 'right', db: { get: () => 'got' } }, { concurrency: 1, warmVms: 2 })
    const tamper = `
      host.f = function() return "wrong" end host.db.get = host.f host.extra = 1 host.db = { get = host.f }
      setmetatable(host, { __index = function() return host.f end }) host = nil`
    for (let i = 0; i < 5; i++) await engine.runLua(tamper, 'evil')
    expect(await engine.runLua('return host.f(), host.db.get(), host.extra, getmetatable(host)', 'x')).toBe(
      'right\tgot\tnil\tnil',
    )
  })

  test('globals of the host named host stand for it in their run only', async () => {
    const engine = engineWith({ f: () => 'right' })
    expect(await engine.runLua('return host', 'x', { globals: { host: 'mine' } })).toBe('mine')
    expect(await engine.runLua('return host.f()', 'x')).toBe('right')
  })

  test('a replaced global changes nothing of a call', async () => {
    const engine = engineWith({ slow: BASIC.slow })
    expect(
      await engine.runLua('coroutine, pcall, error, type, json, select = nil return host.slow({ 1 })[1]', 'x'),
    ).toBe('1')
  })
})

describe('an engine without libraries', () => {
  test('has host, and calls work', async () => {
    const engine = engineWith(BASIC, { libraries: [] })
    expect(await valuesOf(engine, 'return host.slow(1), pcall(host.bad)').catch((error) => error.code)).toBe(
      'ERR_LUA_RESULT',
    )
    expect(await valuesOf(engine, 'return host.slow({}), (pcall(host.bad))')).toEqual([{}, false])
  })
})

describe('the process', () => {
  test('lives while a script waits for a promise that nothing else keeps it alive for, and then ends by itself', async () => {
    const { stdout, exitCode } = await runProgram(`
      const { Engine } = require('moonpool')
      const engine = new Engine()
      engine.expose('wait', () => new Promise((resolve) => setTimeout(resolve, 300, 'waited').unref()))
      engine.runLua('return host.wait()', 'x').then((text) => console.log(text))`)
    expect({ stdout, exitCode }).toEqual({ stdout: 'waited\n', exitCode: 0 })
  })

  test('a promise that never settles: the timeout ends the run, and then the process', async () => {
    const { stdout, exitCode } = await runProgram(`
      const { Engine } = require('moonpool')
      const engine = new Engine()
      engine.expose('never', () => new Promise(() => {}))
      engine.runLua('host.never()', 'x', { timeout: 200 }).catch((error) => console.log(error.code))`)
    expect({ stdout, exitCode }).toEqual({ stdout: 'ERR_LUA_TIMEOUT\n', exitCode: 0 })
  })

  test('no rejection is left unhandled by functions that settle too late or fail at once', async () => {
    const { stdout, stderr, exitCode } = await runProgram(`
      const { Engine } = require('moonpool')
      process.on('unhandledRejection', (error) => console.log('unhandled', error))
      const engine = new Engine()
      let reject
      engine.expose('late', () => new Promise((_, no) => { reject = no }))
      engine.expose('now', () => Promise.reject(new Error('now')))
      engine.expose('odd', async () => Symbol('s'))
      ;(async () => {
        await engine.runLua('pcall(host.now) pcall(host.odd)', 'x')
        await engine.runLua('host.late()', 'x', { timeout: 20 }).catch(() => {})
        reject(new Error('late'))
        await new Promise((resolve) => setTimeout(resolve, 20))
        await engine.close()
        console.log('done')
      })()`)
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: 'done\n', stderr: '', exitCode: 0 })
  })

  test('process.exit and a throwing listener while scripts wait: no crash', async () => {
    const { stdout, exitCode } = await runProgram(`
      const { Engine } = require('moonpool')
      const engine = new Engine()
      let n = 0
      engine.expose('wait', () => { if (++n === 50) setImmediate(() => { console.log('exit'); process.exit(3) }); return new Promise(() => {}) })
      for (let i = 0; i < 50; i++) engine.runLua('host.wait()', 't' + i).catch(() => {})`)
    expect({ stdout, exitCode }).toEqual({ stdout: 'exit\n', exitCode: 3 })
  })
})
