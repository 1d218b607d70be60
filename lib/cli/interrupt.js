// Ctrl-C: the first one stops the script, the second one the program.
'use strict'

/** The exit code of a program that was stopped by Ctrl-C, as shells have it. */
const INTERRUPTED = 130

/** Calls `stop` at the first Ctrl-C, and ends the program at the second. Returns what lets go of Ctrl-C again. */
function onInterrupt(stop) {
  let isFirst = true
  const listener = () => {
    if (!isFirst) process.exit(INTERRUPTED)
    isFirst = false
    stop()
  }
  process.on('SIGINT', listener)
  return () => process.off('SIGINT', listener)
}

module.exports = { INTERRUPTED, onInterrupt }
