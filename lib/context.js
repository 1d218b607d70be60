// A context: a VM that lives on between its runs, which happen one after the other.
'use strict'

const { inspect } = require('node:util')
const { closeAtDispose } = require('./dispose')
const { notRun, shown, typeError, valueError } = require('./errors')
const { readContextRunOptions } = require('./options')
const { checkCode, codeOf } = require('./source')
const { summaryOf } = require('./summary')
const { encodeOneNamed, exchangeOf } = require('./values')
const { awaits, isAwaitedBy } = require('./waits')

class Context {
  #native
  #prepare
  #execute
  #scriptId
  #options
  // The functions and modules that its runs have beside the engine's.
  #own
  // The globals that its VM begins with, as bytes.
  #initial
  // Its runs that are not gone.
  #runs = new Set()
  #closed = false

  constructor(parts, token) {
    if (token !== MADE_HERE) throw typeError('A Context cannot be constructed. Use engine.createContext(scriptId)')
    this.#native = parts.native
    this.#prepare = parts.prepare
    this.#execute = parts.execute
    this.#scriptId = parts.scriptId
    this.#options = parts.options
    this.#own = parts.own
    this.#initial = parts.initial
  }

  get scriptId() {
    return this.#scriptId
  }

  async run(code, options) {
    checkCode(code)
    const given = readContextRunOptions(options, this.#options)
    const { name } = codeOf(code, { ...given, name: undefined }, this.#name)
    return this.#start(given, { code: copyOf(codeOf(code, given, name).code), name })
  }

  async call(name, ...args) {
    checkGlobal(name)
    const options = readContextRunOptions({ args }, this.#options)
    return this.#start(options, { code: { global: name, call: true }, name: this.#name })
  }

  async get(name) {
    checkGlobal(name)
    const options = readContextRunOptions({}, this.#options)
    const { value } = await this.#start(options, { code: { global: name, call: false }, name: this.#name })
    return value
  }

  async set(name, value) {
    checkGlobal(name)
    const globals = encodeOneNamed(name, value, 'value', this.#options)
    await this.#start(readContextRunOptions({}, this.#options), { code: '', name: this.#name }, globals)
  }

  async memory() {
    this.#checkNotAwaiting('memory')
    await this.#runsToEnd()
    return this.#native.memory
  }

  async close() {
    this.#checkNotAwaiting('close')
    this.#closed = true
    await this.#runsToEnd()
    this.#native.close()
  }

  /** Who runs in it, whether it is open, and how many of its runs have not ended. */
  [inspect.custom](depth, options, show) {
    return summaryOf('Context', #native in this ? this.#summary() : {}, depth, options, show)
  }

  #summary() {
    const state = this.#closed ? 'closed' : 'open'
    return { scriptId: this.#scriptId, name: this.#name, state, pending: this.#runs.size }
  }

  get #name() {
    return this.#options.name ?? this.#scriptId
  }

  /** Starts a run, which the native engine keeps until those before it have ended. */
  async #start(options, what, globals) {
    const exchange = { ...exchangeOf(options), initial: this.#initial }
    if (globals) exchange.globals = globals
    const [own, context, group] = [this.#own, this.#native, this.#runs]
    const run = this.#prepare({ options, limits: options, exchange, own, context, group })
    const refusal = this.#refusal()
    if (refusal) return this.#execute(run.take(what).refuse(refusal))
    run.accept()
    awaits(this.#native, () => run.whenGone())
    // A signal that is aborted in the turn of the call stops nothing: a run that has begun would end the context.
    await undefined
    return this.#execute(run.take(what))
  }

  /** Why a run cannot happen, if it cannot. */
  #refusal() {
    if (this.#closed)
      return { code: 'ERR_CONTEXT_CLOSED', message: 'the context is closed; nothing was run', output: '' }
    if (isAwaitedBy(this.#native)) return { code: 'ERR_CONTEXT_BUSY', message: `${BUSY}; nothing was run`, output: '' }
    return undefined
  }

  #checkNotAwaiting(name) {
    if (isAwaitedBy(this.#native)) throw notRun('ERR_CONTEXT_BUSY', `${BUSY}; ${name}() did nothing`, this.#scriptId)
  }

  /** Resolves when the runs that were asked for until now are gone. */
  async #runsToEnd() {
    const ended = Promise.all(Array.from(this.#runs, (run) => run.whenGone()))
    awaits(this.#native, () => ended)
    await ended
  }
}

/** A copy of bytes, which the caller may change; any other code as it is. */
function copyOf(code) {
  return ArrayBuffer.isView(code) ? new Uint8Array(code) : code
}

const BUSY = 'the context is busy: a run in it waits for the host function that makes this call'

const MADE_HERE = Symbol('made by engine.createContext')

const contextOf = (parts) => new Context(parts, MADE_HERE)

closeAtDispose(Context)

function checkGlobal(name) {
  const rule = 'The "name" argument must be the name of a global'
  if (typeof name !== 'string') throw typeError(`${rule}. Received ${shown(name)}`)
  if (name === '' || !name.isWellFormed()) throw valueError(`${rule}. Received ${inspect(name)}`)
}

module.exports = { Context, contextOf }
