// The types of moonpool/bullmq, written by hand and checked by __tests__/types.

import type { Job, Processor } from 'bullmq'
import type { Engine, Given, HearingOptions, Limits, LuaInput, LuaObject, LuaOutput, Script } from './index.js'

/**
 * Makes a processor for a `Worker` of BullMQ: each job is a run of a script. The values that the script returns are the
 * result of its job. What it logs goes to the log of the job, and `host.progress(value)`, which the engine has from now on,
 * sets its progress. `worker.cancelJob(id)` stops the script. See [docs/scaling.md](docs/scaling.md#jobs).
 *
 * It needs the package `bullmq`, 5.64 or later or 6, which moonpool does not bring along.
 *
 * The data of a job may come from anybody, so all of them are checked. What would fail again is an `UnrecoverableError`, and
 * not tried again: bad data, a script that does not compile, is unknown or denied, a result that JSON cannot carry or that is too
 * long, a cancelled job. Other failures are tried as often as the job's `attempts` say. A job for which the engine has no place
 * (`ERR_QUEUE_FULL`, `ERR_QUEUE_TIMEOUT`, `ERR_QUOTA`), or over which it is closed, is put back into the queue, and that is
 * no attempt.
 *
 * The message of a failed job begins with the code, and says where it happened: `ERR_LUA_RUNTIME: price:3: …`. The `cause` of
 * the error is the {@link LuaError} of the run.
 *
 * @param options Must name scripts, or allow code.
 * @throws {TypeError} for an option of the wrong type, or an unknown one.
 * @throws {RangeError} for an option out of range; and when the engine has a host function `progress` of another kind.
 * @throws {LuaError} for one of `scripts` that does not compile; and when the engine is closed.
 *
 * @example
 * ```ts
 * import { Worker } from 'bullmq'
 * import { Engine } from 'moonpool'
 * import { createProcessor } from 'moonpool/bullmq'
 *
 * const engine = new Engine({ state: { redis: 'redis://localhost:6379', prefix: 'shop' } })
 * engine.addScript('price', 'local item = ... return item.count * 5')
 * const worker = new Worker('scripts', createProcessor(engine, { scripts: ['price'], timeout: 5000 }), {
 *   connection: { host: 'localhost', port: 6379 },
 *   concurrency: 50,
 * })
 * // Elsewhere: await queue.add('price', { args: [{ count: 3 }] })
 * ```
 */
export function createProcessor(engine: Engine, options: ProcessorOptions): Processor<ScriptJobData, LuaOutput[]>

/**
 * The job whose script runs: for host functions, listeners and loggers that are called by a run of a job, also by way of a
 * script that it has called. Otherwise `undefined`.
 *
 * @example
 * ```js
 * import { Engine } from 'moonpool'
 * import { currentJob } from 'moonpool/bullmq'
 *
 * const engine = new Engine()
 * engine.expose('job', () => currentJob()?.id)
 * console.log((await engine.run('return host.job()', 'acme')).value) // undefined
 * await engine.close()
 * ```
 */
export function currentJob(): Job | undefined

/** What a processor runs, and what every run begins with. What is left out, the script has, or the engine. */
export interface ProcessorOptions extends Limits, HearingOptions, Given {
  /**
   * Which scripts jobs may name. `'*'`: all that `engine.addScript` has added. An array: those of them with these names. Each
   * runs under the `scriptId` that it was added with.
   *
   * An object: scripts of this processor, by name. They are compiled now. Each runs under the `scriptId` that its job says, and
   * otherwise under its name.
   * @defaultValue none
   */
  scripts?: '*' | readonly string[] | { readonly [name: string]: string | Uint8Array | Script } | undefined
  /**
   * Whether jobs may carry code, and say under which `scriptId` it runs. Who adds such jobs is believed in that.
   * @defaultValue `false`
   */
  allowCode?: boolean | undefined
  /**
   * Whether a job is tried again, as often as its `attempts` say, when its script has used up a limit: `timeout`, `cpuTimeout`,
   * `memoryLimit`, `maxOutput`, `perId.memory`, `stateQuota`.
   * @defaultValue `true`
   */
  retryLimits?: boolean | undefined
  /**
   * How much JSON the result of a job may have, in characters, from 2. BullMQ keeps it with the job, and in the stream of its events.
   * @defaultValue 262 144
   */
  maxResult?: number | undefined
  /**
   * How many values and keys a result, or the arguments of one call of a host function, may have, as in {@link Limits}. They become
   * JSON at one go, while the event loop stands still; hence fewer than elsewhere.
   * @defaultValue 100 000
   */
  maxNodes?: number | undefined
  /**
   * How long each run may take, in milliseconds, as in {@link Limits}. A job may say less, never more; without this option it
   * may say nothing.
   * @defaultValue what the script has, or the engine
   */
  timeout?: number | undefined
  /** As in `ValueOptions`. */
  nulls?: 'null' | 'nil' | undefined
  /**
   * As in `ValueOptions`. Results become JSON, so there are no `Map`s.
   * @defaultValue `'object'`
   */
  tables?: 'object' | 'record' | undefined
  /** As in {@link RunInputs}, in place of the script's. */
  globals?: LuaObject | undefined
}

/** The data of a job, of either kind. */
export type ScriptJobData = NamedScriptData | CodeData

interface AnyScriptData {
  /**
   * What the script gets as `...`: at most 1000 values.
   * @defaultValue none
   */
  args?: readonly LuaInput[] | undefined
  /** How long the run may take, in milliseconds; at most what the processor's `timeout` says. */
  timeout?: number | undefined
}

/** Of a job that names a script. */
export interface NamedScriptData extends AnyScriptData {
  /**
   * The name of the script.
   * @defaultValue the name of the job
   */
  script?: string | undefined
  /**
   * Who the run is; only for scripts that the processor was given as an object.
   * @defaultValue the name of the script
   */
  scriptId?: string | undefined
  code?: never
  name?: never
}

/** Of a job that carries a script, where `allowCode` is true. */
export interface CodeData extends AnyScriptData {
  /** Lua source. */
  code: string
  /** Who the run is. */
  scriptId: string
  /**
   * The name of the chunk in messages.
   * @defaultValue `scriptId`
   */
  name?: string | undefined
  script?: never
}
