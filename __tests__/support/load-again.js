// moonpool, loaded once more.
'use strict'

/** A second instance of the module, with an engine of its own. */
function loadAgain() {
  let again
  jest.isolateModules(() => {
    again = require('../..')
  })
  return again
}

module.exports = { loadAgain }
