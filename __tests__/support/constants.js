// What many tests name: Lua that does not end, and sizes and times for its limits.
'use strict'

const ENDLESS = 'while true do end'

/** Lua cannot be left inside of a callback: this holds its worker thread until it is stopped. */
const HOLDING = '("x"):gsub("x", function() while true do end end)'

/** In ms: longer than any test takes. */
const FOREVER = 600_000

const MIB = 1024 * 1024

module.exports = { ENDLESS, FOREVER, HOLDING, MIB }
