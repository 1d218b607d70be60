// A model of how values cross, as docs/values.md says it: from JavaScript to what Lua has, and from there back.
'use strict'

const { isUtf8 } = require('node:buffer')

/** What cannot cross. */
class Refused extends Error {}

const NULL = Symbol('json.null')

// What Lua has: undefined, NULL, booleans, BigInts for integers, numbers for floats, Buffers for strings, and tables.

class Table {
  /** By an unmistakable text of the key: the key and the value. */
  entries = new Map()

  constructor(isArray = false) {
    this.isArray = isArray
  }

  set(key, value) {
    const normal = typeof key === 'number' && Number.isInteger(key) && isInteger64(BigInt(key)) ? BigInt(key) : key
    const text = `${typeof normal}:${Buffer.isBuffer(normal) ? normal.toString('hex') : normal}`
    if (value !== undefined) this.entries.set(text, [normal, value])
  }

  list() {
    return [...this.entries.values()]
  }
}

const isInteger64 = (integer) => BigInt.asIntN(64, integer) === integer

/** What Lua has of a value. */
function intoLua(value, options) {
  switch (typeof value) {
    case 'undefined':
    case 'boolean':
      return value
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value
    case 'bigint':
      if (!isInteger64(value)) throw new Refused('too large')
      return value
    case 'string':
      if (!value.isWellFormed()) throw new Refused('a lone surrogate')
      return Buffer.from(value)
    case 'object':
      return objectIntoLua(value, options)
    default:
      throw new Refused(typeof value)
  }
}

function objectIntoLua(value, options) {
  if (value === null) return options.nulls === 'nil' ? undefined : NULL
  if (value instanceof Uint8Array) return Buffer.from(value)
  if (value instanceof Date) {
    if (options.dates !== 'iso' || Number.isNaN(value.getTime())) throw new Refused('a Date')
    return Buffer.from(value.toISOString())
  }
  if (value instanceof Set || ArrayBuffer.isView(value)) throw new Refused('an instance of a class')
  const table = new Table(Array.isArray(value))
  if (table.isArray) {
    for (const [i, item] of value.entries()) {
      if (item === undefined) throw new Refused('a hole')
      table.set(BigInt(i + 1), item === null ? NULL : intoLua(item, options))
    }
  } else if (value instanceof Map) {
    for (const [key, item] of value) {
      if (Number.isNaN(key) || (typeof key === 'object' && key !== null)) throw new Refused('a key')
      if (typeof key === 'bigint' && value.has(Number(key)) && BigInt(Number(key)) === key)
        throw new Refused('two keys')
      if (item !== undefined) table.set(intoLua(key, options), intoLua(item, options))
    }
  } else for (const key of Object.keys(value)) table.set(intoLua(key, options), intoLua(value[key], options))
  return table
}

/** What JavaScript gets of what Lua has. */
function outOfLua(value, options) {
  if (value === NULL) return null
  if (typeof value === 'bigint') return numberOf(value)
  if (Buffer.isBuffer(value)) return options.strings === 'buffer' ? new Uint8Array(value) : textOf(value)
  return value instanceof Table ? tableOutOfLua(value, options) : value
}

const numberOf = (integer) => (Number.isSafeInteger(Number(integer)) ? Number(integer) : integer)

function textOf(bytes) {
  if (!isUtf8(bytes)) throw new Refused('no UTF-8')
  return bytes.toString()
}

function tableOutOfLua(table, options) {
  const entries = table.list().map(([key, value]) => [key, outOfLua(value, options)])
  if (options.tables === 'map') {
    return new Map(entries.map(([key, value]) => [Buffer.isBuffer(key) ? textOf(key) : outOfLua(key, {}), value]))
  }
  const count = BigInt(entries.length)
  const isList = entries.every(([key]) => typeof key === 'bigint' && key >= 1n && key <= count)
  if (table.isArray || (isList && count > 0n)) {
    const array = new Array(entries.length)
    for (const [key, value] of entries) array[Number(key) - 1] = value
    return array
  }
  const object = {}
  for (const [key, value] of entries) {
    const mayBe = Buffer.isBuffer(key) || (options.tables === 'record' && typeof key === 'bigint')
    const name = mayBe ? String(key) : undefined
    if (name === undefined || Object.hasOwn(object, name)) throw new Refused('a key')
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
  }
  return object
}

/** What becomes of a value on its way into Lua and out again: `{ value }`, or `{ refused }`, which says where. */
function crossed(value, options) {
  let refused = 'in'
  try {
    const within = intoLua(value, options)
    refused = 'out'
    return { value: outOfLua(within, options) }
  } catch (error) {
    if (error instanceof Refused) return { refused }
    throw error
  }
}

// Random values, of all kinds that may cross, and now and then of one that may not.

const NUMBERS = [0, -0, 1, -1, 0.5, 2 ** 53 - 1, 2 ** 53, -(2 ** 63), 2 ** 63, 1e300, 5e-324, Infinity, -Infinity, NaN]
const INTEGERS = [0n, 7n, 2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)]
const TEXTS = [
  '',
  'a',
  'b',
  '1',
  '2',
  '0',
  '-1',
  '1.5',
  'true',
  '\0',
  'ü\u{1f319}',
  '__proto__',
  'constructor',
  '\uffff',
]
const WRONG = [
  () => {},
  Symbol('s'),
  2n ** 63n,
  '\ud800',
  new Set(),
  new Date(Number.NaN),
  new Float32Array(1),
  [undefined],
]

function randomValue(random, depth = 0) {
  const make = random.pick(depth < 3 ? [...LEAVES, ...BRANCHES, ...BRANCHES] : LEAVES)
  return make(random, depth)
}

const LEAVES = [
  () => null,
  () => undefined,
  (random) => random.chance(0.5),
  (random) => random.pick(NUMBERS),
  (random) => random.below(1000) - 500,
  (random) => random.pick(INTEGERS),
  (random) => random.pick(TEXTS),
  (random) => random.pick(TEXTS) + random.pick(TEXTS),
  (random) => Uint8Array.from(random.upTo(3, () => (random.chance(0.3) ? random.below(256) : random.below(128)))),
  (random) => new Date(random.below(2 ** 40)),
  (random) => (random.chance(0.15) ? random.pick(WRONG) : 'right'),
]

const BRANCHES = [
  (random, depth) => random.upTo(4, () => randomValue(random, depth + 1) ?? null),
  (random, depth) => {
    const object = random.chance(0.2) ? Object.create(null) : {}
    for (const name of random.upTo(4, () => random.pick(TEXTS)))
      Object.defineProperty(object, name, {
        value: randomValue(random, depth + 1),
        enumerable: true,
        configurable: true,
      })
    return object
  },
  (random, depth) => {
    const kinds = [
      (_, i) => i + 1,
      () => random.pick(TEXTS),
      () => random.below(5) - 1,
      () => random.pick([...TEXTS, ...INTEGERS, 1, 2, 3, true, false, 0.5, 2 ** 53, 1e300]),
    ]
    const keys = random.upTo(4, random.pick(kinds))
    return new Map(keys.map((key) => [key, randomValue(random, depth + 1)]))
  },
]

const OPTIONS = {
  strings: ['text', 'buffer'],
  tables: ['object', 'map', 'record'],
  nulls: ['null', 'nil'],
  dates: ['refuse', 'iso'],
}

const randomOptions = (random) =>
  Object.fromEntries(Object.entries(OPTIONS).map(([name, choices]) => [name, random.pick(choices)]))

module.exports = { crossed, randomOptions, randomValue }
