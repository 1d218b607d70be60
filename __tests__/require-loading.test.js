// How modules load: those that fail, those that require each other, and those that wait.
'use strict'

const { engineWith, engineWithModules, valuesOf } = require('./support/engine')
const { rejection } = require('./support/rejection')

describe('a module that fails', () => {
  test('its error, with the name of the module and the line; and it runs again when it is required again', async () => {
    const engine = engineWithModules({
      'rules.tax': 'tries = (tries or 0) + 1\nif tries < 3 then error("try " .. tries) end\nreturn "loaded"',
    })
    const error = await rejection(engine.runLua('\nlocal m = require("rules.tax")\nreturn m', 'x'))
    expect(error).toMatchObject({ code: 'ERR_LUA_RUNTIME', chunk: 'rules.tax', line: 2, message: 'rules.tax:2: try 1' })
    expect(error.luaStack).toContain('x:2')
    const code =
      'local a = { pcall(require, "rules.tax") } local b = { pcall(require, "rules.tax") } return a[2], b[2], require("rules.tax"), tries'
    expect(await valuesOf(engine, code)).toEqual(['rules.tax:2: try 1', 'rules.tax:2: try 2', 'loaded', 3])
  })

  test('error values of its own keep their identity', async () => {
    const engine = engineWithModules({ m: 'error(shared)' })
    expect(await valuesOf(engine, 'shared = {} local _, e = pcall(require, "m") return e == shared')).toEqual([true])
    expect((await rejection(engine.runLua('shared = { status = 5 } require("m")', 'x'))).luaValue).toEqual({
      status: 5,
    })
  })

  test('one below another: all of them may be required again', async () => {
    const engine = engineWithModules({
      top: 'return require("low")',
      low: 'if not ready then error("not ready", 0) end return "ready"',
    })
    expect(
      await valuesOf(
        engine,
        'local ok, e = pcall(require, "top") ready = true return ok, e, require("top"), require("low")',
      ),
    ).toEqual([false, 'not ready', 'ready', 'ready'])
  })

  test('limits stop a module like any code', async () => {
    const engine = engineWithModules({
      endless: 'while true do end',
      greedy: 'local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end',
      loud: 'while true do print("x") end',
    })
    expect(await rejection(engine.runLua('pcall(require, "endless")', 'x', { timeout: 30 }))).toMatchObject({
      code: 'ERR_LUA_TIMEOUT',
    })
    expect(await rejection(engine.runLua('pcall(require, "greedy")', 'x', { memoryLimit: 2 ** 21 }))).toMatchObject({
      code: 'ERR_LUA_MEMORY',
    })
    expect(await rejection(engine.runLua('pcall(require, "loud")', 'x'))).toMatchObject({ code: 'ERR_LUA_OUTPUT' })
  })
})

describe('circles', () => {
  test('a module that requires itself, directly or through others: an error that says so', async () => {
    const engine = engineWithModules({
      self: 'require("self")',
      a: 'return require("b")',
      b: 'return require("c")',
      c: '\nlocal a = require("a") return a',
    })
    expect((await rejection(engine.runLua('require("self")', 'x'))).message).toBe(
      "self:1: module 'self' requires itself, directly or through others",
    )
    const error = await rejection(engine.runLua('require("a")', 'x'))
    expect(error).toMatchObject({
      code: 'ERR_LUA_RUNTIME',
      message: "c:2: module 'a' requires itself, directly or through others",
    })
  })

  test('one that is caught: the module goes on', async () => {
    const engine = engineWithModules({
      a: 'local ok, e = pcall(require, "b") return { ok, e.message }',
      b: 'local a = require("a") return a',
    })
    const [[ok, message]] = await valuesOf(engine, 'return require("a")')
    expect([ok, message]).toEqual([false, "module 'a' requires itself, directly or through others"])
  })

  test('a module that is required later, when it is called, makes no circle', async () => {
    const engine = engineWithModules({
      a: 'local b = require("b") return { name = "a", b = b }',
      b: 'return { get = function() return require("a").name end }',
    })
    expect(await engine.runLua('return require("a").b.get()', 'x')).toBe('a')
  })

  test('modules may require each other hundreds of levels deep', async () => {
    const engine = engineWith()
    for (let i = 0; i < 300; i++) engine.addModule(`m${i}`, `return 1 + require("m${i + 1}")`)
    engine.addModule('m300', 'return 0')
    expect(await engine.runLua('return require("m0")', 'x')).toBe('300')
  })

  test('a coroutine that gave up in the middle of a load is no circle', async () => {
    const engine = engineWith()
    engine.addModule('y', 'n = (n or 0) + 1 if n == 1 then coroutine.yield() end return n')
    expect(await engine.runLua('coroutine.wrap(require)("y") return require("y")', 'x')).toBe('2')
  })

  test('the place of a circle that is required by a tail call is none of ours', async () => {
    const engine = engineWith()
    engine.addModule('c1', 'return require("c2")')
    engine.addModule('c2', 'return require("c1")')
    const error = await rejection(engine.runLua('return require("c1")', 'x'))
    expect(error.message).toContain("module 'c1' requires itself")
    expect(error.message + error.chunk).not.toContain('moonpool')
  })
})

describe('a module body may wait', () => {
  test('for host functions and for a time', async () => {
    const engine = engineWithModules(
      { config: 'sleep(0.001) local v = host.load(...) sleep(0) return v' },
      { concurrency: 1 },
    )
    let loads = 0
    engine.expose('load', async (_context, name) => {
      loads += 1
      await new Promise(setImmediate)
      return { name, loads }
    })
    const code = 'local a = require("config") local b = require("config") return a, a == b'
    expect(await valuesOf(engine, code)).toEqual([{ name: 'config', loads: 1 }, true])
    expect(await valuesOf(engine, `return pcall(coroutine.wrap(function() ${code} end))`)).toEqual([
      true,
      { name: 'config', loads: 2 },
      true,
    ])
  })

  test('in many scripts at once', async () => {
    const engine = engineWithModules({ m: 'n = (n or 0) + 1 sleep(0.01) return host.id()' }, { concurrency: 1 })
    engine.expose('id', async ({ scriptId }) => scriptId)
    const runs = Array.from({ length: 100 }, (_, i) => engine.runLua('require("m") return require("m"), n', `t${i}`))
    expect(await Promise.all(runs)).toEqual(runs.map((_, i) => `t${i}\t1`))
  })

  test('a host function that fails in it: its error with its cause, and then again', async () => {
    const engine = engineWithModules({ m: 'return host.get()' })
    const failure = new Error('down')
    let tries = 0
    engine.expose('get', () => {
      tries += 1
      if (tries % 2) throw failure
      return 'up'
    })
    expect(await rejection(engine.runLua('require("m")', 'x'))).toMatchObject({
      code: 'ERR_HOST_FUNCTION',
      cause: failure,
      chunk: 'm',
    })
    tries = 0
    expect(await valuesOf(engine, 'local ok, e = pcall(require, "m") return ok, e.message, require("m")')).toEqual([
      false,
      'host.get failed',
      'up',
    ])
  })

  test('stopped while it waits: nothing remains', async () => {
    const engine = engineWithModules({ m: 'host.never()' })
    engine.expose('never', () => new Promise(() => {}))
    expect(await rejection(engine.runLua('pcall(require, "m")', 'x', { timeout: 20 }))).toMatchObject({
      code: 'ERR_LUA_TIMEOUT',
    })
  })

  test('where Lua cannot yield, also a module that waits', async () => {
    const engine = engineWithModules({ waits: 'sleep(0.001) sleep(0) return 1' })
    expect(await engine.runLua('local v ("a"):gsub("a", function() v = require("waits") end) return v', 'x')).toBe('1')
  })
})
