// What the modules that watch an engine check about it, and that they stop when it is closed.
'use strict'

const { whenClosed } = require('./diagnostics')
const { Engine } = require('./engine')
const { notRun, shown, typeError } = require('./errors')

function checkEngine(value, what) {
  if (!(value instanceof Engine)) throw typeError(`${what} must be an Engine. Received ${shown(value)}`)
}

/** Has `stop` called when the engine is closed; if it is, now, and throws. */
function untilClosed(engine, stop) {
  if (whenClosed(engine, stop)) return
  stop()
  throw notRun('ERR_ENGINE_CLOSED', 'the engine is closed: there is nothing to watch any more')
}

module.exports = { checkEngine, untilClosed }
