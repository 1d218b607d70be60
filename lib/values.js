// Values that cross from JavaScript to Lua: checked, and copied into bytes. crates/core/src/value/wire.rs has the other side.
'use strict'

const { isMap, isUint8Array } = require('node:util').types
const { inspect } = require('node:util')
const { performance } = require('node:perf_hooks')
const { isDate, isNil, isoOf, shapesOf } = require('./crossing')
const { short, shown, typeError, valueError } = require('./errors')
const { isLuaFunction } = require('./function')
const { repeatsOf } = require('./repeats')
const { isDetached } = require('./source')

// Not looked up for each value: where globals are another realm's, as in Jest, that takes most of the time.
const { isSafeInteger } = Number
const { getOwnPropertySymbols, getPrototypeOf, is } = Object
const ORDINARY = Object.prototype
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
  FUNCTION: 11, // 8 bytes, the number of a function that JavaScript holds
  RECORD: 12, // 4 bytes of count, then keys (as TEXT without its first byte), then as many values
  SAME: 13, // values, of the keys of the record that came last at this depth
  ASCII: 14, // as TEXT, which has ASCII only; from Lua
  INTEGERS: 15, // 4 bytes of count, then as many values of an array: 4 bytes each, two's complement
  FLOATS: 16, // the same, with 8 bytes each, IEEE 754
}
const { NIL, FALSE, TRUE, INTEGER, FLOAT, TEXT, BYTES, NULL, ARRAY, OBJECT, MAP, FUNCTION, RECORD, SAME } = TAGS
const { INTEGERS, FLOATS } = TAGS

/** An object with so many keys may be a record, as crates/core/src/value/quick.rs has them. */
const MOST_OF_RECORD = 32

const typedArray = Object.getPrototypeOf(Uint8Array.prototype)
const lengthOf = Object.getOwnPropertyDescriptor(typedArray, 'length').get
const bufferOf = Object.getOwnPropertyDescriptor(typedArray, 'buffer').get
const isEnumerable = Object.prototype.propertyIsEnumerable
const offsetOf = Object.getOwnPropertyDescriptor(typedArray, 'byteOffset').get

/** A longer string or `Uint8Array` is copied in pieces of so many characters or bytes: a millisecond at most. */
const PIECE = 128 * 1024

/** Work on values stops after so many of them, or so many bytes, for a look at the clock. */
const VALUES = 64
const BYTES_BETWEEN = 16 * 1024

/** No value at all. */
const NOTHING = Symbol('nothing')

/** A shorter string is copied here, a character at a time: to call into Node.js would take longer. */
const SHORT = 24

/** Buffers of no more bytes are used again. */
const KEPT = 64 * 1024

/** Bytes to write to that nobody uses, with a view of them. */
let spare

function roomy(size) {
  const bytes = Buffer.allocUnsafe(size)
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, size) }
}

/** Bytes that grow as they are written. */
class Writer {
  /** The keys of the last record at each depth, once there is one. */
  records
  /** What was read of an array behind the numbers that were written last, or `NOTHING`. */
  next
  #bytes
  #view
  // How many bytes there are and may be written to.
  #size
  #used = 0
  #values = 0
  #seen = 0
  #max
  #tooLong
  #isHurried

  /** `isHurried`: whether somebody looks at the clock meanwhile. */
  constructor(
    max = MAX_BYTES,
    tooLong = () => valueError(`The values take more than ${MAX_BYTES} bytes`),
    isHurried = false,
  ) {
    this.#max = max
    this.#tooLong = tooLong
    this.#isHurried = isHurried
    this.#takes(spare ?? roomy(1024))
    spare = undefined
  }

  #takes({ bytes, view }) {
    this.#bytes = bytes
    this.#view = view
    this.#size = Math.min(bytes.length, this.#max)
  }

  get used() {
    return this.#used
  }

  /** Whether so much has been done that it is time to look at the clock. To be asked after each value, or after several numbers. */
  isTime() {
    if (!this.#isHurried) return false
    this.#values += 1
    if (this.#values < VALUES && this.#used - this.#seen < BYTES_BETWEEN) return false
    this.#values = 0
    this.#seen = this.#used
    return true
  }

  #reserve(size) {
    const start = this.#used
    this.#used += size
    if (this.#used > this.#size) this.#grow(start)
    return start
  }

  #grow(written) {
    if (this.#used > this.#max) throw this.#tooLong()
    const bytes = this.#bytes
    this.#takes(roomy(Math.max(this.#used, bytes.length * 2)))
    bytes.copy(this.#bytes, 0, 0, written)
  }

  /** Writes a value if it is a number, a boolean or a short ASCII text, as most are, and returns whether it was. */
  simple(value) {
    if (typeof value === 'number') this.#number(value)
    else if (typeof value === 'string') return value.length <= SHORT && this.#tagged(value)
    else if (typeof value === 'boolean') this.tag(value ? TRUE : FALSE)
    else return false
    return true
  }

  tag(tag) {
    // First, as it may put other bytes in their place.
    const at = this.#reserve(1)
    this.#bytes[at] = tag
  }

  count(count) {
    const at = this.#reserve(4)
    this.#view.setUint32(at, count, true)
    return at
  }

  #number(value) {
    const kind = kindOf(value)
    const low = value | 0
    if (kind === INTEGERS) this.#integer(low, low >> 31)
    else if (kind === FLOATS) this.#float(value)
    // A BigInt would take ten times as long.
    else this.#integer(low, floor(value / 2 ** 32))
  }

  /**
   * Writes numbers of an array with one tag: `first`, which was read at `from`, and those behind it that are of its kind, before
   * `end`. Returns where they end. If what stands there was read, that is `next`.
   */
  numbers(array, from, first, end) {
    const kind = kindOf(first)
    const size = kind === INTEGERS ? 4 : 8
    const most = 5 + size * (end - from)
    if (!kind || this.#used + most > this.#max) {
      this.#number(first)
      this.next = NOTHING
      return from + 1
    }
    const start = this.#reserve(most)
    const view = this.#view
    let at = start + 5
    let i = from
    let value = first
    do {
      if (kind === INTEGERS) view.setInt32(at, value, true)
      else view.setFloat64(at, value, true)
      at += size
      i += 1
      value = i < end ? array[i] : NOTHING
    } while (typeof value === 'number' && kindOf(value) === kind)
    this.next = value
    if (i - from === 1) {
      this.#used = start
      this.#number(first)
    } else {
      this.#bytes[start] = kind
      view.setUint32(start + 1, i - from, true)
      this.#used = at
      this.#values += i - from - 1
    }
    return i
  }

  #integer(low, high) {
    const at = this.#reserve(9)
    this.#bytes[at] = INTEGER
    this.#view.setInt32(at + 1, low, true)
    this.#view.setInt32(at + 5, high, true)
  }

  #float(value) {
    const at = this.#reserve(9)
    this.#bytes[at] = FLOAT
    this.#view.setFloat64(at + 1, value, true)
  }

  /** A bigint with a tag before it. */
  big(value, tag) {
    const at = this.#reserve(9)
    this.#bytes[at] = tag
    this.#view.setBigInt64(at + 1, value, true)
  }

  /** Text without its tag. */
  text(text) {
    if (text.length <= SHORT && this.#short(text, this.#used)) return
    const at = this.count(0)
    this.correct(at, this.characters(text))
  }

  /** A short text with its tag, if it is ASCII. */
  #tagged(text) {
    const at = this.#reserve(1)
    this.#bytes[at] = TEXT
    return this.#short(text, at)
  }

  /** Writes a short text, if that is ASCII. Otherwise what was written from `start` on is taken back. */
  #short(text, start) {
    const { length } = text
    const at = this.#reserve(4 + length)
    const bytes = this.#bytes
    this.#view.setUint32(at, length, true)
    for (let i = 0; i < length; i++) {
      const character = text.charCodeAt(i)
      if (character > 0x7f) {
        this.#used = start
        return false
      }
      bytes[at + 4 + i] = character
    }
    return true
  }

  /** Text without its size, which is returned. */
  characters(text) {
    const most = 3 * text.length
    const isNear = this.#used + most > this.#max
    const at = this.#reserve(isNear ? Buffer.byteLength(text) : most)
    const size = this.#bytes.write(text, at)
    this.#used = at + size
    return size
  }

  /** Bytes without their size. */
  copy(bytes) {
    const at = this.#reserve(bytes.length)
    this.#bytes.set(bytes, at)
  }

  /** Writes again what `count` wrote. */
  correct(at, count) {
    this.#view.setUint32(at, count, true)
  }

  /** To be asked once, in the end. */
  written() {
    const [bytes, view] = [this.#bytes, this.#view]
    if (bytes.length > KEPT) return bytes.subarray(0, this.#used)
    spare = { bytes, view }
    return Uint8Array.prototype.slice.call(bytes, 0, this.#used)
  }
}

/**
 * The tag that a number may share with others: for integers of 32 bits, or for floats, which are all but safe integers, and -0. Other
 * integers share none.
 */
function kindOf(number) {
  if ((number | 0) === number && (number !== 0 || is(number, 0))) return INTEGERS
  return isSafeInteger(number) && number !== 0 ? undefined : FLOATS
}

// `into` has the options `nulls` and `dates`. `lend(value, refuse)` gives the numbers of LuaFunctions, where those can cross.

/** The bytes of a list of values, whose paths in refusals begin with `root[i]`. */
function encode(values, root, into, lend) {
  const writer = new Writer()
  // Taken once: reading one value may run a getter that changes the list.
  const { length } = values
  writer.count(length)
  for (let i = 0; i < length; i++) {
    writeWhole(writer, values[i], { root: `${root}[${i}]`, into, open: [], path: [], lend })
  }
  return writer.written()
}

/** The bytes of the names and values of a plain object in turn. */
function encodeNamed(object, root, into, lend) {
  const writer = new Writer()
  const at = writer.count(0)
  const place = { root, into, open: [], path: [], lend }
  const names = namesOf(object, place)
  writer.correct(at, finish(writeMembers(writer, object, names, place, true)))
  return writer.written()
}

/**
 * The bytes of a list of one value, whose paths begin with `root`. What is wrong with it becomes an error by `refuse`, and
 * that it takes more than `maxBytes` by `tooLong`.
 */
function encodeOne(value, root, into, { refuse, maxBytes, tooLong, lend } = {}) {
  const writer = new Writer(maxBytes, tooLong)
  writer.count(1)
  writeWhole(writer, value, { root, into, open: [], path: [], refuse, lend })
  return writer.written()
}

/** The bytes of a list of one value, whose paths begin with `root`: written as far as there is time. */
class Encoding {
  /** The error by which we refused the value, and why. What a getter of the host's throws is another one. */
  refused
  why = ''
  #refuse = (why, hint) => {
    this.why = why + hint
    this.refused = typeError(`${why}. It cannot cross to Lua${hint}`)
    return this.refused
  }
  #tooLong = () => {
    this.why = `they take more than ${MAX_BYTES} bytes`
    this.refused = valueError(`The values take more than ${MAX_BYTES} bytes`)
    return this.refused
  }
  #writer = new Writer(MAX_BYTES, this.#tooLong, true)
  // Until it has begun.
  #begin
  #work

  constructor(value, root, into) {
    this.#begin = () => {
      this.#writer.count(1)
      return write(this.#writer, value, { root, into, open: [], path: [], refuse: this.#refuse })
    }
  }

  /** Works until about so many bytes are written. Returns whether all are. */
  upTo(bytes) {
    return this.#goOn(() => this.#writer.used >= bytes)
  }

  /** Works until this time. Returns whether all are written. */
  until(time) {
    return this.#goOn(() => performance.now() >= time)
  }

  #goOn(isEnough) {
    const begin = this.#begin
    this.#begin = undefined
    if (begin) this.#work = begin()
    while (this.#work && !this.#work.next().done) if (isEnough()) return false
    this.#work = undefined
    return true
  }

  written() {
    return this.#writer.written()
  }
}

function writeWhole(writer, value, place) {
  writer.records = undefined
  const work = write(writer, value, place)
  if (work) finish(work)
}

/** Does all of some work at one go. Returns what comes of it. */
function finish(work) {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
  }
}

/** Writes a value, or returns the work that this is: a generator, which yields when it is time to look at the clock. */
function write(writer, value, place) {
  if (writer.simple(value)) return
  switch (typeof value) {
    case 'undefined':
      return writer.tag(NIL)
    case 'bigint':
      if (value >= MIN_INTEGER && value <= MAX_INTEGER) return writer.big(value, INTEGER)
      throw refusal(place, `${short(value)}, which is no 64-bit integer`)
    case 'string':
      return writeText(writer, value, place)
    case 'object':
      return writeObject(writer, value, place)
    default:
      throw refusal(place, shown(value))
  }
}

function writeText(writer, text, place) {
  if (text.length > PIECE) return writeLongText(writer, text, place)
  checkText(text, place)
  writer.tag(TEXT)
  writer.text(text)
}

function checkText(text, place) {
  if (!text.isWellFormed()) throw refusal(place, 'a string with a lone surrogate')
}

function* writeLongText(writer, text, place) {
  writer.tag(TEXT)
  const at = writer.count(0)
  let size = 0
  for (let start = 0; start < text.length; ) {
    const end = endOfPiece(text, start)
    const piece = text.slice(start, end)
    checkText(piece, place)
    size += writer.characters(piece)
    start = end
    if (writer.isTime()) yield
  }
  writer.correct(at, size)
}

/** Where a piece of text may end that begins at `start`: not within a pair of surrogates. */
function endOfPiece(text, start) {
  const end = start + PIECE
  const isInPair = end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800
  return isInPair ? end - 1 : Math.min(end, text.length)
}

function writeObject(writer, value, place) {
  if (value === null) return writer.tag(isNil(value, place.into) ? NIL : NULL)
  if (isUint8Array(value)) return writeBytes(writer, value, place)
  // Most have the prototype of object literals, and are what their properties say. Whether they are something else all the same is
  // asked where they have no properties: to ask it of all takes a tenth of the time.
  const isOrdinary = getPrototypeOf(value) === ORDINARY && !isArray(value)
  if (!isOrdinary && isLuaFunction(value)) return writeFunction(writer, value, place)
  const { open } = place
  if (open.includes(value)) throw refusal(place, 'a value that contains itself')
  if (open.length === MAX_DEPTH && !isDate(value)) throw refusal(place, `nested deeper than ${MAX_DEPTH} levels`)
  return isOrdinary ? writePlain(writer, value, place) : writeTable(writer, value, place)
}

/** From here on `place` is in `container`, which is `depth` deep, under this key. */
function within({ open, path }, depth, container, key) {
  open[depth] = container
  path[depth] = key
}

/** It is out of that again. */
function leave({ open, path }, depth) {
  if (open.length === depth) return
  open.pop()
  path.pop()
}

function writeFunction(writer, value, place) {
  if (!place.lend) throw refusal(place, 'a LuaFunction, which belongs to a context')
  const number = place.lend(value, (what) => refusal(place, what))
  writer.big(BigInt(number), FUNCTION)
}

function writeTable(writer, value, place) {
  if (isArray(value)) return writeArray(writer, value, place)
  if (isMap(value)) return writeMap(writer, value, place)
  if (isPlain(value)) return writePlain(writer, value, place)
  if (isDate(value)) return writeDate(writer, value, place)
  throw refusal(place, shown(value))
}

function writePlain(writer, object, place) {
  const names = namesOf(object, place)
  if (names.length === 0 && isMap(object)) return writeMap(writer, object, place)
  if (names.length === 0 && isLuaFunction(object)) return writeFunction(writer, object, place)
  const depth = place.open.length
  const known = writer.records?.[depth]
  const isSame = known !== undefined && isSameList(names, known)
  if (!isSame && !isRecord(names)) return writeObjectOf(writer, object, names, place)
  if (isSame) writer.tag(SAME)
  else {
    writer.tag(RECORD)
    writer.count(names.length)
    for (let i = 0; i < names.length; i++) writer.text(names[i])
    writer.records ??= []
    writer.records[depth] = names
  }
  return writeValues(writer, object, names, place)
}

function isSameList(names, known) {
  if (names.length !== known.length) return false
  for (let i = 0; i < names.length; i++) if (names[i] !== known[i]) return false
  return true
}

function isRecord(names) {
  const { length } = names
  if (length === 0 || length > MOST_OF_RECORD) return false
  for (let i = 0; i < length; i++) if (names[i].length > 255 || !names[i].isWellFormed()) return false
  return true
}

/** The values of a record. One that is undefined is as good as absent, on both sides. */
function writeValues(writer, object, names, place) {
  const depth = place.open.length
  for (let i = 0; i < names.length; i++) {
    const value = object[names[i]]
    if (!writer.simple(value)) {
      within(place, depth, object, names[i])
      const work = write(writer, value, place)
      if (work) return restOfValues(writer, object, { names, at: i + 1, work, depth }, place)
    }
    if (writer.isTime()) return restOfValues(writer, object, { names, at: i + 1, depth }, place)
  }
  leave(place, depth)
}

/** `work` is that on the last value, if there is any; `depth` is how deep the object is. */
function* restOfValues(writer, object, { names, at, work, depth }, place) {
  if (work) yield* work
  else yield
  for (let i = at; i < names.length; i++) {
    within(place, depth, object, names[i])
    const inner = write(writer, object[names[i]], place)
    if (inner) yield* inner
    if (writer.isTime()) yield
  }
  leave(place, depth)
}

function* writeObjectOf(writer, object, names, place) {
  writer.tag(OBJECT)
  const at = writer.count(0)
  writer.correct(at, yield* writeMembers(writer, object, names, place))
}

function writeDate(writer, date, place) {
  const text = isoOf(date)
  if (text === undefined) throw refusal(place, 'an invalid Date')
  if (place.into.dates !== 'iso') throw refusal(place, shown(date), { hint: "; dates: 'iso' lets it through, as text" })
  writer.tag(TEXT)
  writer.text(text)
}

function writeBytes(writer, bytes, place) {
  const buffer = bufferOf.call(bytes)
  if (isDetached(buffer)) throw refusal(place, 'a Uint8Array whose buffer is detached')
  // Of its own: a subclass may say something else.
  const size = lengthOf.call(bytes)
  const pieces = writePieces(writer, bytes, size, place)
  return size > PIECE ? pieces : finish(pieces)
}

function* writePieces(writer, bytes, size, place) {
  writer.tag(BYTES)
  writer.count(size)
  for (let at = 0; at < size; at += PIECE) {
    if (lengthOf.call(bytes) !== size) throw refusal(place, 'a Uint8Array whose length has changed')
    const length = Math.min(PIECE, size - at)
    writer.copy(new Uint8Array(bufferOf.call(bytes), offsetOf.call(bytes) + at, length))
    if (writer.isTime()) yield
  }
}

function writeArray(writer, array, place) {
  const { length } = array
  // Only a proxy can have another one.
  if (!Number.isInteger(length) || length < 0 || length > 2 ** 32 - 1) {
    throw refusal(place, `an array whose length is ${inspect(length)}`)
  }
  writer.tag(ARRAY)
  writer.count(length)
  const depth = place.open.length
  const pause = writeItems(writer, array, { at: 0, length, depth }, place)
  if (pause) return restOfArray(writer, array, { pause, length, depth }, place)
  leave(place, depth)
}

/**
 * Writes the values of an array from `at` on. Returns nothing when all are written, or else `{ at, work }`: how many are, and the work
 * that the last one of them still is. Without any it is time to look at the clock.
 */
function writeItems(writer, array, { at, length, depth }, place) {
  for (let i = at; i < length; ) {
    let item = array[i]
    if (typeof item === 'number') {
      i = writer.numbers(array, i, item, Math.min(i + VALUES, length))
      item = writer.next
    }
    if (item !== NOTHING) {
      i += 1
      if (!writer.simple(item)) {
        within(place, depth, array, i - 1)
        const work = writeItem(writer, item, place)
        if (work) return { at: i, work }
      }
    }
    if (writer.isTime()) return { at: i, work: undefined }
  }
  return undefined
}

function writeItem(writer, item, place) {
  // In a Lua table it would be a hole.
  if (item === undefined) throw refusal(place, 'undefined in an array; use null for json.null')
  return item === null ? writer.tag(NULL) : write(writer, item, place)
}

function* restOfArray(writer, array, { pause, length, depth }, place) {
  for (let paused = pause; paused; ) {
    const { at, work } = paused
    if (work) {
      yield* work
      // It need not have asked.
      if (writer.isTime()) yield
    } else yield
    paused = writeItems(writer, array, { at, length, depth }, place)
  }
  leave(place, depth)
}

function* writeMap(writer, map, place) {
  writer.tag(MAP)
  const at = writer.count(0)
  let count = 0
  const depth = place.open.length
  // Not `map.entries()` of its own, which a subclass may have replaced.
  for (const [key, value] of Map.prototype.entries.call(map)) {
    within(place, depth, map, key)
    if (isSecond(map, key)) throw refusal(place, 'a second value for one key of a Lua table', { verb: 'has' })
    if (!['boolean', 'number', 'bigint', 'string'].includes(typeof key) || Number.isNaN(key)) {
      throw refusal(place, 'a value under a key that no Lua table can have by value', { verb: 'has' })
    }
    if (value !== undefined) {
      for (const part of [key, value]) {
        const work = write(writer, part, place)
        if (work) yield* work
      }
      count += 1
    }
    if (writer.isTime()) yield
  }
  leave(place, depth)
  writer.correct(at, count)
}

/** Whether `key` is a bigint, and a map has the same as a number, too. Not by a set of its own: keys of scripts' collide. */
function isSecond(map, key) {
  if (typeof key !== 'bigint' || key < MIN_INTEGER || key > MAX_INTEGER) return false
  return BigInt(Number(key)) === key && Map.prototype.has.call(map, Number(key))
}

/** The names of an object's properties. */
function namesOf(object, place) {
  const symbols = getOwnPropertySymbols(object)
  if (symbols.length > 0) refuseSymbols(object, symbols, place)
  // Much faster than to ask for all keys, and then which of them are enumerable.
  return Object.keys(object)
}

function refuseSymbols(object, symbols, place) {
  const symbol = symbols.find((symbol) => isEnumerable.call(object, symbol))
  if (!symbol) return
  within(place, place.open.length, object, symbol)
  throw refusal(place, 'a property named by a symbol')
}

/**
 * Writes names and values in turn. A property that is undefined is as good as absent. Returns how many others there are. In a
 * list, each value is read for itself.
 */
function* writeMembers(writer, object, names, place, isList = false) {
  const depth = place.open.length
  let count = 0
  for (const key of names) {
    if (writer.isTime()) yield
    within(place, depth, object, key)
    if (!key.isWellFormed()) throw refusal(place, 'a property whose name has a lone surrogate')
    const value = object[key]
    if (value !== undefined) {
      writer.text(key)
      if (isList) writer.records = undefined
      const work = write(writer, value, place)
      if (work) yield* work
      count += 1
    }
  }
  leave(place, depth)
  return count
}

/** Without a prototype, or with the one of object literals, of whichever realm. */
function isPlain(object) {
  const prototype = getPrototypeOf(object)
  if (prototype === ORDINARY) return true
  return prototype === null || (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty'))
}

/** `place` has the containers around a value in `open`, and where it is in each of them in `path`. */
function refusal({ root, open, path, refuse }, what, { verb = 'is', hint = '' } = {}) {
  const steps = path.map((key, i) => (isMember(open[i], key) ? `.${key}` : `[${short(key)}]`))
  const says = `${root}${steps.join('')} ${verb} ${what}`
  return refuse ? refuse(says, hint) : typeError(`${says}. It cannot cross to Lua${hint}`)
}

function isMember(container, key) {
  return !isMap(container) && typeof key === 'string' && /^[A-Za-z_$][\w$]*$/.test(key)
}

/**
 * The values that go into a run, copied as they are now, and how its own shall come out. Paths of arguments begin with
 * `root`; `lend` is for LuaFunctions, where those can cross.
 */
function exchangeOf(options, { lend, root = 'options.args' } = NO_FUNCTIONS) {
  const { args, globals, strings } = options
  const repeats = repeatsOf(options)
  if (args === undefined && globals === undefined && strings === undefined && !repeats) return undefined
  return {
    args: args && encode(args, root, options, lend),
    globals: globals && encodeNamed(globals, 'options.globals', options, lend),
    // Without shapes as text.
    results: strings && shapesOf(options),
    repeats,
  }
}

const NO_FUNCTIONS = {}

module.exports = { Encoding, encode, encodeNamed, encodeOne, exchangeOf, isPlain, tags: TAGS }
