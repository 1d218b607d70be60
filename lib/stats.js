// What an engine counts: runs by their ends; the native engine measures how long they waited and worked.
'use strict'

const ENDS = ['completed', 'failed', 'timedOut', 'aborted', 'rejected']

class Stats {
  #native
  #concurrency
  #ends
  #since
  #base

  constructor(native, concurrency) {
    this.#native = native
    this.#concurrency = concurrency
    this.reset()
  }

  /** One call more ended so. */
  count(end) {
    this.#ends[end] += 1
  }

  reset() {
    this.#ends = Object.fromEntries(ENDS.map((end) => [end, 0]))
    this.#since = performance.now()
    this.#base = this.#native.stats()
    this.#native.resetTimes()
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
      ...this.#native.times(),
    }
  }
}

module.exports = { Stats }
