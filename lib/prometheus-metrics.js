// The metrics of an engine: names without their prefix, and what they have of the figures of a scrape.
'use strict'

const ENDS = ['completed', 'failed', 'timedOut', 'aborted', 'rejected']

const gauge = (name, help, labels, read, aggregator = 'sum') => ({
  kind: 'gauge',
  name,
  help,
  labels,
  read,
  aggregator,
})
const counter = (name, help, labels, read) => ({ kind: 'counter', name, help, labels, read, aggregator: 'sum' })

/** By quantile, in seconds. */
function times(name, time, help) {
  const read = ({ stats }) => {
    const { p50, p90, p99, max } = stats[time]
    return Object.entries({ 0.5: p50, 0.9: p90, 0.99: p99, 1: max }).map(([quantile, ms]) => [{ quantile }, ms / 1000])
  }
  return gauge(name, `${help}, in seconds, by quantile`, ['quantile'], read, 'max')
}

/** `read` gives pairs of labels, beside that of the engine, and values. `aggregator` is how a cluster adds them up. */
const METRICS = [
  gauge('runs', 'Runs in flight, by what they do now', ['state'], ({ stats }) =>
    ['queued', 'running', 'suspended'].map((state) => [{ state }, stats[state]]),
  ),
  gauge('memory_bytes', 'What all VMs hold', [], ({ stats }) => [[{}, stats.memory]]),
  gauge(
    'utilization_ratio',
    'Share of the time of its threads that the engine used',
    [],
    ({ stats }) => [[{}, stats.utilization]],
    'average',
  ),
  counter('runs_started_total', 'Runs that began to execute', [], ({ stats }) => [[{}, stats.started]]),
  counter('runs_ended_total', 'Runs, by how they ended', ['end'], ({ stats }) =>
    ENDS.map((end) => [{ end }, stats[end]]),
  ),
  counter('vms_created_total', 'VMs that were made', [], ({ stats }) => [[{}, stats.vmsCreated]]),
  counter('code_cache_total', 'Runs of source, by what the code cache had', ['result'], ({ stats }) => [
    [{ result: 'hit' }, stats.cacheHits],
    [{ result: 'miss' }, stats.cacheMisses],
  ]),
  times('queue_time_seconds', 'queueTime', 'Time in the queue'),
  times('run_time_seconds', 'runTime', 'Time from the beginning of a run to its end'),
  times('cpu_time_seconds', 'cpuTime', 'Time of a run on a worker thread'),
  counter('tenant_runs_total', 'Runs of each tenant, by how they ended', ['tenant', 'end'], ({ tenants }) =>
    tenants.flatMap(([tenant, taken]) => ENDS.map((end) => [{ tenant, end }, taken[end]])),
  ),
  counter('tenant_cpu_seconds_total', 'Time of the runs of each tenant on worker threads', ['tenant'], ({ tenants }) =>
    tenants.map(([tenant, { cpuTime }]) => [{ tenant }, cpuTime / 1000]),
  ),
]

module.exports = { METRICS }
