// What an engine tells about itself: its statistics, its diagnostics channel and its debug lines.
'use strict'

const { tracingChannel } = require('node:diagnostics_channel')
const path = require('node:path')
const { Engine, LuaError, runLua } = require('..')
const { runProgram } = require('./support/child')
const { ENDLESS, FOREVER, HOLDING, MIB } = require('./support/constants')
const { engineWith: newEngine, until } = require('./support/engine')
const { folderWith } = require('./support/files')
const { rejection } = require('./support/rejection')

const BURN = 'local stop = os.clock() + 0.3 while os.clock() < stop do end'

const COUNTERS = [
  ...['started', 'completed', 'failed', 'timedOut', 'aborted', 'rejected'],
  ...['vmsCreated', 'cacheHits', 'cacheMisses'],
]
const GAUGES = ['queued', 'running', 'suspended']
const TIMES = ['queueTime', 'runTime', 'cpuTime']
const EMPTY = { min: 0, mean: 0, p50: 0, p90: 0, p99: 0, p99_9: 0, max: 0, count: 0 }

const engineWith = (options) => newEngine({ concurrency: 1, warmVms: 0, ...options })

/** The counters of an engine that are not 0. */
function counted(engine) {
  const stats = engine.stats()
  return Object.fromEntries(COUNTERS.filter((name) => stats[name] !== 0).map((name) => [name, stats[name]]))
}

describe('a new engine', () => {
  test('has all properties, all 0, in plain objects of the caller', () => {
    const engine = engineWith()
    const stats = engine.stats()
    expect(stats).toEqual({
      ...Object.fromEntries([...COUNTERS, ...GAUGES, 'memory'].map((name) => [name, 0])),
      snapshotBytes: expect.any(Number),
      utilization: 0,
      ...Object.fromEntries(TIMES.map((name) => [name, EMPTY])),
    })
    stats.completed = 7
    stats.runTime.count = 7
    expect(engine.stats()).toMatchObject({ completed: 0, runTime: { count: 0 } })
  })

  test('can tell them as JSON', () => {
    const text = JSON.stringify(engineWith().stats())
    expect(text).not.toContain('null')
    expect(JSON.parse(text).queueTime).toEqual(EMPTY)
  })
})

describe('counters: every end counts once, under its name', () => {
  const BEGAN = { started: 1, vmsCreated: 1, cacheMisses: 1 }
  const ENDS = [
    ['a result', 'return 1', {}, { ...BEGAN, completed: 1 }],
    ['an error', 'error("no")', {}, { ...BEGAN, failed: 1 }],
    ['a syntax error', 'local = 1', {}, { ...BEGAN, failed: 1 }],
    ['no memory', 'return ("x"):rep(1e8)', { memoryLimit: MIB }, { ...BEGAN, failed: 1 }],
    ['too much output', 'print(1)', { maxOutput: 0 }, { ...BEGAN, failed: 1 }],
    ['a result that cannot cross', 'return print', {}, { ...BEGAN, failed: 1 }],
    ['a State error', 'State.set("k", print)', {}, { ...BEGAN, failed: 1 }],
    ['timeout', ENDLESS, { timeout: 20 }, { ...BEGAN, timedOut: 1 }],
    ['cpuTimeout', ENDLESS, { cpuTimeout: 20 }, { ...BEGAN, timedOut: 1 }],
    ['a signal that is aborted already', '', { signal: AbortSignal.abort() }, { aborted: 1 }],
  ]

  test.each(ENDS)('%s', async (_what, code, options, expected) => {
    const engine = engineWith()
    await engine.runLua(code, 'x', options).catch(() => {})
    expect(counted(engine)).toEqual(expected)
    expect(engine.stats().runTime.count).toBe(expected.started ?? 0)
  })

  test('a signal, while it runs', async () => {
    const engine = engineWith()
    const controller = new AbortController()
    const run = rejection(engine.runLua(ENDLESS, 'x', { signal: controller.signal }))
    await until(() => engine.stats().started === 1)
    controller.abort()
    await run
    await engine.close()
    expect(counted(engine)).toEqual({ ...BEGAN, aborted: 1 })
    expect(engine.stats().runTime.count).toBe(1)
  })

  test('closing: aborted when it had begun, rejected when it had not', async () => {
    const engine = engineWith()
    rejection(engine.runLua(ENDLESS, 'x'))
    await until(() => engine.stats().started === 1)
    rejection(engine.runLua(HOLDING, 'x'))
    // Its VM is made when it begins.
    await until(() => engine.stats().vmsCreated === 2)
    rejection(engine.runLua('', 'x'))
    await engine.close({ timeout: 0 })
    rejection(engine.runLua('', 'x'))
    expect(counted(engine)).toMatchObject({ started: 2, aborted: 2, rejected: 2 })
    expect(engine.stats().queueTime.count).toBe(2)
  })

  test('a full queue, and a queue timeout', async () => {
    const engine = engineWith({ maxQueue: 1 })
    rejection(engine.runLua(HOLDING, 'x'))
    const waits = rejection(engine.runLua('', 'x', { queueTimeout: 5 }))
    await rejection(engine.runLua('', 'x'))
    expect(engine.stats().rejected).toBe(1)
    await waits
    expect(engine.stats()).toMatchObject({ rejected: 2, timedOut: 0, failed: 0 })
  })

  test('invalid arguments count nowhere', async () => {
    const engine = engineWith()
    const calls = [
      [1, 'x'],
      ['', ''],
      ['', 'x', null],
      ['', 'x', { timeout: 0 }],
      ['x'.repeat(9), 'x', { maxSource: 1 }],
    ]
    for (const args of calls) await rejection(engine.runLua(...args))
    await rejection(engine.runFile(1, 'x'))
    expect(counted(engine)).toEqual({})
  })

  test('they are whole numbers that add up over many runs', async () => {
    const engine = engineWith({ concurrency: 2 })
    const codes = ['return 1', 'error("no")', 'local = 1', 'return print', 'for i = 1, 1e5 do end']
    await Promise.allSettled(Array.from({ length: 500 }, (_, i) => engine.runLua(codes[i % 5], `tenant-${i % 7}`)))
    const stats = engine.stats()
    expect(stats).toMatchObject({ started: 500, completed: 200, failed: 300, timedOut: 0, aborted: 0, rejected: 0 })
    expect(stats.cacheHits + stats.cacheMisses).toBe(500)
    expect(stats.vmsCreated).toBe(500)
    for (const name of TIMES) expect(stats[name].count).toBe(500)
    for (const name of [...COUNTERS, ...GAUGES]) expect(Number.isSafeInteger(stats[name])).toBe(true)
  })
})

describe('gauges', () => {
  test('follow a run from the queue to its end', async () => {
    const engine = engineWith()
    const gauges = () => GAUGES.map((name) => engine.stats()[name])
    const [first, second] = [new AbortController(), new AbortController()]
    const endless = rejection(engine.runLua(ENDLESS, 'a', { signal: first.signal }))
    expect(gauges()).toEqual([0, 1, 0])
    const holder = rejection(engine.runLua(HOLDING, 'b', { signal: second.signal }))
    expect(gauges()).toEqual([1, 1, 0])
    await until(() => engine.stats().suspended === 1 && engine.stats().queued === 0)
    expect(gauges()).toEqual([0, 1, 1])
    const waits = engine.runLua('return 1', 'c')
    expect(gauges()).toEqual([1, 1, 1])
    first.abort()
    await endless
    // Its VM is given back once the thread is free.
    expect(gauges()).toEqual([1, 1, 1])
    second.abort()
    await Promise.all([holder, waits])
    await until(() => engine.stats().running + engine.stats().suspended === 0)
    expect(gauges()).toEqual([0, 0, 0])
  })

  test('are never negative, and never more than the calls', async () => {
    const engine = engineWith({ concurrency: 2 })
    const runs = Array.from({ length: 100 }, (_, i) => engine.runLua('for i = 1, 1e5 do end', `tenant-${i % 5}`))
    let settled = false
    const all = Promise.all(runs).then(() => {
      settled = true
    })
    while (!settled) {
      const { queued, running, suspended, completed } = engine.stats()
      for (const gauge of [queued, running, suspended]) expect(gauge).toBeGreaterThanOrEqual(0)
      expect(queued + running + suspended + completed).toBe(100)
      await new Promise(setImmediate)
    }
    await all
  })
})

describe('times', () => {
  test('are ordered, and the counts agree', async () => {
    const engine = engineWith({ concurrency: 2 })
    await Promise.all(Array.from({ length: 300 }, (_, i) => engine.runLua(`for i = 1, ${i * 100} do end`, 'x')))
    const stats = engine.stats()
    for (const name of TIMES) {
      const { min, mean, p50, p90, p99, p99_9, max, count } = stats[name]
      expect(count).toBe(300)
      const ordered = [0, min, p50, p90, p99, p99_9, max]
      expect(ordered).toEqual([...ordered].sort((a, b) => a - b))
      expect(min).toBeGreaterThan(0)
      expect(mean).toBeGreaterThanOrEqual(min)
      expect(mean).toBeLessThanOrEqual(max)
      expect(max).toBeLessThan(60_000)
    }
  })

  test('are in milliseconds', async () => {
    const engine = engineWith()
    const start = performance.now()
    await engine.runLua(ENDLESS, 'x', { timeout: FOREVER, cpuTimeout: 200 }).catch(() => {})
    // Percentiles are exact to 1 %.
    const most = (performance.now() - start) * 1.02
    const { runTime, cpuTime, queueTime } = engine.stats()
    for (const value of [runTime.min, runTime.p50, runTime.mean, runTime.max, cpuTime.max]) {
      expect(value).toBeGreaterThan(196)
      expect(value).toBeLessThanOrEqual(most)
    }
    expect(cpuTime.max).toBeLessThanOrEqual(runTime.max * 1.02)
    expect(queueTime.max + runTime.max).toBeLessThanOrEqual(most)
  })

  test('waiting for a turn is in runTime and not in cpuTime, and waiting in the queue in neither', async () => {
    const engine = engineWith()
    const runs = Array.from({ length: 4 }, (_, i) => rejection(engine.runLua(ENDLESS, `x${i}`, { cpuTimeout: 80 })))
    await Promise.all(runs)
    const { runTime, cpuTime } = engine.stats()
    expect(runTime.max).toBeGreaterThan(cpuTime.max * 1.5)
    engine.resetStats()
    const held = rejection(engine.runLua(HOLDING, 'x', { timeout: 200 }))
    await engine.runLua('return 1', 'y')
    await held
    const after = engine.stats()
    expect(after.queueTime.max).toBeGreaterThan(100)
    expect(after.runTime.min).toBeLessThan(100)
  })

  test('runs of which nothing was executed have none', async () => {
    const engine = engineWith({ maxQueue: 1 })
    const controller = new AbortController()
    rejection(engine.runLua(HOLDING, 'x'))
    const waits = rejection(engine.runLua('', 'x', { signal: controller.signal }))
    await rejection(engine.runLua('', 'x'))
    controller.abort()
    await waits
    for (const name of TIMES) expect(engine.stats()[name]).toEqual(EMPTY)
  })
})

describe('resetStats', () => {
  test('counters and times begin anew, and gauges stay', async () => {
    const engine = engineWith()
    await engine.runLua('return 1', 'x')
    await rejection(engine.runLua('local = 1', 'x'))
    rejection(engine.runLua(HOLDING, 'x'))
    rejection(engine.runLua('', 'x'))
    // Otherwise the VM, or the look into the cache, could still be counted after the reset.
    await until(() => engine.stats().cacheMisses === 3)
    engine.resetStats()
    const stats = engine.stats()
    expect(counted(engine)).toEqual({})
    expect(stats).toMatchObject({ queued: 1, running: 1, suspended: 0 })
    for (const name of TIMES) expect(stats[name]).toEqual(EMPTY)
    expect(stats.utilization).toBeGreaterThanOrEqual(0)
    expect(stats.utilization).toBeLessThanOrEqual(1)
  })

  test('what is counted afterwards is as in a new engine', async () => {
    const engine = engineWith()
    for (let round = 0; round < 5; round++) {
      await engine.runLua('return 1', 'x')
      const cache = round === 0 ? { cacheMisses: 1 } : { cacheHits: 1 }
      expect(counted(engine)).toEqual({ started: 1, completed: 1, vmsCreated: 1, ...cache })
      expect(engine.stats().runTime.count).toBe(1)
      engine.resetStats()
    }
  })

  test('other engines keep theirs', async () => {
    const [one, other] = [engineWith(), engineWith()]
    await Promise.all([one.runLua('', 'x'), other.runLua('', 'x')])
    one.resetStats()
    expect([one.stats().completed, other.stats().completed]).toEqual([0, 1])
  })
})

describe('utilization', () => {
  test('is high when the threads are busy, low when one of many is, and never more than 1', async () => {
    const [busy, idle] = [engineWith(), engineWith({ concurrency: 1000 })]
    await Promise.all([busy, idle].map((engine) => engine.runLua(BURN, 'x')))
    expect(busy.stats().utilization).toBeGreaterThan(0.5)
    expect(idle.stats().utilization).toBeLessThan(0.1)
    for (const engine of [busy, idle]) {
      expect(engine.stats().utilization).toBeGreaterThan(0)
      expect(engine.stats().utilization).toBeLessThanOrEqual(1)
    }
  })

  test('is at most 1 right after a reset in the middle of long work', async () => {
    const engine = engineWith()
    const held = rejection(engine.runLua(HOLDING, 'x', { timeout: 300 }))
    await engine.runLua('', 'y', { queueTimeout: 250 }).catch(() => {})
    engine.resetStats()
    await held
    expect(engine.stats().utilization).toBeLessThanOrEqual(1)
  })
})

describe('the tracing channel moonpool.run', () => {
  const channel = tracingChannel('moonpool.run')
  const PARTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']
  let events

  const handlers = Object.fromEntries(
    PARTS.map((part) => [part, (context) => events.push({ part, context, ...context })]),
  )

  beforeEach(() => {
    events = []
    channel.subscribe(handlers)
  })
  afterEach(() => channel.unsubscribe(handlers))

  const parts = () => events.map(({ part }) => part)

  test('a run that resolves: start, end, asyncStart, asyncEnd, with one context', async () => {
    const engine = engineWith()
    const run = engine.runLua('return 6 * 7', 'me', { name: 'rule' })
    expect(parts()).toEqual(['start', 'end'])
    expect(await run).toBe('42')
    expect(parts()).toEqual(['start', 'end', 'asyncStart', 'asyncEnd'])
    const [{ context }] = events
    expect(events.every((event) => event.context === context)).toBe(true)
    expect(context).toMatchObject({ scriptId: 'me', name: 'rule', result: '42' })
    expect(context.engine).toBe(engine)
    expect(context).not.toHaveProperty('error')
    // At its start neither its end nor its statistics are known.
    expect(Object.keys(events[0]).sort()).toEqual(['context', 'engine', 'name', 'part', 'scriptId'])
  })

  test('stats of a run: its times, slices and memory', async () => {
    await engineWith().runLua('for i = 1, 1e5 do end', 'x')
    const { queueTime, runTime, cpuTime, slices, peakMemory } = events.at(-1).stats
    for (const time of [queueTime, runTime, cpuTime]) expect(time).toBeGreaterThan(0)
    expect(slices).toBeGreaterThanOrEqual(1)
    expect(peakMemory).toBeGreaterThan(1000)
    expect(peakMemory).toBeLessThan(64 * MIB)
  })

  test('a run that rejects: error comes before asyncStart', async () => {
    const error = await rejection(engineWith().runLua('error("no")', 'me'))
    expect(parts()).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
    expect(events.at(-1).error).toBe(error)
    expect(events.at(-1).context).not.toHaveProperty('result')
    expect(events.at(-1).stats.slices).toBe(1)
    expect(events[0].name).toBe('me')
  })

  test.each([
    [
      'a full queue',
      'ERR_QUEUE_FULL',
      (engine) => {
        rejection(engine.runLua(HOLDING, 'holder'))
        return engine.runLua('', 'refused')
      },
    ],
    [
      'a queue timeout',
      'ERR_QUEUE_TIMEOUT',
      (engine) => {
        rejection(engine.runLua(HOLDING, 'holder'))
        return engine.runLua('', 'refused', { queueTimeout: 5 })
      },
    ],
    [
      'a closed engine',
      'ERR_ENGINE_CLOSED',
      (engine) => {
        engine.close()
        return engine.runLua('', 'refused')
      },
    ],
  ])('a run that is refused by %s is told, too', async (_what, code, refuse) => {
    const engine = engineWith({ maxQueue: code === 'ERR_QUEUE_FULL' ? 0 : 10 })
    const error = await rejection(refuse(engine))
    expect(error).toBeInstanceOf(LuaError)
    expect(error.code).toBe(code)
    const own = events.filter(({ scriptId }) => scriptId === 'refused')
    expect(own.map(({ part }) => part)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
    expect(own.at(-1).error).toBe(error)
    if (own.at(-1).stats) expect(own.at(-1).stats.slices).toBe(0)
  })

  test('a run that is aborted: its reason is the error', async () => {
    const controller = new AbortController()
    const engine = engineWith()
    const run = rejection(engine.runLua(ENDLESS, 'x', { signal: controller.signal }))
    const early = await rejection(engine.runLua('', 'y', { signal: AbortSignal.abort('early') }))
    controller.abort('reason')
    expect([await run, early]).toEqual(['reason', 'early'])
    const errors = events.filter(({ part }) => part === 'error').map(({ scriptId, error }) => [scriptId, error])
    expect(errors).toEqual([
      ['y', 'early'],
      ['x', 'reason'],
    ])
  })

  test('many at once: each has a context of its own', async () => {
    const engine = engineWith()
    await Promise.all(Array.from({ length: 50 }, (_, i) => engine.runLua(`return ${i}`, `tenant-${i}`)))
    expect(events).toHaveLength(200)
    expect(new Set(events.map(({ context }) => context)).size).toBe(50)
    for (const { part, scriptId, result } of events) {
      if (part.startsWith('async')) expect(`tenant-${result}`).toBe(scriptId)
    }
  })

  test('scripts, files and the exported runLua are told as well', async () => {
    const engine = engineWith()
    await engine.runLua(engine.compile('return 1', { name: 'compiled' }), 'x')
    await engine.runFile(path.join(folderWith({ 'file.lua': 'return 3' }), 'file.lua'), 'x')
    await runLua('return 2', 'y')
    const whole = ['start', 'end', 'asyncStart', 'asyncEnd']
    expect(parts()).toEqual([...whole, ...whole, ...whole])
    expect([events[0].name, events[4].name, events[8].name]).toEqual(['compiled', 'file.lua', 'y'])
    expect(events[8].engine).toBeInstanceOf(Engine)
    expect(events[8].engine).not.toBe(engine)
  })

  test('invalid arguments are told to nobody', async () => {
    const engine = engineWith()
    for (const args of [
      [1, 'x'],
      ['', ''],
      ['', 'x', { timeout: 0 }],
      ['12', 'x', { maxSource: 1 }],
    ]) {
      await rejection(engine.runLua(...args))
    }
    await rejection(engine.runFile(1, 'x'))
    expect(() => engine.compile('local = 1')).toThrow(LuaError)
    expect(events).toEqual([])
  })

  test('one subscriber to one part is enough', async () => {
    channel.unsubscribe(handlers)
    const seen = []
    const only = { error: (context) => seen.push(context.error.code) }
    channel.subscribe(only)
    await rejection(engineWith().runLua('error("no")', 'x'))
    await engineWith().runLua('return 1', 'x')
    channel.unsubscribe(only)
    expect(seen).toEqual(['ERR_LUA_RUNTIME'])
    expect(events).toEqual([])
  })

  test('a subscriber that throws changes no run', async () => {
    const { stdout } = await runProgram(`
      const { tracingChannel } = require('node:diagnostics_channel')
      const { runLua } = require('moonpool')
      let caught = 0
      process.on('uncaughtException', () => { caught += 1 })
      const fail = () => { throw new Error('from a subscriber') }
      tracingChannel('moonpool.run').subscribe({ start: fail, end: fail, asyncStart: fail, asyncEnd: fail, error: fail })
      runLua('return 1', 'x')
        .then((text) => runLua('error("no")', 'x').catch((error) => text + ' ' + error.code))
        .then((text) => setImmediate(() => console.log(text, caught)))`)
    expect(stdout).toBe('1 ERR_LUA_RUNTIME 9\n')
  })

  test('subscribers see the async context of the caller', async () => {
    const { stdout } = await runProgram(`
      const { AsyncLocalStorage } = require('node:async_hooks')
      const { tracingChannel } = require('node:diagnostics_channel')
      const { runLua } = require('moonpool')
      const storage = new AsyncLocalStorage()
      const seen = new Set()
      const look = ({ scriptId }) => seen.add(scriptId + ' ' + storage.getStore())
      tracingChannel('moonpool.run').subscribe({ start: look, end: look, asyncStart: look, asyncEnd: look })
      const runs = ['a', 'b', 'c'].map((id) => storage.run(id, () => runLua('return 1', id)))
      Promise.all(runs).then(() => console.log([...seen].sort().join()))`)
    expect(stdout).toBe('a a,b b,c c\n')
  })
})

describe('NODE_DEBUG', () => {
  const PROGRAM = `
    const { Engine } = require('moonpool')
    const engine = new Engine({ concurrency: 1, maxQueue: 5 })
    Promise.allSettled([
      engine.runLua('return "secret result"', 'fine'),
      engine.runLua('error("secret message")', 'broken'),
      engine.runLua('', 'gone', { signal: AbortSignal.timeout(60000) }),
    ])`

  test('moonpool: a line for each engine and each run, on stderr', async () => {
    const { stdout, stderr } = await runProgram(PROGRAM, { env: { NODE_DEBUG: 'moonpool' } })
    expect(stdout).toBe('')
    const lines = stderr.split('\n').filter((line) => line.startsWith('MOONPOOL '))
    expect(lines[0]).toContain('engine: 1 threads, a queue of 5')
    expect(stderr).toMatch(/fine: completed/)
    expect(stderr).toMatch(/broken: ERR_LUA_RUNTIME/)
    expect(stderr).toMatch(/gone: completed/)
    expect(lines).toHaveLength(4)
    expect(stderr).not.toContain('secret')
  })

  test('moonpool: what a host throws that cannot be shown breaks nothing', async () => {
    const program = `
      const { Engine } = require('moonpool')
      const engine = new Engine()
      const unsayable = { toString() { throw unsayable }, [Symbol.toPrimitive]() { throw unsayable } }
      const pool = engine.createPool('x', { size: 1, setup: () => { throw unsayable } })
      let abort
      const addEventListener = (_, listener) => { abort = listener }
      const removeEventListener = () => { throw unsayable }
      const signal = { aborted: false, reason: 'enough', addEventListener, removeEventListener }
      engine.runLua('while true do end', 'y', { signal }).catch((reason) => console.log(reason))
      setImmediate(async () => {
        abort()
        await engine.close({ timeout: ${FOREVER} })
        console.log('closed')
      })`
    const { exitCode, stdout, stderr } = await runProgram(program, { env: { NODE_DEBUG: 'moonpool' } })
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'enough\nclosed\n' })
    expect(stderr).toMatch(/x: setup of a context of a pool has failed: /)
    expect(stderr).toMatch(/a signal keeps its listener: /)
  })

  test.each([undefined, '', 'http', 'moon'])('%p: nothing', async (setting) => {
    const { stdout, stderr } = await runProgram(PROGRAM, { env: { NODE_DEBUG: setting } })
    expect(stdout + stderr).toBe('')
  })
})
