// What one id may use of an engine: its runs, its time, its calls of the host, its memory, its State, its places in the queue.
'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const { Engine, LuaError } = require('..')
const { MIB } = require('./support/constants')
const { engineExposing, engineWith, hold, until } = require('./support/engine')
const { ends, expectBadArgument, rejection, thrownBy } = require('./support/rejection')

const withPerId = (perId, options) => engineWith({ concurrency: 1, perId, ...options })

describe('the option', () => {
  test.each([
    [5, TypeError, 'must be an object or a function'],
    [null, TypeError, 'must be an object or a function'],
    [[], TypeError, 'must be an object or a function'],
    [{ maxqueued: 1 }, TypeError, "unknown option 'maxqueued'; did you mean 'maxQueued'?"],
    [{ maxQueued: -1 }, RangeError, '"options.perId.maxQueued" property must be a whole number of runs from 0'],
    [{ maxStarted: 0 }, RangeError, 'from 1'],
    [{ maxWaiting: '3' }, TypeError, "type string ('3')"],
    [{ cpuPerSecond: 0 }, RangeError, 'milliseconds above 0'],
    [{ hostCallsPerSecond: 0.5 }, RangeError, 'a whole number of calls from 1'],
    [{ memory: 1024 }, RangeError, 'bytes from 1048576'],
    [{ stateQuota: -1 }, RangeError, 'bytes from 0'],
    [{ weight: 0 }, RangeError, 'must be a number from 0.01 to 100. Received 0'],
    [{ weight: Number.NaN }, RangeError, 'Received NaN'],
    [{ weight: 1n }, TypeError, 'type bigint'],
  ])('%p is refused', (perId, ErrorClass, says) => {
    expectBadArgument(
      thrownBy(() => new Engine({ perId })),
      ErrorClass,
      says,
    )
  })

  test('a getter is asked once, when the engine is made', async () => {
    let asked = 0
    const perId = {
      get maxQueued() {
        return asked++ === 0 ? 1 : 'nonsense'
      },
    }
    const engine = withPerId(perId)
    await engine.runLua('return 1', 'x')
    engine.refreshLimits()
    expect([await engine.runLua('return 1', 'x'), asked]).toEqual(['1', 1])
  })
})

describe('maxQueued', () => {
  test('one run more of an id rejects with ERR_QUOTA, and other ids do not notice', async () => {
    const engine = withPerId({ maxQueued: 2 })
    const release = hold(engine)
    const queued = [1, 2].map((i) => engine.runLua(`return ${i}`, 'a'))
    const error = await rejection(engine.runLua('State.set("ran", true)', 'a'))
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ code: 'ERR_QUOTA', limit: 'maxQueued', scriptId: 'a', output: '' })
    expect(error.toJSON()).toMatchObject({ limit: 'maxQueued', retryAfter: error.retryAfter })
    expect(error.message).toContain('2 runs of this id wait (perId.maxQueued)')
    expect(Number.isInteger(error.retryAfter) && error.retryAfter >= 1).toBe(true)
    const other = engine.runLua('return "other"', 'b')
    expect(engine.usage('a')).toMatchObject({ queued: 2, rejected: 1 })
    await release()
    expect(await Promise.all([...queued, other])).toEqual(['1', '2', 'other'])
    expect(await engine.runLua('return State.has("ran")', 'a')).toBe('false')
  })

  test('runs that wait for their turn in a context count, too', async () => {
    const engine = withPerId({ maxQueued: 2 })
    const context = engine.createContext('a')
    const first = context.run('sleep(0.02) return 1')
    await until(() => engine.usage('a').waiting === 1)
    const runs = [1, 2, 3].map(() => context.run('return 1'))
    expect(await ends([runs[2]])).toEqual(['ERR_QUOTA'])
    expect((await Promise.all([first, ...runs.slice(0, 2)])).map(({ value }) => value)).toEqual([1, 1, 1])
  })

  test('who tries again after retryAfter gets in before long', async () => {
    const engine = withPerId({ maxQueued: 1, maxStarted: 1 })
    const tries = []
    const one = async () => {
      for (let tried = 1; ; tried++) {
        const error = await engine.runLua('sleep(0.005)', 'a').catch((error) => error)
        if (!(error instanceof LuaError)) return tries.push(tried)
        expect(error.code).toBe('ERR_QUOTA')
        await sleep(error.retryAfter)
      }
    }
    await Promise.all(Array.from({ length: 5 }, one))
    expect(Math.max(...tries)).toBeLessThan(50)
  })
})

describe('maxStarted and maxWaiting', () => {
  test('no more runs begin than may be started, and all get done', async () => {
    const engine = withPerId({ maxStarted: 2 }, { concurrency: 2 })
    let most = 0
    const runs = Array.from({ length: 10 }, () => engine.runLua('sleep(0.002) return 1', 'a'))
    const done = Promise.all(runs)
    const other = engine.runLua('return "other"', 'b')
    while (engine.usage('a').completed < 10) {
      most = Math.max(most, engine.usage('a').started)
      await new Promise(setImmediate)
    }
    await Promise.all([done, other])
    expect(most).toBe(2)
  })

  test('while so many of an id wait, no further one begins', async () => {
    const answers = []
    const engine = engineExposing(
      { ask: () => new Promise((resolve) => answers.push(resolve)) },
      { concurrency: 1, perId: { maxWaiting: 3 } },
    )
    const runs = Array.from({ length: 8 }, () => engine.runLua('return host.ask()', 'a'))
    await until(() => answers.length === 3)
    expect(await engine.runLua('return "other"', 'b')).toBe('other')
    expect(engine.usage('a')).toMatchObject({ queued: 5, started: 3, waiting: 3 })
    for (let i = 0; i < 8; i++) {
      await until(() => answers.length > i)
      answers[i](i)
    }
    expect(new Set(await Promise.all(runs)).size).toBe(8)
  })
})

describe('rates', () => {
  test('an id over its cpuPerSecond goes on when nobody else wants the turn', async () => {
    const engine = withPerId({ cpuPerSecond: 1 })
    const { stats } = await engine.run('local t = os.clock() while os.clock() - t < 0.05 do end', 'a')
    expect(stats.slices).toBeGreaterThan(1)
    expect(await engine.runLua('return "still"', 'a')).toBe('still')
  })

  test('and others go first while they want it', async () => {
    const engine = withPerId((id) => (id === 'a' ? { cpuPerSecond: 0.001 } : {}))
    await engine.runLua('local t = os.clock() while os.clock() - t < 0.01 do end', 'a')
    const release = hold(engine)
    const order = []
    const note = (name, run) => run.then(() => order.push(name))
    const runs = [note('a', engine.runLua('return 1', 'a'))]
    for (let i = 0; i < 30; i++) runs.push(note('b', engine.runLua('return 1', 'b')))
    await release()
    await Promise.all(runs)
    expect(order.indexOf('a')).toBe(30)
  })

  test('calls beyond hostCallsPerSecond wait, and none fails', async () => {
    const engine = engineExposing({ get: () => 1 }, { concurrency: 1, perId: { hostCallsPerSecond: 20 } })
    const start = performance.now()
    const script = 'local n = 0 for i = 1, 26 do n = n + host.get() end return n'
    expect(await engine.runLua(script, 'a')).toBe('26')
    expect(performance.now() - start).toBeGreaterThan(270)
    expect(engine.usage('a').hostCalls).toBe(26)
  })

  test('a call that waits ends with its run, and is never made', async () => {
    let calls = 0
    const engine = engineExposing({ get: () => ++calls }, { concurrency: 1, perId: { hostCallsPerSecond: 1 } })
    await engine.runLua('host.get()', 'a')
    const error = await rejection(engine.runLua('pcall(host.get) pcall(host.get)', 'a', { timeout: 30 }))
    expect([error.code, calls]).toEqual(['ERR_LUA_TIMEOUT', 1])
    const controller = new AbortController()
    const stopped = rejection(engine.runLua('host.get()', 'a', { signal: controller.signal }))
    await until(() => engine.usage('a').waiting === 1)
    controller.abort('enough')
    expect(await stopped).toBe('enough')
    await until(() => engine.usage('a').started === 0)
    expect(calls).toBe(1)
  })

  test('closing an engine does not wait for calls that wait', async () => {
    const engine = engineExposing({ get: () => 1 }, { perId: { hostCallsPerSecond: 1 } })
    const runs = ends([1, 2, 3].map(() => engine.runLua('for i = 1, 100 do host.get() end', 'a')))
    await until(() => engine.usage('a').waiting === 3)
    await engine.close({ timeout: 0 })
    expect(await runs).toEqual(Array(3).fill('ERR_ENGINE_CLOSED'))
  })
})

describe('memory and stateQuota', () => {
  const hoard = (mib, then) => `t = {} for i = 1, ${mib * 16} do t[i] = ('x'):rep(65000) end ${then}`

  test('the largest run of the id dies, wherever it is, and others keep what they hold', async () => {
    const engine = withPerId({ memory: 12 * MIB })
    const other = engine.runLua(hoard(10, 'sleep(0.3) return "other"'), 'b')
    const large = rejection(engine.runLua(hoard(8, 'sleep(60)'), 'a'))
    await until(() => engine.usage('a').waiting === 1)
    expect(engine.usage('a').memory).toBeGreaterThan(7.5 * MIB)
    expect(await engine.runLua(hoard(5, 'return "small"'), 'a')).toBe('small')
    expect(await large).toMatchObject({ code: 'ERR_LUA_MEMORY', limit: 'perId.memory' })
    expect(await rejection(engine.runLua(hoard(20, ''), 'a'))).toMatchObject({ limit: 'perId.memory' })
    expect(await other).toBe('other')
    await until(() => engine.usage('a').memory === 0)
  })

  test('a context between two runs may be the largest', async () => {
    const engine = withPerId({ memory: 12 * MIB })
    const context = engine.createContext('a')
    await context.run(hoard(8, ''))
    await engine.runLua(hoard(5, ''), 'a')
    expect(await rejection(context.run('return 1'))).toMatchObject({
      code: 'ERR_CONTEXT_CLOSED',
      limit: 'perId.memory',
    })
  })

  test('an id has its own quota in State, for its scripts and for the host', async () => {
    const engine = withPerId((id) => (id === 'small' ? { stateQuota: 1000 } : {}), { stateQuota: 5000 })
    const value = 'x'.repeat(2000)
    // The host comes first: the function is asked for it.
    expect(await rejection(engine.state('small').set('k', value))).toMatchObject({
      code: 'ERR_STATE_QUOTA',
      limit: 'stateQuota',
    })
    await engine.state('other').set('k', value)
    expect(await ends([engine.runLua('State.set("k", ("x"):rep(2000))', 'small')])).toEqual(['ERR_STATE_QUOTA'])
    expect(engine.usage('other').stateBytes).toBe((await engine.state('other').size()).bytes)
    const all = engineWith({ perId: { stateQuota: 1000 } })
    expect(await ends([all.state('x').set('k', value)])).toEqual(['ERR_STATE_QUOTA'])
  })
})

describe('weight, and the places of the queue', () => {
  test('turns are shared by weight', async () => {
    const engine = withPerId((id) => (id === 'heavy' ? { weight: 4 } : {}))
    const release = hold(engine)
    const order = []
    const runs = []
    for (let i = 0; i < 50; i++) {
      for (const id of ['light', 'heavy']) runs.push(engine.runLua('return 1', id).then(() => order.push(id)))
    }
    await release()
    await Promise.all(runs)
    const heavy = order.slice(0, 50).filter((id) => id === 'heavy').length
    expect(heavy).toBeGreaterThanOrEqual(38)
  })

  test('an id that fills the queue cannot keep others out', async () => {
    const engine = engineWith({ concurrency: 1, maxQueue: 10 })
    const release = hold(engine)
    const flood = Array.from({ length: 20 }, () => engine.runLua('return 1', 'flood').catch(({ code }) => code))
    const others = Array.from({ length: 5 }, (_, i) => engine.runLua('return "in"', `other-${i}`))
    await release()
    expect(await Promise.all(others)).toEqual(Array(5).fill('in'))
    // Those that came last give up their places.
    expect(await Promise.all(flood)).toEqual([...Array(5).fill('1'), ...Array(15).fill('ERR_QUEUE_FULL')])
    expect(engine.stats()).toMatchObject({ completed: 10, rejected: 15 })
    expect(engine.usage('flood')).toMatchObject({ completed: 5, rejected: 15 })
  })

  test('a run that gives up its place says so to its own caller, after the call that took it', async () => {
    const engine = engineWith({ concurrency: 1, maxQueue: 2 })
    hold(engine)
    let told = false
    const runs = [1, 2].map(() => engine.runLua('', 'flood').finally(() => (told = true)))
    const kept = rejection(runs[0])
    engine.runLua('', 'other').catch(() => {})
    expect(told).toBe(false)
    const error = await rejection(runs[1])
    expect(error).toMatchObject({ code: 'ERR_QUEUE_FULL', scriptId: 'flood', limit: 'maxQueue' })
    expect(error.message).toContain('this id held most of its places')
    await engine.close({ timeout: 0 })
    expect(await kept).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
  })
})
