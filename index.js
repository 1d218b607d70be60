// The public door for require().
'use strict'

const { Context } = require('./lib/context')
const { runLua } = require('./lib/default-engine')
const { Engine } = require('./lib/engine')
const { LuaError } = require('./lib/errors')
const { LuaFunction } = require('./lib/function')
const { ContextPool } = require('./lib/pool')
const { SharedDict } = require('./lib/shared')
const { Script } = require('./lib/source')

module.exports = { Context, ContextPool, Engine, LuaError, LuaFunction, Script, SharedDict, runLua }
