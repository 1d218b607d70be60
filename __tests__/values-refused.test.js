// Values that cannot cross, in either direction: each is refused, with the path to it.
'use strict'

const { isDeepStrictEqual } = require('node:util')
const { Engine, LuaError } = require('..')
const { engine, refusedIn, refusedOut, returned, told } = require('./support/crossing')
const { expectBadArgument, rejection } = require('./support/rejection')

/** `innermost` within as many levels as `depth` says. */
function nested(depth, wrap, innermost) {
  let value = innermost
  for (let i = 0; i < depth; i++) value = wrap(value)
  return value
}

describe('refused on the way in, with the path', () => {
  class Point {
    x = 1
  }
  const REFUSED = {
    'a function': [() => {}, 'function'],
    'a class': [Point, 'Point'],
    'a symbol': [Symbol('s'), 'symbol'],
    'a date': [new Date(0), 'Date'],
    'an invalid date': [new Date(NaN), 'Date'],
    'a regular expression': [/x/, 'RegExp'],
    'an instance of a class': [new Point(), 'Point'],
    'an object with a prototype of its own': [Object.create({ x: 1 }), 'Object'],
    'an error': [new Error('no'), 'Error'],
    'a promise': [Promise.resolve(1), 'Promise'],
    'a Set': [new Set([1]), 'Set'],
    'a WeakMap': [new WeakMap(), 'WeakMap'],
    'a boxed number': [Object(1), 'Number'],
    'a boxed string': [Object('a'), 'String'],
    'a boxed boolean': [Object(true), 'Boolean'],
    'a boxed BigInt': [Object(1n), 'BigInt'],
    'an ArrayBuffer': [new ArrayBuffer(1), 'ArrayBuffer'],
    'a SharedArrayBuffer': [new SharedArrayBuffer(1), 'SharedArrayBuffer'],
    'a DataView': [new DataView(new ArrayBuffer(1)), 'DataView'],
    'an Int8Array': [new Int8Array(1), 'Int8Array'],
    'a Uint8ClampedArray': [new Uint8ClampedArray(1), 'Uint8ClampedArray'],
    'a Uint16Array': [new Uint16Array(1), 'Uint16Array'],
    'a Float64Array': [new Float64Array(1), 'Float64Array'],
    'a BigInt64Array': [new BigInt64Array(1), 'BigInt64Array'],
    'a URL': [new URL('http://a'), 'URL'],
    'a generator': [(function* () {})(), 'cannot cross'],
    'an iterator': [[].values(), 'cannot cross'],
    'a BigInt of 65 bits': [2n ** 63n, '9223372036854775808n'],
    'a BigInt below 64 bits': [-(2n ** 63n) - 1n, '-9223372036854775809n'],
    'a huge BigInt': [10n ** 1000n, '64-bit'],
    'a lone high surrogate': ['a\ud800', 'lone surrogate'],
    'a lone low surrogate': ['\udc00a', 'lone surrogate'],
  }

  test.each(Object.keys(REFUSED))('%s', async (what) => {
    const [value, shown] = REFUSED[what]
    const places = {
      'options.args[0] ': { args: [value] },
      'options.args[1].a[2].b ': { args: [1, { a: [1, 2, { b: value }] }] },
      'options.args[0]["a b"] ': { args: [{ 'a b': value }] },
      'options.globals.config.x ': { globals: { config: { x: value } } },
    }
    for (const [path, options] of Object.entries(places)) {
      for (const call of [engine.run('', 'x', options), engine.runLua('', 'x', options)]) {
        const error = await rejection(call)
        expectBadArgument(error, TypeError, shown)
        expect(error.message.replaceAll("'", '"')).toContain(path)
      }
    }
    expect((await refusedIn(new Map([['k', [value]]]))).message).toContain("options.args[0]['k'][0] is ")
  })

  test('an item of an array that is undefined, and one that is missing', async () => {
    const sparse = [1]
    sparse[2] = 3
    expect((await refusedIn([1, undefined])).message).toContain('options.args[0][1] is undefined')
    expect((await refusedIn({ list: sparse })).message).toContain('options.args[0].list[1] is undefined')
    expect((await refusedIn(new Array(2 ** 32 - 1))).message).toContain('options.args[0][0] is undefined')
  })

  test.each([
    ['null', null],
    ['NaN', NaN],
    ['an object', {}],
    ['a symbol', Symbol('s')],
    ['undefined', undefined],
    ['a BigInt of 65 bits', 2n ** 64n],
    ['bytes', new Uint8Array(1)],
    ['a function', () => {}],
  ])('a Map with the key %s', async (_what, key) => {
    const error = await refusedIn({ m: new Map([[key, 1]]) })
    expect(error).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
      message: expect.stringContaining('options.args[0].m['),
    })
  })

  test('keys with a lone surrogate, and symbols as keys', async () => {
    expect((await refusedIn({ o: { 'a\ud800': 1 } })).message).toContain('lone surrogate')
    expect((await refusedIn(new Map([['\udfff', 1]]))).message).toContain('lone surrogate')
    expect((await refusedIn({ o: { [Symbol('s')]: 1 } })).message).toContain('options.args[0].o[Symbol(s)]')
    const hidden = Object.defineProperty({ a: 1 }, Symbol('s'), { value: 1 })
    expect(await returned(hidden)).toEqual({ a: 1 })
  })

  test('what contains itself, through whatever', async () => {
    const array = []
    array.push([array])
    const object = { a: {} }
    object.a.b = object
    const map = new Map()
    map.set('k', [map])
    expect((await refusedIn(array)).message).toContain('options.args[0][0][0] is a value that contains itself')
    expect((await refusedIn(object)).message).toContain('options.args[0].a.b is a value that contains itself')
    expect((await refusedIn(map)).message).toContain("options.args[0]['k'][0] is a value that contains itself")
    const globals = { a: 1 }
    globals.self = globals
    expect((await rejection(engine.run('', 'x', { globals }))).message).toContain('options.globals.self')
    const args = []
    args.push(args)
    expect((await rejection(engine.run('', 'x', { args }))).code).toBe('ERR_INVALID_ARG_TYPE')
  })

  test('the same object twice contains nothing of itself', async () => {
    const object = { a: 1 }
    expect(await returned([object, object, { object }])).toEqual([{ a: 1 }, { a: 1 }, { object: { a: 1 } }])
  })

  test('nested: 128 levels cross, 129 do not', async () => {
    for (const wrap of [(value) => [value], (value) => ({ a: value }), (value) => new Map([['a', value]])]) {
      expect(
        await told(
          'local t, n = ..., 0 while type(t) == "table" do n, t = n + 1, t.a or t[1] end return n',
          nested(128, wrap, 'x'),
        ),
      ).toBe(128)
      expect((await refusedIn(nested(129, wrap, 'x'))).message).toContain('128 levels')
    }
    expect((await refusedIn(nested(100_000, (value) => [value], 1))).message).toContain('128 levels')
    expect(
      isDeepStrictEqual(
        await returned(nested(128, (value) => [value], 'x')),
        nested(128, (value) => [value], 'x'),
      ),
    ).toBe(true)
  })

  test('a getter that throws: its error', async () => {
    const failure = new Error('from a getter')
    const thrower = {
      get a() {
        throw failure
      },
    }
    expect(await refusedIn([thrower])).toBe(failure)
    expect(await rejection(engine.runLua('', 'x', { globals: thrower }))).toBe(failure)
  })

  test('a proxy: what it answers, or the error that it throws', async () => {
    expect(await returned(new Proxy({ a: [1] }, {}))).toEqual({ a: [1] })
    expect(await returned(new Proxy([1, 2], {}))).toEqual([1, 2])
    const failure = new Error('from a trap')
    const traps = ['get', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor']
    for (const trap of traps) {
      const hostile = new Proxy(
        { a: 1 },
        {
          [trap]: () => {
            throw failure
          },
        },
      )
      expect(await refusedIn(hostile)).toBe(failure)
    }
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(await refusedIn(proxy)).toHaveProperty('name', 'TypeError')
    expect(await refusedIn(new Proxy(new Map(), {}))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    expect(await returned('well')).toBe('well')
  })

  test('getters are asked once', async () => {
    let asked = 0
    const object = {
      get a() {
        asked += 1
        return asked
      },
    }
    expect(await returned(object)).toEqual({ a: 1 })
    expect(asked).toBe(1)
  })

  test('1000 arguments go in, 1001 do not', async () => {
    expect((await engine.run('return select("#", ...)', 'x', { args: new Array(1000).fill(0) })).value).toBe(1000)
    const error = await rejection(engine.run('', 'x', { args: new Array(1001).fill(0) }))
    expectBadArgument(error, RangeError, /options\.args.*1000.*1001/)
  })

  test.each([
    ['a string', 'ab'],
    ['an object', { length: 1 }],
    ['null', null],
    ['bytes', new Uint8Array(1)],
    ['a function', () => {}],
  ])('args that are %s', async (_what, args) => {
    expectBadArgument(await rejection(engine.runLua('', 'x', { args })), TypeError, 'options.args')
  })

  test.each([
    ['an array', [1]],
    ['a Map', new Map()],
    ['null', null],
    ['a date', new Date()],
    ['text', 'a'],
    ['an instance', new Point()],
  ])('globals that are %s', async (_what, globals) => {
    expectBadArgument(await rejection(engine.runLua('', 'x', { globals })), TypeError, 'options.globals')
  })

  test('what is refused never ran, and is in no statistic', async () => {
    const own = new Engine()
    await rejection(own.run('State.set("ran", 1)', 'x', { args: [() => {}] }))
    expect(own.stats()).toMatchObject({ started: 0, completed: 0, failed: 0, rejected: 0, queued: 0 })
    expect(await own.runLua('return State.has("ran")', 'x')).toBe('false')
    await own.close()
  })
})

describe('refused on the way out, with the path', () => {
  test.each([
    ['print', 'a function'],
    ['{ print }', '[1] is a function'],
    ['{ a = { b = { 1, print } } }', '.a.b[2] is a function'],
    ['{ ["a b"] = print }', '["a b"] is a function'],
    ['coroutine.create(print)', 'thread'],
    ['{ a = coroutine.wrap(print) }', '.a is a function'],
    ['"\\xff"', 'not UTF-8'],
    ['{ a = "\\xff" }', '.a is a string that is not UTF-8'],
    ['{ ["\\xff"] = 1 }', 'key that is not UTF-8'],
    ['{ 1, nil, 3 }', 'holes'],
    ['{ [2] = 1 }', 'holes'],
    ['{ [0] = 1 }', 'the integer key 0'],
    ['{ [-1] = 1 }', 'the integer key -1'],
    ['{ [1.5] = 1 }', 'float key 1.5'],
    ['{ [true] = 1 }', 'a key that is a boolean'],
    ['{ 1, a = 2 }', 'mixes'],
    ['{ deep = { 1, a = 2 } }', '.deep mixes'],
    ['json.array({ a = 1 })', 'marked as an array'],
    ['(function() local t = {} t.t = t return t end)()', '.t contains itself'],
    ['(function() local t = {} t[1] = { { t } } return t end)()', '[1][1][1] contains itself'],
  ])('%s', async (expression, reason) => {
    const error = await refusedOut(expression)
    expect(error).toBeInstanceOf(LuaError)
    expect(error.code).toBe('ERR_LUA_RESULT')
    expect(error.message).toContain(reason)
    expect(error.message).toMatch(/value/)
    const second = await refusedOut(`1, ${expression}`)
    expect(second.message).toMatch(/values?\[2\]/)
    expect(second.message).toContain(reason)
  })

  test('nested: 128 levels come out, 129 do not', async () => {
    const code = 'local t = "x" for _ = 1, ... do t = { t } end return t'
    expect(
      isDeepStrictEqual(
        (await engine.run(code, 'x', { args: [128] })).value,
        nested(128, (value) => [value], 'x'),
      ),
    ).toBe(true)
    const maps = { args: [129], tables: 'map' }
    for (const options of [{ args: [129] }, maps, { args: [10_000] }]) {
      expect(await rejection(engine.run(code, 'x', options))).toMatchObject({
        code: 'ERR_LUA_RESULT',
        message: expect.stringContaining('128 levels'),
      })
    }
  })

  test('an error value of the library, as userdata', async () => {
    const error = await refusedOut('select(2, pcall(State.set, {}, 1))')
    expect(error).toMatchObject({ code: 'ERR_LUA_RESULT', message: expect.stringContaining('userdata') })
  })

  test('the output of a run whose result is refused is in the error', async () => {
    expect(await rejection(engine.run('print("so far") return print', 'x'))).toMatchObject({
      code: 'ERR_LUA_RESULT',
      output: 'so far\n',
    })
  })
})
