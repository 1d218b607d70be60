// What many tests name: Lua that does not end, and sizes and times for its limits.
'use strict'

const ENDLESS = 'while true do end'

/**
 * Our own functions are not suspended in the middle: this holds its worker thread until it is stopped. What it encodes has
 * 2^60 leaves, each of which is a table with room for many keys, all of which are looked at, and none is there.
 */
const HOLDING = holdingAfter('')

/** The same, but first it does something: when that is done, it is as good as held. */
function holdingAfter(code) {
  return `local leaf = {}
    for i = 1, 9000 do leaf[-i] = i end
    for i = 1, 9000 do leaf[-i] = nil end
    local tree = { leaf }
    for _ = 1, 60 do tree = { tree, tree } end
    ${code}
    json.encode(tree)`
}

/** In ms: longer than any test takes. */
const FOREVER = 600_000

const MIB = 1024 * 1024

module.exports = { ENDLESS, FOREVER, HOLDING, MIB, holdingAfter }
