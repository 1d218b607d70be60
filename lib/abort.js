// AbortSignals: one listener for each signal, however many runs it stops.
'use strict'

const { debug } = require('./diagnostics')

/** Signal → what to do when it is aborted. Node warns of a signal that has more than ten listeners. */
const watched = new WeakMap()

/** Calls `act` when the signal is aborted, at most once. Returns what takes that back. Throws what the signal throws. */
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
    entry.acts.delete(act)
    if (entry.acts.size === 0) forget(signal, entry)
  }
}

function abort(signal, entry) {
  forget(signal, entry)
  // A signal of the host's own making may come again.
  const acts = [...entry.acts]
  entry.acts.clear()
  for (const act of acts) act()
}

function forget(signal, entry) {
  if (watched.get(signal) !== entry) return
  watched.delete(signal)
  try {
    signal.removeEventListener('abort', entry.listener)
  } catch (error) {
    // Then it keeps a listener that does nothing any more. That is nobody's failure.
    debug('a signal keeps its listener: %s', error)
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
