// What require finds in the registry of an engine, how often a module runs, and that nothing else is found.
'use strict'

const { runLua } = require('..')
const { engineWith, engineWithModules, valuesOf } = require('./support/engine')
const { rejection } = require('./support/rejection')

describe('require', () => {
  test('gives what the module returned, once per VM', async () => {
    const engine = engineWithModules({ counter: 'print("loaded") return { n = 0 }' })
    const code = 'local a, b = require("counter"), require("counter") a.n = a.n + 1 return a == b, b.n'
    for (let i = 0; i < 3; i++) expect(await engine.runLua(code, 'x')).toBe('loaded\ntrue\t1')
  })

  test.each([
    ['nothing', '', true],
    ['nil', 'return nil', true],
    ['false', 'return false', false],
    ['a number', 'return 5', 5],
    ['text', 'return "text"', 'text'],
    ['several values: the first', 'return 1, 2', 1],
    ['its name, which it got as its argument', 'return ...', 'the.module'],
  ])('of a module that returns %s', async (_what, source, value) => {
    const engine = engineWithModules({ 'the.module': source.replace(/^/, 'runs = (runs or 0) + 1 ') })
    const code =
      'local a = require("the.module") local b = require("the.module") return a, a == b, runs, select("#", require("the.module"))'
    expect(await valuesOf(engine, code)).toEqual([value, true, 1, 1])
  })

  test('of a module that gets one argument and no more', async () => {
    const engine = engineWithModules({ m: 'return { select("#", ...), ... }' })
    expect(await valuesOf(engine, 'return require("m", 1, 2)')).toEqual([[1, 'm']])
  })

  test('modules see the globals of their VM, and it theirs', async () => {
    const engine = engineWithModules({ m: 'made = tea .. 1 local hidden = 1 return function() return later end' })
    expect(
      await valuesOf(engine, 'local f = require("m") later = 2 return made, hidden, f()', { globals: { tea: 't' } }),
    ).toEqual(['t1', undefined, 2])
    expect(await valuesOf(engine, 'return made')).toEqual([undefined])
  })

  test('modules are the identity of the script that requires them', async () => {
    const engine = engineWithModules({ m: 'State.set("k", script.id) return script.id' })
    expect(await engine.runLua('return require("m")', 'tenant-1')).toBe('tenant-1')
    expect(await engine.runLua('return State.get("k")', 'tenant-1')).toBe('tenant-1')
  })

  test('what one script does to a module, another does not see', async () => {
    const engine = engineWithModules({ m: 'return { f = function() return "right" end }' }, { concurrency: 1 })
    await engine.runLua('local m = require("m") m.f = nil m.g = 1 require = nil string.format = nil', 'evil')
    expect(await engine.runLua('local m = require("m") return m.f(), m.g', 'x')).toBe('right\tnil')
  })

  test('a module requires others, in whatever order they were added', async () => {
    const engine = engineWithModules({
      top: 'return require("middle") .. "t"',
      middle: 'return require("bottom") .. "m"',
      bottom: 'return "b"',
    })
    expect(await engine.runLua('return require("top"), require("middle")', 'x')).toBe('bmt\tbm')
  })

  test.each(['', 'nil', '1', '{}', 'true', 'print', 'setmetatable({}, { __tostring = function() return "m" end })'])(
    'takes a name, and not %s',
    async (argument) => {
      const error = await rejection(engineWithModules({ m: '', 1: '' }).runLua(`\nrequire(${argument})`, 'x'))
      expect(error).toMatchObject({
        code: 'ERR_LUA_RUNTIME',
        line: 2,
        message: expect.stringContaining("bad argument #1 to 'require' (string expected, got "),
      })
    },
  )

  test('on the default engine there are no modules', async () => {
    expect((await rejection(runLua('require("m")', 'x'))).message).toBe("x:1: there is no module 'm' (there are none)")
  })

  test('is there without libraries', async () => {
    expect(await engineWithModules({ m: 'return 1' }, { libraries: [] }).runLua('return require("m")', 'x')).toBe('1')
  })
})

describe('nothing outside the registry', () => {
  test('unknown names: those that there are, when they are few, at the line of the caller', async () => {
    const engine = engineWithModules({ b: '', a: '' })
    expect((await rejection(engine.runLua('\n\nrequire("c")', 'x'))).message).toBe(
      "x:3: there is no module 'c' (there are 'a', 'b')",
    )
    for (let i = 0; i < 50; i++) engine.addModule(`m${i}`, '')
    const { message } = await rejection(engine.runLua('require("c")', 'x'))
    expect(message).toBe("x:1: there is no module 'c' (there are 52 others)")
  })

  test.each([
    'os',
    'io',
    'debug',
    'package',
    'string',
    '_G',
    'ffi',
    'm.lua',
    './m',
    '/etc/passwd',
    '../m',
    'M',
    'm ',
    ' m',
    'm\\0',
    'm\\0x',
    '',
    '__index',
    'constructor',
    'socket.core',
    '\\xff',
  ])('%j is none', async (name) => {
    const engine = engineWithModules({ m: '' })
    const { values } = await engine.run(
      `local ok, e = pcall(require, "${name}") return ok, (tostring(e):gsub("\\xff", "?"))`,
      'x',
    )
    expect(values).toEqual([false, expect.stringContaining('there is no module')])
  })

  test('no package, no searchers, no upvalues that can be reached', async () => {
    const engine = engineWithModules({ m: '' })
    expect(
      await engine.runLua('return package, debug, loadfile, dofile, type(require), getmetatable(require)', 'x'),
    ).toBe('nil\tnil\tnil\tnil\tfunction\tnil')
  })

  test('a name of a megabyte', async () => {
    const error = await rejection(engineWith().runLua('require(("x"):rep(1024 * 1024))', 'x'))
    expect(error.code).toBe('ERR_LUA_RUNTIME')
  })

  test('engines do not share modules', async () => {
    const [one, two] = [engineWithModules({ m: 'return 1' }), engineWithModules({ m: 'return 2' })]
    expect([await one.runLua('return require("m")', 'x'), await two.runLua('return require("m")', 'x')]).toEqual([
      '1',
      '2',
    ])
  })

  test('a script that replaces globals changes nothing of require', async () => {
    const engine = engineWithModules({ m: 'return 1', bad: 'return nil + 1' })
    const code =
      'type, error, setmetatable, rawget, tostring = nil local ok, e = pcall(require, 5) return require("m"), ok, "" .. e, pcall(require, "bad")'
    expect(await valuesOf(engine, code)).toEqual([
      1,
      false,
      "bad argument #1 to 'require' (string expected, got number)",
      false,
      expect.stringContaining('bad:1: attempt to perform arithmetic'),
    ])
  })
})

describe('the first module, added while a run is in flight', () => {
  const engineThatAdds = () => {
    const engine = engineWith()
    engine.expose('add', (_call, name, source) => engine.addModule(name, source))
    return engine
  }

  test('is found by it', async () => {
    const code = 'host.add("late", "return [[late]]") return require("late"), require("late")'
    expect(await valuesOf(engineThatAdds(), code)).toEqual(['late', 'late'])
  })

  test('runs once, whichever require the script has kept', async () => {
    const code = `local early = require
      host.add("m", "runs = (runs or 0) + 1 return {}")
      local first = early("m")
      local late = require
      return first == late("m"), first == early("m"), first == require("m"), runs`
    expect(await valuesOf(engineThatAdds(), code)).toEqual([true, true, true, 1])
  })

  test('a script that has replaced globals by then changes nothing of require', async () => {
    const code = `host.add("m", "return 1")
      type, setmetatable, error, rawget, tostring = nil
      local ok, e = pcall(require, 5)
      return require("m"), require("m"), ok, "" .. e`
    const bad = "bad argument #1 to 'require' (string expected, got number)"
    expect(await valuesOf(engineThatAdds(), code)).toEqual([1, 1, false, bad])
  })

  test('a script that has another require by then keeps it', async () => {
    const code = `local early = require
      require = function(name) return "mine: " .. name end
      host.add("m", "return 'found'")
      return early("m"), require("m")`
    expect(await valuesOf(engineThatAdds(), code)).toEqual(['found', 'mine: m'])
  })

  test('errors are at the line of the caller, whichever require that calls', async () => {
    const code = `local early = require
      host.add("self", "early = ...\\nrequire('self')")
      local function message(f, name)
        local ok, e = pcall(function()
          f(name)
        end)
        return tostring(e)
      end
      return message(early, "none"), message(require, "none"), message(early, 5), message(early, "self")`
    expect(await valuesOf(engineThatAdds(), code)).toEqual([
      "x:5: there is no module 'none' (there are 'self')",
      "x:5: there is no module 'none' (there are 'self')",
      "x:5: bad argument #1 to 'require' (string expected, got number)",
      "self:2: module 'self' requires itself, directly or through others",
    ])
  })

  test('a context that gets its first modules later knows those that it has loaded', async () => {
    const engine = engineThatAdds()
    const context = engine.createContext('x')
    await context.run('early = require host.add("m", "runs = (runs or 0) + 1 return {}") first = early("m")')
    const { values } = await context.run('return first == require("m"), first == early("m"), runs')
    expect(values).toEqual([true, true, 1])
    await context.close()
  })

  test('a chain of many modules loads, also by a require that was kept', async () => {
    const engine = engineThatAdds()
    const code = `local early = require
      for i = 1, 150 do host.add("m" .. i, "return " .. (i < 150 and "require('m" .. i + 1 .. "') + 1" or "1")) end
      return early("m1"), require("m1")`
    expect(await valuesOf(engine, code)).toEqual([150, 150])
  })
})
