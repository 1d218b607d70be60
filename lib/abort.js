// AbortSignals: one listener for each signal, however many runs it stops.
'use strict'

const { debug } = require('./diagnostics')
const { messageOf } = require('./host-error')

/** Signal → what to do when it is aborted. Node warns of a signal that has more than ten listeners. */
const watched = new WeakMap()

/**
 * Calls `act` when the signal is aborted. Returns what takes that back, and is to be called also after that: the signal is
 * the host's, and is called in the async context of a run, not in that of whoever aborts it. Throws what the signal throws.
 */
function onAbort(signal, act) {
  const entry = watched.get(signal) ?? { acts: new Set() }
  entry.acts.add(act)
  if (!entry.listener) {
    entry.listener = () => abort(signal, entry)
    watched.set(signal, entry)
    try {
      // Last: the signal may be aborted while it is asked.
      signal.addEventListener('abort', entry.listener, { once: true })
    } catch (error) {
      entry.acts.clear()
      forget(signal, entry)
      throw error
    }
  }
  return () => {
    if (entry.acts.delete(act) && entry.acts.size === 0) forget(signal, entry)
  }
}

function abort(signal, entry) {
  // A signal of the host's own making may come again.
  unwatch(signal, entry)
  for (const act of [...entry.acts]) act()
}

function unwatch(signal, entry) {
  if (watched.get(signal) === entry) watched.delete(signal)
}

function forget(signal, entry) {
  unwatch(signal, entry)
  try {
    signal.removeEventListener('abort', entry.listener)
  } catch (error) {
    // Then it keeps a listener that does nothing any more. That is nobody's failure.
    debug('a signal keeps its listener: %s', messageOf(error))
  }
}

/** Why a signal was aborted, or, when it throws instead of saying so, what it throws. */
function reasonOf(signal) {
  try {
    return signal.reason
  } catch (error) {
    return error
  }
}

module.exports = { onAbort, reasonOf }
