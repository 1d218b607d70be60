// The scripts that a run has called and waits for: each is a run of its own, and ends with the one that waits.
'use strict'

const { LuaError } = require('./errors')
const { messageOf } = require('./host-error')

class ScriptCalls {
  // By the number of the call.
  #runs = new Map()
  #ended = false

  /**
   * Begins a run, now, and `ends` hears when it is over: with nothing, or with its error, and the code and the message that the
   * script is told. Not when the run that waits has ended before.
   */
  begin(callId, { run, execute, showsErrors }, ends) {
    this.#runs.set(callId, run)
    const over = (error, told) => {
      this.#runs.delete(callId)
      if (!this.#ended) ends(error, told)
    }
    execute(run).then(
      () => over(),
      (error) => over(error, toldOf(error, showsErrors)),
    )
  }

  /** The run that waits has ended. */
  end() {
    this.#ended = true
    for (const run of this.#runs.values()) run.stop()
    this.#runs.clear()
  }
}

/** What a script is told of the error of one that it has called. What the host threw is the host's. */
function toldOf(error, showsErrors) {
  if (error instanceof LuaError) return { code: error.code, message: error.message }
  return { code: 'ERR_HOST_FUNCTION', message: showsErrors ? messageOf(error) : 'scripts.call failed' }
}

module.exports = { ScriptCalls }
