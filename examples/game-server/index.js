// A game server: rooms with 20 ticks a second, whose scripts keep the game in their globals, and bots of the house.
//
//   node examples/game-server
'use strict'

const { readFileSync } = require('node:fs')
const path = require('node:path')
const { Engine, LuaError } = require('moonpool')
const { Room } = require('./room')

const TICK_TIME = 50
const TICKS = 20
/** What ada presses, again and again. */
const KEYS = ['right', 'right', 'down', 'left']

const read = (file) => readFileSync(path.join(__dirname, 'lua', file))

/** Asks a bot what to do at the next tick. One that fails stands still. */
async function moveBot(bots, room, name) {
  const { coin, players } = room.view ?? {}
  const cell = players?.[name]?.cell
  if (!Number.isInteger(cell)) return
  try {
    const { value } = await bots.call('move', cell, coin)
    room.input(name, value)
  } catch (error) {
    if (!(error instanceof LuaError)) throw error
  }
}

/** Ticks until the first room has had its share. All rooms tick at once: one that is slow holds nobody up. */
function play(rooms, bots) {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      rooms[0].input('ada', KEYS[rooms[0].ticks % KEYS.length])
      for (const room of rooms) room.tick().then(() => moveBot(bots, room, 'bot'))
      if (rooms[0].ticks < TICKS) return
      clearInterval(timer)
      resolve()
    }, TICK_TIME)
  })
}

async function main() {
  const engine = new Engine({ defaults: { timeout: 1000, cpuTimeout: 100, memoryLimit: 4 * 2 ** 20 } })
  engine.addModule('level', read('level.lua'))
  const maze = engine.compile(read('maze.lua'), { name: 'maze.lua' })
  const broken = engine.compile(read('broken.lua'), { name: 'broken.lua' })
  // A bot keeps nothing from one call to the next, and works much out before the first one: any of a few will do.
  const brain = engine.compile(read('bot.lua'), { name: 'bot.lua' })
  const bots = engine.createPool('bots', { size: 2, setup: (context) => context.run(brain) })

  const rooms = [new Room(engine, 'maze-1', maze, console.log), new Room(engine, 'maze-2', maze, console.log)]
  rooms.push(new Room(engine, 'broken', broken, console.log))
  for (const room of rooms) room.input('bot', '')
  await play(rooms, bots)

  for (const room of rooms) {
    const { name, ticks, restarts, isClosed } = room
    const coins = (await engine.state(name).get('coins/bot')) ?? 0
    console.log(
      `${name}: ${ticks} ticks, ${restarts} restarts${isClosed ? ', closed' : ''}; the bot has ${coins} coins`,
    )
    await room.close()
  }
  await bots.drain()
  await engine.close()
}

main()
