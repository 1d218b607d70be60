// The log of an engine: who hears of an entry, and which entries there are.
'use strict'

/** As crates/core/src/bridge/telling.rs has them. */
const LEVELS = ['debug', 'info', 'warn', 'error', 'silent']

class Logs {
  #logger
  #engine
  #level
  #maxLog

  constructor({ logger, logLevel, maxLog }, engine) {
    this.#logger = logger
    this.#level = logLevel
    this.#maxLog = maxLog
    this.#engine = engine
  }

  /** What a run with these options tells while it runs, if that is not what the engine's runs do. */
  tellingOf({ logLevel, maxLog, onOutput }) {
    if (logLevel === this.#level && maxLog === this.#maxLog && onOutput === undefined) return undefined
    return tellingOf(logLevel, maxLog, onOutput !== undefined)
  }

  /** Tells whoever listens of an entry. */
  tell(entry) {
    for (const listener of this.#engine.rawListeners('log')) attempt(() => listener.call(this.#engine, entry))
    if (this.#logger) attempt(() => log(this.#logger, entry))
  }

  /** Tells of an entry that is no script's, if the engine's level lets it through. */
  tellOwn(entry) {
    if (LEVELS.indexOf(entry.level) >= LEVELS.indexOf(this.#level)) this.tell(entry)
  }

  get isHeard() {
    return this.#logger !== undefined || this.#engine.listenerCount('log') > 0
  }
}

const tellingOf = (logLevel, maxLog, streams) => ({ level: LEVELS.indexOf(logLevel), maxLog, streams })

/** What a script says stands apart: it cannot pass for something that the host says. */
function log(logger, { level, scriptId, name, line, message, fields, run }) {
  logger[level]({ scriptId, name, line, run, ...(fields === undefined ? {} : { fields }) }, message)
}

/** Calls a function of the host's. What it throws is no run's failure: it is as if nobody had caught it. */
function attempt(call) {
  try {
    call()
  } catch (error) {
    process.nextTick(() => {
      throw error
    })
  }
}

module.exports = { attempt, LEVELS, Logs, tellingOf }
