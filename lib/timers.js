// Timers of scripts: waits for the next one, and runs what is due.
'use strict'

// Not the globals, which a test runner may have replaced by fake ones.
const { performance } = require('node:perf_hooks')
const { clearTimeout, setTimeout } = require('node:timers')
const { outside } = require('./native')
const { Run } = require('./run')

/** For so long timers are begun in one turn of the event loop, in ms. */
const TURN = 4

// Flags of a timer that is due, as the native engine says them.
const PREMATURE = 1
const NOT_PLAIN = 2

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
  // What is told of a timer that is due: its number, that of the run that made it, and flags.
  #due = new Float64Array(3)
  #takeTimer
  #runPlainTimer
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
    this.#takeTimer = desk.native.timerTaker()
    this.#runPlainTimer = desk.native.plainTimers()
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
    try {
      this.#scope.runInAsyncScope(this.#beginDue, this)
    } finally {
      this.#isFiring = false
    }
    this.#hearNews()
  }

  #beginDue() {
    const end = performance.now() + TURN
    while (this.#hasRoom()) {
      const due = this.#take()
      if (!due) break
      // A thread may have made it just now. Then the run that did so is still in flight.
      if (!this.#heritages.has(due.origin)) this.#hearNews()
      this.#begin(due)
      if (performance.now() >= end) break
    }
  }

  #take() {
    const scriptId = this.#takeTimer(this.#due)
    if (scriptId === undefined) return undefined
    const [id, origin, flags] = this.#due
    const names = flags & NOT_PLAIN ? this.#desk.native.timerNames(id) : undefined
    return { id, scriptId, origin, names, isPremature: (flags & PREMATURE) !== 0 }
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
    let run
    try {
      run = this.#prepare(due)
    } catch (error) {
      this.#ended(due, undefined, { error })
      return
    }
    this.#desk.begin(run, (failed) => this.#ended(due, run, failed))
  }

  /** The run of a timer has ended, or could not begin. The native engine knows, if it had that. */
  #ended(due, run, failed) {
    this.#running -= 1
    if (!run?.usage) {
      this.#desk.native.timerEnded(due.id)
      // Many may end in one turn of the event loop, and what is new is asked for once.
      this.#wait(0)
    }
    if (failed) this.#scope.runInAsyncScope(this.#log, this, due, failed.error)
    // Where the engine closes, that has waited for this.
    this.#desk.gone()
  }

  #prepare({ id, scriptId, origin, names, isPremature }) {
    const { native, scripts } = this.#desk
    const { options, limits, own } = this.#heritages.get(origin) ?? { options: this.#desk.defaults }
    const begin = (limits, own, telling) => {
      if (!names && !limits && !own && !telling) return this.#runPlainTimer(id)
      const code = names?.script == null ? undefined : scripts.codeOf(names.script)
      return native.runTimer(id, limits, own?.functions?.native, own?.modules?.native, code, telling)
    }
    const run = new Run(this.#desk, { scriptId, options, limits, own, begin, isLast: isPremature })
    return run.take({ name: names?.name ?? scriptId })
  }

  #log({ id, scriptId, names }, error) {
    const { code, line, message, chunk } = wordsOf(error)
    this.#desk.log({
      time: Date.now(),
      level: 'error',
      scriptId,
      name: chunk ?? names?.name ?? scriptId,
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
