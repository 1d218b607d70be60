// Calls of the host in places where Lua cannot yield: they wait there as anywhere else.
'use strict'

const { setTimeout: after } = require('node:timers/promises')
const { engineExposing, engineWith, valuesOf } = require('./support/engine')
const { rejection } = require('./support/rejection')

/** `f` answers later, so that the script really waits. */
const LATER = {
  f: async (_ctx, ...args) => {
    await after(1)
    return args[0]
  },
}

const PLACES = {
  'a comparator of table.sort': [
    'local t = { 3, 1, 2 } table.sort(t, function(a, b) return host.f(a) < b end) return table.concat(t)',
    ['123'],
  ],
  '__lt in table.sort': [
    `local m = { __lt = function(a, b) return host.f(a[1]) < b[1] end }
     local t = {} for i, n in ipairs{ 3, 1, 2 } do t[i] = setmetatable({ n }, m) end table.sort(t) return t[1][1], t[3][1]`,
    [1, 3],
  ],
  'a callback of string.gsub': ['return (("abc"):gsub(".", function(c) return host.f(c:upper()) end))', ['ABC']],
  'string.gsub with a host function': ['return (("abc"):gsub(".", host.f))', ['abc']],
  '__index in string.gsub': [
    'return (("a"):gsub("a", setmetatable({}, { __index = function(_, k) return host.f(k .. k) end })))',
    ['aa'],
  ],
  '__tostring in tostring': [
    'return tostring(setmetatable({}, { __tostring = function() return host.f("s") end }))',
    ['s'],
  ],
  '__tostring in string.format': [
    'return ("%s"):format(setmetatable({}, { __tostring = function() return host.f("s") end }))',
    ['s'],
  ],
  '__index in table.concat': [
    'return table.concat(setmetatable({}, { __index = function(_, k) return host.f(k) end }), "", 1, 3)',
    ['123'],
  ],
  '__index in table.unpack': [
    'return table.unpack(setmetatable({}, { __index = function(_, k) return host.f(k) end }), 1, 2)',
    [1, 2],
  ],
  '__newindex in table.insert': [
    'local r table.insert(setmetatable({}, { __newindex = function(_, k, v) r = host.f(v) end }), 7) return r',
    [7],
  ],
  'a coroutine in a comparator': [
    'local t = { 2, 1 } table.sort(t, function(a, b) return coroutine.wrap(function() return host.f(a) end)() < b end) return t[1]',
    [1],
  ],
  'a comparator in a coroutine': [
    'return coroutine.wrap(function() local t = { 2, 1 } table.sort(t, function(a, b) return host.f(a) < b end) return t[1] end)()',
    [1],
  ],
  'pcall in a callback': ['return (("a"):gsub("a", function() return select(2, pcall(host.f, "b")) end))', ['b']],
  'a reader of load': [
    'local parts = { "return ", "7" } return load(function() return host.f(table.remove(parts, 1)) or nil end)()',
    [7],
  ],
  'a message handler': ['return xpcall(error, function(e) return host.f(e .. "!") end, "e")', [false, 'e!']],
  'a host function as message handler': ['return xpcall(error, host.f, "e")', [false, 'e']],
  '__close of a coroutine that is closed': [
    `local r local co = coroutine.create(function() local x <close> = setmetatable({}, { __close = function() r = host.f(1) end }) coroutine.yield() end)
     coroutine.resume(co) return coroutine.close(co), r, coroutine.status(co)`,
    [true, 1, 'dead'],
  ],
}

describe('a host function waits', () => {
  test.each(Object.entries(PLACES))('in %s', async (_place, [code, expected]) => {
    expect(await valuesOf(engineExposing(LATER), code)).toEqual(expected)
  })

  test.each(Object.entries(PLACES))('in %s, and holds no thread', async (_place, [code, expected]) => {
    const engine = engineExposing(LATER, { concurrency: 1 })
    const runs = Array.from({ length: 20 }, () => valuesOf(engine, code))
    expect(await engine.runLua('return "meanwhile"', 'y')).toBe('meanwhile')
    for (const values of await Promise.all(runs)) expect(values).toEqual(expected)
  })

  test.each(Object.keys(PLACES))('in %s, until the run is stopped', async (place) => {
    const engine = engineExposing({ f: () => new Promise(() => {}) })
    const error = await rejection(engine.runLua(`pcall(function() ${PLACES[place][0]} end)`, 'x', { timeout: 20 }))
    expect(error).toMatchObject({ code: 'ERR_LUA_TIMEOUT', limit: 'timeout' })
    expect(await engine.runLua('return 1', 'x')).toBe('1')
  })
})

test('the __tostring of an uncaught error value may call the host', async () => {
  const engine = engineExposing(LATER)
  const code = 'error(setmetatable({ a = 1 }, { __tostring = function(e) return "text " .. host.f(e.a) end }))'
  const error = await rejection(engine.runLua(code, 'x'))
  expect(error).toMatchObject({ code: 'ERR_LUA_RUNTIME', message: 'text 1', luaValue: { a: 1 } })
})

test('the __tostring of an uncaught error value of a context cannot reach what runs the host', async () => {
  const context = engineWith().createContext('x')
  const thrown = `error(setmetatable({}, { __tostring = function()
    co, main = coroutine.running()
    status, closed = coroutine.status(co), pcall(coroutine.close, co)
    yielded = pcall(coroutine.yield)
    return "text" end }))`
  expect((await rejection(context.run(thrown))).message).toBe('text')
  const { values } = await context.run(
    'return main, status, closed, yielded, coroutine.status(co), coroutine.resume(co)',
  )
  expect(values).toEqual([true, 'running', false, false, 'dead', false, 'cannot resume dead coroutine'])
})

test('finalizers do not exist, also on the table of host functions', async () => {
  const engine = engineExposing({ f: () => {}, __gc: () => {} })
  for (const code of ['setmetatable({}, { __gc = host.f })', 'setmetatable({}, host)']) {
    expect(await rejection(engine.runLua(code, 'x'))).toMatchObject({
      code: 'ERR_LUA_RUNTIME',
      message: expect.stringContaining('__gc'),
    })
  }
})
