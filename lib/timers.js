// Timers of scripts: waits for the next one, and runs what is due.
'use strict'

// Not the globals, which a test runner may have replaced by fake ones.
const { performance } = require('node:perf_hooks')
const { clearTimeout, setTimeout } = require('node:timers')
const { outside } = require('./native')
const { Run } = require('./run')

/** For so long timers are begun in one turn of the event loop, in ms. */
const TURN = 4

class Timers {
  #desk
  #scope
  #capacity
  // What runs that made timers leave to those, by number, as long as there are any.
  #heritages = new Map()
  // What waits for the next timer, and until when.
  #alarm
  #time = Infinity
  #ring = () => {
    this.#forgetAlarm()
    this.fire()
  }
  // How many runs of timers have not ended.
  #running = 0
  #isFiring = false
  #isClosing = false

  /**
   * `desk` is what the engine shares with its runs. What a timer calls of the host's, it calls in `scope`. While the engine
   * closes, so many runs may be in flight for another timer to begin.
   */
  constructor(desk, { scope, capacity }) {
    this.#desk = desk
    this.#scope = scope
    this.#capacity = capacity
  }

  /** Whether closing the engine has to wait. */
  get isBusy() {
    return this.#running > 0 || (this.#isClosing && this.#desk.native.pendingTimers() > 0)
  }

  /** The native engine has something new to tell. */
  hear({ made, gone, next }) {
    const { inFlight } = this.#desk
    for (const run of made) if (inFlight.has(run)) this.#heritages.set(run, inFlight.get(run).heritage)
    for (const run of gone) this.#heritages.delete(run)
    this.#wait(next ?? undefined)
  }

  list() {
    const now = Date.now()
    return this.#desk.native.listTimers().map(({ next, ...timer }) => ({
      ...timer,
      next: next == null ? undefined : new Date(now + next),
    }))
  }

  cancel(id) {
    const cancelled = this.#desk.native.cancelTimer(id)
    this.#hearNews()
    return cancelled
  }

  cancelAll(scriptId) {
    const cancelled = this.#desk.native.cancelTimers(scriptId)
    this.#hearNews()
    return cancelled
  }

  /** The engine closes: what has not run yet runs once more, and nothing else. */
  close() {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#desk.native.closeTimers()
    this.fire()
  }

  /** The engine waits no longer. */
  giveUp() {
    this.#desk.native.cancelTimers()
    this.#hearNews()
  }

  /** Runs what is due, as far as this turn has time for it. */
  fire() {
    // Whatever a run does may lead here again.
    if (this.#isFiring) return
    this.#isFiring = true
    const end = performance.now() + TURN
    try {
      while (this.#hasRoom()) {
        const due = this.#desk.native.takeTimer()
        if (!due) break
        // A thread may have made it just now. Then the run that did so is still in flight.
        if (!this.#heritages.has(due.origin)) this.#hearNews()
        this.#begin(due)
        if (performance.now() >= end) break
      }
    } finally {
      this.#isFiring = false
    }
    this.#hearNews()
  }

  #hasRoom() {
    return !this.#isClosing || this.#desk.inFlight.size < this.#capacity
  }

  #hearNews() {
    this.hear(this.#desk.native.timerNews())
  }

  /** Wakes up in so many ms, if at all. Keeps no process alive. */
  #wait(next) {
    const time = next === undefined ? Infinity : performance.now() + next
    // A timer that is due while there is no room for it is begun when a run has ended.
    const isNeeded = time < Infinity && this.#hasRoom()
    // One that comes too early sets the next.
    if (this.#alarm && isNeeded && this.#time < time + 0.5) return
    this.#forgetAlarm()
    if (!isNeeded) return
    this.#time = time
    // In nobody's async context.
    outside(() => {
      // No immediate, even if it is due: one that keeps no process alive does not wake up the event loop.
      this.#alarm = setTimeout(this.#ring, Math.ceil(next)).unref()
    })
  }

  #forgetAlarm() {
    clearTimeout(this.#alarm)
    this.#alarm = undefined
    this.#time = Infinity
  }

  #begin(due) {
    this.#running += 1
    this.#scope.runInAsyncScope(() => this.#run(due))
  }

  async #run(due) {
    let reason
    try {
      await this.#desk.execute(this.#prepare(due))
    } catch (error) {
      reason = { error }
    }
    this.#running -= 1
    this.#desk.native.timerEnded(due.id, reason !== undefined)
    try {
      if (reason) this.#log(due, reason.error)
    } finally {
      // Many may end in one turn of the event loop, and what is new is asked for once.
      this.#wait(0)
      // Where the engine closes, that has waited for this.
      this.#desk.gone()
    }
  }

  #prepare({ id, scriptId, origin, name, script, premature }) {
    const { native, scripts } = this.#desk
    const { options, limits, own } = this.#heritages.get(origin) ?? { options: this.#desk.defaults }
    const begin = (limits, own, telling) => {
      const code = script == null ? undefined : scripts.codeOf(script)
      return native.runTimer(id, name, limits, own?.functions?.native, own?.modules?.native, code, telling)
    }
    const run = new Run(this.#desk, { scriptId, options, limits, own, begin, isLast: premature })
    return run.take({ name })
  }

  #log({ id, scriptId, name }, error) {
    const { code, line, message, chunk } = wordsOf(error)
    this.#desk.log({
      time: Date.now(),
      level: 'error',
      scriptId,
      name: chunk ?? name,
      line,
      message,
      fields: { timer: id, code },
      run: undefined,
    })
  }
}

/** What an error says, whatever a function of the host's has thrown. */
function wordsOf(error) {
  try {
    const { code, line, message = String(error), chunk } = Object(error)
    return { code, line, message, chunk }
  } catch {
    return { message: 'an error that cannot be shown' }
  }
}

module.exports = { Timers }
