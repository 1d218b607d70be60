// Fakes of host functions: what they answer, and what is recorded of their calls.
'use strict'

const { inspect } = require('node:util')
const { isNativeError } = require('node:util').types
const { shown, typeError, valueError } = require('./errors')
const { isIdentifier } = require('./host')
const { isPlain } = require('./values')

/** Answers in turn. */
class Sequence {
  #answers
  #next = 0

  constructor(answers) {
    this.#answers = answers
  }

  /** The next answer to calls of the function with this name. */
  take(name) {
    if (this.#next === this.#answers.length) {
      throw new Error(`host.${name} was called more often than its sequence has answers (${this.#answers.length})`)
    }
    this.#next += 1
    return this.#answers[this.#next - 1]
  }

  reset() {
    this.#next = 0
  }
}

class Fakes {
  // By name, with dots: what was given first, and what there is now.
  #first = new Map()
  #now = new Map()

  constructor(functions) {
    if (typeof functions !== 'object' || functions === null || !isPlain(functions)) {
      throw typeError(`The "options.functions" property must be a plain object. Received ${shown(functions)}`)
    }
    this.#add(functions, '')
    this.#first = new Map(this.#now)
  }

  #add(functions, before) {
    for (const [name, what] of Object.entries(functions)) {
      const isGroup = typeof what === 'object' && what !== null && isPlain(what)
      if (isGroup) this.#add(what, `${before}${name}.`)
      else this.#put(before + name, what, 'Each name in the "options.functions" property')
    }
  }

  set(name, what) {
    if (!this.#now.has(name)) this.#put(name, what, 'The "name" argument')
    else this.#now.set(name, what)
  }

  /** Adds what is new, under a name that `whose` says where it comes from. */
  #put(name, what, whose) {
    checkName(name, whose)
    for (const other of this.#now.keys()) {
      if (other !== name && !other.startsWith(`${name}.`) && !name.startsWith(`${other}.`)) continue
      throw valueError(`${whose} must not be in the way of 'host.${other}'. Received ${inspect(name)}`)
    }
    this.#now.set(name, what)
  }

  reset() {
    this.#now = new Map(this.#first)
    for (const what of this.#now.values()) if (what instanceof Sequence) what.reset()
  }

  names() {
    return [...this.#now.keys()].sort()
  }

  /** The functions for one run, whose calls are told to `tell` when they are made. */
  record(tell) {
    // Any name may be one of a function, also those that objects have by themselves.
    const host = Object.create(null)
    for (const [name, what] of this.#now) {
      const parts = name.split('.')
      const last = parts.pop()
      let group = host
      for (const part of parts) group = group[part] ??= Object.create(null)
      group[last] = recorded(name, what, tell)
    }
    return host
  }

  /** Which function a line of Lua calls that is not there, if an error says that a value of it is nil. */
  missing(message, line) {
    const [, field] = /attempt to (?:call|index) a nil value \((?:field|method) '(\w+)'\)/.exec(message) ?? []
    if (field === undefined) return undefined
    const paths = [...line.matchAll(/\bhost((?:\s*\.\s*\w+)+)/g)].map(([, path]) => path.replaceAll(/\s/g, '').slice(1))
    return paths.find((path) => !this.#now.has(path) && path.split('.').includes(field))
  }
}

function recorded(name, what, tell) {
  return async (context, ...args) => {
    const call = { name, args, scriptId: context.scriptId }
    tell(call)
    try {
      call.result = await answerOf(name, what, context, args)
      return call.result
    } catch (error) {
      call.error = error
      throw error
    }
  }
}

async function answerOf(name, what, context, args) {
  if (what instanceof Sequence) return answerOf(name, what.take(name), context, args)
  if (typeof what === 'function') return what(context, ...args)
  if (isNativeError(what)) throw what
  return what
}

function checkName(name, whose) {
  const rule = `${whose} must be the name of a host function, such as 'db.get'`
  if (typeof name !== 'string') throw typeError(`${rule}. Received ${shown(name)}`)
  if (!name.split('.').every(isIdentifier)) throw valueError(`${rule}. Received ${inspect(name)}`)
}

module.exports = { Fakes, Sequence }
