// Values as the page shows them: a bounded tree of plain texts, however much a script returns.
'use strict'

const { isUtf8 } = require('node:buffer')

/** So many values and keys are shown, so many characters of a text, so many levels of tables. */
const NODES = 2000
const TEXT = 5000
const DEPTH = 12

/** A list of values, each `{ type, text }`, or for a table `{ type, size, isList, entries, more }`; `more` were left out. */
function shownValues(values) {
  const budget = { nodes: NODES }
  const shown = []
  for (const value of values) {
    if (budget.nodes <= 0) break
    shown.push(shownValue(value, budget, DEPTH))
  }
  return { values: shown, more: values.length - shown.length }
}

function shownValue(value, budget, depth) {
  budget.nodes -= 1
  if (value === undefined) return { type: 'nil', text: 'nil' }
  if (value === null) return { type: 'null', text: 'json.null' }
  if (value instanceof Map) return shownTable(value, budget, depth)
  if (value instanceof Uint8Array) return { type: 'string', ...shownString(value) }
  return { type: typeof value === 'boolean' ? 'boolean' : 'number', text: Object.is(value, -0) ? '-0' : String(value) }
}

/** Strings come as bytes: those that are no UTF-8 are shown, too. */
function shownString(bytes) {
  const some = bytes.subarray(0, TEXT)
  const isText = isUtf8(bytes)
  const text = isText
    ? new TextDecoder().decode(some, { stream: true })
    : [...some.subarray(0, TEXT / 4)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
  const shownBytes = isText ? Buffer.byteLength(text) : Math.min(bytes.length, TEXT / 4)
  return { text, isText, ...(shownBytes < bytes.length ? { more: bytes.length - shownBytes } : {}) }
}

function shownTable(table, budget, depth) {
  const isList = isListed(table)
  const entries = []
  for (const [key, value] of table) {
    if (depth === 0 || budget.nodes <= 0) break
    entries.push([keyOf(key), shownValue(value, budget, depth - 1)])
  }
  return { type: 'table', size: table.size, isList, entries, more: table.size - entries.length }
}

/** Whether its keys are 1 to n, in this order. */
function isListed(table) {
  let expected = 0
  for (const key of table.keys()) if (key !== ++expected) return false
  return expected > 0
}

const IS_NAME = /^[A-Za-z_]\w{0,99}$/

function keyOf(key) {
  if (typeof key !== 'string') return `[${String(key)}]`
  const short = key.length > 100 ? `${key.slice(0, 100)}…` : key
  return IS_NAME.test(key) ? key : `[${JSON.stringify(short)}]`
}

module.exports = { NODES, TEXT, shownValues }
