// What an engine counts: runs by their ends, and how long they waited and worked.
'use strict'

const { createHistogram } = require('node:perf_hooks')

const NANOSECONDS = 1e6 // in a millisecond
const ENDS = ['completed', 'failed', 'timedOut', 'aborted', 'rejected']

class Stats {
  #native
  #concurrency
  #ends
  #since
  #base
  #times = { queueTime: histogram(), runTime: histogram(), cpuTime: histogram() }

  constructor(native, concurrency) {
    this.#native = native
    this.#concurrency = concurrency
    this.reset()
  }

  /** One call more ended so. */
  count(end) {
    this.#ends[end] += 1
  }

  /** What a run took that began, in ms. */
  record({ queueTime, runTime, cpuTime }) {
    record(this.#times.queueTime, queueTime)
    record(this.#times.runTime, runTime)
    record(this.#times.cpuTime, cpuTime)
  }

  reset() {
    this.#ends = Object.fromEntries(ENDS.map((end) => [end, 0]))
    this.#since = performance.now()
    this.#base = this.#native.stats()
    for (const times of Object.values(this.#times)) times.reset()
  }

  read() {
    const now = this.#native.stats()
    // The native engine counts from its beginning.
    const since = (name) => now[name] - this.#base[name]
    const available = (performance.now() - this.#since) * this.#concurrency
    const { queued, running, suspended, memory, snapshotBytes } = now
    return {
      queued,
      running,
      suspended,
      memory,
      snapshotBytes,
      started: since('started'),
      ...this.#ends,
      vmsCreated: since('vmsCreated'),
      cacheHits: since('cacheHits'),
      cacheMisses: since('cacheMisses'),
      utilization: available > 0 ? Math.min(1, since('worked') / available) : 0,
      ...Object.fromEntries(Object.entries(this.#times).map(([name, times]) => [name, summary(times)])),
    }
  }
}

/** Of nanoseconds. Two figures keep every percentile within 1 %, in 50 KB. */
function histogram() {
  return createHistogram({ lowest: 1, highest: 2 ** 53 - 1, figures: 2 })
}

function record(times, milliseconds) {
  times.record(Math.max(1, Math.round(milliseconds * NANOSECONDS)))
}

/** A histogram in ms; all zero when it is empty. */
function summary(times) {
  const ms = (nanoseconds) => (times.count === 0 ? 0 : nanoseconds / NANOSECONDS)
  const percentile = (p) => ms(times.count === 0 ? 0 : times.percentile(p))
  return {
    min: ms(times.min),
    mean: ms(times.mean),
    p50: percentile(50),
    p90: percentile(90),
    p99: percentile(99),
    p99_9: percentile(99.9),
    max: ms(times.max),
    count: times.count,
  }
}

module.exports = { Stats }
