// How values cross between JavaScript and Lua, as the options `strings`, `tables`, `nulls` and `dates` say.
'use strict'

const { isDate } = require('node:util').types

const { getTime, toISOString } = Date.prototype

// As crates/core/src/value/shapes.rs has them.
const BYTES = 1
const TABLES = { object: 0, map: 2, record: 4 }

/** The shapes in which Lua's values are given, as one number. */
function shapesOf({ strings, tables }) {
  return (strings === 'buffer' ? BYTES : 0) | TABLES[tables]
}

/** Whether a value goes into Lua as nil. */
function isNil(value, into) {
  return value === undefined || (value === null && into.nulls === 'nil')
}

/** The text of a date, or nothing when it is invalid. */
function isoOf(date) {
  return Number.isNaN(getTime.call(date)) ? undefined : toISOString.call(date)
}

module.exports = { isDate, isNil, isoOf, shapesOf }
