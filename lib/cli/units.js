// Times and sizes as they are typed: milliseconds and bytes, or with a unit.
'use strict'

const { UsageError } = require('./usage')

const TIMES = { '': 1, ms: 1, s: 1000 }
const SIZES = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/** Reads a time: `500`, `200ms`, `1.5s`. */
const milliseconds = (text, option) => Number(amountOf(text, option, 'a time, such as 500, 200ms or 5s', TIMES))

/** Reads a size: `65536`, `64k`, `16m`, also `16mb`. */
const bytes = (text, option) =>
  Math.round(amountOf(text.replace(/(?<=[kmg])b$/i, ''), option, 'a size, such as 65536, 64k, 16m or 1g', SIZES, text))

function amountOf(text, option, wanted, units, given = text) {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([a-z]*)$/i.exec(text) ?? []
  const factor = Object.hasOwn(units, (unit ?? '?').toLowerCase()) ? units[unit.toLowerCase()] : undefined
  if (factor === undefined) throw new UsageError(`${option} must be ${wanted}. Received '${given}'`)
  return number * factor
}

module.exports = { bytes, milliseconds }
