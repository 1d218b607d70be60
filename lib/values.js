// Values that cross from JavaScript to Lua: checked, and copied into bytes. crates/core/src/value/wire.rs has the other side.
'use strict'

const { isMap, isUint8Array } = require('node:util').types
const { inspect } = require('node:util')
const { short, shown, typeError, valueError } = require('./errors')
const { isDetached } = require('./source')

// Not looked up for each value: where globals are another realm's, as in Jest, that takes most of the time.
const { isSafeInteger } = Number
const { is } = Object
const { floor } = Math
const { isArray } = Array

/** How deep arrays, objects and Maps may nest, as `{}` counts one. */
const MAX_DEPTH = 128
const MAX_BYTES = 2 ** 31 - 1
const MIN_INTEGER = -(2n ** 63n)
const MAX_INTEGER = 2n ** 63n - 1n

// One byte before each value. All numbers are little-endian.
const TAGS = {
  NIL: 0,
  FALSE: 1,
  TRUE: 2,
  INTEGER: 3, // 8 bytes, two's complement
  FLOAT: 4, // 8 bytes, IEEE 754
  TEXT: 5, // 4 bytes of length, then UTF-8
  BYTES: 6, // 4 bytes of length, then bytes
  NULL: 7,
  ARRAY: 8, // 4 bytes of count, then values
  OBJECT: 9, // 4 bytes of count, then keys (as TEXT without its first byte) and values in turn
  MAP: 10, // 4 bytes of count, then keys and values in turn
}
const { NIL, FALSE, TRUE, INTEGER, FLOAT, TEXT, BYTES, NULL, ARRAY, OBJECT, MAP } = TAGS

const typedArray = Object.getPrototypeOf(Uint8Array.prototype)
const lengthOf = Object.getOwnPropertyDescriptor(typedArray, 'length').get
const bufferOf = Object.getOwnPropertyDescriptor(typedArray, 'buffer').get

/** Bytes that grow as they are written. */
class Writer {
  #bytes = Buffer.allocUnsafe(256)
  #used = 0
  #max
  #tooLong

  constructor(max = MAX_BYTES, tooLong = () => valueError(`The values take more than ${MAX_BYTES} bytes`)) {
    this.#max = max
    this.#tooLong = tooLong
  }

  #reserve(size) {
    const start = this.#used
    this.#used += size
    if (this.#used > this.#max) throw this.#tooLong()
    if (this.#used > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#used, this.#bytes.length * 2))
      this.#bytes.copy(grown, 0, 0, start)
      this.#bytes = grown
    }
    return start
  }

  tag(tag) {
    // First, as it may put other bytes in their place.
    const at = this.#reserve(1)
    this.#bytes[at] = tag
  }

  count(count) {
    const at = this.#reserve(4)
    this.#bytes.writeUInt32LE(count, at)
    return at
  }

  integer(value) {
    this.tag(INTEGER)
    const at = this.#reserve(8)
    if (typeof value === 'bigint') this.#bytes.writeBigInt64LE(value, at)
    else {
      // A BigInt would take ten times as long.
      this.#bytes.writeInt32LE(value | 0, at)
      this.#bytes.writeInt32LE(floor(value / 2 ** 32), at + 4)
    }
  }

  float(value) {
    this.tag(FLOAT)
    const at = this.#reserve(8)
    this.#bytes.writeDoubleLE(value, at)
  }

  text(text) {
    const size = Buffer.byteLength(text)
    this.count(size)
    const at = this.#reserve(size)
    this.#bytes.write(text, at)
  }

  bytes(bytes) {
    // Of its own: a subclass may say something else.
    const size = lengthOf.call(bytes)
    this.count(size)
    const at = this.#reserve(size)
    this.#bytes.set(bytes, at)
  }

  /** Writes again what `count` wrote. */
  correct(at, count) {
    this.#bytes.writeUInt32LE(count, at)
  }

  written() {
    return this.#bytes.subarray(0, this.#used)
  }
}

/** The bytes of a list of values, whose paths in refusals begin with `root[i]`. */
function encode(values, root) {
  const writer = new Writer()
  // Taken once: reading one value may run a getter that changes the list.
  const { length } = values
  writer.count(length)
  for (let i = 0; i < length; i++) write(writer, values[i], { root: `${root}[${i}]`, open: [], path: [] })
  return writer.written()
}

/**
 * The bytes of a list of one value, whose paths begin with `root`. What is wrong with it becomes an error by `refuse`, and
 * that it takes more than `maxBytes` by `tooLong`.
 */
function encodeOne(value, root, { refuse, maxBytes, tooLong } = {}) {
  const writer = new Writer(maxBytes, tooLong)
  writer.count(1)
  write(writer, value, { root, open: [], path: [], refuse })
  return writer.written()
}

/** The bytes of the names and values of a plain object in turn. */
function encodeNamed(object, root) {
  const writer = new Writer()
  const at = writer.count(0)
  writer.correct(at, writeMembers(writer, object, { root, open: [object], path: [] }))
  return writer.written()
}

/** The bytes of one name and its value, which may be undefined. */
function encodeOneNamed(name, value, root) {
  const writer = new Writer()
  writer.count(1)
  writer.text(name)
  write(writer, value, { root, open: [], path: [] })
  return writer.written()
}

function write(writer, value, place) {
  switch (typeof value) {
    case 'undefined':
      return writer.tag(NIL)
    case 'boolean':
      return writer.tag(value ? TRUE : FALSE)
    case 'number':
      return isSafeInteger(value) && !is(value, -0) ? writer.integer(value) : writer.float(value)
    case 'bigint':
      if (value >= MIN_INTEGER && value <= MAX_INTEGER) return writer.integer(value)
      throw refusal(place, `${short(value)}, which is no 64-bit integer`)
    case 'string':
      if (!value.isWellFormed()) throw refusal(place, 'a string with a lone surrogate')
      writer.tag(TEXT)
      return writer.text(value)
    case 'object':
      return writeObject(writer, value, place)
    default:
      throw refusal(place, shown(value))
  }
}

function writeObject(writer, value, place) {
  if (value === null) return writer.tag(NULL)
  if (isUint8Array(value)) {
    if (isDetached(bufferOf.call(value))) throw refusal(place, 'a Uint8Array whose buffer is detached')
    writer.tag(BYTES)
    return writer.bytes(value)
  }
  if (place.open.includes(value)) throw refusal(place, 'a value that contains itself')
  if (place.open.length === MAX_DEPTH) throw refusal(place, `nested deeper than ${MAX_DEPTH} levels`)
  place.open.push(value)
  if (isArray(value)) writeArray(writer, value, place)
  else if (isMap(value)) writeMap(writer, value, place)
  else if (isPlain(value)) {
    writer.tag(OBJECT)
    const at = writer.count(0)
    writer.correct(at, writeMembers(writer, value, place))
  } else throw refusal(place, shown(value))
  place.open.pop()
}

function writeArray(writer, array, place) {
  const { length } = array
  // Only a proxy can have another one.
  if (!Number.isInteger(length) || length < 0 || length > 2 ** 32 - 1) {
    throw refusal(place, `an array whose length is ${inspect(length)}`)
  }
  writer.tag(ARRAY)
  writer.count(length)
  for (let i = 0; i < length; i++) {
    place.path.push(`[${i}]`)
    const item = array[i]
    // In a Lua table it would be a hole.
    if (item === undefined) throw refusal(place, 'undefined in an array; use null for json.null')
    write(writer, item, place)
    place.path.pop()
  }
}

function writeMap(writer, map, place) {
  writer.tag(MAP)
  const at = writer.count(0)
  let count = 0
  // Not `map.entries()` of its own, which a subclass may have replaced.
  for (const [key, value] of Map.prototype.entries.call(map)) {
    place.path.push(`[${short(key)}]`)
    if (isSecond(map, key)) throw refusal(place, 'a second value for one key of a Lua table', 'has')
    if (!['boolean', 'number', 'bigint', 'string'].includes(typeof key) || Number.isNaN(key)) {
      throw refusal(place, 'a value under a key that no Lua table can have by value', 'has')
    }
    if (value !== undefined) {
      write(writer, key, place)
      write(writer, value, place)
      count += 1
    }
    place.path.pop()
  }
  writer.correct(at, count)
}

/** Whether `key` is a bigint, and a map has the same as a number, too. Not by a set of its own: keys of scripts' collide. */
function isSecond(map, key) {
  if (typeof key !== 'bigint' || key < MIN_INTEGER || key > MAX_INTEGER) return false
  return BigInt(Number(key)) === key && Map.prototype.has.call(map, Number(key))
}

/** A property that is undefined is as good as absent, on both sides. */
function writeMembers(writer, object, place) {
  let count = 0
  for (const key of Reflect.ownKeys(object)) {
    if (!Object.prototype.propertyIsEnumerable.call(object, key)) continue
    place.path.push(typeof key === 'string' && /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${short(key)}]`)
    if (typeof key === 'symbol') throw refusal(place, 'a property named by a symbol')
    if (!key.isWellFormed()) throw refusal(place, 'a property whose name has a lone surrogate')
    const value = object[key]
    if (value !== undefined) {
      writer.text(key)
      write(writer, value, place)
      count += 1
    }
    place.path.pop()
  }
  return count
}

/** Without a prototype, or with the one of object literals, of whichever realm. */
function isPlain(object) {
  const prototype = Object.getPrototypeOf(object)
  return prototype === null || (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty'))
}

function refusal({ root, path, refuse }, what, verb = 'is') {
  if (refuse) return refuse(`${root}${path.join('')} ${verb} ${what}`)
  return typeError(`${root}${path.join('')} ${verb} ${what}. It cannot cross to Lua`)
}

/** The values that go into a run, copied as they are now, and how its own shall come out. */
function exchangeOf({ args, globals, strings, tables }) {
  if (args === undefined && globals === undefined && strings === undefined) return undefined
  return {
    args: args && encode(args, 'options.args'),
    globals: globals && encodeNamed(globals, 'options.globals'),
    results: strings && { bytes: strings === 'buffer', maps: tables === 'map' },
  }
}

module.exports = { encode, encodeNamed, encodeOne, encodeOneNamed, exchangeOf, isPlain, tags: TAGS }
