// What scripts log: who hears of it, when, in which order, and what becomes of floods.
'use strict'

const { AsyncLocalStorage } = require('node:async_hooks')
const { Writable } = require('node:stream')
const pino = require('pino')
const { Engine } = require('..')
const { EventEmitter } = require('node:events')
const { LEVELS, Logs } = require('../lib/logs')
const { runProgram } = require('./support/child')
const { FOREVER } = require('./support/constants')
const { engineExposing, engineWith, until } = require('./support/engine')
const { rejection } = require('./support/rejection')
const { watched } = require('./support/stalls')

/** The entries of an engine, from now on. */
function entriesOf(engine) {
  const entries = []
  engine.on('log', (entry) => entries.push(entry))
  return entries
}

const messages = (entries) => entries.map(({ message }) => message)

describe('an entry', () => {
  test('says when, how much it matters, whose it is, where, and what', async () => {
    const engine = engineWith()
    const entries = entriesOf(engine)
    const before = Date.now()
    await engine.run('log.info("first")\nlog.error("second", { n = 1, list = { 1, 2 } })', 'acme', { name: 'a.lua' })
    await engine.runLua('warn("a", "b")', 'globex')
    const [first] = entries
    expect(first.time).toBeGreaterThanOrEqual(before)
    expect(first.time).toBeLessThanOrEqual(Date.now())
    expect(entries.map(({ time, run, ...entry }) => entry)).toEqual([
      { level: 'info', scriptId: 'acme', name: 'a.lua', line: 1, message: 'first', fields: undefined },
      {
        level: 'error',
        scriptId: 'acme',
        name: 'a.lua',
        line: 2,
        message: 'second',
        fields: { n: 1, list: [1, 2] },
      },
      { level: 'warn', scriptId: 'globex', name: 'globex', line: 1, message: 'ab', fields: undefined },
    ])
    const runs = entries.map(({ run }) => run)
    expect(runs[0]).toBe(runs[1])
    expect(runs[2]).not.toBe(runs[0])
  })

  test('names the module in which it was logged', async () => {
    const engine = engineWith()
    engine.addModule('tax', '\nlog.info("loaded")')
    const entries = entriesOf(engine)
    await engine.run('require("tax")', 'acme', { name: 'main.lua' })
    expect(entries).toMatchObject([{ name: 'tax', line: 2 }])
  })

  test('has another name where the script has loaded a chunk with one; and no other id and number', async () => {
    const engine = engineWith()
    const entries = entriesOf(engine)
    await engine.run('load("log.info(1)", "@other.lua")() log.info(2)', 'acme', { name: 'main.lua' })
    const [{ run }] = entries
    expect(entries).toMatchObject([
      { name: 'other.lua', scriptId: 'acme', run },
      { name: 'main.lua', scriptId: 'acme', run },
    ])
  })

  test('can be written as JSON, whatever a script gives', async () => {
    const engine = engineWith()
    const lines = []
    engine.on('log', (entry) => lines.push(JSON.parse(JSON.stringify(entry))))
    const fields = '{ big = 1 << 62, nan = 0/0, null = json.null, ["__proto__"] = { x = 1 }, toJSON = "x" }'
    await engine.run(`log.info("a\\0\\n\\xFF", ${fields}) log.info("b", { print })`, 'acme')
    expect(lines[0].message).toBe('a\0\n\uFFFD')
    expect(lines[0].fields).toMatchObject({ big: String(1n << 62n), null: null, toJSON: 'x' })
    expect(lines[1].fields).toEqual({ logError: 'fields[1] is a function' })
  })
})

describe('the order', () => {
  test('entries come in that in which they were logged, and before the promise settles', async () => {
    const engine = engineWith()
    const heard = []
    engine.on('log', ({ message }) => heard.push(message))
    await engine.run('for i = 1, 500 do log.info(i) end', 'acme').then(() => heard.push('end'))
    expect(heard).toEqual([...Array.from({ length: 500 }, (_, i) => String(i + 1)), 'end'])
  })

  test('so do big ones, and those of a run that fails', async () => {
    const engine = engineWith({ maxLog: 1024 * 1024 })
    const heard = []
    engine.on('log', ({ message }) => heard.push(message.length))
    const error = rejection(engine.run('for i = 1, 50 do log.info(("é"):rep(5000 + i)) end error("x")', 'acme'))
    await error.then(() => heard.push('end'))
    expect(heard).toEqual([...Array.from({ length: 50 }, (_, i) => 5001 + i), 'end'])
  })

  test('they come before a call of the host that is made after them, and before the run has ended', async () => {
    const heard = []
    const engine = engineExposing({ ask: () => heard.push('asked') }, { maxLog: 1024 * 1024 })
    engine.on('log', ({ message }) => heard.push(message.length))
    await engine.run('log.info(("x"):rep(50000)) host.ask() log.info("y") sleep(0.001) host.ask()', 'acme')
    expect(heard).toEqual([50000, 'asked', 1, 'asked'])
  })

  test('nothing is told of a run whose promise has settled', async () => {
    const engine = engineWith()
    const entries = entriesOf(engine)
    const controller = new AbortController()
    engine.on('log', () => controller.abort())
    const options = { signal: controller.signal, timeout: FOREVER }
    await rejection(engine.run('while true do log.info("x") end', 'acme', options))
    const heard = entries.length
    expect(heard).toBe(1)
    await engine.close()
    expect(entries.length).toBe(heard)
  })
})

describe('levels', () => {
  test.each(LEVELS)('%s', async (logLevel) => {
    const all = 'log.debug("debug") log.info("info") log.warn("warn") log.error("error")'
    const wanted = LEVELS.slice(LEVELS.indexOf(logLevel), 4)
    const [own, others] = [engineWith({ logLevel }), engineWith({ logLevel: 'silent' })]
    const [entries, ofOthers] = [entriesOf(own), entriesOf(others)]
    await own.run(all, 'acme')
    await others.run(all, 'acme', { logLevel })
    await others.runLua(all, 'acme', { logLevel })
    await others.run(all, 'acme')
    const context = others.createContext('acme', { logLevel })
    await context.run(all)
    await context.run(all, { logLevel: 'silent' })
    expect(messages(entries)).toEqual(wanted)
    expect(messages(ofOthers)).toEqual([...wanted, ...wanted, ...wanted])
  })

  test('without the library, warn logs all the same', async () => {
    const engine = engineWith({ libraries: [] })
    const entries = entriesOf(engine)
    expect((await engine.run('warn("x") return log == nil', 'acme')).value).toBe(true)
    expect(messages(entries)).toEqual(['x'])
  })
})

describe('the logger', () => {
  test('is given fields and a message, with what the script gave apart', async () => {
    const calls = []
    const methods = ['debug', 'info', 'warn', 'error'].map((name) => [name, (...args) => calls.push([name, ...args])])
    const engine = engineWith({ logger: Object.fromEntries(methods), logLevel: 'debug' })
    await engine.run('log.debug("a", { scriptId = "forged" }) log.error("b")', 'acme')
    const about = { scriptId: 'acme', name: 'acme', line: 1, run: 0 }
    expect(calls).toEqual([
      ['debug', { ...about, fields: { scriptId: 'forged' } }, 'a'],
      ['error', about, 'b'],
    ])
  })

  test('may be one of pino, which exchanges its methods when its level changes', async () => {
    const lines = []
    const stream = new Writable({ write: (line, _, done) => done(void lines.push(JSON.parse(line))) })
    const logger = pino({ level: 'error' }, stream)
    const engine = engineWith({ logger })
    await engine.run('log.info("no")', 'acme')
    logger.level = 'info'
    await engine.run('log.info("yes", { n = 1 })', 'acme')
    expect(lines).toMatchObject([{ level: 30, msg: 'yes', scriptId: 'acme', line: 1, fields: { n: 1 } }])
  })

  const good = { debug() {}, info() {}, warn() {}, error() {} }
  test.each([
    ['null', null, 'Received null'],
    ['a string', 'console', `Received type string ('console')`],
    ['an object without methods', {}, `Its 'debug' is undefined`],
    ['an object without one method', { ...good, warn: undefined }, `Its 'warn' is undefined`],
    ['a method that is none', { ...good, error: 1 }, `Its 'error' is type number (1)`],
    [
      'a getter that throws',
      {
        ...good,
        get info() {
          throw new Error('no')
        },
      },
      `Its 'info' cannot be read`,
    ],
    [
      'a Proxy that throws',
      new Proxy(good, {
        get() {
          throw new Error('no')
        },
      }),
      `Its 'debug' cannot be read`,
    ],
  ])('%s: refused when the engine is made', (_what, logger, got) => {
    const rule = 'The "options.logger" property must be an object with the methods debug, info, warn and error. '
    expect(() => new Engine({ logger })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE', message: rule + got }),
    )
  })

  test.each([
    ['logLevel', 'trace', `must be one of 'debug', 'info', 'warn', 'error', 'silent'. Received type string ('trace')`],
    ['logLevel', 3, 'Received type number (3)'],
    ['maxLog', -1, 'must be a whole number of bytes from 0 to 2147483647. Received -1'],
    ['onOutput', 'x', `must be a function. Received type string ('x')`],
  ])('%s: %p is refused by name', async (name, value, got) => {
    const error = await rejection(engineWith().run('return 1', 'acme', { [name]: value }))
    expect(error.message).toContain(`"options.${name}" property`)
    expect(error.message).toContain(got)
    if (name !== 'onOutput') expect(() => new Engine({ [name]: value })).toThrow(got)
  })
})

test("an entry that is no script's goes the same way, if the level of the engine lets it through", () => {
  const calls = []
  const logger = { warn: (...args) => calls.push(args) }
  const engine = new EventEmitter()
  engine.on('log', (entry) => calls.push(entry))
  const logs = new Logs({ logger, logLevel: 'warn', maxLog: 1 }, engine)
  const entry = { time: 1, level: 'warn', scriptId: 'acme', name: 'timer', line: undefined, message: 'failed', run: 7 }
  logs.tellOwn(entry)
  logs.tellOwn({ ...entry, level: 'info' })
  expect(calls).toEqual([entry, [{ scriptId: 'acme', name: 'timer', line: undefined, run: 7 }, 'failed']])
})

test('listeners are called in the async context of the call', async () => {
  const storage = new AsyncLocalStorage()
  const engine = engineWith({ maxLog: 1024 * 1024 })
  const heard = []
  engine.on('log', ({ message }) => heard.push([storage.getStore(), message.length]))
  const run = (caller, size) =>
    storage.run(caller, () => engine.run(`sleep(0.002) log.info(("x"):rep(${size}))`, 'acme'))
  await Promise.all([run('a', 1), run('b', 100_000), run('c', 3)])
  expect(heard.sort()).toEqual([
    ['a', 1],
    ['b', 100_000],
    ['c', 3],
  ])
})

describe('contexts', () => {
  test('each run has a maxLog of its own, and a number of its own', async () => {
    const engine = engineWith({ maxLog: 200 })
    const entries = entriesOf(engine)
    const context = engine.createContext('acme', { name: 'room' })
    await context.run('function f() for i = 1, 10 do log.info(i) end end f()')
    await context.call('f')
    await context.run('f()', { maxLog: 100_000 })
    const counts = new Map()
    for (const { run } of entries) counts.set(run, (counts.get(run) ?? 0) + 1)
    expect([...counts.values()]).toEqual([4, 4, 10])
    expect(entries[3]).toMatchObject({
      level: 'warn',
      name: 'room',
      line: undefined,
      message: '7 log entries were dropped: the run has used up its maxLog of 200 bytes',
    })
  })
})

describe('whatever a listener does', () => {
  test('what it throws is told as an uncaught exception, and everybody else hears', async () => {
    const { exitCode, stdout, stderr } = await runProgram(`
      const { Engine } = require('moonpool')
      const said = []
      process.on('uncaughtException', (error) => said.push('uncaught ' + error.message))
      const logger = { debug() {}, info() { throw new Error('logger') }, warn() {}, error() {} }
      const engine = new Engine({ logger })
      engine.on('log', () => { throw new Error('first') })
      engine.once('log', ({ message }) => said.push('once ' + message))
      engine.on('log', ({ message }) => said.push('second ' + message))
      const onOutput = () => { throw new Error('output') }
      engine.run('log.info(1) log.info(2) print("x") return 3', 'acme', { onOutput }).then(({ value }) => {
        said.push('value ' + value)
        setImmediate(() => setImmediate(() => console.log(JSON.stringify(said.sort()))))
      })`)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual([
      'once 1',
      'second 1',
      'second 2',
      'uncaught first',
      'uncaught first',
      'uncaught logger',
      'uncaught logger',
      'uncaught output',
      'value 3',
    ])
  })

  test('the run settles once when it is stopped, or the engine closed, in the middle of its entries', async () => {
    for (const act of ['abort', 'close', 'run', 'settle']) {
      const engine = engineWith({ maxLog: 1024 * 1024 })
      const controller = new AbortController()
      let times = 0
      let inner
      engine.on('log', ({ message }) => {
        times += 1
        if (message !== '3') return
        if (act === 'abort') controller.abort()
        if (act === 'close') engine.close({ timeout: 0 })
        if (act === 'run') inner = engine.run('return "inner"', 'acme')
        if (act === 'settle') engine.removeAllListeners('log')
      })
      const outcome = await engine
        .run('for i = 1, 2000 do log.info(i) end return "outer"', 'acme', { signal: controller.signal })
        .then(
          ({ value }) => value,
          (error) => error.name,
        )
      const wanted = { abort: ['AbortError', 3], close: ['LuaError', 3], run: ['outer', 2000], settle: ['outer', 3] }
      // What is decoded when the engine is closed may have been all.
      if (act !== 'close') expect([act, outcome, times]).toEqual([act, ...wanted[act]])
      if (inner) expect((await inner).value).toBe('inner')
      await engine.close({ timeout: 0 })
      expect(engine.stats()).toMatchObject({ queued: 0, running: 0, suspended: 0 })
    }
  })
})

describe('floods', () => {
  test('many runs that log as much as they may do not hold the event loop up', async () => {
    const engine = engineWith()
    let heard = 0
    engine.on('log', () => {
      heard += 1
    })
    const flood = 'local fields = { {}, {}, { a = 1 } } for i = 1, 1e5 do log.info("", fields) end'
    const runs = () => Promise.all(Array.from({ length: 64 }, (_, i) => engine.run(flood, `id-${i}`)))
    const { error, longest } = await watched(runs)
    expect(error).toBeUndefined()
    expect(heard).toBeLessThanOrEqual(64 * 1025)
    expect(heard).toBeGreaterThan(64 * 50)
    expect(longest).toBeLessThan(50)
  })

  test('an entry without anything counts as well, and nobody but the last says how many were dropped', async () => {
    const engine = engineWith()
    const entries = entriesOf(engine)
    await engine.run('for i = 1, 1e5 do log.info("") end', 'acme')
    expect(entries.length).toBe(1025)
    expect(entries.at(-1).message).toMatch(/^98976 log entries were dropped/)
  })

  test('maxLog: 0 takes none, and says so', async () => {
    const engine = engineWith({ maxLog: 0 })
    const entries = entriesOf(engine)
    await engine.run('log.info("x") log.debug("y")', 'acme')
    expect(messages(entries)).toEqual(['1 log entry was dropped: the run has used up its maxLog of 0 bytes'])
  })

  test('nothing is kept where nobody listens', async () => {
    const engine = engineWith()
    await engine.run('for i = 1, 1e5 do log.info(i, { i }) end', 'acme')
    await until(() => engine.stats().memory === 0 || engine.stats().running === 0)
    expect(engine.stats().completed).toBe(1)
  })
})
