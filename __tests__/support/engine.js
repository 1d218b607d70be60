// Engines for the tests of one file: closed after each test, whatever became of it.
'use strict'

const { Engine } = require('../..')

const engines = []

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close({ timeout: 0 })))
})

function engineWith(options) {
  const engine = new Engine(options)
  engines.push(engine)
  return engine
}

/** Waits, turn by turn of the event loop, until something is so. */
async function until(isSo) {
  while (!(await isSo())) await new Promise(setImmediate)
}

module.exports = { engineWith, until }
