// The engine behind the exported runLua: made on first use, one per module instance.
'use strict'

const { Engine } = require('./engine')

let engine

/** Async, so that whatever is wrong rejects. */
async function runLua(code, scriptId, options) {
  engine ??= new Engine()
  return engine.runLua(code, scriptId, options)
}

module.exports = { runLua }
