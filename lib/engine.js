// An engine: hands checked runs to the native engine and settles their promises.
'use strict'

const { concurrency } = require('./concurrency')
const { LuaError } = require('./errors')
const { NativeEngine } = require('./native')
const { checkRun } = require('./options')

class Engine {
  // Runs in flight: run id → what resolves its outcome.
  #settlers = new Map()
  #lastRunId = 0
  #native = new NativeEngine(concurrency(), settlerOf(this.#settlers))

  async runLua(code, scriptId, options) {
    const run = checkRun(code, scriptId, options)
    const { text, failure } = await this.#start(run)
    // Made here, after the await, so that its stack names the caller that awaits.
    if (failure) throw new LuaError(failure, scriptId)
    return text
  }

  #start({ code, scriptId, name, limits }) {
    return new Promise((resolve) => {
      this.#lastRunId = (this.#lastRunId + 1) >>> 0 // The native side counts in 32 bits.
      const runId = this.#lastRunId
      this.#native.runLua(runId, code, scriptId, name, limits)
      // After the call, which may throw: settle is never called before it returns.
      this.#settlers.set(runId, resolve)
    })
  }
}

/** The native engine's `settle`. It must not hold the engine, which could then never be garbage-collected. */
function settlerOf(settlers) {
  return (runId, text, failure) => {
    const resolve = settlers.get(runId)
    settlers.delete(runId)
    resolve({ text, failure })
  }
}

module.exports = { Engine }
