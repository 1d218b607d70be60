// The async context of a call, or of whoever made an engine: what was captured there, and can be entered again.
'use strict'

const { AsyncResource } = require('node:async_hooks')

class Scope extends AsyncResource {
  /** It keeps nothing alive: Jest's `--detectOpenHandles` asks. */
  hasRef() {
    return false
  }
}

module.exports = { Scope }
