// Games beside scripts that never end: how late the ticks of many contexts are.
import { setTimeout as sleep } from 'node:timers/promises'
import { percentile, verdict } from './measure.mjs'

const GAMES = 500
const ENDLESS = 50
const SLOTS = 2
/** 20 ticks a second. */
const PERIOD = 50
const SECONDS = 10
const WARM_UP = 2
/** In ms: longer than any part of this takes. */
const FOREVER = 600_000

/** A world of its own for each game, of which a tick moves everything: about 10 µs. */
const WORLD = `
  room = { bodies = {}, ticks = 0 }
  for i = 1, 20 do room.bodies[i] = { x = i, y = 0, dx = i % 3 - 1, dy = 1 } end
  function room.tick(dt)
    for _, body in ipairs(room.bodies) do
      body.x, body.y = body.x + body.dx * dt, body.y + body.dy * dt
      if body.y > 100 then body.y = 0 end
    end
    room.ticks = room.ticks + 1
    return room.ticks
  end`

/**
 * Calls every game's tick when it is due, spread over the period, and returns how long each took from then on, in ms. Not
 * those of the first seconds, while code warms up: a server does not get all its games at once.
 */
async function play(contexts, { seconds, warmUp }) {
  const taken = []
  const begin = performance.now() + PERIOD
  const game = async (context, i) => {
    const first = begin + (i * PERIOD) / contexts.length
    const counted = first + warmUp * 1000
    for (let due = first; due < counted + seconds * 1000; due += PERIOD) {
      const now = performance.now()
      if (due > now) await sleep(due - now)
      // What the timers of Node are late is not the engine's.
      const start = performance.now()
      await context.call('room.tick', PERIOD / 1000)
      if (due >= counted) taken.push(performance.now() - start)
    }
  }
  await Promise.all(contexts.map(game))
  return taken
}

/**
 * Waits until all scripts have had their first slices. Those are 10 ms each, and when fifty come at once, that is a quarter of
 * a second for all who come after them: what starting long scripts costs is another question.
 */
async function allBegun(engine, runs) {
  while (engine.stats().started < runs) await sleep(5)
}

export async function games(
  { moonpool },
  { count = GAMES, endless = ENDLESS, seconds = SECONDS, warmUp = WARM_UP } = {},
) {
  const engine = new moonpool.Engine({ concurrency: SLOTS, defaults: { timeout: FOREVER } })
  const contexts = Array.from({ length: count }, (_, i) => engine.createContext(`game-${i}`))
  const world = engine.compile(WORLD, { name: 'world.lua' })
  await Promise.all(contexts.map((context) => context.run(world)))
  const stop = new AbortController()
  const controllers = Array.from({ length: endless }, () => new AbortController())
  stop.signal.addEventListener('abort', () => {
    for (const controller of controllers) controller.abort()
  })
  const others = controllers.map(({ signal }, i) =>
    engine.runLua('while true do end', `endless-${i}`, { signal, timeout: FOREVER }).catch(() => {}),
  )
  await allBegun(engine, count + endless)
  const alone = endless > 0 ? `beside ${endless} endless scripts` : 'alone'
  console.log(`\n${count} contexts that tick at ${1000 / PERIOD} Hz, ${alone}, on ${SLOTS} slots`)
  const usage = process.cpuUsage()
  const start = performance.now()
  const taken = await play(contexts, { seconds, warmUp })
  const elapsed = performance.now() - start
  const { user, system } = process.cpuUsage(usage)
  stop.abort()
  await Promise.all(others)
  await engine.close()

  const line = (what, figure) => console.log(`  ${what.padEnd(50)} ${figure.padStart(10)}`)
  line('ticks a second', (taken.length / seconds).toFixed(0))
  line('cores that this process had', ((user + system) / 1000 / elapsed).toFixed(2))
  for (const p of [50, 90]) line(`a tick, p${p}`, `${percentile(taken, p).toFixed(1)} ms`)
  verdict('a tick, p99', percentile(taken, 99), { atMost: 10, unit: 'ms', digits: 1 })
}
