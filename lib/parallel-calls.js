// The calls of host functions that one run waits for at once, in functions of `parallel`.
'use strict'

const { hasTimeInTurn, inSlices } = require('./slices')

/** One call: nobody waits for it any more once it `isOver`. */
class ParallelCall {
  #controller = new AbortController()
  isOver = false
  // What a context knows of it, and its arguments while they are decoded.
  hostCall
  args

  constructor(number) {
    this.number = number
  }

  /** Aborted when nobody waits for the answer any more, before it is there. */
  get signal() {
    return this.#controller.signal
  }

  /** Nobody waits for it any more. */
  end() {
    this.isOver = true
    this.hostCall?.end()
    if (this.args) this.args.cancelled = true
  }

  abort(reason) {
    this.#controller.abort(reason)
  }
}

class ParallelCalls {
  #calls = new Map()

  /** Lets a call begin: now, or, when a script makes very many, in a later turn of the event loop. */
  begin(number, act) {
    const call = new ParallelCall(number)
    this.#calls.set(number, call)
    const step = () => {
      act(call)
      return true
    }
    if (hasTimeInTurn()) step()
    else {
      inSlices({
        step,
        get cancelled() {
          return call.isOver
        },
      })
    }
  }

  /** Takes a call out that is over: it is answered, or given up. */
  take(number) {
    const call = this.#calls.get(number)
    if (!call) return undefined
    this.#calls.delete(number)
    call.end()
    return call
  }

  /** Ends all calls; returns them, to be aborted. */
  takeAll() {
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    for (const call of calls) call.end()
    return calls
  }
}

module.exports = { ParallelCalls }
