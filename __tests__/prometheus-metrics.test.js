// moonpool/prometheus, with prom-client: what a scrape over HTTP says, tenants, several engines, and bad options.
'use strict'

const { once } = require('node:events')
const http = require('node:http')
const { Registry, register, Counter } = require('prom-client')
const { Engine } = require('..')
const { registerMetrics } = require('../prometheus')
const dashboard = require('../docs/grafana.json')
const { engineExposing, engineWith, until } = require('./support/engine')
const { expectBadArgument, rejection, thrownBy } = require('./support/rejection')

const servers = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
  register.clear()
})

/** The samples of a registry, by name and labels, as Prometheus gets them over HTTP. */
async function scrape(registry) {
  const server = http.createServer(async (_request, response) => response.end(await registry.metrics()))
  servers.push(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const response = await fetch(`http://127.0.0.1:${server.address().port}`, { headers: { connection: 'close' } })
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^(.+) (\S+)$/.exec(line)
      return [name, Number(value)]
    }),
  )
}

const namesOf = (registry) => registry.getMetricsAsArray().map(({ name }) => name)

test('a scrape says what stats() says, with an engine as label', async () => {
  const engine = engineWith()
  const { registry } = registerMetrics(engine, { registry: new Registry() })
  await engine.run('return 1', 'a')
  await rejection(engine.run('error("no")', 'b'))
  await rejection(engine.run('while true do end', 'c', { timeout: 20 }))
  const first = await scrape(registry)
  expect(first).toMatchObject({
    'moonpool_runs{engine="main",state="running"}': 0,
    'moonpool_runs_started_total{engine="main"}': 3,
    'moonpool_runs_ended_total{engine="main",end="completed"}': 1,
    'moonpool_runs_ended_total{engine="main",end="failed"}': 1,
    'moonpool_runs_ended_total{engine="main",end="timedOut"}': 1,
    'moonpool_code_cache_total{engine="main",result="hit"}': 0,
  })
  expect(first['moonpool_run_time_seconds{engine="main",quantile="1"}']).toBe(engine.stats().runTime.max / 1000)
  // Counters do not count what was counted before.
  expect((await scrape(registry))['moonpool_runs_started_total{engine="main"}']).toBe(3)
})

test('one scrape looks at an engine once', async () => {
  let looks = 0
  class Counted extends Engine {
    stats() {
      looks += 1
      return super.stats()
    }
  }
  const engine = new Counted()
  const { registry } = registerMetrics(engine, { registry: new Registry() })
  await registry.metrics()
  expect(looks).toBe(1)
  await registry.metrics()
  expect(looks).toBe(2)
  await engine.close()
})

test('no label says who ran, unless a function does', async () => {
  const engine = engineWith()
  const { registry } = registerMetrics(engine, { registry: new Registry() })
  await engine.run('return 1', 'secret-id', { name: 'secret-name' })
  expect(await registry.metrics()).not.toMatch('secret')
})

describe('tenants', () => {
  /** Runs for ids, and the samples of tenants when all of them are told. */
  async function counted(options, ...ids) {
    const engine = engineWith()
    const { registry } = registerMetrics(engine, { registry: new Registry(), ...options })
    for (const id of ids) await engine.run('return 1', id)
    await new Promise(setImmediate)
    const samples = Object.entries(await scrape(registry))
    return Object.fromEntries(
      samples
        .filter(([name, value]) => name.includes('tenant_runs') && value > 0)
        .map(([name, value]) => [/tenant="([^"]*)"/.exec(name)[1], value]),
    )
  }

  test('have the labels that a function maps ids to', async () => {
    const tenantOf = (id) => id.split(':')[0]
    expect(await counted({ tenantOf }, 'a:1', 'a:2', 'b:1')).toEqual({ a: 2, b: 1 })
  })

  test('beyond maxTenants, and those without a name, are counted together', async () => {
    const tenantOf = (id) => (id === 'none' ? undefined : id === 'number' ? 7 : id === 'empty' ? '' : id)
    const ids = ['none', 'number', 'empty', 'a', 'b', 'c', 'd', 'a']
    expect(await counted({ tenantOf, maxTenants: 2 }, ...ids)).toEqual({ a: 2, b: 1, other: 5 })
  })

  test('are counted as other where the function throws, with one warning', async () => {
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
    try {
      const tenantOf = () => {
        throw new Error('out of order')
      }
      expect(await counted({ tenantOf }, 'a', 'b')).toEqual({ other: 2 })
      expect(warned.mock.calls.map(([message]) => message)).toEqual([
        expect.stringMatching('tenantOf threw.+out of order'),
      ])
    } finally {
      warned.mockRestore()
    }
  })

  test('are charged for aborted runs, too, and only for those of their engine', async () => {
    const [engine, another] = [engineExposing({ wait: () => new Promise(() => {}) }), engineWith()]
    const { registry } = registerMetrics(engine, { registry: new Registry(), tenantOf: (id) => id })
    await another.run('return 1', 'x')
    await rejection(engine.run('for i = 1, 1e6 do end host.wait()', 'x', { signal: AbortSignal.timeout(30) }))
    let samples
    await until(async () => {
      samples = await scrape(registry)
      return samples['moonpool_tenant_runs_total{engine="main",tenant="x",end="aborted"}'] === 1
    })
    expect(samples['moonpool_tenant_runs_total{engine="main",tenant="x",end="completed"}']).toBe(0)
    expect(samples['moonpool_tenant_cpu_seconds_total{engine="main",tenant="x"}']).toBeGreaterThan(0.0005)
  })
})

describe('several engines in one registry', () => {
  test('differ in their label, and each leaves when it is closed', async () => {
    const registry = new Registry()
    const [a, b] = [engineWith(), engineWith()]
    registerMetrics(a, { registry, name: 'a' })
    registerMetrics(b, { registry, name: 'b', tenantOf: (id) => id })
    await a.run('return 1', 'x')
    const both = await scrape(registry)
    expect([both['moonpool_runs_started_total{engine="a"}'], both['moonpool_runs_started_total{engine="b"}']]).toEqual([
      1, 0,
    ])
    await a.close()
    expect(Object.keys(await scrape(registry)).filter((name) => name.includes('engine="a"'))).toEqual([])
    expect(namesOf(registry)).toContain('moonpool_runs')
    await b.close()
    expect(namesOf(registry)).toEqual([])
  })

  test('need names of their own, which are free again when one has left', async () => {
    const registry = new Registry()
    const { unregister } = registerMetrics(engineWith(), { registry })
    const error = thrownBy(() => registerMetrics(engineWith(), { registry }))
    expectBadArgument(error, RangeError, "an engine named 'main' already", 'options.name')
    unregister()
    unregister()
    expect(namesOf(registry)).toEqual([])
    registerMetrics(engineWith(), { registry })
    expect(namesOf(registry)).toContain('moonpool_runs')
  })

  test('that are garbage-collected are not kept by their metrics', async () => {
    const registry = new Registry()
    let weak
    ;(() => {
      const engine = new Engine()
      weak = new WeakRef(engine)
      registerMetrics(engine, { registry, tenantOf: (id) => id })
    })()
    require('node:v8').setFlagsFromString('--expose-gc')
    const gc = require('node:vm').runInNewContext('gc')
    for (let i = 0; i < 5; i++) {
      // Who looks at a WeakRef keeps what is behind it for this turn: only the last one looks.
      await new Promise(setImmediate)
      gc()
    }
    expect(weak.deref()).toBe(undefined)
    expect(await scrape(registry)).toEqual({})
    registerMetrics(engineWith(), { registry })
  })
})

test('they are in prom-client’s own registry by default, also after that was cleared', async () => {
  const { unregister, registry } = registerMetrics(engineWith())
  expect(registry).toBe(register)
  register.clear()
  registerMetrics(engineWith(), { name: 'b' })
  expect(Object.keys(await scrape(register))).toContain('moonpool_runs_started_total{engine="b"}')
  unregister()
})

test('metrics of others are left alone', () => {
  const registry = new Registry()
  new Counter({ name: 'moonpool_vms_created_total', help: 'not ours', registers: [registry] })
  const error = thrownBy(() => registerMetrics(engineWith(), { registry }))
  expectBadArgument(error, RangeError, "another metric named 'moonpool_vms_created_total'", 'options.prefix')
  expect(namesOf(registry)).toEqual(['moonpool_vms_created_total'])
  const { unregister } = registerMetrics(engineWith(), { registry, prefix: 'lua_' })
  expect(namesOf(registry)).toContain('lua_vms_created_total')
  unregister()
  expect(namesOf(registry)).toEqual(['moonpool_vms_created_total'])
})

test('a closed engine has none', async () => {
  const engine = new Engine()
  await engine.close()
  const registry = new Registry()
  expect(thrownBy(() => registerMetrics(engine, { registry }))).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
  expect(namesOf(registry)).toEqual([])
})

test('bad arguments are named', () => {
  const wrong = (engine, options) => thrownBy(() => registerMetrics(engine, options))
  expectBadArgument(wrong({}), TypeError, '"engine" argument must be an Engine', 'Received an instance of Object')
  const engine = engineWith()
  expectBadArgument(wrong(engine, { registry: {} }), TypeError, '"options.registry" property must be a Registry')
  expectBadArgument(wrong(engine, { prefix: 7 }), TypeError, '"options.prefix"', 'number')
  expectBadArgument(wrong(engine, { prefix: '7-' }), RangeError, '"options.prefix"', "'7-'")
  expectBadArgument(wrong(engine, { name: '' }), RangeError, '"options.name"')
  expectBadArgument(wrong(engine, { tenantOf: 'x' }), TypeError, '"options.tenantOf"', 'function')
  expectBadArgument(wrong(engine, { maxTenants: 0 }), RangeError, '"options.maxTenants"', '1 to 10000')
  expectBadArgument(wrong(engine, { registery: register }), TypeError, "did you mean 'registry'")
})

test('each query of the dashboard is of metrics and labels that exist', async () => {
  const engine = engineWith()
  const { registry } = registerMetrics(engine, { registry: new Registry(), tenantOf: (id) => id })
  await engine.run('return 1', 'x')
  await new Promise(setImmediate)
  const labels = new Map()
  for (const { name, values } of await registry.getMetricsAsJSON())
    labels.set(name, new Set(values.flatMap((value) => Object.keys(value.labels))))
  const queries = [
    ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...dashboard.templating.list.filter(({ type }) => type === 'query').map(({ query }) => query),
  ]
  expect(queries.length).toBeGreaterThan(8)
  const used = new Set()
  for (const query of queries) {
    const names = query.match(/\bmoonpool_\w+/g) ?? []
    expect([query, names.length > 0]).toEqual([query, true])
    for (const name of names) {
      expect([query, labels.has(name)]).toEqual([query, true])
      used.add(name)
    }
    const known = new Set(names.flatMap((name) => [...labels.get(name)]))
    // In matchers, in `by (…)`, and in `label_values(…, label)`.
    const inMatchers = [...query.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label]) => label)
    const inBy = [...query.matchAll(/\bby\s*\(([^)]*)\)/g)].flatMap(([, list]) => list.split(/\s*,\s*/))
    const inValues = [...query.matchAll(/label_values\([^,]+,\s*(\w+)\)/g)].map(([, label]) => label)
    for (const label of [...inMatchers, ...inBy, ...inValues])
      if (!['job', 'instance'].includes(label)) expect([query, label, known.has(label)]).toEqual([query, label, true])
  }
  // And every metric has its panel.
  expect([...labels.keys()].filter((name) => !used.has(name))).toEqual([])
})
