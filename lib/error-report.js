// What an error tells those who print or log it: for `util.inspect`, and as a plain object for JSON.
//
// A cause is whatever a host function threw. It may throw again when it is read, lead back to itself, or have no end.
'use strict'

const { inspect, types } = require('node:util')

/** So many characters of the output are shown, the last ones. */
const MAX_OUTPUT = 1000

/** So many characters of a text that is not ours, and of a traceback. */
const MAX_TEXT = 4096

/** So many causes of causes are told. */
const MAX_CAUSES = 8

/** In `util.inspect`, so many levels of causes, whatever its `depth`. */
const MAX_LEVELS = 4

/** What is shown of a run's error, in this order; then what others have added, the cause, and the traceback. */
const ORDER = ['code', 'place', 'scriptId', 'limit', 'retryAfter', 'luaValue', 'output']

/**
 * An error as a plain object, without the stack of JavaScript, which names files of the host. `isOurs` tells a `LuaError`
 * from whatever else a host function may have thrown.
 */
function reportOf(error, isOurs, above = []) {
  const report = { name: textOf(read(error, 'name')) ?? 'Error', message: textOf(read(error, 'message')) ?? '' }
  for (const key of ['code', 'scriptId', 'chunk', 'line', 'limit', 'retryAfter', 'luaStack', 'luaValue', 'output']) {
    const value = isOurs(error) ? fieldOf(error, key) : codeOf(error, key)
    if (value !== undefined) report[key] = value
  }
  const cause = read(error, 'cause')
  if (cause !== undefined) report.cause = causeOf(cause, isOurs, [...above, error])
  return report
}

function fieldOf(error, key) {
  const value = read(error, key)
  if (key === 'luaValue') return value
  if (key === 'output') return typeof value === 'string' ? lastOf(value) : undefined
  return textOf(value) ?? numberOf(value)
}

/** What is told of an error that is not ours, besides its name and message. */
function codeOf(error, key) {
  if (key !== 'code') return undefined
  const value = read(error, key)
  return textOf(value) ?? numberOf(value)
}

function causeOf(cause, isOurs, above) {
  if (!isObject(cause)) return plainOf(cause)
  if (above.includes(cause)) return '[circular]'
  if (above.length > MAX_CAUSES) return '[more causes]'
  return isError(cause) ? reportOf(cause, isOurs, above) : shownSafely(cause, { depth: 2 })
}

/** A thrown value that is no object, as JSON can carry it. */
function plainOf(value) {
  if (typeof value === 'string') return firstOf(value)
  if (value === null || typeof value === 'boolean' || Number.isFinite(value)) return value
  return shownSafely(value, {})
}

/** An error as `util.inspect` shows it: its stack, what it knows of the run, its cause and Lua's traceback. */
function printed(error, depth, options = {}, show = inspect) {
  const levels = Math.min(depth ?? MAX_LEVELS, MAX_LEVELS)
  const name = textOf(read(error, 'name')) ?? 'Error'
  if (levels < 0) return `[${name}]`
  const inner = { ...options, depth: levels - 1 }
  const parts = partsOf(error).map(([key, value]) => `  ${key}:${indented(partShown(key, value, inner, show))}`)
  const head = read(error, 'stack')
  const line = escaped(typeof head === 'string' ? head : `${name}: ${textOf(read(error, 'message')) ?? ''}`)
  return parts.length === 0 ? line : `${line} {\n${parts.join(',\n')}\n}`
}

/** The properties of an error, those of ours first. What a getter would say is not asked for. */
function partsOf(error) {
  const own = new Map()
  for (const [key, { value, enumerable, get }] of Object.entries(Object.getOwnPropertyDescriptors(error))) {
    if (enumerable) own.set(key, get ? GETTER : value)
  }
  if (own.has('chunk') && own.has('line')) {
    own.set('place', `${own.get('chunk')}:${own.get('line')}`)
    own.delete('chunk')
    own.delete('line')
  }
  if (own.get('output') === '') own.delete('output')
  const cause = Object.getOwnPropertyDescriptor(error, 'cause')
  if (cause) own.set('[cause]', cause.get ? GETTER : cause.value)
  const stack = own.has('luaStack') ? ['luaStack'] : []
  const others = [...own.keys()].filter((key) => ![...ORDER, '[cause]', 'luaStack', 'cause'].includes(key))
  const order = [...ORDER, ...others, '[cause]'].filter((key) => own.has(key))
  return [...order, ...stack].map((key) => [key, own.get(key)])
}

/** Stands for the value of a getter. */
const GETTER = Symbol('getter')

function partShown(key, value, options, show) {
  if (value === GETTER) return ' [Getter]'
  if (key === 'luaStack' && typeof value === 'string') return indented(`\n${escaped(firstOf(value))}`)
  return ` ${shownSafely(key === 'output' && typeof value === 'string' ? lastOf(value) : value, options, show)}`
}

/** Text of a script's, in which nothing commands a terminal. */
function escaped(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  return text.replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** The lines behind the first one, two further to the right. */
const indented = (text) => text.replaceAll('\n', '\n  ')

/** What `util.inspect` says of any value, if it can. */
function shownSafely(value, options, show = inspect) {
  try {
    return firstOf(show(value, options))
  } catch {
    return `[${typeof value} that cannot be shown]`
  }
}

const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function'

/** Whether it has what errors have, of whichever realm they are. */
function isError(value) {
  return types.isNativeError(value) || typeof read(value, 'message') === 'string'
}

/** A property of anything, if it can be read. */
function read(object, key) {
  try {
    return object[key]
  } catch {
    return undefined
  }
}

const textOf = (value, most = MAX_TEXT) => (typeof value === 'string' ? firstOf(value, most) : undefined)
const numberOf = (value) => (Number.isFinite(value) ? value : undefined)

function firstOf(text, most = MAX_TEXT) {
  return text.length > most ? `${text.slice(0, most)}... (${text.length - most} characters more)` : text
}

function lastOf(text, most = MAX_OUTPUT) {
  return text.length > most ? `(${text.length - most} characters before) ...${text.slice(-most)}` : text
}

module.exports = { escaped, printed, reportOf }
