// Random choices that a seed repeats: MOONPOOL_SEED, or one that failures tell.
'use strict'

class Randomly {
  #state

  constructor(seed = Number(process.env.MOONPOOL_SEED ?? Math.floor(Math.random() * 2 ** 32))) {
    this.seed = seed
    this.#state = seed >>> 0
  }

  /** A number from 0 to 1 (mulberry32). */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  below(count) {
    return Math.floor(this.next() * count)
  }

  chance(share) {
    return this.next() < share
  }

  pick(list) {
    return list[this.below(list.length)]
  }

  /** So many of what `make` makes, at most. */
  upTo(most, make) {
    return Array.from({ length: this.below(most + 1) }, make)
  }
}

module.exports = { Randomly }
