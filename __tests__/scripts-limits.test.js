// Named scripts that call each other: how they end together, and that no call waits forever.
'use strict'

const { engineWith, isIdle, until } = require('./support/engine')
const { ENDLESS, FOREVER, MIB } = require('./support/constants')
const { gate } = require('./support/host-functions')
const { ends, rejection } = require('./support/rejection')
const { watched } = require('./support/stalls')

const CALL = 'return scripts.call(...)'
const CAUGHT = 'local ok, e = pcall(scripts.call, ...) return ok, e.code, e.message'

const run = (engine, code, args, options) => engine.run(code, 'x', { args, ...options })
const valuesOf = async (...call) => (await run(...call)).values

/** An engine with scripts `chain` (calls on until its number is 0, then the script of that name) and `open` (waits). */
function engineWithChain(options) {
  const engine = engineWith(options)
  const { calls, open } = gate()
  engine.expose('open', open)
  engine.addScript('open', 'return host.open()', { callers: '*' })
  engine.addScript('endless', ENDLESS, { callers: '*', timeout: FOREVER })
  const chain =
    'local n, last = ... if n > 0 then return scripts.call("chain", n - 1, last) end return scripts.call(last)'
  engine.addScript('chain', chain, { callers: '*', timeout: FOREVER })
  return { engine, calls }
}

const waits = (engine, count) => until(() => engine.stats().suspended + engine.stats().running === count)

describe('the end of the caller', () => {
  test.each(['open', 'endless'])('its timeout reaches every script that it waits for (%s)', async (last) => {
    const { engine, calls } = engineWithChain({ concurrency: 2 })
    const error = await rejection(run(engine, CALL, ['chain', 10, last], { timeout: 700 }))
    expect(error).toMatchObject({ code: 'ERR_LUA_TIMEOUT', limit: 'timeout' })
    await until(() => isIdle(engine))
    expect(calls.every(({ context }) => context.signal.aborted)).toBe(true)
    const { completed, failed, rejected, timedOut, aborted, started } = engine.stats()
    expect([completed, failed, rejected, timedOut + aborted, started]).toEqual([0, 0, 0, 13, 13])
  })

  test.each(['open', 'endless'])('its signal, too, at once (%s)', async (last) => {
    const { engine } = engineWithChain({ concurrency: 2 })
    const controller = new AbortController()
    const running = run(engine, CALL, ['chain', 10, last], { signal: controller.signal })
    await waits(engine, 13)
    controller.abort(new Error('enough'))
    // All are counted in the same turn.
    expect(engine.stats()).toMatchObject({ aborted: 13 })
    expect((await rejection(running)).message).toBe('enough')
    await until(() => isIdle(engine))
  })

  test.each(['open', 'endless'])('close reaches all of them (%s)', async (last) => {
    const { engine } = engineWithChain({ concurrency: 2 })
    const running = rejection(run(engine, CALL, ['chain', 10, last]))
    await waits(engine, 13)
    await engine.close({ timeout: 0 })
    expect((await running).code).toBe('ERR_ENGINE_CLOSED')
    expect(engine.stats()).toMatchObject({ queued: 0, running: 0, suspended: 0 })
  })

  test('a kill for memory reaches them', async () => {
    const { engine } = engineWithChain({ concurrency: 2 })
    engine.addScript('big', 'return ("x"):rep(3e6)', { callers: '*' })
    // What it gets does not fit: it dies with the answer.
    const error = await rejection(run(engine, CALL, ['big'], { memoryLimit: MIB }))
    expect(error.code).toBe('ERR_LUA_MEMORY')
    await until(() => isIdle(engine))
  })

  test.each([
    ['memory', 'local t = {} while true do t[#t + 1] = ("x"):rep(1e5) .. #t end', { memoryLimit: 2 * MIB }],
    ['output', 'while true do print("x") end', { maxOutput: 100 }],
    ['CPU time', ENDLESS, { cpuTimeout: 20 }],
  ])('a kill for %s reaches those that have not ended', async (_, code, limits) => {
    const { engine, calls } = engineWithChain({ concurrency: 2 })
    const both = `local name, n, last = ...
      return parallel(function() return scripts.call(name, n, last) end, function() host.open() ${code} end)`
    const running = rejection(run(engine, both, ['chain', 3, 'open'], limits))
    await until(() => calls.length === 2)
    const [own, theirs] = ['x', 'open'].map((id) => calls.find(({ context }) => context.scriptId === id))
    own.resolve()
    expect((await running).code).toMatch(/^ERR_LUA_(MEMORY|OUTPUT|TIMEOUT)$/)
    expect(theirs.context.signal.aborted).toBe(true)
    await until(() => isIdle(engine))
    expect(engine.stats().aborted).toBe(5)
  })

  test('an engine that closes lets runs in flight call others', async () => {
    const { engine, calls } = engineWithChain()
    const running = valuesOf(engine, 'host.open() return scripts.call(...)', ['chain', 3, 'open'])
    await until(() => calls.length === 1)
    const closed = engine.close({ timeout: FOREVER })
    calls[0].resolve()
    await until(() => calls.length === 2)
    calls[1].resolve('done')
    expect(await running).toEqual(['done'])
    await closed
  })

  test('a script has its own timeout, and never more than its caller has left', async () => {
    const { engine } = engineWithChain()
    engine.addScript('short', ENDLESS, { callers: '*', timeout: 20 })
    const [, code, message] = await valuesOf(engine, CAUGHT, ['short'])
    expect([code, message]).toEqual(['ERR_LUA_TIMEOUT', 'the script ran longer than its timeout of 20 ms'])
    const start = performance.now()
    // Caught or not, the caller has no time left.
    const loop = 'while true do pcall(scripts.call, "endless") end'
    expect((await rejection(run(engine, loop, [], { timeout: 100 }))).code).toBe('ERR_LUA_TIMEOUT')
    expect(performance.now() - start).toBeLessThan(2000)
    await until(() => isIdle(engine))
  })
})

describe('10 000 calls in flight on 3 threads', () => {
  test('all come back, each with its own', async () => {
    // Each run makes ten calls at once.
    const [count, each] = [10_000, 10]
    const engine = engineWith({ concurrency: 3, maxQueue: 2 * count, maxMemory: 4096 * MIB })
    const { calls, open } = gate()
    engine.expose('open', open)
    engine.addScript('open', 'return host.open(...) + 1', { callers: '*', timeout: FOREVER })
    const code = `local i, fs = ..., {}
      for n = 1, ${each} do fs[n] = function() return scripts.call("open", i + n) end end
      return parallel(table.unpack(fs))`
    const runs = Array.from({ length: count / each }, (_, i) =>
      engine.run(code, `id-${i % 100}`, { args: [i * each], timeout: FOREVER }),
    )
    await until(() => calls.length === count && engine.stats().running === 0)
    expect(engine.stats().suspended).toBe(count + count / each)
    for (const { args, resolve } of calls) resolve(args[0])
    const values = await Promise.all(runs.map(async (running) => (await running).values))
    expect(values.flat().every((value, i) => value === i + 2)).toBe(true)
    await until(() => isIdle(engine))
    expect(engine.stats()).toMatchObject({ completed: count + count / each, failed: 0, memory: expect.any(Number) })
  }, 60_000)
})

describe('memory', () => {
  test('of a script that is called counts towards maxMemory, beside that of its caller', async () => {
    const { engine, calls } = engineWithChain({ maxMemory: 64 * MIB, warmVms: 0 })
    engine.addScript('big', 'local t = ("x"):rep(8e6) host.open() return #t', { callers: '*', timeout: FOREVER })
    const code = 'local t = ("x"):rep(8e6) local n = scripts.call("big") return n + #t'
    const running = valuesOf(engine, code, [], { timeout: FOREVER })
    await until(() => calls.length === 1 && engine.stats().running === 0)
    expect(engine.stats().memory).toBeGreaterThan(16e6)
    expect(engine.usage('x').memory).toBeGreaterThan(8e6)
    expect(engine.usage('big').memory).toBeGreaterThan(8e6)
    calls[0].resolve()
    expect(await running).toEqual([16e6])
    await until(() => isIdle(engine))
    expect(engine.stats().memory).toBeLessThan(MIB)
    engine.addScript('grows', 'local t = {} while true do t[#t + 1] = ("x"):rep(1e6) .. #t end', {
      callers: '*',
      memoryLimit: 1024 * MIB,
      timeout: FOREVER,
    })
    const error = await rejection(run(engine, CALL, ['grows'], { timeout: FOREVER }))
    expect(error.cause).toMatchObject({ code: 'ERR_LUA_MEMORY', limit: 'maxMemory', scriptId: 'grows' })
  })
})

describe('what a script logs and writes', () => {
  test('is told in full before its caller goes on, however much it is', async () => {
    const engine = engineWith({ logLevel: 'info' })
    let heard = 0
    engine.on('log', () => {
      heard += 1
    })
    engine.addScript('a', 'for i = 1, 3000 do log.info(("x"):rep(200)) end return 1', { callers: '*', maxLog: MIB })
    engine.addScript('b', 'return scripts.call("a")', { callers: '*' })
    expect(await valuesOf(engine, CALL, ['b'])).toEqual([1])
    expect([heard, engine.stats().completed, engine.stats().aborted]).toEqual([3000, 3, 0])
  })
})

describe('a call never waits for its own caller', () => {
  const self = 'local n = ... return n < 10 and scripts.call(script.name, n + 1) or n'

  test.each([{ maxStarted: 1 }, { maxWaiting: 1 }, { maxStarted: 1, maxWaiting: 1 }])('perId %j', async (limits) => {
    const engine = engineWith({ perId: limits })
    engine.addScript('a', self, { callers: '*', scriptId: 'x' })
    expect(await valuesOf(engine, 'return scripts.call("a", 1)')).toEqual([10])
    // Two ids that call each other.
    engine.addScript('b', 'return scripts.call("c")', { callers: '*', scriptId: 'y' })
    engine.addScript('c', 'sleep(0.001) return script.id', { callers: '*', scriptId: 'x' })
    const both = [run(engine, CALL, ['b']), engine.run(CALL, 'y', { args: ['b'] })]
    expect((await Promise.all(both)).map(({ value }) => value)).toEqual(['x', 'x'])
  })

  test('the limits of the id that is called apply', async () => {
    const engine = engineWith({ perId: (id) => (id === 'one' ? { maxStarted: 1, maxQueued: 1 } : {}) })
    const { calls, open } = gate()
    engine.expose('open', open)
    engine.addScript('a', 'return host.open()', { callers: '*', scriptId: 'one' })
    const runs = ['p', 'q', 'r'].map((id) => engine.run(CAUGHT, id, { args: ['a'] }))
    const refused = await Promise.race(runs)
    expect(refused.values[1]).toBe('ERR_QUOTA')
    await until(() => calls.length === 1)
    expect(engine.usage('one')).toMatchObject({ started: 1, queued: 1 })
    calls[0].reject(new Error('no'))
    await until(() => calls.length === 2)
    calls[1].reject(new Error('no'))
    await Promise.all(runs)
    expect(engine.usage('one')).toMatchObject({ started: 0, queued: 0, failed: 2, rejected: 1, hostCalls: 2 })
  })

  test('calls count as calls of the host, and wait for their turn', async () => {
    const engine = engineWith({ perId: (id) => (id === 'x' ? { hostCallsPerSecond: 20 } : {}) })
    engine.addScript('a', 'return 1', { callers: '*' })
    const start = performance.now()
    const sum = 'local sum = 0 for _ = 1, 22 do sum = sum + scripts.call("a") end return sum'
    expect(await valuesOf(engine, sum)).toEqual([22])
    // Beyond those of one second, each waits 50 ms.
    expect(performance.now() - start).toBeGreaterThan(75)
  })

  test('a full queue is an error', async () => {
    const engine = engineWith({ concurrency: 1, maxQueue: 0 })
    engine.addScript('a', 'return 1', { callers: '*' })
    // The thread that the caller has left is free.
    expect(await valuesOf(engine, CALL, ['a'])).toEqual([1])
    // Of the id that fills the queue one run has begun, and others have to wait.
    const full = engineWith({ concurrency: 1, maxQueue: 1, perId: { maxStarted: 1 } })
    const controller = new AbortController()
    full.addScript('a', 'return 1', { callers: '*' })
    full.addScript('endless', ENDLESS, { timeout: FOREVER, scriptId: 'a' })
    full.expose('fill', async () => {
      // One has the thread, and one the only place in the queue.
      for (let i = 0; i < 2; i++) rejection(full.callScript('endless', [], { signal: controller.signal }))
    })
    const [ok, code] = await valuesOf(full, `host.fill() ${CAUGHT}`, ['a'])
    expect([ok, code]).toEqual([false, 'ERR_QUEUE_FULL'])
    controller.abort()
  })

  test.each([8, 16, 24, 40])('maxMemory of %i MiB, full of callers: calls go on, or fail', async (size) => {
    const engine = engineWith({ concurrency: 2, maxMemory: size * MIB })
    const big = 'local t = ("x"):rep(1e6) local n = ... return n < 8 and scripts.call("a", n + 1) or n, #t'
    // If they waited for each other, they would for ever.
    engine.addScript('a', big, { callers: '*', timeout: FOREVER })
    const came = await ends(
      Array.from({ length: 30 }, (_, i) => engine.run(CALL, `id${i % 3}`, { args: ['a', 1], timeout: FOREVER })),
    )
    const codes = new Set(came.map((end) => (typeof end === 'string' ? end : 'done')))
    for (const code of codes) expect(['done', 'ERR_LUA_MEMORY']).toContain(code)
    await until(() => isIdle(engine))
    expect((await engine.run('return 1', 'y')).value).toBe(1)
  })

  test.each([4, 8, 16])('perId.memory of %i MiB, full of callers: calls go on, or fail', async (size) => {
    const engine = engineWith({ concurrency: 2, perId: { memory: size * MIB } })
    const big = 'local t = ("x"):rep(1e6) local n = ... return n < 12 and scripts.call("a", n + 1) or n, #t'
    engine.addScript('a', big, { callers: '*', scriptId: 'x', timeout: FOREVER })
    const came = await ends(Array.from({ length: 8 }, () => run(engine, CALL, ['a', 1], { timeout: FOREVER })))
    for (const end of came) expect(['object', 'ERR_LUA_MEMORY']).toContain(typeof end === 'string' ? end : typeof end)
    await until(() => isIdle(engine))
    expect((await engine.run('return 1', 'x')).value).toBe(1)
  })
})

test('a flood of calls never holds the event loop', async () => {
  const engine = engineWith()
  const big = 'return ("x"):rep(4e6), ...'
  engine.addScript('big', big, { callers: '*' })
  const flood =
    'local big = ("x"):rep(4e6) while true do for _ = 1, 100 do pcall(scripts.call, "none") end scripts.call("big", big) end'
  const { error, longest } = await watched(() => run(engine, flood, [], { timeout: 300 }))
  expect(error.code).toBe('ERR_LUA_TIMEOUT')
  expect(longest).toBeLessThan(50)
})

test('the end of a run below which thousands were called never holds the event loop', async () => {
  const engine = engineWith({ concurrency: 2 })
  const bomb = `local fs = {}
    for i = 1, 100 do
      fs[i] = function() while true do if not pcall(scripts.call, "bomb") then sleep(0.05) end end end
    end
    parallel(table.unpack(fs))`
  engine.addScript('bomb', bomb, { callers: '*', timeout: FOREVER })
  const controller = new AbortController()
  const running = rejection(run(engine, CALL, ['bomb'], { signal: controller.signal, timeout: FOREVER }))
  await until(() => engine.stats().queued > 6000)
  const { longest } = await watched(async () => {
    controller.abort()
    await running
    await until(() => isIdle(engine))
  })
  expect(longest).toBeLessThan(50)
})

describe('careless hosts', () => {
  test('a perId function that throws fails the call, and says nothing of why', async () => {
    const perId = (id) => {
      if (id === 'odd') throw new Error('secret')
      return {}
    }
    const engine = engineWith({ perId })
    engine.addScript('odd', 'return 1', { callers: '*' })
    expect(await valuesOf(engine, CAUGHT, ['odd'])).toEqual([false, 'ERR_HOST_FUNCTION', 'scripts.call failed'])
    expect((await rejection(run(engine, CALL, ['odd']))).cause.message).toContain("from perId('odd')")
    const open = engineWith({ perId, hostErrors: 'messages' })
    open.addScript('odd', 'return 1', { callers: '*' })
    expect((await valuesOf(open, CAUGHT, ['odd']))[2]).toContain('secret')
  })

  test('a host function that removes, replaces and calls scripts, and stops the run that waits', async () => {
    const { engine } = engineWithChain()
    const controller = new AbortController()
    engine.addScript('odd', 'host.odd() return 1', { callers: '*' })
    engine.expose('odd', async () => {
      engine.removeScript('odd')
      engine.addScript('odd', 'return 2', { callers: '*' })
      controller.abort(new Error((await engine.callScript('odd')).value))
    })
    const error = await rejection(run(engine, CALL, ['chain', 3, 'odd'], { signal: controller.signal }))
    expect(error.message).toBe('2')
    await until(() => isIdle(engine))
  })

  test('a function for limits that throws what nobody can look at fails the call', async () => {
    const refuse = () => {
      throw new Error('no')
    }
    const odd = new Proxy(
      {},
      { get: (_, name) => (name === 'code' ? 'ERR_INVALID_ARG_TYPE' : refuse()), getPrototypeOf: refuse },
    )
    const engine = engineWith({
      perId: (id) => {
        if (id === 'odd') throw odd
        return {}
      },
    })
    engine.addScript('odd', 'return 1', { callers: '*' })
    expect(await valuesOf(engine, CAUGHT, ['odd'])).toEqual([false, 'ERR_HOST_FUNCTION', 'scripts.call failed'])
  })

  test('a context is not busy for a call of a script that its run has given up', async () => {
    const engine = engineWith()
    const context = engine.createContext('x')
    let back
    const { calls, open } = gate()
    engine.expose('open', async (caller) => {
      await open(caller)
      back = context.run('return 1')
    })
    engine.addScript('open', 'host.open()', { callers: '*' })
    const givesUp = 'pcall(parallel, function() scripts.call("open") end, function() sleep(0.01) error("no") end)'
    await context.run(givesUp)
    await until(() => calls.length === 1)
    calls[0].resolve()
    await until(() => back !== undefined)
    expect((await back).value).toBe(1)
  })

  test('a context whose run waits for a script is busy for the host functions of that', async () => {
    const engine = engineWith()
    const context = engine.createContext('x')
    engine.expose('back', () => context.run('return 1'))
    engine.addScript('a', 'return host.back()', { callers: '*' })
    const { message } = (await rejection(context.run('return scripts.call("a")'))).cause.cause
    expect(message).toMatch(/^the context is busy/)
    expect((await context.run('return scripts.call("a")').catch(() => context.run('return 2'))).value).toBe(2)
  })
})
