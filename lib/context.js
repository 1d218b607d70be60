// A context: a VM that lives on between its runs, which happen one after the other.
'use strict'

const { inspect } = require('node:util')
const { functionCallOf, getOf, nameOf, namedCallOf, runOf, setOf } = require('./context-call')
const { closeAtDispose } = require('./dispose')
const { notRun, rejecting, typeError } = require('./errors')
const { Functions } = require('./function')
const { summaryOf } = require('./summary')
const { awaits, isAwaitedBy } = require('./waits')

class Context {
  #native
  #prepare
  #execute
  #isEngineClosed
  // Who runs in it, and its options: see `aboutOf`.
  #about
  // The functions and modules that its runs have beside the engine's.
  #own
  // The short way of calls that are given nothing but arguments.
  #callPlain
  // Its runs that are not gone.
  #runs = new Set()
  // Those of its functions that JavaScript holds.
  #functions
  #closed = false

  constructor(parts, token) {
    if (token !== MADE_HERE) throw typeError('A Context cannot be constructed. Use engine.createContext(scriptId)')
    this.#native = parts.native
    this.#prepare = parts.prepare
    this.#execute = parts.execute
    this.#isEngineClosed = parts.isEngineClosed
    this.#about = parts.about
    this.#own = parts.own
    this.#callPlain = parts.native.plainCalls()
    this.#functions = new Functions(this.#native, (handle, args, options) =>
      this.#start(functionCallOf(handle, args, options, this.#about, this.#functions)),
    )
  }

  get scriptId() {
    return this.#about.scriptId
  }

  get pending() {
    return this.#runs.size
  }

  get isClosed() {
    return this.#closed || !this.#native.isOpen || this.#isEngineClosed()
  }

  // Not async: the promise of the run is that of the call, which saves others.

  run(code, options) {
    return rejecting(() => this.#start(runOf(code, options, this.#about, this.#functions)))
  }

  call(name, ...args) {
    return rejecting(() => this.#start(namedCallOf(name, args, undefined, this.#about, this.#functions)))
  }

  apply(name, args = [], options = {}) {
    return rejecting(() => this.#start(namedCallOf(name, args, options, this.#about, this.#functions)))
  }

  async get(name) {
    const { value } = await this.#start(getOf(name, this.#about))
    return value
  }

  async set(name, value) {
    await this.#start(setOf(name, value, this.#about, this.#functions))
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
    const { scriptId, pending, isClosed } = this
    return { scriptId, name: nameOf(this.#about), state: isClosed ? 'closed' : 'open', pending }
  }

  /** Starts a run, which the native engine keeps until those before it have ended. */
  #start(call) {
    checkLent(call.lent)
    const { options, what, exchange, isPlain } = call
    const taker = options.functions ? this.#functions.taker() : undefined
    exchange.functions = taker ? taker.first : 0
    const refusal = this.#refusal()
    const run = this.#prepare({
      scriptId: this.#about.scriptId,
      options,
      limits: isPlain ? undefined : options,
      exchange,
      own: this.#own,
      context: this.#native,
      group: this.#runs,
      functions: taker,
      begin: isPlain ? () => this.#callPlain(what.code.named, exchange.args, exchange.functions) : undefined,
      // A signal that is aborted in the turn of the call stops nothing: a run that has begun would end the context.
      endsTurn: refusal === undefined,
    })
    if (refusal) return this.#execute(run.take(what).refuse(refusal))
    if (call.lent.size > 0) keepFor(run, call.lent)
    run.accept()
    awaits(this.#native, () => run.whenGone())
    return this.#execute(run.take(what))
  }

  /** Why a run cannot happen, if it cannot. */
  #refusal() {
    if (this.#closed)
      return { code: 'ERR_CONTEXT_CLOSED', message: 'the context is closed; nothing was run', output: '' }
    if (isAwaitedBy(this.#native)) return { code: 'ERR_CONTEXT_BUSY', message: `${BUSY}; nothing was run`, output: '' }
    const { maxPending } = this.#about.options
    // One of them has its turn.
    if (this.#runs.size > maxPending) {
      const message = `the context's queue is full: ${maxPending} calls wait (maxPending); nothing was run`
      return { code: 'ERR_QUEUE_FULL', limit: 'maxPending', message, output: '' }
    }
    return undefined
  }

  #checkNotAwaiting(name) {
    if (isAwaitedBy(this.#native)) throw notRun('ERR_CONTEXT_BUSY', `${BUSY}; ${name}() did nothing`, this.scriptId)
  }

  /** Resolves when the runs that were asked for until now are gone. */
  async #runsToEnd() {
    const ended = Promise.all(Array.from(this.#runs, (run) => run.whenGone()))
    awaits(this.#native, () => ended)
    await ended
  }

  // For pools.

  /** Starts a call that was made before anybody knew in which context it would happen. */
  static start(context, call) {
    return context.#start(call)
  }

  /** Resolves when the runs that were asked for until now are gone. */
  static whenIdle(context) {
    return Promise.all(Array.from(context.#runs, (run) => run.whenGone()))
  }
}

/** A getter among the values may have released a function that was written already. */
function checkLent(handles) {
  for (const { isReleased } of handles) {
    if (isReleased) throw typeError('The values have a LuaFunction that was released while they were read')
  }
}

/** Functions are not forgotten before a run is gone that was given them. */
async function keepFor(run, handles) {
  for (const handle of handles) handle.use()
  await run.whenGone()
  for (const handle of handles) handle.endUse()
}

const BUSY = 'the context is busy: a run in it waits for the host function that makes this call'

const MADE_HERE = Symbol('made by engine.createContext')
const { start, whenIdle } = Context
delete Context.start
delete Context.whenIdle

const contextOf = (parts) => new Context(parts, MADE_HERE)

closeAtDispose(Context)

module.exports = { Context, contextOf, start, whenIdle }
