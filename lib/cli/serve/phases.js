// When runs execute and when they wait, as seen by looking at the engine every 2 ms while there are any.
'use strict'

const OFTEN = 2

/** So many changes are told of a run; what comes after them is left out of its picture. */
const MAX_CHANGES = 20_000

/** A run is in one of these phases. */
const QUEUED = 'queued'
const COMPUTING = 'computing'
/** More runs compute than there are threads: they take turns, and which of them has one now is not to be seen. */
const TURNS = 'turns'
const WAITING = 'waiting'

class Phases {
  #engine
  #watched = new Set()
  #timer

  constructor(engine) {
    this.#engine = engine
  }

  /** Watches a run of this id. Returns what tells of it, until its `end()` is called. */
  watch(id) {
    const seen = { id, begin: performance.now(), count: 0, phase: undefined, changes: [], bytes: undefined, memory: [] }
    this.#watched.add(seen)
    this.#look()
    this.#timer ??= setInterval(() => this.#look(), OFTEN)
    return {
      /** What has changed since this was asked last: `[ms since the beginning, phase]`, and the same with the bytes of its memory. */
      take: () => ({ at: since(seen), changes: seen.changes.splice(0), memory: seen.memory.splice(0) }),
      end: () => {
        if (!this.#watched.delete(seen) || this.#watched.size > 0) return
        clearInterval(this.#timer)
        this.#timer = undefined
      },
    }
  }

  #look() {
    const usages = new Map()
    for (const { id } of this.#watched) if (!usages.has(id)) usages.set(id, this.#engine.usage(id))
    const phaseOf = (usage) => {
      if (usage.started === 0 && usage.queued > 0) return QUEUED
      return usage.waiting > 0 && usage.waiting >= usage.started ? WAITING : COMPUTING
    }
    let computing = 0
    for (const usage of usages.values()) computing += usage.started - usage.waiting
    const isCrowded = computing > 1 && this.#engine.stats().running < computing
    for (const seen of this.#watched) {
      const usage = usages.get(seen.id)
      const phase = phaseOf(usage)
      note(seen, 'phase', 'changes', phase === COMPUTING && isCrowded ? TURNS : phase)
      note(seen, 'bytes', 'memory', usage.memory)
    }
  }
}

function note(seen, name, list, value) {
  if (value === seen[name] || seen.count === MAX_CHANGES) return
  seen[name] = value
  seen.count += 1
  seen[list].push([since(seen), value])
}

const since = ({ begin }) => Math.round((performance.now() - begin) * 10) / 10

module.exports = { Phases }
