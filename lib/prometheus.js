// moonpool/prometheus: the metrics of engines in a registry of prom-client, read when it is scraped.
'use strict'

const { channel } = require('node:diagnostics_channel')
const { shown, typeError, valueError } = require('./errors')
const { checkFunction, checkLabel, readOptions, whole } = require('./options')
const { peer } = require('./peer')
const { METRICS } = require('./prometheus-metrics')
const { Tenants } = require('./prometheus-tenants')
const { checkEngine, untilClosed } = require('./watched-engine')

const { Counter, Gauge, register } = peer('prom-client', 'moonpool/prometheus', () => require('prom-client'))

const settled = channel('moonpool.run.settled')

const OPTIONS = {
  registry: { default: register, check: checkRegistry },
  prefix: { default: 'moonpool_', check: checkPrefix },
  name: { default: 'main', check: checkLabel },
  tenantOf: { default: undefined, check: checkFunction },
  maxTenants: { default: 100, check: whole('tenants', 1, 10_000) },
}

/** The families of metrics that a registry has, by prefix. */
const families = new WeakMap()

/** Adds the metrics of an engine to a registry, until `unregister` of what it returns is called, or the engine is closed. */
function registerMetrics(engine, given) {
  checkEngine(engine, 'The "engine" argument')
  const { registry, prefix, name, tenantOf, maxTenants } = readOptions(given, OPTIONS)
  const family = familyOf(registry, prefix)
  const source = new Source(engine, tenantOf && new Tenants(tenantOf, maxTenants))
  family.add(name, source)
  const unregister = () => family.remove(name, source)
  untilClosed(engine, unregister)
  return { registry, unregister }
}

function familyOf(registry, prefix) {
  const known = families.get(registry) ?? new Map()
  families.set(registry, known)
  if (!known.has(prefix)) known.set(prefix, new Family(registry, prefix))
  return known.get(prefix)
}

/** The metrics of all engines that a registry has under one prefix: they differ in the label `engine`. */
class Family {
  #registry
  #metrics
  #sources = new Map()

  constructor(registry, prefix) {
    this.#registry = registry
    this.#metrics = METRICS.map((metric) => this.#make(prefix, metric))
  }

  #make(prefix, { kind, name, help, labels, aggregator, read }) {
    const sources = this.#sources
    const add = (metric, labels, value) => (kind === 'counter' ? metric.inc(labels, value) : metric.set(labels, value))
    const config = {
      name: `${prefix}${name}`,
      help,
      labelNames: ['engine', ...labels],
      registers: [],
      aggregator,
      // The engines count. Their numbers are taken over as they are.
      collect() {
        this.reset()
        for (const [engine, source] of sources) {
          const figures = source.figures()
          for (const [labels, value] of figures ? read(figures) : []) add(this, { engine, ...labels }, value)
        }
      },
    }
    return kind === 'counter' ? new Counter(config) : new Gauge(config)
  }

  add(name, source) {
    if (this.#sources.get(name)?.isAlive) {
      const message = `The registry has an engine named '${name}' already. Give this one another name: options.name`
      throw valueError(message)
    }
    this.#register()
    this.#sources.get(name)?.end()
    this.#sources.set(name, source)
    source.begin()
  }

  remove(name, source) {
    source.end()
    if (this.#sources.get(name) === source) this.#sources.delete(name)
    if (this.#sources.size > 0) return
    for (const metric of this.#metrics) if (this.#has(metric)) this.#registry.removeSingleMetric(metric.name)
  }

  /** All of them or, if a name is taken, none. Somebody may have cleared the registry since the last time. */
  #register() {
    const missing = this.#metrics.filter((metric) => !this.#has(metric))
    const taken = missing.find(({ name }) => this.#registry.getSingleMetric(name))
    if (taken) {
      const message = `The registry has another metric named '${taken.name}'. Choose another prefix: options.prefix`
      throw valueError(message)
    }
    for (const metric of missing) this.#registry.registerMetric(metric)
  }

  #has(metric) {
    return this.#registry.getSingleMetric(metric.name) === metric
  }
}

/** An engine that is watched. It may be garbage-collected all the same. */
class Source {
  #engine
  #tenants
  #figures
  #listener

  constructor(engine, tenants) {
    this.#engine = new WeakRef(engine)
    this.#tenants = tenants
  }

  get isAlive() {
    return this.#engine.deref() !== undefined
  }

  begin() {
    if (!this.#tenants) return
    this.#listener = (run) => {
      if (run.engine === this.#engine.deref()) this.#tenants.count(run)
    }
    settled.subscribe(this.#listener)
  }

  end() {
    if (this.#listener) settled.unsubscribe(this.#listener)
    this.#listener = undefined
  }

  /** What all metrics of one scrape are read from: the same for all of them. */
  figures() {
    if (this.#figures) return this.#figures
    const engine = this.#engine.deref()
    if (!engine) return undefined
    this.#figures = { stats: engine.stats(), tenants: this.#tenants?.all ?? [] }
    queueMicrotask(() => {
      this.#figures = undefined
    })
    return this.#figures
  }
}

/** Known by what it can do: an application may have several copies of prom-client. */
function checkRegistry(value, what) {
  const methods = ['getSingleMetric', 'registerMetric', 'removeSingleMetric']
  if (methods.every((name) => typeof value?.[name] === 'function')) return
  throw typeError(`${what} must be a Registry of prom-client. Received ${shown(value)}`)
}

function checkPrefix(value, what) {
  const rule = `${what} must be a string of letters, digits, '_' and ':' that does not begin with a digit`
  if (typeof value !== 'string') throw typeError(`${rule}. Received ${shown(value)}`)
  if (!/^([a-zA-Z_:][a-zA-Z0-9_:]*)?$/.test(value)) throw valueError(`${rule}. Received ${shown(value)}`)
}

module.exports = { registerMetrics }
