// Random values by every way into Lua and out again, with random options: what comes is what docs/values.md says.
'use strict'

const { isDeepStrictEqual } = require('node:util')
const { crossed, randomOptions, randomValue } = require('./support/crossing-model')
const { engineWith } = require('./support/engine')
const { Randomly } = require('./support/random')

const ID = 'function id(...) return ... end'
const GIVE_AND_TAKE = 'host.take(host.give())'
// A refusal of ours, on the way in and on the way out.
const OF_CALLS = { in: 'ERR_INVALID_ARG_TYPE', out: 'ERR_LUA_RESULT' }
const OF_FUNCTIONS = { in: 'ERR_HOST_FUNCTION', out: 'ERR_HOST_FUNCTION' }

const resultOf = async (run) => (await run).value

/** Each way: what takes a value, with the options that it was made with, and how it refuses. */
async function waysWith(options) {
  const plain = engineWith()
  const engine = engineWith({ values: options })
  const context = engine.createContext('x', { functions: true })
  const other = plain.createContext('x')
  await Promise.all([context.run(ID), other.run(ID)])
  const { value: held } = await context.run('return id')
  let given
  let taken
  const take = (_context, value) => {
    taken = { value }
  }
  const functions = { give: () => given, take }
  for (const [name, act] of Object.entries(functions)) engine.expose(name, act)
  const set = plain.functions(functions, options)
  const slow = plain.functions({ ...functions, give: async () => given }, options)
  plain.addScript('echo', 'return ...', { ...options, callers: '*' })
  const through = (run) => async (value) => {
    given = value
    taken = undefined
    await run()
    return taken.value
  }
  return {
    'args of run': [OF_CALLS, (value) => resultOf(plain.run('return ...', 'x', { ...options, args: [value] }))],
    'args of run, as the engine says': [
      OF_CALLS,
      (value) => resultOf(engine.run('return ...', 'x', { args: [value] })),
    ],
    'globals of run': [
      OF_CALLS,
      (value) => resultOf(plain.run('return v', 'x', { ...options, globals: { v: value } })),
    ],
    'context.set and get': [
      OF_CALLS,
      async (value) => {
        await context.set('v', value)
        return context.get('v')
      },
    ],
    'context.call': [OF_CALLS, (value) => resultOf(context.call('id', value))],
    'context.apply, with options of its own': [OF_CALLS, (value) => resultOf(other.apply('id', [value], options))],
    'LuaFunction.call': [OF_CALLS, (value) => resultOf(held.call(value))],
    'globals of a context': [
      OF_CALLS,
      async (value) => {
        const own = plain.createContext('x', { ...options, globals: { v: value } })
        try {
          return await own.get('v')
        } finally {
          own.close()
        }
      },
    ],
    'functions that the engine exposes': [OF_FUNCTIONS, through(() => engine.run(GIVE_AND_TAKE, 'x'))],
    'functions of a set': [OF_FUNCTIONS, through(() => plain.run(GIVE_AND_TAKE, 'x', { host: set }))],
    'functions that answer later, in parallel': [
      OF_FUNCTIONS,
      through(() => plain.run(`parallel(function() ${GIVE_AND_TAKE} end)`, 'x', { host: slow })),
    ],
    callScript: [OF_CALLS, (value) => resultOf(plain.callScript('echo', [value]))],
    'scripts.call': [
      OF_CALLS,
      (value) => resultOf(plain.run('return scripts.call("echo", ...)', 'x', { ...options, args: [value] })),
    ],
  }
}

/** What came of a value: `{ value }` or `{ code }`. */
async function cameOf(way, value) {
  try {
    return { value: await way(value) }
  } catch (error) {
    return { code: error.code ?? error }
  }
}

test('what comes of random values is what the model says, by every way', async () => {
  const random = new Randomly()
  const seen = { refused: 0, crossed: 0 }
  for (let round = 0; round < 6; round++) {
    const options = randomOptions(random)
    const ways = await waysWith(options)
    for (let i = 0; i < 25; i++) {
      const value = randomValue(random)
      const wanted = crossed(value, options)
      seen[wanted.refused ? 'refused' : 'crossed'] += 1
      for (const [name, [codes, way]] of Object.entries(ways)) {
        const came = await cameOf(way, value)
        const right = wanted.refused ? { code: codes[wanted.refused] } : wanted
        if (!isDeepStrictEqual(came, right))
          expect({ seed: random.seed, name, options, value, came }).toEqual({
            seed: random.seed,
            name,
            options,
            value,
            came: right,
          })
      }
    }
  }
  expect(seen.refused).toBeGreaterThan(0)
  expect(seen.crossed).toBeGreaterThan(seen.refused)
})

/** How many values and keys there are in what came. */
function nodesOf(value) {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return 1
  if (Array.isArray(value)) return value.reduce((sum, item) => sum + nodesOf(item), 1)
  const items = value instanceof Map ? [...value.values()] : Object.values(value)
  return items.reduce((sum, item) => sum + 1 + nodesOf(item), 1)
}

test('maxNodes bounds results and arguments by the values and keys that come, exactly', async () => {
  const random = new Randomly()
  const engine = engineWith()
  const seen = []
  for (let i = 0; i < 60; i++) {
    const [options, value] = [randomOptions(random), randomValue(random)]
    const wanted = crossed(value, options)
    if (wanted.refused) continue
    const nodes = nodesOf(wanted.value)
    const host = engine.functions({ see: (_context, got) => void seen.push(got) }, options)
    const [result, call] = ['return ...', 'host.see(...)'].map((code) => (maxNodes) => {
      const given = code === 'return ...' ? options : { ...options, host }
      return cameOf(() => engine.run(code, 'x', { ...given, args: [value], maxNodes }))
    })
    const about = { seed: random.seed, options, value, nodes }
    const ends = await Promise.all([result(nodes), result(nodes - 1), call(nodes), call(nodes - 1)])
    const codes = ends.map(({ code }) => code)
    const right = [undefined, 'ERR_LUA_RESULT', undefined, 'ERR_HOST_FUNCTION']
    expect({ ...about, codes }).toEqual({ ...about, codes: right })
    expect(isDeepStrictEqual(seen.at(-1), wanted.value)).toBe(true)
  }
  expect(seen.length).toBeGreaterThan(10)
})

test('State keeps of random values the same, whether a script writes them or the host, and gives both the same', async () => {
  const random = new Randomly()
  for (let round = 0; round < 4; round++) {
    const options = randomOptions(random)
    const engine = engineWith({ values: options })
    const space = engine.state('x')
    for (let i = 0; i < 60; i++) {
      const value = randomValue(random)
      const byHost = await cameOf((given) => space.set('host', given), value)
      const byScript = await cameOf((given) => engine.run('State.set("script", ...)', 'x', { args: [given] }), value)
      const about = { seed: random.seed, options, value, byHost, byScript }
      if (byHost.code || byScript.code) {
        expect({ ...about, same: Boolean(byHost.code) === Boolean(byScript.code) }).toEqual({ ...about, same: true })
        continue
      }
      const read = (key) => [
        cameOf(() => space.get(key)),
        cameOf(() => resultOf(engine.run('return State.get(..., nil)', 'x', { args: [key] }))),
      ]
      const all = await Promise.all([...read('host'), ...read('script')])
      const [first] = all
      const same = all.every((one) => isDeepStrictEqual(one.value, first.value))
      expect({ ...about, all, same }).toEqual({ ...about, all, same: true })
    }
  }
})

test('bytes come whole, whatever they are and however many', async () => {
  const engine = engineWith({ values: { strings: 'buffer' } })
  let taken
  engine.expose('echo', (_context, bytes) => {
    taken = bytes
    return bytes
  })
  // Few encoded bytes cross in another way than many.
  const sizes = [0, 1, 255, 256, ...Array.from({ length: 60 }, (_, i) => 980 + i), 5000]
  for (const size of sizes) {
    const bytes = Buffer.from(Array.from({ length: size }, (_, i) => (i * 7 + size) & 255))
    const { value } = await engine.run('return host.echo(...)', 'x', { args: [bytes], strings: 'buffer' })
    expect([bytes.equals(value), bytes.equals(taken)]).toEqual([true, true])
  }
})
