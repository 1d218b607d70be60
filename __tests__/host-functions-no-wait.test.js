// Calls of the host where Lua cannot wait: an error that says so, and nothing is called.
'use strict'

const { engineExposing, valuesOf } = require('./support/engine')
const { BASIC } = require('./support/host-functions')
const { rejection } = require('./support/rejection')

describe('where Lua cannot wait', () => {
  const CLEAR = /a host function cannot be called here.*Call it before/
  const PLACES = {
    'a comparator of table.sort': 'table.sort({ 3, 1, 2 }, function(a, b) return host.f(a) < b end)',
    'table.sort with a host function': 'table.sort({ 3, 1, 2 }, host.f)',
    '__lt in table.sort':
      'local m = { __lt = function() return host.f() end } table.sort({ setmetatable({}, m), setmetatable({}, m) })',
    'a callback of string.gsub': '("a"):gsub("a", function(c) return host.f(c) end)',
    'string.gsub with a host function': '("a"):gsub("a", host.f)',
    '__index in string.gsub': '("a"):gsub("a", setmetatable({}, { __index = function(_, k) return host.f(k) end }))',
    '__tostring in tostring': 'tostring(setmetatable({}, { __tostring = function() return host.f("s") end }))',
    '__tostring in print': 'print(setmetatable({}, { __tostring = function() return host.f("s") end }))',
    '__tostring in string.format':
      '("%s"):format(setmetatable({}, { __tostring = function() return host.f("s") end }))',
    '__index in table.concat':
      'table.concat(setmetatable({}, { __index = function(_, k) return host.f(k) end }), "", 1, 2)',
    '__index in table.unpack':
      'table.unpack(setmetatable({}, { __index = function(_, k) return host.f(k) end }), 1, 2)',
    '__newindex in table.insert':
      'table.insert(setmetatable({}, { __newindex = function(_, k) return host.f(k) end }), 1)',
    'a coroutine in a comparator':
      'table.sort({ 2, 1 }, function(a, b) local v = coroutine.wrap(function() return host.f(a) end)() return v < b end)',
    'pcall in a callback, when it is raised again': '("a"):gsub("a", function() assert(pcall(host.f)) end)',
    'a comparator in a coroutine':
      'coroutine.wrap(function() table.sort({ 2, 1 }, function() return host.f() end) end)()',
  }

  test.each(Object.keys(PLACES))('%s: an error that says so and what to do, and nothing is called', async (place) => {
    let called = 0
    const engine = engineExposing({
      f: () => {
        called += 1
      },
    })
    const error = await rejection(engine.runLua(PLACES[place], 'x'))
    expect(error).toMatchObject({ code: 'ERR_LUA_RUNTIME', message: expect.stringMatching(CLEAR) })
    const code = `local ok, e = pcall(function() ${PLACES[place]} end) return ok, tostring(e), (pcall(host.f))`
    expect(await valuesOf(engine, code)).toEqual([false, expect.stringMatching(CLEAR), true])
    expect(called).toBe(1)
  })

  test('the reader of load: load gives nil and the error', async () => {
    const engine = engineExposing(BASIC)
    for (const reader of ['host.same', 'function() return host.same("return 1") end']) {
      expect(await valuesOf(engine, `local f, e = load(${reader}) return f, tostring(e)`)).toEqual([
        undefined,
        expect.stringMatching(CLEAR),
      ])
    }
  })

  test('a message handler: pcall in it sees the error, and the run goes on', async () => {
    const engine = engineExposing(BASIC)
    const code =
      'local ok, e = xpcall(error, function() return tostring(select(2, pcall(host.same, 1))) end, "e") return ok, e, host.same("on")'
    expect(await valuesOf(engine, code)).toEqual([false, expect.stringMatching(CLEAR), 'on'])
    for (const handler of ['host.same', 'function(e) return host.same(e) end', 'sleep']) {
      expect(await valuesOf(engine, `return (xpcall(error, ${handler}, "e")), host.same("on")`)).toEqual([false, 'on'])
    }
  })

  test('coroutine.close and the end of a coroutine: the error is what they give', async () => {
    const engine = engineExposing(BASIC)
    const closing = 'local x <close> = setmetatable({}, { __close = function() host.same(1) end })'
    const closed = `local co = coroutine.create(function() ${closing} coroutine.yield() end) coroutine.resume(co)
      local ok, e = coroutine.close(co) return ok, tostring(e), coroutine.status(co), host.same("on")`
    expect(await valuesOf(engine, closed)).toEqual([false, expect.stringMatching(CLEAR), 'dead', 'on'])
    const wrapped = `local ok, e = pcall(coroutine.wrap(function() ${closing} error("e", 0) end)) return ok, tostring(e), host.same("on")`
    expect(await valuesOf(engine, wrapped)).toEqual([false, expect.stringMatching(CLEAR), 'on'])
  })

  test('an uncaught error value whose __tostring calls: the run rejects all the same', async () => {
    let called = 0
    const engine = engineExposing({
      f: () => {
        called += 1
      },
    })
    const error = await rejection(
      engine.runLua('error(setmetatable({ a = 1 }, { __tostring = function() return host.f() end }))', 'x'),
    )
    expect(error).toMatchObject({ code: 'ERR_LUA_RUNTIME', luaValue: { a: 1 } })
    expect(called).toBe(0)
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
})
