// The example server for Prometheus: what it reports is what was run, and SIGTERM ends it when its runs are done.
'use strict'

const { once } = require('node:events')
const { startServer } = require('./support/server')
const { unixTest } = require('./support/test-if')

let server
let address

beforeEach(async () => {
  const started = await startServer('prometheus')
  server = started.server
  address = started.address.replace('/metrics', '')
})

async function run(script, tenant = 'acme') {
  const response = await fetch(`${address}/run?script=${script}&tenant=${tenant}`, { method: 'POST' })
  return { status: response.status, text: (await response.text()).trim() }
}

/** Every sample by its name and labels. */
async function scrape() {
  const response = await fetch(`${address}/metrics`)
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^(\S+) (\S+)$/.exec(line)
      return [name, Number(value)]
    }),
  )
}

test('the metrics count what was run', async () => {
  expect(await run('hello', 'globex')).toEqual({ status: 200, text: 'hello, globex' })
  expect(await run('count')).toEqual({ status: 200, text: '1' })
  expect(await run('count')).toEqual({ status: 200, text: '2' })
  expect(await run('broken')).toEqual({ status: 422, text: 'broken.lua:1: out of order' })
  expect(await run('endless')).toMatchObject({ status: 504 })
  expect(await run('absent')).toMatchObject({ status: 404 })
  expect(await run('hello', '')).toMatchObject({ status: 400 })

  const metrics = await scrape()
  expect(metrics).toMatchObject({
    'moonpool_runs{engine="main",state="queued"}': 0,
    'moonpool_runs{engine="main",state="running"}': 0,
    'moonpool_runs{engine="main",state="suspended"}': 0,
    'moonpool_runs_started_total{engine="main"}': 5,
    'moonpool_runs_ended_total{engine="main",end="completed"}': 3,
    'moonpool_runs_ended_total{engine="main",end="failed"}': 1,
    'moonpool_runs_ended_total{engine="main",end="timedOut"}': 1,
    'moonpool_runs_ended_total{engine="main",end="aborted"}': 0,
    'moonpool_runs_ended_total{engine="main",end="rejected"}': 0,
    'moonpool_code_cache_total{engine="main",result="hit"}': 0,
    'moonpool_code_cache_total{engine="main",result="miss"}': 0,
    'moonpool_tenant_runs_total{engine="main",tenant="acme",end="completed"}': 2,
    'moonpool_tenant_runs_total{engine="main",tenant="globex",end="completed"}': 1,
  })
  expect(metrics['moonpool_vms_created_total{engine="main"}']).toBeGreaterThanOrEqual(5)
  expect(metrics['moonpool_memory_bytes{engine="main"}']).toBeGreaterThanOrEqual(0)
  expect(metrics['moonpool_utilization_ratio{engine="main"}']).toBeGreaterThan(0)
  // The endless script took its timeout of 0.25 s; the median script did not.
  for (const name of ['moonpool_run_time_seconds', 'moonpool_cpu_time_seconds']) {
    expect(metrics[`${name}{engine="main",quantile="1"}`]).toBeGreaterThan(0.1)
    expect(metrics[`${name}{engine="main",quantile="0.5"}`]).toBeLessThan(
      metrics[`${name}{engine="main",quantile="1"}`],
    )
  }
  expect(metrics['moonpool_run_time_seconds{engine="main",quantile="1"}']).toBeGreaterThanOrEqual(0.2475)
  expect(metrics['moonpool_queue_time_seconds{engine="main",quantile="0.5"}']).toBeGreaterThan(0)
  // Prometheus wants counters that do not fall, and the same numbers when nothing happened.
  expect((await scrape())['moonpool_runs_started_total{engine="main"}']).toBe(5)
})

unixTest('SIGTERM lets a run finish, and then the process ends by itself', async () => {
  const exit = once(server, 'exit')
  const answer = run('endless')
  let metrics
  do metrics = await scrape()
  while (metrics['moonpool_runs_started_total{engine="main"}'] === 0)
  server.kill('SIGTERM')
  expect(await answer).toMatchObject({ status: 504 })
  expect(await exit).toEqual([0, null])
})
