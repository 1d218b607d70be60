// The end of timers: closing an engine, the end of a process and of a worker thread; and failures, which are logged.
// Beside other tests: what it measures may take seconds.
'use strict'

const { AsyncLocalStorage } = require('node:async_hooks')
const { LuaError } = require('..')
const { Timers } = require('../lib/timers')
const { runProgram } = require('./support/child')
const { ENDLESS, FOREVER, holdingAfter } = require('./support/constants')
const { engineExposing, engineWith, hold, until } = require('./support/engine')
const { message, startWorker } = require('./support/worker')

function telling(options) {
  const told = []
  const engine = engineExposing({ tell: (_context, ...values) => void told.push(values) }, options)
  return { engine, told }
}

describe('closing an engine', () => {
  test('runs what is pending once, prematurely, and takes nothing new', async () => {
    const { engine, told } = telling()
    await engine.run(
      `local f = function(premature, name)
         local id, message = timer.at(0, function() end)
         host.tell(name, premature, id, message)
       end
       timer.at(600, f, 'at')
       timer.every(600, f, 'every')
       timer.cancel(timer.at(600, f, 'cancelled'))`,
      'x',
    )
    await engine.close({ timeout: FOREVER })
    expect(told.sort()).toEqual([
      ['at', true, undefined, 'engine closing'],
      ['every', true, undefined, 'engine closing'],
    ])
    expect(engine.timers()).toEqual([])
    expect(engine.stats()).toMatchObject({ completed: 3, rejected: 0, queued: 0, running: 0, suspended: 0 })
  })

  test('waits for the run of a timer that has begun, and then runs it once more', async () => {
    const told = []
    let release
    const engine = engineWith()
    engine.expose('hold', (_context, premature) => {
      told.push(premature)
      return new Promise((resolve) => {
        release = resolve
      })
    })
    await engine.run('timer.every(0.001, function(premature) host.hold(premature) end)', 'x')
    await until(() => told.length === 1)
    const closed = engine.close({ timeout: FOREVER })
    release()
    await until(() => told.length === 2)
    release()
    await closed
    expect(told).toEqual([false, true])
    expect(engine.timers()).toEqual([])
  })

  test('refuses timers of runs that have not ended', async () => {
    const { engine } = telling()
    let begun
    const release = new Promise((resolve) => {
      begun = resolve
    })
    let goOn
    engine.expose('wait', () => {
      begun()
      return new Promise((resolve) => {
        goOn = resolve
      })
    })
    const run = engine.run('host.wait() return timer.at(0, function() end)', 'x')
    await release
    const closed = engine.close({ timeout: FOREVER })
    goOn()
    expect((await run).values).toEqual([undefined, 'engine closing'])
    await closed
  })

  test.each([
    ['a thread', ENDLESS],
    ['a wait', 'sleep(600)'],
  ])('ends in time, when handlers hold %s for ever', async (_name, body) => {
    const engine = engineWith({ defaults: { timeout: FOREVER } })
    await engine.run(`for i = 1, 64 do timer.at(600, function() ${body} end) end`, 'x')
    const start = performance.now()
    await engine.close({ timeout: 50 })
    expect(performance.now() - start).toBeLessThan(5000)
    expect(engine.timers()).toEqual([])
    expect(engine.stats()).toMatchObject({ queued: 0, running: 0, suspended: 0 })
  })

  test('runs as many as there are, also where few may wait', async () => {
    const { engine, told } = telling({ concurrency: 1, maxQueue: 2, maxTimersPerId: 100 })
    await engine.run('for i = 1, 100 do timer.every(600, function() host.tell() end) end', 'x')
    await engine.close({ timeout: FOREVER })
    expect(told).toHaveLength(100)
    expect(engine.stats()).toMatchObject({ completed: 101, rejected: 0 })
  })

  test('runs them in the async context in which the engine was made, as it does before', async () => {
    const store = new AsyncLocalStorage()
    const told = []
    const engine = store.run('made', () => engineExposing({ tell: () => void told.push(store.getStore()) }))
    const make = 'timer.at(0, function() host.tell() end) timer.at(600, function() host.tell() end)'
    await store.run('run', () => engine.run(make, 'x'))
    await until(() => told.length === 1)
    await store.run('closing', () => engine.close({ timeout: FOREVER }))
    expect(told).toEqual(['made', 'made'])
  })

  test('may be closed by what a timer calls', async () => {
    const engine = engineWith()
    let closed
    engine.expose('close', () => {
      closed = engine.close({ timeout: FOREVER })
    })
    await engine.run('timer.at(0, function() host.close() end) timer.at(600, function() host.close() end)', 'x')
    await until(() => closed !== undefined)
    await closed
    expect(engine.timers()).toEqual([])
  })
})

describe('a process', () => {
  test('ends while timers are pending', async () => {
    const { exitCode, stdout, stderr } = await runProgram(`
      const { Engine } = require('moonpool')
      const engine = new Engine()
      engine.expose('tell', (_context, ...values) => console.log(...values))
      process.on('exit', () => console.log('exit', engine.timers().length))
      engine.run('for _ = 1, 3 do timer.at(600, function() host.tell("late") end) end timer.every(300, print)'.replace('print', 'function() end'), 'x')
    `)
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: 'exit 4\n', stderr: '' })
  })

  test('runs timers while something else keeps it alive, and none after process.exit()', async () => {
    const { exitCode, stdout } = await runProgram(`
      const { runLua, Engine } = require('moonpool')
      const engine = new Engine()
      let told = 0
      engine.expose('tell', () => {
        told += 1
        if (told < 5) return
        console.log('told', told)
        process.exit(7)
      })
      setTimeout(() => {}, 60_000)
      engine.run('timer.every(0.002, function() host.tell() end)', 'x')
    `)
    expect({ exitCode, stdout }).toEqual({ exitCode: 7, stdout: 'told 5\n' })
  })

  test('runs timers that are due when nothing else wakes it up', async () => {
    // The function for limits takes long, and fails: no run of these begins, and no thread tells of its end.
    const { exitCode, stdout } = await runProgram(`
      const { Engine } = require('moonpool')
      let fails = false
      const perId = () => {
        if (!fails) return {}
        const begun = performance.now()
        while (performance.now() - begun < 6);
        throw new Error('no')
      }
      const engine = new Engine({ perId, warmVms: 0 })
      let failures = 0
      engine.on('log', () => {
        failures += 1
        if (failures === 5) process.exit(0)
      })
      setTimeout(() => console.log('late', failures) || process.exit(1), 10_000)
      engine.run('for _ = 1, 5 do timer.at(0.2, function() end) end', 'x').then(() => setTimeout(() => {
        fails = true
        engine.refreshLimits()
      }, 50))
    `)
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' })
  })

  test('keeps an engine that nobody holds as long as it has timers', async () => {
    const { exitCode, stdout, stderr } = await runProgram(`
      const { Engine } = require('moonpool')
      const { GARBAGE_COLLECTION } = require('./__tests__/support/child')
      const { setTimeout: sleep } = require('node:timers/promises')
      require('node:v8').setFlagsFromString('--expose-gc')
      const gc = require('node:vm').runInNewContext('gc')
      let told = 0
      const gone = new FinalizationRegistry(() => console.log('gone'))
      async function make() {
        const engine = new Engine()
        gone.register(engine)
        engine.expose('tell', () => { told += 1; if (told === 20) { engine.cancelTimers(); console.log('cancelled') } })
        await engine.run('timer.every(0.01, function() host.tell() end)', 'x')
      }
      ;(async () => {
        await make()
        for (let i = 0; i < 100 && told < 20; i++) { await sleep(20); gc() }
        for (let i = 0; i < 50; i++) { await sleep(10); gc() }
      })()
    `)
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: 'cancelled\ngone\n', stderr: '' })
  })
})

describe('a worker thread', () => {
  test('is terminated while timers are pending and running', async () => {
    const worker = startWorker(`
      const engine = new Engine()
      engine.expose('tell', () => parentPort.postMessage('told'))
      engine.run('for _ = 1, 20 do timer.every(0.001, function() host.tell() end) timer.at(600, function() end) end', 'x')
      setInterval(() => {}, 1000)
    `)
    await message(worker)
    expect(await worker.terminate()).toBe(1)
  })

  test('ends by itself while timers are pending', async () => {
    const worker = startWorker(`new Engine().run('timer.every(600, function() end)', 'x')`)
    expect(await new Promise((resolve) => worker.once('exit', resolve))).toBe(0)
  })
})

describe('a failure', () => {
  /** What `lib/timers.js` logs when the run of a timer ends so. */
  async function logged(error) {
    const entries = []
    let left = 1
    const takeTimer = (due) => {
      due.set([7, 1, 2])
      return left-- > 0 ? 'acme' : undefined
    }
    const ended = []
    const native = {
      timerTaker: () => takeTimer,
      plainTimers: () => undefined,
      timerNames: () => ({ name: 'maker' }),
      timerNews: () => ({ made: [], gone: [], next: null }),
      timerEnded: (...values) => ended.push(values),
    }
    await new Promise((resolve) => {
      const log = (entry) => entries.push(entry)
      const begin = (_run, done) => done({ error })
      const desk = { native, inFlight: new Map(), defaults: {}, gone: resolve, log, begin }
      const scope = { runInAsyncScope: (work, that, ...values) => work.apply(that, values) }
      new Timers(desk, { scope, capacity: 1 }).fire()
    })
    expect(ended).toEqual([[7]])
    expect(entries).toHaveLength(1)
    return entries[0]
  }

  test('is logged, with the number of the timer and the code', async () => {
    const failure = { code: 'ERR_LUA_RUNTIME', message: 'm:3: no', chunk: 'm', line: 3, output: '' }
    const before = Date.now()
    const entry = await logged(new LuaError(failure, 'acme'))
    expect(entry).toMatchObject({
      level: 'error',
      scriptId: 'acme',
      name: 'm',
      line: 3,
      message: 'm:3: no',
      fields: { timer: 7, code: 'ERR_LUA_RUNTIME' },
    })
    expect(entry.time).toBeGreaterThanOrEqual(before)
    expect(await logged('nonsense')).toMatchObject({ name: 'maker', message: 'nonsense', fields: { timer: 7 } })
    expect(await logged(undefined)).toMatchObject({ message: 'undefined' })
    const unseen = {
      get: () => {
        throw new Error('no')
      },
    }
    for (const error of [Symbol('odd'), Object.create(null), new Proxy({}, unseen)]) {
      expect(await logged(error)).toMatchObject({ message: expect.any(String), fields: { timer: 7 } })
    }
  })

  test('by a full queue does not end a timer', async () => {
    const { engine, told } = telling({ concurrency: 1, maxQueue: 0 })
    engine.expose('holds', () => undefined)
    const release = hold(engine, holdingAfter('timer.every(0.005, function() host.tell() end) host.holds()'))
    await until(() => engine.timers()[0]?.failed > 2)
    expect(told).toEqual([])
    expect(engine.stats().rejected).toBe(engine.timers()[0].failed)
    await release()
    await until(() => told.length > 2)
    expect(engine.timers()).toHaveLength(1)
    engine.cancelTimers()
  })

  test('of the function that says what an id may use is one of the timer', async () => {
    let fails = false
    const engine = engineWith({
      perId: () => {
        if (fails) throw new Error('no')
        return {}
      },
    })
    await engine.run('timer.every(0.005, function() end)', 'x')
    fails = true
    engine.refreshLimits()
    await until(() => engine.timers()[0].failed > 1)
    fails = false
    const { failed, runs } = engine.timers()[0]
    await until(() => engine.timers()[0].runs > runs + failed + 2)
    engine.cancelTimers()
  })
})
