// sleep: a script waits for a time, holds no thread meanwhile, and can be stopped.
'use strict'

const { setMaxListeners } = require('node:events')
const { runLua } = require('..')
const { runProgram } = require('./support/child')
const { FOREVER } = require('./support/constants')
const { engineWith, isIdle, until } = require('./support/engine')
const { rejection } = require('./support/rejection')

describe('how long', () => {
  test.each([
    ['a fraction of a second', '0.05', 50],
    ['a whole number', '1', 1000],
    ['milliseconds', '0.002', 2],
    ['a microsecond', '1e-6', 0],
    ['less than a nanosecond', '1e-300', 0],
    ['an integer that is a float', '0.0', 0],
    ['minus zero', '-0.0', 0],
  ])('%s: no less than that', async (_what, seconds, least) => {
    const { stats, values } = await engineWith().run(`return "awake", select("#", sleep(${seconds}))`, 'x')
    expect(values).toEqual(['awake', 0])
    // The two clocks may differ by a little.
    expect(stats.runTime).toBeGreaterThanOrEqual(least - 1)
    expect(stats.cpuTime).toBeLessThan(1000)
  })

  test.each([
    ['-1', '-1'],
    ['-1e-9', '-0.000000001'],
    ['-1/0', '-inf'],
    ['1/0', 'inf'],
    ['0/0', 'NaN'],
    ['2147484', '2147484'],
    ['1e300', ''],
    ['math.maxinteger', ''],
    ['math.mininteger', ''],
  ])('%s is an error with what it takes and what it got', async (seconds, got) => {
    const error = await rejection(engineWith().runLua(`\nsleep(${seconds})`, 'x', { timeout: 10_000 }))
    expect(error).toMatchObject({ code: 'ERR_LUA_RUNTIME', line: 2 })
    expect(error.message).toContain(
      "bad argument #1 to 'sleep' (a number of seconds from 0 to 2147483.647 expected, got ",
    )
    expect(error.message).toContain(got)
  })

  test.each(['', 'nil', '"a"', '{}', 'true', 'print', 'json.null'])(
    'sleep(%s) is an error of its type, which can be caught',
    async (argument) => {
      const { values } = await engineWith().run(
        `local ok, e = pcall(sleep, ${argument || 'nil'}) return ok, tostring(e)`,
        'x',
      )
      expect(values).toEqual([false, expect.stringMatching(/bad argument #1 to 'sleep' \(number expected, got /)])
      expect(await rejection(engineWith().runLua(`sleep(${argument})`, 'x'))).toMatchObject({ code: 'ERR_LUA_RUNTIME' })
    },
  )

  test('the longest sleep is stopped by the timeout', async () => {
    const error = await rejection(engineWith().runLua('sleep(2147483.647)', 'x', { timeout: 30 }))
    expect(error).toMatchObject({ code: 'ERR_LUA_TIMEOUT', limit: 'timeout' })
  })

  test('further arguments mean nothing', async () => {
    expect(await engineWith().runLua('sleep(0, "a", {}) sleep(0.001, nil) return 1', 'x')).toBe('1')
  })
})

describe('sleep(0)', () => {
  test('ends the slice, and others get their turn, with one thread', async () => {
    const engine = engineWith({ concurrency: 1 })
    // Each waits for the other, without a time to wait for: neither could end alone.
    const code = `local me, other = ...
      for i = 1, 20 do
        host.set(me, i)
        while host.get(other) < i do sleep(0) end
      end
      return "met"`
    const steps = { a: 0, b: 0 }
    engine.expose('set', (_context, name, i) => {
      steps[name] = i
    })
    engine.expose('get', (_context, name) => steps[name])
    const runs = [engine.runLua(code, 'a', { args: ['a', 'b'] }), engine.runLua(code, 'b', { args: ['b', 'a'] })]
    expect(await Promise.all(runs)).toEqual(['met', 'met'])
  })

  test('many in a millisecond cost one trip to the event loop', async () => {
    const { stats } = await engineWith().run('for _ = 1, 1000 do sleep(0) end', 'x')
    expect(stats.slices).toBeLessThan(500)
  })

  test('10 000 in a row', async () => {
    expect(await engineWith().runLua('for _ = 1, 10000 do sleep(0) end return "done"', 'x', { timeout: 60_000 })).toBe(
      'done',
    )
  })

  test('an endless loop of it is stopped', async () => {
    const engine = engineWith({ concurrency: 1 })
    expect(await rejection(engine.runLua('while true do pcall(sleep, 0) end', 'x', { timeout: 50 }))).toMatchObject({
      code: 'ERR_LUA_TIMEOUT',
    })
    const error = await rejection(engine.runLua('while true do sleep(0) end', 'x', { cpuTimeout: 20, timeout: 60_000 }))
    expect(error).toMatchObject({ code: 'ERR_LUA_TIMEOUT', limit: 'cpuTimeout' })
  })
})

describe('where', () => {
  test.each([
    ['in pcall', 'return pcall(function() sleep(0.001) return 1 end)', [true, 1]],
    ['as the function of pcall', 'return pcall(sleep, 0.001)', [true]],
    [
      'in a coroutine',
      'local co = coroutine.wrap(function() sleep(0.001) coroutine.yield(1) sleep(0) return 2 end) return co(), co()',
      [1, 2],
    ],
    ['as the body of a coroutine', 'return coroutine.resume(coroutine.create(sleep), 0.001)', [true]],
    [
      'in nested coroutines',
      'local function deep(n) if n == 0 then sleep(0.001) return "deep" end return coroutine.wrap(deep)(n - 1) end return deep(50)',
      ['deep'],
    ],
    [
      'in an iterator',
      'local n = 0 for i in function(_, i) sleep(0) i = (i or 0) + 1 if i < 5 then return i end end do n = n + i end return n',
      [10],
    ],
    [
      'in metamethods',
      'local m = { __index = function(_, k) sleep(0) return k end, __concat = function() sleep(0.001) return "c" end } local t = setmetatable({}, m) return t.x .. (t .. "")',
      ['xc'],
    ],
    [
      'in a variable to be closed',
      'local s do local x <close> = setmetatable({}, { __close = function() sleep(0.001) s = "closed" end }) end return s',
      ['closed'],
    ],
  ])('%s', async (_where, code, expected) => {
    const engine = engineWith({ concurrency: 1 })
    expect((await engine.run(code, 'x')).values).toEqual(expected)
  })

  test.each([
    ['table.sort', 'local t = { 2, 1 } table.sort(t, function(a, b) sleep(0.001) return a < b end) return t[1]', '1'],
    [
      'table.sort, for 0 seconds',
      'local t = { 2, 1 } table.sort(t, function(a, b) sleep(0) return a < b end) return t[1]',
      '1',
    ],
    ['string.gsub', 'return (("a"):gsub("a", function() sleep(0.001) return "b" end))', 'b'],
    ['__tostring', 'return tostring(setmetatable({}, { __tostring = function() sleep(0.001) return "s" end }))', 's'],
    ['a message handler', 'return select(2, xpcall(error, function() sleep(0.001) return "h" end))', 'h'],
  ])('in a callback of %s', async (_where, code, expected) => {
    expect(await engineWith({ concurrency: 1 }).runLua(code, 'x')).toBe(expected)
  })

  test('on the default engine, and without libraries', async () => {
    expect(await runLua('sleep(0.001) return 1', 'x')).toBe('1')
    expect(await engineWith({ libraries: [] }).runLua('sleep(0.001) return 1', 'x')).toBe('1')
  })

  test('output stays in order around it', async () => {
    expect(await engineWith().runLua('for i = 1, 3 do io.write(i) sleep(0.001) end', 'x')).toBe('123')
  })
})

describe('sleepers hold no thread', () => {
  test('500 sleep at once with one thread, and a script runs meanwhile', async () => {
    const engine = engineWith({ concurrency: 1 })
    const controller = new AbortController()
    setMaxListeners(0, controller.signal)
    const runs = Array.from({ length: 500 }, (_, i) =>
      rejection(engine.runLua('sleep(600)', `t${i % 9}`, { signal: controller.signal, timeout: FOREVER })),
    )
    await until(() => engine.stats().suspended === 500)
    expect(engine.stats()).toMatchObject({ running: 0, queued: 0 })
    expect(await engine.runLua('return "meanwhile"', 'other')).toBe('meanwhile')
    controller.abort('enough')
    expect(new Set(await Promise.all(runs))).toEqual(new Set(['enough']))
    await until(() => isIdle(engine))
  })

  test('those with less to sleep wake first', async () => {
    const engine = engineWith({ concurrency: 1 })
    const order = []
    await Promise.all(
      [0.9, 0.3, 0.6].map(async (seconds) =>
        order.push(await engine.runLua(`sleep(${seconds}) return ${seconds}`, `${seconds}`)),
      ),
    )
    expect(order).toEqual(['0.3', '0.6', '0.9'])
    expect(await engine.runLua('return 1', 'x')).toBe('1')
  })

  test('cpuTimeout does not count it, timeout does', async () => {
    const engine = engineWith()
    expect(await engine.runLua('sleep(0.6) return 1', 'x', { cpuTimeout: 500 })).toBe('1')
    expect(await rejection(engine.runLua('sleep(10)', 'x', { timeout: 20, cpuTimeout: 10_000 }))).toMatchObject({
      limit: 'timeout',
    })
  })
})

describe('a sleeper is stopped', () => {
  const CODE = 'pcall(sleep, 600) State.set("went on", 1)'

  test('by its timeout', async () => {
    const engine = engineWith()
    expect(await rejection(engine.runLua(CODE, 'x', { timeout: 20 }))).toMatchObject({ code: 'ERR_LUA_TIMEOUT' })
    expect(await engine.runLua('return State.has("went on")', 'x')).toBe('false')
  })

  test('by its signal', async () => {
    const engine = engineWith()
    const controller = new AbortController()
    const run = rejection(engine.runLua(CODE, 'x', { signal: controller.signal, timeout: FOREVER }))
    await until(() => engine.stats().suspended === 1)
    controller.abort('stop')
    expect(await run).toBe('stop')
    await until(() => isIdle(engine))
    expect(await engine.runLua('return State.has("went on")', 'x')).toBe('false')
  })

  test('by close, once its timeout is over', async () => {
    const engine = engineWith()
    const run = rejection(engine.runLua(CODE, 'x', { timeout: FOREVER }))
    await until(() => engine.stats().suspended === 1)
    await engine.close({ timeout: 10 })
    expect(await run).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
    expect(engine.stats()).toMatchObject({ suspended: 0, running: 0, aborted: 1 })
  })

  test('but close lets one finish that is done in time', async () => {
    const engine = engineWith()
    const run = engine.runLua('sleep(0.1) return "slept"', 'x')
    await engine.close({ timeout: 30_000 })
    expect(await run).toBe('slept')
  })
})

describe('the process', () => {
  test('lives while a script sleeps, and then ends by itself', async () => {
    const { stdout, exitCode } = await runProgram(`
      require('moonpool').runLua('sleep(0.3) return "slept"', 'x').then((text) => console.log(text))`)
    expect({ stdout, exitCode }).toEqual({ stdout: 'slept\n', exitCode: 0 })
  })

  test('can exit while scripts sleep', async () => {
    const { stdout, exitCode } = await runProgram(`
      const { runLua } = require('moonpool')
      for (let i = 0; i < 20; i++) runLua('sleep(100)', 't' + i, { timeout: 200000 })
      setTimeout(() => { console.log('exit'); process.exit(0) }, 100)`)
    expect({ stdout, exitCode }).toEqual({ stdout: 'exit\n', exitCode: 0 })
  })
})
