// An engine: checks calls, hands runs to the native engine, and settles each of them once.
'use strict'

const { EventEmitter } = require('node:events')
// Not the globals, which a test runner may have replaced by fake ones.
const { clearTimeout, setImmediate, setTimeout } = require('node:timers')
const { inspect } = require('node:util')
const { debug, isWatched, tellClosed, watched } = require('./diagnostics')
const { contextOf } = require('./context')
const { aboutOf, nameOf } = require('./context-call')
const { shapesOf } = require('./crossing')
const { bytesOf } = require('./decode')
const { closeAtDispose } = require('./dispose')
const { LuaError, notRun, rejecting } = require('./errors')
const { ExposedFunctions, functionsOf } = require('./functions')
const { AddedModules } = require('./added-modules')
const { Logs } = require('./logs')
const { NativeEngine, outside } = require('./native')
const {
  checkArgs,
  checkLabel,
  checkTimerId,
  isLimitedAs,
  readCloseOptions,
  readCompileOptions,
  readContextOptions,
  readEngineOptions,
  readGrant,
  readOptions,
  readPoolOptions,
  readReplaceOptions,
  readRunOptions,
  readScriptFolderOptions,
  readScriptOptions,
  readValueRunOptions,
  readWatchOptions,
} = require('./options')
const { NamedScripts } = require('./named-scripts')
const { PerId } = require('./per-id')
const { poolOf } = require('./pool')
const { preludeOf } = require('./prelude')
const { Run, resolvable } = require('./run')
const { Scope } = require('./scope')
const { SharedDicts } = require('./shared')
const { inSlices } = require('./slices')
const { checkCode, checkPath, checkSource, codeOf, nameOfFile, readSource, scriptOf, sourceOf } = require('./source')
const { Space } = require('./state')
const { StateDesk, answersOf } = require('./state-desk')
const { exportOf, grantsOf, importInto, ownersOf } = require('./state-transfer')
const { GivenLimits } = require('./given-limits')
const { Stats } = require('./stats')
const { summaryOf } = require('./summary')
const { Timers } = require('./timers')
const { Usage } = require('./usage')
const { encodeNamed, exchangeOf } = require('./values')

/** After so long without a run, in ms, the engine builds VMs ahead. Sooner they would be in the way of the next run. */
const IDLE = 20

/** So many runs are killed without a look at the clock. */
const KILLS = 256

/** For so long the end of a store is waited for beyond the timeout of `close`, in ms. */
const STORE_TIMEOUT = 1000

/** The parts of an engine that `moonpool/testing` uses directly: `{ modules, shared }`. */
let insideOf

class Engine extends EventEmitter {
  static {
    insideOf = (engine) => ({ modules: engine.#modules, shared: engine.#shared })
  }

  #native
  // What the native engine calls. It holds `settle` while runs are in flight, and otherwise nothing: the rest is held here,
  // and by `settle` by way of the runs.
  #callbacks
  // What calls begin with that say nothing: limits, and how values cross.
  #defaults
  #concurrency
  #stats
  #usage
  // What single ids may use, if a function says so.
  #perId
  // What it shares with its runs.
  #desk
  #modules
  #functions
  #scripts
  #shared
  #timers
  // What the host asks of State.
  #state
  #logs
  // What ends the waiting in pools: for a context, or for setup.
  #waitsInPools = new Set()
  #closing
  #killed = false
  // Gives the store up that does not end, after a kill.
  #storeTimer
  // What it does when it has been idle for a while, if anything; and the timer that waits for that.
  #warmer
  #idleTimer
  // The async context in which it was made: what is no run's is emitted in there.
  #scope = new Scope('moonpool.engine')

  constructor(given) {
    super()
    const { defaults, state, hostErrors, perId, trackedIds, logger, ...options } = readEngineOptions(given)
    this.#defaults = defaults
    this.#concurrency = options.concurrency
    // Before State is opened: what fails here leaves nothing behind.
    const prelude = preludeOf(options, defaults)
    const store = NativeEngine.openState(state)
    if (store.code !== undefined) throw new LuaError(store)
    // Runs that the native engine has, by number: also those whose promise is settled while they are being stopped.
    const inFlight = new Map()
    const answers = answersOf()
    const weak = new WeakRef(this)
    this.#callbacks = [
      Engine.#settlerOf(inFlight),
      Engine.#pressureOf(weak),
      Engine.#callerOf(inFlight),
      Engine.#giverUpOf(inFlight),
      answers.answered,
      Engine.#hearerOf(inFlight),
      Engine.#scriptCallerOf(inFlight),
      Engine.#timersOf(weak),
    ]
    this.#native = new NativeEngine(store, options, defaults, prelude.native, ...this.#callbacks)
    if (perId) this.#perId = new PerId(this.#native, perId)
    this.#state = new StateDesk(this.#native, answers, () => this.#closing && this.#noticeIdle(), this.#perId)
    this.#stats = new Stats(this.#native, options.concurrency)
    this.#usage = new Usage(this.#native, trackedIds)
    this.#shared = new SharedDicts(this.#native)
    this.#functions = new ExposedFunctions(this.#native, defaults)
    const teller =
      (event) =>
      (...told) =>
        this.#tellInScope(event, ...told)
    this.#modules = new AddedModules(this.#native, defaults.maxSource, teller('moduleError'), prelude.modules)
    const ownOf = (options) => this.#ownOf(options)
    const tellingOf = (options) => this.#logs.tellingOf(options)
    this.#scripts = new NamedScripts(this.#native, { ownOf, tellingOf }, teller('scriptError'))
    this.#logs = new Logs({ logger, ...defaults }, this)
    const forValues = readValueRunOptions({}, defaults)
    this.#desk = {
      defaults,
      // What runs for values begin with that say nothing.
      forValues: { options: forValues, exchange: exchangeOf(forValues) },
      native: this.#native,
      runPlain: this.#native.plainRuns(),
      givenLimits: new GivenLimits(this.#native),
      answerCall: this.#native.answers(),
      stats: this.#stats,
      usage: this.#usage,
      perId: this.#perId,
      functions: this.#functions,
      scripts: this.#scripts,
      execute: (run) => this.#execute(run),
      begin: (run, done) => this.#begin(run, done),
      showsErrors: hostErrors === 'messages',
      logs: this.#logs,
      log: (entry) => this.#logs.tellOwn(entry),
      inFlight,
      accepted: 0,
      refusal: (run) => this.#refusalOf(run),
      gone: () => this.#noticeIdle(),
      broke: (failure, scriptId) => this.#tellError(failure, scriptId),
    }
    const capacity = Math.max(options.concurrency, options.maxQueue)
    this.#timers = new Timers(this.#desk, { scope: this.#scope, capacity })
    if (options.warmVms > 0) this.#warmer = Engine.#warmerOf(weak)
    this.#noticeIdle()
    debug('engine: %d threads, a queue of %d', options.concurrency, options.maxQueue)
  }

  // Not async: the promise of the run is that of the call, which saves another one.

  runLua(code, scriptId, options) {
    return rejecting(() => this.#runCode(checkCode(code), this.#prepare(scriptId, options)))
  }

  run(code, scriptId, options) {
    return rejecting(() => this.#runCode(checkCode(code), this.#prepareForValues(scriptId, options)))
  }

  async runFile(path, scriptId, options) {
    const file = checkPath(path)
    const run = this.#prepare(scriptId, options)
    run.accept()
    if (run.state !== 'accepted') return this.#execute(run)
    try {
      const code = await readSource(file, run.options.maxSource)
      run.take({ code, name: run.options.name ?? nameOfFile(file) })
    } catch (error) {
      // A file that is none, or too long, is a wrong argument.
      if (error.cause) run.counts('rejected')
      run.forget()
      throw error
    }
    return this.#execute(run)
  }

  compile(source, options) {
    checkSource(source, 'source')
    const { name } = readCompileOptions(options)
    const checked = sourceOf(source, this.#defaults.maxSource, 'source')
    if (this.#closing) throw notRun('ERR_ENGINE_CLOSED', 'the engine is closed: it compiles nothing any more')
    const compiled = this.#native.compile(checked, name)
    if (compiled.code !== undefined) throw new LuaError(compiled)
    return scriptOf(compiled, name)
  }

  expose(name, what, options) {
    const functions = functionsOf(name, what)
    const { replace } = readReplaceOptions(options)
    this.#checkOpen('functions')
    this.#functions.expose(functions, name, replace)
  }

  unexpose(name) {
    return this.#functions.unexpose(name)
  }

  functions(functions, options) {
    this.#checkOpen('functions')
    return this.#functions.set(functions, options)
  }

  addModule(name, source, options) {
    const { replace } = readReplaceOptions(options)
    this.#modules.addOne(name, source, replace, () => this.#checkOpen('modules'))
  }

  async addModules(folder, options) {
    const { watch } = readWatchOptions(options)
    return this.#modules.addFolder(folder, watch, () => this.#checkOpen('modules'))
  }

  removeModule(name) {
    return this.#modules.remove(name)
  }

  modules(sources) {
    this.#checkOpen('modules')
    return this.#modules.set(sources)
  }

  addScript(name, source, given) {
    const options = readScriptOptions(given, this.#defaults)
    this.#scripts.addOne(name, source, options, () => this.#checkOpen('scripts'))
  }

  async addScripts(folder, given) {
    const options = readScriptFolderOptions(given, this.#defaults)
    return this.#scripts.addFolder(folder, options, () => this.#checkOpen('scripts'))
  }

  removeScript(name) {
    return this.#scripts.remove(name)
  }

  callScript(name, args = [], options = undefined) {
    return rejecting(() => {
      checkArgs(args, 'The "args" argument')
      const { call, code } = this.#scripts.callOf(name, args, options)
      return this.#execute(new Run(this.#desk, call).take(code))
    })
  }

  sharedDict(name, options) {
    if (options === undefined) return this.#shared.get(name)
    return this.#shared.declare(name, options, () => this.#checkOpen('dictionaries'))
  }

  timers() {
    return this.#timers.list()
  }

  cancelTimer(id) {
    checkTimerId(id)
    return this.#timers.cancel(id)
  }

  cancelTimers(scriptId) {
    if (scriptId !== undefined) checkLabel(scriptId, 'The "scriptId" argument')
    return this.#timers.cancelAll(scriptId)
  }

  createContext(scriptId, given) {
    checkLabel(scriptId, 'The "scriptId" argument')
    const { globals, host, modules, ...options } = readContextOptions(given, this.#defaults)
    this.#checkMakesContexts(scriptId)
    const initial = globals && encodeNamed(globals, 'options.globals', options)
    return this.#makeContext(scriptId, options, initial, this.#ownOf({ host, modules }))
  }

  createPool(scriptId, given) {
    checkLabel(scriptId, 'The "scriptId" argument')
    const { options: contextOptions, ...rest } = readPoolOptions(given, this.#defaults, this.#concurrency)
    const { globals, host, modules, ...options } = contextOptions
    this.#checkMakesContexts(scriptId)
    const initial = globals && encodeNamed(globals, 'options.globals', options)
    const own = this.#ownOf({ host, modules })
    const make = () => {
      this.#checkMakesContexts(scriptId)
      this.#checkFit(own)
      return this.#makeContext(scriptId, options, initial, own)
    }
    const count = (end) => {
      this.#stats.count(end)
      this.#usage.count(this.#usage.of(scriptId), end)
    }
    return poolOf({ ...rest, make, count, whenClosed: this.#waitsInPools, scriptId, options })
  }

  state(scriptId) {
    checkLabel(scriptId, 'The "scriptId" argument')
    return new Space(this.#state, scriptId, readOptions, this.#defaults)
  }

  stateOwners() {
    return ownersOf(this.#state)
  }

  exportState() {
    return exportOf(this.#state)
  }

  async importState(lines) {
    return importInto(this.#state, lines)
  }

  async grant(grant) {
    await this.#state.ask({ function: 'grant', ...readGrant(grant) })
  }

  async revoke(grant) {
    const { access = 'read', ...which } = readGrant(grant, ['access'])
    const [, wasThere] = await this.#state.ask({ function: 'revoke', access, ...which })
    return wasThere
  }

  async grants() {
    return grantsOf(this.#state)
  }

  stats() {
    return this.#stats.read()
  }

  usage(scriptId) {
    if (scriptId === undefined) return this.#usage.all()
    checkLabel(scriptId, 'The "scriptId" argument')
    return this.#usage.read(scriptId)
  }

  refreshLimits(scriptId) {
    if (scriptId !== undefined) checkLabel(scriptId, 'The "scriptId" argument')
    this.#perId?.refresh(scriptId)
  }

  resetStats() {
    this.#stats.reset()
  }

  async close(options) {
    const { timeout } = readCloseOptions(options)
    this.#closing ??= resolvable()
    this.#modules.endWatches()
    this.#scripts.endWatches()
    this.#timers.close()
    for (const end of [...this.#waitsInPools]) end()
    this.#noticeIdle()
    const timer = setTimeout(() => this.#killAll(), timeout)
    await this.#closing.promise
    clearTimeout(timer)
    clearTimeout(this.#storeTimer)
    tellClosed(this)
  }

  /** Whether it is open, and what it does now. */
  [inspect.custom](depth, options, show) {
    return summaryOf('Engine', #native in this ? this.#summary() : {}, depth, options, show)
  }

  #summary() {
    const { queued, running, suspended } = this.#native.stats()
    const closing = this.#state.isClosed ? 'closed' : 'closing'
    return { state: this.#closing ? closing : 'open', queued, running, suspended }
  }

  #checkOpen(what) {
    if (this.#closing) throw notRun('ERR_ENGINE_CLOSED', `the engine is closed: it takes no ${what} any more`)
  }

  #checkMakesContexts(scriptId) {
    if (!this.#closing) return
    throw notRun('ERR_ENGINE_CLOSED', 'the engine is closed: it makes no contexts any more', scriptId)
  }

  #makeContext(scriptId, options, initial, own) {
    const about = aboutOf(scriptId, options)
    const common = {
      scriptId,
      name: nameOf(about),
      limits: options,
      results: shapesOf(options),
      telling: this.#logs.tellingOf(options),
      initial,
      maxFunctions: options.maxFunctions,
    }
    return contextOf({
      native: this.#native.createContext(common, own?.functions?.native, own?.modules?.native),
      prepare: (call) => new Run(this.#desk, call),
      execute: (run) => this.#execute(run),
      isEngineClosed: () => this.#closing !== undefined,
      about,
      own,
    })
  }

  /** The functions and modules that the options of a run, or of a context, give to it alone; or nothing. */
  #ownOf({ host, modules }) {
    if (host === undefined && modules === undefined) return undefined
    return {
      functions: host === undefined ? undefined : this.#functions.setOf(host),
      modules: modules === undefined ? undefined : this.#modules.setOf(modules),
    }
  }

  /** The engine may have taken others since. */
  #checkFit(own) {
    if (own?.functions) this.#functions.checkFits(own.functions)
    if (own?.modules) this.#modules.checkFits(own.modules)
  }

  /** Why a run is not taken any more, if it is not: those that were accepted before may still begin, and the last of timers. */
  #refusalOf(run) {
    const mayBegin = run.state === 'accepted' || run.isCalled || run.isLast
    if (!this.#killed && (!this.#closing || mayBegin)) return undefined
    return { code: 'ERR_ENGINE_CLOSED', message: 'the engine is closed: it runs nothing any more', output: '' }
  }

  /** Warms up, or ends, when nothing is left to wait for. */
  #noticeIdle() {
    if (this.#closing) this.#timers.fire()
    if (this.#desk.inFlight.size + this.#desk.accepted + this.#state.awaited > 0) return
    this.#functions.forget()
    if (this.#closing && this.#timers.isBusy) return
    if (this.#closing) this.#closed()
    else if (this.#idleTimer) this.#idleTimer.refresh()
    else if (this.#warmer) outside(() => this.#setIdleTimer())
  }

  /** A timer refers to the async context in which it is set, or refreshed after it fired: nobody's shall be kept. */
  #setIdleTimer() {
    this.#idleTimer = setTimeout(this.#warmer, IDLE).unref()
  }

  #warmUp() {
    this.#idleTimer = undefined
    this.#native.warmUp()
  }

  #killAll() {
    this.#killed = true
    this.#timers.giveUp()
    this.#native.doomAll()
    this.#killEach()
    if (this.#state.isClosed) this.#giveUpStore()
    else this.#state.giveUp()
    this.#noticeIdle()
  }

  /** Kills all runs, some in each turn of the event loop: there may be tens of thousands, and each makes an error. */
  #killEach() {
    const runs = [...this.#desk.inFlight.values()].reverse()
    const step = () => {
      for (let left = KILLS; left > 0 && runs.length > 0; left -= 1) runs.pop().kill()
      return runs.length === 0
    }
    if (!step()) inSlices({ cancelled: false, step })
  }

  #runCode(code, run) {
    return this.#execute(run.take(codeOf(code, run.options, run.scriptId)))
  }

  /** What a call asks for, but for its code. */
  #prepare(scriptId, given, read = readRunOptions) {
    checkLabel(scriptId, 'The "scriptId" argument')
    // The native engine knows the defaults: what is as they say has not to be converted.
    if (given === undefined) return new Run(this.#desk, { scriptId, options: this.#defaults })
    const options = read(given, this.#defaults)
    const limits = isLimitedAs(options, this.#defaults) ? undefined : options
    const [own, exchange] = [this.#ownOf(options), exchangeOf(options)]
    return new Run(this.#desk, { scriptId, options, limits, exchange, own })
  }

  #prepareForValues(scriptId, options) {
    if (options !== undefined) return this.#prepare(scriptId, options, readValueRunOptions)
    checkLabel(scriptId, 'The "scriptId" argument')
    return new Run(this.#desk, { scriptId, ...this.#desk.forValues })
  }

  #execute(run) {
    if (!isWatched()) return outcomeOf(run)
    const context = { scriptId: run.scriptId, name: run.name, engine: this }
    return passedOn(watched(run, context, () => outcomeOf(run, context)))
  }

  /** As `#execute`, for nobody's promise: `done` is called with what it failed with, as `{ error }`, or with nothing. */
  #begin(run, done) {
    if (!isWatched()) run.submit((outcome) => done(failureOf(run, outcome)))
    else
      this.#execute(run).then(
        () => done(),
        (error) => done({ error }),
      )
  }

  // What the native engine and the timer call. Each is made in a scope of its own, and holds nothing but its argument:
  // whatever holds an engine, native or not, would keep it from being garbage-collected. A run holds its engine only
  // while it is in flight.

  static #warmerOf(weak) {
    return () => weak.deref()?.#warmUp()
  }

  /** The native engine's `pressure`: the queue is full, or empty after that. */
  static #pressureOf(weak) {
    return (full) => weak.deref()?.#tellInScope(full ? 'full' : 'drain')
  }

  /** The native engine's `settle`. */
  static #settlerOf(inFlight) {
    return (runId, text, values, failure, queueTime, runTime, cpuTime, peakMemory, slices) => {
      const usage = { queueTime, runTime, cpuTime, peakMemory, slices }
      return inFlight.get(runId)?.settle({ text, values: values && bytesOf(values), failure }, usage)
    }
  }

  /** The native engine's `call`. */
  static #callerOf(inFlight) {
    return (runId, number, args, wait) => inFlight.get(runId)?.call(number, bytesOf(args), wait)
  }

  /** The native engine's `giveUp`. */
  static #giverUpOf(inFlight) {
    return (runId, wait) => inFlight.get(runId)?.giveUp(wait)
  }

  /** The native engine's `timers`. */
  static #timersOf(weak) {
    return (news) => weak.deref()?.#timers.hear(news)
  }

  /** The native engine's `told`. */
  static #hearerOf(inFlight) {
    return (runId, frames) => inFlight.get(runId)?.hear(bytesOf(frames))
  }

  /** The native engine's `callScript`. */
  static #scriptCallerOf(inFlight) {
    return (runId, callId, name, wait) => inFlight.get(runId)?.callScript(callId, name, wait)
  }

  #tellInScope(event, ...values) {
    this.#scope.runInAsyncScope(() => this.#tell(event, ...values))
  }

  /** In the async context of the run that failed. */
  #tellError(failure, scriptId) {
    if (this.listenerCount('error') > 0) this.#tell('error', new LuaError(failure, scriptId))
  }

  /** In a tick of its own: what a listener throws is no run's failure. */
  #tell(event, ...values) {
    process.nextTick(() => this.emit(event, ...values))
  }

  #closed() {
    clearTimeout(this.#idleTimer)
    this.#native.close()
    if (this.#state.isClosed) return
    // After the promises of the last runs, which settle in a few microtasks.
    this.#state.close(() => setImmediate(this.#closing.resolve))
    if (this.#killed) this.#giveUpStore()
  }

  /** The store gets a little more time, so that it can write down what it has. */
  #giveUpStore() {
    this.#storeTimer = setTimeout(() => this.#state.giveUp(), STORE_TIMEOUT).unref()
  }
}

/** Submits a run, and has its result or its error; `context` is told what it took. */
async function outcomeOf(run, context) {
  if (run.endsTurn) await undefined
  const outcome = await new Promise((resolve) => run.submit(resolve))
  if (context && run.usage) context.stats = run.usage
  // Made here, after the await, so that its stack names the caller that awaits.
  const failed = failureOf(run, outcome)
  if (failed) throw failed.error
  const { text, values } = outcome
  if (!values) return text
  return { value: values[0], values, output: text, stats: run.usage }
}

/** What a run failed with, as `{ error }`, if it did. */
function failureOf(run, { failure, error }) {
  if (failure) return { error: new LuaError(failure, run.scriptId, run.causes) }
  return error && { error: error.reason }
}

/** The same, as a promise of its own: whoever watches the first one must not be the one who catches its rejection. */
async function passedOn(promise) {
  return await promise
}

closeAtDispose(Engine)

module.exports = { Engine, insideOf }
