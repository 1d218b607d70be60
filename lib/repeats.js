// Runs that can be repeated: the time that a run begins with, and the seed of all that is random in it.
'use strict'

const { isDate } = require('./crossing')
const { shown, typeError, valueError } = require('./errors')

const { getTime } = Date.prototype

/** What a `Date` can be, in ms before and after 1970. */
const MAX_TIME = 8.64e15

const NOW_RULE = `must be a number of milliseconds since 1970, or a Date`
const SEED_RULE = `must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`

function checkNow(value, what) {
  if (typeof value !== 'number' && !isDate(value)) throw typeError(`${what} ${NOW_RULE}. Received ${shown(value)}`)
  if (Math.abs(timeOf(value)) <= MAX_TIME) return
  throw valueError(
    `${what} ${NOW_RULE} that is valid. Received ${typeof value === 'number' ? value : 'an invalid Date'}`,
  )
}

function checkSeed(value, what) {
  if (typeof value !== 'number') throw typeError(`${what} ${SEED_RULE}. Received ${shown(value)}`)
  if (!(Number.isSafeInteger(value) && value >= 0)) throw valueError(`${what} ${SEED_RULE}. Received ${value}`)
}

/** A VM has one seed, with which it is made. */
function refuseSeed(_, what) {
  throw typeError(`${what} cannot be given to a run in a context: give it to createContext or createPool`)
}

/** The ms of a time that was checked, whatever becomes of the `Date`. */
function timeOf(value) {
  return typeof value === 'number' ? value : getTime.call(value)
}

const NOW = { default: undefined, check: checkNow, take: timeOf }

/** Of runs, contexts and pools. */
const REPEATS = { now: NOW, seed: { default: undefined, check: checkSeed } }

/** Of runs in a context, which has the seed. */
const REPEATS_WITHIN = { now: NOW, seed: { default: undefined, check: refuseSeed } }

/** What the native engine is told of it, if there is anything to tell. */
function repeatsOf({ now, seed }) {
  return now === undefined && seed === undefined ? undefined : { now, seed }
}

module.exports = { NOW, REPEATS, REPEATS_WITHIN, repeatsOf, timeOf }
