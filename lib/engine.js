// An engine: checks calls, hands runs to the native engine, and settles each of them once.
'use strict'

const { EventEmitter } = require('node:events')
// Not the globals, which a test runner may have replaced by fake ones.
const { clearTimeout, setImmediate, setTimeout } = require('node:timers')
const { onAbort } = require('./abort')
const { debug, isTraced, traced } = require('./diagnostics')
const { contextOf } = require('./context')
const { closeAtDispose } = require('./dispose')
const { LuaError, notRun, valueError } = require('./errors')
const { Causes, callFunction, checkNew, functionsOf, messageOf } = require('./host')
const { moduleOf, modulesOfFolder } = require('./modules')
const { NativeEngine } = require('./native')
const {
  checkLabel,
  readCloseOptions,
  readCompileOptions,
  readContextOptions,
  readEngineOptions,
  readRunOptions,
  readValueRunOptions,
} = require('./options')
const { checkCode, checkPath, checkSource, codeOf, nameOfFile, readSource, scriptOf, sourceOf } = require('./source')
const { Stats } = require('./stats')
const { decode, encodeNamed, exchangeOf } = require('./values')

/** After so long without a run, in ms, the engine builds VMs ahead. Sooner they would be in the way of the next run. */
const IDLE = 20

class Engine extends EventEmitter {
  #native
  #maxQueue
  #defaults
  #stats
  // Runs in flight, by number. Also those whose promise is settled while their VM is still being stopped.
  #runs = new Map()
  #lastRunId = 0
  #modules = new Set()
  #functions = []
  #full = false
  // Runs that were accepted and are not queued yet.
  #admitted = 0
  #closing
  #killed = false
  #idleTimer

  constructor(given) {
    super()
    const { defaults, maxQueue, state: _state, ...options } = readEngineOptions(given)
    this.#maxQueue = maxQueue
    this.#defaults = defaults
    const [settle, call] = [Engine.#settlerOf(this.#runs), Engine.#callerOf(this.#runs)]
    const drained = Engine.#drainerOf(new WeakRef(this))
    this.#native = new NativeEngine({ ...options, maxQueue }, defaults, settle, drained, call)
    this.#stats = new Stats(this.#native, options.concurrency)
    if (options.warmVms > 0) this.#idleTimer = setTimeout(Engine.#warmerOf(this.#native), IDLE).unref()
    debug('engine: %d threads, a queue of %d', options.concurrency, maxQueue)
  }

  async runLua(code, scriptId, options) {
    checkCode(code)
    const run = this.#prepare(scriptId, options)
    Object.assign(run, codeOf(code, run.options, scriptId))
    return this.#execute(run)
  }

  async run(code, scriptId, options = {}) {
    checkCode(code)
    const run = this.#prepare(scriptId, options, readValueRunOptions)
    Object.assign(run, codeOf(code, run.options, scriptId))
    return this.#execute(run)
  }

  async runFile(path, scriptId, options) {
    const file = checkPath(path)
    const run = this.#prepare(scriptId, options)
    run.name = run.options.name ?? nameOfFile(file)
    this.#admit(run)
    try {
      run.code = await readSource(file, run.options.maxSource)
    } catch (error) {
      // A file that is none, or too long, is a wrong argument.
      if (error.cause) this.#stats.count('rejected')
      this.#leave(run)
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

  expose(name, what) {
    const functions = functionsOf(name, what)
    const taken = this.#functions.map(({ path }) => path.join('.'))
    for (const { path } of functions) {
      checkNew(path, taken)
      taken.push(path.join('.'))
    }
    if (this.#closing) throw notRun('ERR_ENGINE_CLOSED', 'the engine is closed: it takes no functions any more')
    for (const entry of functions) this.#native.expose(entry.path, this.#functions.push(entry) - 1)
  }

  addModule(name, source) {
    this.#addModules([moduleOf(name, source, this.#defaults.maxSource)])
  }

  async addModules(folder) {
    const modules = await modulesOfFolder(folder, this.#defaults.maxSource)
    this.#addModules(modules)
    return modules.map(({ name }) => name)
  }

  createContext(scriptId, given) {
    checkLabel(scriptId, 'The "scriptId" argument')
    const { globals, ...options } = readContextOptions(given, this.#defaults)
    if (this.#closing)
      throw notRun('ERR_ENGINE_CLOSED', 'the engine is closed: it makes no contexts any more', scriptId)
    const initial = globals && encodeNamed(globals, 'options.globals')
    const admit = (run) => this.#admit(run)
    const leave = (run, end) => {
      this.#stats.count(end)
      this.#leave(run)
    }
    const execute = (run) => this.#execute(run)
    return contextOf({ admit, leave, execute, scriptId, options, initial })
  }

  stats() {
    return this.#stats.read()
  }

  resetStats() {
    this.#stats.reset()
  }

  async close(options) {
    const { timeout } = readCloseOptions(options)
    this.#closing ??= closing()
    this.#closeIfIdle()
    const timer = setTimeout(() => this.#killAll(), timeout)
    await this.#closing.promise
    clearTimeout(timer)
  }

  /** All of them or none. */
  #addModules(modules) {
    if (this.#closing) throw notRun('ERR_ENGINE_CLOSED', 'the engine is closed: it takes no modules any more')
    for (const { name } of modules) {
      if (!this.#modules.has(name)) continue
      throw valueError(`The "name" argument must be new. Received '${name}', of which there is a module already`)
    }
    const failure = this.#native.addModules(modules)
    if (failure) throw new LuaError(failure)
    for (const { name } of modules) this.#modules.add(name)
  }

  /** Accepts a run that has to wait for something before it can be queued: closing the engine waits for it. */
  #admit(run) {
    if (this.#closing) {
      this.#stats.count('rejected')
      throw notRun('ERR_ENGINE_CLOSED', 'the engine is closed: it runs nothing any more', run.scriptId)
    }
    run.admitted = true
    this.#admitted += 1
  }

  /** Takes an accepted run out, because it is queued now, or because it is not going to be. */
  #leave(run) {
    if (!run.admitted) return
    run.admitted = false
    this.#admitted -= 1
    if (this.#closing) this.#closeIfIdle()
  }

  #closeIfIdle() {
    if (this.#runs.size + this.#admitted === 0) this.#closed()
  }

  #killAll() {
    this.#killed = true
    this.#native.killAll()
  }

  /** What a call asks for, but for its code. */
  #prepare(scriptId, options, read = readRunOptions) {
    checkLabel(scriptId, 'The "scriptId" argument')
    // The native engine knows the defaults: without options there is nothing to convert.
    if (options === undefined) return { scriptId, options: this.#defaults }
    const limits = read(options, this.#defaults)
    return { scriptId, options: limits, limits, exchange: exchangeOf(limits) }
  }

  async #execute(run) {
    if (!isTraced()) return this.#outcome(run)
    const context = { scriptId: run.scriptId, name: run.name, engine: this }
    return traced(() => this.#outcome(run, context), context)
  }

  async #outcome(run, context) {
    const { text, values, failure, error } = await this.#begin(run)
    if (context && run.usage) context.stats = run.usage
    // Made here, after the await, so that its stack names the caller that awaits.
    if (failure) throw new LuaError(failure, run.scriptId, run.causes)
    if (error) throw error.reason
    if (!values) return text
    const returned = decode(values, run.options)
    return { value: returned[0], values: returned, output: text, stats: run.usage }
  }

  /** Starts a run, and says so when nothing was started. */
  #begin(run) {
    try {
      return this.#start(run)
    } finally {
      if (run.engine === undefined) run.gone?.()
      this.#leave(run)
    }
  }

  /** Resolves with what came of the run; anything that happens to it afterwards is nobody's business. */
  #start(run) {
    const { signal, queueTimeout } = run.options
    if (signal?.aborted) {
      this.#stats.count('aborted')
      return { error: { reason: signal.reason } }
    }
    if (this.#killed || (this.#closing && !run.admitted)) {
      return this.#refuse('ERR_ENGINE_CLOSED', 'the engine is closed: it runs nothing any more')
    }
    return new Promise((resolve) => {
      this.#lastRunId += 1
      const runId = this.#lastRunId
      const queued = this.#native.run(runId, run.code, run.scriptId, run.name, run.limits, run.exchange, run.context)
      this.#noteQueue(queued)
      if (queued < 0) {
        const message = `the queue is full: ${this.#maxQueue} runs wait (maxQueue); nothing was run`
        resolve(this.#refuse('ERR_QUEUE_FULL', message))
        return
      }
      // After the call, which may throw: nothing settles before it returns.
      run.code = run.exchange = undefined
      run.engine = this
      run.resolve = resolve
      this.#runs.set(runId, run)
      if (signal) run.unwatch = onAbort(signal, () => this.#abort(runId, run))
      if (queueTimeout) run.timer = setTimeout(() => this.#native.expire(runId), queueTimeout).unref()
    })
  }

  #refuse(code, message) {
    this.#stats.count('rejected')
    return { failure: { code, message, output: '' } }
  }

  #abort(runId, run) {
    this.#conclude(run, 'aborted', { error: { reason: run.options.signal.reason } })
    this.#native.kill(runId)
  }

  // What the native engine and the timer call. Each is made in a scope of its own, and holds nothing but its argument:
  // whatever holds an engine, native or not, would keep it from being garbage-collected.

  static #warmerOf(native) {
    return () => native.warmUp()
  }

  static #drainerOf(weak) {
    return () => weak.deref()?.#drained()
  }

  /** The native engine's `settle`. A run holds its engine only while it is in flight. */
  static #settlerOf(runs) {
    return (runId, text, values, failure, queueTime, runTime, cpuTime, slices, peakMemory) => {
      const run = runs.get(runId)
      runs.delete(runId)
      run.usage = { queueTime, runTime, cpuTime, peakMemory, slices }
      run.engine.#settle(run, { text, values, failure })
    }
  }

  /** The native engine's `call`. */
  static #callerOf(runs) {
    return (runId, number, args) => {
      const run = runs.get(runId)
      run.engine.#call(runId, run, number, args)
    }
  }

  /** A script calls an exposed function, and waits for the answer. */
  #call(runId, run, number, args) {
    if (run.concluded) return
    run.controller ??= new AbortController()
    run.host ??= Object.freeze({ scriptId: run.scriptId, signal: run.controller.signal })
    // An answer that comes after the end of the run is nobody's business.
    const answer = (bytes) => run.concluded || this.#native.answer(runId, bytes)
    const fail = (error) => {
      if (run.concluded) return
      run.causes ??= new Causes()
      this.#native.fail(runId, messageOf(error), run.causes.keep(error))
    }
    callFunction(this.#functions[number], run.host, args, answer, fail)
  }

  /** The native engine is done with a run. */
  #settle(run, outcome) {
    const began = run.usage.slices > 0
    if (began) this.#stats.record(run.usage)
    if (!run.concluded) this.#conclude(run, endOf(outcome.failure, began), outcome)
    run.gone?.()
    if (this.#closing) this.#closeIfIdle()
    else if (this.#runs.size === 0) this.#idleTimer?.refresh()
  }

  /** Settles the promise of a run: once, and nothing of it is left with its signal or its timer. */
  #conclude(run, end, outcome) {
    run.concluded = true
    this.#stats.count(end)
    run.unwatch?.()
    clearTimeout(run.timer)
    // For functions of the host's that are still at work for it.
    if (end !== 'completed') run.controller?.abort(new Error(`the run of '${run.scriptId}' has ended`))
    run.resolve(outcome)
    if (debug.enabled) debug('%s: %s %s', run.scriptId, outcome.failure?.code ?? end, JSON.stringify(run.usage) ?? '')
    if (outcome.failure?.code === 'ERR_INTERNAL' && this.listenerCount('error') > 0) {
      this.#tell('error', new LuaError(outcome.failure, run.scriptId))
    }
  }

  /** Says so when the queue has just filled: `queued` runs wait, or, when negative, one more was refused. */
  #noteQueue(queued) {
    if (this.#full || (queued >= 0 && queued < Math.max(1, this.#maxQueue))) return
    this.#full = true
    this.#native.watchDrain()
    this.#tell('full')
  }

  #drained() {
    this.#full = false
    this.#tell('drain')
  }

  /** In a tick of its own: what a listener throws is no run's failure. */
  #tell(event, ...values) {
    process.nextTick(() => this.emit(event, ...values))
  }

  #closed() {
    clearTimeout(this.#idleTimer)
    this.#native.close()
    // After the promises of the last runs, which settle in a few microtasks.
    setImmediate(this.#closing.resolve)
  }
}

closeAtDispose(Engine)

/** How statistics call the end of a run that the native engine settled. */
function endOf(failure, began) {
  if (!failure) return 'completed'
  if (failure.code === 'ERR_LUA_TIMEOUT') return 'timedOut'
  if (!began) return 'rejected'
  return failure.code === 'ERR_ENGINE_CLOSED' ? 'aborted' : 'failed'
}

function closing() {
  let resolve
  const promise = new Promise((settled) => {
    resolve = settled
  })
  return { promise, resolve }
}

module.exports = { Engine }
