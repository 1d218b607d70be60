// The table `host`: which names may be in it, and that every script has it as its engine gave it.
'use strict'

const vm = require('node:vm')
const { runLua } = require('..')
const { engineExposing, engineWith, until, valuesOf } = require('./support/engine')
const { BASIC, gate } = require('./support/host-functions')
const { rejection } = require('./support/rejection')

describe('names', () => {
  test.each(['a', '_', '_1', 'A9', 'db', 'get_all', '__index', '__gc', '__close', 'constructor', 'self', 'print'])(
    '%s is one',
    async (name) => {
      const engine = engineExposing({ [name]: () => 'called' })
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
    const engine = engineExposing({ a: () => 'a', db: { get: () => 'get' } })
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
    const engine = engineExposing({ db: group })
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
    const [one, two] = [engineExposing({ a: () => 1 }), engineExposing({ b: () => 2 })]
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
    const engine = engineExposing({ open }, { concurrency: 1 })
    const first = engine.runLua('host.open() return host.late', 'x')
    await until(() => calls.length === 1)
    engine.expose('late', () => 'late')
    const second = engine.runLua('return host.late()', 'x')
    calls[0].resolve()
    expect(await Promise.all([first, second])).toEqual(['', 'late'])
  })
})

describe('scripts do not reach each other through host', () => {
  test('what one does to the table, another does not see', async () => {
    const engine = engineExposing({ f: () => 'right', db: { get: () => 'got' } }, { concurrency: 1, warmVms: 2 })
    const tamper = `
      host.f = function() return "wrong" end host.db.get = host.f host.extra = 1 host.db = { get = host.f }
      setmetatable(host, { __index = function() return host.f end }) host = nil`
    for (let i = 0; i < 5; i++) await engine.runLua(tamper, 'evil')
    expect(await engine.runLua('return host.f(), host.db.get(), host.extra, getmetatable(host)', 'x')).toBe(
      'right\tgot\tnil\tnil',
    )
  })

  test('globals of the host named host stand for it in their run only', async () => {
    const engine = engineExposing({ f: () => 'right' })
    expect(await engine.runLua('return host', 'x', { globals: { host: 'mine' } })).toBe('mine')
    expect(await engine.runLua('return host.f()', 'x')).toBe('right')
  })

  test('a replaced global changes nothing of a call', async () => {
    const engine = engineExposing({ slow: BASIC.slow })
    expect(
      await engine.runLua('coroutine, pcall, error, type, json, select = nil return host.slow({ 1 })[1]', 'x'),
    ).toBe('1')
  })
})

describe('an engine without libraries', () => {
  test('has host, and calls work', async () => {
    const engine = engineExposing(BASIC, { libraries: [] })
    expect(await valuesOf(engine, 'return host.slow(1), pcall(host.bad)').catch((error) => error.code)).toBe(
      'ERR_LUA_RESULT',
    )
    expect(await valuesOf(engine, 'return host.slow({}), (pcall(host.bad))')).toEqual([{}, false])
  })
})
