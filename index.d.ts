// The types of moonpool's public door, written by hand and checked by __tests__/types.

import type { EventEmitter } from 'node:events'

/**
 * Runs Lua 5.4 source in a fresh VM of its own, on libuv's worker pool, and resolves with text: what the
 * script wrote with `print` and `io.write`, in order, followed by the values that it returned.
 *
 * Returned values are joined by a tab: strings as they are; integers, floats and booleans as Lua's `tostring` gives
 * them; tables as JSON; `nil` among others as `nil`. No value, or a single `nil`, adds nothing. Output
 * bytes that are not UTF-8 become U+FFFD.
 *
 * Any number of calls may be in flight; all but a few wait in a queue (see {@link Limits.timeout}). Calls
 * share nothing but `State`, where every `scriptId` has its own space.
 *
 * It runs on an {@link Engine} with default options, made on first use; each instance of the module has its own.
 *
 * @param code Lua source: a string, or a `Uint8Array` (or `Buffer`) of its bytes, at most
 *   {@link Limits.maxSource} bytes; or a compiled {@link Script}. Precompiled Lua is refused.
 * @param scriptId Who is running: a string of 1 to 256 UTF-8 bytes without control characters. It alone decides
 *   which space of `State` the script sees. No Lua code can change it.
 * @param options Limits, the chunk's name, and a signal to stop it. See {@link RunOptions}.
 * @returns A promise that always settles, once. runLua itself never throws.
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
export function runLua(code: string | Uint8Array | Script, scriptId: string, options?: RunOptions): Promise<string>

/** What one run may use. An option that is `undefined` counts as absent. */
export interface Limits {
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
   * Time that the run may wait before it first executes, in the queue and for its turn in a context, in milliseconds:
   * same range as `timeout`.
   * Past it the run rejects with `ERR_QUEUE_TIMEOUT`, and nothing of it was run.
   * @defaultValue none
   */
  queueTimeout?: number | undefined
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
}

/** The limits of one run, its name, and a way to stop it. An option that is `undefined` counts as absent. */
export interface RunOptions extends Limits {
  /**
   * The chunk's name in messages and tracebacks: a string by the rules of `scriptId`. It names, and
   * grants nothing. Not to be given with a {@link Script}, which has a name.
   * @defaultValue the `scriptId`; for {@link Engine.runFile}, the file's name without its folder
   */
  name?: string | undefined
  /**
   * Stops the run: as soon as the signal is aborted, the promise rejects with `signal.reason`, whether the run was
   * waiting, executing or suspended. A run that was executing is stopped at its next safepoint (a jump, a call, a step of
   * a long C function); a write to State that is just being made may still be completed. When the run settles, nothing of it
   * stays with the signal. A signal that is aborted already rejects in any case, and nothing is run.
   * @defaultValue none
   */
  signal?: AbortSignal | undefined
  /**
   * The values of the chunk's `...`: at most 1000, copied when the call is made. See {@link LuaInput}.
   * @defaultValue `[]`
   */
  args?: readonly LuaInput[] | undefined
  /**
   * Data that the script finds as globals: a plain object of names and values, copied when the call is made.
   * @defaultValue `{}`
   */
  globals?: { readonly [name: string]: LuaInput } | undefined
}

/** The options of a run that gives values: those of {@link RunOptions}, and how the values come. */
export interface ValueRunOptions extends RunOptions {
  /**
   * `'text'`: Lua strings come as strings, and one that is not UTF-8 is refused. `'buffer'`: every Lua string comes as a
   * `Uint8Array`, except for keys.
   * @defaultValue `'text'`
   */
  strings?: 'text' | 'buffer' | undefined
  /**
   * `'object'`: a table with the keys 1 to n, or marked by `json.array`, comes as an array, one with string keys, or
   * none, as an object; others are refused. `'map'`: every table comes as a `Map`, numbers first.
   * @defaultValue `'object'`
   */
  tables?: 'object' | 'map' | undefined
}

/**
 * What can go into Lua: `undefined` (nil), booleans, numbers (whole ones as integers, others as floats), `BigInt`s of 64
 * bits (integers), well-formed strings, `Uint8Array`s (strings of these bytes), `null` (`json.null`), and arrays, plain
 * objects and `Map`s of these, at most 128 levels deep. A property that is `undefined` counts as absent; an item of an array
 * must not be `undefined`. Everything else (dates, instances of classes, functions, symbols, cycles) is refused with a
 * `TypeError` that names its path.
 */
export type LuaInput =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly LuaInput[]
  | { readonly [key: string]: LuaInput }
  | ReadonlyMap<boolean | number | bigint | string, LuaInput>

/**
 * What comes out of Lua: nil as `undefined`; integers as numbers, or as `BigInt` beyond the safe integers; floats as numbers;
 * strings and tables as {@link ValueRunOptions} says; `json.null` as `null`. Functions, coroutines, userdata and cycles are
 * refused with `ERR_LUA_RESULT`, whose message gives the path.
 */
export type LuaOutput =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | LuaOutput[]
  | { [key: string]: LuaOutput }
  | Map<boolean | number | bigint | string, LuaOutput>

/** What a run gave. `Values` is what the caller expects it to return; nothing checks that it does. */
export interface RunResult<Values extends readonly unknown[] = LuaOutput[]> {
  /** The first returned value. */
  value: Values[0]
  /** All returned values. */
  values: Values
  /** What the script wrote. Bytes that are not UTF-8 become U+FFFD. */
  output: string
  /** What the run took. */
  stats: RunStats
}

/** What a run took. Times are in milliseconds. */
export interface RunStats {
  /** From the call to the run's beginning. */
  queueTime: number
  /** From its beginning to its end, waits included. */
  runTime: number
  /** With a worker thread. */
  cpuTime: number
  /** The most bytes that its VM held at once. */
  peakMemory: number
  /** How many times it was with a worker thread. */
  slices: number
}

/** Who calls a host function, as its first argument. */
export interface HostContext {
  /** The `scriptId` of the run. */
  readonly scriptId: string
  /** Aborted when the run ends early: by a limit, by its own signal, or because the engine is closed. */
  readonly signal: AbortSignal
}

/**
 * A function that scripts call. What it returns, or its promise resolves with, is what the script gets: a
 * {@link LuaInput}, or the call fails. What it throws, or rejects with, is a Lua error with the code `ERR_HOST_FUNCTION`,
 * which the script can catch.
 */
export type HostFunction = (context: HostContext, ...args: never[]) => unknown

/** Functions by name, also in groups: `{ db: { get } }` is `host.db.get`. */
export interface HostFunctions {
  readonly [name: string]: HostFunction | HostFunctions
}

/** How a new {@link Engine} is set up. An option that is `undefined` counts as absent. */
export interface EngineOptions {
  /**
   * Worker threads of libuv's pool that the engine uses at once: a whole number from 1 to 1024. More than the pool has
   * (`UV_THREADPOOL_SIZE`, 4 by default) brings nothing.
   * @defaultValue `max(1, min(available cores, UV_THREADPOOL_SIZE - 1))`, so that `fs`, `dns` and `crypto` find a thread
   */
  concurrency?: number | undefined
  /**
   * Runs that may wait for their first slice: a whole number from 0 to 4 294 967 295. One more rejects at once with
   * `ERR_QUEUE_FULL`. With 0 a run is taken only when a worker thread is free for it.
   * @defaultValue 10 000
   */
  maxQueue?: number | undefined
  /**
   * VMs that the engine builds ahead once it has been idle for 20 ms: a whole number from 0 (none) to 1024. Each is used
   * for one run, and takes about 50 KB until then.
   * @defaultValue 4
   */
  warmVms?: number | undefined
  /**
   * Where State is kept: `'memory'`, for as long as the engine lives.
   * @defaultValue `'memory'`
   */
  state?: 'memory' | undefined
  /**
   * Bytes of State that each `scriptId` may hold, keys and 192 bytes per key included: a whole number. The write
   * that would pass it fails with `ERR_STATE_QUOTA` and changes nothing.
   * @defaultValue 16 777 216 (16 MiB)
   */
  stateQuota?: number | undefined
  /**
   * Whether compiled code is kept by name and source, so that the same source need not be compiled for each run; and how
   * much of it. What was least recently used goes first. Scripts cannot tell.
   * @defaultValue `true`, which means the defaults of {@link CodeCacheOptions}
   */
  codeCache?: boolean | CodeCacheOptions | undefined
  /**
   * Limits for runs that do not give their own.
   * @defaultValue the defaults of {@link Limits}
   */
  defaults?: Limits | undefined
  /**
   * The libraries that scripts find beside the base functions, `print` and `script`. With `[]` they find only those.
   * @defaultValue all of {@link Library}
   */
  libraries?: readonly Library[] | undefined
}

/** A library that an engine can leave out. `io` is `io.write` alone, `os` the functions that read the time. */
export type Library = 'coroutine' | 'io' | 'json' | 'math' | 'os' | 'State' | 'string' | 'table' | 'utf8'

/** How much compiled code an engine keeps. */
export interface CodeCacheOptions {
  /**
   * Chunks: a whole number from 1 to 4 294 967 295.
   * @defaultValue 1000
   */
  maxEntries?: number | undefined
  /**
   * Bytes of source, bytecode and 256 per chunk: a whole number. A chunk that needs more than this alone is not kept.
   * @defaultValue 16 777 216 (16 MiB)
   */
  maxBytes?: number | undefined
  /**
   * How long a chunk is kept after it was compiled, in milliseconds: above 0, at most 2 147 483 647.
   * @defaultValue as long as there is room
   */
  ttl?: number | undefined
}

/**
 * Schedules runs on libuv's worker pool, in slices of 10 ms, with a queue, a code cache and a State of its own.
 *
 * Short scripts overtake long ones, and the scripts of different ids take turns. An idle engine keeps no process alive;
 * a run in flight does. An engine that nobody refers to any more is garbage-collected, closed or not.
 *
 * Events:
 * - `full`: as many runs wait as `maxQueue` allows, or one more was refused. Not emitted again before `drain`.
 * - `drain`: after `full`, no run waits any more.
 * - `error` (an {@link LuaError} with `ERR_INTERNAL`): a run failed for a bug in moonpool. It rejects, too; the event is
 *   for central logs, and is not emitted when nobody listens.
 *
 * @example
 * ```js
 * import { Engine } from 'moonpool'
 *
 * const engine = new Engine({ maxQueue: 1000, defaults: { timeout: 250 } })
 * const rule = engine.compile('return 6 * 7', { name: 'rule.lua' })
 * console.log(await engine.runLua(rule, 'tenant-1')) // 42
 * await engine.close()
 * ```
 */
export class Engine extends EventEmitter<{ full: []; drain: []; error: [LuaError] }> {
  /**
   * @param options See {@link EngineOptions}.
   * @throws {TypeError} with `code` `ERR_INVALID_ARG_TYPE`, or {RangeError} with `ERR_INVALID_ARG_VALUE`, whose message
   *   names the option, what it takes and what it got.
   */
  constructor(options?: EngineOptions)

  /**
   * Runs code in a fresh VM, as the function {@link runLua} does, on this engine.
   *
   * @throws {LuaError} (rejects) as {@link runLua}; and with `ERR_QUEUE_FULL`, `ERR_QUEUE_TIMEOUT` or
   *   `ERR_ENGINE_CLOSED`, when nothing was run.
   */
  runLua(code: string | Uint8Array | Script, scriptId: string, options?: RunOptions): Promise<string>

  /**
   * Runs code in a fresh VM, and resolves with values instead of text.
   *
   * @example
   * ```ts
   * import { Engine } from 'moonpool'
   *
   * const engine = new Engine()
   * const { value, output } = await engine.run<[{ total: number }]>(
   *   'local order = ... print("checked") return { total = order.price * order.count }',
   *   'tenant-1',
   *   { args: [{ price: 2.5, count: 4 }] },
   * )
   * const total: number = value.total // 10
   * ```
   */
  run<Values extends readonly unknown[] = LuaOutput[]>(
    code: string | Uint8Array | Script,
    scriptId: string,
    options?: ValueRunOptions,
  ): Promise<RunResult<Values>>

  /**
   * Lets scripts call a function of yours as `host.name(...)`, in runs that begin from now on. The script waits until
   * the function's promise settles, and holds no thread meanwhile; it may do so anywhere but where Lua itself cannot
   * yield: in the callbacks of `table.sort` and `string.gsub`, for example, where the call is an error that says so.
   *
   * @param name An identifier of Lua that is new in `host`.
   * @param what A function, or a plain object of them: `expose('db', { get })` is `host.db.get`.
   *
   * @example
   * ```js
   * import { Engine } from 'moonpool'
   *
   * const engine = new Engine()
   * const prices = new Map([['tea', 2.5]])
   * engine.expose('price', async ({ scriptId }, item) => prices.get(item) ?? null)
   * console.log(await engine.runLua('return host.price("tea")', 'tenant-1')) // 2.5
   * ```
   */
  expose(name: string, what: HostFunction | HostFunctions): void

  /**
   * Adds a module that scripts of this engine load with `require(name)`, and compiles it at once. It runs once in each VM
   * that requires it, gets its name as `...`, and sees the globals of that VM.
   *
   * @param name The name for `require`, by the rules of `scriptId`, and the chunk's name in messages. It must be new.
   * @throws {LuaError} with `ERR_LUA_SYNTAX` when it does not compile.
   */
  addModule(name: string, source: string | Uint8Array): void

  /**
   * Adds every `*.lua` file below a folder as a module: `rules/price.lua` is `rules.price`, `rules/init.lua` is `rules`.
   * All of them, or none when one of them is wrong. Links that leave the folder are refused.
   *
   * @returns (resolves) The names of the modules, sorted.
   */
  addModules(folder: string | URL): Promise<string[]>

  /**
   * A VM that lives on between runs: what one run leaves in its globals, the next one finds.
   * @param scriptId Who runs in it, for as long as it lives.
   * @param options Limits for each of its runs, and what `memoryLimit` the VM has.
   */
  createContext(scriptId: string, options?: ContextOptions): Context

  /**
   * Runs a file of Lua source. It is read for each run, so that a change counts at once, and compiled only when the
   * code cache does not have it: when it is new, or has changed.
   *
   * @param path A path or a `file:` URL of a regular file of at most {@link Limits.maxSource} bytes.
   * @throws {Error} (rejects) when the file cannot be read, with the `code` of the system (`ENOENT`, `EACCES`), its
   *   `path`, and the system's error as `cause`. Otherwise as {@link Engine.runLua}.
   */
  runFile(path: string | URL, scriptId: string, options?: RunOptions): Promise<string>

  /**
   * Compiles source, on this thread: some 10 ms for each MiB. The engine's `defaults` limit it as they limit a run.
   *
   * @param source As for {@link Engine.runLua}.
   * @returns A script that any run on any engine may use, as often as it likes, also at the same time.
   * @throws {LuaError} with `ERR_LUA_SYNTAX` when it does not compile, `ERR_ENGINE_CLOSED` when the engine is closed.
   */
  compile(source: string | Uint8Array, options?: CompileOptions): Script

  /** What the engine does now, and what it did since it was made or {@link Engine.resetStats} was called. */
  stats(): EngineStats

  /** Begins to count anew. What is going on (`queued`, `running`, `suspended`) stays as it is. */
  resetStats(): void

  /**
   * Accepts no more runs, lets those that were accepted finish, and after `timeout` stops the rest, which rejects with
   * `ERR_ENGINE_CLOSED`. Resolves when no run is left. May be called again, for example with a shorter timeout.
   */
  close(options?: CloseOptions): Promise<void>

  /** `close()` at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>
}

/** How a chunk is compiled. */
export interface CompileOptions {
  /**
   * The chunk's name in messages and tracebacks: a string by the rules of `scriptId`.
   * @defaultValue `'script'`
   */
  name?: string | undefined
}

/** How an engine is closed. */
export interface CloseOptions {
  /**
   * Time for runs to finish, in milliseconds: a whole number from 0 to 2 147 483 647.
   * @defaultValue 5000
   */
  timeout?: number | undefined
}

/** How a context is set up. An option that is `undefined` counts as absent. */
export interface ContextOptions extends Limits {
  /** As in {@link RunOptions}. */
  name?: string | undefined
  /** As in {@link RunOptions}: for the life of the context. */
  globals?: { readonly [name: string]: LuaInput } | undefined
}

/** The options of one run in a context: its memory limit and its name are the context's. */
export type ContextRunOptions = Omit<ValueRunOptions, 'memoryLimit' | 'name'>

/**
 * A VM that lives on between its runs, made by {@link Engine.createContext}. Its runs happen one after the other, in the order
 * of the calls; those that wait for their turn are not counted by `maxQueue`. Contexts of one engine run side by side. A context that is idle, or whose run waits, holds no thread.
 *
 * A run that fails leaves the context as it is. A run that is stopped, by a limit or by its signal, ends the context:
 * its VM is gone, and further calls reject with `ERR_CONTEXT_CLOSED`.
 *
 * @example
 * ```js
 * import { Engine } from 'moonpool'
 *
 * const engine = new Engine()
 * const session = engine.createContext('player-7')
 * await session.run('score = 0 function hit(points) score = score + points return score end')
 * await session.call('hit', 10)
 * console.log((await session.call('hit', 5)).value) // 15
 * await session.close()
 * ```
 */
export class Context {
  // What only looks like one has no such member.
  #private
  private constructor()
  /** Who runs in it. */
  readonly scriptId: string
  /** Runs code in the context's VM. */
  run<Values extends readonly unknown[] = LuaOutput[]>(
    code: string | Uint8Array | Script,
    options?: ContextRunOptions,
  ): Promise<RunResult<Values>>
  /** Calls a global function of the context's VM. */
  call<Values extends readonly unknown[] = LuaOutput[]>(
    name: string,
    ...args: readonly LuaInput[]
  ): Promise<RunResult<Values>>
  /** Resolves with the value of a global. */
  get(name: string): Promise<LuaOutput>
  /** Sets a global. */
  set(name: string, value: LuaInput): Promise<void>
  /** Resolves with the bytes that the VM holds, between two runs. */
  memory(): Promise<number>
  /** Gives the VM back once the runs that were asked for are done. Further calls reject with `ERR_CONTEXT_CLOSED`. */
  close(): Promise<void>
  /** `close()` at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>
}

/** A compiled chunk, made by {@link Engine.compile}: immutable, and independent of the engine that compiled it. */
export class Script {
  // What only looks like one has no such member.
  #private
  private constructor()
  /** The chunk's name in messages and tracebacks. */
  readonly name: string
}

/**
 * What an engine does and did. Every run that was asked for with the right arguments ends in exactly one of `completed`, `failed`,
 * `timedOut`, `aborted` and `rejected`.
 */
export interface EngineStats {
  /** Runs that wait for their first slice. */
  queued: number
  /** Runs that are with a worker thread, or on their way to one. */
  running: number
  /** Runs that have started, are not done, and hold no worker thread. */
  suspended: number
  /** Runs that began to execute. */
  started: number
  /** Runs that resolved. */
  completed: number
  /** Runs that rejected with an error of their own: syntax, runtime, memory, output, result, State. */
  failed: number
  /** Runs that `timeout` or `cpuTimeout` stopped. */
  timedOut: number
  /** Runs that their `signal` stopped, before or after they began; and those that `close` stopped after they began. */
  aborted: number
  /** Calls of which nothing was run: the queue was full, `queueTimeout` passed, the engine was closed, no file was read. */
  rejected: number
  /** VMs that were made, for runs, ahead, and to compile. */
  vmsCreated: number
  /** Runs of source that found it compiled in the code cache. */
  cacheHits: number
  /** Runs of source that did not; without a code cache, and for a {@link Script}, neither is counted. */
  cacheMisses: number
  /** The share of the time of `concurrency` threads that they worked for this engine: from 0 to 1. */
  utilization: number
  /** Time in the queue of runs that began, in ms. */
  queueTime: TimeSummary
  /** Time from the beginning of a run to its end, waits for its turn included, in ms. */
  runTime: TimeSummary
  /** Time that a run was with a worker thread, in ms. */
  cpuTime: TimeSummary
}

/** A distribution of times in milliseconds, within 1 %. All 0 when `count` is 0. */
export interface TimeSummary {
  min: number
  mean: number
  p50: number
  p90: number
  p99: number
  p99_9: number
  max: number
  /** How many times were recorded. */
  count: number
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
 * | `ERR_HOST_FUNCTION` | a function of the host's failed, and nothing in the script caught it; `cause` is what it threw |
 * | `ERR_CONTEXT_CLOSED` | not run: the {@link Context} is closed |
 * | `ERR_QUEUE_FULL` | not run: `maxQueue` runs wait already |
 * | `ERR_QUEUE_TIMEOUT` | not run: its `queueTimeout` passed while it waited |
 * | `ERR_ENGINE_CLOSED` | not run, because the engine is closed; or stopped when its closing took longer than its timeout |
 * | `ERR_INTERNAL` | a bug in moonpool, caught at its boundary; the process and the engine live on |
 *
 * No Lua code can catch `ERR_LUA_TIMEOUT`, `ERR_LUA_MEMORY`, `ERR_LUA_OUTPUT` or `ERR_ENGINE_CLOSED`.
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
  | 'ERR_HOST_FUNCTION'
  | 'ERR_CONTEXT_CLOSED'
  | 'ERR_QUEUE_FULL'
  | 'ERR_QUEUE_TIMEOUT'
  | 'ERR_ENGINE_CLOSED'
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
  /** The `scriptId` that the run was given. Absent when {@link Engine.compile} threw the error. */
  readonly scriptId?: string
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
  /** What the host function threw, or rejected with, for `ERR_HOST_FUNCTION`: the value itself. */
  readonly cause?: unknown
  /** Which limit passed, for `ERR_LUA_TIMEOUT`. */
  readonly limit?: 'timeout' | 'cpuTimeout'
}
