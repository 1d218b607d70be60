// Contexts for tests, and what comes of their runs.
'use strict'

const { engineWith, until } = require('./engine')

const contextWith = (options) => engineWith().createContext('x', options)

const valueIn = async (run) => (await run).value
const valuesIn = async (run) => (await run).values

/** Four calls, of which a context that has ended takes none. */
const anyCall = (context) => [context.run('n = 2'), context.call('spin'), context.get('n'), context.set('n', 2)]

/** A host function `host.wait(name)`: which names wait, and how to let one go on. */
function withWait(engine) {
  const waiting = new Map()
  engine.expose('wait', (_context, name) => new Promise((resolve) => waiting.set(name, resolve)))
  return {
    arrived: (name) => until(() => waiting.has(name)),
    hasArrived: (name) => waiting.has(name),
    release(name) {
      waiting.get(name)(name)
      waiting.delete(name)
    },
  }
}

module.exports = { anyCall, contextWith, valueIn, valuesIn, withWait }
