// Runs that fail by themselves: their context lives on, whatever the failure was.
'use strict'

const { valueIn, valuesIn } = require('./support/context')
const { engineWith } = require('./support/engine')
const { rejection } = require('./support/rejection')

/** Runs that fail by themselves, and with what. */
const FAILURES = {
  'an error': ['error("no")', 'ERR_LUA_RUNTIME'],
  'an error that is nil': ['error()', 'ERR_LUA_RUNTIME'],
  'an error that is a table': ['error({ status = 404 })', 'ERR_LUA_RUNTIME'],
  'an error that cannot be shown': [
    'error(setmetatable({}, { __tostring = function() error("in turn") end }))',
    'ERR_LUA_RUNTIME',
  ],
  'an error in a coroutine': ['coroutine.wrap(function() error("no") end)()', 'ERR_LUA_RUNTIME'],
  'an error in a coroutine of a coroutine': [
    'coroutine.wrap(function() coroutine.wrap(function() sleep(0) error("no") end)() end)()',
    'ERR_LUA_RUNTIME',
  ],
  'an error beside a coroutine that stays suspended': [
    'kept = coroutine.create(function() coroutine.yield() end) coroutine.resume(kept) error("no")',
    'ERR_LUA_RUNTIME',
  ],
  'an error beside a <close> variable': [
    'local v <close> = setmetatable({}, { __close = function() closed = true end }) error("no")',
    'ERR_LUA_RUNTIME',
  ],
  'an error in a <close> variable': [
    'local v <close> = setmetatable({}, { __close = function() error("while closing") end }) return 1',
    'ERR_LUA_RUNTIME',
  ],
  'an error in a <close> variable after an error': [
    'local v <close> = setmetatable({}, { __close = function() error("while closing") end }) error("no")',
    'ERR_LUA_RUNTIME',
  ],
  'an error after waiting': ['sleep(0.001) host.echo(1) error("no")', 'ERR_LUA_RUNTIME'],
  'an error in a callback': ['table.sort({ 3, 2, 1 }, function() error("no") end)', 'ERR_LUA_RUNTIME'],
  'an error after waiting in a callback': [
    'table.sort({ 3, 2, 1 }, function() sleep(0.001) error("no") end)',
    'ERR_LUA_RUNTIME',
  ],
  'an overflow of the C stack': ['local function deep(s) return (s:gsub(".", deep)) end deep("x")', 'ERR_LUA_RUNTIME'],
  'a syntax error': ['return return', 'ERR_LUA_SYNTAX'],
  'precompiled Lua': ['\x1bLua', 'ERR_LUA_SYNTAX'],
  'a result that cannot cross': ['return print', 'ERR_LUA_RESULT'],
  'a result that contains itself': ['local t = {} t.t = t return t', 'ERR_LUA_RESULT'],
  'a result with a function deep inside of much': [
    'local t = {} for i = 1, 500 do t[i] = ("x"):rep(100) end t[501] = { f = print } return t',
    'ERR_LUA_RESULT',
  ],
  'a host function that fails': ['host.fail()', 'ERR_HOST_FUNCTION'],
  'a call whose arguments cannot cross': ['host.echo(print)', 'ERR_HOST_FUNCTION'],
  'a value that State refuses': ['State.set("k", print)', 'ERR_STATE_VALUE'],
}

describe('a run that fails', () => {
  function failing() {
    const engine = engineWith()
    engine.expose('echo', async (_context, value) => value)
    engine.expose('fail', async () => {
      throw new Error('the host failed')
    })
    return engine.createContext('x')
  }

  test.each(Object.entries(FAILURES))('%s: the context lives on', async (_what, [code, wanted]) => {
    const context = failing()
    await context.run('n = 1 function next_n() n = n + 1 return n end')
    const waits = [rejection(context.run(code)), context.call('next_n')]
    expect(await waits[0]).toMatchObject({ name: 'LuaError', code: wanted, scriptId: 'x' })
    expect((await waits[1]).value).toBe(2)
    expect(await valueIn(context.run('return next_n()'))).toBe(3)
    expect(await context.get('n')).toBe(3)
    expect(await valueIn(context.run('sleep(0.001) return host.echo("still")'))).toBe('still')
  })

  test.each(Object.entries(FAILURES))('%s: also as the first one', async (_what, [code, wanted]) => {
    const context = failing()
    expect(await rejection(context.run(code))).toMatchObject({ code: wanted })
    expect(await valueIn(context.run('n = 1 return n'))).toBe(1)
  })

  test('what it did before it failed stays', async () => {
    const context = failing()
    await rejection(context.run('n = 1 error("no")'))
    await rejection(context.run(FAILURES['an error beside a <close> variable'][0]))
    await rejection(context.run(FAILURES['an error beside a coroutine that stays suspended'][0]))
    const state = 'return n, closed, coroutine.status(kept), coroutine.resume(kept)'
    expect(await valuesIn(context.run(state))).toEqual([1, true, 'suspended', true])
  })

  test('leaves no memory counted, however often', async () => {
    const context = failing()
    const all = Object.values(FAILURES)
    const round = async () => {
      for (const [code] of all) await rejection(context.run(`print(("x"):rep(1000)) ${code}`))
    }
    const least = []
    for (let i = 0; i < 60; i++) {
      await round()
      least.push(await context.memory())
    }
    // Garbage comes and goes. What stays would grow from the early rounds to the late ones.
    const [early, late] = [least.slice(10, 30), least.slice(-20)].map((some) => Math.min(...some))
    expect(late).toBeLessThan(early + 100_000)
  })
})
