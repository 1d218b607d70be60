// How much memory the VMs of an engine hold together by default: a half of what the process may have.
'use strict'

const { totalmem } = require('node:os')

const LEAST = 1024 * 1024 // what the option takes

function maxMemory() {
  return Math.max(LEAST, Math.floor(available() / 2))
}

/** What a container leaves the process, or the machine's memory. Without a bound Node says 0, nothing, or a huge number. */
function available() {
  const constrained = process.constrainedMemory?.() ?? 0
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
}

module.exports = { maxMemory }
