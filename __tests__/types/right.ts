// Right uses of the public types: every line compiles.
import { LuaError, type LuaErrorCode, type RunOptions, runLua } from 'moonpool'

const text: Promise<string> = runLua('return 1', 'tenant-1')
runLua(new Uint8Array([45, 45]), 'tenant-1')
runLua(Buffer.from('--'), 'tenant-1', {})
runLua('return 1', 'tenant-1', undefined)

const options: RunOptions = {
  timeout: 0.5,
  cpuTimeout: 10,
  memoryLimit: 2 ** 20,
  maxOutput: 0,
  maxSource: 1,
  name: 'rule.lua',
}
runLua('return 1', 'tenant-1', options)
runLua('return 1', 'tenant-1', { timeout: undefined, name: undefined })

export async function describe(): Promise<string> {
  try {
    return await text
  } catch (error) {
    if (!(error instanceof LuaError)) throw error
    const asError: Error = error
    const name: 'LuaError' = error.name
    const code: LuaErrorCode = error.code
    const line: number | undefined = error.line
    const where: (string | undefined)[] = [error.chunk, error.luaStack, error.limit]
    const value: unknown = error.luaValue
    const told: string = (error.scriptId ?? '') + error.output + error.message
    return [asError, name, code, line, where, value, told].join()
  }
}

/** Every code, and no other: a new one makes this function fail to compile. */
export function isOurFault(code: LuaErrorCode): boolean {
  switch (code) {
    case 'ERR_INTERNAL':
      return true
    case 'ERR_LUA_SYNTAX':
    case 'ERR_LUA_RUNTIME':
    case 'ERR_LUA_TIMEOUT':
    case 'ERR_LUA_MEMORY':
    case 'ERR_LUA_OUTPUT':
    case 'ERR_LUA_RESULT':
    case 'ERR_STATE_DENIED':
    case 'ERR_STATE_VALUE':
    case 'ERR_STATE_QUOTA':
    case 'ERR_STATE_UNAVAILABLE':
    case 'ERR_QUEUE_FULL':
    case 'ERR_QUEUE_TIMEOUT':
    case 'ERR_ENGINE_CLOSED':
      return false
    default:
      return code satisfies never
  }
}
