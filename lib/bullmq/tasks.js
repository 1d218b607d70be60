// Which script a job runs, and how: its data may come from anybody.
'use strict'

const { inspect } = require('node:util')
const { notRun, typeError, valueError } = require('../errors')
const { checkLabel, readJobData } = require('../options')
const { checkSource, nativeOf } = require('../source')

class Tasks {
  #engine
  // Names of scripts of the engine, or all of them; or scripts of the processor.
  #allowed = new Set()
  #allowsAll
  #own = new Map()
  #allowsCode
  #run

  constructor(engine, { scripts, allowCode, run }) {
    this.#engine = engine
    this.#allowsAll = scripts === '*'
    this.#allowsCode = allowCode
    // How results come is not left to the engine's values: they become JSON.
    this.#run = { ...run, strings: 'text', tables: run.tables ?? 'object' }
    if (Array.isArray(scripts)) this.#allowed = new Set(scripts)
    else if (!this.#allowsAll) this.#own = compiled(engine, scripts)
  }

  /** Whether no job could run. */
  get isEmpty() {
    return !this.#allowsAll && !this.#allowsCode && this.#allowed.size + this.#own.size === 0
  }

  /** Begins with what a job says, or throws why not. */
  start(job, signal) {
    const data = readJobData(job.data)
    const options = { ...this.#run, timeout: this.#timeoutOf(data), signal: signal ?? undefined }
    return data.code === undefined ? this.#call(data, job.name, options) : this.#runCode(data, options)
  }

  /** A job may ask for less time than it has, never for more. */
  #timeoutOf({ timeout }) {
    const most = this.#run.timeout
    if (timeout === undefined) return most
    if (most === undefined) {
      throw valueError(
        'The "job.data.timeout" property is refused: the processor has no option "timeout" that bounds it',
      )
    }
    return Math.min(timeout, most)
  }

  #runCode({ script, code, scriptId, name, args }, options) {
    if (!this.#allowsCode) {
      throw notRun('ERR_SCRIPT_DENIED', 'this processor runs no code that jobs carry (allowCode); nothing was run')
    }
    if (script !== undefined) throw valueError('The "job.data" property must have "script" or "code", not both')
    if (scriptId === undefined) throw typeError('The "job.data.scriptId" property is missing: code runs under an id')
    return this.#engine.run(code, scriptId, { ...options, name, args })
  }

  #call({ script, scriptId, name, args }, jobName, options) {
    const called = script ?? jobName
    checkLabel(called, script === undefined ? 'The "job.name" property' : 'The "job.data.script" property')
    if (name !== undefined)
      throw valueError('The "job.data.name" property is for code; a named script has its own name')
    const own = this.#own.get(called)
    if (own) return this.#engine.run(own, scriptId ?? called, { ...options, args })
    if (!this.#allowsAll && !this.#allowed.has(called)) {
      throw notRun('ERR_SCRIPT_DENIED', `this processor runs no script ${inspect(called)}; nothing was run`)
    }
    if (scriptId !== undefined) {
      throw valueError('The "job.data.scriptId" property is refused: a named script of the engine has its own scriptId')
    }
    const { maxSource: _, ...call } = options
    return this.#engine.callScript(called, args, call)
  }
}

/** Compiled once: what does not compile is told before there are jobs. */
function compiled(engine, scripts) {
  return new Map(
    Object.entries(scripts).map(([name, source]) => {
      checkLabel(name, 'A name in the "options.scripts" property')
      if (nativeOf(source)) return [name, source]
      checkSource(source, `options.scripts.${name}`, ', or a Script')
      return [name, engine.compile(source, { name })]
    }),
  )
}

module.exports = { Tasks }
