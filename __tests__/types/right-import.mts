// The same types for ECMAScript modules: named imports, and the default import that index.mjs gives.
import moonpool, { LuaError, runLua } from 'moonpool'
import testing, { createTester } from 'moonpool/testing'

const text: string = await runLua('return 1', 'tenant-1')
const same: typeof runLua = moonpool.runLua
const sameClass: typeof LuaError = moonpool.LuaError

const sameTester: typeof createTester = testing.createTester

export { same, sameClass, sameTester, text }
