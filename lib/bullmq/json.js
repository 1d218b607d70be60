// Whether a value that came out of Lua can be kept as JSON, as BullMQ keeps it.
'use strict'

/** What is in the way, with its path; or nothing. Values of Lua are no deeper than they may cross. */
function unfit(value, path) {
  if (typeof value === 'bigint')
    return `${path} is the integer ${value}, for which JSON has no number; return it as text`
  if (typeof value === 'number' && !Number.isFinite(value)) return `${path} is ${value}, for which JSON has no number`
  if (typeof value !== 'object' || value === null) return undefined
  if (value instanceof Uint8Array) return `${path} is bytes; JSON has text only`
  if (value instanceof Map) return `${path} is a Map; JSON has objects only`
  const inner = Array.isArray(value) ? (key) => `${path}[${key}]` : (key) => `${path}.${key}`
  for (const key of Object.keys(value)) {
    const problem = isPlain(value[key]) ? undefined : unfit(value[key], inner(key))
    if (problem) return problem
  }
  return undefined
}

/** What most values are: no path is made for them. */
function isPlain(value) {
  return typeof value === 'string' || typeof value === 'boolean' || value == null || Number.isFinite(value)
}

module.exports = { unfit }
