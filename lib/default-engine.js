// The engine behind the exported runLua: made on first use, one per module instance.
'use strict'

const { Engine } = require('./engine')
const { outside } = require('./native')

let engine

/** Async, so that whatever is wrong rejects. */
async function runLua(code, scriptId, options) {
  if (!engine) outside(make)
  return engine.runLua(code, scriptId, options)
}

/** On behalf of everybody: not in the async context of whoever happens to be the first. */
function make() {
  engine = new Engine()
}

module.exports = { runLua }
