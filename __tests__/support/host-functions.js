// Functions of the host's for tests of how scripts call them.
'use strict'

/** Resolves in another turn of the event loop. */
const later = () => new Promise(setImmediate)

/** An object that has `then`, whatever that is. */
const thenable = (value, object = {}) => Object.defineProperty(object, 'then', { value, enumerable: true })

/** A function whose answers wait for the test. */
function gate() {
  const calls = []
  const open = (context, ...args) =>
    new Promise((resolve, reject) => {
      calls.push({ args, resolve, reject, context })
    })
  return { calls, open }
}

/** `same` gives its argument at once, `slow` gives it in another turn, `bad` fails. */
const BASIC = {
  same: (_context, value) => value,
  slow: async (_context, value) => {
    await later()
    return value
  },
  bad: (_context, message = 'boom') => {
    throw new Error(message)
  },
}

module.exports = { BASIC, gate, later, thenable }
