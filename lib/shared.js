// Shared dictionaries, as the host holds them: checks, and the same methods as in Lua, as promises.
'use strict'

const { performance } = require('node:perf_hooks')
const { isUint8Array } = require('node:util').types
const { inspect, isDeepStrictEqual } = require('node:util')
const { LuaError, shown, typeError, valueError } = require('./errors')
const { checkIdentifier } = require('./host')
const { nearest } = require('./nearest')
const { readSharedDictOptions } = require('./options')
const { inSlices } = require('./slices')
const { isDetached } = require('./source')

const MAX_KEY = 65_535
const MAX_SECONDS = 9_007_199_254_740
const MAX_FLAGS = 2 ** 32 - 1
const MAX_INTEGER = 2n ** 63n

/** The keys that `get_keys` gives, by default. */
const MOST_KEYS = 1024

class SharedDict {
  #native
  #name

  constructor(native, name, token) {
    if (token !== MADE_HERE) throw typeError('A SharedDict cannot be constructed. Use engine.sharedDict(name, options)')
    this.#native = native
    this.#name = name
  }

  get name() {
    return this.#name
  }

  async get(key) {
    const { value, err } = this.#native.get(checkKey(key), false)
    if (err) throw this.#isList(key)
    return value
  }

  async get_stale(key) {
    const { value, flags, stale, err } = this.#native.get(checkKey(key), true)
    if (err) throw this.#isList(key)
    return value === undefined ? undefined : { value, flags, stale }
  }

  async set(key, value, exptime, flags) {
    return this.#store(key, value, exptime, flags, undefined, false)
  }

  async safe_set(key, value, exptime, flags) {
    return this.#store(key, value, exptime, flags, undefined, true)
  }

  async add(key, value, exptime, flags) {
    return this.#store(key, value, exptime, flags, false, false)
  }

  async safe_add(key, value, exptime, flags) {
    return this.#store(key, value, exptime, flags, false, true)
  }

  async replace(key, value, exptime, flags) {
    return this.#store(key, value, exptime, flags, true, false)
  }

  async delete(key) {
    return this.#store(key, undefined, 0, 0, undefined, false)
  }

  async incr(key, value, init, init_ttl) {
    checkKey(key)
    checkNumber(value, 'value')
    if (init !== undefined) checkNumber(init, 'init')
    const ttl = checkSeconds(init_ttl, 'init_ttl')
    if (init === undefined && init_ttl !== undefined) {
      throw typeError(`The "init_ttl" argument needs the "init" argument. Received ${shown(init)}`)
    }
    const { value: sum, err, forcible } = this.#native.incr(key, value, init, ttl)
    return { value: sum, err, forcible }
  }

  async lpush(key, value) {
    return lengthOf(this.#native.push(checkKey(key), checkElement(value), true))
  }

  async rpush(key, value) {
    return lengthOf(this.#native.push(checkKey(key), checkElement(value), false))
  }

  async lpop(key) {
    const { value, err } = this.#native.pop(checkKey(key), true)
    return { value, err }
  }

  async rpop(key) {
    const { value, err } = this.#native.pop(checkKey(key), false)
    return { value, err }
  }

  async llen(key) {
    return lengthOf(this.#native.len(checkKey(key)))
  }

  async ttl(key) {
    const milliseconds = this.#native.ttl(checkKey(key))
    return milliseconds == null ? undefined : milliseconds / 1000
  }

  async expire(key, exptime) {
    checkKey(key)
    if (exptime === undefined) throw typeError(`${SECONDS('exptime')}. Received undefined`)
    return this.#native.expire(key, checkSeconds(exptime, 'exptime'))
  }

  async flush_all() {
    this.#native.flushAll()
  }

  async flush_expired(max_count = 0) {
    let flushed = 0
    await this.#walk(checkCount(max_count), (shard, most) => {
      const count = this.#native.flushExpired(shard, most)
      flushed += count
      return count
    })
    return flushed
  }

  async get_keys(max_count = MOST_KEYS) {
    const keys = []
    await this.#walk(checkCount(max_count), (shard, most) => {
      const some = this.#native.keys(shard, most)
      for (const key of some) keys.push(key)
      return some.length
    })
    return keys
  }

  async capacity() {
    return this.#native.capacity
  }

  async free_space() {
    return this.#native.freeSpace
  }

  #store(key, value, exptime, flags, present, safe) {
    checkKey(key)
    if (value !== undefined) checkValue(value)
    const ttl = checkSeconds(exptime, 'exptime')
    const answer = this.#native.store(key, value, ttl, checkFlags(flags), present, safe)
    return { ok: answer.err === undefined, err: answer.err, forcible: answer.forcible }
  }

  /** Does `visit` for one part after the other, until it has done `most` in all: some in each turn of the event loop. */
  #walk(most, visit) {
    const { shards } = this.#native
    let shard = 0
    let left = most
    const step = (until) => {
      while (shard < shards && left > 0) {
        left -= visit(shard, left)
        shard += 1
        if (performance.now() >= until) break
      }
      return shard === shards || left === 0
    }
    return new Promise((resolve, reject) => {
      inSlices({
        cancelled: false,
        step: (until) => {
          try {
            if (!step(until)) return false
            resolve()
          } catch (error) {
            reject(error)
          }
          return true
        },
      })
    })
  }

  #isList(key) {
    const message = `Shared.${this.#name}: the value of ${inspect(key)} is a list, which lpop, rpop and llen are for`
    return new LuaError({ code: 'ERR_STATE_VALUE', message, output: '' })
  }
}

const MADE_HERE = Symbol('made by engine.sharedDict')

/** The dictionaries of an engine, by name. */
class SharedDicts {
  #native
  #declared = new Map()

  constructor(native) {
    this.#native = native
  }

  /** The dictionary of this name. */
  get(name) {
    checkIdentifier(name, NAME_RULE)
    const declared = this.#declared.get(name)
    if (declared) return declared.dict
    const names = [...this.#declared.keys()]
    const meant = nearest(name, names)
    const hint = meant === undefined ? '' : ` (did you mean '${meant}'?)`
    throw valueError(
      `There is no shared dictionary '${name}'${hint}: options declare it, as in engine.sharedDict('${name}', {})`,
    )
  }

  /** A new dictionary, unless there is one of this name with these options; `check` throws when there may be no new one. */
  declare(name, given, check) {
    checkIdentifier(name, NAME_RULE)
    const options = readSharedDictOptions(given)
    const declared = this.#declared.get(name)
    if (declared) {
      for (const [option, value] of Object.entries(options)) {
        if (isDeepStrictEqual(value, declared.options[option])) continue
        throw valueError(
          `The shared dictionary '${name}' is declared already, and its ${option} is ` +
            `${inspect(declared.options[option])}. Received ${inspect(value)}`,
        )
      }
      return declared.dict
    }
    check()
    const { readers, writers, ...limits } = options
    const ids = (access) => (access === '*' ? undefined : access)
    const native = this.#native.declareSharedDict(name, { ...limits, readers: ids(readers), writers: ids(writers) })
    const dict = new SharedDict(native, name, MADE_HERE)
    this.#declared.set(name, { dict, options })
    return dict
  }

  /** Empties them all. */
  async clear() {
    for (const { dict } of this.#declared.values()) {
      await dict.flush_all()
      // Until then `get_stale` gives what has expired.
      await dict.flush_expired()
    }
  }
}

const NAME_RULE = 'The "name" argument must be an identifier of Lua'

function lengthOf({ value, err }) {
  return { length: value, err }
}

function checkKey(key) {
  const rule = `The "key" argument must be a string or a Uint8Array of 1 to ${MAX_KEY} bytes`
  if (typeof key !== 'string' && !isUint8Array(key)) throw typeError(`${rule}. Received ${shown(key)}`)
  checkText(key, rule)
  const size = typeof key === 'string' ? Buffer.byteLength(key) : key.byteLength
  if (size === 0 || size > MAX_KEY) throw valueError(`${rule}. Received ${size} bytes`)
  return key
}

function checkValue(value) {
  const rule = 'The "value" argument must be a string, a Uint8Array, a number, a 64-bit bigint, a boolean or undefined'
  if (typeof value === 'boolean') return
  checkElement(value, rule)
}

function checkElement(
  value,
  rule = 'The "value" argument must be a string, a Uint8Array, a number or a 64-bit bigint',
) {
  if (typeof value === 'bigint') checkBigInt(value, rule)
  else if (typeof value === 'string' || isUint8Array(value)) checkText(value, rule)
  else if (typeof value !== 'number') throw typeError(`${rule}. Received ${shown(value)}`)
  return value
}

function checkText(text, rule) {
  if (typeof text === 'string') {
    if (!text.isWellFormed()) throw valueError(`${rule}. Received a string with a lone surrogate`)
  } else if (isDetached(text.buffer)) throw valueError(`${rule}. Received a Uint8Array whose buffer is detached`)
}

function checkBigInt(value, rule) {
  if (value < -MAX_INTEGER || value >= MAX_INTEGER) throw valueError(`${rule}. Received ${value}`)
}

function checkNumber(value, name) {
  const rule = `The "${name}" argument must be a number or a 64-bit bigint`
  if (typeof value === 'bigint') checkBigInt(value, rule)
  else if (typeof value !== 'number') throw typeError(`${rule}. Received ${shown(value)}`)
}

const SECONDS = (name) => `The "${name}" argument must be a number of seconds from 0 to ${MAX_SECONDS}`

/** A time in milliseconds. What is above 0 does not become 0, which is for ever. */
function checkSeconds(value = 0, name = 'exptime') {
  if (typeof value !== 'number') throw typeError(`${SECONDS(name)}. Received ${shown(value)}`)
  if (!(value >= 0 && value <= MAX_SECONDS)) throw valueError(`${SECONDS(name)}. Received ${value}`)
  return Math.ceil(value * 1000)
}

function checkFlags(value = 0) {
  const rule = `The "flags" argument must be a whole number from 0 to ${MAX_FLAGS}`
  if (typeof value !== 'number') throw typeError(`${rule}. Received ${shown(value)}`)
  if (!(Number.isInteger(value) && value >= 0 && value <= MAX_FLAGS)) throw valueError(`${rule}. Received ${value}`)
  return value
}

/** How many at most; 0 is all of them. */
function checkCount(value) {
  const rule = 'The "max_count" argument must be a whole number from 0'
  if (typeof value !== 'number') throw typeError(`${rule}. Received ${shown(value)}`)
  if (!(Number.isSafeInteger(value) && value >= 0)) throw valueError(`${rule}. Received ${value}`)
  return value === 0 ? Number.MAX_SAFE_INTEGER : value
}

module.exports = { SharedDict, SharedDicts }
