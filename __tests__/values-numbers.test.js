// Numbers that stand side by side in an array cross at one go: each as what it is, and as if it stood alone.
'use strict'

const { readList, Values } = require('../lib/decode')
const { Encoding, encode } = require('../lib/values')
const { engine, refusedIn, returned, told } = require('./support/crossing')
const { runProgram } = require('./support/child')
const { referenceOf } = require('./support/reference')
const { rejection } = require('./support/rejection')

const INTO = { nulls: 'null', dates: 'iso' }

/** The first number that no integer of 32 bits is, the last that is, and those that are easily taken for another. */
const EDGES = [
  0,
  -0,
  1,
  2 ** 31 - 1,
  -(2 ** 31),
  2 ** 31,
  -(2 ** 31) - 1,
  0.5,
  NaN,
  Infinity,
  2 ** 53 - 1,
  2 ** 53,
  1e300,
]

const integers = (length) => Array.from({ length }, (_, i) => i * 7919 - 2 ** 20)
const floats = (length) => Array.from({ length }, (_, i) => i / 3 + 0.1)

describe('every number beside every other one', () => {
  const pairs = EDGES.flatMap((one) => EDGES.map((other) => [one, other, other, one, one, 'x', other, one]))

  test('is the same after its way through Lua', async () => {
    for (const pair of pairs) expect(await returned(pair)).toEqual(pair)
  })

  test('is an integer or a float in Lua by itself', async () => {
    const kinds = `local kinds = {} for i, n in ipairs((...)) do kinds[i] = math.type(n) or type(n) end return kinds`
    const isInteger = (n) => Number.isSafeInteger(n) && !Object.is(n, -0)
    for (const pair of pairs) {
      const expected = pair.map((n) => (n === 'x' ? 'string' : isInteger(n) ? 'integer' : 'float'))
      expect(await told(kinds, pair)).toEqual(expected)
    }
  })
})

test.each([1, 2, 3, 4, 5, 6, 63, 64, 65, 127, 128, 129, 513, 20_000])(
  'arrays of %i numbers come back, and the values around them',
  async (length) => {
    const value = [
      integers(length),
      floats(length),
      [...integers(length), 'end'],
      [...floats(length), ...integers(length)],
    ]
    value.push(integers(length).map((n, i) => (i === length - 1 ? 2 ** 40 : n)))
    value.push(floats(length).map((n, i) => (i === length >> 1 ? null : n)))
    expect(await returned(value)).toEqual(value)
    expect(await engine.run('host = nil return select("#", ...), ...', 'x', { args: value })).toMatchObject({
      values: [value.length, ...value],
    })
  },
)

test('those of an array are not those of the one around it', async () => {
  const value = [1, [2, 3], 4, 5, [[6.5], 7.5, 8.5], 9.5, { a: [1, 2], b: 3, c: [0.5] }, 4, [], 5, [[]], 6]
  expect(await returned(value)).toEqual(value)
})

test('integers take four bytes each, and floats eight', () => {
  expect(encode([integers(64)], 'args', INTO).length).toBe(4 + 5 + 5 + 4 * 64)
  expect(encode([floats(64)], 'args', INTO).length).toBe(4 + 5 + 5 + 8 * 64)
})

test('one that stands alone takes as much as anywhere else', () => {
  for (const number of [7, 0.5, 2 ** 40]) {
    expect(encode([[number]], 'args', INTO).length).toBe(4 + 5 + 9)
    expect(encode([[number, 'x', number]], 'args', INTO).length).toBe(4 + 5 + 9 + 6 + 9)
  }
})

test('are read and written in pieces as at once', () => {
  const value = [...integers(3000), 'a', ...floats(3000), [1, 2, 3], ...integers(70), null, 1, 2]
  const bytes = encode([value], 'args', INTO)
  const encoding = new Encoding(value, 'args[0]', INTO)
  let steps = 1
  while (!encoding.upTo(0)) steps += 1
  expect(steps).toBeGreaterThan(4)
  expect(encoding.written()).toEqual(bytes)
  const reading = new Values(Buffer.from(bytes))
  steps = 1
  while (!reading.step(Number.NEGATIVE_INFINITY)) steps += 1
  expect(steps).toBeGreaterThan(4)
  expect(reading.value).toEqual([value])
  expect(readList(Buffer.from(bytes))).toEqual(referenceOf(bytes))
})

describe('what has arrays in it is written in pieces, wherever its parts end', () => {
  const row = (length) => integers(length)
  const times = (length, make) => Array.from({ length }, make)

  // About every 64 values, or 16 KiB.
  test.each([
    ['rows of 10 numbers', times(2000, () => row(10)), 250],
    ['rows of 63 numbers', times(400, () => row(63)), 200],
    ['rows of 64 numbers', times(400, () => row(64)), 200],
    ['rows of 1000 numbers', times(50, () => row(1000)), 50],
    ['records of 64 numbers', times(400, () => ({ a: row(64) })), 200],
    ['numbers and texts in turn', times(400, () => row(64).map((n, i) => (i % 2 ? 'x' : n))), 200],
    ['rows of one text', times(10_000, () => ['x']), 150],
    ['rows of one long text', times(100, () => ['x'.repeat(20_000)]), 100],
    ['rows in rows', times(100, () => times(10, () => row(10))), 100],
    ['empty objects', times(10_000, () => ({})), 150],
    ['empty arrays', times(10_000, () => []), 150],
    ['empty Maps', times(10_000, () => new Map()), 150],
    ['Maps of one key', times(5000, () => new Map([[1, 2]])), 75],
    ['empty bytes', times(10_000, () => new Uint8Array()), 150],
    ['objects of many keys', times(200, () => Object.fromEntries(row(40).map((n) => [`k${n}`, n]))), 100],
  ])('%s', (_name, value, least) => {
    const encoding = new Encoding(value, 'args[0]', INTO)
    let steps = 1
    while (!encoding.upTo(0)) steps += 1
    expect(steps).toBeGreaterThanOrEqual(least)
    // Not by toEqual, which takes seconds for megabytes.
    expect(Buffer.compare(encoding.written(), encode([value], 'args', INTO))).toBe(0)
  })

  test('a run can be stopped while a long answer of rows is written', async () => {
    const one = row(1000)
    const rows = times(100_000, () => one)
    let turns = 0
    let begun = 0
    const turn = () => {
      turns += 1
      if (turns === 20) controller.abort()
      immediate = setImmediate(turn)
    }
    let immediate
    const controller = new AbortController()
    const host = {
      rows: () => {
        begun = turns
        immediate = setImmediate(turn)
        return rows
      },
    }
    const options = { host, signal: controller.signal, timeout: 600_000 }
    const error = await rejection(engine.run('return #host.rows()', 'x', options))
    clearImmediate(immediate)
    expect(error.name).toBe('AbortError')
    expect(turns - begun).toBeLessThan(30)
  })
})

describe('each value is read once, and in turn', () => {
  function watched(values) {
    const read = []
    const array = values.map(() => undefined)
    values.forEach((value, i) => {
      Object.defineProperty(array, i, {
        get() {
          read.push(i)
          return value
        },
      })
    })
    return { array, read }
  }

  test.each([
    ['integers', [1, 2, 3, 4]],
    ['floats before an integer', [0.5, 1.5, 2]],
    ['an integer before a text', [1, 'x', 2, 'y']],
    ['numbers before a table', [1, 2, {}, 3]],
    ['a number that shares no tag', [1, 2 ** 40, 2, 2 ** 40, 0.5]],
    ['more than are written at once', integers(65)],
  ])('%s', async (_name, values) => {
    const { array, read } = watched(values)
    expect(await returned(array)).toEqual(values)
    expect(read).toEqual(values.map((_, i) => i))
  })

  test('one that fails among them fails as itself', async () => {
    const { array } = watched([1, 2, 3])
    Object.defineProperty(array, 1, {
      get() {
        throw new Error('mine')
      },
    })
    expect(await refusedIn(array)).toMatchObject({ message: 'mine' })
  })
})

describe('what cannot cross is named by its place', () => {
  test.each([
    ['behind integers', [1, 2, undefined], 'args[0][2]'],
    ['behind floats', [{ a: [0.5, 1.5, 2.5, () => {}] }], 'args[0][0].a[3]'],
    ['behind as many as are written at once', [...integers(64), Symbol('s')], 'args[0][64]'],
    ['between two', [1, 2n ** 70n, 3], 'args[0][1]'],
  ])('%s', async (_name, value, path) => {
    expect((await refusedIn(value)).message).toContain(path)
  })

  test('in State, where NaN and infinities have no JSON', async () => {
    const state = engine.state('numbers')
    await state.set('all', [[1, 2, 3], [0.5, 1.5], 7])
    expect(await state.get('all')).toEqual([[1, 2, 3], [0.5, 1.5], 7])
    expect((await rejection(state.set('all', [1, 2, [0.5, NaN]]))).message).toContain('[2][1]')
    expect((await rejection(state.set('all', [0.5, Infinity]))).message).toContain('[1]')
    expect(await state.get('all')).toEqual([[1, 2, 3], [0.5, 1.5], 7])
  })
})

test('they are properties of their own, whatever arrays inherit', async () => {
  const { stdout, stderr } = await runProgram(`
    const { Engine } = require('moonpool')
    const engine = new Engine()
    const told = []
    const code = 'local t = {} for i = 1, ... do t[i] = i end return t'
    async function all() {
      for (const [n, i] of [[3, 2], [10, 5], [64, 5], [200, 150], [9000, 8000]]) {
        for (const prototype of [Array.prototype, Object.prototype]) {
          const was = told.length
          Object.defineProperty(prototype, i, { configurable: true, get() { return -1 }, set(value) { told.push(value) } })
          const { value } = await engine.run(code, 'x', { args: [n] })
          delete prototype[i]
          if (told.length > was || value.some((number, i) => number !== i + 1) || Object.keys(value).length !== n)
            console.log('wrong', n, i, value[i])
        }
      }
    }
    all().then(() => console.log('done'), console.error).finally(() => engine.close())
  `)
  expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: 'done', stderr: '' })
})
