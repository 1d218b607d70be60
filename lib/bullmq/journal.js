// What a job tells while its script runs: rows of its log, and its progress. It is written beside the run, and all of it
// before the job ends.
'use strict'

const { setTimeout: pause } = require('node:timers/promises')
const { debug } = require('../diagnostics')
const { escaped } = require('../error-report')

/** So many rows has the log of a run, and so many characters; what came after them is counted in one more row. */
const MAX_ROWS = 1000
const MAX_LOG = 256 * 1024

/** So many rows of a job are on their way at once: to send one takes time of the event loop, and there are many jobs. */
const BATCH = 10

/** Progress is written at most once in so many ms. */
const INTERVAL = 100

class Journal {
  #job
  #rows = 0
  #characters = 0
  #dropped = 0
  // Rows that are not written; and what writes them.
  #waiting = []
  #writingRows
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
    const row = this.#isFull ? undefined : rowOf(entry)
    if (row === undefined || this.#characters + row.length > MAX_LOG) this.#dropped += 1
    else this.#addRow(row)
  }

  /** Once an entry was dropped, so are all after it. */
  get #isFull() {
    return this.#rows === MAX_ROWS || this.#dropped > 0
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
    const dropped = `${this.#dropped} more log entries were dropped: a job has ${MAX_ROWS}, of ${MAX_LOG} characters in all`
    if (this.#dropped > 0) this.#addRow(dropped)
    this.#ending.abort()
    await Promise.all([this.#writingRows, this.#writing])
  }

  #addRow(row) {
    this.#rows += 1
    this.#characters += row.length
    this.#waiting.push(row)
    this.#writingRows ??= this.#writeRows()
  }

  async #writeRows() {
    while (this.#waiting.length > 0) {
      await Promise.all(this.#waiting.splice(0, BATCH).map((row) => attempt(() => this.#job.log(row))))
    }
    this.#writingRows = undefined
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

/** One line, whatever the script says, and nothing that a terminal would obey. */
function rowOf({ time, level, scriptId, name, line, message, fields }) {
  const place = line === undefined ? name : `${name}:${line}`
  const more = fields === undefined ? '' : ` ${JSON.stringify(fields)}`
  const row = `${new Date(time).toISOString()} ${level} [${scriptId}] ${place}: ${message}${more}`
  return escaped(row).replaceAll('\n', '\\n')
}

module.exports = { Journal }
