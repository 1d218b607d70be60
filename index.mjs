// The public door for import: the same objects that require() gives.
export {
  Context,
  default,
  Engine,
  FunctionSet,
  HostError,
  LuaError,
  ModuleSet,
  runLua,
  Script,
  SharedDict,
} from './index.js'
