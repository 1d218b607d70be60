// The public door for import: the same objects that require() gives.
export { Context, default, Engine, LuaError, runLua, Script, SharedDict } from './index.js'
