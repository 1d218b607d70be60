// The public door for import: the same objects that require() gives.
export {
  Context,
  ContextPool,
  default,
  Engine,
  FunctionSet,
  HostError,
  LuaError,
  LuaFunction,
  ModuleSet,
  runLua,
  Script,
  SharedDict,
} from './index.js'
