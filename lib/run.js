// One run on its way: what was asked for, who may stop it, and how its promise settles, once.
'use strict'

const { onAbort } = require('./abort')
const { decodeOutcome } = require('./decode')
const { debug } = require('./diagnostics')
const { Causes, callFunction, messageOf } = require('./host')

/**
 * Where a run is:
 *
 * - `prepared`: everything about it was checked;
 * - `accepted`: it waits for its file; closing the engine waits for it;
 * - `submitted`: the native engine has it, and its promise is pending;
 * - `concluded`: its promise is settled, and the native engine may still have to stop it;
 * - `gone`: nothing of it is left.
 */
class Run {
  #state = 'prepared'
  #desk
  #id
  #code
  #name
  #exchange
  #context
  #group
  #resolve
  #unwatch
  // For host functions that it calls: what they are told, how they hear of its end, and the errors that they threw.
  #controller
  #host
  #causes
  #usage
  // Its result, while that is too big to be decoded at once.
  #decoding
  #whenGone

  /**
   * `desk` is what the engine shares with its runs; `limits` are absent for the engine's own; `context` is the native
   * context that it happens in, if it does; `group` is a set that it is in until it is gone.
   */
  constructor(desk, { scriptId, options, limits, exchange, context, group }) {
    this.#desk = desk
    this.scriptId = scriptId
    this.options = options
    this.limits = limits
    this.#exchange = exchange
    this.#context = context
    this.#group = group
  }

  get state() {
    return this.#state
  }

  get name() {
    return this.#name
  }

  /** What it took, once it is known. */
  get usage() {
    return this.#usage
  }

  get causes() {
    return this.#causes
  }

  /** Says what to run, and under which name. */
  take({ code, name }) {
    this.#code = code
    this.#name = name
    return this
  }

  /** It waits for something before it can be submitted; closing the engine waits for it. Not if that is closed already. */
  accept() {
    if (this.#desk.refusal(this)) return
    this.#state = 'accepted'
    this.#desk.accepted += 1
    this.#group?.add(this)
  }

  /** It is not going to be submitted. */
  forget() {
    this.#goes()
  }

  /** Resolves with what came of it; what happens to it afterwards is nobody's business. */
  submit() {
    const { signal } = this.options
    if (signal?.aborted) return this.#refuse('aborted', { error: { reason: signal.reason } })
    const closed = this.#desk.refusal(this)
    if (closed) return this.#refuse('rejected', { failure: closed })
    return new Promise((resolve) => {
      const { native, inFlight } = this.#desk
      // Nothing settles before it returns.
      const id = native.run(this.#code, this.scriptId, this.#name, this.limits, this.#exchange, this.#context)
      if (typeof id !== 'number') return resolve(this.#refuse('rejected', { failure: id }))
      this.#leaveAccepted()
      this.#id = id
      this.#code = this.#exchange = undefined
      this.#state = 'submitted'
      this.#resolve = resolve
      inFlight.set(id, this)
      if (signal) this.#unwatch = onAbort(signal, () => this.#abort())
    })
  }

  /** Ends it before it was submitted. */
  #refuse(end, outcome) {
    this.#desk.stats.count(end)
    this.#goes()
    return outcome
  }

  #leaveAccepted() {
    if (this.#state === 'accepted') this.#desk.accepted -= 1
  }

  #abort() {
    this.#conclude('aborted', { error: { reason: this.options.signal.reason } })
    if (this.#decoding) this.#stopDecoding()
    else this.#desk.native.kill(this.#id)
  }

  /** The native engine is done with it. Until its result is decoded, it is still in flight. */
  settle(outcome, usage) {
    if (this.#usage) return
    this.#usage = usage
    if (usage.slices > 0) this.#desk.stats.record(usage)
    if (this.#state === 'submitted') this.#decoding = decodeOutcome(outcome, (decoded) => this.#decoded(decoded))
    else this.#leaves()
  }

  #decoded(outcome) {
    this.#decoding = undefined
    this.#conclude(endOf(outcome.failure, this.#usage.slices > 0), outcome)
    this.#leaves()
  }

  /** The engine is closed: its result is not decoded any more. */
  kill() {
    if (!this.#decoding) return
    const message = 'the engine was closed before the run was done'
    this.#conclude('aborted', { failure: { code: 'ERR_ENGINE_CLOSED', message, output: '' } })
    this.#stopDecoding()
  }

  #stopDecoding() {
    this.#decoding.cancelled = true
    this.#decoding = undefined
    this.#leaves()
  }

  #leaves() {
    this.#desk.inFlight.delete(this.#id)
    this.#goes()
  }

  /** Settles its promise: once, and nothing of it is left with its signal. */
  #conclude(end, outcome) {
    this.#state = 'concluded'
    this.#desk.stats.count(end)
    this.#unwatch?.()
    // For host functions that are still at work for it.
    if (end !== 'completed') this.#controller?.abort(new Error(`the run of '${this.scriptId}' has ended`))
    this.#resolve(outcome)
    if (debug.enabled) this.#trace(outcome.failure?.code ?? end)
    if (outcome.failure?.code === 'ERR_INTERNAL') this.#desk.broke(outcome.failure, this.scriptId)
  }

  #trace(end) {
    debug('%s: %s %s', this.scriptId, end, JSON.stringify(this.#usage) ?? '')
  }

  #goes() {
    this.#leaveAccepted()
    this.#state = 'gone'
    this.#group?.delete(this)
    this.#whenGone?.resolve()
    this.#desk.gone(this)
  }

  /** A promise that resolves when nothing of it is left. */
  whenGone() {
    if (this.#state === 'gone') return Promise.resolve()
    this.#whenGone ??= resolvable()
    return this.#whenGone.promise
  }

  /** A script calls an exposed function, and waits for the answer. */
  call(number, args) {
    if (this.#state !== 'submitted') return
    const { functions, native } = this.#desk
    this.#controller ??= new AbortController()
    this.#host ??= Object.freeze({ scriptId: this.scriptId, signal: this.#controller.signal })
    // An answer that comes after the end of the run is nobody's business.
    const answer = (bytes) => {
      if (this.#state === 'submitted') native.answer(this.#id, bytes)
    }
    const fail = (error) => {
      if (this.#state !== 'submitted') return
      this.#causes ??= new Causes()
      native.fail(this.#id, messageOf(error), this.#causes.keep(error))
    }
    callFunction(functions[number], this.#host, args, answer, fail)
  }
}

/** How statistics call the end of a run that the native engine settled. */
function endOf(failure, began) {
  if (!failure) return 'completed'
  if (failure.code === 'ERR_LUA_TIMEOUT') return 'timedOut'
  if (!began) return 'rejected'
  return failure.code === 'ERR_ENGINE_CLOSED' ? 'aborted' : 'failed'
}

/** A promise, and what resolves it. */
function resolvable() {
  let resolve
  const promise = new Promise((settled) => {
    resolve = settled
  })
  return { promise, resolve }
}

module.exports = { Run, resolvable }
