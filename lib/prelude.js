// What all VMs of an engine begin after: the options `prelude` and `preludeModules`, checked and run.
'use strict'

const { decodeFailure } = require('./decode')
const { LuaError, shown, typeError, valueError } = require('./errors')
const { sourceNamed } = require('./folder')
const { NativeEngine } = require('./native')
const { hint } = require('./nearest')
const { checkLabel, readOptions } = require('./options')

const ANYTHING = { default: undefined, check: () => {} }
const PART = { name: ANYTHING, source: ANYTHING }

/** The prelude of an engine, which has run: what the native engine takes, if there is any, and the names of its modules. */
function preludeOf({ prelude, preludeModules, libraries, maxMemory, concurrency }, defaults) {
  const parts = partsOf(prelude, defaults.maxSource)
  const modules = modulesOf(preludeModules, parts)
  if (parts.length === 0) return { native: undefined, modules }
  const marked = parts.map((part) => ({ ...part, isModule: modules.has(part.name) }))
  const native = NativeEngine.runPrelude(libraries, marked, defaults)
  if (native.code !== undefined) throw new LuaError(aboutPrelude(decodeFailure(native)))
  if (native.leastMemory(concurrency) > maxMemory) {
    const copies = `${concurrency} ${concurrency === 1 ? 'copy' : 'copies'} of the prelude`
    const rule = `The "options.maxMemory" property must have room for ${copies}, of ${native.size} bytes each`
    throw valueError(`${rule}: one for each thread. Received ${maxMemory}`)
  }
  return { native, modules }
}

/** A limit that was met is told as a script's; and that of its time is no option. */
function aboutPrelude({ limit, ...failure }) {
  if (limit == null) return failure
  const message = failure.message.replace(/^the script /, 'the prelude ')
  if (limit !== 'timeout') return { ...failure, message, limit }
  return { ...failure, message: message.replace('its timeout of ', '') }
}

function partsOf(prelude, maxSource) {
  const byName = new Map()
  return Array.from(prelude, (given, i) => {
    const what = `options.prelude[${i}]`
    const { name, source } = readOptions(given === undefined ? null : given, PART, what)
    if (name === undefined) throw typeError(`The "${what}.name" property is missing`)
    if (source === undefined) throw typeError(`The "${what}.source" property is missing`)
    const part = sourceNamed(name, source, maxSource, `${what}.source`, `The "${what}.name" property`)
    if (byName.has(name)) {
      const other = `"options.prelude[${byName.get(name)}]"`
      throw valueError(`The "${what}.name" property must be new. Received ${shown(name)}, as ${other} has it`)
    }
    byName.set(name, i)
    return part
  })
}

function modulesOf(preludeModules, parts) {
  const names = parts.map(({ name }) => name)
  const modules = new Set()
  for (const [i, name] of preludeModules.entries()) {
    const what = `The "options.preludeModules[${i}]" property`
    checkLabel(name, what)
    if (!names.includes(name)) {
      const rule = `${what} must be the name of an entry of "options.prelude"`
      throw valueError(`${rule}. Received ${shown(name)}${hint(name, names)}`)
    }
    if (modules.has(name)) throw valueError(`${what} must be new. Received ${shown(name)} again`)
    modules.add(name)
  }
  return modules
}

module.exports = { preludeOf }
