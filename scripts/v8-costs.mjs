// Measures what values take in the V8 of the Node.js that runs this, and compares it with the estimates of
// crates/core/src/value/cost.rs. Fails when one is too low. Run it with each version: `npm run measure:v8`.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const require = createRequire(import.meta.url)
const { decodeArgs, decodeOutcome } = require('../lib/decode.js')
const { Functions } = require('../lib/function.js')
const { encode, tags } = require('../lib/values.js')

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')

const source = readFileSync(new URL('../crates/core/src/value/cost.rs', import.meta.url), 'utf8')

/** The constants of cost.rs, by name: sums of numbers and of those before them. */
const costs = {}
for (const [, name, sum] of source.matchAll(/const ([A-Z_]+): usize = ([A-Z_0-9 +]+);/g)) {
  costs[name] = sum.split(' + ').reduce((total, term) => total + (costs[term] ?? Number(term)), 0)
}
const { SLOT, NUMBER, BIG_INT, ARRAY, OBJECT, PROPERTY, HIDDEN_CLASS, ENTRY_OF_OBJECT, INDEX, MAP, ENTRY_OF_MAP } =
  costs
const { FUNCTION, PARSED } = costs
const firstIndex = (index) => (index < costs.FAR ? SLOT * (index * 1.5 + 17) : costs.DICTIONARY)
const string = (size) => SLOT + 24 + size
const bytes = (size) => SLOT + 224 + (size > 64 ? 64 : 0) + size

const MANY = 50_000
/** Of the smallest, so many that what the process does besides hardly counts. */
const MILLION = 1_000_000
const times = (count, make) => Array.from({ length: count }, (_, i) => make(i))
const entries = (count, key) => Object.fromEntries(times(count, (i) => [key(i), 1]))
const map = (count, key) => new Map(times(count, (i) => [key(i), 1]))
/** Just after V8 has taken a table of twice the size. */
const GROWN = 174_764
const GROWN_MAP = 262_145

/** What, how many, what makes all of them, and what each is estimated at. */
const KINDS = [
  ['a small integer', MILLION, () => times(MILLION, (i) => i), SLOT],
  ['a float', MILLION, () => times(MILLION, (i) => (i % 2 ? i + 0.5 : true)), NUMBER / 2 + SLOT / 2],
  ['a bigint', MANY, () => times(MANY, (i) => 2n ** 60n + BigInt(i)), BIG_INT],
  ['an array', MANY, () => times(MANY, () => []), ARRAY],
  ['an array of 3', MANY, () => times(MANY, () => [1, 2, 3]), ARRAY + 3 * SLOT],
  ['an object', MANY, () => times(MANY, () => ({})), OBJECT],
  ['an object of 1', MANY, () => times(MANY, () => ({ a: 1 })), OBJECT + PROPERTY + SLOT],
  ['an object of 5', MANY, () => times(MANY, () => entries(5, (k) => `p${k}`)), OBJECT + 5 * (PROPERTY + SLOT)],
  [
    'an object of 17',
    10_000,
    () => times(10_000, () => entries(17, (k) => `r${k}`)),
    OBJECT + 17 * (ENTRY_OF_OBJECT + SLOT),
  ],
  ['an object of 16', 10_000, () => times(10_000, () => entries(16, (k) => `s${k}`)), OBJECT + 16 * (PROPERTY + SLOT)],
  [
    'an object of 30',
    10_000,
    () => times(10_000, () => entries(30, (k) => `q${k}`)),
    OBJECT + 30 * (ENTRY_OF_OBJECT + SLOT),
  ],
  [
    'an object of 1, with a hidden class of its own',
    30_000,
    () => times(30_000, (i) => ({ [`own${i + 10_000}`]: 1 })),
    OBJECT + HIDDEN_CLASS + 8 + SLOT,
  ],
  [
    'an object of 20, with hidden classes of its own',
    1000,
    () => times(1000, (i) => entries(20, (k) => `${k}of${i + 10_000}`)),
    OBJECT + 20 * (HIDDEN_CLASS + 9 + SLOT),
  ],
  ['a property of a big object', GROWN, () => [entries(GROWN, (i) => `big${i + 100_000}`)], ENTRY_OF_OBJECT + 9 + SLOT],
  ['an index, far from others', GROWN, () => [entries(GROWN, (i) => `${i * 8191}`)], INDEX + SLOT],
  ['an index, near others', GROWN, () => [entries(GROWN, (i) => `${i * 8}`)], INDEX + SLOT],
  ['an object of 1 index', 3000, () => times(3000, () => ({ 1000: 1 })), OBJECT + firstIndex(1000) + INDEX + SLOT],
  ['an object of index 9', 20_000, () => times(20_000, () => ({ 9: 1 })), OBJECT + firstIndex(9) + INDEX + SLOT],
  [
    'an object of 1 far index',
    20_000,
    () => times(20_000, () => ({ 2000: 1 })),
    OBJECT + firstIndex(2000) + INDEX + SLOT,
  ],
  [
    'an object of 3 far indexes',
    20_000,
    () => times(20_000, () => ({ 9: 1, 1e6: 1, 1e8: 1 })),
    OBJECT + firstIndex(1e8) + 3 * (INDEX + SLOT),
  ],
  ['a map', MANY, () => times(MANY, () => new Map()), MAP],
  ['a map of 5', 30_000, () => times(30_000, () => map(5, (k) => k)), MAP + 5 * (ENTRY_OF_MAP + 2 * SLOT)],
  ['a key of a big map', GROWN_MAP, () => [map(GROWN_MAP, (i) => i)], ENTRY_OF_MAP + 2 * SLOT],
  ['text of 2', MANY, () => times(MANY, () => 'ab'), string(2)],
  ['text of 10', MANY, () => times(MANY, (i) => `${i + 1e9}`), string(10)],
  ['text of 10, in two bytes', MANY, () => times(MANY, (i) => `${i + 1e8}€`), string(20)],
  ['no bytes', MANY, () => times(MANY, () => new Uint8Array(0)), bytes(0)],
  ['64 bytes', 30_000, () => times(30_000, () => new Uint8Array(64)), bytes(64)],
  ['65 bytes', 30_000, () => times(30_000, () => new Uint8Array(65)), bytes(65)],
  ['1000 bytes', 10_000, () => times(10_000, () => new Uint8Array(1000)), bytes(1000)],
]
const asJson = (make) => JSON.stringify(make())

const JSON_KINDS = [
  ['JSON: an array', MANY, () => times(MANY, () => []), PARSED],
  ['JSON: an object of 1', 20_000, () => times(20_000, (i) => ({ [`json${i}`]: 1 })), 3 * PARSED],
  ['JSON: an index', 25_000, () => [entries(25_000, (i) => `${i * 8191}`)], 2 * PARSED],
  ['JSON: an object of 1 far index', 20_000, () => times(20_000, (i) => ({ [i + 1e6]: 1 })), 3 * PARSED],
]

function used() {
  // What decoding has left, too, such as the resources of async contexts.
  for (let i = 0; i < 4; i++) gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const decoded = (buffer) =>
  new Promise((resolve, reject) => decodeArgs(buffer, (error, values) => (error ? reject(error) : resolve(values))))

/** Holds what is measured, and the bytes that it is made of. */
export let kept
let wire

/** In a frame of its own, which holds nothing afterwards. */
const encoded = (make) => Buffer.from(encode([make()], 'value'))

/** The growth of the heap for each of `count` values that `make` makes out of text or bytes. */
async function measured(count, make) {
  kept = undefined
  const before = used()
  kept = await make()
  return (used() - before) / count
}

let tooLow = 0
function tell(what, takes, estimate) {
  // What the process does besides is measured, too.
  const low = takes > 1.02 * estimate + 2
  if (low) tooLow += 1
  console.log(
    `${what.padEnd(50)}${takes.toFixed(0).padStart(6)}${estimate.toFixed(0).padStart(6)}${low ? '  TOO LOW' : ''}`,
  )
}

console.log(`Node.js ${process.version}, V8 ${process.versions.v8}: bytes for each, and the estimate`)
for (const [what, count, make, estimate] of KINDS) {
  kept = undefined
  wire = undefined
  wire = encoded(make)
  tell(what, await measured(count, () => decoded(wire)), estimate)
}
for (const [what, count, make, estimate] of JSON_KINDS) {
  wire = asJson(make)
  tell(what, await measured(count, () => JSON.parse(wire)), estimate)
}
/** As a result has them, on their way from a context that does not exist. */
function functionsAsBytes(count) {
  const bytes = Buffer.alloc(9 + 9 * count)
  bytes.writeUInt32LE(1, 0)
  bytes[4] = tags.ARRAY
  bytes.writeUInt32LE(count, 5)
  for (let i = 0; i < count; i++) {
    bytes[9 + 9 * i] = tags.FUNCTION
    bytes.writeBigInt64LE(BigInt(i), 10 + 9 * i)
  }
  return bytes
}
const asResult = (values, make) => new Promise((resolve) => void decodeOutcome({ text: '', values }, resolve, make))
const { make } = new Functions({ release() {} }, () => {}).taker()
kept = undefined
wire = functionsAsBytes(MANY)
tell('a function', await measured(MANY, () => asResult(wire, make)), FUNCTION)
process.exitCode = tooLow > 0 ? 1 : 0
