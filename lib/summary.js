// What `util.inspect` and `console.log` show of an object that has nothing but private fields.
'use strict'

/** A name and what matters of the object; `show` is the `inspect` that asks. */
function summaryOf(name, parts, depth, options, show) {
  return depth < 0 ? `[${name}]` : `${name} ${show(parts, { ...options, depth })}`
}

module.exports = { summaryOf }
