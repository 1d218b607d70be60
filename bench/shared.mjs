// What shared dictionaries cost: their methods against a get from a Lua table, and two threads against one.
import { median, ratio, rounds, verdict } from './measure.mjs'

const COUNT = 1_000_000
const ROUNDS = { count: 9, warmup: 2 }
/** In ms: longer than any part of this takes. */
const FOREVER = 600_000
/** A loop runs in one slice after the other; more keys than one would be a test of the processor's cache. */
const LOOPS = {
  'empty loop': '',
  'table get': 'x = t.key',
  'get of a number': 'x = d:get("key")',
  'get of a number, through Shared': 'x = Shared.bench:get("key")',
  'get of a string of 20 bytes': 'x = d:get("text")',
  'get of what is not there': 'x = d:get("none")',
  set: 'd:set("set", i)',
  'set with a time': 'd:set("timed", i, 10)',
  incr: 'd:incr("count", 1, 0)',
  'rpush and lpop': 'd:rpush("list", i) d:lpop("list")',
}

const code = (body, count) =>
  `local d, t, x = Shared.bench, { key = 5 } d:set("key", 5) d:set("text", ("x"):rep(20)) for i = 1, ${count} do ${body} end`

export async function shared({ moonpool }, { count = COUNT, roundsOf = ROUNDS } = {}) {
  const engine = new moonpool.Engine({ concurrency: 2, defaults: { timeout: FOREVER } })
  engine.sharedDict('bench', { maxItems: 100_000 })
  /** ns of a thread's time for each round of a loop. */
  const perRound = async (body, id = 'bench') => ((await engine.run(code(body, count), id)).stats.cpuTime * 1e6) / count
  const contestants = Object.entries(LOOPS).map(([name, body]) => [name, () => perRound(body)])
  const taken = await rounds(Object.fromEntries(contestants), roundsOf)

  console.log('\nShared dictionaries: ns for each call in a loop, and calls per second')
  const loop = median(taken['empty loop'])
  for (const name of Object.keys(LOOPS)) {
    const ns = median(taken[name])
    const rate = name === 'empty loop' ? '' : `${(1000 / ns).toFixed(1).padStart(6)} million/s`
    console.log(`  ${name.padEnd(50)} ${ns.toFixed(1).padStart(8)} ${rate}`)
  }
  const get = taken['get of a number'].map((ns) => 1000 / ns)
  verdict('gets of a number, millions per second', median(get), { atLeast: 5, digits: 1 })
  verdict('get of a number / get from a table', ratio(taken, 'get of a number', 'table get'), { atMost: 60, digits: 1 })

  // Two threads, on keys of their own and on the same one.
  const wall = async (bodies) => {
    const start = performance.now()
    await Promise.all(bodies.map((body, i) => perRound(body, `id-${i}`)))
    return (performance.now() - start) / bodies.length
  }
  const sides = await rounds(
    {
      one: () => wall(['d:incr("a", 1, 0)']),
      apart: () => wall(['d:incr("a", 1, 0)', 'd:incr("b", 1, 0)']),
      together: () => wall(['d:incr("a", 1, 0)', 'd:incr("a", 1, 0)']),
    },
    roundsOf,
  )
  await engine.close()
  console.log(`  (the empty loop takes ${loop.toFixed(1)} ns of each)`)
  verdict('throughput: 2 threads / one, keys of their own', ratio(sides, 'one', 'apart'), { atLeast: 1.4 })
  verdict('throughput: 2 threads / one, the same key', ratio(sides, 'one', 'together'), { atLeast: 0.5 })
}
