// Engine options: what is taken, what is refused and how, and what each of them does.
'use strict'

const os = require('node:os')
const { Engine, LuaError, runLua } = require('..')
const { runProgram } = require('./support/child')
const { ENDLESS, HOLDING, MIB } = require('./support/constants')
const { engineWith, until } = require('./support/engine')
const { expectBadArgument, rejection, thrownBy } = require('./support/rejection')

const MAX_MS = 2 ** 31 - 1

const refusal = (options) => thrownBy(() => new Engine(options))
const expectRefused = (options, ...as) => expectBadArgument(refusal(options), ...as)

/** Starts runs whose end nobody hears of, all in one turn of the event loop. */
function occupy(engine, count) {
  // No worker goes on with another one while this thread is busy.
  for (let i = 0; i < count; i++) engine.runLua(HOLDING, `endless-${i}`).catch(() => {})
}

/** An object with one getter for each property, and how often each was read. */
function watched(values) {
  const reads = {}
  const object = {}
  for (const [name, value] of Object.entries(values)) {
    reads[name] = 0
    Object.defineProperty(object, name, {
      enumerable: true,
      get() {
        reads[name] += 1
        return reads[name] === 1 ? value : Symbol('read again')
      },
    })
  }
  return { object, reads }
}

const GOOD_DEFAULTS = {
  timeout: 30_000,
  cpuTimeout: 20_000,
  queueTimeout: 40_000,
  memoryLimit: 8 * MIB,
  maxOutput: 100,
  maxSource: 200,
  maxNodes: 300,
}
const GOOD_CACHE = { maxEntries: 10, maxBytes: MIB, ttl: 60_000 }
const GOOD = {
  concurrency: 2,
  maxQueue: 50,
  maxMemory: 64 * MIB,
  maxTimers: 100,
  maxTimersPerId: 10,
  warmVms: 1,
  state: 'memory',
  foreignKeys: 'missing',
  stateQuota: MIB,
  perId: { maxQueued: 5 },
  trackedIds: 5,
  codeCache: GOOD_CACHE,
  logger: console,
  logLevel: 'warn',
  maxLog: 1000,
  defaults: GOOD_DEFAULTS,
  values: { strings: 'buffer', tables: 'record', nulls: 'nil', dates: 'iso' },
  libraries: ['math', 'string', 'State'],
}

describe('options as a whole', () => {
  test.each([
    ['none', undefined],
    ['an empty object', {}],
    ['an object without a prototype', Object.create(null)],
    ['every option undefined', Object.fromEntries(Object.keys(GOOD).map((name) => [name, undefined]))],
    ['every option', GOOD],
    ['nested options that are undefined', { defaults: { timeout: undefined }, codeCache: { ttl: undefined } }],
    ['inherited names that are no options', Object.create({ inherited: 1 })],
    ['inherited options', Object.create({ maxQueue: 3 })],
  ])('%s: taken', async (_what, options) => {
    expect(await engineWith(options).runLua('return "ran"', 'x')).toBe('ran')
  })

  test.each([
    ['null', null, 'null'],
    ['a string', 'memory', `type string ('memory')`],
    ['a number', 4, 'type number (4)'],
    ['a boolean', true, 'type boolean (true)'],
    ['an array', [], 'an instance of Array'],
    ['a function', () => {}, 'function'],
  ])('%s: refused', (_what, options, got) => {
    expectRefused(options, TypeError, 'The "options" argument must be an object', `Received ${got}`)
  })

  test('an engine cannot be called without new', () => {
    expect(() => Engine()).toThrow(TypeError)
  })
})

describe('unknown options', () => {
  test.each([
    [{ concurency: 1 }, 'concurency', 'concurrency'],
    [{ maxqueue: 1 }, 'maxqueue', 'maxQueue'],
    [{ maxQueu: undefined }, 'maxQueu', 'maxQueue'],
    [{ warmVMs: 1 }, 'warmVMs', 'warmVms'],
    [{ stat: 'memory' }, 'stat', 'state'],
    [{ quota: 1, stateQuotta: 1 }, 'quota', undefined],
    [{ codecache: true }, 'codecache', 'codeCache'],
    [{ default: {} }, 'default', 'defaults'],
    [{ librarys: [] }, 'librarys', 'libraries'],
    [{ codeCache: { maxEntry: 1 } }, 'maxEntry', 'maxEntries'],
    [{ codeCache: { maxbytes: 1 } }, 'maxbytes', 'maxBytes'],
    [{ codeCache: { TTL: 1 } }, 'TTL', 'ttl'],
    [{ defaults: { timeOut: 1 } }, 'timeOut', 'timeout'],
    [{ defaults: { queueTimout: 1 } }, 'queueTimout', 'queueTimeout'],
    [{ values: { string: 'text' } }, 'string', 'strings'],
  ])('%j: refused, with the name that was meant', (options, given, meant) => {
    const hint = meant === undefined ? ' (' : `; did you mean '${meant}'?`
    expectRefused(options, TypeError, `unknown option '${given}'${hint}`)
  })

  test.each([
    [{ color: 1 }, Object.keys(GOOD)],
    [{ codeCache: { color: 1 } }, Object.keys(GOOD_CACHE)],
    [{ defaults: { color: 1 } }, Object.keys(GOOD_DEFAULTS)],
    [{ values: { color: 1 } }, ['strings', 'tables', 'nulls', 'dates']],
  ])('%j: refused, with the names that there are', (options, names) => {
    expectRefused(options, TypeError, `known options: ${names.join(', ')}`)
  })

  test.each([
    [{ timeout: 5 }, 'options.defaults'],
    [{ tables: 'map' }, 'options.values'],
    [{ signal: 1 }, 'engine.run'],
    [{ host: {} }, 'engine.run'],
    [{ maxPending: 1 }, 'engine.createContext'],
    [{ setup: 1 }, 'engine.createPool'],
  ])('%j: refused, and it says where that belongs', (options, place) => {
    expectRefused(options, TypeError, `). It is an option of ${place}`)
  })

  test.each(['name', 'signal', 'concurrency'])('defaults for what is no limit (%s): refused', (name) => {
    expectRefused({ defaults: { [name]: 'x' } }, TypeError, `unknown option '${name}'`)
  })
})

const nested = (group) => (value) => ({ [group]: value })

const NUMBERS = [
  ['concurrency', (v) => ({ concurrency: v }), 'threads', [1, 1024], [0, -1, 1.5, 1025]],
  ['maxQueue', (v) => ({ maxQueue: v }), 'runs', [0, 1, 2 ** 32 - 1], [-1, 0.5, 2 ** 32]],
  ['maxMemory', (v) => ({ maxMemory: v }), 'bytes', [MIB, Number.MAX_SAFE_INTEGER], [0, MIB - 1, MIB + 0.5, 2 ** 53]],
  ['warmVms', (v) => ({ warmVms: v }), 'VMs', [0, 1, 1024], [-1, 0.5, 1025]],
  ['maxLog', (v) => ({ maxLog: v }), 'bytes', [0, 1, 2 ** 31 - 1], [-1, 0.5, 2 ** 31]],
  ['stateQuota', (v) => ({ stateQuota: v }), 'bytes', [0, 1, Number.MAX_SAFE_INTEGER], [-1, 0.5, 2 ** 53]],
  ...[
    ['maxEntries', 'entries', [1, 2 ** 32 - 1], [0, -1, 1.5, 2 ** 32]],
    ['maxBytes', 'bytes', [1, Number.MAX_SAFE_INTEGER], [0, -1, 1.5, 2 ** 53]],
    ['ttl', 'milliseconds', [0.5, MAX_MS], [0, -0, -1, MAX_MS + 1]],
  ].map(([name, ...rest]) => [`codeCache.${name}`, (v) => nested('codeCache')({ [name]: v }), ...rest]),
  ...[
    ['timeout', 'milliseconds', [5000.5, MAX_MS], [0, -0, -1, MAX_MS + 1]],
    ['cpuTimeout', 'milliseconds', [5000.5, MAX_MS], [0, -0, -1, MAX_MS + 1]],
    ['queueTimeout', 'milliseconds', [5000.5, MAX_MS], [0, -0, -1, MAX_MS + 1]],
    ['memoryLimit', 'bytes', [MIB, Number.MAX_SAFE_INTEGER], [0, MIB - 1, MIB + 0.5, 2 ** 53]],
    ['maxOutput', 'bytes', [0, MAX_MS], [-1, 0.5, MAX_MS + 1]],
    ['maxSource', 'bytes', [100, MAX_MS], [0, -1, 100.5, MAX_MS + 1]],
    ['maxNodes', 'values', [0, 2 ** 32 - 1], [-1, 0.5, 2 ** 32]],
  ].map(([name, ...rest]) => [`defaults.${name}`, (v) => nested('defaults')({ [name]: v }), ...rest]),
]

describe.each(NUMBERS)('%s', (name, optionsOf, unit, good, bad) => {
  test.each(good)('%d: taken', async (value) => {
    expect(await engineWith(optionsOf(value)).runLua('return "ran"', 'x')).toBe('ran')
  })

  test.each([...bad, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%d: out of range', (value) => {
    expectRefused(optionsOf(value), RangeError, `The "options.${name}" property must be a `, unit, `Received ${value}`)
  })

  test.each([
    [null, 'null'],
    ['4', `type string ('4')`],
    [4n, 'type bigint (4n)'],
    [true, 'type boolean (true)'],
    [[4], 'an instance of Array'],
    [Object(4), 'an instance of Number'],
  ])('%p: wrong type', (value, got) => {
    expectRefused(optionsOf(value), TypeError, `The "options.${name}" property must be a `, unit, `Received ${got}`)
  })
})

describe('nested options', () => {
  test.each(['codeCache', 'defaults'])('%s: what is no object is refused', (name) => {
    for (const value of [null, 5, 'x', [], () => {}, Symbol('s')]) {
      expectRefused({ [name]: value }, TypeError, `The "options.${name}" property must be`, 'Received ')
    }
  })

  test.each([true, false, {}])('codeCache %p: taken', async (codeCache) => {
    expect(await engineWith({ codeCache }).runLua('return 1', 'x')).toBe('1')
  })

  test.each([true, false])('defaults %p: refused', (defaults) => {
    expectRefused({ defaults }, TypeError, 'The "options.defaults" property must be an object')
  })
})

describe('state', () => {
  test.each([['sqlite'], ['Memory'], ['']])('%p: refused as a value', (state) => {
    expectRefused({ state }, RangeError, `The "options.state" property must be 'memory'`, 'Received type string')
  })

  test.each([[null], [1], [true], [{}], [['memory']]])('%p: refused as a type', (state) => {
    expectRefused({ state }, TypeError, `The "options.state" property must be 'memory'`, 'Received ')
  })
})

describe('concurrency', () => {
  test.each([1, 2, 3])('%d: so many runs are with worker threads at once', (concurrency) => {
    const engine = engineWith({ concurrency })
    occupy(engine, 8)
    expect(engine.stats()).toMatchObject({ running: concurrency, queued: 8 - concurrency, suspended: 0 })
  })

  test.each([
    ['2', 1],
    ['1', 1],
    ['64', os.availableParallelism()],
    [undefined, Math.min(3, os.availableParallelism())],
  ])('by default, with UV_THREADPOOL_SIZE %s, it is %d', async (size, expected) => {
    const { stdout } = await runProgram(
      `
      const { Engine } = require('moonpool')
      const engine = new Engine()
      for (let i = 0; i < 200; i++) engine.runLua(${JSON.stringify(HOLDING)}, 'x').catch(() => {})
      console.log(engine.stats().running)
      engine.close({ timeout: 0 })`,
      { env: { UV_THREADPOOL_SIZE: size } },
    )
    expect(stdout).toBe(`${expected}\n`)
  })
})

test('maxQueue is 10 000 by default', async () => {
  const engine = engineWith({ concurrency: 1 })
  occupy(engine, 1)
  const settled = []
  for (let i = 0; i < 10_000; i++) engine.runLua('', 'x').catch((error) => settled.push(error.code))
  expect(engine.stats()).toMatchObject({ queued: 10_000, rejected: 0 })
  expect(await rejection(engine.runLua('', 'x'))).toMatchObject({ code: 'ERR_QUEUE_FULL' })
  expect(engine.stats().rejected).toBe(1)
  expect(settled).toEqual([])
})

describe('warmVms', () => {
  test('an idle engine builds 4 by default, and none with 0', async () => {
    const none = engineWith({ warmVms: 0 })
    const two = engineWith({ warmVms: 2 })
    const four = engineWith()
    expect(four.stats().vmsCreated).toBe(0)
    await until(() => four.stats().vmsCreated >= 4 && two.stats().vmsCreated >= 2)
    // Long enough for one VM too many.
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect([none, two, four].map((engine) => engine.stats().vmsCreated)).toEqual([0, 2, 4])
    expect(four.stats()).toMatchObject({ started: 0, running: 0, queued: 0 })
  })

  test('a run takes a VM that was built ahead, and nothing is left of the run in the next', async () => {
    const engine = engineWith({ warmVms: 2, concurrency: 1 })
    await until(() => engine.stats().vmsCreated === 2)
    await engine.runLua('leak = 1 string.leak = 2 getmetatable("").__index.leaked = 3', 'x').catch(() => {})
    expect(engine.stats().vmsCreated).toBe(2)
    expect(await engine.runLua('return leak, string.leak, ("").leaked', 'x')).toBe('nil\tnil\tnil')
  })
})

describe('stateQuota', () => {
  const FILL = 'State.set("big", ("x"):rep(...))'
  const fill = (size) => FILL.replace('...', String(size))

  test('the write that would pass it fails and changes nothing', async () => {
    const engine = engineWith({ stateQuota: 2000 })
    await engine.runLua(fill(1000), 'x')
    expect(await rejection(engine.runLua(fill(3000), 'x'))).toMatchObject({ code: 'ERR_STATE_QUOTA' })
    expect(await engine.runLua('return #State.get("big"), State.list()', 'x')).toBe('1000\t["big"]')
  })

  test('each scriptId has its own', async () => {
    const engine = engineWith({ stateQuota: 2000 })
    await Promise.all(['a', 'b', 'c'].map((id) => engine.runLua(fill(1500), id)))
    expect(await rejection(engine.runLua('State.set("more", ("x"):rep(500))', 'a'))).toMatchObject({
      code: 'ERR_STATE_QUOTA',
    })
  })

  test('many keys: each costs 192 bytes and its own', async () => {
    const engine = engineWith({ stateQuota: 10_000 })
    const code = 'local n = 0 while pcall(State.set, "k" .. n, 1) do n = n + 1 end return n'
    expect(Number(await engine.runLua(code, 'x'))).toBeLessThanOrEqual(10_000 / 192)
    expect(Number(await engine.runLua('return #State.list()', 'x'))).toBeGreaterThan(10)
  })

  test('0: nothing can be stored, and the rest works', async () => {
    const engine = engineWith({ stateQuota: 0 })
    expect(await rejection(engine.runLua('State.set("k", 1)', 'x'))).toMatchObject({ code: 'ERR_STATE_QUOTA' })
    expect(await engine.runLua('return State.get("k", "default"), State.has("k")', 'x')).toBe('default\tfalse')
  })

  test('it is 16 MiB by default', async () => {
    const code = `
      local megabyte = ("x"):rep(1024 * 1024 - 2)
      local n = 0
      while pcall(State.set, "k" .. n, megabyte) do n = n + 1 end
      return n`
    expect(await engineWith().runLua(code, 'x')).toBe('15')
  })
})

describe('defaults', () => {
  const OVER = [
    ['timeout', 40, ENDLESS, { code: 'ERR_LUA_TIMEOUT', limit: 'timeout' }, 5000],
    ['cpuTimeout', 40, ENDLESS, { code: 'ERR_LUA_TIMEOUT', limit: 'cpuTimeout' }, 5000],
    ['memoryLimit', MIB, 'return #("x"):rep(2000000)', { code: 'ERR_LUA_MEMORY' }, 8 * MIB],
    ['maxOutput', 3, 'print("1234")', { code: 'ERR_LUA_OUTPUT' }, 5],
    ['maxSource', 10, 'return "longer than ten"', { code: 'ERR_INVALID_ARG_VALUE' }, 100],
  ]

  test.each(OVER)('%s applies to runs that give none', async (name, value, code, expected) => {
    const engine = engineWith({ defaults: { [name]: value } })
    for (const options of [undefined, {}, { [name]: undefined }, { name: 'x' }]) {
      expect(await rejection(engine.runLua(code, 'x', options))).toMatchObject(expected)
    }
  })

  test.each(OVER.slice(2))('%s is overridden by the run', async (name, value, code, expected, roomy) => {
    const engine = engineWith({ defaults: { [name]: value } })
    await engine.runLua(code, 'x', { [name]: roomy })
    const wide = engineWith({ defaults: { [name]: roomy } })
    await wide.runLua(code, 'x')
    expect(await rejection(wide.runLua(code, 'x', { [name]: value }))).toMatchObject(expected)
  })

  test('timeouts are overridden by the run', async () => {
    const engine = engineWith({ defaults: { timeout: 20, cpuTimeout: 20 } })
    const code = 'local stop = os.clock() + 0.1 while os.clock() < stop do end return "done"'
    expect(await engine.runLua(code, 'x', { timeout: 30_000, cpuTimeout: 30_000 })).toBe('done')
    expect(await rejection(engine.runLua(code, 'x', { timeout: 30_000 }))).toMatchObject({ limit: 'cpuTimeout' })
    expect(await rejection(engine.runLua(code, 'x', { cpuTimeout: 30_000 }))).toMatchObject({ limit: 'timeout' })
  })

  test('queueTimeout applies, and is overridden by the run', async () => {
    const engine = engineWith({ concurrency: 1, defaults: { queueTimeout: 50 } })
    const blocker = rejection(engine.runLua(HOLDING, 'b', { timeout: 600 }))
    const short = rejection(engine.runLua('', 'x'))
    const long = engine.runLua('return "ran"', 'x', { queueTimeout: 60_000 })
    expect(await short).toMatchObject({ code: 'ERR_QUEUE_TIMEOUT', message: expect.stringContaining('50 ms') })
    expect(await blocker).toMatchObject({ code: 'ERR_LUA_TIMEOUT' })
    expect(await long).toBe('ran')
  })

  test('timeout is 5000 and cpuTimeout none without any', async () => {
    const error = await rejection(engineWith().runLua(ENDLESS, 'x'))
    expect(error).toMatchObject({ code: 'ERR_LUA_TIMEOUT', limit: 'timeout' })
    expect(error.message).toContain('5000 ms')
  })

  test('changing the object afterwards changes nothing', async () => {
    const defaults = { maxOutput: 3 }
    const libraries = ['math']
    const engine = engineWith({ defaults, libraries })
    defaults.maxOutput = 1000
    libraries.push('string')
    expect(await rejection(engine.runLua('print("1234")', 'x'))).toMatchObject({ code: 'ERR_LUA_OUTPUT' })
    expect(await engine.runLua('return math ~= nil, string == nil', 'x')).toBe('true\ttrue')
  })
})

describe('getters', () => {
  test('every option, nested ones too, is read once', async () => {
    const cache = watched(GOOD_CACHE)
    const defaults = watched(GOOD_DEFAULTS)
    const outer = watched({ ...GOOD, codeCache: cache.object, defaults: defaults.object })
    expect(await engineWith(outer.object).runLua('return "ran"', 'x')).toBe('ran')
    for (const { reads } of [cache, defaults, outer]) expect(new Set(Object.values(reads))).toEqual(new Set([1]))
  })

  test('the options of a run are read once', async () => {
    const { object, reads } = watched({ ...GOOD_DEFAULTS, name: 'n', signal: new AbortController().signal })
    expect(await engineWith().runLua('return "ran"', 'x', object)).toBe('ran')
    expect(new Set(Object.values(reads))).toEqual(new Set([1]))
  })

  test('one that throws makes the constructor throw the same', () => {
    const error = new Error('from the getter')
    const options = {
      get maxQueue() {
        throw error
      },
    }
    expect(refusal(options)).toBe(error)
  })
})

test('engines share no State, neither with each other nor with runLua', async () => {
  const [one, other] = [engineWith(), engineWith()]
  await one.runLua('State.set("k", "one")', 'same')
  await runLua('State.set("k", "default")', 'same')
  expect(await other.runLua('return State.has("k"), State.get("k")', 'same')).toBe('false\tnil')
  // What nobody has here is not denied either.
  expect(await other.runLua('return State.get("k", "nobody")', 'stranger')).toBe('nobody')
  expect(await rejection(one.runLua('return State.get("k")', 'stranger'))).toMatchObject({ code: 'ERR_STATE_DENIED' })
  expect(await one.runLua('return State.get("k")', 'same')).toBe('one')
})

describe('libraries', () => {
  const ALL = [
    'base64',
    'coroutine',
    'crypto',
    'hex',
    'io',
    'json',
    'log',
    'math',
    'os',
    'regex',
    'scripts',
    'Shared',
    'State',
    'string',
    'table',
    'time',
    'timer',
    'url',
    'utf8',
  ]
  const GLOBALS = 'local names = {} for name in next, _G do names[#names + 1] = name end return names'

  const globalsOf = async (engine) => JSON.parse(await engine.runLua(GLOBALS, 'x')).sort()

  test.each(ALL)('%s left out is nil, and the rest is there', async (name) => {
    const engine = engineWith({ libraries: ALL.filter((other) => other !== name) })
    expect(await engine.runLua(`return ${name}, _G[${JSON.stringify(name)}]`, 'x')).toBe('nil\tnil')
    const all = await globalsOf(engineWith())
    expect(await globalsOf(engine)).toEqual(all.filter((other) => other !== name))
  })

  test.each(ALL)('%s alone is there', async (name) => {
    const engine = engineWith({ libraries: [name] })
    const base = await globalsOf(engineWith({ libraries: [] }))
    expect(await globalsOf(engine)).toEqual([...base, name].sort())
  })

  test('with [] there are the base functions, print and script', async () => {
    const engine = engineWith({ libraries: [] })
    const all = await globalsOf(engineWith())
    const globals = await globalsOf(engine)
    expect(globals).toEqual(all.filter((name) => !ALL.includes(name)))
    expect(globals).toEqual(expect.arrayContaining(['print', 'script', 'pcall', 'pairs', 'tostring', '_G', '_VERSION']))
    const code = 'print(script.id) for _, v in ipairs({1, 2}) do print(v) end return { tostring(2.5), #"abc" }'
    expect(await engine.runLua(code, 'me')).toBe('me\n1\n2\n["2.5",3]')
  })

  test('warm VMs have the same libraries', async () => {
    const engine = engineWith({ libraries: ['math'], warmVms: 1 })
    await until(() => engine.stats().vmsCreated === 1)
    expect(await engine.runLua('return math ~= nil, string', 'x')).toBe('true\tnil')
  })

  test.each([
    ['a method call', 'return ("x"):rep(3)'],
    ['an index', 'return ("x").rep'],
    ['arithmetic on what is a number', 'return "10" + 1'],
    ['arithmetic on what is none', 'return "x" + 1'],
    ['a comparison', 'return "a" < "b"'],
    ['a metatable', 'return getmetatable("")'],
    ['a length and a concatenation', 'return #"abc" .. "d"'],
    ['an unknown metamethod', 'return ("x")()'],
  ])('without string, %s is a value or an error, not a crash', async (_what, code) => {
    const engine = engineWith({ libraries: ALL.filter((name) => name !== 'string') })
    const outcome = await engine.runLua(code, 'x').catch((error) => error)
    if (typeof outcome !== 'string') {
      expect(outcome).toBeInstanceOf(LuaError)
      expect(outcome.code).toBe('ERR_LUA_RUNTIME')
    }
    expect(await engine.runLua('return "alive"', 'x')).toBe('alive')
  })

  test('without string, a string method is an error with its line', async () => {
    const engine = engineWith({ libraries: [] })
    expect(await rejection(engine.runLua('\nreturn ("x"):rep(3)', 'x'))).toMatchObject({
      code: 'ERR_LUA_RUNTIME',
      line: 2,
      message: expect.stringContaining('string'),
    })
  })

  test('without any, limits, failures and results are as with them', async () => {
    const engine = engineWith({ libraries: [] })
    expect(await rejection(engine.runLua(ENDLESS, 'x', { timeout: 30 }))).toMatchObject({ code: 'ERR_LUA_TIMEOUT' })
    expect(await rejection(engine.runLua('error({ a = 1 })', 'x'))).toMatchObject({ luaValue: { a: 1 } })
    expect(await rejection(engine.runLua('return print', 'x'))).toMatchObject({ code: 'ERR_LUA_RESULT' })
    const growing = 'local t = {} while true do t[#t + 1] = {} end'
    expect(await rejection(engine.runLua(growing, 'x', { memoryLimit: MIB }))).toMatchObject({ code: 'ERR_LUA_MEMORY' })
    expect(await rejection(engine.runLua('require("string")', 'x'))).toMatchObject({ code: 'ERR_LUA_RUNTIME' })
  })

  test('a name given twice counts once, and the array stays as it is', async () => {
    const libraries = Object.freeze(['math', 'math'])
    expect(await engineWith({ libraries }).runLua('return math.type(1)', 'x')).toBe('integer')
  })

  test.each([
    ['Math', 'math'],
    ['state', 'State'],
    ['strings', 'string'],
    ['corutine', 'coroutine'],
  ])('%s: refused; did you mean %s?', (given, meant) => {
    expectRefused(
      { libraries: ['math', given] },
      RangeError,
      'The "options.libraries" property has an unknown library',
      `'${given}'; did you mean '${meant}'?`,
    )
  })

  test.each(['debug', 'package', '__proto__', 'constructor'])('%s: refused, with the list', (given) => {
    expectRefused({ libraries: [given] }, RangeError, `'${given}' (known libraries: ${ALL.join(', ')})`)
  })

  test.each([
    [null, 'null'],
    ['math', `type string ('math')`],
    [{ 0: 'math', length: 1 }, 'an instance of Object'],
    [new Set(['math']), 'an instance of Set'],
    [[1], 'type number (1) in it'],
    [['math', undefined], 'undefined in it'],
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested.
    [[,], 'undefined in it'],
    [[['math']], 'an instance of Array in it'],
  ])('%p: wrong type', (libraries, got) => {
    expectRefused(
      { libraries },
      TypeError,
      'The "options.libraries" property must be an array of names',
      `Received ${got}`,
    )
  })
})
