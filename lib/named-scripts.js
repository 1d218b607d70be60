// The named scripts of an engine: what is added, replaced and removed, and what each of their runs begins with.
'use strict'

const { Added } = require('./added')
const { shapesOf } = require('./crossing')
const { LuaError, notRun } = require('./errors')
const { sourceNamed } = require('./folder')
const { checkLabel, readScriptCallOptions } = require('./options')
const { repeatsOf } = require('./repeats')
const { checkCode, codeOf, nativeOf } = require('./source')
const { encode, encodeNamed } = require('./values')

class NamedScripts {
  #native
  #ownOf
  #tellingOf
  #added
  #scripts = new Map()

  /**
   * `ownOf` makes functions and modules of options, and `tellingOf` what its runs tell while they run; `tell` hears of errors that are nobody's call's: with the name of the
   * script, where it is known.
   */
  constructor(native, { ownOf, tellingOf }, tell) {
    this.#native = native
    this.#ownOf = ownOf
    this.#tellingOf = tellingOf
    const compile = (one, about) => this.#make(one, about)
    const change = (removed, added) => this.#change(removed, added)
    this.#added = new Added({ kind: 'script', compile, change, tell })
  }

  /** `options` are checked, and `check` throws when nothing is taken any more. */
  addOne(name, source, { replace, ...options }, check) {
    const one = nativeOf(source) ? { name: checkedName(name), source } : sourceNamed(name, source, options.maxSource)
    check()
    this.#added.addOne(one, this.#about(options), replace)
  }

  /** All of them or none. */
  async addFolder(folder, { watch, ...options }, check) {
    check()
    return this.#added.addFolder(folder, { watch, maxSource: options.maxSource }, this.#about(options), check)
  }

  remove(name) {
    return this.#added.remove(name)
  }

  endWatches() {
    this.#added.endWatches()
  }

  /**
   * What a run by the host is made with: `name` and `args` are checked here, and `given` are options of that call alone, if it
   * has any.
   */
  callOf(name, args, given) {
    const script = this.#scripts.get(checkedName(name))
    if (!script) throw notRun('ERR_SCRIPT_UNKNOWN', `there is no script '${name}'; nothing was run`)
    const { scriptId, options } = script
    if (given === undefined) {
      const exchange = args.length > 0 ? { args: encode(args, 'args', options) } : undefined
      return {
        call: { scriptId, options, exchange, own: script.own, named: script.native },
        code: { name: script.chunk },
      }
    }
    const read = readScriptCallOptions(given, options)
    const isOwn = read.host === options.host && read.modules === options.modules
    const exchange = {
      args: encode(args, 'args', read),
      globals: read.globals === options.globals ? script.globals : encodeNamed(read.globals, 'options.globals', read),
      results: shapesOf(read),
      repeats: repeatsOf(read),
    }
    const call = { scriptId, options: read, limits: read, exchange, own: isOwn ? script.own : this.#ownOf(read) }
    return { call, code: { code: script.code, name: script.chunk } }
  }

  /** What a run is made with that another script calls by the number of the call. It is there: the native engine asks. */
  calledOf(name, callId) {
    const { scriptId, options, own, native, chunk } = this.#scripts.get(name)
    return { call: { scriptId, options, own, named: native, callId }, code: { name: chunk } }
  }

  /** The code of a script for a timer, as the native engine has it, if there is one. Whether the timer may run it, that decides. */
  codeOf(name) {
    return this.#scripts.get(name)?.code
  }

  /** What scripts that are added with the same options have in common. */
  #about({ scriptId, callers, ...options }) {
    const globals = options.globals && encodeNamed(options.globals, 'options.globals', options)
    return { scriptId, callers, options, globals, own: this.#ownOf(options) }
  }

  #make({ name, source }, { scriptId = name, callers, options, globals, own }) {
    checkCode(source)
    const { code, name: chunk } = this.#compiled(source, name)
    const [results, telling, repeats] = [shapesOf(options), this.#tellingOf(options), repeatsOf(options)]
    const exchange = { globals, results, telling, repeats }
    const [host, modules] = [own?.functions?.native, own?.modules?.native]
    const native = this.#native.nameScript(code, scriptId, chunk, options, exchange, host, modules)
    return { name, scriptId, callers, options, globals, own, code, chunk, native }
  }

  #compiled(source, name) {
    if (nativeOf(source)) return codeOf(source, {})
    const code = this.#native.compile(source, name)
    if (code.code !== undefined) throw new LuaError(code)
    return { code, name }
  }

  #change(removed, added) {
    const callers = added[0]?.callers
    const names = added.map(({ name }) => name)
    this.#native.changeScripts(removed, names, callers === '*' ? undefined : callers)
    for (const name of removed) this.#scripts.delete(name)
    for (const script of added) this.#scripts.set(script.name, script)
  }
}

function checkedName(name) {
  checkLabel(name, 'The "name" argument')
  return name
}

module.exports = { NamedScripts }
