// The modules of an engine: what is added, replaced and removed, and the sets that it gives to some runs.
'use strict'

const { Added } = require('./added')
const { LuaError, shown, typeError, valueError } = require('./errors')
const { moduleSetOf, partOf } = require('./module-set')
const { sourceNamed } = require('./folder')
const { isPlain } = require('./values')

class AddedModules {
  #native
  #maxSource
  #added
  // What sets are known by. It holds no engine.
  #owner = {}

  /**
   * `tell` hears of errors that are nobody's call's: with the name of the module, where it is known. `fixed` are the names of
   * modules that the engine has for good.
   */
  constructor(native, maxSource, tell, fixed) {
    this.#native = native
    this.#maxSource = maxSource
    const compile = (module) => this.#compile([module])
    const change = (removed, added) => native.changeModules(removed, added)
    this.#added = new Added({ kind: 'module', compile, change, tell, fixed })
  }

  addOne(name, source, replace, check) {
    const module = sourceNamed(name, source, this.#maxSource)
    check()
    this.#added.addOne(module, undefined, replace)
  }

  /** All of them or none. */
  addFolder(folder, watch, check) {
    return this.#added.addFolder(folder, { watch, maxSource: this.#maxSource }, undefined, check)
  }

  remove(name) {
    return this.#added.remove(name)
  }

  endWatches() {
    this.#added.endWatches()
  }

  /** A new set. `option` names the option that has the sources, if they are no argument. */
  set(sources, option) {
    const what = option === undefined ? 'The "sources" argument' : `The "${option}" property`
    return moduleSetOf(this.#ownOf(sources, option ?? 'sources', `${what} must be a plain object of sources`))
  }

  /** The set that an option `modules` means: one of this engine's, or one made of a plain object. */
  setOf(value) {
    const rule = `${WHAT} must be what engine.modules() gave, or a plain object of sources`
    const set = partOf(value) ?? this.#ownOf(value, 'options.modules', rule)
    if (set.owner !== this.#owner) {
      throw valueError(`${WHAT} must be of this engine. Received a ModuleSet that another engine made`)
    }
    this.checkFits(set)
    return set
  }

  /** Throws when the engine has a module of a name in a set. */
  checkFits(set) {
    if (set.fits === this.#added.version) return
    const name = set.names.find((name) => this.#added.has(name))
    if (name !== undefined) {
      throw valueError(`${WHAT} must have new names. Received '${name}', of which the engine has a module`)
    }
    set.fits = this.#added.version
  }

  #ownOf(sources, what, rule) {
    if (typeof sources !== 'object' || sources === null || !isPlain(sources)) {
      throw typeError(`${rule}. Received ${shown(sources)}`)
    }
    const names = `The names in "${what}"`
    const modules = Object.keys(sources).map((name) =>
      sourceNamed(name, sources[name], this.#maxSource, `${what}.${name}`, names),
    )
    return {
      owner: this.#owner,
      names: modules.map(({ name }) => name),
      native: this.#compile(modules),
      fits: undefined,
    }
  }

  #compile(modules) {
    const compiled = this.#native.compileModules(modules)
    if (compiled.code !== undefined) throw new LuaError(compiled)
    return compiled
  }
}

const WHAT = 'The "options.modules" property'

module.exports = { AddedModules }
