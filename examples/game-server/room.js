// A room of the game: a script in a context of its own, called for each tick. A script that is killed is restarted.
'use strict'

/** What a tick, or the start, may take in ms: to compute, and with all waits. Who takes more is killed. */
const LIMITS = { cpuTimeout: 50, timeout: 250 }
const MAX_RESTARTS = 3

class Room {
  /** What the last tick returned: anything, as the script is a stranger's. */
  view
  ticks = 0
  restarts = 0
  #engine
  #script
  #log
  #context
  #inputs = new Map()
  #lastTick = performance.now()

  /** `script` defines `room.tick(dt, inputs)`: seconds since the last tick, and the direction of each player or ''. */
  constructor(engine, name, script, log) {
    this.name = name
    this.#engine = engine
    this.#script = script
    this.#log = log
    this.#start()
  }

  get isClosed() {
    return this.#context === undefined
  }

  /** What a player wants to do at the next tick. With the first input a player is in the room. */
  input(player, direction) {
    this.#inputs.set(player, direction)
  }

  /** Resolves when the tick is over. It is left out while the one before, or the start of the script, is not done. */
  async tick(now = performance.now()) {
    const context = this.#context
    if (context === undefined || context.pending > 0) return
    const args = [(now - this.#lastTick) / 1000, Object.fromEntries(this.#inputs)]
    for (const player of this.#inputs.keys()) this.#inputs.set(player, '')
    this.#lastTick = now
    try {
      const { value } = await context.apply('room.tick', args, LIMITS)
      this.view = value
      this.ticks += 1
    } catch (error) {
      this.#failed(context, error, context.isClosed)
    }
  }

  /** Resolves when a tick that was begun is over. */
  async close() {
    const context = this.#context
    this.#context = undefined
    await context?.close()
  }

  #start() {
    const context = this.#engine.createContext(this.name)
    this.#context = context
    context.run(this.#script, LIMITS).catch((error) => this.#failed(context, error, true))
  }

  /** After an error of its own the script goes on. When it was killed, its globals are gone, and it begins anew. */
  #failed(context, error, isOver) {
    if (context !== this.#context) return
    this.#log(`${this.name}: ${error.code}: ${JSON.stringify(error.message)}`)
    if (!isOver) return
    this.close()
    // Not without end: a script may fail at each start.
    if (this.restarts === MAX_RESTARTS) return
    this.restarts += 1
    this.#start()
  }
}

module.exports = { Room }
