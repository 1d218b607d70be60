// For tests of scripts: an engine whose host functions are fakes that record their calls, and whose clock stands still.
'use strict'

const { inspect } = require('node:util')
const { closeAtDispose } = require('./dispose')
const { Engine, insideOf } = require('./engine')
const { LuaError, shown, typeError } = require('./errors')
const { Fakes, Sequence } = require('./fakes')
const { checkObject, checkTesterOptions } = require('./options')
const { NOW, REPEATS, timeOf } = require('./repeats')
const { summaryOf } = require('./summary')

/** What time it is when nobody says it. */
const BEGINNING = Date.UTC(2000, 0, 1)

/** The clock of a tester: what its runs begin with. */
class Clock {
  #beginning
  #now

  constructor(beginning) {
    this.#beginning = this.#now = beginning
  }

  get now() {
    return this.#now
  }

  set(time) {
    this.#now = checked(time, 'The "time" argument')
  }

  advance(ms) {
    if (typeof ms !== 'number') throw typeError(`The "ms" argument must be a number. Received ${shown(ms)}`)
    this.#now = checked(this.#now + ms, 'The time after that')
  }

  reset() {
    this.#now = this.#beginning
  }
}

function checked(time, what) {
  NOW.check(time, what)
  return timeOf(time)
}

class Tester {
  #engine
  #fakes
  #modules
  #sources
  #seed
  #clock
  // Since it was made, or reset: what a run calls that began before is told to nobody.
  #calls = []

  constructor(options = {}) {
    checkTesterOptions(options, ['functions', 'modules', 'now', 'seed'])
    const { functions = {}, modules = {}, now = BEGINNING, seed = 1, ...rest } = options
    REPEATS.seed.check(seed, 'The "options.seed" property')
    this.#clock = new Clock(checked(now, 'The "options.now" property'))
    this.#fakes = new Fakes(functions)
    this.#engine = new Engine(rest)
    this.#sources = modules
    this.#modules = insideOf(this.#engine).modules.set(modules, 'options.modules')
    this.#seed = seed
  }

  get engine() {
    return this.#engine
  }

  get clock() {
    return this.#clock
  }

  /** The calls of all runs since the beginning, in the order in which they were made. */
  get calls() {
    return [...this.#calls]
  }

  async run(code, scriptId = 'test', options = {}) {
    checkObject(options)
    if (options.host !== undefined) {
      throw typeError(
        'The "options.host" property cannot be given to a tester: give functions to createTester, or to fake',
      )
    }
    const [all, calls] = [this.#calls, []]
    const host = this.#fakes.record((call) => {
      calls.push(call)
      all.push(call)
    })
    const { now = this.#clock.now, seed = this.#seed, modules = this.#modules } = options
    try {
      const result = await this.#engine.run(code, scriptId, { ...options, now, seed, modules, host })
      return { ...result, calls }
    } catch (error) {
      throw this.#explained(error, code, options.name ?? scriptId)
    }
  }

  fake(name, what) {
    this.#fakes.set(name, what)
  }

  state(scriptId = 'test') {
    return this.#engine.state(scriptId)
  }

  async reset() {
    this.#calls = []
    this.#engine.cancelTimers()
    this.#fakes.reset()
    this.#clock.reset()
    for await (const owner of this.#engine.stateOwners()) await this.#engine.state(owner).clear()
    await insideOf(this.#engine).shared.clear()
    for (const grant of await this.#engine.grants()) await this.#engine.revoke(grant)
  }

  close(options) {
    return this.#engine.close(options)
  }

  [inspect.custom](depth, options, show) {
    return summaryOf('Tester', #engine in this ? this.#summary() : {}, depth, options, show)
  }

  #summary() {
    return { now: new Date(this.#clock.now).toISOString(), calls: this.#calls.length, fakes: this.#fakes.names() }
  }

  /** The error of a script that calls a function which is not faked says so. */
  #explained(error, code, name) {
    if (!(error instanceof LuaError) || error.line === undefined) return error
    const source = error.chunk === name ? code : this.#sources[error.chunk]
    const missing = this.#fakes.missing(error.message, lineOf(source, error.line))
    if (missing === undefined) return error
    const known = this.#fakes.names().join(', ') || 'none'
    const message = `${error.chunk}:${error.line}: host.${missing} is not faked (faked are: ${known})`
    return new Error(`${message}; give it to createTester, or call tester.fake('${missing}', …)`, { cause: error })
  }
}

/** A line of source, from 1; nothing of what is no source. */
function lineOf(source, line) {
  const text = typeof source === 'string' ? source : source instanceof Uint8Array ? Buffer.from(source).toString() : ''
  return text.split('\n')[line - 1] ?? ''
}

closeAtDispose(Tester)

const createTester = (options) => new Tester(options)

/** Answers in turn, one for each call; a call after the last one fails. */
const sequence = (...answers) => new Sequence(answers)

module.exports = { Tester, createTester, sequence }
