// What values cost that cross, beside JSON of the same run; and `json` in Lua, beside lua-cjson in unedited Lua.
import { median, ratio, rounds, verdict } from './measure.mjs'

const ROUNDS = { count: 60, warmup: 10 }
/** In ms: longer than any part of this takes. */
const FOREVER = 600_000
const MIB = 2 ** 20

const made = (length, make) => Array.from({ length }, (_, i) => make(i))

/** What goes into Lua and comes back, and how long that may take, beside JSON. */
const CROSSING = {
  '1000 objects of 4 fields': {
    value: made(1000, (i) => ({ id: i, name: `name ${i}, of many`, price: i * 1.25 + 0.5, active: i % 2 === 0 })),
    atMost: 1.3,
  },
  '10 000 integers': { value: made(10_000, (i) => i * 3), atMost: 2 },
  '10 000 floats': { value: made(10_000, (i) => i * 1.37 + 0.1), atMost: 0.6 },
}

/** A record of ten fields, in Lua. */
const RECORD = `{
  id = i, name = 'name ' .. i, price = i * 1.25, active = true, email = 'someone@example.com', city = 'Amsterdam',
  count = 12, rate = 0.375, note = 'some words and others', kind = 'order',
}`

/** What is encoded and decoded in Lua, and how often in a round. */
const TEXTS = {
  '10 fields': { made: `local i = 7 local value = ${RECORD}`, times: 20_000 },
  '100 KB': { made: `local value = {} for i = 1, 570 do value[i] = ${RECORD} end`, times: 40 },
}

/** ms of `times` calls, one after the other. */
async function time(times, call) {
  const start = performance.now()
  for (let i = 0; i < times; i++) await call()
  return performance.now() - start
}

function show(taken, times) {
  for (const name of Object.keys(taken))
    console.log(`  ${name.padEnd(50)} ${((1000 * median(taken[name])) / times).toFixed(0).padStart(7)} µs`)
}

async function crossing(engine, baselines, roundsOf) {
  const context = engine.createContext('bench')
  await context.run(`text = ('x'):rep(${MIB}) function echo(x) return x end function give() return text end`)
  for (const [name, { value, atMost }] of Object.entries(CROSSING)) {
    const taken = await rounds(
      {
        [`${name}, in and out`]: () => time(4, () => context.call('echo', value)),
        'JSON.parse(JSON.stringify(…))': () => time(4, () => JSON.parse(JSON.stringify(value))),
      },
      roundsOf,
    )
    console.log(`\nValues that cross: ${name}, ${JSON.stringify(value).length} bytes of JSON`)
    show(taken, 4)
    const [ours, json] = Object.keys(taken)
    verdict(`${name} / JSON`, ratio(taken, ours, json), { atMost })
  }

  console.log('')
  const texts = await rounds(
    {
      'a text of 1 MiB out': () => time(4, () => context.call('give')),
      'a string of Node-API': () => time(4, () => baselines.benchText(MIB)),
    },
    roundsOf,
  )
  show(texts, 4)
  const [text, string] = Object.keys(texts)
  verdict('a text of 1 MiB / a string of Node-API', ratio(texts, text, string), { atMost: 1.5 })
  await context.close()
}

async function inLua(engine, baselines, roundsOf) {
  console.log('\njson.encode and json.decode in Lua, beside lua-cjson in unedited Lua')
  for (const [name, { made, times }] of Object.entries(TEXTS)) {
    const acts = {
      encode: `for i = 1, ${times} do json.encode(value) end`,
      decode: `local text = json.encode(value) for i = 1, ${times} do json.decode(text) end`,
    }
    for (const [act, code] of Object.entries(acts)) {
      const taken = await rounds(
        {
          ours: async () => (await engine.run(`${made} ${code}`, 'bench')).stats.cpuTime,
          cjson: () => baselines.benchStock(`json = require 'cjson' ${made} ${code}`),
        },
        { ...roundsOf, count: Math.ceil(roundsOf.count / 3) },
      )
      verdict(`json.${act} / cjson.${act}: ${name}`, ratio(taken, 'ours', 'cjson'), { atMost: 1.2 })
    }
  }
}

export async function values({ moonpool, baselines }, { roundsOf = ROUNDS } = {}) {
  const engine = new moonpool.Engine({ concurrency: 1, defaults: { timeout: FOREVER } })
  await crossing(engine, baselines, roundsOf)
  await inLua(engine, baselines, roundsOf)
  await engine.close()
}
