// How much memory the VMs of an engine hold together by default: a half of what the process may have.
'use strict'

const { readFileSync } = require('node:fs')
const { totalmem } = require('node:os')
const { threadPoolSize } = require('./native')

const MIB = 1024 * 1024
const LEAST = MIB // what the option takes
const THREAD = 72 * MIB // addresses of one thread: a stack of 8 MiB, and the 64 MiB that glibc's malloc reserves for it
const OUR_THREADS = 2 // watchdog and timer

function maxMemory() {
  return Math.max(LEAST, Math.floor(available() / 2))
}

/** What a container leaves the process, or the machine's memory. Without a bound Node says 0, nothing, or a huge number. */
function available() {
  const constrained = process.constrainedMemory?.() ?? 0
  return Math.min(constrained > 0 ? constrained : Infinity, totalmem(), addresses())
}

/**
 * What `ulimit -v` leaves the process on Linux, once all threads run. Node takes much of it for itself, and uses little
 * of that.
 */
function addresses() {
  try {
    const limit = /^Max address space +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    const taken = /^VmSize:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))
    const threads = threadPoolSize() + OUR_THREADS
    return limit && taken ? Math.max(0, limit[1] - taken[1] * 1024 - threads * THREAD) : Infinity
  } catch {
    return Infinity
  }
}

module.exports = { maxMemory }
