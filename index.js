// The public door for require().
'use strict'

const { Context } = require('./lib/context')
const { runLua } = require('./lib/default-engine')
const { Engine } = require('./lib/engine')
const { LuaError } = require('./lib/errors')
const { SharedDict } = require('./lib/shared')
const { Script } = require('./lib/source')

module.exports = { Context, Engine, LuaError, Script, SharedDict, runLua }
