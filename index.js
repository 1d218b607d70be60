// The public door for require().
'use strict'

const { Context } = require('./lib/context')
const { runLua } = require('./lib/default-engine')
const { Engine } = require('./lib/engine')
const { LuaError } = require('./lib/errors')
const { FunctionSet } = require('./lib/functions')
const { HostError } = require('./lib/host-error')
const { ModuleSet } = require('./lib/module-set')
const { SharedDict } = require('./lib/shared')
const { Script } = require('./lib/source')

module.exports = { Context, Engine, FunctionSet, HostError, LuaError, ModuleSet, Script, SharedDict, runLua }
