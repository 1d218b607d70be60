// The modules of an engine: what is added, replaced and removed, and the sets that it gives to some runs.
'use strict'

const { LuaError, shown, typeError, valueError } = require('./errors')
const { moduleSetOf, partOf } = require('./module-set')
const { FolderWatch } = require('./module-watch')
const { moduleOf, modulesOfFolder } = require('./modules')
const { checkLabel } = require('./options')
const { isPlain } = require('./values')

class AddedModules {
  #native
  #maxSource
  #tell
  // By name: the watch that added it, or nothing.
  #origins = new Map()
  #watches = new Set()
  // Grows with each new name.
  #version = 0
  // What sets are known by. It holds no engine.
  #owner = {}

  /** `tell` hears of errors that are nobody's call's: with the name of the module, where it is known. */
  constructor(native, maxSource, tell) {
    this.#native = native
    this.#maxSource = maxSource
    this.#tell = tell
  }

  addOne(name, source, replace, check) {
    const module = moduleOf(name, source, this.#maxSource)
    check()
    if (!replace) this.#checkNew(name)
    this.#change([], [this.#compile([module])], [name])
  }

  /** All of them or none. */
  async addFolder(folder, watch, check) {
    const found = await modulesOfFolder(folder, this.#maxSource)
    check()
    for (const { name } of found.modules) this.#checkNew(name)
    const names = found.modules.map(({ name }) => name)
    const compiled = this.#compile(found.modules)
    const watcher = watch ? new FolderWatch(folder, found, this.#maxSource, new WeakRef(this)) : undefined
    this.#change([], [compiled], names, watcher)
    if (watcher) {
      this.#watches.add(watcher)
      watcher.begin()
    }
    return names
  }

  remove(name) {
    checkLabel(name, 'The "name" argument')
    if (!this.#origins.has(name)) return false
    this.#change([name], [], [])
    return true
  }

  /** What a watch has found: it changes what is its own, or nobody's, and nothing else. `found` is compiled already. */
  changeBy(watch, missing, found) {
    const removed = missing.filter((name) => this.#origins.get(name) === watch)
    const added = found.filter(({ name }) => !this.#origins.has(name) || this.#origins.get(name) === watch)
    if (removed.length + added.length === 0) return
    const [names, compiled] = [added.map(({ name }) => name), added.map(({ compiled }) => compiled)]
    this.#change(removed, compiled, names, watch)
  }

  /** Compiles a module for a watch, or throws why that cannot be. */
  compileFor(watch, module) {
    if (this.#origins.get(module.name) !== watch) this.#checkNew(module.name)
    return this.#compile([module])
  }

  tell(error, name) {
    this.#tell(error, name)
  }

  endWatches() {
    for (const watch of this.#watches) watch.end()
    this.#watches.clear()
  }

  /** A new set. */
  set(sources) {
    return moduleSetOf(this.#ownOf(sources, 'sources', 'The "sources" argument must be a plain object of sources'))
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
    if (set.fits === this.#version) return
    const name = set.names.find((name) => this.#origins.has(name))
    if (name !== undefined) {
      throw valueError(`${WHAT} must have new names. Received '${name}', of which the engine has a module`)
    }
    set.fits = this.#version
  }

  #ownOf(sources, what, rule) {
    if (typeof sources !== 'object' || sources === null || !isPlain(sources)) {
      throw typeError(`${rule}. Received ${shown(sources)}`)
    }
    const names = `The names in "${what}"`
    const modules = Object.keys(sources).map((name) =>
      moduleOf(name, sources[name], this.#maxSource, `${what}.${name}`, names),
    )
    return {
      owner: this.#owner,
      names: modules.map(({ name }) => name),
      native: this.#compile(modules),
      fits: undefined,
    }
  }

  #checkNew(name) {
    if (!this.#origins.has(name)) return
    throw valueError(`The "name" argument must be new. Received '${name}', of which there is a module already`)
  }

  #compile(modules) {
    const compiled = this.#native.compileModules(modules)
    if (compiled.code !== undefined) throw new LuaError(compiled)
    return compiled
  }

  #change(removed, added, names, origin) {
    this.#native.changeModules(removed, added)
    for (const name of removed) this.#origins.delete(name)
    for (const name of names) this.#origins.set(name, origin)
    if (names.length > 0) this.#version += 1
  }
}

const WHAT = 'The "options.modules" property'

module.exports = { AddedModules }
