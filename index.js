// The public door for require().
'use strict'

const { runLua } = require('./lib/default-engine')
const { Engine } = require('./lib/engine')
const { LuaError } = require('./lib/errors')
const { Script } = require('./lib/source')

module.exports = { Engine, LuaError, Script, runLua }
