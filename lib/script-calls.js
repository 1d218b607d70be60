// The scripts that a run has called and waits for: each is a run of its own, and ends with the one that waits.
'use strict'

const { performance } = require('node:perf_hooks')
const { LuaError } = require('./errors')
const { messageOf } = require('./host-error')
const { fitsIntoTurn, inSlices } = require('./slices')

/** To stop a run takes as long as to decode so many bytes. */
const STOP = 512

class ScriptCalls {
  // By the number of the wait: what is called, and what a context knows of the call, if one waits.
  #calls = new Map()

  /**
   * Begins a run, now, and `ends` hears when it is over: with nothing, or with its error, and the code and the message that the
   * script is told. Not when the run that waits has ended before.
   */
  begin(wait, { run, hostCall, execute, showsErrors }, ends) {
    const call = { run, hostCall }
    this.#calls.set(wait, call)
    const over = (error, told) => {
      hostCall?.end()
      // Otherwise nobody waits for it any more.
      if (this.#calls.get(wait) !== call) return
      this.#calls.delete(wait)
      ends(error, told)
    }
    execute(run).then(
      () => over(),
      (error) => over(error, toldOf(error, showsErrors)),
    )
  }

  /** Nobody waits any more in the wait of this number. */
  stop(wait) {
    const call = this.#calls.get(wait)
    this.#calls.delete(wait)
    if (call) stop(call)
  }

  /** The run that waits has ended. There may be thousands below it: those that this turn has no time for are stopped later. */
  end() {
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    for (const { run } of calls) run.doom()
    const step = (hasTime) => {
      while (calls.length > 0 && hasTime()) stop(calls.pop())
      return calls.length === 0
    }
    if (step(() => fitsIntoTurn(STOP))) return
    inSlices({ cancelled: false, step: (until) => step(() => performance.now() < until) })
  }

  /** The run that waits is going to be stopped. */
  doom() {
    for (const { run } of this.#calls.values()) run.doom()
  }
}

function stop({ run, hostCall }) {
  hostCall?.end()
  run.stop()
}

/** What a script is told of the error of one that it has called. What the host threw is the host's. */
function toldOf(error, showsErrors) {
  if (isOurs(error)) return { code: error.code, message: error.message }
  return { code: 'ERR_HOST_FUNCTION', message: showsErrors ? messageOf(error) : 'scripts.call failed' }
}

function isOurs(error) {
  try {
    return error instanceof LuaError
  } catch {
    return false
  }
}

module.exports = { ScriptCalls }
