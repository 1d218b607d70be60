// A context: a VM that lives on between its runs, which happen one after the other.
'use strict'

const { clearTimeout, setTimeout } = require('node:timers')
const { inspect } = require('node:util')
const { onAbort } = require('./abort')
const { closeAtDispose } = require('./dispose')
const { notRun, shown, typeError, valueError } = require('./errors')
const { NativeContext } = require('./native')
const { readContextRunOptions } = require('./options')
const { checkCode, codeOf } = require('./source')
const { encodeOneNamed, exchangeOf } = require('./values')

class Context {
  #native = new NativeContext()
  #engine
  #scriptId
  #options
  // The globals that its VM begins with, as bytes.
  #initial
  // The end of the run that was asked for last.
  #last = Promise.resolve()
  #closed = false

  constructor(parts, token) {
    if (token !== MADE_HERE) throw typeError('A Context cannot be constructed. Use engine.createContext(scriptId)')
    const { scriptId, options, initial, ...engine } = parts
    this.#engine = engine
    this.#scriptId = scriptId
    this.#options = options
    this.#initial = initial
  }

  get scriptId() {
    return this.#scriptId
  }

  async run(code, options) {
    checkCode(code)
    const given = readContextRunOptions(options, this.#options)
    const { name } = codeOf(code, { ...given, name: undefined }, this.#name)
    return this.#inTurn(given, { code: copyOf(codeOf(code, given, name).code), name })
  }

  async call(name, ...args) {
    checkGlobal(name)
    return this.#inTurn(readContextRunOptions({ args }, this.#options), { code: { global: name, call: true } })
  }

  async get(name) {
    checkGlobal(name)
    const options = readContextRunOptions({}, this.#options)
    const { value } = await this.#inTurn(options, { code: { global: name, call: false } })
    return value
  }

  async set(name, value) {
    checkGlobal(name)
    const globals = encodeOneNamed(name, value, 'value')
    await this.#inTurn(readContextRunOptions({}, this.#options), { code: '' }, globals)
  }

  async memory() {
    await this.#last
    return this.#native.memory
  }

  async close() {
    this.#closed = true
    await this.#last
    this.#native.close()
  }

  get #name() {
    return this.#options.name ?? this.#scriptId
  }

  /** Executes a run when those before it are done, and makes those after it wait for it. */
  async #inTurn(options, what, globals) {
    if (this.#closed) throw this.#over('the context is closed')
    // Copied now: what the caller changes while the run waits changes nothing.
    const exchange = { ...exchangeOf(options), initial: this.#initial }
    if (globals) exchange.globals = globals
    const run = {
      scriptId: this.#scriptId,
      name: this.#name,
      options,
      limits: options,
      exchange,
      context: this.#native,
      ...what,
    }
    this.#engine.admit(run)
    const before = this.#last
    this.#last = new Promise((resolve) => {
      run.gone = resolve
    })
    const start = performance.now()
    try {
      await unless(before, options, () => this.#waitedTooLong(options))
    } catch (reason) {
      before.then(run.gone)
      this.#engine.leave(run, reason?.code === 'ERR_QUEUE_TIMEOUT' ? 'rejected' : 'aborted')
      throw reason
    }
    if (!this.#native.isUsable) {
      run.gone()
      this.#engine.leave(run, 'rejected')
      throw this.#over('the context has ended, because a run in it was stopped')
    }
    // What is left of it, for the engine's queue.
    if (options.queueTimeout) options.queueTimeout = Math.max(1, options.queueTimeout - (performance.now() - start))
    return this.#engine.execute(run)
  }

  #waitedTooLong({ queueTimeout }) {
    const message = `the run waited for its turn longer than its queueTimeout of ${queueTimeout} ms; nothing was run`
    return notRun('ERR_QUEUE_TIMEOUT', message, this.#scriptId)
  }

  #over(what) {
    return notRun('ERR_CONTEXT_CLOSED', `${what}; nothing was run`, this.#scriptId)
  }
}

/** A copy of bytes, which the caller may change; any other code as it is. */
function copyOf(code) {
  return ArrayBuffer.isView(code) ? new Uint8Array(code) : code
}

const MADE_HERE = Symbol('made by engine.createContext')

const contextOf = (parts) => new Context(parts, MADE_HERE)

closeAtDispose(Context)

function checkGlobal(name) {
  const rule = 'The "name" argument must be the name of a global'
  if (typeof name !== 'string') throw typeError(`${rule}. Received ${shown(name)}`)
  if (name === '' || !name.isWellFormed()) throw valueError(`${rule}. Received ${inspect(name)}`)
}

/** Waits for `promise`, unless the signal is aborted, or the queueTimeout passes, before. */
function unless(promise, { signal, queueTimeout }, timeoutError) {
  if (!signal && !queueTimeout) return promise
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const unwatch = signal && onAbort(signal, () => end(() => reject(signal.reason)))
    const timer = queueTimeout && setTimeout(() => end(() => reject(timeoutError())), queueTimeout)
    const end = (settle) => {
      unwatch?.()
      clearTimeout(timer)
      settle()
    }
    promise.then(() => end(resolve))
  })
}

module.exports = { Context, contextOf }
