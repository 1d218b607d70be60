// What a run tells while it runs: log entries, and output as it is written. crates/core/src/bridge/telling.rs has the other
// side.
'use strict'

const { performance } = require('node:perf_hooks')
const { readList, Values } = require('./decode')
const { fitsIntoTurn, inSlices } = require('./slices')

/** So many bytes are told at once, if the turn has time for them: whoever hears of an entry may take longer than to read it. */
const FEW = 4 * 1024
const TIMES = 4

/** A frame of so many bytes is read at one go. */
const SMALL = 16 * 1024

/**
 * What one run tells, in the order in which it did. Much of it is told in slices, and what comes after it, as the end of the
 * run, waits. `hear` is given each list; `isOver` says whether nobody wants to hear any more.
 */
class Telling {
  #hear
  #isOver
  // Frames that are not told, and what is to be done between them.
  #queue = []
  #busy = false

  constructor(hear, isOver) {
    this.#hear = hear
    this.#isOver = isOver
  }

  /** Whether something is still to be told. */
  get isBusy() {
    return this.#busy
  }

  /** Nothing is told any more. */
  get cancelled() {
    return this.#isOver()
  }

  /** Tells what is in these frames: now, or when what came before them is told. */
  tell(bytes) {
    this.#queue.push(new Frames(bytes))
    if (this.#busy) return
    this.#busy = true
    if (bytes.length > FEW || !fitsIntoTurn(bytes.length * TIMES) || !this.step(Infinity)) inSlices(this)
  }

  /** Acts when everything is told. */
  after(act) {
    if (this.#busy) this.#queue.push(act)
    else act()
  }

  /** Works until this time, and returns whether it is done. */
  step(until) {
    while (this.#queue.length > 0) {
      if (this.#isOver()) break
      const [first] = this.#queue
      if (typeof first === 'function') {
        this.#queue.shift()
        this.#busy = this.#queue.length > 0
        first()
      } else {
        if (!this.#tellSome(first, until)) return false
        this.#queue.shift()
      }
    }
    this.#busy = false
    this.#queue.length = 0
    return true
  }

  #tellSome(frames, until) {
    try {
      return frames.step(this.#hear, this.#isOver, until)
    } catch {
      // For instance because no memory is left: the run shall end all the same.
      return true
    }
  }
}

/** Lists, each behind the number of its bytes. */
class Frames {
  #bytes
  #at = 0
  // The list that is being read, when it is long.
  #values

  constructor(bytes) {
    this.#bytes = bytes
  }

  /** Gives `hear` one list after the other, until this time, and returns whether that was all. */
  step(hear, isOver, until) {
    while (this.#values || this.#at < this.#bytes.length) {
      const list = this.#next(until)
      if (list) hear(list)
      if (isOver()) return true
      if (performance.now() >= until) return !this.#values && this.#at === this.#bytes.length
    }
    return true
  }

  #next(until) {
    if (!this.#values) {
      const begin = this.#at + 4
      this.#at = begin + this.#bytes.readUInt32LE(this.#at)
      const list = this.#bytes.subarray(begin, this.#at)
      if (list.length <= SMALL) return readList(list)
      this.#values = new Values(list)
    }
    if (!this.#values.step(until)) return undefined
    const { value } = this.#values
    this.#values = undefined
    return value
  }
}

module.exports = { Telling }
