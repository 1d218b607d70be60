// Functions of the host's that scripts call as `host.name(...)`: their names, and one call of one of them.
'use strict'

const { inspect } = require('node:util')
const { isPromise } = require('node:util/types')
const { shown, typeError, valueError } = require('./errors')
const { toldOf, withoutDetails } = require('./host-error')
const { decodeArgs } = require('./decode')
const { fitsIntoTurn, inSlices } = require('./slices')
const { Encoding, isPlain } = require('./values')

/** How many errors are kept for a run that may fail with one of them. */
const MAX_CAUSES = 1000

/** How many of those are of scripts that it has called: a script may choose how large they are. */
const MAX_CALLED = 10

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

/** The functions of a plain object, which may be empty: each with the names of the tables around it and its own. */
function groupOf(object, what) {
  if (typeof object !== 'object' || object === null || !isPlain(object)) {
    throw typeError(`${what} must be a plain object of functions. Received ${shown(object)}`)
  }
  return Object.keys(object).flatMap((name) => functionsOf(name, object[name]))
}

function* listed(path, what) {
  const name = path.at(-1)
  checkIdentifier(name, 'names in "host" must be identifiers of Lua')
  const place = `host.${path.join('.')}`
  if (typeof what === 'function') yield { path, name: place, call: what }
  else if (typeof what === 'object' && what !== null && isPlain(what) && path.length < 10) {
    const names = Object.keys(what)
    if (names.length === 0) throw valueError(`${place} must have functions. Received an empty object`)
    for (const inner of names) yield* listed([...path, inner], what[inner])
  } else throw typeError(`${place} must be a function, or a plain object of functions. Received ${shown(what)}`)
}

/** Throws when a name is none that a script can write behind a dot. */
function checkIdentifier(name, rule) {
  if (typeof name !== 'string') throw typeError(`${rule}. Received ${shown(name)}`)
  if (!isIdentifier(name)) throw valueError(`${rule}. Received ${inspect(name)}`)
}

const isIdentifier = (name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !KEYWORDS.has(name)

/** Who calls a function. Its signal is made when somebody asks for it: that takes longer than many a call. */
class HostContext {
  // One for all: a getter in an object literal is made anew for each.
  static #signal = {
    enumerable: true,
    get() {
      return this.#owner.signal
    },
  }
  #owner

  constructor(scriptId, name, data, owner) {
    this.scriptId = scriptId
    this.name = name
    this.data = data
    Object.defineProperty(this, 'signal', HostContext.#signal)
    this.#owner = owner
    Object.freeze(this)
  }
}

/** What promises of this realm have, unless they have a way of their own. */
const { then: THEN } = Promise.prototype

/**
 * Calls a function for a script, its values crossing as `called` says. The caller, who knows the call as `call`, is told what
 * comes of it: exactly one of `answered` (the bytes of one value) and `failed` (an error of any kind, and what the script is
 * told of it), now or later, or none when the call `isOver` meanwhile. Where it `showsErrors`, the script is told what any
 * error says. While its arguments are decoded, they can be `cancelled` in what this returns.
 */
function callFunction(called, context, args, caller, call) {
  return decodeArgs(args, (refusal, values) => new FunctionCall(called, caller, call).begin(refusal, context, values))
}

/** Such a call: it has little, as many may wait at once. */
class FunctionCall {
  #called
  #caller
  #call

  constructor(called, caller, call) {
    this.#called = called
    this.#caller = caller
    this.#call = call
  }

  begin(refusal, context, values) {
    if (refusal) return this.#refuse(new Error(`the call cannot cross: ${refusal.message}`, { cause: refusal }))
    try {
      const { call } = this.#called
      const result = call(context, ...values)
      const then = result?.then
      if (typeof then !== 'function') this.#settle(result)
      else this.#whenSettled(isPromise(result) && then === THEN ? result : settledOnce(result))
    } catch (error) {
      this.#fail(error)
    }
  }

  #whenSettled(promise) {
    const settle = (value) => this.#settle(value)
    const fail = (error) => this.#fail(error)
    THEN.call(promise, settle, fail)
  }

  #settle(value) {
    const { name, values } = this.#called
    const encoding = new Encoding(value, `${name}()`, values)
    this.#encode(
      encoding,
      (bytes) => this.#caller.answered(this.#call, bytes),
      (error) => (error === encoding.refused ? this.#refuse(error) : this.#fail(error)),
    )
  }

  #fail(error) {
    const { name, values } = this.#called
    const told = toldOf(error, name, this.#caller.showsErrors)
    if (told.unread) return this.#tell(error, withoutDetails(told, ''))
    if (told.details === undefined) return this.#tell(error, told)
    const encoding = new Encoding(told.details, 'details', values)
    this.#encode(
      encoding,
      (details) => this.#tell(error, { ...told, details }),
      () => this.#tell(error, withoutDetails(told, encoding.why)),
    )
  }

  /** What we refuse is no secret of the host's. */
  #refuse(error) {
    this.#tell(error, { message: error.message })
  }

  #tell(error, told) {
    this.#caller.failed(this.#call, error, told)
  }

  #encode(encoding, answer, fail) {
    encodeAnswer(encoding, answer, fail, () => this.#caller.isOver(this.#call))
  }
}

/** A promise of our own, which settles once, whatever calls the `then` of theirs makes. */
function settledOnce(thenable) {
  return new Promise((resolve) => resolve(thenable))
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
  static #last = 0
  #errors = new Map()
  #called = new Map()

  keep(error) {
    return this.#keep(error, this.#errors, MAX_CAUSES)
  }

  /** That of a script. */
  keepCalled(error) {
    return this.#keep(error, this.#called, MAX_CALLED)
  }

  get(number) {
    return this.#errors.has(number) ? this.#errors.get(number) : this.#called.get(number)
  }

  #keep(error, errors, most) {
    // A context may keep an error from one run to the next: no number is given twice. None is 0, which means no cause.
    Causes.#last = (Causes.#last % (2 ** 32 - 1)) + 1
    errors.set(Causes.#last, error)
    if (errors.size > most) errors.delete(errors.keys().next().value)
    return Causes.#last
  }
}

module.exports = { Causes, HostContext, callFunction, checkIdentifier, functionsOf, groupOf, isIdentifier }
