// `await using`: the symbol by which a class says how its instances are closed.
'use strict'

/** Closes instances of a class at the end of an `await using` block. Realms without the symbol have no such blocks. */
function closeAtDispose(Class) {
  if (!Symbol.asyncDispose) return
  Object.defineProperty(Class.prototype, Symbol.asyncDispose, {
    value: function close() {
      return this.close()
    },
    configurable: true,
    writable: true,
  })
}

module.exports = { closeAtDispose }
