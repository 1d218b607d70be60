// Host functions by number: those that an engine exposes to all runs, and the sets that it gives to some.
'use strict'

const { shown, typeError, valueError } = require('./errors')
const { shapesOf } = require('./crossing')
const { checkIdentifier, functionsOf, groupOf } = require('./host')
const { NativeFunctions } = require('./native')
const { readCrossing } = require('./options')
const { isPlain } = require('./values')

/** The functions of a set are numbered from here on, in each set anew; below are those that the engine exposes. */
const OWN = 2 ** 31

/** Names that are taken in `host`: by functions, and by the tables around them. */
class Names {
  #functions = new Set()
  // How many functions are in each.
  #tables = new Map()

  add(path) {
    this.#functions.add(path.join('.'))
    for (const table of tablesOf(path)) this.#tables.set(table, (this.#tables.get(table) ?? 0) + 1)
  }

  delete(path) {
    this.#functions.delete(path.join('.'))
    for (const table of tablesOf(path)) {
      const left = this.#tables.get(table) - 1
      if (left > 0) this.#tables.set(table, left)
      else this.#tables.delete(table)
    }
  }

  /** The function, or table of functions, that stands where a new function would, if there is one. */
  inTheWayOf(path) {
    const name = path.join('.')
    if (this.#functions.has(name) || this.#tables.has(name)) return name
    return tablesOf(path).find((table) => this.#functions.has(table))
  }
}

/** The names of the tables around a function. */
const tablesOf = (path) => path.slice(1).map((_, i) => path.slice(0, i + 1).join('.'))

/** What an engine exposes, and what runs still have of what it exposed before. */
class ExposedFunctions {
  #native
  #names = new Names()
  // By number. Runs and contexts that began before keep what is gone.
  #exposed = new Map()
  #gone = new Map()
  #last = 0
  // Grows with each new name.
  #version = 0
  // What sets are known by. It holds no engine.
  #owner = {}

  // How values cross, where a set does not say otherwise.
  #values

  constructor(native, values) {
    this.#native = native
    this.#values = values
  }

  /** The function of a number, of a set or of these. */
  get(number, set) {
    return number >= OWN ? set?.functions[number - OWN] : (this.#exposed.get(number) ?? this.#gone.get(number))
  }

  /** All of them or none. */
  expose(functions, name, replace) {
    const replaced = replace ? this.#under(name) : []
    for (const [, { path }] of replaced) this.#names.delete(path)
    const added = []
    try {
      for (const entry of functions) {
        const other = this.#names.inTheWayOf(entry.path)
        if (other !== undefined) throw notNew(entry.path, other)
        this.#names.add(entry.path)
        added.push(entry)
      }
    } catch (error) {
      for (const { path } of added) this.#names.delete(path)
      for (const [, { path }] of replaced) this.#names.add(path)
      throw error
    }
    this.#take(replaced)
    const paths = functions.map(({ path }) => path)
    this.#native.expose(paths, this.#last, shapesOf(this.#values), replaced.length > 0 ? name : undefined)
    for (const entry of functions) this.#exposed.set(this.#last++, { ...entry, values: this.#values })
    this.#version += 1
    this.forget()
  }

  /** Takes away all that is under a name of `host`. Says whether there was anything. */
  unexpose(name) {
    checkIdentifier(name, 'The "name" argument must be an identifier of Lua')
    const removed = this.#under(name)
    if (removed.length === 0) return false
    for (const [, { path }] of removed) this.#names.delete(path)
    this.#take(removed)
    this.#native.expose([], this.#last, 0, name)
    this.forget()
    return true
  }

  #under(name) {
    return [...this.#exposed].filter(([, { path }]) => path[0] === name)
  }

  #take(entries) {
    for (const [number, entry] of entries) {
      this.#exposed.delete(number)
      this.#gone.set(number, entry)
    }
  }

  /** Lets go of what is gone and nobody has any more. */
  forget() {
    if (this.#gone.size > 0) for (const number of this.#native.forgottenFunctions()) this.#gone.delete(number)
  }

  /** A new set. */
  set(what, options) {
    const functions = groupOf(what, 'The "functions" argument')
    const values = readCrossing(options, 'options', this.#values)
    return new FunctionSet(new OwnFunctions(this.#owner, functions, values), MADE_HERE)
  }

  /** The set that an option `host` means: one of this engine's, or one made of a plain object. */
  setOf(value) {
    const set = partOf(value) ?? new OwnFunctions(this.#owner, checkGroup(value), this.#values)
    if (set.owner !== this.#owner) {
      throw valueError(`${WHAT} must be of this engine. Received a FunctionSet that another engine made`)
    }
    this.checkFits(set)
    return set
  }

  /** Throws when the engine exposes something where a set has a function. */
  checkFits(set) {
    if (set.fits === this.#version) return
    for (const { path } of set.functions) {
      const other = this.#names.inTheWayOf(path)
      if (other === undefined) continue
      throw valueError(
        `${WHAT} must have new names. Received host.${path.join('.')}, and the engine exposes host.${other}`,
      )
    }
    set.fits = this.#version
  }
}

const WHAT = 'The "options.host" property'

function checkGroup(value) {
  if (typeof value === 'object' && value !== null && isPlain(value)) return groupOf(value, WHAT)
  throw typeError(
    `${WHAT} must be what engine.functions() gave, or a plain object of functions. Received ${shown(value)}`,
  )
}

function notNew(path, other) {
  return valueError(`host.${path.join('.')} must be new. Received a name where host.${other} is already`)
}

/** The functions of a set. */
class OwnFunctions {
  // The version of what the engine exposes beside which its names are new.
  fits

  constructor(owner, functions, values) {
    this.owner = owner
    // How values cross is for `callFunction`, which gets an entry for each call.
    this.functions = functions.map((entry) => ({ ...entry, values }))
    this.native = new NativeFunctions(
      functions.map(({ path }) => path),
      OWN,
      shapesOf(values),
    )
  }
}

/** A set of host functions, made by `engine.functions`. */
class FunctionSet {
  #part

  constructor(part, token) {
    if (token !== MADE_HERE) throw typeError('A FunctionSet cannot be constructed. Use engine.functions(functions)')
    this.#part = part
  }

  /** What a set of this module instance has. */
  static partOf(value) {
    return typeof value === 'object' && value !== null && #part in value ? value.#part : undefined
  }
}

const MADE_HERE = Symbol('made by engine.functions')
const { partOf } = FunctionSet
delete FunctionSet.partOf

module.exports = { ExposedFunctions, FunctionSet, functionsOf }
