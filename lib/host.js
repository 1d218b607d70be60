// Functions of the host's that scripts call as `host.name(...)`: their names, and one call of one of them.
'use strict'

const { inspect } = require('node:util')
const { shown, typeError, valueError } = require('./errors')
const { decodeArgs } = require('./decode')
const { fitsIntoTurn, inSlices } = require('./slices')
const { Encoding, isPlain } = require('./values')

/** How much of an error's message a script gets, in characters. */
const MAX_MESSAGE = 64 * 1024

/** How many errors are kept for a run that may fail with one of them. */
const MAX_CAUSES = 1000

/** So many bytes of an answer are encoded at once; and so many, if the turn has time for them. */
const FEW = 1024
const SMALL = 16 * 1024

const KEYWORDS = new Set(
  'and break do else elseif end false for function goto if in local nil not or repeat return then true until while'.split(
    ' ',
  ),
)

/** The functions that `expose(name, what)` means: each with the names of the tables around it and its own. */
function functionsOf(name, what) {
  return [...listed([name], what)]
}

function* listed(path, what) {
  const name = path.at(-1)
  checkIdentifier(name, 'names in "host" must be identifiers of Lua')
  const place = `host.${path.join('.')}`
  if (typeof what === 'function') yield { path, call: what }
  else if (typeof what === 'object' && what !== null && isPlain(what) && path.length < 10) {
    const names = Object.keys(what)
    if (names.length === 0) throw valueError(`${place} must have functions. Received an empty object`)
    for (const inner of names) yield* listed([...path, inner], what[inner])
  } else throw typeError(`${place} must be a function, or a plain object of functions. Received ${shown(what)}`)
}

/** Throws when a name is none that a script can write behind a dot. */
function checkIdentifier(name, rule) {
  if (typeof name !== 'string') throw typeError(`${rule}. Received ${shown(name)}`)
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || KEYWORDS.has(name))
    throw valueError(`${rule}. Received ${inspect(name)}`)
}

/** Throws when a function would stand where another one, or a table of others, is. */
function checkNew(path, taken) {
  const name = path.join('.')
  for (const other of taken) {
    if (other !== name && !other.startsWith(`${name}.`) && !name.startsWith(`${other}.`)) continue
    throw valueError(`host.${name} must be new. Received a name where host.${other} is already`)
  }
}

/**
 * Calls a function for a script, its values crossing as `values` says, and tells what comes of it: exactly one of `answer` (the bytes of one value) and
 * `fail` (an error of any kind), now or later, or none when the call `isOver` meanwhile. While its arguments are decoded,
 * they can be `cancelled` in what it returns.
 */
function callFunction({ path, call, values: into }, context, args, { answer, fail, isOver }) {
  const settle = (value) => encodeAnswer(new Encoding(value, `host.${path.join('.')}()`, into), answer, fail, isOver)
  const begin = (refusal, values) => {
    if (refusal) return fail(new Error(`the call cannot cross: ${refusal.message}`, { cause: refusal }))
    try {
      const result = call(context, ...values)
      if (typeof result?.then === 'function') Promise.resolve(result).then(settle, fail)
      else settle(result)
    } catch (error) {
      fail(error)
    }
  }
  return decodeArgs(args, begin)
}

/** Little is encoded at once, much of it a slice in each turn of the event loop: a script may have chosen how much. */
function encodeAnswer(encoding, answer, fail, isOver) {
  const step = (work) => {
    try {
      if (!work()) return false
    } catch (error) {
      fail(error)
      return true
    }
    answer(encoding.written())
    return true
  }
  if (step(() => encoding.upTo(FEW) || (fitsIntoTurn(SMALL) && encoding.upTo(SMALL)))) return
  inSlices({
    step: (time) => step(() => encoding.until(time)),
    get cancelled() {
      return isOver()
    },
  })
}

/** The last errors that a run was given, by number: a script may fail with any that it caught. */
class Causes {
  #errors = new Map()
  #last = 0

  keep(error) {
    this.#last += 1
    this.#errors.set(this.#last, error)
    this.#errors.delete(this.#last - MAX_CAUSES)
    return this.#last
  }

  get(number) {
    return this.#errors.get(number)
  }
}

/** What a thrown value says, whatever it is. */
function messageOf(error) {
  try {
    const message = error?.message
    return (typeof message === 'string' ? message : inspect(error)).slice(0, MAX_MESSAGE)
  } catch {
    return 'an error that cannot be shown'
  }
}

module.exports = { Causes, callFunction, checkIdentifier, checkNew, functionsOf, messageOf }
