// The types of moonpool/opentelemetry, written by hand and checked by __tests__/types.

import type { Attributes, Tracer } from '@opentelemetry/api'
import type { Engine } from './index.js'

/**
 * Makes a span of OpenTelemetry for each run: of one engine, or of all. The span is a child of the one that is active where the
 * run is asked for. It is active itself in the host functions that the run calls, so that what they do is below it; and so are
 * the runs of scripts that the run calls.
 *
 * A span ends with its run. It has the attributes `moonpool.script_id` and `moonpool.name` from the beginning, and at the end
 * `moonpool.end`, `moonpool.slices`, `moonpool.queue_time_ms`, `moonpool.run_time_ms`, `moonpool.cpu_time_ms` and
 * `moonpool.peak_memory_bytes`. A run that failed also has `moonpool.code` and `error.type`, its error's `code`; its span has
 * the status `ERROR`, and the error as an exception. An aborted run has no such status. Calls with wrong arguments have no span.
 *
 * It needs the package `@opentelemetry/api`, which moonpool does not bring along, and an SDK that you have set up.
 *
 * @throws {TypeError} for an option of the wrong type, or an unknown one.
 * @throws {LuaError} with `code` `ERR_ENGINE_CLOSED`, if the engine is closed.
 *
 * @example
 * ```js
 * import { Engine } from 'moonpool'
 * import { traceRuns } from 'moonpool/opentelemetry'
 *
 * const engine = new Engine()
 * const tracing = traceRuns({ engine, attributes: ({ scriptId }) => ({ plan: scriptId === 'acme' ? 'paid' : 'free' }) })
 * console.log((await engine.run('return 6 * 7', 'acme')).value) // 42
 * tracing.stop()
 * await engine.close()
 * ```
 */
export function traceRuns(options?: TraceOptions): Tracing

/** Which runs have spans, and of what kind. */
export interface TraceOptions {
  /**
   * The engine whose runs have spans, until it is closed.
   * @defaultValue all engines of this module instance, that of the function `runLua` included
   */
  engine?: Engine<'iso'> | Engine | undefined
  /**
   * What makes the spans.
   * @defaultValue the tracer `moonpool` of the global tracer provider
   */
  tracer?: Pick<Tracer, 'startSpan'> | undefined
  /**
   * Names a span. What it throws goes to OpenTelemetry's `diag`.
   * @defaultValue always `'moonpool.run'`
   */
  spanName?: ((run: TracedRun) => string) | undefined
  /**
   * Further attributes of a span, from its beginning. What it throws goes to OpenTelemetry's `diag`.
   * @defaultValue none
   */
  attributes?: ((run: TracedRun) => Attributes | undefined) | undefined
}

/** A run that begins. */
export interface TracedRun {
  /** Who runs. */
  readonly scriptId: string
  /** What is run: the chunk's name. */
  readonly name: string
  /** Where it is run. */
  readonly engine: Engine
}

/** What {@link traceRuns} returns. */
export interface Tracing {
  /** Makes no more spans. Those of runs that have begun end with them. */
  stop(): void
}
