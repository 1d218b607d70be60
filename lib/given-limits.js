// The limits that runs are given instead of the engine's: they cross when the run before had others.
'use strict'

const { hasLimits, limitsIn } = require('./options')

class GivenLimits {
  #native
  #last

  constructor(native) {
    this.#native = native
  }

  /** The native engine knows the limits among these options, for the run that is submitted next. */
  give(options) {
    if (this.#last && hasLimits(options, this.#last)) return
    const limits = limitsIn(options)
    // It may break off here, for instance because no stack is left.
    this.#last = undefined
    this.#native.giveLimits(limits)
    this.#last = limits
  }
}

module.exports = { GivenLimits }
