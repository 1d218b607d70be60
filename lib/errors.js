// The error classes, made in JavaScript so that `instanceof` holds in the caller's realm.
'use strict'

const { inspect } = require('node:util')
const { printed, reportOf } = require('./error-report')

/** Whether an object is a `LuaError` of this module. */
let isOurs

class LuaError extends Error {
  // What only looks like one has no such field, and to look for it calls nobody.
  #isOurs = true

  constructor(failure, scriptId, causes) {
    super(failure.message)
    // As the constructor of Error defines it: not enumerable.
    if (failure.cause != null) {
      Object.defineProperty(this, 'cause', { value: causes?.get(failure.cause), configurable: true, writable: true })
    }
    this.code = failure.code
    // Compiling is nobody's run.
    if (scriptId !== undefined) this.scriptId = scriptId
    for (const field of ['chunk', 'line', 'luaStack', 'limit', 'retryAfter']) {
      if (failure[field] != null) this[field] = failure[field]
    }
    if (failure.thrown !== undefined) this.luaValue = failure.thrown.value
    this.output = failure.output
  }

  toJSON() {
    return reportOf(this, isOurs)
  }

  [inspect.custom](depth, options, show) {
    return printed(this, depth, options, show)
  }

  static {
    isOurs = (value) => #isOurs in value
  }
}

// On the prototype, as built-in errors have it, so that `stack` starts with it.
Object.defineProperty(LuaError.prototype, 'name', { value: 'LuaError', configurable: true, writable: true })

/** An `Error` of the given class with a `code`, as Node's own errors have it. */
function withCode(ErrorClass, code, message, options) {
  return Object.assign(new ErrorClass(message, options), { code })
}

/** For a value of the wrong type. */
const typeError = (message) => withCode(TypeError, 'ERR_INVALID_ARG_TYPE', message)

/** For a value of the right type that is out of range or malformed. */
const valueError = (message) => withCode(RangeError, 'ERR_INVALID_ARG_VALUE', message)

/** For a call of which nothing was run. */
const notRun = (code, message, scriptId) => new LuaError({ code, message, output: '' }, scriptId)

/** A value as messages show it: `undefined`, `type number (5)`, `an instance of Map`. */
function shown(value) {
  if (value == null) return String(value)
  if (typeof value === 'function') return `function ${nameOf(value)}`.trimEnd()
  if (typeof value === 'object') return `an instance of ${nameOf(constructorOf(value)) || 'Object'}`
  return `type ${typeof value} (${short(value)})`
}

/** What `inspect` says of a value, or the beginning of that. */
function short(value) {
  let text
  try {
    text = inspect(value)
  } catch {
    return typeof value
  }
  return text.length > 40 ? `${text.slice(0, 40)}...` : text
}

// Whatever a caller passes may throw when it is asked.

function nameOf(value) {
  try {
    return typeof value?.name === 'string' ? value.name : ''
  } catch {
    return ''
  }
}

function constructorOf(value) {
  try {
    return value.constructor
  } catch {
    return undefined
  }
}

/** The promise that `call` returns, or one that is rejected by what it throws: also that there is no `this`. */
function rejecting(call) {
  try {
    return call()
  } catch (error) {
    return Promise.reject(error)
  }
}

module.exports = { LuaError, notRun, rejecting, short, shown, typeError, valueError, withCode }
