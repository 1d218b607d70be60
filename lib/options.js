// Checks what a caller passes to runLua, in order, and fills in the defaults.
'use strict'

const { inspect } = require('node:util')
const { shown, typeError, valueError } = require('./errors')
const { nearest } = require('./nearest')
const { checkSource, checkSourceSize, unshared } = require('./source')

const MIB = 1024 * 1024
const MAX_MILLISECONDS = 2 ** 31 - 1
const MAX_BYTES = 2 ** 31 - 1

/** Every option: its default, and the check that a given value must pass. */
const OPTIONS = {
  timeout: { default: 5000, check: checkMilliseconds },
  cpuTimeout: { default: undefined, check: checkMilliseconds },
  memoryLimit: { default: 64 * MIB, check: bytesFrom(MIB, Number.MAX_SAFE_INTEGER) },
  maxOutput: { default: MIB, check: bytesFrom(0, MAX_BYTES) },
  maxSource: { default: MIB, check: bytesFrom(1, MAX_BYTES) },
  name: { default: undefined, check: checkLabel },
}
const NAMES = Object.keys(OPTIONS)

/** The run that the arguments of runLua describe; throws the first objection. */
function checkRun(code, scriptId, options) {
  checkSource(code)
  checkLabel(scriptId, 'The "scriptId" argument')
  const { maxSource, name = scriptId, ...limits } = readOptions(options)
  checkSourceSize(code, maxSource)
  return { code: unshared(code), scriptId, name, limits }
}

/** A scriptId or a chunk name: text that may stand in a log line. */
function checkLabel(value, what) {
  const rule = `${what} must be a string of 1 to 256 UTF-8 bytes without control characters`
  if (typeof value !== 'string') throw typeError(`${rule}. Received ${shown(value)}`)
  if (value === '') throw valueError(`${rule}. Received an empty string`)
  if (!value.isWellFormed()) throw valueError(`${rule}. Received a string with a lone surrogate`)
  const size = Buffer.byteLength(value)
  if (size > 256) throw valueError(`${rule}. Received ${size} bytes`)
  if (/\p{Cc}/u.test(value)) throw valueError(`${rule}. Received ${shown(value)}`)
}

function checkMilliseconds(value, what) {
  const rule = `${what} must be a number of milliseconds above 0 and at most ${MAX_MILLISECONDS}`
  if (typeof value !== 'number') throw typeError(`${rule}. Received ${shown(value)}`)
  if (!(value > 0 && value <= MAX_MILLISECONDS)) throw valueError(`${rule}. Received ${value}`)
}

function bytesFrom(least, most) {
  return (value, what) => {
    const rule = `${what} must be a whole number of bytes from ${least} to ${most}`
    if (typeof value !== 'number') throw typeError(`${rule}. Received ${shown(value)}`)
    if (!(Number.isInteger(value) && value >= least && value <= most)) throw valueError(`${rule}. Received ${value}`)
  }
}

/** Each option's value, or its default. Every property is read once, as a getter may answer differently next time. */
function readOptions(options = {}) {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw typeError(`The "options" argument must be an object. Received ${shown(options)}`)
  }
  for (const key of Object.keys(options)) if (!NAMES.includes(key)) throw unknownOption(key)
  return Object.fromEntries(NAMES.map((name) => [name, readOption(options, name)]))
}

function readOption(options, name) {
  const value = options[name]
  if (value === undefined) return OPTIONS[name].default
  OPTIONS[name].check(value, `The "options.${name}" property`)
  return value
}

function unknownOption(key) {
  const meant = nearest(key, NAMES)
  const hint = meant === undefined ? '' : `; did you mean '${meant}'?`
  return typeError(`unknown option ${inspect(key)}${hint} (known options: ${NAMES.join(', ')})`)
}

module.exports = { checkRun }
