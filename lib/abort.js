// AbortSignals: one listener for each signal, however many runs it stops.
'use strict'

/** Signal → what to do when it is aborted. Node warns of a signal that has more than ten listeners. */
const watched = new WeakMap()

/** Calls `act` when the signal is aborted. Returns what takes that back. */
function onAbort(signal, act) {
  const entry = watched.get(signal) ?? { acts: new Set() }
  entry.acts.add(act)
  if (!entry.listener) {
    entry.listener = () => abort(signal, entry)
    watched.set(signal, entry)
    // Last: the signal may be aborted while it is asked.
    signal.addEventListener('abort', entry.listener, { once: true })
  }
  return () => {
    entry.acts.delete(act)
    if (entry.acts.size === 0 && watched.get(signal) === entry) forget(signal, entry)
  }
}

function abort(signal, entry) {
  forget(signal, entry)
  for (const act of entry.acts) act()
}

function forget(signal, entry) {
  watched.delete(signal)
  signal.removeEventListener('abort', entry.listener)
}

module.exports = { onAbort }
