// How much memory the VMs of an engine hold together by default: a half of what the process may have.
'use strict'

const { readFileSync } = require('node:fs')
const { totalmem } = require('node:os')

const LEAST = 1024 * 1024 // what the option takes

function maxMemory() {
  return Math.max(LEAST, Math.floor(available() / 2))
}

/** What a container leaves the process, or the machine's memory. Without a bound Node says 0, nothing, or a huge number. */
function available() {
  const constrained = process.constrainedMemory?.() ?? 0
  return Math.min(constrained > 0 ? constrained : Infinity, totalmem(), addresses())
}

/** What `ulimit -v` leaves the process on Linux. Node takes much of it for itself, and uses little of that. */
function addresses() {
  try {
    const limit = /^Max address space +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    const taken = /^VmSize:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))
    return limit && taken ? Math.max(0, limit[1] - taken[1] * 1024) : Infinity
  } catch {
    return Infinity
  }
}

module.exports = { maxMemory }
