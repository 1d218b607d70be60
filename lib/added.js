// What an engine has by name, alone or from a folder: added, replaced and removed. Modules are, and named scripts.
'use strict'

const { valueError } = require('./errors')
const { sourcesOfFolder } = require('./folder')
const { FolderWatch, hashOf } = require('./folder-watch')
const { checkLabel } = require('./options')
const { timeInTurn } = require('./slices')

/** What added those that stay. */
const FIXED = Symbol('of the prelude')

class Added {
  #kind
  #compile
  #change
  #tell
  // By name: the watch that added it, FIXED, or nothing.
  #origins = new Map()
  // By watch: what was said about all that it adds.
  #watches = new Map()
  // Grows with each new name.
  #version = 0

  /**
   * `kind` is what one of them is called. `compile` makes of `{ name, source }`, and of what was said `about` it, what
   * `change` takes: the names to be removed, and a list of what is added. `tell` hears of errors that are nobody's call's:
   * with the name, where it is known. `fixed` are names of what is there for good, of the engine's prelude.
   */
  constructor({ kind, compile, change, tell, fixed = [] }) {
    this.#kind = kind
    this.#compile = compile
    this.#change = change
    this.#tell = tell
    for (const name of fixed) this.#origins.set(name, FIXED)
  }

  get kind() {
    return this.#kind
  }

  get version() {
    return this.#version
  }

  has(name) {
    return this.#origins.has(name)
  }

  addOne(one, about, replace) {
    if (!replace) this.#checkNew(one.name)
    this.#checkMayChange(one.name)
    this.#put([], [this.#compile(one, about)], [one.name])
  }

  /** All of them or none. */
  async addFolder(folder, { watch, maxSource }, about, check) {
    const found = await sourcesOfFolder(folder, maxSource, this.#kind)
    const names = found.sources.map(({ name }) => name)
    const checkAll = () => {
      check()
      for (const name of names) this.#checkNew(name)
    }
    checkAll()
    const compiled = []
    for (const one of found.sources) {
      compiled.push(this.#compile(one, about))
      if (watch) one.hash = hashOf(one.source)
      await timeInTurn()
    }
    // Again: the engine may have got others meanwhile, or have been closed.
    checkAll()
    const watcher = watch ? new FolderWatch(folder, found, maxSource, new WeakRef(this)) : undefined
    this.#put([], compiled, names, watcher)
    if (watcher) {
      this.#watches.set(watcher, about)
      await watcher.begin()
    }
    return names
  }

  remove(name) {
    checkLabel(name, 'The "name" argument')
    if (!this.#origins.has(name)) return false
    this.#checkMayChange(name)
    this.#put([name], [], [])
    return true
  }

  /** What a watch has found: it changes what is its own, or nobody's, and nothing else. `found` is compiled already. */
  changeBy(watch, missing, found) {
    const removed = missing.filter((name) => this.#origins.get(name) === watch)
    const added = found.filter(({ name }) => !this.#origins.has(name) || this.#origins.get(name) === watch)
    if (removed.length + added.length === 0) return
    const [names, compiled] = [added.map(({ name }) => name), added.map(({ compiled }) => compiled)]
    this.#put(removed, compiled, names, watch)
  }

  /** Compiles something for a watch, or throws why that cannot be. */
  compileFor(watch, one) {
    if (this.#origins.get(one.name) !== watch) this.#checkNew(one.name)
    return this.#compile(one, this.#watches.get(watch))
  }

  tell(error, name) {
    this.#tell(error, name)
  }

  endWatches() {
    for (const watch of this.#watches.keys()) watch.end()
    this.#watches.clear()
  }

  #checkNew(name) {
    if (!this.#origins.has(name)) return
    throw valueError(`The "name" argument must be new. Received '${name}', of which there is a ${this.#kind} already`)
  }

  #checkMayChange(name) {
    if (this.#origins.get(name) !== FIXED) return
    const rule = `The "name" argument must not be that of a ${this.#kind} of the prelude, which all VMs begin with`
    throw valueError(`${rule}. Received '${name}'`)
  }

  #put(removed, compiled, names, origin) {
    this.#change(removed, compiled)
    for (const name of removed) this.#origins.delete(name)
    for (const name of names) this.#origins.set(name, origin)
    if (names.length > 0) this.#version += 1
  }
}

module.exports = { Added }
