// Sets of modules that an engine gives to some runs only.
'use strict'

const { typeError } = require('./errors')

/** A set of compiled modules, made by `engine.modules`. */
class ModuleSet {
  #part

  constructor(part, token) {
    if (token !== MADE_HERE) throw typeError('A ModuleSet cannot be constructed. Use engine.modules(sources)')
    this.#part = part
  }

  /** What a set of this module instance has. */
  static partOf(value) {
    return typeof value === 'object' && value !== null && #part in value ? value.#part : undefined
  }
}

const MADE_HERE = Symbol('made by engine.modules')
const { partOf } = ModuleSet
delete ModuleSet.partOf

const moduleSetOf = (part) => new ModuleSet(part, MADE_HERE)

module.exports = { ModuleSet, moduleSetOf, partOf }
