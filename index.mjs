// The public door for import: the same objects that require() gives.
export { default, LuaError, runLua } from './index.js'
