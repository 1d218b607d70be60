// What a job tells while its script runs: rows of its log, and its progress. It is written beside the run, and all of it
// before the job ends.
'use strict'

const { setTimeout: pause } = require('node:timers/promises')
const { debug } = require('../diagnostics')
const { escaped } = require('../error-report')

/** So many rows has the log of a run; what came after them is counted in one more. */
const MAX_ROWS = 1000

/** Progress is written at most once in so many ms. */
const INTERVAL = 100

class Journal {
  #job
  #writes = []
  #rows = 0
  #dropped = 0
  // The last progress, while it is not written; and what writes it.
  #latest
  #writing
  #ending = new AbortController()
  #ended

  constructor(job) {
    this.#job = job
  }

  /** Timers of a script may run when its job is over. */
  get hasEnded() {
    return this.#ended !== undefined
  }

  log(entry) {
    if (this.hasEnded) return
    if (this.#rows === MAX_ROWS) this.#dropped += 1
    else this.#addRow(rowOf(entry))
  }

  progress(value) {
    this.#latest = { value }
    this.#writing ??= this.#writeProgress()
  }

  /** Resolves when everything is written. */
  end() {
    this.#ended ??= this.#end()
    return this.#ended
  }

  async #end() {
    if (this.#dropped > 0) this.#addRow(`${this.#dropped} more log entries were dropped: a job has ${MAX_ROWS}`)
    this.#ending.abort()
    await Promise.all([...this.#writes, this.#writing])
  }

  /** Rows are sent at once, and keep their order on the connection. */
  #addRow(row) {
    this.#rows += 1
    this.#writes.push(attempt(() => this.#job.log(row)))
  }

  async #writeProgress() {
    while (this.#latest) {
      const { value } = this.#latest
      this.#latest = undefined
      await attempt(() => this.#job.updateProgress(value))
      await pause(INTERVAL, undefined, { signal: this.#ending.signal }).catch(() => {})
    }
    this.#writing = undefined
  }
}

/** A job does not fail because a row is lost: it may have been removed meanwhile. */
async function attempt(write) {
  try {
    await write()
  } catch (error) {
    debug('the log of a job: %s', error)
  }
}

/** One line, whatever the script says. */
function rowOf({ time, level, scriptId, name, line, message, fields }) {
  const place = line === undefined ? name : `${name}:${line}`
  const more = fields === undefined ? '' : ` ${JSON.stringify(fields)}`
  const text = escaped(message).replaceAll('\n', '\\n')
  return `${new Date(time).toISOString()} ${level} [${scriptId}] ${place}: ${text}${more}`
}

module.exports = { Journal }
