// Values on their way into Lua: what Lua sees of every kind of them, also of those of other realms.
'use strict'

const vm = require('node:vm')
const { engine, refusedIn, returned, told } = require('./support/crossing')

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
