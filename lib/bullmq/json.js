// Whether a value that came out of Lua can be kept as JSON, as BullMQ keeps it, and is not too long for that.
'use strict'

/**
 * What is in the way, with its path; or nothing. `max` is in characters of JSON. Of a value that is far too long, only so much is
 * looked at. Values of Lua are no deeper than they may cross.
 */
function unfit(value, path, max) {
  const room = { left: max }
  const problem = unfitIn(value, path, room)
  if (problem || room.left < 0) return problem ?? `${path} has more than ${max} characters of JSON`
  const { length } = JSON.stringify(value)
  return length > max ? `${path} has ${length} characters of JSON, and may have ${max}` : undefined
}

/** Takes from the room at least what is in it, and stops where there is none left. */
function unfitIn(value, path, room) {
  room.left -= sizeOf(value)
  if (room.left < 0 || isPlain(value)) return undefined
  if (typeof value === 'bigint')
    return `${path} is the integer ${value}, for which JSON has no number; return it as text`
  if (typeof value === 'number') return `${path} is ${value}, for which JSON has no number`
  if (value instanceof Uint8Array) return `${path} is bytes; JSON has text only`
  if (value instanceof Map) return `${path} is a Map; JSON has objects only`
  return Array.isArray(value) ? unfitItem(value, path, room) : unfitProperty(value, path, room)
}

function unfitItem(items, path, room) {
  for (let i = 0; i < items.length && room.left >= 0; i++) {
    const problem = isShort(items[i], room) ? undefined : unfitIn(items[i], `${path}[${i}]`, room)
    if (problem) return problem
  }
  return undefined
}

function unfitProperty(object, path, room) {
  for (const key of Object.keys(object)) {
    room.left -= key.length
    if (room.left < 0) return undefined
    const problem = isShort(object[key], room) ? undefined : unfitIn(object[key], `${path}.${key}`, room)
    if (problem) return problem
  }
  return undefined
}

/** What most values are: no path is made for them. */
function isShort(value, room) {
  if (!isPlain(value)) return false
  room.left -= sizeOf(value)
  return true
}

const isPlain = (value) =>
  typeof value === 'string' || typeof value === 'boolean' || value == null || Number.isFinite(value)

/** At least this is its JSON; an array has a comma, at least, for each item. */
function sizeOf(value) {
  if (typeof value === 'string') return value.length + 2
  return Array.isArray(value) ? value.length : 1
}

module.exports = { unfit }
