// What single ids may use, where a function of the host's says so: it is asked once for each id that the engine knows.
'use strict'

const { inspect } = require('node:util')
const { isPromise } = require('node:util/types')
const { shown, typeError, valueError } = require('./errors')
const { messageOf } = require('./host-error')
const { readPerId } = require('./options')

class PerId {
  #native
  #ask
  // The id that the function is being asked about, if it is.
  #asking

  constructor(native, ask) {
    this.#native = native
    this.#ask = ask
  }

  /** Lets the native engine know what an id may use. Throws when that cannot be found out. */
  see(scriptId) {
    if (this.#native.knows(scriptId)) return
    if (this.#asking !== undefined) {
      throw valueError(
        `The "options.perId" function must not use ids that the engine has not asked it about. Received a call for ` +
          `${inspect(scriptId)} while it was asked about ${inspect(this.#asking)}`,
      )
    }
    this.#native.limit(scriptId, this.#limitsOf(scriptId))
  }

  /** Asks anew: now for ids that have runs, for others when they come next. Where that fails, what was known stays. */
  refresh(scriptId) {
    const ids = this.#native.refreshLimits(scriptId)
    if (this.#asking !== undefined) return
    for (const id of ids) {
      try {
        this.see(id)
      } catch {
        // Its next run is told.
      }
    }
  }

  #limitsOf(scriptId) {
    const what = `perId(${inspect(scriptId)})`
    this.#asking = scriptId
    try {
      const ask = this.#ask
      const given = ask(scriptId)
      if (isPromise(given)) Promise.prototype.then.call(given, undefined, () => {})
      if (isPromise(given) || typeof given !== 'object' || given === null || Array.isArray(given)) {
        throw typeError(`What "options.perId" returns must be an object. Received ${shown(given)} from ${what}`)
      }
      return readPerId(given, what)
    } catch (error) {
      if (error?.code === 'ERR_INVALID_ARG_TYPE' || error?.code === 'ERR_INVALID_ARG_VALUE') throw error
      const failure = valueError(
        `The "options.perId" function must not fail. Received '${messageOf(error)}' from ${what}`,
      )
      throw Object.defineProperty(failure, 'cause', { value: error, configurable: true, writable: true })
    } finally {
      this.#asking = undefined
    }
  }
}

module.exports = { PerId }
