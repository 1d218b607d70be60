// The engine behind the exported runLua: made on first use, one per module instance.
'use strict'

const { Engine } = require('./engine')
const { Scope } = require('./scope')

// Made on behalf of everybody: not in the async context of whoever happens to be the first.
const scope = new Scope('moonpool.module')

let engine

/** Async, so that whatever is wrong rejects. */
async function runLua(code, scriptId, options) {
  engine ??= scope.runInAsyncScope(() => new Engine())
  return engine.runLua(code, scriptId, options)
}

module.exports = { runLua }
