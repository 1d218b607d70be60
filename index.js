// The public door for require().
'use strict'

const { Context } = require('./lib/context')
const { runLua } = require('./lib/default-engine')
const { Engine } = require('./lib/engine')
const { LuaError } = require('./lib/errors')
const { LuaFunction } = require('./lib/function')
const { FunctionSet } = require('./lib/functions')
const { HostError } = require('./lib/host-error')
const { ModuleSet } = require('./lib/module-set')
const { ContextPool } = require('./lib/pool')
const { SharedDict } = require('./lib/shared')
const { Script } = require('./lib/source')

module.exports = {
  Context,
  ContextPool,
  Engine,
  FunctionSet,
  HostError,
  LuaError,
  LuaFunction,
  ModuleSet,
  Script,
  SharedDict,
  runLua,
}
