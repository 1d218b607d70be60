// The context in which `moonpool repl` evaluates: made anew when a limit or Ctrl-C has ended it.
'use strict'

const { readFileSync } = require('node:fs')
const path = require('node:path')
const { KEYWORDS } = require('./lexer')
const { asUsage } = require('./engine')

/** The name of code that errors and tracebacks do not tell of. */
const OURS = '[moonpool]'

const FIXED = { name: 'stdin', functions: true }

/** What is no script's does not end by the limits of scripts. */
const OWN = { timeout: 5000 }

class Session {
  #engine
  #id
  #limits
  #script
  #context
  #functions

  constructor(engine, id, limits) {
    this.#engine = engine
    this.#id = id
    this.#limits = limits
    const source = readFileSync(path.join(__dirname, 'session.lua'))
    this.#script = engine.compile(source, { name: OURS })
  }

  /** Begins with fresh globals. */
  async begin() {
    await this.#context?.close()
    this.#context = asUsage(() => this.#engine.createContext(this.#id, { ...this.#limits, ...FIXED }))
    const { value } = await this.#context.run(this.#script, { ...OWN, args: [[...KEYWORDS]] })
    this.#functions = value
  }

  /** Whether a run was stopped, and the globals are gone. */
  get isOver() {
    return this.#context.isClosed
  }

  /** Evaluates a chunk. Resolves with its values as text, or undefined when there are none. */
  async evaluate(code, options) {
    return (await this.#functions.evaluate.apply([code], options)).value
  }

  /** The names that may follow a path of names. */
  async namesIn(names) {
    return (await this.#functions.complete.apply([names], OWN)).value
  }
}

module.exports = { Session }
