// Values that cross between JavaScript and Lua: every kind of them, both ways, and what is refused with its path.
'use strict'

const { isDeepStrictEqual } = require('node:util')
const vm = require('node:vm')
const { Engine, LuaError, runLua } = require('..')
const { rejection } = require('./support/rejection')

const MIB = 1024 * 1024
const bytes = (text) => new Uint8Array(Buffer.from(text, 'latin1'))

let engine

beforeAll(() => {
  engine = new Engine()
})

afterAll(() => engine.close({ timeout: 0 }))

/** What Lua makes of values that go in. */
async function told(code, ...args) {
  return (await engine.run(code, 'x', { args })).value
}

/** What JavaScript makes of values that come out. */
async function given(expression, options) {
  return (await engine.run(`return ${expression}`, 'x', options)).value
}

/** The same value after its way through Lua. */
async function returned(value, options = {}) {
  return (await engine.run('return ...', 'x', { ...options, args: [value] })).value
}

const refusedIn = (value) => rejection(engine.run('return ...', 'x', { args: [value] }))
const refusedOut = (expression, options) => rejection(engine.run(`return ${expression}`, 'x', options))

function nested(depth, wrap, innermost) {
  let value = innermost
  for (let i = 0; i < depth; i++) value = wrap(value)
  return value
}

describe('what Lua sees of', () => {
  const KIND = 'local v = ... return (math.type(v) or type(v)) .. " " .. tostring(v)'

  test.each([
    ['undefined', undefined, 'nil nil'],
    ['null', null, 'userdata null'],
    ['true', true, 'boolean true'],
    ['false', false, 'boolean false'],
    ['0', 0, 'integer 0'],
    ['-0', -0, 'float -0.0'],
    ['1', 1, 'integer 1'],
    ['1.5', 1.5, 'float 1.5'],
    ['the largest safe integer', Number.MAX_SAFE_INTEGER, 'integer 9007199254740991'],
    ['the smallest safe integer', Number.MIN_SAFE_INTEGER, 'integer -9007199254740991'],
    ['2^53', 2 ** 53, 'float 9.007199254741e+15'],
    ['-2^53', -(2 ** 53), 'float -9.007199254741e+15'],
    ['2^53 as a BigInt', 2n ** 53n, 'integer 9007199254740992'],
    ['a small BigInt', 5n, 'integer 5'],
    ['the largest 64-bit integer', 2n ** 63n - 1n, 'integer 9223372036854775807'],
    ['the smallest 64-bit integer', -(2n ** 63n), 'integer -9223372036854775808'],
    ['infinity', Infinity, 'float inf'],
    ['minus infinity', -Infinity, 'float -inf'],
    ['a string', 'tea', 'string tea'],
    ['an empty string', '', 'string '],
    ['a string with a NUL', 'a\0b', 'string a\0b'],
    ['a string beyond the BMP', '\u{1f319}', 'string \u{1f319}'],
    ['a string of digits', '12', 'string 12'],
  ])('%s', async (_what, value, seen) => {
    expect(await told(KIND, value)).toBe(seen)
  })

  test('NaN: a float that is not itself', async () => {
    expect(await told('local v = ... return math.type(v) == "float" and v ~= v', NaN)).toBe(true)
  })

  test('null: json.null', async () => {
    expect(await told('return ... == json.null', null)).toBe(true)
    expect(await told('return (...).a == json.null', { a: null })).toBe(true)
    expect(await told('return (...)[2] == json.null', [1, null])).toBe(true)
  })

  test('bytes: a string of these bytes, UTF-8 or not, from every view of a buffer', async () => {
    const buffer = Buffer.from([0, 1, 254, 255, 65])
    for (const value of [
      buffer,
      new Uint8Array(buffer),
      new Uint8Array(new Uint8Array([9, ...buffer, 9]).buffer, 1, 5),
    ]) {
      expect(await told('return table.concat({ (...):byte(1, -1) }, " ")', value)).toBe('0 1 254 255 65')
    }
    expect(await told('return #...', new Uint8Array(0))).toBe(0)
  })

  test('bytes that threads share: as they are at the call', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(4))
    shared.set([104, 101, 121, 33])
    const run = told('return ...', shared)
    shared.fill(0)
    expect(await run).toBe('hey!')
  })

  test('an array: a table from 1 to n', async () => {
    expect(await told('local t = ... return #t .. t[1] .. t[2][1] .. tostring(t[0])', ['a', ['b']])).toBe('2abnil')
  })

  test('an empty array: a table that JSON takes for an array; an empty object: one that it does not', async () => {
    expect(await told('return json.encode(...)', [[], {}, new Map(), { a: [] }])).toBe('[[],{},{},{"a":[]}]')
  })

  test('an object: a table by its own enumerable string keys', async () => {
    const object = { b: 1, a: { c: 2 }, 10: 'ten', '': 'empty', 'a b': 'space', absent: undefined }
    Object.defineProperty(object, 'hidden', { value: 1 })
    expect(await told('return json.encode(...)', object)).toBe(
      '{"":"empty","10":"ten","a":{"c":2},"a b":"space","b":1}',
    )
    expect(await told('return type(next(...))', { 1: 'a' })).toBe('string')
    expect(await told('return (...)[1]', { 1: 'a' })).toBeUndefined()
  })

  test('keys that mean something to JavaScript: nothing to Lua', async () => {
    const object = JSON.parse('{"__proto__":1,"constructor":2,"toString":3,"hasOwnProperty":4,"then":5,"length":6}')
    expect(await told('local n = 0 for _, v in pairs(...) do n = n + v end return n', object)).toBe(21)
    expect(await told('return getmetatable(...)', { __index: 1, __gc: 2, __close: 3, __metatable: 4 })).toBeUndefined()
  })

  test('a Map: a table with its keys, of every kind that Lua can have', async () => {
    const map = new Map([
      [1, 'one'],
      [-1, 'minus'],
      [1.5, 'half'],
      ['1', 'text'],
      [true, 'yes'],
      [false, 'no'],
      [2n ** 62n, 'big'],
      [Infinity, 'inf'],
      ['gone', undefined],
    ])
    const code = `local t, n = ..., 0
      for _ in pairs(t) do n = n + 1 end
      return table.concat({ n, t[1], t[-1], t[1.5], t["1"], t[true], t[false], t[1 << 62], t[math.huge] }, " ")`
    expect(await told(code, map)).toBe('8 one minus half text yes no big inf')
    expect(await told('return (...)[0]', new Map([[-0, 'zero']]))).toBe('zero')
  })

  test('arguments: as many as were given, nil among them too', async () => {
    const count = async (args) => (await engine.run('return select("#", ...)', 'x', { args })).value
    expect(await count([])).toBe(0)
    expect(await count([undefined])).toBe(1)
    expect(await count([undefined, null, undefined])).toBe(3)
    expect(await count(new Array(3))).toBe(3)
    expect(await count(new Array(1000).fill(1))).toBe(1000)
  })
})

describe('what JavaScript sees of', () => {
  test.each([
    ['nil', undefined],
    ['true', true],
    ['false', false],
    ['0', 0],
    ['-0.0', -0],
    ['1.0', 1],
    ['0.1', 0.1],
    ['0/0', NaN],
    ['1/0', Infinity],
    ['-1/0', -Infinity],
    ['2^53', 2 ** 53],
    ['1e308', 1e308],
    ['5e-324', 5e-324],
    ['(1 << 53) - 1', Number.MAX_SAFE_INTEGER],
    ['1 << 53', 2n ** 53n],
    ['1 - (1 << 53)', Number.MIN_SAFE_INTEGER],
    ['-(1 << 53)', -(2n ** 53n)],
    ['math.maxinteger', 2n ** 63n - 1n],
    ['math.mininteger', -(2n ** 63n)],
    ['"tea"', 'tea'],
    ['""', ''],
    ['"\\0"', '\0'],
    ['"\\u{1f319}"', '\u{1f319}'],
    ['"\\u{FEFF}bom"', '\u{feff}bom'],
    ['json.null', null],
    ['{}', {}],
    ['json.array({})', []],
    ['json.array({ 1, 2 })', [1, 2]],
    ['{ 1, "a", json.null, { 2 } }', [1, 'a', null, [2]]],
    ['{ a = 1, b = { c = {} } }', { a: 1, b: { c: {} } }],
    ['{ ["1"] = "a" }', { 1: 'a' }],
    ['{ [1.0] = "a" }', ['a']],
    ['{ a = nil }', {}],
  ])('%s', async (expression, value) => {
    const seen = await given(expression)
    expect(isDeepStrictEqual(seen, value)).toBe(true)
  })

  test('keys like __proto__: own properties, and no prototype changes', async () => {
    const value = await given('{ ["__proto__"] = { polluted = 1 }, constructor = 2, toString = 3, hasOwnProperty = 4 }')
    expect(Object.keys(value).sort()).toEqual(['__proto__', 'constructor', 'hasOwnProperty', 'toString'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(value.polluted).toBeUndefined()
    expect({}.polluted).toBeUndefined()
    expect(Object.getOwnPropertyDescriptor(value, '__proto__')).toEqual({
      value: { polluted: 1 },
      enumerable: true,
      configurable: true,
      writable: true,
    })
  })

  test('several values: all in values, the first in value', async () => {
    expect(await engine.run('return 1, nil, "a", nil', 'x')).toMatchObject({
      value: 1,
      values: [1, undefined, 'a', undefined],
    })
    expect(await engine.run('return', 'x')).toMatchObject({ value: undefined, values: [] })
    expect((await engine.run('return nil', 'x')).values).toEqual([undefined])
    const many = await engine.run('local t = {} for i = 1, 5000 do t[i] = i end return table.unpack(t)', 'x')
    expect(many.values).toHaveLength(5000)
    expect(many.values[4999]).toBe(5000)
  })

  test('one table twice: two values of their own', async () => {
    const value = await given('(function() local t = { 1 } return { t, t } end)()')
    expect(value).toEqual([[1], [1]])
    expect(value[0]).not.toBe(value[1])
  })

  test('tables with metamethods: what is in them, and no metamethod runs', async () => {
    const code = `local function no() error("called") end
      return setmetatable({ 1, 2 }, { __index = no, __len = no, __pairs = no, __tostring = no, __name = "t", __eq = no })`
    expect((await engine.run(code, 'x')).value).toEqual([1, 2])
  })
})

describe('strings and tables as bytes and Maps', () => {
  test('strings: every string is a Uint8Array of its own, but for keys', async () => {
    const { values, output } = await engine.run('print("out") return "a", "\\xff\\0", { k = "v", "" }, 1', 'x', {
      strings: 'buffer',
      tables: 'map',
    })
    expect(values.slice(0, 2)).toEqual([bytes('a'), bytes('\xff\0')])
    expect(values[2]).toEqual(
      new Map([
        [1, new Uint8Array(0)],
        ['k', bytes('v')],
      ]),
    )
    expect(values[0].buffer.byteLength).toBe(1)
    expect(output).toBe('out\n')
  })

  test('strings: an object keeps text as keys', async () => {
    expect(await given('{ key = { "a" } }', { strings: 'buffer' })).toEqual({ key: [bytes('a')] })
    const error = await refusedOut('{ ["\\xff"] = 1 }', { strings: 'buffer' })
    expect(error).toMatchObject({ code: 'ERR_LUA_RESULT', message: expect.stringContaining('not UTF-8') })
    const inMap = await refusedOut('{ a = { ["\\xff"] = 1 } }', { strings: 'buffer', tables: 'map' })
    expect(inMap).toMatchObject({ code: 'ERR_LUA_RESULT', message: expect.stringMatching(/\.a.*not UTF-8/) })
  })

  test('tables: every one is a Map, also an empty one and an array, with keys of every kind', async () => {
    const map = { tables: 'map' }
    expect(await given('{}', map)).toEqual(new Map())
    expect(await given('json.array({})', map)).toEqual(new Map())
    expect(await given('{ "a", { "b" } }', map)).toEqual(
      new Map([
        [1, 'a'],
        [2, new Map([[1, 'b']])],
      ]),
    )
    const value = await given('{ 1, nil, 3, x = 1, [true] = 2, [1.5] = 4, [-1] = 5, [1 << 60] = 6 }', map)
    expect([...value.keys()]).toEqual([-1, 1, 1.5, 3, 2n ** 60n, 'x', true])
    expect(value.get(2n ** 60n)).toBe(6)
    expect([...(await given('{ b = 1, a = 2, [2] = 3, [10] = 4, [true] = 5, [false] = 6 }', map)).keys()]).toEqual([
      2,
      10,
      'a',
      'b',
      false,
      true,
    ])
  })

  test('tables: an integer, a float and a string that look alike stay apart', async () => {
    const value = await given('{ [1] = "i", ["1"] = "s", [1.5] = "f", ["1.5"] = "t", [true] = "b", ["true"] = "u" }', {
      tables: 'map',
    })
    expect(value.size).toBe(6)
    expect([1, '1', 1.5, '1.5', true, 'true'].map((key) => value.get(key)).join('')).toBe('isftbu')
  })

  test('tables: keys that are no values are refused with the path', async () => {
    for (const key of ['{}', 'print', 'json.null', 'coroutine.create(print)']) {
      const error = await refusedOut(`{ a = { [${key}] = 1 } }`, { tables: 'map' })
      expect(error).toMatchObject({ code: 'ERR_LUA_RESULT', message: expect.stringMatching(/\.a has a key that is a/) })
    }
  })

  test.each([
    ['strings', 'bytes', RangeError, 'ERR_INVALID_ARG_VALUE'],
    ['strings', 1, TypeError, 'ERR_INVALID_ARG_TYPE'],
    ['tables', 'Map', RangeError, 'ERR_INVALID_ARG_VALUE'],
    ['tables', null, TypeError, 'ERR_INVALID_ARG_TYPE'],
  ])('%s: %p is refused', async (name, value, ErrorClass, code) => {
    const error = await rejection(engine.run('', 'x', { [name]: value }))
    expect(error).toBeInstanceOf(ErrorClass)
    expect(error).toMatchObject({ code, message: expect.stringContaining(`options.${name}`) })
  })

  test('text has neither option', async () => {
    for (const options of [{ strings: 'buffer' }, { tables: 'map' }]) {
      expect(await rejection(engine.runLua('', 'x', options))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    }
  })
})

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
        expect(error).toBeInstanceOf(TypeError)
        expect(error.code).toBe('ERR_INVALID_ARG_TYPE')
        expect(error.message.replaceAll("'", '"')).toContain(path)
        expect(error.message).toContain(shown)
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
    expect(error).toBeInstanceOf(RangeError)
    expect(error).toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
      message: expect.stringMatching(/options\.args.*1000.*1001/),
    })
  })

  test.each([
    ['a string', 'ab'],
    ['an object', { length: 1 }],
    ['null', null],
    ['bytes', new Uint8Array(1)],
    ['a function', () => {}],
  ])('args that are %s', async (_what, args) => {
    const error = await rejection(engine.runLua('', 'x', { args }))
    expect(error).toBeInstanceOf(TypeError)
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE', message: expect.stringContaining('options.args') })
  })

  test.each([
    ['an array', [1]],
    ['a Map', new Map()],
    ['null', null],
    ['a date', new Date()],
    ['text', 'a'],
    ['an instance', new Point()],
  ])('globals that are %s', async (_what, globals) => {
    const error = await rejection(engine.runLua('', 'x', { globals }))
    expect(error).toBeInstanceOf(TypeError)
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE', message: expect.stringContaining('options.globals') })
  })

  test('what is refused never ran, and is in no statistic', async () => {
    const own = new Engine()
    await rejection(own.run('State.set("ran", 1)', 'x', { args: [() => {}] }))
    expect(own.stats()).toMatchObject({ started: 0, completed: 0, failed: 0, rejected: 0, queued: 0 })
    expect(await own.runLua('return State.has("ran")', 'x')).toBe('false')
    await own.close()
  })
})

describe('values of other realms and of classes of their own', () => {
  test('objects, arrays, Maps and bytes of another realm cross', async () => {
    const value = vm.runInNewContext(
      '({ list: [1, [2]], map: new Map([["k", { n: null }]]), bytes: new Uint8Array([104, 105]), bare: Object.create(null) })',
    )
    expect(await returned(value)).toEqual({ list: [1, [2]], map: { k: { n: null } }, bytes: 'hi', bare: {} })
    const args = vm.runInNewContext('[1, "a"]')
    expect((await engine.run('return ...', 'x', { args })).values).toEqual([1, 'a'])
    const globals = vm.runInNewContext('({ tea: 2.5 })')
    expect((await engine.run('return tea', 'x', { globals })).value).toBe(2.5)
  })

  test('dates, functions and instances of another realm are refused', async () => {
    for (const expression of [
      'new Date()',
      '(() => {})',
      'new (class Point {})()',
      'new Set()',
      'Symbol("s")',
      '/x/',
      'new Error("x")',
    ]) {
      expect(await refusedIn([vm.runInNewContext(expression)])).toMatchObject({
        code: 'ERR_INVALID_ARG_TYPE',
        message: expect.stringContaining('options.args[0][0] is '),
      })
    }
  })

  test('an object without a prototype crosses', async () => {
    const object = Object.assign(Object.create(null), { a: 1, hasOwnProperty: 2, toString: 3 })
    expect(await returned(object)).toEqual({ a: 1, hasOwnProperty: 2, toString: 3 })
  })

  test('a Map that replaced its methods is read as a Map', async () => {
    class Odd extends Map {
      entries() {
        throw new Error('asked')
      }
      get size() {
        return 99
      }
      [Symbol.iterator]() {
        throw new Error('asked')
      }
    }
    expect(await returned(new Odd([['a', 1]]))).toEqual({ a: 1 })
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

describe('beside the values', () => {
  test('the output is apart from them', async () => {
    const result = await engine.run('print("a") io.write("b", 1) return "c"', 'x')
    expect(result).toMatchObject({ value: 'c', values: ['c'], output: 'a\nb1' })
    expect(Object.keys(result).sort()).toEqual(['output', 'stats', 'value', 'values'])
    expect((await engine.run('io.write("\\xff")', 'x')).output).toBe('\ufffd')
    expect((await engine.run('', 'x')).output).toBe('')
  })

  test('stats: what the run took', async () => {
    const { stats } = await engine.run('local t = {} for i = 1, 1e5 do t[i] = i end return 1', 'x')
    expect(Object.keys(stats).sort()).toEqual(['cpuTime', 'peakMemory', 'queueTime', 'runTime', 'slices'])
    for (const value of Object.values(stats)) expect(value).toBeGreaterThanOrEqual(0)
    expect(stats.slices).toBeGreaterThanOrEqual(1)
    expect(Number.isInteger(stats.slices)).toBe(true)
    expect(stats.peakMemory).toBeGreaterThan(1e5 * 16)
    expect(stats.peakMemory).toBeLessThan(64 * MIB)
    expect(stats.runTime).toBeGreaterThanOrEqual(stats.cpuTime * 0.9)
  })

  test('stats: a sleep is in the time of the run, and not in that of the worker', async () => {
    const { stats } = await engine.run('sleep(0.1)', 'x')
    expect(stats.slices).toBeGreaterThanOrEqual(2)
    expect(stats.runTime).toBeGreaterThanOrEqual(99)
    expect(stats.cpuTime).toBeLessThan(stats.runTime)
  })

  test('errors are those of text', async () => {
    expect(await rejection(engine.run('error("no")', 'x'))).toMatchObject({
      code: 'ERR_LUA_RUNTIME',
      message: 'x:1: no',
    })
    expect(await rejection(engine.run('local = 1', 'x'))).toMatchObject({ code: 'ERR_LUA_SYNTAX' })
    expect(await rejection(engine.run('while true do end', 'x', { timeout: 20 }))).toMatchObject({
      code: 'ERR_LUA_TIMEOUT',
    })
    expect(await rejection(engine.run(1, 'x'))).toBeInstanceOf(TypeError)
    expect(await rejection(engine.run('', ''))).toBeInstanceOf(RangeError)
    expect(await rejection(engine.run('', 'x', null))).toBeInstanceOf(TypeError)
  })
})

describe('args and globals', () => {
  test('for text: with source, bytes and a Script, and on the default engine', async () => {
    const code = 'return greeting, ...'
    const options = { args: ['moon', { n: 1 }], globals: { greeting: 'hello' } }
    for (const what of [code, Buffer.from(code), engine.compile(code)]) {
      expect(await engine.runLua(what, 'x', options)).toBe('hello\tmoon\t{"n":1}')
      expect((await engine.run(what, 'x', options)).values).toEqual(['hello', 'moon', { n: 1 }])
    }
    expect(await runLua(code, 'x', options)).toBe('hello\tmoon\t{"n":1}')
  })

  test('one Script many times at once, each with its own', async () => {
    const script = engine.compile('local n = ... total = (total or 0) + n return total, base')
    const runs = Array.from({ length: 200 }, (_, i) =>
      engine.run(script, `t${i % 7}`, { args: [i], globals: { base: 1000 - i } }),
    )
    const results = await Promise.all(runs)
    expect(results.map(({ values }) => values)).toEqual(runs.map((_, i) => [i, 1000 - i]))
  })

  test('a file gets them too', async () => {
    const fs = require('node:fs')
    const path = require('node:path')
    const folder = fs.mkdtempSync(path.join(require('node:os').tmpdir(), 'moonpool-values-'))
    fs.writeFileSync(path.join(folder, 'a.lua'), 'return g, ...')
    expect(await engine.runFile(path.join(folder, 'a.lua'), 'x', { args: [1, 2], globals: { g: 'g' } })).toBe('g\t1\t2')
    fs.rmSync(folder, { recursive: true })
  })

  test('nothing of a run stays for the next', async () => {
    const own = new Engine({ concurrency: 1 })
    await own.run('leak = secret', 'x', { globals: { secret: 1 }, args: [1] })
    expect((await own.run('return secret, leak, select("#", ...)', 'x')).values).toEqual([undefined, undefined, 0])
    await own.close()
  })

  test('what is changed after the call was made, or while getters are asked, changes no copy', async () => {
    const own = new Engine({ concurrency: 1 })
    rejection(own.runLua('("x"):gsub("x", function() while true do end end)', 'holder', { timeout: 50 }))
    const list = [1, { a: 1 }]
    const data = bytes('abc')
    const map = new Map([['k', 1]])
    const args = [list, data, map]
    const globals = { g: { n: 1 } }
    const run = own.run('return g.n, ...', 'x', { args, globals })
    list.push(3)
    list[1].a = 2
    data.fill(0)
    map.set('k', 2)
    args.length = 0
    globals.g.n = 2
    expect((await run).values).toEqual([1, [1, { a: 1 }], 'abc', { k: 1 }])
    await own.close({ timeout: 0 })
  })

  test('a script that changes its arguments changes nothing of the host', async () => {
    const value = { list: [1, 2] }
    await engine.run('local v = ... v.list[1] = 9 v.x = 1 conf.y = 1', 'x', { args: [value], globals: { conf: value } })
    expect(value).toEqual({ list: [1, 2] })
  })

  test('globals may have any name, and may stand for those of Lua', async () => {
    const globals = { 'a b': 1, '': 2, print: 'mine', '\u00e9': 3, end: 4 }
    expect(
      (await engine.run('return _G["a b"], _G[""], print, _G["\\u{e9}"], _G["end"]', 'x', { globals })).values,
    ).toEqual([1, 2, 'mine', 3, 4])
    const proto = JSON.parse('{"__proto__": 5}')
    expect((await engine.run('return __proto__', 'x', { globals: proto })).value).toBe(5)
  })

  test('globals named script change nothing of who is running', async () => {
    const own = new Engine()
    await own.run('State.set("k", script.id)', 'real', { globals: { script: { id: 'victim' } } })
    expect(await own.runLua('return State.get("k")', 'real')).toBe('victim')
    expect(await own.runLua('return State.has("k")', 'victim')).toBe('false')
    await own.close()
  })

  test('a global that is undefined is absent', async () => {
    expect(
      (await engine.run('return rawget(_G, "a"), type(print)', 'x', { globals: { a: undefined } })).values,
    ).toEqual([undefined, 'function'])
  })
})

describe('memory', () => {
  const big = Array.from({ length: 300_000 }, (_, i) => i)

  test.each([
    ['a huge array among the args', { args: [big] }],
    ['a huge array among the globals', { globals: { big } }],
    ['many strings', { args: Array.from({ length: 900 }, (_, i) => `${i}`.padStart(4000, 'x')) }],
    ['huge bytes', { args: [new Uint8Array(8 * MIB)] }],
    ['a huge Map', { args: [new Map(big.map((i) => [`k${i}`, i]))] }],
    ['nested arrays', { args: [Array.from({ length: 50_000 }, () => [[]])] }],
  ])('%s counts, and the run rejects with ERR_LUA_MEMORY', async (_what, options) => {
    for (const call of [
      engine.run('return 1', 'x', { ...options, memoryLimit: 2 * MIB }),
      engine.runLua('return 1', 'x', { ...options, memoryLimit: 2 * MIB }),
    ]) {
      expect(await rejection(call)).toMatchObject({ code: 'ERR_LUA_MEMORY' })
    }
    expect((await engine.run('return 1', 'x', options)).value).toBe(1)
  })

  test('results that need too much are refused as memory', async () => {
    const code = 'local s = ("x"):rep(1024 * 1024) return { s, s, s, s, s, s, s, s }'
    expect(await rejection(engine.run(code, 'x', { memoryLimit: 4 * MIB }))).toMatchObject({ code: 'ERR_LUA_MEMORY' })
    expect((await engine.run(code, 'x')).value).toHaveLength(8)
  })

  test('a doubling table is stopped', async () => {
    const code = 'local t = { "x" } for _ = 1, 60 do t = { t, t } end return t'
    expect(['ERR_LUA_MEMORY', 'ERR_LUA_TIMEOUT']).toContain(
      (await rejection(engine.run(code, 'x', { memoryLimit: 8 * MIB }))).code,
    )
  })

  test('peakMemory has what went in', async () => {
    const { stats } = await engine.run('return #...', 'x', { args: [new Uint8Array(4 * MIB)] })
    expect(stats.peakMemory).toBeGreaterThan(4 * MIB)
  })
})

/** A small generator of random numbers: the same seed, the same values. */
function mulberry32(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const NUMBERS = [0, -0, 1, -1, 0.1, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 1e308, 5e-324, Infinity, -Infinity, NaN]
const INTEGERS = [0n, 2n ** 53n, 2n ** 53n - 1n, 2n ** 63n - 1n, -(2n ** 63n)]
const LETTERS = [
  'a',
  'Z',
  '_',
  '0',
  ' ',
  '\0',
  '"',
  "'",
  '\\',
  '\n',
  '\u00e9',
  '\u20ac',
  '\ufeff',
  '\uffff',
  '\u{1f319}',
  '__proto__',
  'constructor',
]

/** Random values, each with what it is after its way through Lua with the given options. */
class Randomly {
  constructor(seed, { strings, tables }) {
    this.random = mulberry32(seed)
    this.asBytes = strings === 'buffer'
    this.asMaps = tables === 'map'
  }

  below(limit) {
    return Math.floor(this.random() * limit)
  }

  pick(list) {
    return list[this.below(list.length)]
  }

  pair(depth = 0, mayBeUndefined = false) {
    const kinds = ['boolean', 'number', 'number', 'bigint', 'text', 'text', 'null', 'bytes']
    if (mayBeUndefined) kinds.push('undefined')
    if (depth < 6) kinds.push('array', 'object', 'map', 'array', 'object')
    return this[this.pick(kinds)](depth)
  }

  undefined() {
    return [undefined, undefined]
  }

  null() {
    return [null, null]
  }

  boolean() {
    const value = this.random() < 0.5
    return [value, value]
  }

  number() {
    const value = [
      () => this.pick(NUMBERS),
      () => this.below(1000) - 500,
      () => (this.random() - 0.5) * 10 ** this.below(300),
      () => Math.floor((this.random() - 0.5) * 2 ** 54),
    ][this.below(4)]()
    return [value, value]
  }

  bigint() {
    const value =
      this.random() < 0.5
        ? this.pick(INTEGERS)
        : BigInt.asIntN(64, BigInt(Math.floor(this.random() * 2 ** 53)) * BigInt(this.below(2 ** 31)) * 7n)
    return [value, Number.isSafeInteger(Number(value)) ? Number(value) : value]
  }

  text() {
    const value = Array.from({ length: this.below(6) }, () => this.pick(LETTERS)).join('')
    return [value, this.asBytes ? new Uint8Array(Buffer.from(value)) : value]
  }

  bytes() {
    if (!this.asBytes) {
      const text = this.text()[0]
      return [Buffer.from(text), text]
    }
    const value = Uint8Array.from({ length: this.below(8) }, () => this.below(256))
    return [value, value]
  }

  array(depth) {
    const items = Array.from({ length: this.below(5) }, () => this.pair(depth + 1))
    const expected = items.map(([, item]) => item)
    return [items.map(([item]) => item), this.asMaps ? new Map(expected.map((item, i) => [i + 1, item])) : expected]
  }

  members(depth) {
    const names = new Set(Array.from({ length: this.below(5) }, () => this.text()[0]))
    return [...names].map((name) => [name, ...this.pair(depth + 1, true)])
  }

  object(depth) {
    const members = this.members(depth)
    const value = this.random() < 0.2 ? Object.create(null) : {}
    for (const [name, member] of members)
      Object.defineProperty(value, name, { value: member, enumerable: true, configurable: true, writable: true })
    return [value, this.table(members)]
  }

  table(members) {
    const there = members.filter(([, member]) => member !== undefined)
    if (this.asMaps) return new Map(there.map(([name, , expected]) => [name, expected]))
    return Object.fromEntries(there.map(([name, , expected]) => [name, expected]))
  }

  map(depth) {
    const members = this.members(depth)
    if (!this.asMaps) return [new Map(members), this.table(members)]
    const keys = [true, false, 1.5, -1, 7, Infinity, 2n ** 60n].filter(() => this.random() < 0.3)
    const all = [...members, ...keys.map((key) => [key, ...this.pair(depth + 1)])]
    return [new Map(all), this.table(all)]
  }
}

describe('10 000 random values', () => {
  const seed = Number(process.env.MOONPOOL_SEED ?? Math.floor(Math.random() * 2 ** 32))
  const WAYS = [
    { strings: 'text', tables: 'object' },
    { strings: 'buffer', tables: 'object' },
    { strings: 'text', tables: 'map' },
    { strings: 'buffer', tables: 'map' },
  ]

  test.each(WAYS)(`come out as the table says, with %p (seed ${seed})`, async (options) => {
    const random = new Randomly(seed, options)
    for (let round = 0; round < 25; round++) {
      const pairs = Array.from({ length: 100 }, () => random.pair(0, true))
      const { values } = await engine.run('return ...', 'x', { ...options, args: pairs.map(([value]) => value) })
      expect(values).toHaveLength(100)
      for (const [i, [value, expected]] of pairs.entries()) {
        // isDeepStrictEqual tells -0 from 0, and BigInts from numbers.
        if (!isDeepStrictEqual(values[i], expected))
          expect({ seed, value, came: values[i] }).toEqual({ seed, value, came: expected })
      }
    }
  })

  test(`go through host functions, there and back (seed ${seed})`, async () => {
    const own = new Engine()
    let current
    own.expose('give', () => current[0])
    const differ = []
    own.expose('take', (_context, value) => {
      if (!isDeepStrictEqual(value, current[1])) differ.push({ seed, sent: current[0], came: value })
    })
    const random = new Randomly(seed, { strings: 'text', tables: 'object' })
    own.expose('next', () => {
      current = random.pair(0, true)
    })
    await own.run('for _ = 1, 2000 do host.next() host.take(host.give()) end', 'x', { timeout: 60_000 })
    expect(differ).toEqual([])
    await own.close()
  })

  test(`are refused for one wrong part of them, whose path is told (seed ${seed})`, async () => {
    const random = new Randomly(seed, WAYS[0])
    for (let round = 0; round < 1000; round++) {
      let value = random.pick([() => {}, Symbol('s'), new Date(), 2n ** 64n, '\ud800', new Float32Array(1)])
      let path = ''
      for (let depth = random.below(20); depth > 0; depth--) {
        const around = random.below(3)
        const index = random.below(4)
        if (around === 0) {
          value = [...Array.from({ length: index }, () => random.pair(5)[0]), value]
          path = `[${index}]${path}`
        } else if (around === 1) {
          value = { before: random.pair(5)[0], wrong: value }
          path = `.wrong${path}`
        } else {
          value = new Map([[index, value]])
          path = `[${index}]${path}`
        }
      }
      const error = await refusedIn(value)
      expect(error.message).toContain(`options.args[0]${path} is `)
      expect(error.code).toBe('ERR_INVALID_ARG_TYPE')
    }
  })
})

test('integers and floats at the end of the integers are in one order as keys of a Map', async () => {
  const code = `local t = {} for i = 0, 60 do t[math.maxinteger - i] = i end
    for i = 0, 60 do t[2.0 ^ 63 + i * 2048] = i end return t`
  const { value } = await new Engine().run(code, 'x', { tables: 'map' })
  const keys = [...value.keys()]
  expect(keys).toEqual([...keys].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)))
  expect(keys).toHaveLength(122)
})
