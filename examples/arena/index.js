// Two rooms that tick by themselves, 100 times a second. In one, ada walks to the far corner; the other is stopped.
//
//   node examples/arena
'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const { Engine } = require('moonpool')
const { Arena } = require('./arena')

async function main() {
  const engine = new Engine({ defaults: { cpuTimeout: 50, memoryLimit: 4 * 2 ** 20 } })
  engine.on('log', ({ scriptId, message, fields }) => console.log(`${scriptId}: ${message} by ${fields.winner}`))
  const arena = new Arena(engine)
  await arena.hold('room-1', 'ada', 'right')
  await arena.hold('room-2', 'bob', 'right')
  await Promise.all([arena.open('room-1', 0.01), arena.open('room-2', 0.01)])

  // The timers keep no process alive, but this does. It may look as often as it likes: ticks do not wait for it.
  let room
  while (!room?.winner) {
    await sleep(10)
    room = await arena.look('room-1')
    if (room?.players.ada.x === 9) await arena.hold('room-1', 'ada', 'down')
  }
  console.log(`room-1: ada is at ${room.players.ada.x},${room.players.ada.y} after ${room.tick} ticks`)
  console.log(`room-2 was stopped: ${arena.stop('room-2')}`)
  await engine.close()
}

main()
