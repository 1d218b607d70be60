// Values and text that cross from Lua to JavaScript: little at once, much of it a slice in each turn of the event loop.
// crates/core/src/value/wire.rs has the other side.
'use strict'

const { AsyncResource } = require('node:async_hooks')
const { performance } = require('node:perf_hooks')
const { fitsIntoTurn, inSlices } = require('./slices')
const { tags } = require('./values')

const { NIL, FALSE, TRUE, INTEGER, FLOAT, TEXT, BYTES, NULL, ARRAY, OBJECT, MAP, FUNCTION } = tags

/** So many bytes are decoded at once, if the turn has time for them. */
const SMALL = 16 * 1024

/** A longer string is decoded in pieces of so many bytes: at worst 3 ms each. */
const PIECE = 128 * 1024

/** How many values, and how many bytes, between two looks at the clock. */
const VALUES = 64
const BYTES_BETWEEN = 16 * 1024

// What putting keys into an object or a map may take, in ms: several times as much as on a busy machine. Keys that a
// script has chosen so that they collide in V8's hash tables take a thousand times as much, again and again. What takes
// long only now and then is no sign of them: V8 collects garbage, or the system has given the core to somebody else.
const PER_VALUE = 0.01
const PER_BYTE = 0.00002
const PER_LOOK = 3
const PATIENCE = 200

/** Objects and maps with fewer keys are never slow. */
const FEW_KEYS = 1000

/**
 * Gives `then` the values that a script passes to a host function: `then(error, values)`, now, or later, and then it
 * returns what can be `cancelled` until then.
 */
function decodeArgs(bytes, then) {
  if (bytes.length <= SMALL && fitsIntoTurn(bytes.length)) {
    then(undefined, readAll(bytes))
    return undefined
  }
  // All that is decoded in slices shares one timer: the async context is that of the call all the same.
  const bound = AsyncResource.bind(then)
  const job = new Job([new Values(bytes)], ([args], error) => bound(error, args))
  inSlices(job)
  return job
}

/** The values of a list, now or later. */
function decodeList(bytes) {
  if (bytes.length <= SMALL && fitsIntoTurn(bytes.length)) return readAll(bytes)
  return new Promise((resolve, reject) => {
    inSlices(new Job([new Values(bytes)], ([values], error) => (error ? reject(error) : resolve(values))))
  })
}

/**
 * Gives `then` what came of a run, with its text as strings and its values as values: now, or later, and then it returns
 * what can be `cancelled` until then. What cannot be decoded becomes a failure. `make` is given the numbers of functions.
 */
function decodeOutcome(outcome, then, make) {
  const { text, values, failure } = outcome
  const output = failure ? failure.output : text
  const thrown = failure?.luaValue ?? undefined
  const size = (isBytes(output) ? output.length : 0) + (values?.length ?? 0) + (thrown?.length ?? 0)
  // A hundred values cost nothing.
  if (size <= 1024 || (size <= SMALL && fitsIntoTurn(size))) {
    const whole = isBytes(output) ? output.toString() : output
    if (failure) then(failed(failure, whole, thrown && parsed(thrown)))
    else then({ text: whole, values: values && readAll(values, make) })
    return undefined
  }
  const parts = [new Text(output)]
  if (values) parts.push(new Values(values, make))
  if (thrown) parts.push(new Thrown(thrown))
  const job = new Job(parts, ([whole, last], error) => {
    if (failure) then(failed(failure, whole, last))
    else then(error ? { failure: refused(error, whole) } : { text: whole, values: last })
  })
  inSlices(job)
  return job
}

const isBytes = (text) => typeof text !== 'string'

function failed(failure, output = '', thrown = undefined) {
  return { failure: { ...failure, output, luaValue: undefined, thrown } }
}

const parsed = (json) => ({ value: JSON.parse(String(json)) })

/** The failure of a run whose result was not decoded. */
function refused(error, output = '') {
  return { code: 'ERR_LUA_RESULT', message: `the result cannot cross: ${error.message}`, output }
}

/** Several things to decode, one after the other; in the end `then` gets what became of them, and what went wrong. */
class Job {
  cancelled = false
  #parts
  #then
  #done = []

  constructor(parts, then) {
    this.#parts = parts
    this.#then = then
  }

  /** Works until this time, and returns whether it is done. */
  step(until) {
    let error
    try {
      while (this.#done.length < this.#parts.length) {
        const part = this.#parts[this.#done.length]
        if (!part.step(until)) return false
        this.#done.push(part.value)
      }
    } catch (thrown) {
      error = thrown
    }
    this.#then(this.#done, error)
    return true
  }
}

/** A text, which is a string already or becomes one. */
class Text {
  value
  #bytes
  #at = 0

  constructor(text) {
    this.value = isBytes(text) ? '' : text
    this.#bytes = isBytes(text) ? text : Buffer.alloc(0)
  }

  step(until) {
    while (this.#at < this.#bytes.length) {
      const end = endOfPiece(this.#bytes, this.#at, this.#bytes.length)
      this.value += this.#bytes.toString('utf8', this.#at, end)
      this.#at = end
      if (performance.now() >= until) return this.#at === this.#bytes.length
    }
    return true
  }
}

/** A thrown value, as JSON: at one go, because it is bounded so that this takes some 20 ms. */
class Thrown {
  value
  #json

  constructor(json) {
    this.#json = json
  }

  step() {
    this.value = parsed(this.#json)
    return true
  }
}

/** Where a piece of UTF-8 may end that begins at `at`: between two characters. */
function endOfPiece(bytes, at, last) {
  let end = at + PIECE
  if (end >= last) return last
  while ((bytes[end] & 0xc0) === 0x80) end -= 1
  return end
}

/** One value whose parts are being read. */
class Level {
  // TEXT and BYTES have bytes left, all others values.
  constructor(tag, value, left, outer) {
    this.tag = tag
    this.value = value
    this.left = left
    this.outer = outer
    this.next = 0
    // Of objects and maps: whether the next value is a key's, and that; and whether they have so many that they can be slow.
    this.hasKey = false
    this.key = undefined
    this.mayBeSlow = (tag === OBJECT || tag === MAP) && left >= FEW_KEYS
    this.debt = 0
  }
}

/** A list of values. */
class Values {
  value
  #reader
  #level

  constructor(bytes, make) {
    this.#reader = { bytes, at: 0, make }
    const length = count(this.#reader)
    this.#level = new Level(ARRAY, new Array(length), length)
  }

  step(until) {
    let now = performance.now()
    do {
      const { at } = this.#reader
      const level = this.#level
      const read = this.#readSome(at + BYTES_BETWEEN)
      if (!this.#level) return true
      const before = now
      now = performance.now()
      if (level.mayBeSlow && level === this.#level) {
        const usual = read * PER_VALUE + (this.#reader.at - at) * PER_BYTE
        level.debt = Math.max(0, level.debt + Math.min(now - before, PER_LOOK) - usual)
        if (level.debt > PATIENCE) throw new Error('it has keys that collide in JavaScript, which would take too long')
      }
    } while (now < until)
    return false
  }

  /** Reads some values, and returns how many. */
  #readSome(end) {
    let read = 0
    while (read < VALUES && this.#reader.at < end && this.#level) {
      this.#readOne()
      read += 1
    }
    return read
  }

  #readOne() {
    const level = this.#level
    if (level.left === 0) {
      this.#level = level.outer
      if (level.outer) this.#give(level.value)
      else this.value = level.value
    } else if (level.tag === TEXT || level.tag === BYTES) this.#readPiece(level)
    else if (level.tag === OBJECT && !level.hasKey) this.#readSized(TEXT)
    else this.#readValue()
  }

  #readValue() {
    const reader = this.#reader
    const tag = reader.bytes[reader.at]
    if (tag === TEXT || tag === BYTES) {
      reader.at += 1
      this.#readSized(tag)
    } else if (tag === ARRAY || tag === OBJECT || tag === MAP) {
      reader.at += 1
      const length = count(reader)
      const value = tag === ARRAY ? new Array(length) : tag === OBJECT ? {} : new Map()
      if (length === 0) this.#give(value)
      else this.#level = new Level(tag, value, length, this.#level)
    } else this.#give(read(reader))
  }

  /** A text or bytes: at once, or in pieces. */
  #readSized(tag) {
    const reader = this.#reader
    const length = reader.bytes.readUInt32LE(reader.at)
    if (length <= PIECE) return this.#give(tag === TEXT ? text(reader) : new Uint8Array(slice(reader)))
    reader.at += 4
    this.#level = new Level(tag, tag === TEXT ? '' : new Uint8Array(length), length, this.#level)
  }

  #readPiece(level) {
    const { bytes, at } = this.#reader
    const last = at + level.left
    const end = level.tag === TEXT ? endOfPiece(bytes, at, last) : Math.min(at + PIECE, last)
    if (level.tag === TEXT) level.value += bytes.toString('utf8', at, end)
    else level.value.set(bytes.subarray(at, end), level.next)
    level.next += end - at
    level.left -= end - at
    this.#reader.at = end
  }

  /** Puts a value where it belongs. */
  #give(value) {
    const level = this.#level
    if (level.tag === ARRAY) {
      level.value[level.next] = value
      level.next += 1
      level.left -= 1
    } else if (!level.hasKey) {
      level.key = value
      level.hasKey = true
    } else {
      if (level.tag === MAP) level.value.set(level.key, value)
      else setMember(level.value, level.key, value)
      level.hasKey = false
      level.left -= 1
    }
  }
}

/** The values of a whole list. */
function readAll(bytes, make) {
  const reader = { bytes, at: 0, make }
  return readMany(reader, count(reader))
}

function readMany(reader, length) {
  const values = new Array(length)
  for (let i = 0; i < length; i++) values[i] = read(reader)
  return values
}

function read(reader) {
  switch (reader.bytes[reader.at++]) {
    case NIL:
      return undefined
    case FALSE:
      return false
    case TRUE:
      return true
    case INTEGER:
      return readInteger(reader)
    case FLOAT:
      reader.at += 8
      return reader.bytes.readDoubleLE(reader.at - 8)
    case TEXT:
      return text(reader)
    case BYTES:
      return new Uint8Array(slice(reader))
    case NULL:
      return null
    case ARRAY:
      return readMany(reader, count(reader))
    case OBJECT:
      return readMembers(reader)
    case MAP:
      return readMap(reader)
    case FUNCTION:
      return reader.make(readInteger(reader))
    default:
      throw new Error(`an unknown tag at byte ${reader.at - 1}`)
  }
}

function count(reader) {
  reader.at += 4
  return reader.bytes.readUInt32LE(reader.at - 4)
}

function slice(reader) {
  const size = count(reader)
  reader.at += size
  return reader.bytes.subarray(reader.at - size, reader.at)
}

const text = (reader) => slice(reader).toString('utf8')

function readInteger(reader) {
  const value = reader.bytes.readBigInt64LE(reader.at)
  reader.at += 8
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function readMembers(reader) {
  const object = {}
  for (let left = count(reader); left > 0; left--) {
    const key = text(reader)
    setMember(object, key, read(reader))
  }
  return object
}

function setMember(object, key, value) {
  // An assignment to this name would set the prototype.
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  } else object[key] = value
}

function readMap(reader) {
  const map = new Map()
  for (let left = count(reader); left > 0; left--) {
    const key = read(reader)
    map.set(key, read(reader))
  }
  return map
}

module.exports = { decodeArgs, decodeList, decodeOutcome, readList: readAll, refused, Values }
