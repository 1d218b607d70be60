// Rooms of a game that tick by a timer of their own. The host says what players do, and reads how the room stands.
'use strict'

const { readFileSync } = require('node:fs')
const path = require('node:path')

const read = (file) => readFileSync(path.join(__dirname, file))

class Arena {
  #engine
  #open

  constructor(engine) {
    this.#engine = engine
    this.#open = engine.compile(read('open.lua'), { name: 'open.lua' })
    // Timers of all rooms run it, each under the id of the room that made the timer.
    engine.addScript('tick', read('tick.lua'), { callers: '*' })
  }

  /** The room is open, and ticks each time that so many seconds have passed. */
  async open(room, seconds) {
    await this.#engine.run(this.#open, room, { args: [seconds], timeout: 100 })
  }

  /** From the next tick on, the player moves so: 'left', 'right', 'up' or 'down'. */
  hold(room, player, direction) {
    return this.#engine.state(room).set(`input/${player}`, direction)
  }

  /** How the room stood after some tick; undefined before the first one. */
  look(room) {
    return this.#engine.state(room).get('room')
  }

  /** Whether there was a timer to be stopped. A tick that has begun still ends. */
  stop(room) {
    return this.#engine.cancelTimers(room) > 0
  }
}

module.exports = { Arena }
