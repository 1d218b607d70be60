// Values on their way out of Lua: what JavaScript sees of every kind of them, as text or bytes, as objects or Maps.
'use strict'

const { isDeepStrictEqual } = require('node:util')
const { Engine } = require('..')
const { MIB } = require('./support/constants')
const { bytes, engine, given, refusedOut } = require('./support/crossing')
const { expectBadArgument, rejection } = require('./support/rejection')

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
    ['strings', 'bytes', RangeError],
    ['strings', 1, TypeError],
    ['tables', 'Map', RangeError],
    ['tables', null, TypeError],
  ])('%s: %p is refused', async (name, value, ErrorClass) => {
    expectBadArgument(await rejection(engine.run('', 'x', { [name]: value })), ErrorClass, `options.${name}`)
  })

  test('text has neither option', async () => {
    for (const options of [{ strings: 'buffer' }, { tables: 'map' }]) {
      expect(await rejection(engine.runLua('', 'x', options))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
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
