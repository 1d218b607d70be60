// The types of moonpool/prometheus, written by hand and checked by __tests__/types.

import type { OpenMetricsContentType, Registry } from 'prom-client'
import type { Engine } from './index.js'

/**
 * Adds the metrics of an engine to a registry of prom-client. They are read when the registry is scraped, and cost nothing in
 * between; only {@link MetricsOptions.tenantOf} asks for work per run. They leave the registry when the engine is closed.
 * [docs/watching.md](docs/watching.md) lists them.
 *
 * It needs the package `prom-client`, which moonpool does not bring along.
 *
 * @throws {TypeError} for an engine that is none, an option of the wrong type, or an unknown one.
 * @throws {RangeError} for a prefix that is none, a name that another engine has in this registry, and where the registry has
 *   another metric of one of the names.
 * @throws {LuaError} with `code` `ERR_ENGINE_CLOSED`, if the engine is closed.
 *
 * @example
 * ```js
 * import { Engine } from 'moonpool'
 * import { registerMetrics } from 'moonpool/prometheus'
 * import { Registry } from 'prom-client'
 *
 * const engine = new Engine()
 * const { registry } = registerMetrics(engine, { registry: new Registry() })
 * await engine.run('return 1', 'acme')
 * const lines = (await registry.metrics()).split('\n')
 * console.log(lines.find((line) => line.startsWith('moonpool_runs_started_total'))) // moonpool_runs_started_total{engine="main"} 1
 * await engine.close()
 * ```
 */
export function registerMetrics<R extends AnyRegistry = Registry>(
  engine: Engine<'iso'> | Engine,
  options?: MetricsOptions<R>,
): EngineMetrics<R>

/** A registry of prom-client, of either format. */
export type AnyRegistry = Registry | Registry<OpenMetricsContentType>

/** How the metrics of an engine are called, and what they have. */
export interface MetricsOptions<R extends AnyRegistry = Registry> {
  /**
   * Where they are registered.
   * @defaultValue prom-client's own `register`
   */
  registry?: R | undefined
  /**
   * What their names begin with: letters, digits, `_` and `:`.
   * @defaultValue `'moonpool_'`
   */
  prefix?: string | undefined
  /**
   * The label `engine`: a string of 1 to 256 UTF-8 bytes without control characters. Each engine of a registry has its own.
   * @defaultValue `'main'`
   */
  name?: string | undefined
  /**
   * Names the tenant that a `scriptId` belongs to. Then each run is counted for its tenant when nothing of it is left, in
   * `moonpool_tenant_runs_total` and `moonpool_tenant_cpu_seconds_total`. Runs for which it returns nothing, or throws, are
   * counted for `other`. Each tenant is a time series of its own: choose few.
   * @defaultValue none, and no metric tells tenants apart
   */
  tenantOf?: ((scriptId: string) => string | undefined) | undefined
  /**
   * So many tenants have a label, from 1 to 10 000: those that were seen first. All further ones are counted for `other`.
   * @defaultValue 100
   */
  maxTenants?: number | undefined
}

/** The metrics of an engine. */
export interface EngineMetrics<R extends AnyRegistry = Registry> {
  /** Where they are registered. */
  readonly registry: R
  /** Takes them out of the registry. Closing the engine does that, too. */
  unregister(): void
}
