// The public door for import: the same objects that require() gives.
export { Context, ContextPool, default, Engine, LuaError, LuaFunction, runLua, Script, SharedDict } from './index.js'
