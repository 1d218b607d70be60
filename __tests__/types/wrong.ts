// Wrong uses of the public types: no line compiles without its expectation.
import { LuaError, type LuaErrorCode, runLua } from 'moonpool'

// @ts-expect-error: scriptId is required
runLua('return 1')
// @ts-expect-error: code is text or bytes
runLua(42, 'tenant-1')
// @ts-expect-error: code in 16-bit units is no source
runLua(new Uint16Array(1), 'tenant-1')
// @ts-expect-error: scriptId is a string
runLua('return 1', 7)
// @ts-expect-error: options are an object
runLua('return 1', 'tenant-1', null)
// @ts-expect-error: a misspelt option
runLua('return 1', 'tenant-1', { timeOut: 5 })
// @ts-expect-error: milliseconds are a number
runLua('return 1', 'tenant-1', { timeout: '5' })
// @ts-expect-error: bytes are a number, not a bigint
runLua('return 1', 'tenant-1', { memoryLimit: 1n })
// @ts-expect-error: name is a string
runLua('return 1', 'tenant-1', { name: 1 })

// @ts-expect-error: the result is a promise
export const text: string = runLua('return 1', 'tenant-1')

// @ts-expect-error: only moonpool makes them
export const made = new LuaError()

declare const error: LuaError
// @ts-expect-error: its properties are read-only
error.code = 'ERR_INTERNAL'
// @ts-expect-error: the line may be unknown
export const line: number = error.line
// @ts-expect-error: not one of the codes
export const code: LuaErrorCode = 'ERR_LUA'
// @ts-expect-error: not one of the limits
export const isMemory = error.limit === 'memoryLimit'
