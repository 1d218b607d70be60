// The plugins of the Electron example: each has a VM that lives as long as the application. Nothing here needs Electron.
'use strict'

const { readdir, readFile } = require('node:fs/promises')
const path = require('node:path')
const { Engine, LuaError } = require('moonpool')

/** What a run was stopped by ends its context, too. */
const ENDS = ['ERR_LUA_TIMEOUT', 'ERR_LUA_MEMORY', 'ERR_LUA_OUTPUT']

class Plugins {
  #engine = new Engine({ defaults: { timeout: 1000, cpuTimeout: 200, memoryLimit: 16 * 2 ** 20 } })
  #scripts = new Map()
  #contexts = new Map()

  constructor({ notify }) {
    this.#engine.expose('notify', ({ scriptId }, text) => notify(scriptId, String(text)))
  }

  /** Every *.lua file of a folder is a plugin: it must define the function `run(input)`. */
  async load(folder) {
    const files = (await readdir(folder)).filter((file) => file.endsWith('.lua')).sort()
    for (const file of files) {
      const source = await readFile(path.join(folder, file))
      this.#scripts.set(path.basename(file, '.lua'), this.#engine.compile(source, { name: file }))
    }
  }

  names() {
    return [...this.#scripts.keys()]
  }

  /** What Electron can send to a renderer: `{ value }`, or `{ error }` as text. */
  async call(name, input) {
    if (!this.#scripts.has(name)) return { error: `there is no plugin '${name}'` }
    try {
      const context = await this.#contextOf(name)
      const { value } = await context.call('run', input)
      return { value }
    } catch (error) {
      if (!(error instanceof LuaError)) throw error
      // The next call begins anew.
      if (ENDS.includes(error.code)) this.#contexts.delete(name)
      return { error: error.code === 'ERR_LUA_TIMEOUT' ? 'it took too long' : error.message }
    }
  }

  close() {
    return this.#engine.close({ timeout: 500 })
  }

  /** Made, and set up, on first use. */
  #contextOf(name) {
    if (!this.#contexts.has(name)) this.#contexts.set(name, this.#make(name))
    return this.#contexts.get(name)
  }

  async #make(name) {
    const context = this.#engine.createContext(name)
    try {
      await context.run(this.#scripts.get(name))
    } catch (error) {
      this.#contexts.delete(name)
      await context.close()
      throw error
    }
    return context
  }
}

module.exports = { Plugins }
