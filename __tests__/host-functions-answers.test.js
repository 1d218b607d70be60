// What functions of the host get from scripts and give to them, and what cannot cross.
'use strict'

const vm = require('node:vm')
const { LuaError } = require('..')
const { MIB } = require('./support/constants')
const { engineExposing, valuesOf } = require('./support/engine')
const { later, thenable } = require('./support/host-functions')
const { rejection } = require('./support/rejection')

test('an answer that comes twice is one answer, also of a promise whose then is its own', async () => {
  let again
  const settleTwice = (settle) => {
    settle('first')
    again = () => settle('second')
  }
  const engine = engineExposing({
    thenable: () => thenable(settleTwice),
    promise: () => Object.assign(Promise.resolve(), thenable(settleTwice)),
    next: () => {
      again()
      return later().then(() => 'third')
    },
  })
  for (const name of ['thenable', 'promise']) {
    expect(await valuesOf(engine, `return host.${name}(), host.next()`)).toEqual(['first', 'third'])
  }
})

describe('what a function gets and gives', () => {
  test('the context first, then the arguments; nil and trailing nils among them', async () => {
    const seen = []
    const engine = engineExposing({
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

  test('the context is frozen, with the id and the name of the run, its data and a signal', async () => {
    let seen
    const engine = engineExposing({
      f: (context) => {
        seen = context
      },
    })
    await engine.runLua('script = { id = "forged" } host.f("forged")', 'tenant')
    expect(Object.keys(seen).sort()).toEqual(['data', 'name', 'scriptId', 'signal'])
    expect(Object.isFrozen(seen)).toBe(true)
    expect(() => {
      seen.scriptId = 'other'
    }).toThrow(TypeError)
    expect(seen.scriptId).toBe('tenant')
    expect(seen.signal).toBeInstanceOf(AbortSignal)
    expect({ ...seen }.signal).toBe(seen.signal)
  })

  test('this is nothing of moonpool', async () => {
    let self = 'unset'
    const engine = engineExposing({
      f() {
        self = this
      },
    })
    await engine.runLua('host.f()', 'x')
    expect(self).toBeUndefined()
  })

  test('many arguments, or more than JavaScript takes: an error, not a crash', async () => {
    const engine = engineExposing({ count: (_context, ...args) => args.length })
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
    const engine = engineExposing({
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
    const engine = engineExposing({ f: () => {} })
    expect((await rejection(engine.runLua('local t = {} t.t = t host.f(t)', 'x'))).message).toContain(
      'args[1].t contains itself',
    )
    const nest = 'local t = 1 for _ = 1, ... do t = { t } end return host.f(t)'
    expect(await engine.runLua(nest, 'x', { args: [128] })).toBe('')
    expect((await rejection(engine.runLua(nest, 'x', { args: [129] }))).message).toContain('128 levels')
  })

  class Lazy extends Promise {
    // biome-ignore lint/suspicious/noThenProperty: that is what makes it lazy
    then(...settled) {
      return Promise.resolve('lazy').then(...settled)
    }
  }

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
    'a promise that begins when somebody waits for it': [() => new Lazy(() => {}), 'lazy'],
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
    const engine = engineExposing({ f })
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
      const engine = engineExposing({ db: { f: wrongAnswers[what] } })
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
