// The space of one scriptId, as the host uses it.
'use strict'

const { isNil, shapesOf } = require('./crossing')
const { LuaError, shown, typeError, valueError } = require('./errors')
const { encodeOne } = require('./values')

/** A page of entries has at most so many. The native engine gives fewer when they are big. */
const FIRST_PAGE = 16
const LARGEST_PAGE = 512

/** The longest that a key may last, in ms: a hundred years. */
const LONGEST_TTL = 3_155_760_000_000

/** More bytes than any value takes that State keeps: what is longer need not be written down. */
const MAX_BYTES = 10 * 1024 * 1024

class Space {
  #desk
  #scriptId
  #readOptions
  // How values cross.
  #values
  #shapes

  constructor(desk, scriptId, readOptions, values) {
    this.#desk = desk
    this.#scriptId = scriptId
    this.#readOptions = readOptions
    this.#values = values
    this.#shapes = shapesOf(values)
  }

  get scriptId() {
    return this.#scriptId
  }

  async get(key, fallback) {
    const found = await this.#ask('get', key, { shapes: this.#shapes })
    return found.length > 0 ? found[0] : fallback
  }

  async set(key, ...given) {
    if (given.length === 0) throw this.#refusal('set', 'the value is missing; delete(key) deletes')
    checkKey(key)
    const [value, options] = given
    const { ttl } = this.#options(options, TTL)
    await this.#ask('set', key, { value: this.#encoded('set', value), ttl })
  }

  async add(key, value, options) {
    return this.#setWhen('add', key, value, options)
  }

  async replace(key, value, options) {
    return this.#setWhen('replace', key, value, options)
  }

  async delete(key) {
    const [, wasThere] = await this.#ask('delete', key)
    return wasThere
  }

  async has(key) {
    return (await this.#ask('has', key)).length > 0
  }

  async incr(key, by = 1, options = undefined) {
    checkKey(key)
    checkNumber(by, 'The "by" argument')
    const { init, ttl } = this.#options(options, INCR)
    const old = init === undefined ? undefined : this.#encoded('incr', init, 'options.init')
    const [sum] = await this.#ask('incr', key, { value: this.#encoded('incr', by, 'by'), old, ttl })
    return sum
  }

  async cas(key, ...values) {
    if (values.length < 2) {
      throw this.#refusal('cas', 'the old and the new value are wanted; undefined stands for no value')
    }
    checkKey(key)
    const [old, value] = values
    return this.#cas(key, { old: this.#encoded('cas', old, 'old value') }, this.#encoded('cas', value, 'new value'))
  }

  async update(key, change, fallback) {
    checkKey(key)
    if (typeof change !== 'function') {
      throw typeError(`The "change" argument must be a function. Received ${shown(change)}`)
    }
    for (;;) {
      const [old, oldText] = await this.#ask('get', key, { shapes: this.#shapes, text: true })
      const value = await change(old === undefined ? fallback : old)
      if (await this.#cas(key, { oldText }, this.#encoded('update', value, 'new value'))) return value
    }
  }

  async expire(key, ttl) {
    checkKey(key)
    if (ttl !== Infinity) checkTtl(ttl, 'The "ttl" argument')
    const [met] = await this.#ask('expire', key, { ttl: ttl === Infinity ? undefined : ttl })
    return met
  }

  async ttl(key) {
    const [left] = await this.#ask('ttl', key)
    return left
  }

  async list(prefix) {
    return this.#desk.ask({ function: 'list', owner: this.#scriptId, prefix: checkPrefix(prefix) })
  }

  entries(prefix) {
    return this.#entries(checkPrefix(prefix))
  }

  async clear() {
    await this.#desk.ask({ function: 'clear', owner: this.#scriptId })
  }

  async size() {
    const [entries, bytes] = await this.#desk.ask({ function: 'size', owner: this.#scriptId })
    return { entries, bytes }
  }

  async *#entries(prefix) {
    for await (const page of pagesOf(this.#desk, 'entries', this.#scriptId, prefix, this.#shapes)) {
      for (let i = 0; i < page.length; i += 2) yield [page[i], page[i + 1]]
    }
  }

  async #setWhen(name, key, value, options) {
    if (isNil(value, this.#values)) throw this.#refusal(name, 'the value is missing, or undefined; delete(key) deletes')
    checkKey(key)
    const { ttl } = this.#options(options, TTL)
    const [met] = await this.#ask(name, key, { value: this.#encoded(name, value), ttl })
    return met
  }

  async #cas(key, before, value) {
    const [met] = await this.#ask('cas', key, { ...before, value })
    return met
  }

  async #ask(name, key, more) {
    checkKey(key)
    return this.#desk.ask({ function: name, owner: this.#scriptId, key, ...more })
  }

  #options(given, known) {
    return this.#readOptions(given, known)
  }

  /** The bytes of a value, if there is one. */
  #encoded(name, value, root = 'value') {
    if (isNil(value, this.#values)) return undefined
    const refuse = (what, hint = '') => this.#refusal(name, what + hint)
    const tooLong = () => refuse(`the ${root} is longer than 1048576 bytes of JSON`)
    return encodeOne(value, root, this.#values, { refuse, tooLong, maxBytes: MAX_BYTES })
  }

  #refusal(name, what) {
    const failure = { code: 'ERR_STATE_VALUE', message: `State.${name}: ${what}`, output: '' }
    return new LuaError(failure, this.#scriptId)
  }
}

/** What the pages of a space have of its entries, page by page. */
async function* pagesOf(desk, what, owner, prefix = '', shapes = undefined) {
  let limit = FIRST_PAGE
  let after
  for (;;) {
    const [more, last, ...page] = await desk.ask({ function: what, owner, prefix, after, limit, shapes })
    yield page
    if (!more) return
    after = last
    limit = Math.min(limit * 2, LARGEST_PAGE)
  }
}

const TTL = { ttl: { default: undefined, check: checkTtl } }
const INCR = { ...TTL, init: { default: undefined, check: checkNumber } }

function checkKey(key) {
  const rule = 'The "key" argument must be a string of 1 to 512 UTF-8 bytes'
  if (typeof key !== 'string') throw typeError(`${rule}. Received ${shown(key)}`)
  if (key === '') throw valueError(`${rule}. Received an empty string`)
  if (!key.isWellFormed()) throw valueError(`${rule}. Received a string with a lone surrogate`)
  const size = Buffer.byteLength(key)
  if (size > 512) throw valueError(`${rule}. Received ${size} bytes`)
}

function checkPrefix(prefix = '') {
  const rule = 'The "prefix" argument must be a well-formed string'
  if (typeof prefix !== 'string') throw typeError(`${rule}. Received ${shown(prefix)}`)
  if (!prefix.isWellFormed()) throw valueError(`${rule}. Received one with a lone surrogate`)
  return prefix
}

function checkTtl(value, what) {
  const rule = `${what} must be a number of milliseconds above 0 and at most ${LONGEST_TTL}`
  if (typeof value !== 'number') throw typeError(`${rule}. Received ${shown(value)}`)
  if (!(value > 0 && value <= LONGEST_TTL)) throw valueError(`${rule}. Received ${value}`)
}

function checkNumber(value, what) {
  const rule = `${what} must be a finite number or a BigInt`
  if (typeof value !== 'number' && typeof value !== 'bigint') throw typeError(`${rule}. Received ${shown(value)}`)
  if (typeof value === 'number' && !Number.isFinite(value)) throw valueError(`${rule}. Received ${value}`)
}

module.exports = { Space, pagesOf }
