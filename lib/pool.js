// A pool of contexts: calls borrow one, first come, first served; what has ended is replaced.
'use strict'

const { AsyncLocalStorage } = require('node:async_hooks')
// Not the globals, which a test runner may have replaced by fake ones.
const { clearTimeout, setTimeout } = require('node:timers')
const { performance } = require('node:perf_hooks')
const { inspect } = require('node:util')
const { onAbort, reasonOf } = require('./abort')
const { start, whenIdle } = require('./context')
const { aboutOf, namedCallOf, runOf } = require('./context-call')
const { debug } = require('./diagnostics')
const { closeAtDispose } = require('./dispose')
const { LuaError, shown, typeError } = require('./errors')
const { messageOf } = require('./host-error')
const { readPoolUseOptions } = require('./options')
const { resolvable } = require('./run')
const { Scope } = require('./scope')
const { summaryOf } = require('./summary')
const { awaits, isAwaitedBy, isInside, wait } = require('./waits')

/** The setup that one is inside of. */
const settingUp = new AsyncLocalStorage()

class ContextPool {
  #make
  #count
  // Of the engine: what it calls when it is closed, for calls that wait, and for setup.
  #whenClosed
  #about
  #size
  #setup
  #setupTimeout
  #maxPending
  // Places for contexts, `size` at most: each is being prepared, idle, or in use.
  #slots = new Set()
  #preparing = 0
  #idle = []
  // Those who wait for a context, in their order.
  #waiting = new Set()
  // Contexts of an earlier one are not used any more.
  #generation = 0
  // Contexts that are being closed.
  #ending = new Set()
  #closing
  // The async context in which it was made: setup is nobody's call.
  #scope = new Scope('moonpool.pool')

  constructor(parts, token) {
    if (token !== MADE_HERE) throw typeError('A ContextPool cannot be constructed. Use engine.createPool(scriptId)')
    this.#make = parts.make
    this.#count = parts.count
    this.#whenClosed = parts.whenClosed
    this.#about = aboutOf(parts.scriptId, parts.options)
    this.#size = parts.size
    this.#setup = parts.setup
    this.#setupTimeout = parts.setupTimeout
    this.#maxPending = parts.maxPending
    this.#fill()
  }

  get scriptId() {
    return this.#about.scriptId
  }

  get size() {
    return this.#size
  }

  get idle() {
    return this.#idle.length
  }

  get pending() {
    return this.#waiting.size
  }

  get isClosed() {
    return this.#closing !== undefined
  }

  async run(code, options) {
    return this.#perform(runOf(code, options, this.#about))
  }

  async call(name, ...args) {
    return this.#perform(namedCallOf(name, args, undefined, this.#about))
  }

  async apply(name, args = [], options = {}) {
    return this.#perform(namedCallOf(name, args, options, this.#about))
  }

  async use(act, given) {
    if (typeof act !== 'function') throw typeError(`The "act" argument must be a function. Received ${shown(act)}`)
    const slot = await this.#borrow(readPoolUseOptions(given, this.#about.options))
    return this.#hold(slot, act)
  }

  replace() {
    if (this.#closing) throw this.#refusal('ERR_CONTEXT_CLOSED', 'the pool is closed: it replaces nothing any more')
    // Otherwise each setup could bring about the next one, for ever.
    const setup = settingUp.getStore()
    if (setup?.pool === this && !setup.over) throw this.#refusal('ERR_CONTEXT_BUSY', `${BUSY}; replace() did nothing`)
    this.#generation += 1
    for (const slot of [...this.#slots]) if (!slot.inUse) this.#discard(slot)
    this.#fill()
  }

  async drain() {
    this.#checkNotInside('drain')
    this.#begin()
    await this.#closing.promise
  }

  async close() {
    this.#checkNotInside('close')
    this.#begin()
    const why = 'the pool was closed before a context was free; nothing was run'
    for (const borrower of [...this.#waiting]) borrower.refuse(this.#refusal('ERR_CONTEXT_CLOSED', why))
    await this.#closing.promise
  }

  /** Who runs in its contexts, whether it takes calls, and how many contexts and calls it has. */
  [inspect.custom](depth, options, show) {
    return summaryOf('ContextPool', #make in this ? this.#summary() : {}, depth, options, show)
  }

  #summary() {
    const { scriptId, size, idle, pending, isClosed } = this
    return { scriptId, state: isClosed ? 'closed' : 'open', size, idle, pending }
  }

  #checkNotInside(name) {
    if (isAwaitedBy(this)) throw this.#refusal('ERR_CONTEXT_BUSY', `${BUSY}; ${name}() did nothing`)
  }

  #refusal(code, message, limit) {
    return new LuaError({ code, message, limit, output: '' }, this.scriptId)
  }

  // Borrowing.

  async #perform(call) {
    const { options } = call
    const begun = performance.now()
    let slot
    try {
      slot = await this.#borrow(options)
    } catch (error) {
      this.#count(isAborted(options.signal) ? 'aborted' : 'rejected')
      throw error
    }
    if (options.queueTimeout !== undefined) {
      options.queueTimeout = Math.max(1, options.queueTimeout - (performance.now() - begun))
    }
    return this.#hold(slot, (context) => start(context, call))
  }

  /** Lets somebody use a context, who cannot borrow another one of this pool meanwhile. */
  #hold(slot, act) {
    return new Promise((resolve) => {
      wait(this, (held) => resolve(this.#holdUntilDone(slot, act, held)))
    })
  }

  async #holdUntilDone(slot, act, held) {
    try {
      return await act(slot.context)
    } finally {
      held.end()
      this.#giveBack(slot)
    }
  }

  /** A slot whose context is for the caller alone, now or when it is the caller's turn. */
  async #borrow({ signal, queueTimeout }) {
    if (signal?.aborted) throw reasonOf(signal)
    if (this.#closing) throw this.#refusal('ERR_CONTEXT_CLOSED', 'the pool is closed; nothing was run')
    if (isInside(this)) throw this.#refusal('ERR_CONTEXT_BUSY', `${BUSY}; nothing was run`)
    const slot = this.#takeIdle()
    if (slot) return slot
    if (isAwaitedBy(this)) throw this.#refusal('ERR_CONTEXT_BUSY', `${CIRCLE}; nothing was run`)
    if (this.#waiting.size >= this.#maxPending) {
      const why = `the pool's queue is full: ${this.#maxPending} calls wait (maxPending); nothing was run`
      throw this.#refusal('ERR_QUEUE_FULL', why, 'maxPending')
    }
    const turn = this.#wait(signal, queueTimeout)
    awaits(this, () => turn.catch(() => {}))
    this.#meetDemand()
    return turn
  }

  /** Waits for a context until a signal is aborted, or for so long. */
  #wait(signal, queueTimeout) {
    return new Promise((resolve, reject) => {
      const borrower = new Borrower(this.#waiting, resolve, (error) => {
        reject(error)
        this.#noticeEnd()
      })
      const closed = 'the engine was closed before a context was free; nothing was run'
      borrower.unlessClosed(this.#whenClosed, () => this.#refusal('ERR_ENGINE_CLOSED', closed))
      if (queueTimeout !== undefined) {
        const why = `the call waited for a context of the pool longer than its queueTimeout of ${queueTimeout} ms; nothing was run`
        borrower.until(queueTimeout, () => this.#refusal('ERR_QUEUE_TIMEOUT', why, 'queueTimeout'))
      }
      if (signal) borrower.watch(signal)
    })
  }

  #takeIdle() {
    for (;;) {
      const slot = this.#idle.pop()
      if (!slot) return undefined
      if (!slot.context.isClosed) {
        slot.inUse = true
        return slot
      }
      this.#discard(slot)
    }
  }

  /** The context goes to whoever is next, once its runs are gone: one that was stopped may still end it. */
  async #giveBack(slot) {
    if (slot.context.pending > 0) await whenIdle(slot.context)
    slot.inUse = false
    if (slot.context.isClosed || slot.generation !== this.#generation) {
      this.#discard(slot)
      this.#fill()
    } else this.#offer(slot)
    this.#noticeEnd()
  }

  #offer(slot) {
    const [next] = this.#waiting
    if (next) next.accept(slot)
    else this.#idle.push(slot)
  }

  // Contexts, from their setup to their end.

  /** Prepares as many contexts as there are places; when the pool is being closed, as are waited for. */
  #fill() {
    if (this.#closing) this.#meetDemand()
    else while (this.#slots.size < this.#size) this.#prepare()
  }

  #meetDemand() {
    while (this.#preparing < this.#waiting.size && this.#slots.size < this.#size) this.#prepare()
  }

  #prepare() {
    const slot = { context: undefined, generation: this.#generation, inUse: false, isPreparing: true }
    this.#slots.add(slot)
    this.#preparing += 1
    this.#scope.runInAsyncScope(() => this.#setUp(slot))
  }

  async #setUp(slot) {
    // The host has its pool before setup is called.
    await undefined
    let failure
    try {
      if (this.#slots.has(slot)) {
        slot.context = this.#make()
        await this.#callSetup(slot)
        if (slot.context.isClosed) throw this.#refusal('ERR_CONTEXT_CLOSED', 'the context has ended in setup')
      }
    } catch (error) {
      failure = { error }
    }
    // Otherwise it was replaced meanwhile.
    if (this.#slots.has(slot)) this.#prepared(slot, failure)
  }

  /** Resolves when setup is done, and so are the runs that it has asked for. */
  #callSetup(slot) {
    const setup = this.#setup
    if (!setup) return undefined
    const { context } = slot
    return new Promise((resolve, reject) => {
      wait(this, (held) => {
        const end = (settle, result) => {
          clearTimeout(timer)
          this.#whenClosed.delete(close)
          held.end()
          settle(result)
        }
        const why = `setup took longer than its setupTimeout of ${this.#setupTimeout} ms`
        const expire = () => end(reject, this.#refusal('ERR_LUA_TIMEOUT', why, 'setupTimeout'))
        const timer = setTimeout(expire, this.#setupTimeout)
        slot.forgetSetup = () => end(resolve)
        // Nobody is served by it any more, and a setup that hangs would keep the process alive.
        const close = () =>
          end(reject, this.#refusal('ERR_ENGINE_CLOSED', 'the engine was closed before setup was done'))
        this.#whenClosed.add(close)
        const perform = async () => {
          await this.#performSetup(setup, context)
          await whenIdle(context)
        }
        perform().then(
          () => end(resolve),
          (error) => end(reject, error),
        )
      })
    })
  }

  /** It is over when it says so itself, also where nobody waits for it any more. */
  async #performSetup(setup, context) {
    const inside = { pool: this, over: false }
    try {
      await settingUp.run(inside, setup, context)
    } finally {
      inside.over = true
    }
  }

  /** A context whose setup has failed is not used. Whoever is first hears why; without anybody it is tried again later. */
  #prepared(slot, failure) {
    if (failure) {
      this.#discard(slot)
      const [first] = this.#waiting
      if (first) first.refuse(failure.error)
      else debug('%s: setup of a context of a pool has failed: %s', this.scriptId, messageOf(failure.error))
      this.#meetDemand()
    } else {
      this.#isPrepared(slot)
      this.#offer(slot)
    }
    this.#noticeEnd()
  }

  #isPrepared(slot) {
    if (slot.isPreparing) this.#preparing -= 1
    slot.isPreparing = false
  }

  /** Closes the context of a slot, whose place is free. */
  #discard(slot) {
    this.#isPrepared(slot)
    this.#slots.delete(slot)
    const at = this.#idle.indexOf(slot)
    if (at >= 0) this.#idle.splice(at, 1)
    slot.forgetSetup?.()
    if (slot.context) this.#end(slot.context)
  }

  /** Outside of whoever's call this is: nobody waits for it. */
  async #end(context) {
    this.#ending.add(context)
    try {
      await this.#scope.runInAsyncScope(() => context.close())
    } catch (error) {
      // In a circle of contexts that wait for each other it ends when the pool is forgotten.
      debug('%s: a context of a pool cannot be closed: %s', this.scriptId, error)
    }
    this.#ending.delete(context)
    this.#noticeEnd()
  }

  // The end.

  #begin() {
    this.#closing ??= resolvable()
    this.#noticeEnd()
  }

  #noticeEnd() {
    if (!this.#closing || this.#waiting.size > 0) return
    for (const slot of [...this.#slots]) if (!slot.inUse) this.#discard(slot)
    if (this.#slots.size + this.#ending.size === 0) this.#closing.resolve()
  }
}

/** Somebody who waits for a context, in a set of those who do, until it gives one or refuses. */
class Borrower {
  #waiting
  #resolve
  #reject
  #timer
  #unwatch
  #whenClosed
  #close
  // The async context of the call: the signal is asked in there.
  #scope

  constructor(waiting, resolve, reject) {
    this.#waiting = waiting
    this.#resolve = resolve
    this.#reject = reject
    waiting.add(this)
  }

  until(time, makeError) {
    this.#timer = setTimeout(() => this.refuse(makeError()), time)
  }

  /** Leaves when what is in this set is called. */
  unlessClosed(whenClosed, makeError) {
    this.#whenClosed = whenClosed
    this.#close = () => this.refuse(makeError())
    whenClosed.add(this.#close)
  }

  /** Leaves when the signal is aborted, also while it is asked, or when it throws. */
  watch(signal) {
    this.#scope = new Scope('moonpool.borrow')
    try {
      this.#unwatch = onAbort(signal, () => this.refuse(this.#scope.runInAsyncScope(reasonOf, undefined, signal)))
    } catch (error) {
      this.refuse(error)
    }
    if (!this.#waiting.has(this)) this.#unwatch?.()
  }

  accept(slot) {
    // First: leaving may call the host, which may replace what is not in use.
    slot.inUse = true
    if (this.#leave()) this.#resolve(slot)
  }

  refuse(error) {
    if (this.#leave()) this.#reject(error)
  }

  #leave() {
    clearTimeout(this.#timer)
    if (!this.#waiting.delete(this)) return false
    this.#whenClosed?.delete(this.#close)
    if (this.#unwatch) this.#scope.runInAsyncScope(this.#unwatch)
    return true
  }
}

function isAborted(signal) {
  try {
    return signal?.aborted === true
  } catch {
    return false
  }
}

const BUSY = 'the pool is busy: what makes this call holds one of its contexts, or is its setup'
const CIRCLE = 'the pool is busy: its contexts wait for what makes this call'

const MADE_HERE = Symbol('made by engine.createPool')

const poolOf = (parts) => new ContextPool(parts, MADE_HERE)

closeAtDispose(ContextPool)

module.exports = { ContextPool, poolOf }
