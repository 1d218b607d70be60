// The scripts that a run has called and waits for: each is a run of its own, and ends with the one that waits.
'use strict'

const { LuaError } = require('./errors')
const { messageOf } = require('./host-error')

class ScriptCalls {
  // By the number of the wait: the run, and what a context knows of the call.
  #calls = new Map()

  /**
   * Begins a run, now, and `ends` hears when it is over: with nothing, or with its error, and the code and the message that the
   * script is told. Not when the run that waits has ended before.
   */
  begin(wait, { run, hostCall, execute, showsErrors }, ends) {
    this.#calls.set(wait, { run, hostCall })
    const over = (error, told) => {
      // Otherwise nobody waits for it any more.
      if (this.#calls.get(wait)?.run !== run) return
      this.#take(wait)
      ends(error, told)
    }
    execute(run).then(
      () => over(),
      (error) => over(error, toldOf(error, showsErrors)),
    )
  }

  /** Nobody waits any more in the wait of this number. */
  stop(wait) {
    this.#take(wait)?.run.stop()
  }

  /** The run that waits has ended. */
  end() {
    for (const wait of [...this.#calls.keys()]) this.stop(wait)
  }

  /** The run that waits goes on. */
  #take(wait) {
    const call = this.#calls.get(wait)
    this.#calls.delete(wait)
    call?.hostCall?.end()
    return call
  }
}

/** What a script is told of the error of one that it has called. What the host threw is the host's. */
function toldOf(error, showsErrors) {
  if (error instanceof LuaError) return { code: error.code, message: error.message }
  return { code: 'ERR_HOST_FUNCTION', message: showsErrors ? messageOf(error) : 'scripts.call failed' }
}

module.exports = { ScriptCalls }
