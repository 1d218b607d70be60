// Runs with `now` and `seed`: they give the same output again, in every process, however the engine is busy.
'use strict'

const path = require('node:path')
const { runNode } = require('./support/child')
const { FOREVER } = require('./support/constants')
const { engineExposing, engineWith } = require('./support/engine')
const { expectBadArgument, rejection } = require('./support/rejection')

const NOW = Date.UTC(2020, 1, 29, 12, 0, 1)

/** Demands the same text, and says which line differs. */
function expectSame(text, other, what) {
  const [lines, others] = [text.split('\n'), other.split('\n')]
  const different = lines.findIndex((line, i) => line !== others[i])
  expect({ what, line: others[different] }).toEqual({ what, line: lines[different] })
  expect(other).toBe(text)
}

test('the output is the same in every process, on every engine, and whatever else runs', async () => {
  const child = path.join(__dirname, 'support/repeat-child.js')
  const processes = await Promise.all([1, 2, 3].map(() => runNode([child], { timeout: 60_000 })))
  const [first, ...others] = processes.map(({ stdout, stderr }) => {
    expect(stderr).toBe('')
    return JSON.parse(stdout)
  })
  const text = first.alone
  expect(text.split('\n').length).toBeGreaterThan(20)
  const { 'in a context': inContext, ...ways } = first
  for (const [way, got] of Object.entries(ways)) expectSame(text, got, way)
  for (const other of others) for (const [way, got] of Object.entries(other)) expectSame(first[way], got, way)
  expect(inContext).toContain('random')
})

test('another seed gives other numbers and another order', async () => {
  const engine = engineWith()
  const code = `local keys = {} for i = 1, 50 do keys['k' .. i] = i end
    local order = {} for _, i in pairs(keys) do order[#order + 1] = i end
    return math.random(0) .. ' ' .. table.concat(order, ',')`
  const text = (seed) => engine.runLua(code, 'x', { seed })
  expect(await text(1)).toBe(await text(1))
  for (const seed of [2, 0, Number.MAX_SAFE_INTEGER]) expect(await text(seed)).not.toBe(await text(1))
})

test('the clock begins with now, and goes on by what the run sleeps, which takes no time', async () => {
  const engine = engineExposing({ wait: () => new Promise((resolve) => setTimeout(resolve, 30)) })
  const code = `local a, b = os.time(), os.clock()
    sleep(86400) host.wait()
    return a, b, os.time() - a, os.clock(), os.date('!%F %T'), os.date('!%F', 0)`
  const { values } = await engine.run(code, 'x', { now: new Date(NOW), timeout: 5000 })
  expect(values).toEqual([NOW / 1000, 0, 86_400, 86_400, '2020-03-01 12:00:01', '1970-01-01'])
  const before = Date.now()
  const [time] = (await engine.run('return os.time()', 'x')).values
  expect(time).toBeGreaterThanOrEqual(Math.floor(before / 1000))
})

test('functions of parallel do the same however long the host takes to answer', async () => {
  const delays = [0, 5, 20, 1]
  let wait
  const engine = engineExposing({ wait: (_, n) => wait(n) })
  const code = `local seen = {}
    local function note(...) seen[#seen + 1] = table.concat({ ... }, ' ') .. ' ' .. os.clock() .. ' ' .. tostring({}) end
    parallel(
      function() sleep(1) note('slept', math.random(0)) end,
      function() for i = 1, 3 do note(host.wait(i)) end sleep(0.5) note('after the answers', math.random(0)) end,
      function() for i = 1, 1e6 do end note('computed') end)
    return table.concat(seen, '\\n')`
  const text = () => engine.runLua(code, 'x', { now: NOW, seed: 1, timeout: FOREVER })
  wait = (n) => n
  const first = await text()
  const steps = first.split('\n').map((line) => line.replace(/ table.*/, ''))
  expect(steps.map((step) => step.replace(/ -?\d{9,}/, ''))).toEqual([
    'computed 0.0',
    '1 0.0',
    '2 0.0',
    '3 0.0',
    'after the answers 0.5',
    'slept 1.0',
  ])
  for (const delay of delays) {
    wait = (n) => new Promise((resolve) => setTimeout(resolve, delay, n))
    expectSame(first, await text(), `after ${delay} ms`)
  }
})

test('a Date that changes after the call changes nothing', async () => {
  const engine = engineWith()
  const date = new Date(NOW)
  const run = engine.run('return os.time()', 'x', { now: date })
  const context = engine.createContext('x', { now: date })
  date.setTime(Number.NaN)
  expect((await run).value).toBe(NOW / 1000)
  expect((await context.run('return os.time()')).value).toBe(NOW / 1000)
})

test('an endless loop of sleeps has the limits of any loop', async () => {
  const engine = engineWith()
  const endless = (options) => rejection(engine.runLua('while true do sleep(1) end', 'x', { now: NOW, ...options }))
  expect(await endless({ timeout: 50 })).toMatchObject({ code: 'ERR_LUA_TIMEOUT', limit: 'timeout' })
  expect(await endless({ cpuTimeout: 20 })).toMatchObject({ code: 'ERR_LUA_TIMEOUT', limit: 'cpuTimeout' })
})

test('a run with a seed has its memory limit, also the largest that there is', async () => {
  const engine = engineWith()
  const greedy = 'local t = {} for i = 1, 1e9 do t[i] = { i } end'
  const failure = await rejection(engine.runLua(greedy, 'x', { seed: 1, memoryLimit: 4 * 1024 * 1024 }))
  expect(failure).toMatchObject({ code: 'ERR_LUA_MEMORY', limit: 'memoryLimit' })
  expect(await engine.runLua('return 1', 'x', { seed: 1, memoryLimit: Number.MAX_SAFE_INTEGER })).toBe('1')
})

describe('in contexts', () => {
  const ROLL = 'n = (n or 0) + 1 return n, math.random(0), os.time()'

  test('the seed is the context’s, and each run begins with the time of its own or of the context', async () => {
    const engine = engineWith()
    const rolls = async (context) => {
      const first = await context.run(ROLL)
      await context.run('sleep(5)')
      return [first.values, (await context.run(ROLL)).values, (await context.run(ROLL, { now: 0 })).values]
    }
    const make = () => engine.createContext('x', { seed: 1, now: NOW })
    const all = await rolls(make())
    expect(all.map(([n, , time]) => [n, time])).toEqual([
      [1, NOW / 1000],
      [2, NOW / 1000],
      [3, 0],
    ])
    expect(new Set(all.map(([, drawn]) => drawn)).size).toBe(3)
    expect(await rolls(make())).toEqual(all)
  })

  test('contexts of a pool are alike', async () => {
    const pool = engineWith().createPool('x', { seed: 3, now: NOW, size: 2 })
    const [a, b] = await Promise.all([pool.use((c) => c.run(ROLL)), pool.use((c) => c.run(ROLL))])
    expect(a.values).toEqual(b.values)
    await pool.close()
  })

  test('a run in a context cannot have a seed', async () => {
    const context = engineWith().createContext('x')
    const wanted = '"options.seed" property cannot be given to a run in a context: give it to createContext'
    expectBadArgument(await rejection(context.run('', { seed: 1 })), TypeError, wanted)
    expectBadArgument(await rejection(context.apply('f', [], { seed: 1 })), TypeError, wanted)
  })
})

describe.each(['runLua', 'run', 'runFile', 'createContext', 'createPool'])('%s refuses', (method) => {
  const given = (options) => {
    const engine = engineWith()
    return rejection(
      (async () => (method.startsWith('create') ? engine[method]('x', options) : engine[method]('x', 'x', options)))(),
    )
  }

  test.each([
    ['now', Number.NaN, RangeError, 'Received NaN'],
    ['now', Number.POSITIVE_INFINITY, RangeError, 'Received Infinity'],
    ['now', 8.64e15 + 1, RangeError, 'Received 8640000000000001'],
    ['now', -8.64e15 - 1, RangeError, 'Received -8640000000000001'],
    ['now', new Date(Number.NaN), RangeError, 'Received an invalid Date'],
    ['now', '2020-01-01', TypeError, `Received type string ('2020-01-01')`],
    ['now', null, TypeError, 'Received null'],
    ['now', 1n, TypeError, 'Received type bigint (1n)'],
    ['seed', -1, RangeError, 'Received -1'],
    ['seed', 0.5, RangeError, 'Received 0.5'],
    ['seed', 2 ** 53, RangeError, 'Received 9007199254740992'],
    ['seed', Number.NaN, RangeError, 'Received NaN'],
    ['seed', '1', TypeError, `Received type string ('1')`],
    ['seed', 1n, TypeError, 'Received type bigint (1n)'],
  ])('%s: %p', async (name, value, kind, got) =>
    expectBadArgument(await given({ [name]: value }), kind, `"options.${name}"`, got),
  )
})

test.each([-8.64e15, -1000, -1, 0, 0.5, 8.64e15])('now of %d is taken', async (now) => {
  const { value } = await engineWith().run('return os.time()', 'x', { now })
  expect(value).toBe(Math.floor(now / 1000))
})
