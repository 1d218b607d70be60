// Preludes: what all VMs of an engine begin after, and what is refused when the engine is made.
'use strict'

const { existsSync, mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const path = require('node:path')
const { Engine, LuaError } = require('..')
const { engineWith, valuesOf } = require('./support/engine')
const { rejection, thrownBy } = require('./support/rejection')

const BASE = {
  name: 'base',
  source: 'local count = 0 function step() count = count + 1 return count end config = { rate = 19 }',
}
const TAX = { name: 'tax', source: 'return { of = function(x) return x * config.rate // 100 end }' }
const engineAfter = (prelude, preludeModules = [], options = {}) => engineWith({ prelude, preludeModules, ...options })
const refusal = (prelude, preludeModules, options) =>
  thrownBy(() => new Engine({ prelude, preludeModules, ...options }))

describe('what begins after the prelude', () => {
  const CODE = 'return step(), config.rate, require("tax").of(200)'
  const expected = [1, 19, 38]

  test('runs, as text and as values, of source, bytes and compiled scripts', async () => {
    const engine = engineAfter([BASE, TAX], ['tax'])
    for (let i = 0; i < 3; i += 1) {
      expect(await engine.runLua(CODE, 'x')).toBe('1\t19\t38')
      expect(await valuesOf(engine, CODE)).toEqual(expected)
      expect(await valuesOf(engine, Buffer.from(CODE))).toEqual(expected)
      expect(await valuesOf(engine, engine.compile(CODE))).toEqual(expected)
    }
  })

  test('runs in VMs that were made ahead, and many at once', async () => {
    const engine = engineAfter([BASE, TAX], ['tax'], { warmVms: 2 })
    const runs = Array.from({ length: 50 }, (_, i) => engine.run(`sleep(0.001) ${CODE}`, `id${i}`))
    for (const { values } of await Promise.all(runs)) expect(values).toEqual(expected)
  })

  test('contexts, which go on from there', async () => {
    const engine = engineAfter([BASE, TAX], ['tax'])
    const [one, two] = [engine.createContext('a'), engine.createContext('b')]
    expect((await one.run(CODE)).values).toEqual(expected)
    expect((await one.run(CODE)).values).toEqual([2, 19, 38])
    await one.run('config.rate = 50 config = { rate = 0 }')
    expect((await two.run(CODE)).values).toEqual(expected)
    expect((await two.call('step')).value).toBe(2)
  })

  test('named scripts, and those that a script calls', async () => {
    const engine = engineAfter([BASE, TAX], ['tax'])
    engine.addScript('inner', `step() ${CODE}`, { callers: '*' })
    engine.addScript('outer', 'return scripts.call("inner")')
    expect((await engine.callScript('outer')).values).toEqual([2, 19, 38])
  })

  test('runs of timers', async () => {
    const engine = engineAfter([BASE, TAX], ['tax'])
    const told = new Promise((resolve) => engine.expose('tell', (_, ...values) => resolve(values)))
    await engine.runLua(`step() timer.at(0, function() host.tell(step(), require('tax').of(200)) end)`, 'x')
    expect(await told).toEqual([1, 38])
  })

  test('runs with a seed, which see the same each time', async () => {
    const source =
      'drawn, shown = math.random(1e9), tostring({}) keyed = {} for i = 1, 20 do keyed["k" .. i] = i keyed[{}] = i end'
    const code =
      'local order = {} for _, i in pairs(keyed) do order[#order + 1] = i end return drawn, shown, order, step()'
    const make = () => engineAfter([BASE, { name: 'chance', source }])
    const [one, two] = [make(), make()]
    const seeded = (engine, seed) => valuesOf(engine, code, { seed, now: 0 })
    const first = await seeded(one, 1)
    expect(await seeded(one, 1)).toEqual(first)
    expect(await seeded(two, 1)).toEqual(first)
    const other = await seeded(one, 2)
    for (const i of [0, 1, 2]) expect(other[i]).not.toEqual(first[i])
    expect(other[3]).toBe(1)
  })
})

test('the runs of an engine share nothing of its prelude, also while they are at work', async () => {
  const engine = engineAfter([
    { name: 'p', source: 'shared = { list = {} } function add(x) shared.list[#shared.list + 1] = x end' },
  ])
  const runs = Array.from({ length: 20 }, (_, i) =>
    engine.run(
      `for i = 1, 100 do add(${i}) if i % 10 == 0 then sleep(0) end end return #shared.list, shared.list[50]`,
      `${i}`,
    ),
  )
  expect((await Promise.all(runs)).map(({ values }) => values)).toEqual(runs.map((_, i) => [100, i]))
})

test('it runs once', async () => {
  const engine = engineAfter([{ name: 'p', source: 'made = time.now() drawn = crypto.uuid()' }])
  const [first, second] = [await valuesOf(engine, 'return made, drawn'), await valuesOf(engine, 'return made, drawn')]
  expect(second).toEqual(first)
})

test('its bytes are in the statistics, count in each run, and are gone with it', async () => {
  const bare = engineWith().stats().snapshotBytes
  expect(bare).toBeGreaterThan(10_000)
  expect(bare).toBeLessThan(100_000)
  const engine = engineAfter([{ name: 'p', source: 'data = {} for i = 1, 2000 do data[i] = ("x"):rep(1000) .. i end' }])
  expect(engine.stats().snapshotBytes).toBeGreaterThan(2_000_000)
  const { stats } = await engine.run('return #data', 'x')
  expect(stats.peakMemory).toBeGreaterThan(2_000_000)
  const error = await rejection(engine.runLua('return {}', 'x', { memoryLimit: 1024 * 1024 }))
  expect(error).toMatchObject({ code: 'ERR_LUA_MEMORY', limit: 'memoryLimit' })
  expect(engine.stats().memory).toBeLessThan(1000_000)
})

describe('modules of the prelude', () => {
  const engine = () => engineAfter([BASE, TAX], ['tax'])

  test('have their names for good', () => {
    const taken = engine()
    expect(thrownBy(() => taken.addModule('tax', 'return 1'))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    for (const change of [
      () => taken.addModule('tax', 'return 1', { replace: true }),
      () => taken.removeModule('tax'),
    ]) {
      expect(thrownBy(change).message).toBe(
        `The "name" argument must not be that of a module of the prelude, which all VMs begin with. Received 'tax'`,
      )
    }
    expect(taken.removeModule('base')).toBe(false)
  })

  test('are not hidden by those of a run', async () => {
    const taken = engine()
    const error = await rejection(taken.run('return 1', 'x', { modules: { tax: 'return 1' } }))
    expect(error.message).toContain(`must have new names. Received 'tax'`)
    expect(
      await valuesOf(taken, 'return require("own")', { modules: { own: 'return require("tax").of(100)' } }),
    ).toEqual([19])
  })

  test('are named with the others where one is missing', async () => {
    const taken = engine()
    taken.addModule('late', 'return require("tax").of(100)')
    expect(await valuesOf(taken, 'return require("late")')).toEqual([19])
    const { message } = await rejection(taken.runLua('require("base")', 'x'))
    expect(message).toBe(`x:1: there is no module 'base' (there are 'late', 'tax')`)
  })
})

describe('what is refused when the engine is made', () => {
  test.each([
    ['a string', 'x = 1', undefined, 'The "options.prelude" property must be an array of { name, source } objects'],
    ['an entry that is no object', ['x'], undefined, 'The "options.prelude[0]" property must be an object'],
    ['a hole', [BASE, undefined], undefined, 'The "options.prelude[1]" property must be an object. Received null'],
    ['no name', [{ source: '' }], undefined, 'The "options.prelude[0].name" property is missing'],
    ['no source', [BASE, { name: 'x' }], undefined, 'The "options.prelude[1].source" property is missing'],
    ['a misspelt key', [{ nam: 'x', source: '' }], undefined, `unknown option 'nam'; did you mean 'name'?`],
    [
      'a NUL',
      [{ name: 'a\0b', source: '' }],
      undefined,
      'The "options.prelude[0].name" property must be a string of 1',
    ],
    [
      'a number as source',
      [{ name: 'x', source: 1 }],
      undefined,
      'The "options.prelude[0].source" argument must be a string',
    ],
    [
      'a name twice',
      [BASE, TAX, BASE],
      undefined,
      'The "options.prelude[2].name" property must be new. Received type string (\'base\'), as "options.prelude[0]" has it',
    ],
    ['names that are no array', [TAX], 'tax', 'The "options.preludeModules" property must be an array of names'],
    ['a name that is none', [TAX], [1], 'The "options.preludeModules[0]" property must be a string'],
    ['a hole in the names', [TAX], new Array(2 ** 32 - 1), 'The "options.preludeModules[0]" property must be a string'],
    [
      'a name of no entry',
      [BASE, TAX],
      ['tux'],
      `The "options.preludeModules[0]" property must be the name of an entry of "options.prelude". Received type string ('tux'); did you mean 'tax'?`,
    ],
    [
      'modules without a prelude',
      undefined,
      ['tax'],
      'The "options.preludeModules[0]" property must be the name of an entry',
    ],
    [
      'a module twice',
      [TAX],
      ['tax', 'tax'],
      `The "options.preludeModules[1]" property must be new. Received type string ('tax') again`,
    ],
  ])('%s', (_, prelude, preludeModules, message) => {
    const error = refusal(prelude, preludeModules)
    expect(error.code).toMatch(/^ERR_INVALID_ARG_/)
    expect(error.message.startsWith(message) ? message : error.message).toBe(message)
  })

  test('a source that is too long', () => {
    const error = refusal([{ name: 'long', source: `--${'x'.repeat(200)}` }], [], { defaults: { maxSource: 100 } })
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE', limit: 'maxSource' })
  })

  test.each([
    ['does not compile', 'x = = 1', { code: 'ERR_LUA_SYNTAX', chunk: 'p', line: 1 }],
    [
      'fails',
      'print("so far")\nerror("bad rule")',
      { code: 'ERR_LUA_RUNTIME', message: 'p:2: bad rule', line: 2, output: 'so far\n' },
    ],
    ['throws a table', 'error({ rule = 7 })', { code: 'ERR_LUA_RUNTIME', luaValue: { rule: 7 } }],
    [
      'waits',
      'sleep(1)',
      { code: 'ERR_LUA_RUNTIME', message: expect.stringContaining('sleep cannot be called here: a prelude') },
    ],
    [
      'asks State',
      'State.get("k")',
      { code: 'ERR_LUA_RUNTIME', message: expect.stringContaining('State cannot be asked here: a prelude') },
    ],
    [
      'leaves a coroutine that has begun',
      'jobs = { next = coroutine.wrap(function() coroutine.yield() end) } jobs.next()',
      {
        code: 'ERR_LUA_RUNTIME',
        message: 'the prelude cannot be copied into VMs: jobs.next is a coroutine that has begun',
      },
    ],
    [
      'takes too much memory',
      'data = ("x"):rep(4e6)',
      {
        code: 'ERR_LUA_MEMORY',
        limit: 'memoryLimit',
        message: 'the prelude needs more memory than its memoryLimit of 2097152 bytes',
      },
    ],
  ])('one that %s', (_, source, expected) => {
    const error = refusal([{ name: 'p', source }], [], { defaults: { memoryLimit: 2 * 1024 * 1024 } })
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject(expected)
    expect(error.scriptId).toBeUndefined()
  })

  test('one of which there is no room for copies in maxMemory', async () => {
    const [source, maxMemory] = ['data = ("x"):rep(2050000)', 2 * 1024 * 1024]
    const error = refusal([{ name: 'p', source }], [], { maxMemory: 2 * maxMemory, concurrency: 2 })
    expect(error.code).toBe('ERR_INVALID_ARG_VALUE')
    expect(error.message).toMatch(
      /^The "options.maxMemory" property must have room for 2 copies of the prelude, of 2\d{6} /,
    )
    // With room for one at a time, runs take turns.
    const engine = engineAfter([{ name: 'p', source }], [], { maxMemory: 1.5 * maxMemory, concurrency: 1 })
    const runs = Array.from({ length: 5 }, (_, i) => engine.runLua('return #data', `id${i}`))
    expect(await Promise.all(runs)).toEqual(runs.map(() => '2050000'))
  })

  test('nothing is opened for an engine that is not made', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'prelude-'))
    const file = path.join(folder, 'state.db')
    refusal([{ name: 'p', source: 'error("no")' }], [], { state: { sqlite: file } })
    expect(existsSync(file)).toBe(false)
    rmSync(folder, { recursive: true })
  })
})

test('an engine without a prelude takes an empty one', async () => {
  expect(await engineAfter([]).runLua('return 1', 'x')).toBe('1')
})
