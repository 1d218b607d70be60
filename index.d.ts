// The types of moonpool's public door, written by hand and checked by __tests__/types.

/// <reference types="node" />

import type { EventEmitter } from 'node:events'
import type { Readable } from 'node:stream'

/**
 * Runs Lua 5.4 source in a fresh VM, on libuv's worker pool, and resolves with text: what the script wrote with `print`
 * and `io.write`, in order, and then the values that it returned. ({@link Engine.run} resolves with values instead.)
 *
 * Returned values are joined by tabs. Strings come as they are; integers, floats and booleans as Lua's `tostring` gives
 * them; tables as JSON. `nil` comes as `nil`, but a script that returns nothing, or a single `nil`, adds nothing.
 * Output bytes that are not UTF-8 become U+FFFD.
 *
 * Any number of calls may be in flight. Most of them wait in a queue, where their `timeout` does not count yet. Calls
 * share nothing but `State`, where every `scriptId` has a space of its own.
 *
 * It runs on an {@link Engine} with default options, which is made on first use. Each instance of the module has its
 * own.
 *
 * @param code Lua source: a string, or its bytes as a `Uint8Array` or `Buffer`, at most {@link Limits.maxSource} bytes.
 *   It may also be a compiled {@link Script}. Precompiled Lua is refused.
 * @param scriptId Who is running: a string of 1 to 256 UTF-8 bytes without control characters. It alone decides which
 *   space of `State` the script sees. No Lua code can change it.
 * @param options Limits, the chunk's name, values for the script, and a signal to stop it. See {@link RunOptions}.
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
export function runLua<
  Args extends readonly unknown[] = readonly LuaInput<'iso'>[],
  Globals extends LuaObject = LuaObject,
  Dates extends DateMode = DateMode,
>(
  code: string | Uint8Array | Script,
  scriptId: string,
  options?: RunOptions<Dates, Args & Crossing<Args, Or<Dates, never>>, Globals & Crossing<Globals, Or<Dates, never>>>,
): Promise<string>

/** What one run may use. An option that is `undefined` counts as absent. */
export interface Limits {
  /**
   * Wall time for the run, in milliseconds: above 0, at most 2 147 483 647; fractions are allowed. The clock starts
   * when the script first executes. Time in the queue before that does not count; later waits do. When the time has
   * passed, the script is stopped, whatever it is doing, and the run rejects with `ERR_LUA_TIMEOUT`.
   * @defaultValue 5000
   */
  timeout?: number | undefined
  /**
   * Time that the run may spend on a worker thread, in milliseconds: same range as `timeout`. When it has passed, the
   * run rejects with `ERR_LUA_TIMEOUT`, and the error's `limit` is `'cpuTimeout'`.
   * @defaultValue none
   */
  cpuTimeout?: number | undefined
  /**
   * Time that the run may wait before it first executes, in the queue or for its turn in a context, in milliseconds:
   * same range as `timeout`. When it has passed, the run rejects with `ERR_QUEUE_TIMEOUT`, and nothing of it was run.
   * @defaultValue none
   */
  queueTimeout?: number | undefined
  /**
   * Memory of the run's VM, in bytes: a whole number, at least 1 048 576 (1 MiB). It counts the Lua heap, captured
   * output, JSON that is being built, and what results and arguments of host functions are going to take in JavaScript.
   * A script that needs more is stopped, and the run rejects with `ERR_LUA_MEMORY`; the error's `limit` is
   * `'memoryLimit'`.
   * @defaultValue 67 108 864 (64 MiB)
   */
  memoryLimit?: number | undefined
  /**
   * Captured output, in bytes: a whole number from 0 to 2 147 483 647. A script that writes more is stopped, and the
   * run rejects with `ERR_LUA_OUTPUT`.
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
   * Values that JavaScript is given at once, as the results of a run or as the arguments of a host function: a whole
   * number from 0 to 4 294 967 295. Each table counts, each value in it, and each key of an object or a `Map`; a table
   * that stands in several places counts in each of them. A run with more results rejects with `ERR_LUA_RESULT`; a call
   * with more arguments is an error that the script can catch. Text results are bounded by `memoryLimit` alone.
   * @defaultValue 1 000 000
   */
  maxNodes?: number | undefined
}

/** How much a log entry matters; or, as an option, from which level on entries are logged. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** What runs log, with `log` and `warn`. An option that is `undefined` counts as absent. */
export interface LogOptions {
  /**
   * The lowest level that is logged: `'debug'`, `'info'`, `'warn'`, `'error'`, or `'silent'` for none. What is below it costs
   * next to nothing.
   * @defaultValue `'info'`
   */
  logLevel?: LogLevel | 'silent' | undefined
  /**
   * What the log entries of one run may take, in bytes: a whole number from 0 to 2 147 483 647. Each counts 64 bytes, its
   * message, and its fields, which take about as much as JSON. What comes when it is used up is dropped, and one last entry of the
   * run, of the level `warn`, says how many that were. The message of one entry may have a quarter of it, and is cut there; its fields
   * may take a half.
   * @defaultValue 65 536 (64 KiB)
   */
  maxLog?: number | undefined
}

/** What is heard of a run while it runs. An option that is `undefined` counts as absent. */
export interface HearingOptions extends LogOptions {
  /**
   * Is given what `print` and `io.write` write, as it is written, instead of it being gathered: the text of each slice of
   * 10 ms, which ends with a whole character. What is not UTF-8 is replaced by `\uFFFD`. All of it comes before the promise settles,
   * and none afterwards. `maxOutput` counts it as well. `runLua` then resolves with the returned values alone, and `output` is empty in
   * results and errors.
   *
   * It is called in the async context of the call. What it throws does no harm to the run: Node tells it as an
   * `uncaughtException`. A run is not held up by it. With State in SQLite, what depends on a write comes when the write is on disk.
   *
   * @example
   * ```js
   * import { runLua } from 'moonpool'
   *
   * const result = await runLua('print("half way") sleep(0.01) return "done"', 'acme', {
   *   onOutput: (text) => process.stdout.write(text), // half way
   * })
   * console.log(result) // done
   * ```
   * @defaultValue none: output is gathered
   */
  onOutput?: ((text: string) => void) | undefined
}

/** An entry of the log: what a script has logged with `log` or `warn`. */
export interface LogEntry {
  /** When it was logged, in milliseconds since 1970. */
  readonly time: number
  readonly level: LogLevel
  /** Whose run it was. */
  readonly scriptId: string
  /** The chunk in which it was logged: the run's `name`, a module's, or what the script calls a chunk that it has loaded with `load`. */
  readonly name: string
  /** The line in that chunk, where it is known. */
  readonly line: number | undefined
  /** What it says: any text of the script's, with line breaks and all. */
  readonly message: string
  /**
   * The fields that the script gave: what results become by default, but integers that are no safe ones are text. So
   * `JSON.stringify` takes them. Fields that cannot cross are `{ logError }`, which says why.
   */
  readonly fields: { readonly [name: string]: LuaOutput } | LuaOutput[] | undefined
  /** The number of the run, which no other run of the engine has. */
  readonly run: number
}

/** What a {@link Logger} is given of an entry, beside its message. */
export type LogFields = Pick<LogEntry, 'scriptId' | 'name' | 'line' | 'run'> & Partial<Pick<LogEntry, 'fields'>>

/** Where log entries go: `console`, a logger of pino, or anything with these methods. */
export interface Logger {
  debug(fields: LogFields, message: string): unknown
  info(fields: LogFields, message: string): unknown
  warn(fields: LogFields, message: string): unknown
  error(fields: LogFields, message: string): unknown
}

/** What becomes of a `Date` on its way into Lua. */
export type DateMode = 'refuse' | 'iso'

/** Whether dates cross: as the option says, or when its type does not tell, as it is without the option. */
export type Or<Dates extends DateMode, Otherwise extends 'iso'> = DateMode extends Dates
  ? Otherwise
  : Extract<Dates, 'iso'>

/** How values go into Lua. An option that is `undefined` counts as absent. */
export interface InputOptions<Dates extends DateMode = DateMode> {
  /**
   * `'null'`: `null` goes in as `json.null`, which counts as true in Lua. `'nil'`: it goes in as nil, as `undefined` does.
   * In an array it is `json.null` all the same: nil would be a hole, and Lua does not say how long an array with holes is.
   * `json.null` comes out as `null` either way.
   * @defaultValue `'null'`
   */
  nulls?: 'null' | 'nil' | undefined
  /**
   * `'refuse'`: a `Date` cannot cross. `'iso'`: it goes in as text, as its `toISOString()` has it; an invalid one is refused.
   * Text comes out as text.
   * @defaultValue `'refuse'`
   */
  dates?: Dates | undefined
}

/** How Lua's values come out. An option that is `undefined` counts as absent. */
export interface OutputOptions {
  /**
   * `'text'`: Lua strings come as strings, and one that is not UTF-8 is refused. `'buffer'`: every Lua string comes as
   * a `Uint8Array`, except for keys.
   * @defaultValue `'text'`
   */
  strings?: 'text' | 'buffer' | undefined
  /**
   * `'object'`: a table with the keys 1 to n comes as an array, and so does one that `json.array` has marked. A table
   * with string keys, or without keys, comes as an object. Others are refused. `'record'`: every table whose keys are not 1
   * to n comes as an object, where integer keys are decimal text; refused are other keys, and an integer beside the same
   * text. `'map'`: every table comes as a `Map`, with number keys first.
   * @defaultValue `'object'`
   */
  tables?: 'object' | 'map' | 'record' | undefined
}

/** How values cross, in both directions. */
export interface ValueOptions<Dates extends DateMode = DateMode> extends InputOptions<Dates>, OutputOptions {}

/** The values that a run is given, and a way to stop it. An option that is `undefined` counts as absent. */
export interface RunInputs<Args = readonly LuaInput<'iso'>[], Globals = LuaObject> {
  /**
   * Stops the run: as soon as the signal is aborted, the promise rejects with `signal.reason`, whatever the run is
   * doing. A run that is executing is stopped at its next safepoint (a jump, a call, a step of a long C function). A
   * write to State that is being made at that moment may still be completed. When the run settles, nothing of it stays
   * with the signal. With a signal that is aborted already, the promise rejects in any case, and nothing is run.
   * @defaultValue none
   */
  signal?: AbortSignal | undefined
  /**
   * The values of the chunk's `...`: at most 1000. They are copied when the call is made. See {@link LuaInput}.
   * @defaultValue `[]`
   */
  args?: Args | undefined
  /**
   * Values that the script finds as globals: a plain object of names and values. They are copied when the call is made.
   * @defaultValue `{}`
   */
  globals?: Globals | undefined
}

/** What one run, or all runs of a context, are given beside what the engine gives to all. */
export interface Given {
  /**
   * Host functions for this run alone, beside those that {@link Engine.expose} gives to all: a set that
   * {@link Engine.functions} made on this engine, or a plain object, of which a set is made for this call. No name may be
   * exposed already. Tables are shared: where `db.get` is exposed, `{ db: { put } }` may be given.
   * @defaultValue none
   */
  host?: FunctionSet | HostFunctions | undefined
  /**
   * Modules for this run alone, beside those that {@link Engine.addModule} gives to all: a set that {@link Engine.modules}
   * made on this engine, or a plain object of sources by name, which is compiled for this call. No name may be the
   * engine's already.
   * @defaultValue none
   */
  modules?: ModuleSet | ModuleSources | undefined
  /**
   * Anything: host functions find it as {@link HostContext.data}. It is not copied, and no script sees it.
   * @defaultValue `undefined`
   */
  data?: unknown
}

/**
 * What makes runs repeat, for tests: with the same `now` and `seed`, the same script gives the same output in every process,
 * if its input, its State and the answers of the host are the same. See [docs/testing.md](docs/testing.md).
 *
 * @example
 * ```js
 * import { runLua } from 'moonpool'
 *
 * const options = { now: new Date('2020-02-29T12:00:00Z'), seed: 1 }
 * console.log(await runLua('return os.date("!%F %T")', 'test', options)) // 2020-02-29 12:00:00
 * ```
 */
export interface Repeating {
  /**
   * What the run's clock begins with: milliseconds since 1970, or a `Date`; from -8 640 000 000 000 000 to
   * 8 640 000 000 000 000. `os.time`, `os.date`, `os.clock` and all other functions of Lua that tell the time ask that clock.
   * It stands still but for what the script sleeps; and `sleep` only sets it forward, and waits for nothing. Sleeps of
   * functions of `parallel` overlap. `timeout` and the other limits are in real time, and so are those of keys in State.
   *
   * In a context, each run begins with its own `now`, or that of the context.
   * @defaultValue the clock of the system
   */
  now?: number | Date | undefined
  /**
   * What all that is random in the run is made of: a whole number from 0 to 9 007 199 254 740 991. So are the numbers of
   * `math.random`, the order of `pairs`, and what `tostring` shows of tables and functions. Nothing of it is secret: a script
   * that knows the seed can choose keys that slow its own tables down, within its limits.
   * @defaultValue something that nobody can predict
   */
  seed?: number | undefined
}

/** The limits of one run, its name, its values, and a way to stop it. An option that is `undefined` counts as absent. */
export interface RunOptions<Dates extends DateMode = DateMode, Args = readonly LuaInput<'iso'>[], Globals = LuaObject>
  extends Limits,
    HearingOptions,
    InputOptions<Dates>,
    RunInputs<Args, Globals>,
    Given,
    Repeating {
  /**
   * The chunk's name in messages and tracebacks: a string by the rules of `scriptId`. It grants nothing. It cannot be
   * given with a {@link Script}, which has a name already.
   * @defaultValue the `scriptId`; for {@link Engine.runFile}, the file's name without its folder
   */
  name?: string | undefined
}

/** The options of a run that resolves with values: those of {@link RunOptions}, and how the values come. */
export interface ValueRunOptions<
  Dates extends DateMode = DateMode,
  Args = readonly LuaInput<'iso'>[],
  Globals = LuaObject,
> extends RunOptions<Dates, Args, Globals>,
    OutputOptions {}

/**
 * What can go into Lua, and as what:
 *
 * - `undefined` as nil, and `null` as `json.null`, which counts as true in Lua, or with `nulls: 'nil'` as nil
 * - booleans; numbers, as integers when they are safe integers, and otherwise (-0, too) as floats; `BigInt`s of 64 bits as integers
 * - well-formed strings; `Uint8Array`s as strings of their bytes; with `dates: 'iso'`, `Date`s as text
 * - arrays, plain objects and `Map`s of these, at most 128 levels deep
 * - a {@link LuaFunction}, in calls of the context that it came from, as that function
 *
 * A property that is `undefined` counts as absent. An item of an array must not be `undefined`. Everything else
 * (instances of classes, functions, symbols, cycles) is refused, with a `TypeError` that names its path, and the option
 * that would let it through, if there is one.
 *
 * What is in an object or an array is checked where a function takes it (see {@link Crossing}), and when it crosses.
 */
export type LuaInput<Dates extends 'iso' = never> =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | DateFor<Dates>
  | LuaFunction
  | readonly LuaInput<Dates>[]
  | ReadonlyMap<boolean | number | bigint | string, LuaInput<Dates>>
  | LuaObject

/** An object of data: any but those whose type says that they are something else, as functions, dates and sets do. */
export type LuaObject = { readonly [name: string]: unknown } | (object & NoData)

/** What plain objects do not have. */
export interface NoData {
  readonly [Symbol.hasInstance]?: never
  readonly [Symbol.iterator]?: never
  readonly [Symbol.match]?: never
  readonly [Symbol.toPrimitive]?: never
  readonly [Symbol.toStringTag]?: never
}

/** `Date`, where that can cross. */
export type DateFor<Dates extends 'iso'> = Dates extends 'iso' ? Date : never

/** `T`, with `never` in place of whatever in it cannot go into Lua. What is `unknown` is checked when it crosses. */
export type Crossing<T, Dates extends 'iso' = never> = [LuaInput<Dates>] extends [T]
  ? T
  : // biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing.
    T extends undefined | null | void | boolean | number | bigint | string | Uint8Array | LuaFunction | DateFor<Dates>
    ? T
    : T extends ReadonlyMap<infer Key, infer Value>
      ? ReadonlyMap<Key, Crossing<Value, Dates>>
      : T extends readonly unknown[] | LuaObject
        ? { [Key in keyof T]: Crossing<T[Key], Dates> }
        : never

/**
 * What comes out of Lua, and as what:
 *
 * - nil as `undefined`, and `json.null` as `null`
 * - booleans; floats as numbers; integers as numbers, or as `BigInt`s when they are no safe integers
 * - strings and tables as {@link OutputOptions} says
 * - functions as {@link LuaFunction}s, in a context, with the option {@link ContextCallOptions.functions}
 *
 * Other functions, coroutines, userdata and cycles are refused with `ERR_LUA_RESULT`, whose message gives the path, and
 * the option that would let the value through, if there is one.
 */
export type LuaOutput =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | LuaFunction
  | LuaOutput[]
  | { [key: string]: LuaOutput }
  | Map<boolean | number | bigint | string, LuaOutput>

/** What a run gave. `Values` is what you expect it to return; nothing checks that it does. */
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
  /** From the call until the run began. */
  queueTime: number
  /** From then until it ended, waits included. */
  runTime: number
  /** On a worker thread. */
  cpuTime: number
  /** The most bytes that its VM held at once. */
  peakMemory: number
  /** How many times it was on a worker thread. */
  slices: number
}

/**
 * Who calls a host function, as its first argument. `Data` is what you give as `data`; nothing checks that you do.
 */
// biome-ignore lint/suspicious/noExplicitAny: whatever the host gives to the run.
export interface HostContext<Data = any> {
  /** The `scriptId` of the run. */
  readonly scriptId: string
  /** The name of the run's chunk: its option `name`, or what that is by default. */
  readonly name: string
  /** The option `data` of the run, or of its context: the value itself. */
  readonly data: Data
  /**
   * Aborted when the run ends in any other way than by success: an error, a limit, its own signal, a closed engine. For a call
   * from a function of `parallel`, also when the script does not wait for this call any more.
   */
  readonly signal: AbortSignal
}

/**
 * A function that scripts call. The script gets what it returns, or what its promise resolves with. This must be a
 * {@link LuaInput}, else the call fails. To give nil, return `undefined`; `null` counts as true in Lua, unless the engine's
 * {@link EngineOptions.values} say `nulls: 'nil'`. When it throws or rejects, the script gets a Lua error with the code
 * `ERR_HOST_FUNCTION`, which it can catch, and which says `host.name failed` and nothing of what was thrown. Throw a
 * {@link HostError} to say more.
 *
 * Scripts may pass anything: an argument without an annotation is `unknown`. An annotation says what you expect, and
 * nothing checks it.
 *
 * A big answer is copied some in each turn of the event loop. Do not change it afterwards: return a copy of what you go
 * on using.
 */
export type HostFunction = {
  // Of a method, so that arguments may be annotated.
  call(context: HostContext, ...args: unknown[]): unknown
}['call']

/** Functions by name, also in groups: `{ db: { get } }` is `host.db.get`. */
export interface HostFunctions {
  readonly [name: string]: HostFunction | HostFunctions
}

/** What functions have to be beside functions: nothing, or what they cannot be when one of them returns what cannot cross. */
export type Exposed<What, Dates extends 'iso' = never> = What extends (...args: never[]) => infer Answer
  ? [Awaited<Answer>] extends [Crossing<Awaited<Answer>, Dates>]
    ? unknown
    : CannotCross<Awaited<Answer>>
  : { [Name in keyof What]: Exposed<What[Name], Dates> }

/** What no function is: for messages of the compiler. */
export interface CannotCross<Answer> {
  readonly 'a host function cannot return this to Lua': Answer
}

/**
 * Host functions for some runs, made by {@link Engine.functions}. Give it as the option `host` of runs and contexts of the
 * same engine, as often as you like.
 */
export class FunctionSet {
  // What only looks like one has no such member.
  #private
  private constructor()
}

/** Modules by name: their source. */
export interface ModuleSources {
  readonly [name: string]: string | Uint8Array
}

/**
 * Compiled modules for some runs, made by {@link Engine.modules}. Give it as the option `modules` of runs and contexts of the
 * same engine, as often as you like.
 */
export class ModuleSet {
  // What only looks like one has no such member.
  #private
  private constructor()
}

/**
 * An error of a host function that the script shall see. Of any other error the script sees only that the function failed,
 * because its message may say what no script should know.
 *
 * In Lua it is an error value with `.message`; `.code`, which is `ERR_HOST_FUNCTION` when there is none; and `.details`. A
 * run that fails with it rejects with a {@link LuaError} whose `code` is `ERR_HOST_FUNCTION` and whose `cause` is the
 * HostError. Those of another copy of the module, or of another realm, count as well.
 *
 * @example
 * ```js
 * import { Engine, HostError } from 'moonpool'
 *
 * const engine = new Engine()
 * engine.expose('price', (run, item) => {
 *   throw new HostError(`no price for ${item}`, { code: 'NO_PRICE', details: { item } })
 * })
 * const code = 'local ok, e = pcall(host.price, "tea") return e.code, e.message, e.details.item'
 * console.log(await engine.runLua(code, 'tenant-1')) // NO_PRICE\tno price for tea\ttea
 * ```
 */
export class HostError extends Error {
  /**
   * @param message What the script sees: up to 65 536 characters of it.
   * @throws {TypeError} with `code` `ERR_INVALID_ARG_TYPE`, or {RangeError} with `ERR_INVALID_ARG_VALUE`, for a wrong
   *   argument.
   */
  constructor(message: string, options?: HostErrorOptions)
  readonly name: 'HostError'
  /** What the script sees as `.code`, where it was given. */
  readonly code?: string
  /** What the script sees as `.details`, where it was given. */
  readonly details?: LuaInput
}

/** What a {@link HostError} says beside its message. An option that is `undefined` counts as absent. */
export interface HostErrorOptions {
  /**
   * A string of 1 to 256 UTF-8 bytes without control characters.
   * @defaultValue none: the script sees `ERR_HOST_FUNCTION`
   */
  code?: string | undefined
  /**
   * A value that crosses to Lua when the error is thrown. One that cannot cross is left out, and the message says so.
   * @defaultValue none
   */
  details?: LuaInput | undefined
  /** As for any `Error`: for you alone. */
  cause?: unknown
}

/** How a new {@link Engine} is set up. An option that is `undefined` counts as absent. */
export interface EngineOptions<Mode extends 'iso' = 'iso'> extends LogOptions {
  /**
   * How many worker threads of libuv's pool the engine uses at once: a whole number from 1 to 1024. More than the pool
   * has (`UV_THREADPOOL_SIZE`, 4 by default) brings nothing.
   * @defaultValue `max(1, min(available cores, UV_THREADPOOL_SIZE - 1))`: one thread stays free for `fs` and the like
   */
  concurrency?: number | undefined
  /**
   * How many runs may wait for their first slice, those that wait for their turn in a context included: a whole number
   * from 0 to 4 294 967 295. One more rejects at once with `ERR_QUEUE_FULL`. With 0, a run is accepted only when a
   * worker thread is free for it. The places are divided among ids by weight: a run of an id that has less than its part
   * gets the place of the last run of the id that holds most, which rejects with `ERR_QUEUE_FULL`.
   * @defaultValue 10 000
   */
  maxQueue?: number | undefined
  /**
   * Bytes that all VMs of the engine hold together: those of runs, also while they wait, of contexts, and those made
   * ahead. A whole number, at least 1 048 576 (1 MiB). Near it, no run begins that needs another VM. Past it, the largest
   * VM of the id that holds most is stopped, and its run rejects with `ERR_LUA_MEMORY`; the error's `limit` is
   * `'maxMemory'`. A context that is stopped so between two runs has ended.
   * @defaultValue a half of `process.constrainedMemory()`, or of the machine's memory when that is less or unknown; with
   *   `ulimit -v`, at most a half of the addresses that it leaves
   */
  maxMemory?: number | undefined
  /**
   * How many timers of scripts may be pending at once: a whole number from 0 to 1 000 000. One more is not made, and the
   * script gets `nil` and a message.
   * @defaultValue 1024
   */
  maxTimers?: number | undefined
  /**
   * The same, of one id. The runs of its timers begin at a rate of at most 16 a second for each that it may have.
   * @defaultValue 64
   */
  maxTimersPerId?: number | undefined
  /**
   * How many VMs the engine makes ahead once it has been idle for 20 ms: a whole number from 0 to 1024. Each serves one
   * run, or becomes the VM of one context, and takes about 18 KB until then; with a {@link EngineOptions.prelude}, as much as
   * its copy takes.
   * @defaultValue 4
   */
  warmVms?: number | undefined
  /**
   * Where State is kept. `'memory'`: in memory, for this engine alone and for as long as it lives. Otherwise a
   * {@link NamedState}, {@link SqliteState} or {@link RedisState}. If the store cannot be opened, the constructor throws a
   * {@link LuaError} with `ERR_STATE_UNAVAILABLE`; a server is connected to on first use.
   * @defaultValue `'memory'`
   */
  state?: 'memory' | NamedState | SqliteState | RedisState | undefined
  /**
   * What a script hears that gets a key which only other scripts have. `'refuse'`: `ERR_STATE_DENIED`. `'missing'`: the
   * key counts as missing, and the script does not learn that others have it.
   * @defaultValue `'refuse'`
   */
  foreignKeys?: 'refuse' | 'missing' | undefined
  /**
   * Bytes of State that each `scriptId` may hold: a whole number. It counts keys, values as JSON, and 192 bytes for
   * each key. A write that would pass the quota fails with `ERR_STATE_QUOTA`, and changes nothing.
   * @defaultValue 16 777 216 (16 MiB)
   */
  stateQuota?: number | undefined
  /**
   * What each id may use. A function is asked when an id is first seen, and again after {@link Engine.refreshLimits}; it
   * returns at once. When it fails, or what it returns is wrong, the run rejects with `ERR_INVALID_ARG_TYPE` or
   * `ERR_INVALID_ARG_VALUE`. Inside it, runs of ids that it was not asked about yet reject so, too.
   * @defaultValue no limits for single ids, and the weight 1
   */
  perId?: IdLimits | ((scriptId: string) => IdLimits) | undefined
  /**
   * For how many ids, of those that were active last, {@link Engine.usage} keeps what they have taken: a whole number from
   * 1 to 10 000 000. Each takes about 300 bytes.
   * @defaultValue 10 000
   */
  trackedIds?: number | undefined
  /**
   * Whether compiled code is kept, by name and source, and how much of it. The same source then need not be compiled
   * for each run. What was not used for the longest time goes first. Scripts see no difference, but in time.
   * @defaultValue `true`, which means the defaults of {@link CodeCacheOptions}
   */
  codeCache?: boolean | CodeCacheOptions | undefined
  /**
   * Where the log entries of all runs go, beside the event `log`: `console`, a logger of pino, or anything with the methods
   * `debug`, `info`, `warn` and `error`, which are called with fields and a message. What the script gave stands apart, as
   * `fields.fields`, so that no script can pass for another. They are called in the async context of the call whose run
   * it is. What they throw does no harm to the run: Node tells it as an `uncaughtException`.
   *
   * @example
   * ```js
   * import { Engine } from 'moonpool'
   *
   * const engine = new Engine({ logger: console, logLevel: 'warn' })
   * await engine.run('log.warn("no such order", { order = 7 })', 'acme')
   * // { scriptId: 'acme', name: 'acme', line: 1, run: 0, fields: { order: 7 } } no such order
   * ```
   * @defaultValue none
   */
  logger?: Logger | undefined
  /**
   * Limits for runs that do not give their own.
   * @defaultValue the defaults of {@link Limits}
   */
  defaults?: Limits | undefined
  /**
   * How values cross: for runs and contexts that do not say it themselves, for the arguments and answers of host functions,
   * and for {@link Engine.state}.
   *
   * @example
   * ```js
   * import { Engine } from 'moonpool'
   *
   * const engine = new Engine({ values: { nulls: 'nil', dates: 'iso', tables: 'record' } })
   * engine.expose('order', () => ({ paid: null, at: new Date(0) }))
   * const { value } = await engine.run('local o = host.order() return { [0] = o.at, paid = o.paid or "no" }', 'acme')
   * console.log(value) // { '0': '1970-01-01T00:00:00.000Z', paid: 'no' }
   * ```
   * @defaultValue the defaults of {@link ValueOptions}
   */
  values?: ValueOptions<'refuse' | Mode> | undefined
  /**
   * The libraries that scripts find. With `[]` they find only what no engine can leave out: the base functions, `print`, `warn`,
   * `script`, `host`, `require`, `sleep` and `parallel`.
   * @defaultValue all of {@link Library}
   */
  libraries?: readonly Library[] | undefined
  /**
   * Lua that runs once, in this order, while the engine is being made. Every VM of the engine begins as a copy of what it
   * left: globals, functions with their upvalues, tables, coroutines that have not begun, loaded modules. Runs share
   * nothing of it. It runs as no script: without `scriptId`, State, host functions and waits; for at most 10 s, with
   * `memoryLimit` and `maxOutput` of {@link EngineOptions.defaults}. The copy counts in the memory of each run. No two entries have
   * the same name. See [docs/preludes.md](docs/preludes.md).
   *
   * The constructor throws the {@link LuaError} that it fails with; also when it leaves what cannot be copied, such as a
   * coroutine that has begun.
   *
   * @example
   * ```js
   * import { Engine } from 'moonpool'
   *
   * const engine = new Engine({
   *   prelude: [
   *     { name: 'tax', source: 'return { of = function(x) return x * 19 // 100 end }' },
   *     { name: 'rules', source: 'local tax = require("tax") function price(x) return x + tax.of(x) end' },
   *   ],
   *   preludeModules: ['tax'],
   * })
   * console.log(await engine.runLua('return price(200)', 'acme')) // 238
   * ```
   * @defaultValue `[]`
   */
  prelude?: readonly PreludeEntry[] | undefined
  /**
   * The names of those entries of {@link EngineOptions.prelude} that are modules: they are loaded by `require`, each once, and
   * found by `require` in every run. These names are taken for good: {@link Engine.addModule}, {@link Engine.removeModule} and
   * {@link Given.modules} refuse them.
   * @defaultValue `[]`
   */
  preludeModules?: readonly string[] | undefined
  /**
   * What scripts see of an error that a host function throws and that is no {@link HostError}. `'masked'`: that the function
   * failed, as in `host.db.get failed`. `'messages'`: its message, whatever that says. Use this for development only.
   * @defaultValue `'masked'`
   */
  hostErrors?: 'masked' | 'messages' | undefined
}

/** One chunk of a prelude: see {@link EngineOptions.prelude}. */
export interface PreludeEntry {
  /** Its name in messages, and of a module that by which `require` finds it: 1 to 256 UTF-8 bytes without control characters. */
  name: string
  /** Its Lua source, at most `maxSource` bytes of {@link EngineOptions.defaults}. */
  source: string | Uint8Array
}

/**
 * What one `scriptId` may use of an engine. What is left out, or `undefined`, has no limit of its own.
 *
 * @example
 * ```js
 * import { Engine } from 'moonpool'
 *
 * const paying = new Set(['acme'])
 * const engine = new Engine({
 *   perId: (scriptId) => (paying.has(scriptId) ? { weight: 4 } : { maxQueued: 100, maxStarted: 4, cpuPerSecond: 200 }),
 * })
 * console.log(await engine.runLua('return "fair"', 'acme')) // fair
 * ```
 */
export interface IdLimits {
  /**
   * How many of its runs may wait for their first slice: a whole number from 0 to 4 294 967 295. One more rejects at once
   * with `ERR_QUOTA`; the error's `limit` is `'maxQueued'`, and `retryAfter` says when to try again. With 0, a run is accepted
   * only when it can begin at once.
   */
  maxQueued?: number | undefined
  /** How many of its runs may have begun and not ended: a whole number from 1 to 4 294 967 295. Further ones stay queued. */
  maxStarted?: number | undefined
  /**
   * How many of its runs may wait for a host function, for a time or for State: a whole number from 1 to 4 294 967 295.
   * Further runs stay queued. A run counts from its first wait to its end, because it may wait again.
   */
  maxWaiting?: number | undefined
  /**
   * Milliseconds of worker time a second: above 0, at most 2 147 483 647; more than 1000 only where several threads are
   * used. What is not used is saved up for one second. An id that has used up its time gets the turns that nobody else
   * wants. It never owes more than one second brings.
   */
  cpuPerSecond?: number | undefined
  /**
   * Calls of host functions, and of named scripts by others, a second: a whole number from 1 to 4 294 967 295. What is not used is saved up for one second.
   * Further calls wait, in order; the run's `timeout` goes on meanwhile.
   */
  hostCallsPerSecond?: number | undefined
  /**
   * Bytes that all its VMs hold together, as {@link EngineOptions.maxMemory} counts them: a whole number, at least
   * 1 048 576 (1 MiB). Near it, no run of the id begins that needs another VM. Past it, the id's largest VM is stopped,
   * with `ERR_LUA_MEMORY`; the error's `limit` is `'perId.memory'`.
   */
  memory?: number | undefined
  /** Bytes that it may keep in State, instead of {@link EngineOptions.stateQuota}: a whole number. */
  stateQuota?: number | undefined
  /**
   * Its share of turns, and of the queue's places, beside other ids: a number from 0.01 to 100. An id of weight 2 gets two
   * turns for each one of an id of weight 1.
   * @defaultValue 1
   */
  weight?: number | undefined
}

/** What an id has going on, and what it has taken of an engine since that was made, or since the id is tracked. */
export interface IdUsage {
  /** Runs that wait for their first slice. */
  queued: number
  /** Runs that have begun and not ended. */
  started: number
  /** Of those, how many wait for a host function, for a time or for State. */
  waiting: number
  /** Runs that gave a result. */
  completed: number
  /** Runs that failed in any other way than the following. */
  failed: number
  /** Runs whose `timeout` or `cpuTimeout` passed. */
  timedOut: number
  /** Runs that their `signal`, or closing the engine, has stopped. */
  aborted: number
  /** Runs that never began. */
  rejected: number
  /** Time on worker threads in ms, of runs that have ended: also of those that were stopped, once they have. */
  cpuTime: number
  /** Calls of host functions. */
  hostCalls: number
  /** Bytes that its VMs hold now, as {@link EngineStats.memory} counts them. */
  memory: number
  /**
   * Bytes that it keeps in State now, as its quota counts them. `undefined` where the store cannot say so at once: on
   * Redis, and in SQLite while the space is not in memory. There, `engine.state(scriptId).size()` tells.
   */
  stateBytes: number | undefined
}

/** State in memory, for all engines of the process that name it so, worker threads included; gone with the last of them. */
export interface NamedState {
  /** The name: a string of 1 to 256 UTF-8 bytes. */
  memory: string
}

/**
 * State in a SQLite database. What a promise has told you is on disk. One process at a time may open it; its engines share
 * one store, worker threads included.
 */
export interface SqliteState {
  /**
   * The file: a path, or a `URL` object with the scheme `file:`. It is made if it is not there; its folder must be. `':memory:'` is
   * refused: `state: 'memory'` keeps State without a file.
   */
  sqlite: string | URL
  /**
   * How many bytes of spaces are kept in memory: a whole number. Of engines that share the store, the largest counts.
   * @defaultValue 67 108 864 (64 MiB)
   */
  cacheBytes?: number | undefined
  /**
   * `'full'`: nothing that depends on a write is told before the write is on disk. `'relaxed'`: nothing waits for the
   * disk; after a crash the last writes may be missing. Engines that share the store must say the same.
   * @defaultValue `'full'`
   */
  durability?: 'full' | 'relaxed' | undefined
}

/** State on a Redis or Valkey server, for all processes and machines that use it with the same prefix. */
export interface RedisState {
  /** The server: `redis://[user[:password]@]host[:port][/database]`, or `rediss://` for TLS. No error shows a password. */
  redis: string
  /** What tells these spaces from others on the server: 1 to 128 UTF-8 bytes without braces and control characters. */
  prefix: string
  /**
   * How long an operation may take, in milliseconds: above 0, at most 2 147 483 647. After that it fails with
   * `ERR_STATE_UNAVAILABLE`.
   * @defaultValue 2000
   */
  commandTimeout?: number | undefined
}

/** A library that an engine can leave out. `io` is `io.write` alone, `os` the functions that read the time. */
export type Library =
  | 'base64'
  | 'coroutine'
  | 'crypto'
  | 'hex'
  | 'io'
  | 'json'
  | 'log'
  | 'math'
  | 'os'
  | 'regex'
  | 'scripts'
  | 'Shared'
  | 'State'
  | 'string'
  | 'table'
  | 'time'
  | 'timer'
  | 'url'
  | 'utf8'

/** How much compiled code an engine keeps. */
export interface CodeCacheOptions {
  /**
   * How many chunks: a whole number from 1 to 4 294 967 295.
   * @defaultValue 1000
   */
  maxEntries?: number | undefined
  /**
   * How many bytes: a whole number. It counts source, name, bytecode, and 256 bytes for each chunk. A chunk that alone
   * needs more is not kept.
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
 * Schedules runs on libuv's worker pool, in slices of 10 ms. It has a queue, a code cache and a State of its own.
 *
 * Short scripts overtake long ones, and ids take turns. An idle engine does not keep the process alive; a run in flight
 * does. An engine that nobody refers to any more is garbage-collected, closed or not.
 *
 * Events:
 * - `full`: as many runs wait as `maxQueue` allows, or one more was refused. Not emitted again before `drain`.
 * - `drain`: after `full`, no run waits any more.
 * - `error` (a {@link LuaError} with `ERR_INTERNAL`): a run failed because of a bug in moonpool. The run rejects, too.
 *   The event is for central logs, and is not emitted when nobody listens.
 * - `moduleError` (the error, and the name of the module where it is known): in a folder that {@link Engine.addModules}
 *   watches, something is wrong. What was there before stays.
 * - `log` (a {@link LogEntry}): a script has logged something. All entries of a run come in their order, and before its
 *   promise settles. A listener that throws keeps no other one from hearing of them.
 * - `scriptError` (the error, and the name of the script where it is known): the same, for {@link Engine.addScripts}.
 *
 * @typeParam Mode `'iso'` where dates go in as text, otherwise `never`. It is inferred from the options.
 *
 * @example
 * ```js
 * import { Engine } from 'moonpool'
 *
 * const engine = new Engine({ maxQueue: 1000, defaults: { timeout: 250 } })
 * const rule = engine.compile('local n = ... return n * 7', { name: 'rule.lua' })
 * const { value } = await engine.run(rule, 'tenant-1', { args: [6] })
 * console.log(value) // 42
 * await engine.close()
 * ```
 */
export class Engine<Mode extends 'iso' = never> extends EventEmitter<{
  full: []
  drain: []
  error: [LuaError]
  moduleError: [error: Error, name: string | undefined]
  log: [entry: LogEntry]
  scriptError: [error: Error, name: string | undefined]
}> {
  /**
   * @param options See {@link EngineOptions}.
   * @throws {TypeError} with `code` `ERR_INVALID_ARG_TYPE`, or {RangeError} with `ERR_INVALID_ARG_VALUE`, whose message
   *   names the option, what it takes and what it got.
   * @throws {LuaError} What the prelude fails with; or with `ERR_STATE_UNAVAILABLE`, when the store of State cannot be opened.
   */
  constructor(options?: EngineOptions<Mode>)

  /**
   * Runs code in a fresh VM on this engine, and resolves with text, as the function {@link runLua} does.
   *
   * @throws {LuaError} (rejects) as {@link runLua}; and with `ERR_QUEUE_FULL`, `ERR_QUEUE_TIMEOUT` or
   *   `ERR_ENGINE_CLOSED`, when nothing was run.
   */
  runLua<
    Args extends readonly unknown[] = readonly LuaInput<'iso'>[],
    Globals extends LuaObject = LuaObject,
    Dates extends DateMode = DateMode,
  >(
    code: string | Uint8Array | Script,
    scriptId: string,
    options?: RunOptions<Dates, Args & Crossing<Args, Or<Dates, Mode>>, Globals & Crossing<Globals, Or<Dates, Mode>>>,
  ): Promise<string>

  /**
   * Runs code in a fresh VM on this engine, and resolves with values.
   *
   * @throws {LuaError} (rejects) as {@link Engine.runLua}.
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
  run<
    Values extends readonly unknown[] = LuaOutput[],
    Args extends readonly unknown[] = readonly LuaInput<'iso'>[],
    Globals extends LuaObject = LuaObject,
    Dates extends DateMode = DateMode,
  >(
    code: string | Uint8Array | Script,
    scriptId: string,
    options?: ValueRunOptions<
      Dates,
      Args & Crossing<Args, Or<Dates, Mode>>,
      Globals & Crossing<Globals, Or<Dates, Mode>>
    >,
  ): Promise<RunResult<Values>>

  /**
   * Lets scripts call a function of yours as `host.name(...)`, in runs that begin from now on. The script waits until
   * the function's promise settles, and holds no thread meanwhile, also in callbacks such as those of `table.sort` and
   * `string.gsub`.
   *
   * The function executes in the async context of the call that started the run: an `AsyncLocalStorage` has the store of
   * that caller there. A call of the very context whose run waits for the function rejects with `ERR_CONTEXT_BUSY`.
   *
   * @param name An identifier of Lua that is new in `host`. Groups may grow: `expose('db', { put })` adds to `host.db`.
   * @param what A function, or a plain object of functions: `expose('db', { get })` is `host.db.get`.
   * @param options With `replace`, all that is under this name goes first. Runs that have begun, and contexts, keep what
   *   they had.
   *
   * @example
   * ```js
   * import { Engine } from 'moonpool'
   *
   * const engine = new Engine()
   * const prices = new Map([['tea', 2.5]])
   * engine.expose('price', async ({ scriptId }, item) => prices.get(item)) // undefined is nil in Lua
   * console.log(await engine.runLua('return host.price("tea"), host.price("gold")', 'tenant-1')) // 2.5\tnil
   * ```
   */
  expose<What extends HostFunction | HostFunctions>(
    name: string,
    what: What & Exposed<What, Mode>,
    options?: ReplaceOptions,
  ): void

  /**
   * Takes away what was exposed under a name, with all functions that are in it. Runs that have begun, and contexts, keep
   * what they had.
   *
   * @param name As for {@link Engine.expose}.
   * @returns Whether there was anything.
   */
  unexpose(name: string): boolean

  /**
   * Makes a set of host functions for some runs: see {@link RunOptions.host}. It is checked and prepared once.
   *
   * @param functions A plain object of functions and groups of them, with the names that {@link Engine.expose} takes. It is
   *   read now: later changes of the object change nothing.
   * @param options How arguments and answers of these functions cross. What is left out is as the engine's
   *   {@link EngineOptions.values} have it, whatever the options of the run say.
   *
   * @example
   * ```js
   * import { Engine } from 'moonpool'
   *
   * const engine = new Engine()
   * const editor = engine.functions({
   *   doc: {
   *     save({ data, scriptId }, text) {
   *       data.set(scriptId, text)
   *     },
   *   },
   * })
   * const docs = new Map()
   * await engine.runLua('host.doc.save("hello")', 'tenant-1', { host: editor, data: docs })
   * console.log(docs.get('tenant-1')) // hello
   * console.log(await engine.runLua('return type(host.doc)', 'tenant-2')) // nil
   * ```
   */
  functions<What extends HostFunctions, Dates extends DateMode = DateMode>(
    functions: What & Exposed<What, Or<Dates, Mode>>,
    options?: ValueOptions<Dates>,
  ): FunctionSet

  /**
   * Adds a module, which scripts of this engine load with `require(name)`, and compiles it at once on this thread. It
   * runs once in each VM that requires it, gets its name as `...`, and sees the globals of that VM.
   *
   * @param name The name for `require`, by the rules of `scriptId`, and the chunk's name in messages. It must be new.
   * @param options With `replace`, the name may have a module already. Runs that have begun, and contexts, keep what they
   *   had, also when they require it later.
   * @throws {LuaError} with `ERR_LUA_SYNTAX` when it does not compile. Then nothing has changed.
   */
  addModule(name: string, source: string | Uint8Array, options?: ReplaceOptions): void

  /**
   * Removes a module. Runs that have begun, and contexts, keep it, also when they require it later.
   *
   * @returns Whether there was one of this name.
   */
  removeModule(name: string): boolean

  /**
   * Makes a set of modules for some runs: see {@link RunOptions.modules}. They are compiled now, on this thread, and once.
   *
   * @param sources A plain object: the source of each module by its name, by the rules of {@link Engine.addModule}.
   * @throws {LuaError} with `ERR_LUA_SYNTAX` when one does not compile.
   *
   * @example
   * ```js
   * import { Engine } from 'moonpool'
   *
   * const engine = new Engine()
   * const modules = engine.modules({ tax: 'return 0.19' })
   * console.log(await engine.runLua('return require("tax")', 'tenant-1', { modules })) // 0.19
   * ```
   */
  modules(sources: ModuleSources): ModuleSet

  /**
   * Adds every `*.lua` file below a folder as a module: `rules/price.lua` is `rules.price`, and `rules/init.lua` is
   * `rules`. When one of them is wrong, none is added. Links that leave the folder are refused.
   *
   * @param options With `watch`, the modules follow the folder until the engine is closed: files that change, appear and
   *   vanish, about a tenth of a second later. Runs that have begun, and contexts, keep what they had. A file that is wrong
   *   changes nothing, and is told by the event `moduleError`. Watching keeps no process alive.
   * @returns (resolves) The names of the modules, sorted.
   */
  addModules(folder: string | URL, options?: AddModulesOptions): Promise<string[]>

  /**
   * Adds a named script, which {@link Engine.callScript} runs, and which other scripts may call with
   * `scripts.call(name, …)`, if `callers` allows them. It is compiled now, on this thread, and once. Each call runs in a
   * fresh VM, under the `scriptId` that the options give it, and gets its arguments as `...`.
   *
   * @param name By the rules of `scriptId`, and the chunk's name in messages. It must be new.
   * @param source Lua source, or a {@link Script}, which keeps the chunk name that it was compiled with.
   * @param options Who it is, who may call it, and what its runs begin with. With `replace`, the name may have a script
   *   already. Runs that have begun keep the old one.
   * @throws {LuaError} with `ERR_LUA_SYNTAX` when it does not compile, or `ERR_ENGINE_CLOSED`. Then nothing has changed.
   *
   * @example
   * ```js
   * import { Engine } from 'moonpool'
   *
   * const engine = new Engine()
   * engine.addScript('price', 'local item = ... return item.count * 5', { callers: ['shop'] })
   * console.log(await engine.runLua('return scripts.call("price", { count = 3 })', 'shop')) // 15
   * const { value } = await engine.callScript('price', [{ count: 4 }])
   * console.log(value) // 20
   * ```
   */
  addScript<Globals extends LuaObject = LuaObject, Dates extends DateMode = DateMode>(
    name: string,
    source: string | Uint8Array | Script,
    options?: ScriptOptions<Dates, Globals & Crossing<Globals, Or<Dates, Mode>>> & ReplaceOptions,
  ): void

  /**
   * Adds every `*.lua` file below a folder as a named script, all with the same options. Names, links and `watch` are as in
   * {@link Engine.addModules}, and what is wrong in a folder that is watched is told by the event `scriptError`.
   *
   * @returns (resolves) The names of the scripts, sorted.
   */
  addScripts<Globals extends LuaObject = LuaObject, Dates extends DateMode = DateMode>(
    folder: string | URL,
    options?: ScriptOptions<Dates, Globals & Crossing<Globals, Or<Dates, Mode>>> & AddModulesOptions,
  ): Promise<string[]>

  /**
   * Removes a named script. Runs of it that have begun go on.
   *
   * @returns Whether there was one of this name.
   */
  removeScript(name: string): boolean

  /**
   * Runs a named script, and resolves with values, as {@link Engine.run} does. In it, `script.caller` is nil.
   *
   * @param args The values of the chunk's `...`: at most 1000.
   * @param options What is left out is as the script's own options have it.
   * @throws {LuaError} (rejects) with `ERR_SCRIPT_UNKNOWN` when there is none of this name, or as {@link Engine.run}.
   */
  callScript<
    Values extends readonly unknown[] = LuaOutput[],
    Globals extends LuaObject = LuaObject,
    Dates extends DateMode = DateMode,
  >(
    name: string,
    args?: readonly LuaInput<Or<Dates, Mode>>[],
    options?: ScriptCallOptions<Dates, Globals & Crossing<Globals, Or<Dates, Mode>>>,
  ): Promise<RunResult<Values>>

  /**
   * Declares a shared dictionary: keys and values in memory that scripts of different ids use together, as
   * `Shared.name` in runs that begin from now on. Declaring it again with the same options gives the same one.
   *
   * @param name An identifier of Lua.
   * @param options What it may hold, and who may use it: see {@link SharedDictOptions}. `{}` for the defaults.
   * @throws {RangeError} with `ERR_INVALID_ARG_VALUE` when it was declared with other options. {LuaError} with
   *   `ERR_ENGINE_CLOSED`.
   *
   * @example
   * ```js
   * import { Engine } from 'moonpool'
   *
   * const engine = new Engine()
   * const hits = engine.sharedDict('hits', { maxItems: 10_000 })
   * await engine.runLua('Shared.hits:incr("tea", 1, 0)', 'tenant-1')
   * await engine.runLua('Shared.hits:incr("tea", 1, 0)', 'tenant-2')
   * console.log(await hits.get('tea')) // 2
   * ```
   */
  sharedDict(name: string, options: SharedDictOptions): SharedDict
  /**
   * The shared dictionary that was declared under this name.
   *
   * @throws {RangeError} with `ERR_INVALID_ARG_VALUE` when there is none.
   */
  sharedDict(name: string): SharedDict

  /**
   * Makes a VM that lives on between its runs: what one run leaves in its globals, the next one finds.
   * @param scriptId Who runs in it, for as long as it lives.
   * @param options Limits for each of its runs, the `memoryLimit` of the VM, and what its runs are given.
   */
  createContext<Globals extends LuaObject = LuaObject, Dates extends DateMode = DateMode>(
    scriptId: string,
    options?: ContextOptions<Dates, Globals & Crossing<Globals, Or<Dates, Mode>>>,
  ): Context<Or<Dates, Mode>>

  /**
   * Makes a pool of contexts for one id, of which each call borrows one. It prepares all of them at once.
   * @param scriptId Who runs in them.
   * @param options How many, what prepares each, and the options of the contexts.
   */
  createPool<Globals extends LuaObject = LuaObject, Dates extends DateMode = DateMode>(
    scriptId: string,
    options?: PoolOptions<Dates, Globals & Crossing<Globals, Or<Dates, Mode>>, Or<Dates, Mode>>,
  ): ContextPool<Or<Dates, Mode>>

  /**
   * Runs a file of Lua source, and resolves with text. The file is read for each run, so that a change counts at once.
   * It is compiled only when its source is not in the code cache.
   *
   * @param path A path, or a `URL` object with the scheme `file:`, of a regular file of at most {@link Limits.maxSource} bytes.
   * @throws {Error} (rejects) when the file cannot be read, with the `code` of the system (`ENOENT`, `EACCES`), its
   *   `path`, and the system's error as `cause`. Otherwise as {@link Engine.runLua}.
   */
  runFile<
    Args extends readonly unknown[] = readonly LuaInput<'iso'>[],
    Globals extends LuaObject = LuaObject,
    Dates extends DateMode = DateMode,
  >(
    path: string | URL,
    scriptId: string,
    options?: RunOptions<Dates, Args & Crossing<Args, Or<Dates, Mode>>, Globals & Crossing<Globals, Or<Dates, Mode>>>,
  ): Promise<string>

  /**
   * Compiles source on this thread, which takes 10 to 30 ms for each MiB. The engine's `defaults` limit it as they limit
   * a run.
   *
   * @param source As for {@link Engine.runLua}.
   * @returns A script that you may run as often as you like, on any engine, also many times at once.
   * @throws {LuaError} with `ERR_LUA_SYNTAX` when it does not compile, `ERR_ENGINE_CLOSED` when the engine is closed.
   */
  compile(source: string | Uint8Array, options?: CompileOptions): Script

  /**
   * The space of one id, for the host: what the functions of `State` do, with the same values and rules. It is the id's
   * own space, whatever was granted to it, and its quota holds.
   * @param scriptId Whose space: as for {@link Engine.runLua}.
   */
  state(scriptId: string): StateSpace<Mode>

  /** The ids that have entries, in the byte order of their UTF-8. It holds one page of them at a time. */
  stateOwners(): AsyncIterableIterator<string>

  /**
   * All entries and grants, as lines of JSON: the stream gives one string for each, which ends with a line feed. The
   * lines of one owner stand together, in the order of their keys; grants come last. It holds a page of entries at a
   * time. What is written meanwhile may be in it or not.
   *
   * `{"owner":"acme","key":"k","value":1,"expires":1767225600000}` is an entry; `expires` is in milliseconds since 1970,
   * and absent when it never does. `{"grant":{"owner":"acme","keys":"k*","to":"*","access":"read"}}` is a grant.
   *
   * @example
   * ```js
   * import { createWriteStream } from 'node:fs'
   * import { pipeline } from 'node:stream/promises'
   * import { Engine } from 'moonpool'
   *
   * const engine = new Engine()
   * await engine.state('acme').set('plan', { seats: 5 })
   * await pipeline(engine.exportState(), createWriteStream('/dev/null'))
   * ```
   */
  exportState(): Readable

  /**
   * Takes lines of an export, and adds their entries and grants to what there is. All entries of an owner are imported,
   * or none: one wrong line leaves out its owner, and the rest goes on. The lines of one owner have to stand together;
   * it holds those of one owner at a time, up to the `stateQuota`.
   *
   * @param lines A string or bytes of text, a stream, or an iterable. Chunks of a stream may end anywhere; a string of
   *   any other iterable is one or more whole lines. A line has at most 8 MiB.
   * @throws (rejects) What the source throws. What was imported before stays; of the owner whose lines came, nothing is.
   * @throws {LuaError} (rejects) with `ERR_STATE_UNAVAILABLE` when the store cannot be reached, or `ERR_ENGINE_CLOSED`.
   */
  importState(
    lines: string | Uint8Array | AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
  ): Promise<StateImport>

  /**
   * Lets others use keys of an owner's, under the same names: until {@link Engine.revoke}. While it lasts, such a name
   * means the owner's key to them. The same grant with another `access` changes that. Grants are kept with the State.
   *
   * @throws {RangeError} (rejects) for a grant to the owner itself, or of `'*'`, which would hide all keys of others.
   * @throws {LuaError} (rejects) with `ERR_STATE_DENIED` when another owner has granted the same name to the same ids.
   *
   * @example
   * ```js
   * import { Engine } from 'moonpool'
   *
   * const engine = new Engine()
   * await engine.state('billing').set('rates/eur', 1.08)
   * await engine.grant({ owner: 'billing', keys: 'rates/*', to: '*', access: 'read' })
   * console.log((await engine.run('return State.get("rates/eur")', 'acme')).value) // 1.08
   * ```
   */
  grant(grant: StateGrant): Promise<void>

  /** Takes a grant back, whatever its access: `access` may be left out. Resolves with whether it was there. */
  revoke(grant: Omit<StateGrant, 'access'> & Partial<Pick<StateGrant, 'access'>>): Promise<boolean>

  /** All grants, sorted by owner, keys and grantee. */
  grants(): Promise<StateGrant[]>

  /**
   * The timers of all scripts, in the order in which they were made: those that are going to run, and those that run now.
   *
   * @example
   * ```js
   * import { Engine } from 'moonpool'
   *
   * const engine = new Engine()
   * await engine.run('timer.every(60, function() State.incr("minutes") end)', 'acme')
   * for (const { scriptId, kind, seconds } of engine.timers()) console.log(scriptId, kind, seconds) // acme every 60
   * console.log(engine.cancelTimers('acme')) // 1
   * ```
   */
  timers(): TimerInfo[]

  /**
   * Lets a timer run no more. A run of it that has begun goes on.
   *
   * @param id The number of a timer: {@link TimerInfo.id}.
   * @returns Whether it was going to run.
   * @throws {TypeError} with `code` `ERR_INVALID_ARG_TYPE`, or {RangeError} with `ERR_INVALID_ARG_VALUE`, when `id` is no
   *   whole number above 0.
   */
  cancelTimer(id: number): boolean

  /** The same for all timers of one id, or without a `scriptId` for all. Returns how many were going to run. */
  cancelTimers(scriptId?: string): number

  /** What the engine does now, and what it did since it was made or since {@link Engine.resetStats} was called. */
  stats(): EngineStats

  /**
   * What one id has going on and has taken; without a `scriptId`, that of each id which is tracked, from the one that was
   * active last. An id that is not tracked any more (see {@link EngineOptions.trackedIds}) has what it has going on, and
   * its sums begin anew.
   *
   * @example
   * ```js
   * import { Engine } from 'moonpool'
   *
   * const engine = new Engine()
   * await engine.runLua('return 1', 'acme')
   * console.log(engine.usage('acme').completed) // 1
   * for (const [scriptId, { cpuTime }] of engine.usage()) console.log(scriptId, cpuTime > 0) // acme true
   * ```
   */
  usage(scriptId: string): IdUsage
  usage(): IterableIterator<[scriptId: string, usage: IdUsage]>

  /**
   * Asks the function of {@link EngineOptions.perId} again: at once for ids that have runs, for which the new limits hold
   * from then on, and for others when their next run comes. Without a `scriptId`, for all ids. Where the function fails,
   * the id keeps its limits until its next run, which rejects. Without such a function this does nothing.
   */
  refreshLimits(scriptId?: string): void

  /** Begins to count anew. What the engine does now (`queued`, `running`, `suspended`) stays as it is. */
  resetStats(): void

  /**
   * Accepts no more runs, and lets those that were accepted finish. Timers that are pending run once, with `premature` true.
   * After `timeout` it stops the rest, which reject with `ERR_ENGINE_CLOSED`. Then it closes the store of State, and resolves
   * when no run is left and all that was written is as durable as the store makes it. A store that takes longer than the
   * timeout gets one second more. May be called again, for example with a shorter timeout.
   */
  close(options?: CloseOptions): Promise<void>

  /** `close()` at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Whether something may be replaced. */
export interface ReplaceOptions {
  /**
   * Whether the name may be taken already.
   * @defaultValue `false`
   */
  replace?: boolean | undefined
}

/** What all runs of a named script begin with, and who may call it. Limits and shapes are the engine's where none are given. */
export interface ScriptOptions<Dates extends DateMode = DateMode, Globals = LuaObject>
  extends Limits,
    HearingOptions,
    ValueOptions<Dates>,
    Repeating,
    Given {
  /** As in {@link RunInputs}. They are copied when the script is added. */
  globals?: Globals | undefined
  /**
   * Who the script is, whoever calls it: its State, its turns and its limits in {@link EngineOptions.perId} are those of
   * this id.
   * @defaultValue the name
   */
  scriptId?: string | undefined
  /**
   * Which ids may call it from Lua: `'*'` for all, or a list. The host may call it in any case.
   * @defaultValue `[]`
   */
  callers?: '*' | readonly string[] | undefined
}

/** The options of one call of a named script by the host. What is left out is as the script has it. */
export interface ScriptCallOptions<Dates extends DateMode = DateMode, Globals = LuaObject>
  extends Omit<Limits, 'maxSource'>,
    HearingOptions,
    ValueOptions<Dates>,
    Repeating,
    Pick<RunInputs, 'signal'>,
    Given {
  /** As in {@link RunInputs}, in place of the script's. */
  globals?: Globals | undefined
}

/** How the modules or the scripts of a folder are added. */
export interface AddModulesOptions {
  /**
   * Whether the folder is watched.
   * @defaultValue `false`
   */
  watch?: boolean | undefined
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

/** A grant: others find keys of `owner` under the same names. */
export interface StateGrant {
  /** Whose keys: an id. */
  owner: string
  /** Which: a key, or what keys begin with and `*`, as in `'shared/*'`. */
  keys: string
  /** For whom: an id, or `'*'` for all. */
  to: string
  /** `'read'`: they may see them; a write raises `ERR_STATE_DENIED`. `'write'`: they may change them, too. */
  access: 'read' | 'write'
}

/** What came of an import. */
export interface StateImport {
  /** How many owners' entries were imported. */
  owners: number
  /** How many entries. */
  entries: number
  /** How many grants. */
  grants: number
  /** The lines that were refused, at most 1000 of them, in order. */
  refused: StateRefusal[]
  /** How many more lines were refused than `refused` lists, if so. */
  unlisted?: number
}

/** Why a line was not imported. */
export interface StateRefusal {
  /** Its number, from 1. */
  line: number
  /** Whose line it is, where that is known. Nothing of this owner's entries is imported. */
  owner: string | undefined
  /** What is wrong. */
  message: string
}

/** How long a key lasts. */
export interface StateTtl {
  /**
   * Milliseconds from now: above 0, at most 3 155 760 000 000 (a hundred years). It counts in whole milliseconds, rounded
   * up. (Lua counts in seconds.)
   * @defaultValue until the key is deleted
   */
  ttl?: number | undefined
}

/** How a number begins that is not there. */
export interface StateIncrement extends StateTtl {
  /**
   * What the number begins with: finite, or a `BigInt` of 64 bits.
   * @defaultValue `0`
   */
  init?: number | bigint | undefined
}

/**
 * The space of one id in State, made by {@link Engine.state}. Keys are strings of 1 to 512 UTF-8 bytes. Values are
 * {@link LuaInput}s that a script may store: what JSON can say, at most 1 MiB of it; they are copied when the call is made,
 * and cross as the engine's
 * {@link EngineOptions.values} say. With `nulls: 'nil'`, `null` counts as `undefined` does. Every function is atomic, and calls of one engine take effect in their order (on
 * Redis, those that are awaited).
 * A promise resolves when what it tells, and all that this depends on, is as durable as the store makes it.
 *
 * All reject with {@link LuaError}s: `ERR_STATE_VALUE` for a value that cannot be stored, whose message gives its path;
 * `ERR_STATE_QUOTA` when the space is full; `ERR_STATE_UNAVAILABLE` when the store cannot be reached, or lost a write;
 * `ERR_ENGINE_CLOSED`. Wrong arguments reject with a `TypeError` or `RangeError`.
 *
 * @typeParam Mode `'iso'` where dates go in as text, otherwise `never`. It is inferred from the options.
 *
 * @example
 * ```js
 * import { Engine } from 'moonpool'
 *
 * const engine = new Engine()
 * const space = engine.state('acme')
 * await space.set('plan', { seats: 5 }, { ttl: 60_000 })
 * await space.update('plan', (plan) => ({ ...plan, seats: plan.seats + 1 }))
 * console.log((await engine.run('return State.get("plan").seats', 'acme')).value) // 6
 * for await (const [key, value] of space.entries()) console.log(key, value) // plan { seats: 6 }
 * ```
 */
export interface StateSpace<Mode extends 'iso' = never> {
  /** Whose space it is. */
  readonly scriptId: string
  /** The value of a key; or the default, when there is no such key. `null` is `json.null`. */
  get(key: string): Promise<LuaOutput>
  get<Default>(key: string, fallback: Default): Promise<LuaOutput | Default>
  /** Sets a key, until it is deleted or its `ttl` is over; without one, a key that was to expire lasts. `undefined` deletes it. */
  set(key: string, value: LuaInput<Mode>, options?: StateTtl): Promise<void>
  /** Sets a key that is not there. Resolves with whether it did. */
  add(key: string, value: LuaInput<Mode>, options?: StateTtl): Promise<boolean>
  /** Sets a key that is there. Resolves with whether it did. */
  replace(key: string, value: LuaInput<Mode>, options?: StateTtl): Promise<boolean>
  /** Deletes a key. Resolves with whether it was there. */
  delete(key: string): Promise<boolean>
  /** Whether there is such a key. */
  has(key: string): Promise<boolean>
  /**
   * Adds to a number, 1 if nothing is said, and resolves with the sum, a `BigInt` when it is no safe integer. It keeps how
   * long the key lasts. A sum past 64 bits is refused.
   */
  incr(key: string, by?: number | bigint, options?: StateIncrement): Promise<number | bigint>
  /**
   * Sets a key if its value is still `old`, and resolves with whether it did. Values are compared by their JSON, numbers by
   * `==`. `undefined` stands for no key. It keeps how long the key lasts.
   */
  cas(key: string, old: LuaInput<Mode>, value: LuaInput<Mode>): Promise<boolean>
  /**
   * Sets a key to what `change` makes of its value, or of the default; `undefined` deletes it. `change` may be async, and is
   * called again when somebody else has changed the key meanwhile. Resolves with what `change` gave. What it throws, this
   * rejects with, and nothing is stored. It keeps how long the key lasts.
   */
  update<Value extends LuaInput<Mode>>(
    key: string,
    // biome-ignore lint/suspicious/noExplicitAny: whatever is kept there; nothing checks it.
    change: (old: any) => Value | Promise<Value>,
    fallback?: LuaInput<Mode>,
  ): Promise<Value>
  /** Lets a key last so many milliseconds from now, or with `Infinity` until it is deleted. Resolves with whether it is there. */
  expire(key: string, ttl: number): Promise<boolean>
  /** How many milliseconds a key still lasts: `Infinity` for until it is deleted, `undefined` for no key. */
  ttl(key: string): Promise<number | undefined>
  /** The keys, or those that begin with a prefix, in byte order. */
  list(prefix?: string): Promise<string[]>
  /** The keys and their values in byte order, a page at a time. */
  entries(prefix?: string): AsyncIterableIterator<[key: string, value: LuaOutput]>
  /** Deletes everything. */
  clear(): Promise<void>
  /** How many entries there are, and their bytes as the quota counts them: keys, values as JSON, and 192 for each. */
  size(): Promise<{ entries: number; bytes: number }>
}

/** How a context is set up. An option that is `undefined` counts as absent. */
export interface ContextOptions<Dates extends DateMode = DateMode, Globals = LuaObject>
  extends Limits,
    HearingOptions,
    ValueOptions<Dates>,
    Repeating {
  /** As in {@link RunOptions}. */
  name?: string | undefined
  /** As in {@link RunOptions}: for the life of the context. */
  globals?: Globals | undefined
  /** As in {@link RunOptions}: for all its runs. */
  host?: FunctionSet | HostFunctions | undefined
  /** As in {@link RunOptions}: for all its runs. */
  modules?: ModuleSet | ModuleSources | undefined
  /** As in {@link RunOptions}: for all its runs, but those that have their own. */
  data?: unknown
  /**
   * How many calls may wait for their turn in the context: a whole number from 0 to 4 294 967 295. One more rejects at once
   * with `ERR_QUEUE_FULL`, and the error's `limit` is `'maxPending'`. With 0, a call is accepted only when none runs.
   * @defaultValue as many as the engine's `maxQueue` allows
   */
  maxPending?: number | undefined
  /**
   * Whether functions in results cross, as {@link LuaFunction}s: for the runs that do not say it themselves.
   * @defaultValue `false`
   */
  functions?: boolean | undefined
  /**
   * How many {@link LuaFunction}s of the context there may be that are not released: a whole number from 0 to 65 535. A
   * result with more rejects with `ERR_LUA_RESULT`, and the error's `limit` is `'maxFunctions'`.
   * @defaultValue 1000
   */
  maxFunctions?: number | undefined
}

/** The options of a call by name, whose arguments stand beside them. What is left out is as the context has it. */
export interface ContextCallOptions<Dates extends DateMode = DateMode, Globals = LuaObject>
  extends Omit<Limits, 'memoryLimit' | 'maxSource'>,
    HearingOptions,
    ValueOptions<Dates>,
    Pick<RunInputs, 'signal'>,
    Pick<RunOptions, 'name'>,
    Pick<Given, 'data'>,
    Pick<Repeating, 'now'> {
  /** As in {@link RunInputs}. They stay in the context. */
  globals?: Globals | undefined
  /**
   * Whether functions in the result cross, as {@link LuaFunction}s. Otherwise they are refused with `ERR_LUA_RESULT`.
   * @defaultValue that of the context
   */
  functions?: boolean | undefined
}

/**
 * The options of one run in a context. What is left out is as the context has it. The memory limit, `host`, `modules` and
 * `seed` are those of the context.
 */
export interface ContextRunOptions<
  Dates extends DateMode = DateMode,
  Args = readonly LuaInput<'iso'>[],
  Globals = LuaObject,
> extends ContextCallOptions<Dates, Globals>,
    Pick<Limits, 'maxSource'> {
  /** As in {@link RunInputs}. */
  args?: Args | undefined
}

/**
 * A VM that lives on between its runs, made by {@link Engine.createContext}. Its runs happen one after the other, in
 * the order of the calls. Those that wait for their turn count in the engine's `maxQueue`. Contexts of one engine run
 * side by side. A context that is idle, or whose run waits, holds no thread.
 *
 * A run that fails with an error of its own leaves the context as it is. A run that is stopped, by a limit or by its
 * signal, ends the context: its VM is gone, and further calls reject with `ERR_CONTEXT_CLOSED`.
 *
 * It keeps the host functions and modules that there were when it was made, whatever is replaced or removed later. Those that
 * are added later under new names are there from its next run on.
 *
 * @typeParam Mode `'iso'` where dates go in as text, otherwise `never`. It is inferred from the options.
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
export class Context<Mode extends 'iso' = never> {
  // What only looks like one has no such member.
  #private
  private constructor()
  /** Who runs in it. */
  readonly scriptId: string
  /** How many calls wait or run: all of which something is left, also a run that was aborted and is being stopped. */
  readonly pending: number
  /** Whether it takes no calls any more: it was closed, a run in it was stopped, or its engine is closed. */
  readonly isClosed: boolean
  /** Runs code in the context's VM. */
  run<
    Values extends readonly unknown[] = LuaOutput[],
    Args extends readonly unknown[] = readonly LuaInput<'iso'>[],
    Globals extends LuaObject = LuaObject,
    Dates extends DateMode = DateMode,
  >(
    code: string | Uint8Array | Script,
    options?: ContextRunOptions<
      Dates,
      Args & Crossing<Args, Or<Dates, Mode>>,
      Globals & Crossing<Globals, Or<Dates, Mode>>
    >,
  ): Promise<RunResult<Values>>
  /**
   * Calls a function of the context's VM.
   *
   * @param name The name of a global, or up to 32 names with dots between them, as `'room.tick'`. The first one is a global,
   *   whatever metatable `_G` has. What stands behind a dot is looked up as a script does it: metamethods are asked, within
   *   the limits of the call.
   * @throws {LuaError} (rejects) with `ERR_LUA_RUNTIME` when that cannot be called. The message names the part that is
   *   wrong, and its type: `room.tick cannot be called: room is a nil value`.
   */
  call<Values extends readonly unknown[] = LuaOutput[]>(
    name: string,
    ...args: readonly LuaInput<Mode>[]
  ): Promise<RunResult<Values>>
  /**
   * As {@link Context.call}, with the arguments in an array, and options.
   *
   * @example
   * ```js
   * import { Engine } from 'moonpool'
   *
   * const engine = new Engine()
   * const context = engine.createContext('player-7')
   * await context.run('room = { size = 2 } function room.tick(by) room.size = room.size + by return room.size end')
   * console.log((await context.apply('room.tick', [3], { timeout: 20 })).value) // 5
   * await engine.close()
   * ```
   */
  apply<
    Values extends readonly unknown[] = LuaOutput[],
    Globals extends LuaObject = LuaObject,
    Dates extends DateMode = DateMode,
  >(
    name: string,
    args?: readonly LuaInput<Or<Dates, Mode>>[],
    options?: ContextCallOptions<Dates, Globals & Crossing<Globals, Or<Dates, Mode>>>,
  ): Promise<RunResult<Values>>
  /**
   * Resolves with the value of a global; or with dots in the name, as {@link Context.call} has them, of what is there.
   * `Value` is what you expect it to be; nothing checks that it is.
   */
  get<Value = LuaOutput>(name: string): Promise<Value>
  /** Sets a global; or with dots in the name, as {@link Context.call} has them, what a script's assignment would. */
  set(name: string, value: LuaInput<Mode>): Promise<void>
  /**
   * Resolves with the bytes that the VM holds, once the runs that were asked for are done. From within a host function that
   * a run of this context waits for, it rejects with `ERR_CONTEXT_BUSY`; so does every other method.
   */
  memory(): Promise<number>
  /** Gives the VM back once the runs that were asked for are done. Further calls reject with `ERR_CONTEXT_CLOSED`. */
  close(): Promise<void>
  /** `close()` at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * A function of a context's VM that JavaScript holds: what came of a Lua function in a result, with the option `functions`.
 * Each stands for itself, also when several stand for the same function. The VM keeps the function until it is
 * released, and it counts in the VM's memory. What nobody refers to any more is released by itself, in time; release what
 * you do not need, as a context may have {@link ContextOptions.maxFunctions} of them.
 *
 * Given back to its own context, as an argument or a global, it is the same function. Everything else refuses it.
 *
 * @typeParam Mode `'iso'` where dates go in as text, as its context has it, otherwise `never`.
 *
 * @example
 * ```js
 * import { Engine } from 'moonpool'
 *
 * const engine = new Engine()
 * const context = engine.createContext('player-7', { functions: true })
 * const { value: add } = await context.run('local sum = 0 return function(n) sum = sum + n return sum end')
 * await add.call(2)
 * console.log((await add.call(3)).value) // 5
 * add.release()
 * await engine.close()
 * ```
 */
export class LuaFunction<Mode extends 'iso' = never> {
  // What only looks like one has no such member.
  #private
  private constructor()
  /** Whether it was released. Also the end of its context ends it; then calls reject with `ERR_CONTEXT_CLOSED`. */
  readonly isReleased: boolean
  /**
   * Calls it: a run of its context, as {@link Context.call}.
   * @throws {RangeError} (rejects) with `ERR_INVALID_ARG_VALUE` when it was released.
   */
  call<Values extends readonly unknown[] = LuaOutput[]>(...args: readonly LuaInput<Mode>[]): Promise<RunResult<Values>>
  /** As {@link LuaFunction.call}, with the arguments in an array, and options. */
  apply<
    Values extends readonly unknown[] = LuaOutput[],
    Globals extends LuaObject = LuaObject,
    Dates extends DateMode = DateMode,
  >(
    args: readonly LuaInput<Or<Dates, Mode>>[],
    options?: ContextCallOptions<Dates, Globals & Crossing<Globals, Or<Dates, Mode>>>,
  ): Promise<RunResult<Values>>
  /** Lets the VM forget it, from the next run on, once the calls are done that were made. May be called again. */
  release(): void
}

/**
 * How a pool of contexts is set up: the options of its contexts, and its own.
 *
 * @typeParam Mode `'iso'` where dates go in as text in its contexts, otherwise `never`.
 */
export interface PoolOptions<
  Dates extends DateMode = DateMode,
  Globals = LuaObject,
  Mode extends 'iso' = Or<Dates, never>,
> extends ContextOptions<Dates, Globals> {
  /**
   * How many contexts it has at most: a whole number from 1 to 10 000.
   * @defaultValue the engine's `concurrency`
   */
  size?: number | undefined
  /**
   * Prepares each new context. The context is ready when the promise has settled and its runs are done. When it throws or
   * rejects, that context is not used, and the call that has waited for the longest time rejects with that error. It must
   * not call the pool. It executes in the async context in which the pool was made.
   * @defaultValue none
   */
  setup?: ((context: Context<Mode>) => unknown) | undefined
  /**
   * Time for `setup`, in milliseconds: above 0, at most 2 147 483 647. After that it has failed, with `ERR_LUA_TIMEOUT`; the
   * error's `limit` is `'setupTimeout'`.
   * @defaultValue 10 000
   */
  setupTimeout?: number | undefined
  /**
   * How many calls may wait for a context: a whole number from 0 to 4 294 967 295. One more rejects at once with
   * `ERR_QUEUE_FULL`, and the error's `limit` is `'maxPending'`.
   * @defaultValue any number
   */
  maxPending?: number | undefined
  /** As in {@link Limits}; the wait for a context counts, too. */
  queueTimeout?: number | undefined
}

/** How {@link ContextPool.use} waits for a context. */
export interface PoolUseOptions {
  /** Ends the wait: the promise rejects with `signal.reason`. Once the context is there, it does nothing. */
  signal?: AbortSignal | undefined
  /** Time to wait, in milliseconds, by default that of the pool. Then the promise rejects with `ERR_QUEUE_TIMEOUT`. */
  queueTimeout?: number | undefined
}

/**
 * A pool of contexts, made by {@link Engine.createPool}: for scripts whose set-up is expensive. Each call borrows a context
 * that is free, or waits for one; who came first is served first. A context that has ended is replaced by a new one.
 * What one call leaves in globals, later ones may find.
 *
 * What holds one of its contexts cannot wait for another one: calls of the pool from within {@link ContextPool.use}, from
 * host functions of its runs, and from its setup reject with `ERR_CONTEXT_BUSY`.
 *
 * @typeParam Mode `'iso'` where dates go in as text, otherwise `never`. It is inferred from the options.
 *
 * @example
 * ```js
 * import { Engine } from 'moonpool'
 *
 * const engine = new Engine()
 * const script = engine.compile('squares = {} for i = 1, 1000 do squares[i] = i * i end function square(i) return squares[i] end')
 * const pool = engine.createPool('acme', { size: 2, setup: (context) => context.run(script) })
 * console.log((await pool.call('square', 12)).value) // 144
 * await pool.close()
 * await engine.close()
 * ```
 */
export class ContextPool<Mode extends 'iso' = never> {
  // What only looks like one has no such member.
  #private
  private constructor()
  /** Who runs in its contexts. */
  readonly scriptId: string
  /** How many contexts it has at most. */
  readonly size: number
  /** How many contexts are ready, and not in use. */
  readonly idle: number
  /** How many calls wait for a context. */
  readonly pending: number
  /** Whether it takes no calls any more: it was drained or closed. */
  readonly isClosed: boolean
  /** As {@link Context.run}, in a context of the pool. Its `signal` and `queueTimeout` also end the wait for one. */
  readonly run: Context<Mode>['run']
  /** As {@link Context.call}, in a context of the pool. */
  readonly call: Context<Mode>['call']
  /** As {@link Context.apply}, in a context of the pool. */
  readonly apply: Context<Mode>['apply']
  /**
   * Gives `act` a context for itself until its promise settles and the runs that it asked for are done; resolves with what
   * it gives. Close the context in there to have it replaced. Do not keep it: others use it afterwards.
   */
  use<Result>(act: (context: Context<Mode>) => Result | Promise<Result>, options?: PoolUseOptions): Promise<Result>
  /**
   * Makes all contexts anew: after a reload. What is in use stays until it is given back; every call that gets a context
   * from now on gets a new one.
   * @throws {LuaError} with `ERR_CONTEXT_CLOSED` when the pool is closed, and with `ERR_CONTEXT_BUSY` from within its setup.
   */
  replace(): void
  /** Takes no further calls, lets those that wait or run finish, and closes the contexts. */
  drain(): Promise<void>
  /**
   * Takes no further calls, refuses those that wait with `ERR_CONTEXT_CLOSED`, lets those that have a context finish, and
   * closes the contexts. It does not wait for a setup.
   */
  close(): Promise<void>
  /** `close()` at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>
}

/** What a shared dictionary may hold, and who may use it. An option that is `undefined` counts as absent. */
export interface SharedDictOptions {
  /**
   * How many entries it holds at most: a whole number from 1.
   * @defaultValue as many as `maxBytes` has room for
   */
  maxItems?: number | undefined
  /**
   * How many bytes it holds at most: a whole number from 1024. It counts, for each entry, its key, its string, and 208
   * bytes; for a list 256 bytes more, and for each of its elements its string and 112 bytes.
   * @defaultValue 16 777 216 (16 MiB)
   */
  maxBytes?: number | undefined
  /**
   * The ids whose scripts find it, or `'*'` for all.
   * @defaultValue `'*'`: the dictionary is there because you declared it, to be shared
   */
  readers?: '*' | readonly string[] | undefined
  /**
   * The ids of those whose scripts may change it, or `'*'` for all. Others get an error with the code
   * `ERR_STATE_DENIED`. Name them when scripts do not trust each other: who may write may also flush everything.
   * @defaultValue `'*'`
   */
  writers?: '*' | readonly string[] | undefined
}

/** What a shared dictionary takes as a value: `Uint8Array`s are strings of any bytes. */
export type SharedInput = string | Uint8Array | number | bigint | boolean

/**
 * What a shared dictionary gives: strings that are not UTF-8 as `Buffer`s, and integers that are no safe integers as
 * `BigInt`s.
 */
export type SharedOutput = string | Uint8Array | number | bigint | boolean

/** What came of a write. */
export interface SharedWritten {
  /** Whether it was done. */
  ok: boolean
  /** Why not: `'no memory'`, `'exists'`, `'not found'`, or `'attempt to add or replace nil values'`. */
  err: string | undefined
  /** Whether entries were removed for it that had not expired. */
  forcible: boolean
}

/**
 * A shared dictionary, made by {@link Engine.sharedDict}. It has the methods that scripts have, under the same names, as
 * promises. The host may read and write every dictionary. Each call does its work at once, in one step; the promise
 * only tells. Wrong arguments reject with a `TypeError` or a `RangeError`. A dictionary lives as long as its engine, also
 * when that is closed.
 *
 * Keys are strings or bytes, 1 to 65 535 bytes long. Times are in seconds, down to a millisecond; 0 is for ever.
 */
export class SharedDict {
  // What only looks like one has no such member.
  #private
  private constructor()
  /** Its name. */
  readonly name: string
  /**
   * The value of a key that has not expired.
   * @throws {LuaError} (rejects) with `ERR_STATE_VALUE` when it is a list.
   */
  get(key: string | Uint8Array): Promise<SharedOutput | undefined>
  /** The value of a key with its flags, also when it has expired and is still there: then it is `stale`. */
  get_stale(key: string | Uint8Array): Promise<{ value: SharedOutput; flags: number; stale: boolean } | undefined>
  /**
   * Stores a value; `undefined` removes the key. When there is no room, what was used least recently goes.
   * @param exptime For how many seconds. 0, the default, is for ever.
   * @param flags A whole number from 0 to 4 294 967 295 that is kept beside the value.
   */
  set(
    key: string | Uint8Array,
    value: SharedInput | undefined,
    exptime?: number,
    flags?: number,
  ): Promise<SharedWritten>
  /** As {@link SharedDict.set}, but nothing goes that has not expired. */
  safe_set(
    key: string | Uint8Array,
    value: SharedInput | undefined,
    exptime?: number,
    flags?: number,
  ): Promise<SharedWritten>
  /** As {@link SharedDict.set}, when there is no such key: else `err` is `'exists'`. */
  add(key: string | Uint8Array, value: SharedInput, exptime?: number, flags?: number): Promise<SharedWritten>
  /** As {@link SharedDict.add}, but nothing goes that has not expired. */
  safe_add(key: string | Uint8Array, value: SharedInput, exptime?: number, flags?: number): Promise<SharedWritten>
  /** As {@link SharedDict.set}, when there is such a key: else `err` is `'not found'`. */
  replace(key: string | Uint8Array, value: SharedInput, exptime?: number, flags?: number): Promise<SharedWritten>
  /** Removes a key, whether it is there or not. */
  delete(key: string | Uint8Array): Promise<SharedWritten>
  /**
   * Adds to a number. Where there is none, it begins with `init`, and lives for `init_ttl` seconds; without `init`, `err`
   * is `'not found'`. It may also be `'not a number'` or `'no memory'`.
   */
  incr(
    key: string | Uint8Array,
    value: number | bigint,
    init?: number | bigint,
    init_ttl?: number,
  ): Promise<{ value: number | bigint | undefined; err: string | undefined; forcible: boolean }>
  /** Puts a value at the head of a list, which begins when there is none. `err`: `'value not a list'`, `'no memory'`. */
  lpush(
    key: string | Uint8Array,
    value: Exclude<SharedInput, boolean>,
  ): Promise<{ length: number | undefined; err: string | undefined }>
  /** Puts a value at the tail of a list. */
  rpush(
    key: string | Uint8Array,
    value: Exclude<SharedInput, boolean>,
  ): Promise<{ length: number | undefined; err: string | undefined }>
  /** Takes the first value of a list; `undefined` when there is none. `err`: `'value not a list'`. */
  lpop(
    key: string | Uint8Array,
  ): Promise<{ value: Exclude<SharedOutput, boolean> | undefined; err: string | undefined }>
  /** Takes the last value of a list. */
  rpop(
    key: string | Uint8Array,
  ): Promise<{ value: Exclude<SharedOutput, boolean> | undefined; err: string | undefined }>
  /** The length of a list, 0 when there is none. `err`: `'value not a list'`. */
  llen(key: string | Uint8Array): Promise<{ length: number | undefined; err: string | undefined }>
  /** For how many seconds the key lives on, 0 for one that does not expire; `undefined` when there is no such key. */
  ttl(key: string | Uint8Array): Promise<number | undefined>
  /** Lets the key live on for so many seconds from now; says whether there is such a key. */
  expire(key: string | Uint8Array, exptime: number): Promise<boolean>
  /** Lets everything expire at once. The memory is not given back. */
  flush_all(): Promise<void>
  /**
   * Removes what has expired, some in each turn of the event loop; resolves with how many entries that were.
   * @param max_count How many at most. 0, the default, is all.
   */
  flush_expired(max_count?: number): Promise<number>
  /**
   * Keys that have not expired, in no particular order, gathered over turns of the event loop. Those that are not UTF-8
   * are `Buffer`s.
   * @param max_count How many at most: 1024 by default. 0 is all.
   */
  get_keys(max_count?: number): Promise<Array<string | Uint8Array>>
  /** How many bytes it may hold: its `maxBytes`. */
  capacity(): Promise<number>
  /** How many bytes more it may hold. */
  free_space(): Promise<number>
}

/** A compiled chunk, made by {@link Engine.compile}: immutable, and independent of the engine that compiled it. */
export class Script {
  // What only looks like one has no such member.
  #private
  private constructor()
  /** The chunk's name in messages and tracebacks. */
  readonly name: string
}

/** A timer of a script: see {@link Engine.timers}. */
export interface TimerInfo {
  /** Its number, which the script was given: a whole number above 0 that says nothing else. */
  id: number
  /** Whose it is, and who runs. */
  scriptId: string
  /** The name of the run that made it. */
  name: string
  /** Whether it was made by `timer.at`, and runs once, or by `timer.every`. */
  kind: 'at' | 'every'
  /** After how many seconds it runs. */
  seconds: number
  /** When it is to run next; `undefined` when it is not: it runs for the last time now. */
  next: Date | undefined
  /** How many of its runs have ended. */
  runs: number
  /** How many times it was not run, because the run before was still at work or Node.js was busy. */
  skipped: number
  /** How many of its runs failed. */
  failed: number
  /** Whether a run of it is at work, or waits for its turn. */
  running: boolean
  /** How many bytes its function and its arguments take, with 512 for itself. */
  bytes: number
}

/**
 * What an engine does and did. Every call whose arguments are right ends in exactly one of `completed`, `failed`,
 * `timedOut`, `aborted` and `rejected`.
 */
export interface EngineStats {
  /** Runs that wait for their first slice, those that wait for their turn in a context included. */
  queued: number
  /** Runs that a worker thread executes, or will as soon as it gets to them. Those that share its trip with one are still `queued`. */
  running: number
  /** Runs that have begun, are not done, and hold no worker thread: they were preempted, or they wait. */
  suspended: number
  /** Bytes that all VMs hold now: what {@link EngineOptions.maxMemory} bounds. */
  memory: number
  /**
   * The size of the image that each VM begins as a copy of, in bytes: with an {@link EngineOptions.prelude}, of what that left.
   * 0 where VMs are not copied.
   */
  snapshotBytes: number
  /** Runs that began to execute. */
  started: number
  /** Runs that resolved. */
  completed: number
  /**
   * Runs that rejected with an error of their own: syntax, runtime, host function, memory, output, result, State; or
   * for a bug in moonpool.
   */
  failed: number
  /** Runs that `timeout` or `cpuTimeout` stopped. */
  timedOut: number
  /** Runs that their `signal` stopped, before or after they began; and those that `close` stopped after they began. */
  aborted: number
  /**
   * Calls of which nothing was run: the queue was full, `queueTimeout` passed, engine or context was closed, no file
   * was read.
   */
  rejected: number
  /** VMs that were made: for runs, ahead of runs, and to compile. */
  vmsCreated: number
  /** Runs of source that found it compiled in the code cache. */
  cacheHits: number
  /** Runs of source that did not find it there. Without a code cache, and for a {@link Script}, neither is counted. */
  cacheMisses: number
  /** How busy the engine kept its `concurrency` threads: from 0 to 1. */
  utilization: number
  /** Time that runs waited before they began, in ms. */
  queueTime: TimeSummary
  /** Time from the beginning of a run to its end, all waits included, in ms. */
  runTime: TimeSummary
  /** Time that a run was on a worker thread, in ms. */
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
 * | `ERR_LUA_RUNTIME` | the script raised an error that nothing caught |
 * | `ERR_LUA_TIMEOUT` | `timeout` or `cpuTimeout` passed, or the `setupTimeout` of a pool; {@link LuaError.limit} says which |
 * | `ERR_LUA_MEMORY` | the script needs more than `memoryLimit`, all VMs of its id more than `perId.memory`, or all VMs more than `maxMemory`; {@link LuaError.limit} says which. Without it, the system had no memory left |
 * | `ERR_LUA_OUTPUT` | the script wrote more than `maxOutput` |
 * | `ERR_LUA_RESULT` | a returned value cannot cross, or `json.encode` cannot write one; the message gives its path, such as `value.users[3].fn`. Or there are more values than `maxNodes`, or more functions than `maxFunctions`; {@link LuaError.limit} says so |
 * | `ERR_STATE_DENIED` | `State`: another script has the key, has granted it to be read only, or has granted the same name; `Shared`: the script may not change the dictionary |
 * | `ERR_STATE_VALUE` | `State`: a key or a value that cannot be stored; {@link SharedDict.get}: the value is a list |
 * | `ERR_STATE_QUOTA` | `State`: the script's space is full |
 * | `ERR_STATE_UNAVAILABLE` | `State`: the store cannot be opened or reached, or has lost a write that this depends on |
 * | `ERR_HOST_FUNCTION` | a host function failed, and the script did not catch it; `cause` is what it threw, whatever the script saw of it |
 * | `ERR_SCRIPT_UNKNOWN` | there is no named script of this name |
 * | `ERR_SCRIPT_DENIED` | `scripts.call`: the caller's id is none of the script's `callers` |
 * | `ERR_CONTEXT_CLOSED` | not run: the {@link Context} or {@link ContextPool} is closed, or a run in the context was stopped |
 * | `ERR_CONTEXT_BUSY` | not run: a run in the {@link Context} waits for the host function that makes this call; or what makes it holds a context of the {@link ContextPool} |
 * | `ERR_QUEUE_FULL` | not run: `maxQueue` runs wait already, and its id holds its part of the places or more; or `maxPending` calls of the context or pool; {@link LuaError.limit} says which |
 * | `ERR_QUOTA` | not run: `perId.maxQueued` runs of its id wait already; {@link LuaError.retryAfter} says when to try again |
 * | `ERR_QUEUE_TIMEOUT` | not run: its `queueTimeout` passed while it waited |
 * | `ERR_ENGINE_CLOSED` | not run, because the engine is closed; or stopped, because closing took longer than its timeout |
 * | `ERR_SYSTEM` | not run: the operating system refused a thread that time limits need; the next run asks for it again |
 * | `ERR_INTERNAL` | a bug in moonpool, caught at its boundary; the process and the engine live on |
 *
 * No Lua code can catch `ERR_LUA_TIMEOUT`, `ERR_LUA_MEMORY`, `ERR_LUA_OUTPUT`, `ERR_ENGINE_CLOSED` or `ERR_INTERNAL`.
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
  | 'ERR_SCRIPT_UNKNOWN'
  | 'ERR_SCRIPT_DENIED'
  | 'ERR_CONTEXT_CLOSED'
  | 'ERR_CONTEXT_BUSY'
  | 'ERR_QUEUE_FULL'
  | 'ERR_QUOTA'
  | 'ERR_QUEUE_TIMEOUT'
  | 'ERR_ENGINE_CLOSED'
  | 'ERR_SYSTEM'
  | 'ERR_INTERNAL'

/**
 * What {@link runLua} rejects with when a run fails. Made by moonpool only. `console.log` and `util.inspect` show its code,
 * its place, the end of its output, its cause and Lua's traceback.
 *
 * Where there is no native addon to use, there is no `LuaError` either: requiring moonpool throws an `Error` that says
 * what to do. Its code is `ERR_ADDON_UNSUPPORTED` (none is made for this platform), `ERR_ADDON_MISSING` (it was not
 * installed), `ERR_ADDON_LOAD` (it is there and does not load) or `ERR_ADDON_VERSION` (it belongs to another version of
 * moonpool). But for the last one, its `cause` is what Node.js or the system has said.
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
  /**
   * Whose run, context or State it was. Absent where no id is concerned: when source is compiled or added, for a prelude, and
   * when there is no script of the name for {@link Engine.callScript}.
   */
  readonly scriptId?: string
  /**
   * The name of the chunk in which the error was raised, where it is known. It is the run's `name` in full (messages
   * and the traceback show its first 59 bytes), or what Lua shows of the name of a chunk that the script loaded.
   */
  readonly chunk?: string
  /** The line of {@link chunk} on which the error was raised, counted from 1, where it is known. */
  readonly line?: number
  /** The Lua traceback, where there is one, without host paths and memory addresses. */
  readonly luaStack?: string
  /** What the script had written by then. */
  readonly output: string
  /**
   * The value that was given to Lua's `error`, when it was no string. A table's own field `message`, if that is a string,
   * is the message of this error, too; its `code` is not {@link LuaError.code}. It comes by way of JSON; absent where JSON cannot
   * carry it, and where it has more than 1 MiB of JSON or 50 000 values and keys.
   */
  readonly luaValue?: unknown
  /**
   * What the host function threw, or rejected with, for `ERR_HOST_FUNCTION`: the value itself. When a script failed with the
   * error of another one that it had called: the `LuaError` of that.
   */
  readonly cause?: unknown
  /** The option whose limit was met, where the failure was caused by one. */
  readonly limit?: LimitName
  /**
   * For `ERR_QUOTA`: after how many milliseconds a place may be free, estimated from how long the last runs of the id had to
   * wait for each other. A whole number, at least 1.
   */
  readonly retryAfter?: number
  /**
   * All of this as a plain object, which `JSON.stringify` and loggers use. It has no stack of JavaScript.
   *
   * @example
   * ```js
   * import { runLua } from 'moonpool'
   *
   * const error = await runLua('error({ message = "sold out" })', 'tenant-1').catch((error) => error)
   * const { code, message, line } = JSON.parse(JSON.stringify(error))
   * console.log(code, message, line) // ERR_LUA_RUNTIME sold out 1
   * ```
   */
  toJSON(): LuaErrorReport
}

/** A {@link LuaError} as a plain object. Texts have at most 4096 characters. What the error has not is absent. */
export interface LuaErrorReport {
  name: string
  message: string
  code: LuaErrorCode
  scriptId?: string
  chunk?: string
  line?: number
  limit?: LimitName
  retryAfter?: number
  luaStack?: string
  luaValue?: unknown
  /** The last 1000 characters of the output, after a note of how many came before. */
  output: string
  /**
   * What the host function threw: of an error its `name`, `message`, `code` and `cause`, of another `LuaError` its report,
   * of anything else a text or a plain value. At most 9 levels of causes are told.
   */
  cause?: unknown
}

/** The options that {@link LuaError.limit} may name. (An error for `maxSource` is a `RangeError` with that `limit`.) */
export type LimitName =
  | 'timeout'
  | 'cpuTimeout'
  | 'memoryLimit'
  | 'maxMemory'
  | 'perId.memory'
  | 'maxOutput'
  | 'maxNodes'
  | 'maxFunctions'
  | 'maxPending'
  | 'maxQueue'
  | 'maxQueued'
  | 'queueTimeout'
  | 'setupTimeout'
  | 'stateQuota'
