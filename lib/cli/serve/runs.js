// The runs of the playground: how many there may be, and what is told of each while it happens and when it ends.
'use strict'

const { AsyncLocalStorage } = require('node:async_hooks')
const { subscribe, unsubscribe } = require('node:diagnostics_channel')
const { setTimeout: sleep } = require('node:timers/promises')
const { LuaError } = require('../../errors')
const { usageOf } = require('../engine')
const { OPTIONS, columnOf, stackOf } = require('../failure')
const { Phases } = require('./phases')
const { shownValues } = require('./shown')

/** So many runs may be at work at once: of one page, and of all. */
const OF_A_PAGE = 3
const OF_ALL = 12

/** So much of what a run writes is shown, in UTF-16 units; so many of its log entries; so much of each. */
const MAX_OUTPUT = 128 * 1024
const MAX_ENTRIES = 500
const MAX_ENTRY = 2000

/** How often it is told what a run does, and whether its timers are done, in ms. */
const OFTEN = 50

const STARTED = 'tracing:moonpool.run:start'
const SETTLED = 'moonpool.run.settled'

class Runs {
  // Of which run it is that something is told.
  #current = new AsyncLocalStorage()
  #engine
  #limits
  #phases
  #count = 0
  // Those that are at work, by their number.
  #runs = new Map()
  // The run that is just being asked for; and who waits for what a run has taken, by what the channels tell of it.
  #beginning
  #settling = new Map()

  constructor(engine, limits) {
    this.#engine = engine
    this.#limits = limits
    this.#phases = new Phases(engine)
    subscribe(STARTED, this.#started)
    subscribe(SETTLED, this.#settled)
  }

  /** A run that may begin, unless there are too many; `send` is given what happens in it. */
  begin({ code, id, page }, send) {
    const ofThisPage = [...this.#runs.values()].filter((run) => run.page === page).length
    if (ofThisPage >= OF_A_PAGE || this.#runs.size >= OF_ALL) return undefined
    const number = ++this.#count
    const controller = new AbortController()
    // In messages and for statistics: no other run has this name.
    const name = `run-${number}.lua`
    const run = { number, name, code, id, page, send, signal: controller.signal, entries: 0 }
    this.#runs.set(number, run)
    const stop = () => controller.abort(new Error('stopped'))
    run.stop = stop
    return { stop, begin: () => this.#carryOut(run).finally(() => this.#runs.delete(number)) }
  }

  /** Stops a run. Returns whether it was at work. */
  stop(number) {
    const run = this.#runs.get(number)
    run?.stop()
    return run !== undefined
  }

  /** Stops all. What they have taken is not waited for. */
  close() {
    for (const run of this.#runs.values()) run.stop()
    for (const resolve of this.#settling.values()) resolve({ end: 'aborted' })
    this.#settling.clear()
    unsubscribe(STARTED, this.#started)
    unsubscribe(SETTLED, this.#settled)
  }

  /** A script has logged something. */
  hear({ name, level, line, message, fields, scriptId }) {
    const run = this.#current.getStore() ?? this.#runOf(name, scriptId)
    if (!run || run.entries > MAX_ENTRIES) return
    run.entries += 1
    if (run.entries > MAX_ENTRIES) return run.send({ type: 'logCut' })
    const text = fields === undefined ? undefined : short(JSON.stringify(fields))
    const place = name === run.name ? { line } : { chunk: name, chunkLine: line }
    run.send({ type: 'log', level, ...place, message: short(message), fields: text })
  }

  /** Whose timer it is: the run of this chunk; or for a module, the last one that began for this id. */
  #runOf(name, id) {
    let last
    for (const run of this.#runs.values()) {
      if (run.name === name) return run
      if (run.id === id) last = run
    }
    return last
  }

  /** Those of timers have the same name, and are others. */
  #started = (context) => {
    if (context.engine !== this.#engine || !this.#beginning) return
    this.#settling.set(context, this.#beginning)
    this.#beginning = undefined
  }

  #settled = (context) => {
    const resolve = this.#settling.get(context)
    if (resolve) resolve({ end: context.end, stats: context.stats })
    this.#settling.delete(context)
  }

  async #carryOut(run) {
    const { send, name, number } = run
    send({ type: 'begun', run: number, name })
    const output = new Output(send)
    const ending = this.#outcomeOf(run, output)
    const phases = this.#phases.watch(run.id)
    const tell = () => send({ type: 'trace', ...phases.take() })
    const timer = setInterval(tell, OFTEN)
    try {
      const outcome = await ending
      phases.end()
      tell()
      output.end()
      send({ type: 'end', ...outcome, timers: this.#timersOf(run).length })
    } finally {
      phases.end()
      clearInterval(timer)
    }
    await this.#timersEnd(run)
  }

  /** What came of it: how it ended, what it took, and what it has returned, or its error. */
  async #outcomeOf(run, output) {
    const { code, id, name, signal } = run
    const own = { name, signal, tables: 'map', strings: 'buffer', onOutput: (text) => output.write(text) }
    const settled = new Promise((resolve) => {
      this.#beginning = resolve
    })
    const running = this.#current.run(run, () => this.#engine.run(code, id, { ...this.#limits, ...own }))
    this.#beginning = undefined
    try {
      const { values } = await running
      return { ...(await settled), returned: shownValues(values) }
    } catch (error) {
      if (error === signal.reason) return settled
      if (error instanceof LuaError) return { ...(await settled), error: shownError(error, code, name) }
      // Nothing of it was run.
      return { end: 'rejected', error: { message: usageOf(error).message, code: error.code } }
    }
  }

  /** Its timers are part of it, as long as the page is there. */
  async #timersEnd(run) {
    let timers = this.#timersOf(run)
    if (timers.length === 0) return
    while (timers.length > 0 && !run.signal.aborted) {
      await sleep(OFTEN, undefined, { signal: run.signal }).catch(() => {})
      timers = this.#timersOf(run)
    }
    for (const { id } of timers) this.#engine.cancelTimer(id)
    run.send({ type: 'over' })
  }

  #timersOf({ name }) {
    return this.#engine.timers().filter((timer) => timer.name === name)
  }
}

/** What a run writes, up to a bound. */
class Output {
  #send
  #left = MAX_OUTPUT
  #cut = 0

  constructor(send) {
    this.#send = send
  }

  write(text) {
    const shown = text.slice(0, this.#left)
    this.#left -= shown.length
    if (shown !== '') this.#send({ type: 'output', text: shown })
    if (shown.length < text.length) this.#cut += Buffer.byteLength(text.slice(shown.length))
  }

  end() {
    if (this.#cut > 0) this.#send({ type: 'cut', bytes: this.#cut })
  }
}

const short = (text) => (text.length > MAX_ENTRY ? `${text.slice(0, MAX_ENTRY)}…` : text)

/** An error as the page shows it. The column and the size are in bytes of the line, from 0. */
function shownError(error, code, name) {
  const { message, chunk, line, limit, luaStack } = error
  const isHere = chunk === name
  const place = isHere ? { line, ...columnOf(error, code) } : { chunk, chunkLine: line }
  const prefix = `${name}:${line}: `
  return {
    message: short(isHere && message.startsWith(prefix) ? message.slice(prefix.length) : message),
    code: error.code,
    ...place,
    ...(luaStack === undefined ? {} : { stack: short(stackOf(error).replaceAll(`${name}:`, 'line ')) }),
    ...(OPTIONS[limit] === undefined ? {} : { option: OPTIONS[limit] }),
  }
}

module.exports = { MAX_ENTRIES, MAX_OUTPUT, OF_A_PAGE, Runs }
