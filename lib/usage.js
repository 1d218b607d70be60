// What each id has taken of an engine: of those that were active last, so many as are tracked.
'use strict'

/** What an id has taken. Each sum is a field from the beginning, which is much faster than to copy them. */
class Tally {
  completed = 0
  failed = 0
  timedOut = 0
  aborted = 0
  rejected = 0
  cpuTime = 0
  hostCalls = 0
  newer = undefined
  older = undefined

  constructor(scriptId) {
    this.scriptId = scriptId
  }
}

class Usage {
  #native
  #max
  // By scriptId; from the newest to the oldest they are also a list, so that one is moved at little cost.
  #tallies = new Map()
  #newest
  #oldest

  constructor(native, max) {
    this.#native = native
    this.#max = max
  }

  /** The tally of an id, which is active now. */
  of(scriptId) {
    const tally = this.#tallies.get(scriptId)
    if (!tally) return this.#add(scriptId)
    if (tally !== this.#newest) {
      this.#unlink(tally)
      this.#link(tally)
    }
    return tally
  }

  /** A run of the id ended so. */
  count(tally, end) {
    this.#current(tally)[end] += 1
  }

  /** A run of the id, which has ended, was on a worker thread for so many ms. */
  took(tally, cpuTime) {
    this.#current(tally).cpuTime += cpuTime
  }

  /** A run of the id has called a host function. */
  called(tally) {
    this.#current(tally).hostCalls += 1
  }

  read(scriptId) {
    const { queued, started, waiting, memory, stateBytes } = this.#native.usage(scriptId)
    const { completed, failed, timedOut, aborted, rejected, cpuTime, hostCalls } =
      this.#tallies.get(scriptId) ?? NOTHING
    return {
      queued,
      started,
      waiting,
      completed,
      failed,
      timedOut,
      aborted,
      rejected,
      cpuTime,
      hostCalls,
      memory,
      stateBytes: stateBytes ?? undefined,
    }
  }

  /** Each id that is tracked, from the one that was active last, and its usage when it comes. */
  all() {
    const ids = []
    for (let tally = this.#newest; tally; tally = tally.older) ids.push(tally.scriptId)
    return this.#each(ids)
  }

  *#each(ids) {
    for (const scriptId of ids) yield [scriptId, this.read(scriptId)]
  }

  /** The tally, or where it was forgotten meanwhile, the one that the id has now. */
  #current(tally) {
    return tally === this.#newest ? tally : this.of(tally.scriptId)
  }

  #add(scriptId) {
    if (this.#tallies.size >= this.#max) {
      this.#tallies.delete(this.#oldest.scriptId)
      this.#unlink(this.#oldest)
    }
    const tally = new Tally(scriptId)
    this.#tallies.set(scriptId, tally)
    this.#link(tally)
    return tally
  }

  #link(tally) {
    tally.older = this.#newest
    if (this.#newest) this.#newest.newer = tally
    this.#newest = tally
    this.#oldest ??= tally
  }

  #unlink(tally) {
    const { newer, older } = tally
    if (newer) newer.older = older
    else this.#newest = older
    if (older) older.newer = newer
    else this.#oldest = newer
    tally.newer = tally.older = undefined
  }
}

const NOTHING = new Tally()

module.exports = { Usage }
