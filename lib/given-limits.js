// The limits that runs are given instead of the engine's: they cross when the run before had others.
'use strict'

const { limitsIn } = require('./options')

class GivenLimits {
  #native
  #last = []

  constructor(native) {
    this.#native = native
  }

  /** The native engine knows the limits among these options, for the run that is submitted next. */
  give(options) {
    if (this.#last.length > 0 && this.#last.every(([name, limit]) => options[name] === limit)) return
    const limits = limitsIn(options)
    // It may break off here, for instance because no stack is left.
    this.#last = []
    this.#native.giveLimits(limits)
    this.#last = Object.entries(limits)
  }
}

module.exports = { GivenLimits }
