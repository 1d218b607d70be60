// Limits: a script that passes one is stopped, cannot catch it, and leaves the engine working.
'use strict'

const { LuaError, runLua } = require('..')
const { runProgram } = require('./support/child')
const { ENDLESS, MIB } = require('./support/constants')
const { rejection } = require('./support/rejection')

afterEach(async () => {
  expect(await runLua('return "still working"', 'after')).toBe('still working')
})

/** Runs `code` with `options`, and expects it to be stopped with `code`. */
async function expectStopped(code, options, expected) {
  const error = await rejection(runLua(`print("before")\n${code}\nprint("after")`, 'limited', options))
  expect(error).toBeInstanceOf(LuaError)
  expect(error).toMatchObject({ name: 'LuaError', scriptId: 'limited', output: 'before\n', ...expected })
  return error
}

const LOOPS = [
  ['a bare loop', ENDLESS],
  ['a loop that catches all errors', 'while true do pcall(function() while true do end end) end'],
  ['a handler that loops', 'xpcall(error, function() while true do end end)'],
  ['a loop in a coroutine', 'coroutine.wrap(function() while true do end end)()'],
  ['endless recursion by tail calls', 'local function f() return f() end f()'],
  ['State calls', 'while true do State.set("k", 1) end'],
]

describe('timeout', () => {
  test.each(LOOPS)('%s', async (_what, code) => {
    const error = await expectStopped(code, { timeout: 50 }, { code: 'ERR_LUA_TIMEOUT', limit: 'timeout' })
    expect(error.message).toContain('50 ms')
  })

  test('the error says where the script was', async () => {
    const options = { timeout: 50, name: 'rule.lua' }
    const error = await rejection(runLua('local function spin()\n  while true do end\nend\nspin()', 'limited', options))
    expect(error).toMatchObject({ code: 'ERR_LUA_TIMEOUT', chunk: 'rule.lua', line: 2 })
    expect(error.luaStack).toContain('rule.lua:4:')
  })

  test('a fraction of a millisecond is a limit', () =>
    expectStopped(ENDLESS, { timeout: 0.5 }, { code: 'ERR_LUA_TIMEOUT', limit: 'timeout' }))

  test('time in the queue is not counted', async () => {
    // With two threads in libuv's pool, one is for scripts: the last script waits for longer than its own timeout.
    const { stdout } = await runProgram(
      `
      const { runLua } = require('moonpool')
      const start = performance.now()
      for (let i = 0; i < 60; i++) runLua('while true do end', 'spinner', { timeout: 800 }).catch(() => {})
      runLua('return "ran"', 'spinner', { timeout: 100 })
        .catch((error) => error.code)
        .then((text) => console.log(JSON.stringify([text, performance.now() - start > 100])))`,
      { env: { UV_THREADPOOL_SIZE: '2' } },
    )
    expect(JSON.parse(stdout)).toEqual(['ran', true])
  })
})

describe('cpuTimeout', () => {
  test('stops a script that burns CPU', async () => {
    const error = await expectStopped(ENDLESS, { cpuTimeout: 50 }, { code: 'ERR_LUA_TIMEOUT', limit: 'cpuTimeout' })
    expect(error.message).toContain('50 ms')
  })

  test('the smaller limit wins', async () => {
    await expectStopped(ENDLESS, { cpuTimeout: 30, timeout: 60_000 }, { limit: 'cpuTimeout' })
    await expectStopped(ENDLESS, { cpuTimeout: 60_000, timeout: 30 }, { limit: 'timeout' })
  })
})

describe('memoryLimit', () => {
  test.each([
    ['a table that grows', 'local t = {} for i = 1, math.huge do t[i] = i end'],
    ['a string that doubles', 'local s = "x" while true do s = s .. s end'],
    ['one huge string', 'local s = ("x"):rep(1e9)'],
    [
      'growth that catches all errors',
      'local t = {} while true do pcall(function() t[#t + 1] = ("x"):rep(1e5) .. #t end) end',
    ],
    ['many coroutines', 'local t = {} while true do t[#t + 1] = coroutine.create(print) end'],
  ])('%s', async (_what, code) => {
    const error = await expectStopped(code, { memoryLimit: 4 * MIB }, { code: 'ERR_LUA_MEMORY' })
    expect(error.message).toContain(String(4 * MIB))
    expect(error.limit).toBe('memoryLimit')
  })

  test('1 MiB is room for a small script', async () => {
    expect(await runLua('local t = {} for i = 1, 1000 do t[i] = i end return #t', 'small', { memoryLimit: MIB })).toBe(
      '1000',
    )
  })

  test('garbage does not count', async () => {
    const code = 'for i = 1, 1e4 do local s = ("x"):rep(1e4) .. i end return "done"'
    expect(await runLua(code, 'litter', { memoryLimit: 2 * MIB })).toBe('done')
  })
})

describe('maxOutput', () => {
  test.each([
    ['print', 'for i = 1, 100 do print("0123456789") end'],
    ['io.write', 'for i = 1, 100 do io.write("0123456789") end'],
    ['a loop that catches all errors', 'while true do pcall(print, "0123456789") end'],
  ])('%s', async (_what, code) => {
    const error = await rejection(runLua(code, 'limited', { maxOutput: 50 }))
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ code: 'ERR_LUA_OUTPUT', message: expect.stringContaining('50 bytes') })
    expect(error.output).toMatch(/^0123456789/)
    expect(Buffer.byteLength(error.output)).toBeLessThanOrEqual(50)
  })

  test('exactly the limit is fine', async () => {
    expect(await runLua('print("1234")', 'limited', { maxOutput: 5 })).toBe('1234\n')
  })

  test('0 allows no output, but results', async () => {
    expect(await runLua('return "quiet"', 'limited', { maxOutput: 0 })).toBe('quiet')
    expect(await rejection(runLua('print()', 'limited', { maxOutput: 0 }))).toMatchObject({ code: 'ERR_LUA_OUTPUT' })
  })
})

test('what State took before the stop stays, and nothing is written after it', async () => {
  const code = 'State.set("before", 1) pcall(function() while true do end end) State.set("after", 1)'
  expect(await rejection(runLua(code, 'half', { timeout: 30 }))).toMatchObject({ code: 'ERR_LUA_TIMEOUT' })
  expect(await runLua('return State.list()', 'half')).toBe('["before"]')
})
