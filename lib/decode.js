// Values and text that cross from Lua to JavaScript: little at once, much of it a slice in each turn of the event loop.
// crates/core/src/value/wire.rs has the other side.
'use strict'

const { AsyncResource } = require('node:async_hooks')
const { performance } = require('node:perf_hooks')
const { fitsIntoTurn, hasTimeInTurn, inSlices, SLICE } = require('./slices')
const { tags } = require('./values')

const {
  NIL,
  FALSE,
  TRUE,
  INTEGER,
  FLOAT,
  TEXT,
  BYTES,
  NULL,
  ARRAY,
  OBJECT,
  MAP,
  FUNCTION,
  RECORD,
  SAME,
  ASCII,
  INTEGERS,
  FLOATS,
} = tags

const ORDINARY = Object.prototype
const { defineProperty, getPrototypeOf, keys } = Object
const { ownKeys } = Reflect

/** So many bytes are decoded at once, if the turn has time for them. */
const SMALL = 16 * 1024

/** A longer string is decoded in pieces of so many bytes: at worst 3 ms each. */
const PIECE = 128 * 1024

/** The same, of a string that is ASCII, which is only copied. */
const ASCII_PIECE = 2 * 1024 * 1024

/** A list of fewer bytes is read without a view of it. */
const FEW_BYTES = 256

/** V8 copies what is cut out of a text if it is shorter; otherwise it would keep the whole text for it. */
const SHORT = 13

/** How many values, and how many bytes, between two looks at the clock. */
const VALUES = 64
const BYTES_BETWEEN = 16 * 1024

/** As many values, or bytes, as no list has: when nobody looks at the clock. */
const NEVER = 2 ** 31 - 1

// What putting keys into an object or a map may take, in ms: several times as much as on a busy machine. Keys that a
// script has chosen so that they collide in V8's hash tables take a thousand times as much, again and again. What takes
// long only now and then is no sign of them: V8 collects garbage, or the system has given the core to somebody else.
const PER_VALUE = 0.01
const PER_BYTE = 0.00002
const PER_LOOK = 3
const PATIENCE = 200

/** Objects and maps with fewer keys are never slow. */
const FEW_KEYS = 1000

/** In arrays of so many values it is worth while to find out whether they inherit any, instead of asking for each. */
const MANY_ITEMS = 64

/** With more keys it is worth while to find out what objects inherit, instead of asking for each. */
const MANY_KEYS = 16

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
  return begun(new Job([new Values(bytes)], ([args], error) => bound(error, args)))
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
  if (values) return begun(job)
  inSlices(job)
  return job
}

/** Begins a job. Returns it, if it is not done at once. */
function begun(job) {
  if (hasTimeInTurn() && job.step(performance.now() + SLICE)) return undefined
  inSlices(job)
  return job
}

const isBytes = (text) => typeof text !== 'string'

/** Encoded values of the native side: few of them come as a string, with a character for each byte. */
const bytesOf = (encoded) => (typeof encoded === 'string' ? Buffer.from(encoded, 'latin1') : encoded)

function failed(failure, output = '', thrown = undefined) {
  return { failure: { ...failure, output, luaValue: undefined, thrown } }
}

const parsed = (json) => ({ value: JSON.parse(String(json)) })

/** A failure with its text and its value, now: for what fails at once, and is nobody's run. */
function decodeFailure(failure) {
  const { output, luaValue } = failure
  return failed(failure, String(output), luaValue == null ? undefined : parsed(luaValue)).failure
}

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

/** What every object inherits, as it was when that was last looked at. */
let inherited = { names: [], all: new Set() }

/** The names of what every object inherits. */
function inheritedNames() {
  const names = ownKeys(ORDINARY)
  const isKnown = names.length === inherited.names.length && names.every((name, i) => name === inherited.names[i])
  if (!isKnown) inherited = { names, all: new Set(names) }
  return inherited.all
}

/** Whether an object or a map with so many keys can be slow. */
const mayBeSlow = (tag, length) => (tag === OBJECT || tag === MAP) && length >= FEW_KEYS

/** One value whose parts are being read. */
class Level {
  // TEXT, ASCII and BYTES have bytes left, all others values.
  constructor(tag, value, left) {
    this.tag = tag
    this.value = value
    this.left = left
    this.outer = undefined
    this.next = 0
    // Of objects and maps: whether the next value is a key's, and that. Of records: their keys.
    this.hasKey = false
    this.key = undefined
    this.names = undefined
    this.depth = 0
    this.mayBeSlow = mayBeSlow(tag, left)
    this.debt = 0
  }
}

/** Whether arrays inherit nothing under an index. Lists of keys begin with those. */
function arraysArePlain() {
  const { prototype } = Array
  return getPrototypeOf(prototype) === ORDINARY && !hasIndex(prototype) && !hasIndex(ORDINARY)
}

const hasIndex = (object) => /^(?:0|[1-9]\d*)$/.test(String(ownKeys(object)[0]))

/** What [`read`] returns instead of a value that is not whole yet: the rest of it is the reader's `suspended`. */
const SUSPENDED = Symbol('suspended')

/** Where bytes are read. */
class Reader {
  at = 0
  /** Whether somebody looks at the clock: when so many more values are read, or those up to there. */
  isHurried
  fuel = NEVER
  end = NEVER
  /** How deep the value is that is read next. */
  depth = 0
  /** The last record at each depth that came with its keys, once there is one: those, and itself. */
  records
  // Nobody changes these while this reads: the names of what every object inherits, when many are to be looked for; and whether
  // arrays inherit nothing under an index, when many have been set.
  inherited
  arraysArePlain
  /** The value whose reading was suspended last, which is the outermost; its `outer` is the one in it. */
  suspended
  #view
  #text = ''
  #from = 0

  constructor(bytes, make, isHurried) {
    this.bytes = bytes
    this.make = make
    this.isHurried = isHurried
  }

  float(at) {
    const { bytes } = this
    // To make a view takes as long as to read ten numbers without one.
    if (bytes.length < FEW_BYTES) return bytes.readDoubleLE(at)
    this.#view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    return this.#view.getFloat64(at, true)
  }

  /** An ASCII text, cut out of a longer one: to call into Node.js for each would take longer. */
  cut(at, size) {
    let from = at - this.#from
    if (from < 0 || from + size > this.#text.length) {
      this.#text = this.bytes.latin1Slice(at, Math.min(at + BYTES_BETWEEN, this.bytes.length))
      this.#from = at
      from = 0
    }
    return this.#text.substring(from, from + size)
  }

  /** Puts a value of an array where it belongs, as its own, whatever the host has put into its prototype. */
  setItem(values, i, value) {
    if (values.length >= MANY_ITEMS) this.arraysArePlain ??= arraysArePlain()
    if (!this.arraysArePlain && i in values) define(values, i, value)
    else values[i] = value
  }

  /** Whether the next values of an array are numbers that share a tag. */
  hasNumbers() {
    const tag = this.bytes[this.at]
    return tag === INTEGERS || tag === FLOATS
  }

  /** Puts those into the array, from `from` on. Returns where they end. */
  numbers(values, from) {
    const isFloat = this.bytes[this.at++] === FLOATS
    const end = from + count(this)
    for (let i = from; i < end; i++) {
      this.setItem(values, i, isFloat ? this.float(this.at) : count(this) | 0)
      if (isFloat) this.at += 8
    }
    this.fuel -= end - from
    return end
  }

  /** Whether another value may be read. */
  mayGoOn() {
    this.fuel -= 1
    return this.fuel > 0 && this.at < this.end
  }

  /** Suspends the reading of a value, and of what that is in. */
  suspend(level) {
    level.depth = this.depth
    this.depth -= 1
    level.outer = this.suspended
    this.suspended = level
    return SUSPENDED
  }
}

/** A list of values. */
class Values {
  value
  #reader
  #level

  constructor(bytes, make) {
    this.#reader = new Reader(bytes, make, true)
    const length = count(this.#reader)
    this.#level = new Level(ARRAY, new Array(length), length)
  }

  step(until) {
    let now = performance.now()
    this.#reader.inherited = inheritedNames()
    this.#reader.arraysArePlain = undefined
    do {
      const { at } = this.#reader
      const level = this.#level
      const read = this.#readSome()
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
  #readSome() {
    const reader = this.#reader
    reader.fuel = VALUES
    reader.end = reader.at + BYTES_BETWEEN
    while (reader.fuel > 0 && reader.at < reader.end && this.#level) {
      reader.fuel -= 1
      this.#readOne()
    }
    return VALUES - reader.fuel
  }

  #readOne() {
    const level = this.#level
    if (level.left === 0) {
      this.#level = level.outer
      if (level.outer) this.#give(level.value)
      else this.value = level.value
      return
    }
    if (level.tag === TEXT || level.tag === ASCII || level.tag === BYTES) return this.#readPiece(level)
    this.#reader.depth = level.depth
    if (level.tag === ARRAY) return this.#readItems(level)
    if (level.tag === OBJECT && !level.hasKey) this.#take(readSized(this.#reader, TEXT))
    else this.#take(read(this.#reader))
  }

  /** Items of an array, as long as the fuel lasts. */
  #readItems(level) {
    const reader = this.#reader
    do {
      if (reader.hasNumbers()) {
        const { next } = level
        level.next = reader.numbers(level.value, next)
        level.left -= level.next - next
      } else this.#take(read(reader))
    } while (this.#level === level && level.left > 0 && reader.mayGoOn())
  }

  /** A value that was read, or the beginning of one. */
  #take(value) {
    if (value !== SUSPENDED) return this.#give(value)
    const reader = this.#reader
    while (reader.suspended) {
      const inner = reader.suspended
      reader.suspended = inner.outer
      inner.outer = this.#level
      this.#level = inner
    }
  }

  #readPiece(level) {
    const { bytes, at } = this.#reader
    const last = at + level.left
    const end = level.tag === TEXT ? endOfPiece(bytes, at, last) : Math.min(at + PIECE, last)
    if (level.tag === TEXT) level.value += bytes.toString('utf8', at, end)
    else if (level.tag === ASCII) level.value += bytes.latin1Slice(at, end)
    else level.value.set(bytes.subarray(at, end), level.next)
    level.next += end - at
    level.left -= end - at
    this.#reader.at = end
  }

  /** Puts a value where it belongs. */
  #give(value) {
    const level = this.#level
    if (level.tag === ARRAY) {
      this.#reader.setItem(level.value, level.next, value)
      level.next += 1
      level.left -= 1
    } else if (level.tag === RECORD) {
      level.value[level.names[level.next]] = value
      level.next += 1
      level.left -= 1
    } else if (!level.hasKey) {
      level.key = value
      level.hasKey = true
    } else {
      if (level.tag === MAP) level.value.set(level.key, value)
      else setMember(this.#reader, level.value, level.key, value)
      level.hasKey = false
      level.left -= 1
    }
  }
}

/** The values of a whole list. */
function readAll(bytes, make) {
  const reader = new Reader(bytes, make, false)
  const length = count(reader)
  const values = new Array(length)
  for (let i = 0; i < length; i++) reader.setItem(values, i, read(reader))
  return values
}

/**
 * The next value. When there is no fuel left in the middle of it, what was read is the reader's `suspended`, and
 * `SUSPENDED` is returned.
 */
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
      return reader.float(reader.at - 8)
    case TEXT:
      return readSized(reader, TEXT)
    case ASCII:
      return readSized(reader, ASCII)
    case BYTES:
      return readSized(reader, BYTES)
    case NULL:
      return null
    case ARRAY:
      return readArray(reader)
    case OBJECT:
      return readMembers(reader)
    case MAP:
      return readMap(reader)
    case FUNCTION:
      return reader.make(readInteger(reader))
    case RECORD: {
      const { names, object } = readKeys(reader)
      return readRecord(reader, names, object)
    }
    case SAME: {
      const { names, object } = reader.records[reader.depth]
      return readRecord(reader, names, { ...object })
    }
    default:
      throw new Error(`an unknown tag at byte ${reader.at - 1}`)
  }
}

function count(reader) {
  const { bytes, at } = reader
  reader.at = at + 4
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0
}

/** A text or bytes: at once, or the beginning of it. */
function readSized(reader, tag) {
  const size = count(reader)
  const { at, bytes } = reader
  if (reader.isHurried && size > (tag === ASCII ? ASCII_PIECE : PIECE)) {
    reader.depth += 1
    return reader.suspend(new Level(tag, tag === BYTES ? new Uint8Array(size) : '', size))
  }
  reader.at = at + size
  if (tag === ASCII) return size < SHORT ? reader.cut(at, size) : bytes.latin1Slice(at, at + size)
  return tag === TEXT ? bytes.utf8Slice(at, at + size) : new Uint8Array(bytes.subarray(at, at + size))
}

function readInteger(reader) {
  const { at, bytes } = reader
  const low = count(reader)
  const high = count(reader) | 0
  // So much of it that it can be a number, exactly.
  if (high >= -0x200000 && high < 0x200000) {
    const number = high * 2 ** 32 + low
    if (number !== -(2 ** 53)) return number
  }
  return bytes.readBigInt64LE(at)
}

// Each of these goes on with the next of its values until that was suspended, or has to wait; then so is it.

function readArray(reader) {
  const length = count(reader)
  const values = new Array(length)
  reader.depth += 1
  for (let i = 0; i < length; ) {
    const mayGoOn = reader.mayGoOn()
    if (mayGoOn && reader.hasNumbers()) {
      i = reader.numbers(values, i)
      continue
    }
    const value = mayGoOn ? read(reader) : SUSPENDED
    if (value === SUSPENDED) {
      const level = new Level(ARRAY, values, length - i)
      level.next = i
      return reader.suspend(level)
    }
    reader.setItem(values, i, value)
    i += 1
  }
  reader.depth -= 1
  return values
}

/** The keys of a record, and one of them, which those of the same depth that follow may be like. */
function readKeys(reader) {
  const object = {}
  for (let left = count(reader); left > 0; left--) {
    const size = count(reader)
    reader.at += size
    setMember(reader, object, reader.bytes.utf8Slice(reader.at - size, reader.at), undefined)
  }
  // They come in the order in which V8 lists them. As it keeps names, it finds properties sooner.
  const known = { names: keys(object), object }
  reader.records ??= []
  reader.records[reader.depth] = known
  return known
}

/**
 * A record that has the properties of these names already. So what is set is never what its prototype may have. It has few
 * values, which count at once: nobody looks at the clock between them if they are short.
 */
function readRecord(reader, names, object) {
  const { length } = names
  const hasFuel = reader.fuel > 0
  reader.fuel -= length
  reader.depth += 1
  for (let i = 0; i < length; i++) {
    const value = hasFuel && reader.at < reader.end ? read(reader) : SUSPENDED
    if (value === SUSPENDED) {
      const level = new Level(RECORD, object, length - i)
      level.next = i
      level.names = names
      return reader.suspend(level)
    }
    object[names[i]] = value
  }
  reader.depth -= 1
  return object
}

function readMembers(reader) {
  const object = {}
  const length = count(reader)
  if (length > MANY_KEYS) reader.inherited ??= inheritedNames()
  reader.depth += 1
  for (let left = length; left > 0; left--) {
    const level = beforeKey(reader, OBJECT, object, length, left)
    if (level) return reader.suspend(level)
    const key = readSized(reader, TEXT)
    const value = key === SUSPENDED ? SUSPENDED : read(reader)
    if (value === SUSPENDED) return reader.suspend(afterKey(new Level(OBJECT, object, left), key))
    setMember(reader, object, key, value)
  }
  reader.depth -= 1
  return object
}

/** The level of an object or a map that has to wait before its next key, if it has. */
function beforeKey(reader, tag, value, length, left) {
  const waits = reader.isHurried && (length >= FEW_KEYS || !reader.mayGoOn())
  return waits ? new Level(tag, value, left) : undefined
}

function afterKey(level, key) {
  if (key !== SUSPENDED) {
    level.key = key
    level.hasKey = true
  }
  return level
}

/** Sets a property of an object's own, whatever the host has put into its prototype: perhaps that is frozen, or has setters. */
function setMember(reader, object, key, value) {
  const { inherited } = reader
  if (inherited ? inherited.has(key) : key in ORDINARY) define(object, key, value)
  else object[key] = value
}

function define(object, key, value) {
  defineProperty(object, key, { __proto__: null, value, enumerable: true, configurable: true, writable: true })
}

function readMap(reader) {
  const map = new Map()
  const length = count(reader)
  reader.depth += 1
  for (let left = length; left > 0; left--) {
    const level = beforeKey(reader, MAP, map, length, left)
    if (level) return reader.suspend(level)
    const key = read(reader)
    const value = key === SUSPENDED ? SUSPENDED : read(reader)
    if (value === SUSPENDED) return reader.suspend(afterKey(new Level(MAP, map, left), key))
    map.set(key, value)
  }
  reader.depth -= 1
  return map
}

module.exports = { bytesOf, decodeArgs, decodeFailure, decodeList, decodeOutcome, readList: readAll, refused, Values }
