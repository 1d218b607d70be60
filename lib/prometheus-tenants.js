// What the runs of each tenant come to, for a bounded number of tenants: the rest is counted together.
'use strict'

/** How all are called for whom there is no name, or no place. */
const OTHER = 'other'

class Tenants {
  #tenantOf
  #max
  #taken = new Map()
  #hasWarned = false

  constructor(tenantOf, max) {
    this.#tenantOf = tenantOf
    this.#max = max
  }

  /** Pairs of a tenant, and what its runs have come to. */
  get all() {
    return [...this.#taken]
  }

  /** A run has ended, and nothing of it is left. */
  count({ scriptId, end, stats }) {
    const taken = this.#of(this.#nameOf(scriptId))
    taken[end] += 1
    taken.cpuTime += stats?.cpuTime ?? 0
  }

  #of(tenant) {
    const named = this.#taken.size - (this.#taken.has(OTHER) ? 1 : 0)
    const name = this.#taken.has(tenant) || named < this.#max ? tenant : OTHER
    const taken = this.#taken.get(name) ?? { completed: 0, failed: 0, timedOut: 0, aborted: 0, rejected: 0, cpuTime: 0 }
    this.#taken.set(name, taken)
    return taken
  }

  #nameOf(scriptId) {
    try {
      const name = this.#tenantOf(scriptId)
      return typeof name === 'string' && name !== '' ? name : OTHER
    } catch (error) {
      this.#warn(error)
      return OTHER
    }
  }

  /** Once: it would be said for each run. */
  #warn(error) {
    if (this.#hasWarned) return
    this.#hasWarned = true
    process.emitWarning(`tenantOf threw, and its runs are counted as '${OTHER}': ${error?.message ?? String(error)}`, {
      code: 'MOONPOOL_TENANT_OF',
    })
  }
}

module.exports = { Tenants }
