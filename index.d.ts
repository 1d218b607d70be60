// The types of moonpool's public door, written by hand and checked by __tests__/types.

/**
 * Runs Lua 5.4 source in a fresh VM of its own, on libuv's worker pool, and resolves with text: what the
 * script wrote with `print` and `io.write`, in order, followed by the values that it returned.
 *
 * Returned values are joined by a tab: strings as they are; integers, floats and booleans as Lua's `tostring` gives
 * them; tables as JSON; `nil` among others as `nil`. No value, or a single `nil`, adds nothing. Output
 * bytes that are not UTF-8 become U+FFFD.
 *
 * Any number of calls may be in flight; all but a few wait in a queue (see {@link RunOptions.timeout}). Calls
 * share nothing but `State`, where every `scriptId` has its own space.
 *
 * @param code Lua source: a string, or a `Uint8Array` (or `Buffer`) of its bytes, at most
 *   {@link RunOptions.maxSource} bytes. Precompiled Lua is refused.
 * @param scriptId Who is running: a string of 1 to 256 UTF-8 bytes without control characters. It alone decides
 *   which space of `State` the script sees. No Lua code can change it.
 * @param options Limits, and the chunk's name. See {@link RunOptions}.
 * @returns A promise that always settles. runLua itself never throws.
 *
 * @throws {LuaError} (rejects) when the script fails, is stopped, or is refused: see {@link LuaErrorCode}.
 * @throws {TypeError} (rejects) with `code` `ERR_INVALID_ARG_TYPE` for an argument or option of the wrong type and for
 *   an unknown option, whose message suggests the name that was probably meant.
 * @throws {RangeError} (rejects) with `code` `ERR_INVALID_ARG_VALUE` for one that is out of range or malformed.
 *
 * @example
 * ```js
 * import { runLua } from 'moonpool'
 *
 * const text = await runLua('print("hello") return 6 * 7, { ok = true }', 'tenant-1', { timeout: 100 })
 * console.log(text) // hello\n42\t{"ok":true}
 * ```
 */
export function runLua(code: string | Uint8Array, scriptId: string, options?: RunOptions): Promise<string>

/** The limits of one run, and its name. An option that is `undefined` counts as absent. */
export interface RunOptions {
  /**
   * Wall time for the run, in milliseconds: above 0, at most 2 147 483 647; fractions are allowed. The clock
   * starts when the script first executes; time in the queue before that is not counted, waiting for further
   * slices is. Past it the script is stopped, whatever it is
   * doing, and the run rejects with `ERR_LUA_TIMEOUT`.
   * @defaultValue 5000
   */
  timeout?: number | undefined
  /**
   * Time that the run may spend executing on a worker thread, in milliseconds: same range as `timeout`.
   * Past it the run rejects with `ERR_LUA_TIMEOUT`, and the error's `limit` is `'cpuTimeout'`.
   * @defaultValue none
   */
  cpuTimeout?: number | undefined
  /**
   * Memory of the run's VM, in bytes: a whole number, at least 1 048 576 (1 MiB). Counted are the Lua heap, captured
   * output, and JSON under construction. A script that needs more is stopped, and the run rejects with `ERR_LUA_MEMORY`.
   * @defaultValue 67 108 864 (64 MiB)
   */
  memoryLimit?: number | undefined
  /**
   * Captured output, in bytes: a whole number from 0 to 2 147 483 647. A script that writes more is stopped, and the run
   * rejects with `ERR_LUA_OUTPUT`.
   * @defaultValue 1 048 576 (1 MiB)
   */
  maxOutput?: number | undefined
  /**
   * Source, in bytes (of UTF-8, for a string): a whole number from 1 to 2 147 483 647. Longer source rejects with
   * `ERR_INVALID_ARG_VALUE`, and nothing runs.
   * @defaultValue 1 048 576 (1 MiB)
   */
  maxSource?: number | undefined
  /**
   * The chunk's name in messages and tracebacks: a string by the rules of `scriptId`. It names, and
   * grants nothing.
   * @defaultValue the `scriptId`
   */
  name?: string | undefined
}

/**
 * Why a run failed.
 *
 * | code | when |
 * |---|---|
 * | `ERR_LUA_SYNTAX` | the source does not compile, or is precompiled Lua |
 * | `ERR_LUA_RUNTIME` | an uncaught Lua error |
 * | `ERR_LUA_TIMEOUT` | `timeout` or `cpuTimeout` passed; {@link LuaError.limit} says which |
 * | `ERR_LUA_MEMORY` | the script needs more than `memoryLimit` |
 * | `ERR_LUA_OUTPUT` | the script wrote more than `maxOutput` |
 * | `ERR_LUA_RESULT` | a returned value (or one given to `json.encode`) that text cannot carry; the message gives its path, as `value.users[3].fn` |
 * | `ERR_STATE_DENIED` | `State`: another script holds the key |
 * | `ERR_STATE_VALUE` | `State`: a key or a value that cannot be stored |
 * | `ERR_STATE_QUOTA` | `State`: the script's space is full |
 * | `ERR_STATE_UNAVAILABLE` | `State`: the store cannot be reached |
 * | `ERR_INTERNAL` | a bug in moonpool, caught at its boundary; the process and the engine live on |
 *
 * No Lua code can catch `ERR_LUA_TIMEOUT`, `ERR_LUA_MEMORY` or `ERR_LUA_OUTPUT`.
 */
export type LuaErrorCode =
  | 'ERR_LUA_SYNTAX'
  | 'ERR_LUA_RUNTIME'
  | 'ERR_LUA_TIMEOUT'
  | 'ERR_LUA_MEMORY'
  | 'ERR_LUA_OUTPUT'
  | 'ERR_LUA_RESULT'
  | 'ERR_STATE_DENIED'
  | 'ERR_STATE_VALUE'
  | 'ERR_STATE_QUOTA'
  | 'ERR_STATE_UNAVAILABLE'
  | 'ERR_INTERNAL'

/**
 * What {@link runLua} rejects with when a run fails. Made by moonpool only.
 *
 * A process without a native addon for its platform gets no `LuaError`: there, requiring moonpool throws an `Error` with
 * `code` `ERR_ADDON_MISSING`, whose message names the missing package and the command that builds the
 * addon, and whose `cause` is the loader's error.
 *
 * @example
 * ```js
 * import { LuaError, runLua } from 'moonpool'
 *
 * try {
 *   await runLua('print("so far")\nerror({ status = 404 })', 'tenant-1')
 * } catch (error) {
 *   if (!(error instanceof LuaError)) throw error
 *   console.log(error.code, error.line, error.luaValue, error.output)
 * }
 * ```
 */
export class LuaError extends Error {
  private constructor()
  readonly name: 'LuaError'
  /** Why the run failed: stable, made for comparing. */
  readonly code: LuaErrorCode
  /** The `scriptId` that the run was given. */
  readonly scriptId: string
  /**
   * The name of the chunk in which the error was raised, where it is known: the run's `name` in full (messages and the
   * traceback show its first 59 bytes), or what Lua shows of the name of a chunk that the script loaded.
   */
  readonly chunk?: string
  /** The line of {@link chunk} on which the error was raised, counted from 1, where it is known. */
  readonly line?: number
  /** The Lua traceback, where there is one, without host paths and memory addresses. */
  readonly luaStack?: string
  /** What the script had written by then. */
  readonly output: string
  /** The value given to Lua's `error` when it was not a string, by way of JSON. Absent where JSON cannot carry it. */
  readonly luaValue?: unknown
  /** Which limit passed, for `ERR_LUA_TIMEOUT`. */
  readonly limit?: 'timeout' | 'cpuTimeout'
}
