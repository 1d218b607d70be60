// Values that the host gives to State: those that scripts may store, and the refusal of the others with their path.
'use strict'

const { LuaError } = require('..')
const { engineWith } = require('./support/engine')
const { rejection } = require('./support/rejection')
const { watched } = require('./support/stalls')

let engine
let space
beforeEach(() => {
  engine = engineWith({ stateQuota: 2 ** 30 })
  space = engine.state('acme')
})

const VALUES = [
  ['null', null],
  ['booleans', [true, false]],
  ['safe integers', [0, 1, -1, 2 ** 53 - 1, -(2 ** 53) + 1]],
  ['integers that are BigInts', [2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]],
  ['floats', [0.1, -1.5, 1e300, 5e-324, -0]],
  ['text', ['', 'é😀', 'a\0b', '"\\\n']],
  ['nested', { a: { b: [{ c: [[]] }, {}] } }],
  ['names that JavaScript orders itself', { 10: 'x', 9: 'y', b: 1, a: 2 }],
  ['the name __proto__', JSON.parse('{"__proto__":{"x":1}}')],
]

describe('come back as they went in', () => {
  test.each(VALUES)('%s', async (_, value) => {
    await space.set('k', value)
    expect(await space.get('k')).toStrictEqual(value)
  })
})

describe('are stored exactly as a script stores them', () => {
  test.each([
    ...VALUES,
    [
      'a Map of names',
      new Map([
        ['b', 1],
        ['a', 2],
      ]),
    ],
    [
      'a Map of 1 to n',
      new Map([
        [2, 'b'],
        [1n, 'a'],
        [3.0, 'c'],
      ]),
    ],
    ['an empty Map', new Map()],
    ['an empty array', []],
    ['bytes of text', Buffer.from('text')],
    ['undefined properties', { a: undefined, b: 1 }],
  ])('%s', async (_, value) => {
    const other = engine.state('other')
    await space.set('k', value)
    await engine.run('State.set("k", ...)', 'other', { args: [value] })
    const lines = []
    for await (const line of engine.exportState()) lines.push(JSON.parse(line).value)
    expect(JSON.stringify(lines[0])).toBe(JSON.stringify(lines[1]))
    expect(await space.get('k')).toStrictEqual(await other.get('k'))
    expect(await space.size()).toEqual(await other.size())
  })
})

class Own {}
const cycle = { a: [] }
cycle.a.push(cycle)
const deep = (levels) => (levels === 0 ? 1 : [deep(levels - 1)])

describe('are refused with ERR_STATE_VALUE', () => {
  test.each([
    ['a function', { a: { f: () => 1 } }, 'value.a.f is function f'],
    ['a symbol', [Symbol('s')], 'value[0] is type symbol'],
    ['a date', new Date(), 'value is an instance of Date'],
    ['an instance', { a: new Own() }, 'value.a is an instance of Own'],
    ['a cycle', cycle, 'value.a[0] is a value that contains itself'],
    ['129 levels', deep(129), 'nested deeper than 128 levels'],
    ['NaN', { list: [1, Number.NaN] }, 'value.list[1] is NaN'],
    ['infinity', { 'x y': -Infinity }, 'value["x y"] is negative infinity'],
    ['a BigInt of 65 bits', 2n ** 63n, 'value is 9223372036854775808n'],
    ['bytes that are not UTF-8', [Buffer.from([0xff])], 'value[0] is a string that is not UTF-8'],
    ['a lone surrogate', ['\ud800'], 'value[0] is a string with a lone surrogate'],
    [
      'a Map with holes',
      new Map([
        [1, 1],
        [3, 1],
      ]),
      'value is an array with holes',
    ],
    [
      'a Map of mixed keys',
      {
        m: new Map([
          [1, 1],
          ['a', 1],
        ]),
      },
      'value.m mixes array and string keys',
    ],
    ['a Map with a boolean key', new Map([[true, 1]]), 'value has a key that is a boolean'],
    ['a hole', [1, undefined], 'value[1] is undefined'],
    ['1 MiB and two quotes', 'x'.repeat(2 ** 20), '1048576'],
    ['more than anything', Array(2e6).fill('x'.repeat(100)), '1048576'],
  ])('%s', async (_, value, says) => {
    await space.set('k', 'old')
    const error = await rejection(space.set('k', value))
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ code: 'ERR_STATE_VALUE', scriptId: 'acme' })
    expect(error.message).toContain(says)
    expect(error.message).toMatch(/^State\.set: /)
    expect(await space.get('k')).toBe('old')
  })
})

test('128 levels and 1 MiB of JSON are fine', async () => {
  await space.set('deep', deep(128))
  expect(await space.get('deep')).toEqual(deep(128))
  await space.set('long', 'x'.repeat(2 ** 20 - 2))
  expect(await space.get('long')).toHaveLength(2 ** 20 - 2)
})

test('a getter that throws rejects with what it throws; one that calls the engine is fine', async () => {
  const reason = new Error('mine')
  const throwing = Object.defineProperty({}, 'x', {
    enumerable: true,
    get() {
      throw reason
    },
  })
  expect(await rejection(space.set('k', throwing))).toBe(reason)
  let inner
  const calling = Object.defineProperty({}, 'x', {
    enumerable: true,
    get() {
      inner = space.set('inner', 1)
      return 2
    },
  })
  await space.set('k', calling)
  await inner
  expect([await space.get('k'), await space.get('inner')]).toEqual([{ x: 2 }, 1])
})

test('the event loop never stands still for big values', async () => {
  const value = Array.from({ length: 150_000 }, (_, i) => i % 10)
  await space.set('k', value)
  await space.delete('k')
  const { longest, value: sizes } = await watched(async () => {
    for (let i = 0; i < 8; i++) await space.set(`k${i}`, value)
    const sizes = []
    for await (const [, read] of space.entries()) sizes.push(read.length)
    return sizes.concat((await Promise.all(['k1', 'k2', 'k3'].map((key) => space.get(key)))).map((read) => read.length))
  })
  expect(sizes).toEqual(Array(11).fill(150_000))
  expect(longest).toBeLessThan(60)
})
