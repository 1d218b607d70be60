// 10 000 random values, the same for the same seed: MOONPOOL_SEED, which the names of the tests tell.
'use strict'

const { isDeepStrictEqual } = require('node:util')
const { Engine } = require('..')
const { engine, refusedIn } = require('./support/crossing')
const { Randomly } = require('./support/random')

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
class RandomPairs {
  constructor(seed, { strings, tables }) {
    const choices = new Randomly(seed)
    this.random = () => choices.next()
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
    const random = new RandomPairs(seed, options)
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
    const random = new RandomPairs(seed, { strings: 'text', tables: 'object' })
    own.expose('next', () => {
      current = random.pair(0, true)
    })
    await own.run('for _ = 1, 2000 do host.next() host.take(host.give()) end', 'x', { timeout: 60_000 })
    expect(differ).toEqual([])
    await own.close()
  })

  test(`are refused for one wrong part of them, whose path is told (seed ${seed})`, async () => {
    const random = new RandomPairs(seed, WAYS[0])
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
