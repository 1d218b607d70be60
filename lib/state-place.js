// Where an engine keeps State: the option `state`, as the native engine takes it.
'use strict'

const path = require('node:path')
const { inspect } = require('node:util')
const { short, shown, typeError, valueError } = require('./errors')
const { checkPath } = require('./source')

/** Which options belong to which place. */
const PLACES = { memory: [], sqlite: ['cacheBytes', 'durability'], redis: ['prefix', 'commandTimeout'] }

const KINDS = Object.keys(PLACES)

const RULE = "must be 'memory', { memory: name }, { sqlite: path } or { redis: url, prefix }"

/** What each option must be; those of the engine's own options check the others. */
function optionsOf({ oneOf, whole, checkMilliseconds }) {
  return {
    memory: { default: undefined, check: checkName },
    sqlite: { default: undefined, check: checkFile },
    redis: { default: undefined, check: checkUrl },
    cacheBytes: { default: undefined, check: whole('bytes', 0, Number.MAX_SAFE_INTEGER) },
    durability: { default: undefined, check: oneOf('full', 'relaxed') },
    prefix: { default: undefined, check: checkPrefix },
    commandTimeout: { default: undefined, check: checkMilliseconds },
  }
}

/** Checks what is no object; what an object says is checked when it is read. */
function checkState(value, what) {
  if (value === 'memory' || (typeof value === 'object' && value !== null && !Array.isArray(value))) return
  const error = typeof value === 'string' ? valueError : typeError
  throw error(`${what} ${RULE}. Received ${shown(value)}`)
}

/** The place that was read from an object, for the native engine. */
function placeOf(read, what) {
  const given = Object.keys(read).filter((name) => read[name] !== undefined)
  const kinds = given.filter((name) => KINDS.includes(name))
  const list = given.map((name) => inspect(name)).join(', ')
  if (kinds.length === 0) throw typeError(`${what} ${RULE}. Received ${list || 'an empty object'}`)
  if (kinds.length > 1)
    throw valueError(`${what} must name one place. Received ${kinds.map((k) => inspect(k)).join(' and ')}`)
  const [kind] = kinds
  for (const name of given) {
    if (name === kind || PLACES[kind].includes(name)) continue
    const owner = KINDS.find((other) => PLACES[other].includes(name))
    throw valueError(`${what} has an option '${name}', which belongs to '${owner}'. Received it with '${kind}'`)
  }
  if (kind === 'redis' && read.prefix === undefined) {
    throw typeError(`${what} must have a 'prefix' with 'redis'. Received none`)
  }
  const { cacheBytes, durability, prefix, commandTimeout } = read
  if (kind === 'memory') return { kind: 'named', at: read.memory }
  if (kind === 'sqlite') {
    const at = path.resolve(checkPath(read.sqlite))
    return { kind, at, cacheBytes, relaxed: durability === 'relaxed' }
  }
  return { kind, at: read.redis, prefix, commandTimeout }
}

function checkName(value, what) {
  checkText(value, what, 'the name of a store, a string of 1 to 256 UTF-8 bytes', 256)
}

function checkPrefix(value, what) {
  const rule = 'a string of 1 to 128 UTF-8 bytes without braces and control characters'
  checkText(value, what, rule, 128)
  if (/[{}]|\p{Cc}/u.test(value)) throw valueError(`${what} must be ${rule}. Received ${short(value)}`)
}

function checkText(value, what, rule, most) {
  if (typeof value !== 'string') throw typeError(`${what} must be ${rule}. Received ${shown(value)}`)
  if (value === '') throw valueError(`${what} must be ${rule}. Received an empty string`)
  if (!value.isWellFormed()) throw valueError(`${what} must be ${rule}. Received a string with a lone surrogate`)
  const size = Buffer.byteLength(value)
  if (size > most) throw valueError(`${what} must be ${rule}. Received ${size} bytes`)
}

function checkFile(value, what) {
  const rule = `${what} must be a path or a file: URL`
  // SQLite's own word for a database without a file. Here it would be the name of one.
  if (value === ':memory:') throw valueError(`${rule}. Received ':memory:'; state: 'memory' keeps State without a file`)
  try {
    checkPath(value)
  } catch (error) {
    throw (error instanceof TypeError ? typeError : valueError)(`${rule}. Received ${shown(value)}`)
  }
}

/** The address is not shown: it may have a password. */
function checkUrl(value, what) {
  const rule = `${what} must be a URL that begins with redis:// or rediss://`
  if (typeof value !== 'string') throw typeError(`${rule}. Received ${shown(value)}`)
  if (value === '') throw valueError(`${rule}. Received an empty string`)
  if (!/^rediss?:\/\/./.test(value) || !value.isWellFormed()) throw valueError(`${rule}. Received another one`)
}

module.exports = { checkState, optionsOf, placeOf }
