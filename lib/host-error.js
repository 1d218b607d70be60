// What scripts see of an error that a host function threw: of a HostError its words, of any other nothing.
'use strict'

const { inspect } = require('node:util')
const { LuaError, shown, typeError } = require('./errors')
const { checkLabel, readOptions } = require('./options')

/** Recognised in whichever realm, and by whichever copy of the module, it was made. */
const BRAND = Symbol.for('moonpool.HostError')

/** How much of an error's message, and of its code, a script gets, in characters. */
const MAX_MESSAGE = 64 * 1024
const MAX_CODE = 256

const OPTIONS = {
  code: { default: undefined, check: checkLabel },
  details: { default: undefined, check: () => {} },
  cause: { default: undefined, check: () => {} },
}

class HostError extends Error {
  constructor(message, options) {
    if (typeof message !== 'string')
      throw typeError(`The "message" argument must be a string. Received ${shown(message)}`)
    const { code, details, cause } = readOptions(options, OPTIONS)
    super(message, cause === undefined ? undefined : { cause })
    if (code !== undefined) this.code = code
    if (details !== undefined) this.details = details
  }
}

// On the prototype, as built-in errors have their name.
Object.defineProperty(HostError.prototype, 'name', { value: 'HostError', configurable: true, writable: true })
Object.defineProperty(HostError.prototype, BRAND, { value: true })

/**
 * What a script is told of whatever the function of this name threw: a message, and of a HostError its code and its details,
 * where it has any. With `showsAll`, the message of any other error, too. `unread` says of details that cannot be read.
 */
function toldOf(error, name, showsAll) {
  const masked = `${name} failed`
  if (!isHostError(error)) return { message: showsAll || isBusy(error) ? messageOf(error) : masked }
  const [message, code, details] = ['message', 'code', 'details'].map((property) => read(error, property))
  return {
    message: typeof message.value === 'string' ? message.value.slice(0, MAX_MESSAGE) : masked,
    code: typeof code.value === 'string' ? code.value.slice(0, MAX_CODE) : undefined,
    details: details.value,
    unread: details.failed,
  }
}

/** The same, for details that do not cross. */
function withoutDetails({ message, code }, why) {
  return { message: `${message} (its details cannot cross${why && `: ${why.slice(0, MAX_MESSAGE)}`})`, code }
}

/** Whether it is moonpool itself that refused something to a function, because its script waits for it: no secret. */
function isBusy(error) {
  try {
    return error instanceof LuaError && error.code === 'ERR_CONTEXT_BUSY'
  } catch {
    return false
  }
}

const isHostError = (error) => typeof error === 'object' && error !== null && read(error, BRAND).value === true

/** A property of something that may throw when it is asked. */
function read(object, property) {
  try {
    return { value: object[property], failed: false }
  } catch {
    return { value: undefined, failed: true }
  }
}

/** What a thrown value says, whatever it is. */
function messageOf(error) {
  try {
    const message = error?.message
    return (typeof message === 'string' ? message : inspect(error)).slice(0, MAX_MESSAGE)
  } catch {
    return 'an error that cannot be shown'
  }
}

module.exports = { HostError, messageOf, toldOf, withoutDetails }
