// The example of a game server: rooms that tick, bots, and scripts that are killed and restarted.
'use strict'

const path = require('node:path')
const { ROOT, runNode, runProgram } = require('./support/child')

/** What `main` of a program returns. It has `open(source)`, a room with that script, and `log`, what rooms have told. */
async function play(main) {
  const { exitCode, stdout, stderr } = await runProgram(`
    const { Engine } = require('moonpool')
    const { Room } = require('./examples/game-server/room')
    const engine = new Engine({ concurrency: 2 })
    const log = []
    const open = (source) => new Room(engine, 'room', engine.compile(source), (text) => log.push(text))
    /** Ticks until the room has had so many, or is closed. */
    async function ticks(room, n) {
      while (room.ticks < n && !room.isClosed) {
        await room.tick()
        await new Promise(setImmediate)
      }
    }
    async function main() {${main}}
    main().then(async (value) => {
      await engine.close()
      console.log(JSON.stringify(value))
    })`)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return JSON.parse(stdout)
}

test('the rooms tick, the bots find coins, and a room that is killed disturbs nobody', async () => {
  const { exitCode, stdout, stderr } = await runNode([path.join(ROOT, 'examples/game-server')])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  const lines = stdout.trimEnd().split('\n')
  const killed = lines.filter((line) => line.startsWith('broken: ERR_LUA_TIMEOUT: '))
  expect(killed.length).toBeGreaterThan(0)
  expect(lines.slice(killed.length)).toEqual([
    expect.stringMatching(/^maze-1: 20 ticks, 0 restarts; the bot has [1-9]\d* coins$/),
    expect.stringMatching(/^maze-2: \d+ ticks, 0 restarts; the bot has [1-9]\d* coins$/),
    expect.stringMatching(/^broken: \d+ ticks, [1-3] restarts(, closed)?; the bot has 0 coins$/),
  ])
})

test('a room keeps its globals from tick to tick, and each input is for one tick', async () => {
  const { view, log } = await play(`
    const room = open(\`
      room = { seen = json.array {}, time = 0 }
      function room.tick(dt, inputs)
        room.time = room.time + dt
        table.insert(room.seen, inputs.ada)
        return { seen = room.seen, hasTime = room.time > 0 and dt < 60 }
      end\`)
    room.input('ada', 'left')
    await ticks(room, 2)
    room.input('ada', 'up')
    await ticks(room, 3)
    return { view: room.view, log }`)
  expect({ view, log }).toEqual({ view: { seen: ['left', '', 'up'], hasTime: true }, log: [] })
})

test('a tick is left out while the one before is not over', async () => {
  const answer = await play(`
    const room = open('room = { n = 0 } function room.tick() room.n = room.n + 1 sleep(0.05) return room.n end')
    await ticks(room, 1)
    await Promise.all([room.tick(), room.tick(), room.tick()])
    return [room.ticks, room.view, log]`)
  expect(answer).toEqual([2, 2, []])
})

test('after an error of its own, and an input that cannot cross, a room goes on with what it had', async () => {
  const { view, restarts, log } = await play(`
    const room = open(\`
      room = { n = 0 }
      function room.tick()
        room.n = room.n + 1
        if room.n == 2 then error('second\\\\nline') end
        return room.n
      end\`)
    await ticks(room, 1)
    room.input('ada', '\\ud800')
    await ticks(room, 2)
    return { view: room.view, restarts: room.restarts, log }`)
  expect({ view, restarts }).toEqual({ view: 3, restarts: 0 })
  expect(log).toEqual([
    expect.stringMatching(/^room: ERR_INVALID_ARG_/),
    expect.stringMatching(/^room: ERR_LUA_RUNTIME: "script:\d: second\\nline"$/),
  ])
})

test('a room that is killed begins anew with its State, three times at most', async () => {
  const answer = await play(`
    const room = open(\`
      room = { n = 0 }
      function room.tick()
        room.n = room.n + 1
        local all = State.incr('all')
        while room.n == 2 do end
        return { n = room.n, all = all }
      end\`)
    await ticks(room, Infinity)
    await room.tick()
    return [room.view, room.ticks, room.restarts, log.length, await engine.state('room').get('all')]`)
  expect(answer).toEqual([{ n: 1, all: 7 }, 4, 3, 4, 8])
})

test.each(['while true do end', 'error("no")'])(
  'a room whose script fails at its start (%s) is closed in the end',
  async (source) => {
    const answer = await play(`
    const room = open(${JSON.stringify(source)})
    while (!room.isClosed) await new Promise(setImmediate)
    return [room.ticks, room.restarts, log.length]`)
    expect(answer).toEqual([0, 3, 4])
  },
)
