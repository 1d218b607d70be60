// The public door for require().
'use strict'

const { runLua } = require('./lib/default-engine')
const { LuaError } = require('./lib/errors')

module.exports = { LuaError, runLua }
