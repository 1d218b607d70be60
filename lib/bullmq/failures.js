// What becomes of a job whose script has failed: it fails for good, it may be tried again, or it is put back.
'use strict'

const { reasonOf } = require('../abort')
const { LuaError } = require('../errors')
const { messageOf } = require('../host-error')
const { peer } = require('../peer')

const { DelayedError, UnrecoverableError } = peer('bullmq', 'moonpool/bullmq', () => require('bullmq'))

/** A second try would end the same way, or do again what the script has done. */
const FOR_GOOD = new Set([
  'ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_ARG_VALUE',
  'ERR_LUA_RESULT',
  'ERR_LUA_SYNTAX',
  'ERR_SCRIPT_DENIED',
  'ERR_SCRIPT_UNKNOWN',
])

/** A script that has used up one of these was stopped for what it did itself. */
const OWN_LIMITS = new Set(['timeout', 'cpuTimeout', 'memoryLimit', 'perId.memory', 'maxOutput', 'stateQuota'])

/** The engine had no place: not the job's fault. */
const NO_PLACE = new Set(['ERR_QUEUE_FULL', 'ERR_QUEUE_TIMEOUT', 'ERR_QUOTA'])

/** When a job that was put back is taken again, in ms, where the engine does not say it. */
const LATER = 1000

/** So much of a message is kept, in characters. */
const MAX_MESSAGE = 4096

class Failures {
  #retryLimits

  constructor({ retryLimits }) {
    this.#retryLimits = retryLimits
  }

  /** What a processor throws because of this. */
  async of(error, { job, token, signal }) {
    if (signal?.aborted) return failure(UnrecoverableError, `the job was cancelled${becauseOf(signal)}`, error)
    if (token !== undefined && isPutBack(error)) {
      await job.moveToDelayed(Date.now() + waitOf(error), token)
      return new DelayedError()
    }
    return failure(this.#isForGood(error) ? UnrecoverableError : Error, textOf(error), error)
  }

  #isForGood(error) {
    return FOR_GOOD.has(error?.code) || (!this.#retryLimits && OWN_LIMITS.has(error?.limit))
  }
}

/** An error of BullMQ's kind, with what was known of the script's. */
function failure(ErrorClass, message, cause) {
  const error = Object.assign(new ErrorClass(message), { cause })
  if (!(cause instanceof LuaError)) return error
  error.code = cause.code
  // Of the script, not of the host: BullMQ keeps it with the job.
  error.stack = `${error.name}: ${message}${cause.luaStack ? `\n${cause.luaStack}` : ''}`.slice(0, 2 * MAX_MESSAGE)
  return error
}

/**
 * The code comes first. So no script can say what means something to BullMQ, which reads messages. The place comes last,
 * where the message does not have it.
 */
function textOf(error) {
  const code = typeof error?.code === 'string' ? error.code : 'ERR_INTERNAL'
  const message = `${code}: ${messageOf(error)}`
  const text = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}...` : message
  const isPlaced = !(error instanceof LuaError) || error.line === undefined || text.includes(`:${error.line}: `)
  return isPlaced ? text : `${text} (${error.chunk}:${error.line})`
}

function becauseOf(signal) {
  const reason = reasonOf(signal)
  // What a signal says of whom nobody has asked for a reason.
  if (reason === undefined || reason?.name === 'AbortError') return ''
  return `: ${typeof reason === 'string' ? reason.slice(0, MAX_MESSAGE) : messageOf(reason)}`
}

/** Whether it was never begun, and can be done elsewhere or later; or the engine was closed over it. */
function isPutBack(error) {
  if (!(error instanceof LuaError)) return false
  if (error.code === 'ERR_ENGINE_CLOSED') return true
  // With a place, a script that has begun says so of what it has called.
  return NO_PLACE.has(error.code) && error.chunk === undefined
}

/** Not all at the same moment. */
const waitOf = ({ retryAfter }) => Math.ceil((retryAfter ?? LATER) * (1 + Math.random()))

module.exports = { Failures }
