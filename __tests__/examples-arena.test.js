// The example of rooms that tick by timers: each tick is whole, and happens once; what is stopped has no further one.
'use strict'

const path = require('node:path')
const { ROOT, runNode, runProgram } = require('./support/child')

/** What `main` of a program returns. It has an engine, an arena, and `until(isSo)`, the room that is so. */
async function play(main) {
  const { exitCode, stdout, stderr } = await runProgram(`
    const { Engine } = require('moonpool')
    const { Arena } = require('./examples/arena/arena')
    const state = { memory: 'arena' }
    const engine = new Engine({ state })
    const arena = new Arena(engine)
    async function until(isSo) {
      for (;;) {
        const room = await arena.look('room')
        if (isSo(room)) return room
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    }
    async function main() {${main}}
    main().then((value) => console.log(JSON.stringify(value)))`)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return JSON.parse(stdout)
}

test('ada walks to the corner of her room, which then stops; another one is stopped', async () => {
  const { exitCode, stdout, stderr } = await runNode([path.join(ROOT, 'examples/arena')])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  // The entry of the log may come a little later than what the host sees in State.
  const [end, at, won, stopped] = stdout.split('\n').sort()
  expect([won, stopped, end]).toEqual(['room-1: won by ada', 'room-2 was stopped: true', ''])
  const [, ticks] = /^room-1: ada is at 9,9 after (\d+) ticks$/.exec(at)
  expect(Number(ticks)).toBeGreaterThanOrEqual(18)
})

test('a room that somebody has won ticks no further', async () => {
  const ticks = await play(`
    await arena.hold('room', 'ada', 'right')
    await arena.open('room', 0.001)
    await until((room) => room?.players.ada.x === 9)
    await arena.hold('room', 'ada', 'down')
    const { tick } = await until((room) => room.winner === 'ada')
    while (engine.timers().length > 0) await new Promise(setImmediate)
    return (await arena.look('room')).tick - tick`)
  expect(ticks).toBe(0)
})

test('each tick moves each player once, and no snapshot has half of one', async () => {
  const seen = await play(`
    await arena.hold('room', 'ada', 'right')
    await arena.hold('room', 'bob', 'down')
    await arena.hold('room', 'eve', 'nowhere')
    await arena.open('room', 0.001)
    const seen = []
    await until((room) => {
      if (room) seen.push(room)
      return room?.tick >= 12
    })
    await engine.close()
    return seen`)
  for (const { tick, players, winner } of seen) {
    const moved = Math.min(tick, 9)
    expect(players).toEqual({ ada: { x: moved, y: 0 }, bob: { x: 0, y: moved }, eve: { x: 0, y: 0 } })
    expect(winner).toBeUndefined()
  }
  const ticks = seen.map(({ tick }) => tick)
  expect(ticks).toEqual([...ticks].sort((a, b) => a - b))
})

test('a room that is opened again has one timer; one that is stopped has no further tick', async () => {
  const answer = await play(`
    await arena.open('room', 0.002)
    await arena.open('room', 0.001)
    await until((room) => room?.tick >= 3)
    const stopped = engine.cancelTimers('room')
    // A tick that had begun ends.
    while (engine.timers().length > 0) await new Promise(setImmediate)
    const before = await arena.look('room')
    const later = new Engine({ state })
    await engine.close()
    const after = await later.state('room').get('room')
    return [stopped, after.tick - before.tick, arena.stop('room')]`)
  expect(answer).toEqual([1, 0, false])
})

test('that the engine closes is no tick', async () => {
  const room = await play(`
    await arena.open('room', 60)
    const later = new Engine({ state })
    await engine.close()
    return [engine.stats().completed, (await later.state('room').get('room')) ?? null]`)
  expect(room).toEqual([2, null])
})
