// One run on its way: what was asked for, who may stop it, and how its promise settles, once.
'use strict'

const { onAbort, reasonOf } = require('./abort')
const { decodeOutcome, refused } = require('./decode')
const { debug } = require('./diagnostics')
const { Causes, HostContext, callFunction } = require('./host')
const { attempt, LEVELS } = require('./logs')
const { ParallelCalls } = require('./parallel-calls')
const { Scope } = require('./scope')
const { ScriptCalls } = require('./script-calls')
const { Telling } = require('./telling')
const { wait } = require('./waits')

/**
 * Where a run is:
 *
 * - `prepared`: everything about it was checked;
 * - `accepted`: it waits for its file, or is being submitted; closing the engine waits for it;
 * - `submitted`: the native engine has it, and its promise is pending;
 * - `concluded`: its promise is settled, and the native engine may still have to stop it;
 * - `gone`: nothing of it is left.
 */
class Run {
  #state = 'prepared'
  #end
  #desk
  #id
  #code
  #name
  #exchange
  #context
  // Functions and modules that it is given beside the engine's; in a context, the context has them.
  #own
  // What has the native engine begin it, if it has a way of its own.
  #begin
  #group
  // What its id has taken.
  #tally
  #functions
  // The async context of the call: what the run calls of the host's, it calls in there.
  #scope
  #refusal
  #resolve
  #unwatch
  // Whether it is stopped as soon as that can be.
  #stopped = false
  // A named script, if it runs one; and the number of the call, if another script has called that.
  #named
  #callId
  // The scripts that it has called.
  #calls
  // For host functions that it calls: what they are told, how they hear of its end, and the errors that they threw.
  #controller
  #host
  #causes
  #hostCall
  // And those that functions of parallel wait for at once.
  #parallel
  #usage
  // Its result, while that is too big to be decoded at once; and the arguments of its last call, then.
  #decoding
  #args
  // What it tells while it runs, once it does.
  #telling
  #whenGone

  /**
   * `desk` is what the engine shares with its runs; `limits` are absent for the engine's own; `own` are functions and modules
   * of its own, if it has any; `context` is the native context that it happens in, if it does; `group` is a set that it is
   * in until it is gone; `functions` makes LuaFunctions of those in its result, and forgets them, if it may have any; `named` is
   * the named script that it runs, which has limits and functions, and `callId` the number of the call of another script that
   * waits for it. Runs of timers, and most in contexts, have a `begin` of their own. One that happens because the engine closes
   * `isLast`, and one that is submitted only after the turn of the call `endsTurn`.
   */
  constructor(desk, made) {
    const { scriptId, options, limits, exchange, own, context, group, functions, named, callId } = made
    const { begin, isLast = false, endsTurn = false } = made
    this.#desk = desk
    this.scriptId = scriptId
    this.options = options
    this.limits = limits
    const telling = limits && desk.logs.tellingOf(options)
    this.#exchange = telling ? { ...exchange, telling } : exchange
    this.#own = own
    this.#begin = begin
    this.isLast = isLast
    this.endsTurn = endsTurn
    this.#context = context
    this.#group = group
    this.#functions = functions
    this.#named = named
    this.#callId = callId
  }

  get state() {
    return this.#state
  }

  get name() {
    return this.#name
  }

  /** Whether another run waits for it. */
  get isCalled() {
    return this.#callId !== undefined
  }

  /** What the runs of timers that it makes have of it: all that does not belong to the call alone. */
  get heritage() {
    const [own, { signal, args, globals, onOutput, ...options }] = [this.#own, this.options]
    // Runs of named scripts, and of contexts, are not given their limits again: the native side has them. Their timers' runs are.
    return { options, limits: (this.limits || this.#named || this.#context) && options, own }
  }

  /** What it took, once it is known. */
  get usage() {
    return this.#usage
  }

  /** How statistics call its end, once it has one. */
  get end() {
    return this.#end
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
    this.#enterScope()
    if (this.#desk.refusal(this)) return
    this.#enterAccepted()
    this.#group?.add(this)
  }

  /** It is not to happen, for this reason. */
  refuse(failure) {
    this.#refusal = failure
    return this
  }

  /** It is not going to be submitted. */
  forget() {
    this.#goes()
  }

  /** `resolve` is called with what came of it, once, maybe at once; what happens to it afterwards is nobody's business. */
  submit(resolve) {
    let refused
    try {
      refused = this.#submit(resolve)
    } finally {
      // It broke off, for instance because no stack was left.
      if (this.#state === 'accepted') this.#goes()
    }
    if (refused) resolve(refused)
  }

  /** Returns what came of it, if the native engine does not take it. */
  #submit(resolve) {
    // First: whoever watches async contexts may stop the run or close the engine now.
    this.#enterScope()
    if (this.#refusal) return this.#fails('rejected', { failure: this.#refusal })
    const { signal } = this.options
    const refused = signal && this.#watch(signal)
    if (refused) return refused
    const unlimited = this.#desk.perId && this.#see(this.#desk.perId)
    if (unlimited) return unlimited
    const closed = this.#desk.refusal(this)
    if (closed) return this.#fails('rejected', { failure: closed })
    const { native, inFlight } = this.#desk
    // Starting a worker may call the host, too. Nothing settles before it returns.
    this.#enterAccepted()
    let id
    try {
      id = this.#start(native)
    } catch (error) {
      return this.#fails('rejected', { error: { reason: error } })
    }
    if (typeof id !== 'number') return this.#fails('rejected', { failure: id })
    this.#leaveAccepted()
    this.#id = id
    this.#code = this.#exchange = undefined
    this.#state = 'submitted'
    this.#resolve = resolve
    inFlight.set(id, this)
    if (this.#stopped) this.#abort()
    return undefined
  }

  #start(native) {
    if (this.#named) return native.runNamed(this.#named, this.#exchange?.args, this.#callId)
    if (this.#begin) return this.#begin(this.limits, this.#own, this.#exchange?.telling)
    if (this.#isPlain()) {
      const { results, args } = this.#exchange ?? {}
      const isLimited = this.limits !== undefined
      if (isLimited) this.#desk.givenLimits.give(this.limits)
      return this.#desk.runPlain(this.#code, this.scriptId, results, args, isLimited)
    }
    const own = this.#context ? undefined : this.#own
    if (!own) return native.run(this.#code, this.scriptId, this.#name, this.limits, this.#exchange, this.#context)
    const { functions, modules } = own
    const [host, required] = [functions?.native, modules?.native]
    return native.run(this.#code, this.scriptId, this.#name, this.limits, this.#exchange, undefined, host, required)
  }

  /** Whether it has nothing but source text, an id, limits and arguments. */
  #isPlain() {
    if (this.#own || this.#context) return false
    if (this.#exchange?.globals || this.#exchange?.repeats || this.#exchange?.telling) return false
    return typeof this.#code === 'string' && this.#name === this.scriptId
  }

  #enterScope() {
    this.#scope ??= new Scope('moonpool.call', BY_HAND)
    this.#tally ??= this.#desk.usage.of(this.scriptId)
  }

  /** The async context in which it is begun takes the place of that in which it was accepted. */
  enterScopeAgain() {
    this.#scope?.emitDestroy()
    this.#scope = undefined
    this.#enterScope()
  }

  /** Lets the native engine know what its id may use, unless that cannot be found out. */
  #see(perId) {
    try {
      perId.see(this.scriptId)
    } catch (error) {
      return this.#fails('rejected', { error: { reason: error } })
    }
    return undefined
  }

  /** Listens to its signal, unless that is aborted already, or fails. */
  #watch(signal) {
    try {
      if (signal.aborted) this.#stopped = true
      else this.#unwatch = onAbort(signal, () => this.#abort())
    } catch (error) {
      return this.#fails('rejected', { error: { reason: error } })
    }
    return this.#stopped ? this.#fails('aborted', { error: { reason: reasonOf(signal) } }) : undefined
  }

  /** Ends it before the native engine has it. */
  #fails(end, outcome) {
    this.counts(end)
    this.#unwatch?.()
    this.#goes()
    return outcome
  }

  /** Statistics call its end so. */
  counts(end) {
    this.#end = end
    this.#desk.stats.count(end)
    this.#desk.usage.count(this.#tally, end)
  }

  #enterAccepted() {
    if (this.#state === 'accepted') return
    this.#state = 'accepted'
    this.#desk.accepted += 1
  }

  #leaveAccepted() {
    if (this.#state === 'accepted') this.#desk.accepted -= 1
  }

  #abort() {
    this.#stopped = true
    if (this.#state !== 'submitted') return
    const { signal } = this.options
    const reason = signal
      ? this.#scope.runInAsyncScope(reasonOf, undefined, signal)
      : new Error('the script that has called it has ended')
    this.#conclude('aborted', { error: { reason } })
    if (this.#decoding) this.#stopDecoding()
    else this.#desk.native.kill(this.#id)
  }

  /** The run that waits for it has ended. */
  stop() {
    this.#abort()
  }

  /** It is going to be stopped. Until then, it calls no other script; nor does what it has called. */
  doom() {
    if (this.#stopped) return
    this.#stopped = true
    this.#calls?.doom()
  }

  /** The native engine is done with it. Until its result is decoded, it is still in flight, and then it returns true. */
  settle(outcome, usage) {
    if (this.#decoding) return true
    // A second time when the first one broke off, for instance because no stack was left.
    if (!this.#usage && usage.slices > 0) this.#desk.usage.took(this.#tally, usage.cpuTime)
    this.#usage = usage
    if (this.#state !== 'submitted') this.#drops()
    else if (this.#telling?.isBusy) this.#decodeLater(outcome)
    else this.#decode(outcome)
    return this.#decoding !== undefined
  }

  /** Its end comes after what it has told. */
  #decodeLater(outcome) {
    const waiting = { cancelled: false }
    this.#decoding = waiting
    this.#telling.after(() => {
      if (!waiting.cancelled) this.#decode(outcome)
    })
  }

  #decode(outcome) {
    try {
      this.#decoding = decodeOutcome(outcome, (decoded) => this.#decoded(decoded), this.#functions?.make)
    } catch (error) {
      // For instance because no stack is left, when the host stops a run deep inside of its own.
      if (this.#state !== 'gone') this.#decoded({ failure: refused(error) })
    }
  }

  #decoded(outcome) {
    const later = this.#endDecoding()
    if (outcome.failure) this.#functions?.forget()
    this.#conclude(endOf(outcome.failure, this.#usage.slices > 0), outcome)
    this.#leaves()
    if (later) this.#desk.native.takenOver(this.#id)
  }

  /** Nothing of its result is decoded any more. Returns whether the native engine still counts it. */
  #endDecoding() {
    const counts = this.#decoding !== undefined
    this.#decoding = undefined
    return counts
  }

  /** The engine is closed: it ends, and its result is not decoded any more. */
  kill() {
    if (!this.#decoding) return this.#desk.native.endDoomed(this.#id)
    const message = 'the engine was closed before the run was done'
    this.#conclude('aborted', { failure: { code: 'ERR_ENGINE_CLOSED', message, output: '' } })
    this.#stopDecoding()
  }

  #stopDecoding() {
    // The host, which hears of the end first, may have come here already.
    if (!this.#decoding) return
    this.#decoding.cancelled = true
    this.#endDecoding()
    this.#drops()
    this.#desk.native.takenOver(this.#id)
  }

  /** Nobody gets its result, nor the functions in it. */
  #drops() {
    this.#functions?.forget()
    this.#leaves()
  }

  #leaves() {
    this.#desk.inFlight.delete(this.#id)
    this.#goes()
  }

  /** Settles its promise: once, and nothing of it is left with its signal. */
  #conclude(end, outcome) {
    if (this.#state !== 'submitted') return
    this.#state = 'concluded'
    try {
      this.#resolve(outcome)
    } catch (error) {
      // For instance because no stack was left: it is told again.
      this.#state = 'submitted'
      throw error
    }
    this.counts(end)
    this.#hostCall?.end()
    this.#calls?.end()
    // Nobody needs them any more, nor the memory that they take.
    if (this.#args) this.#args.cancelled = true
    if (debug.enabled) this.#trace(outcome.failure?.code ?? end)
    const broke = outcome.failure?.code === 'ERR_INTERNAL'
    // For host functions that are still at work for it.
    const stopped = end === 'completed' ? undefined : this.#controller
    const calls = this.#parallel?.takeAll()
    if (this.#unwatch || stopped || calls || broke)
      this.#scope.runInAsyncScope(this.#tellHost, this, stopped, calls, broke, outcome)
  }

  /** What of the host's hears of its end, besides the promise. */
  #tellHost(stopped, calls, broke, { failure }) {
    this.#unwatch?.()
    if (stopped || calls?.length > 0) {
      const reason = new Error(`the run of '${this.scriptId}' has ended`)
      stopped?.abort(reason)
      for (const call of calls ?? []) call.abort(reason)
    }
    if (broke) this.#desk.broke(failure, this.scriptId)
  }

  #trace(end) {
    debug('%s: %s %s', this.scriptId, end, JSON.stringify(this.#usage) ?? '')
  }

  #goes() {
    this.#leaveAccepted()
    this.#state = 'gone'
    this.#scope?.emitDestroy()
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

  /** The script has logged or written something. */
  hear(frames) {
    if (this.#state !== 'submitted') return
    if (!this.options.onOutput && !this.#desk.logs.isHeard) return
    this.#telling ??= new Telling(
      (list) => this.#scope.runInAsyncScope(list.length === 1 ? this.#tellOutput : this.#tellEntry, this, list),
      () => this.#state !== 'submitted',
    )
    this.#telling.tell(frames)
  }

  #tellOutput([text]) {
    const { onOutput } = this.options
    if (onOutput) attempt(() => onOutput(text))
  }

  #tellEntry([time, level, name = this.#name, line, message, fields]) {
    const { scriptId } = this
    this.#desk.logs.tell({ time, level: LEVELS[level], scriptId, name, line, message, fields, run: this.#id })
  }

  /** A script calls an exposed function, and waits for the answer: for this alone, or, with a number, for others too. */
  call(number, args, wait) {
    this.#whenTold(() => this.#call(number, args, wait))
  }

  /** A script does not wait any more for a call that it made in a function of `parallel`. */
  giveUp(wait) {
    this.#whenTold(() => this.#giveUp(wait))
  }

  /** Whatever it has told comes first. */
  #whenTold(act) {
    if (this.#state !== 'submitted') return
    if (this.#telling?.isBusy) this.#telling.after(act)
    else act()
  }

  #call(number, args, wait) {
    if (this.#state !== 'submitted') return
    if (wait !== 0) {
      this.#parallel ??= new ParallelCalls()
      this.#parallel.begin(wait, (call) => this.#callInParallel(number, args, call))
      return
    }
    this.#controller ??= new AbortController()
    this.#host ??= this.#caller(this.#controller)
    this.#enterCall((hostCall) => {
      this.#hostCall = hostCall
      this.#args = this.#callFunction(number, args, this.#host)
    })
  }

  #callInParallel(number, args, call) {
    if (this.#state !== 'submitted') return
    this.#enterCall((hostCall) => {
      call.hostCall = hostCall
      call.args = this.#callFunction(number, args, this.#caller(call), call)
    })
  }

  #giveUp(wait) {
    this.#calls?.stop(wait)
    const call = this.#parallel?.take(wait)
    if (!call) return
    const reason = new Error(`the run of '${this.scriptId}' does not wait for this call any more`)
    this.#scope.runInAsyncScope(() => call.abort(reason))
  }

  /** A script calls another one by its name, and waits for what that returns: for this alone, or, with a number, for others too. */
  callScript(callId, name, wait) {
    if (this.#state !== 'submitted' || this.#stopped) return
    const { execute, scripts, showsErrors } = this.#desk
    this.#calls ??= new ScriptCalls()
    const act = (hostCall) => {
      const { call, code } = scripts.calledOf(name, callId)
      const run = new Run(this.#desk, call).take(code)
      this.#calls.begin(wait, { run, hostCall, execute, showsErrors }, (error, told) => this.#called(wait, error, told))
    }
    this.#enterCall(act)
  }

  /** The script that it has called has ended. What that returned, the native engine has given to it. */
  #called(wait, error, told) {
    if (!told || this.#state !== 'submitted') return
    this.#causes ??= new Causes()
    this.#desk.native.failScript(this.#id, wait, told.code, told.message, this.#causes.keepCalled(error))
  }

  /** Calls `act` as what a call of the run's is made in, with what its context knows of the call. */
  #enterCall(act) {
    if (this.#context) this.#scope.runInAsyncScope(wait, undefined, this.#context, act)
    else this.#scope.runInAsyncScope(act)
  }

  /** Calls an exposed function: for one of the calls that it waits for at once, or, without `call`, for its only one. */
  #callFunction(number, args, host, call) {
    const { functions, usage } = this.#desk
    usage.called(this.#tally)
    return callFunction(functions.get(number, this.#own?.functions), host, args, this, call)
  }

  /** Whether it does not wait for the call any more: an answer that comes then is nobody's business. */
  isOver(call) {
    return call ? call.isOver : this.#state !== 'submitted'
  }

  /** An exposed function has answered. */
  answered(call, bytes) {
    if (this.isOver(call)) return
    this.#goesOn(call)
    this.#desk.answerCall(this.#id, call?.number ?? 0, bytes)
  }

  /** One has failed. */
  failed(call, error, { message, code, details }) {
    if (this.isOver(call)) return
    this.#causes ??= new Causes()
    const cause = this.#causes.keep(error)
    this.#goesOn(call)
    this.#desk.native.fail(this.#id, call?.number ?? 0, message, cause, code, details)
  }

  /** Whether scripts are told what any error says. */
  get showsErrors() {
    return this.#desk.showsErrors
  }

  /** What host functions are told of who calls them, with the signal of `owner`. */
  #caller(owner) {
    return new HostContext(this.scriptId, this.#name, this.options.data, owner)
  }

  /** Its wait for the host is over, or that for one of many calls. */
  #goesOn(call) {
    if (call) return this.#parallel.take(call.number)
    this.#hostCall?.end()
    this.#hostCall = undefined
  }
}

/** When its run is gone, a scope says so itself. */
const BY_HAND = { requireManualDestroy: true }

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
