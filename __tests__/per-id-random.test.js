// Limits of single ids that change all the time, at random: every call settles, and in the end nothing is left of it.
'use strict'

const { MIB } = require('./support/constants')
const { engineExposing, isIdle, until } = require('./support/engine')
const { Randomly } = require('./support/random')

const IDS = ['a', 'b', 'c', 'd', 'e', 'f']
const CODES = [
  'return 1',
  'sleep(0.002)',
  'host.f()',
  'for i = 1, 3 do host.f() sleep(0.001) end',
  'for i = 1, 1e5 do end',
  'local t = {} for i = 1, 30000 do t[i] = { i } end',
  'State.set("k", ("x"):rep(500))',
  'parallel(host.f, host.f, function() sleep(0.001) end)',
  'scripts.call("named")',
  'return ("x"):rep(400000)',
  'error("no")',
]
const NONSENSE = [
  null,
  5,
  [],
  { weight: 0 },
  { weight: Number.NaN },
  { weight: 1e300 },
  { weight: -1 },
  { maxStarted: 0 },
]

/** What an id may use: any of it, as little as may be, as much, or nonsense. */
function limits(random) {
  if (random.chance(0.03)) throw new Error('perId has thrown')
  if (random.chance(0.03)) return random.pick(NONSENSE)
  const choices = {
    maxQueued: [0, 1, 20],
    maxStarted: [1, 4],
    maxWaiting: [1, 4],
    cpuPerSecond: [5e-324, 1e-300, 1, 1000],
    hostCallsPerSecond: [20, 1000],
    memory: [MIB, 2 * MIB, 8 * MIB],
    stateQuota: [0, 1000, MIB],
    weight: [0.01, 1, 7, 100],
  }
  const chosen = Object.entries(choices).filter(() => random.chance(0.3))
  return Object.fromEntries(chosen.map(([name, values]) => [name, random.pick(values)]))
}

test('whatever perId says, and whenever it is asked again, each call settles and is counted once', async () => {
  const random = new Randomly()
  const refresh = () => engine.refreshLimits(random.chance(0.5) ? undefined : random.pick(IDS))
  const f = async () => {
    if (random.chance(0.5)) await new Promise((resolve) => setTimeout(resolve, random.below(5)))
    if (random.chance(0.2)) refresh()
  }
  const options = { concurrency: 2, maxQueue: 60, maxMemory: 64 * MIB, perId: () => limits(random) }
  const engine = engineExposing({ f }, options)
  engine.addScript('named', 'host.f() return 1', { callers: '*' })
  const pools = IDS.slice(0, 2).map((id) => engine.createPool(id, { size: 2 }))
  const contexts = []
  const calls = []
  for (let i = 0; i < 800; i++) {
    const [id, code] = [random.pick(IDS), random.pick(CODES)]
    const given = {
      timeout: 2000,
      queueTimeout: random.chance(0.2) ? 1 + random.below(30) : undefined,
      signal: random.chance(0.1) ? AbortSignal.timeout(random.below(20)) : undefined,
    }
    if (random.chance(0.03)) refresh()
    if (random.chance(0.05)) contexts.push(engine.createContext(id))
    if (contexts.length > 4) calls.push(contexts.shift().close())
    if (random.chance(0.2) && contexts.length > 0) calls.push(random.pick(contexts).run(code, given))
    else if (random.chance(0.1)) calls.push(random.pick(pools).run(code, given))
    else calls.push(engine.run(code, id, given))
    if (random.chance(0.15)) await new Promise((resolve) => setTimeout(resolve, random.below(3)))
  }
  const ends = await Promise.allSettled(calls)
  await Promise.allSettled([...contexts, ...pools].map((one) => one.close()))
  await until(() => isIdle(engine))
  const left = [...engine.usage()].filter(
    ([, { queued, started, waiting, memory }]) => queued + started + waiting + memory > 0,
  )
  const unknown = ends.filter(({ reason }) => reason && reason.code === 'ERR_INTERNAL')
  expect({ seed: random.seed, left, unknown }).toEqual({ seed: random.seed, left: [], unknown: [] })
  expect(ends.some(({ status }) => status === 'fulfilled')).toBe(true)
})
