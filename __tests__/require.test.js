// Modules: what require finds in an engine's registry, how often it runs, and that it finds nothing else.
'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { Engine, LuaError, runLua } = require('..')
const { rejection } = require('./support/rejection')

const engines = []
const folders = []

function engineWith(modules = {}, options = {}) {
  const engine = new Engine(options)
  engines.push(engine)
  for (const [name, source] of Object.entries(modules)) engine.addModule(name, source)
  return engine
}

/** A new folder with these files; a value of `{ to }` is a link, one of `null` an empty folder. */
function folderWith(files) {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'moonpool-require-')))
  folders.push(folder)
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    if (content === null) fs.mkdirSync(file, { recursive: true })
    else if (content.to !== undefined) fs.symlinkSync(content.to, file)
    else fs.writeFileSync(file, content)
  }
  return folder
}

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close({ timeout: 0 })))
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true })
})

const valuesOf = async (engine, code, options) => (await engine.run(code, 'x', options)).values

describe('require', () => {
  test('gives what the module returned, once per VM', async () => {
    const engine = engineWith({ counter: 'print("loaded") return { n = 0 }' })
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
    const engine = engineWith({ 'the.module': source.replace(/^/, 'runs = (runs or 0) + 1 ') })
    const code =
      'local a = require("the.module") local b = require("the.module") return a, a == b, runs, select("#", require("the.module"))'
    expect(await valuesOf(engine, code)).toEqual([value, true, 1, 1])
  })

  test('of a module that gets one argument and no more', async () => {
    const engine = engineWith({ m: 'return { select("#", ...), ... }' })
    expect(await valuesOf(engine, 'return require("m", 1, 2)')).toEqual([[1, 'm']])
  })

  test('modules see the globals of their VM, and it theirs', async () => {
    const engine = engineWith({ m: 'made = tea .. 1 local hidden = 1 return function() return later end' })
    expect(
      await valuesOf(engine, 'local f = require("m") later = 2 return made, hidden, f()', { globals: { tea: 't' } }),
    ).toEqual(['t1', undefined, 2])
    expect(await valuesOf(engine, 'return made')).toEqual([undefined])
  })

  test('modules are the identity of the script that requires them', async () => {
    const engine = engineWith({ m: 'State.set("k", script.id) return script.id' })
    expect(await engine.runLua('return require("m")', 'tenant-1')).toBe('tenant-1')
    expect(await engine.runLua('return State.get("k")', 'tenant-1')).toBe('tenant-1')
  })

  test('what one script does to a module, another does not see', async () => {
    const engine = engineWith({ m: 'return { f = function() return "right" end }' }, { concurrency: 1 })
    await engine.runLua('local m = require("m") m.f = nil m.g = 1 require = nil string.format = nil', 'evil')
    expect(await engine.runLua('local m = require("m") return m.f(), m.g', 'x')).toBe('right\tnil')
  })

  test('a module requires others, in whatever order they were added', async () => {
    const engine = engineWith({
      top: 'return require("middle") .. "t"',
      middle: 'return require("bottom") .. "m"',
      bottom: 'return "b"',
    })
    expect(await engine.runLua('return require("top"), require("middle")', 'x')).toBe('bmt\tbm')
  })

  test.each(['', 'nil', '1', '{}', 'true', 'print', 'setmetatable({}, { __tostring = function() return "m" end })'])(
    'takes a name, and not %s',
    async (argument) => {
      const error = await rejection(engineWith({ m: '', 1: '' }).runLua(`\nrequire(${argument})`, 'x'))
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
    expect(await engineWith({ m: 'return 1' }, { libraries: [] }).runLua('return require("m")', 'x')).toBe('1')
  })
})

describe('nothing outside the registry', () => {
  test('unknown names: those that there are, when they are few, at the line of the caller', async () => {
    const engine = engineWith({ b: '', a: '' })
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
    const engine = engineWith({ m: '' })
    const { values } = await engine.run(
      `local ok, e = pcall(require, "${name}") return ok, (tostring(e):gsub("\\xff", "?"))`,
      'x',
    )
    expect(values).toEqual([false, expect.stringContaining('there is no module')])
  })

  test('no package, no searchers, no upvalues that can be reached', async () => {
    const engine = engineWith({ m: '' })
    expect(
      await engine.runLua('return package, debug, loadfile, dofile, type(require), getmetatable(require)', 'x'),
    ).toBe('nil\tnil\tnil\tnil\tfunction\tnil')
  })

  test('a name of a megabyte', async () => {
    const error = await rejection(engineWith().runLua('require(("x"):rep(1024 * 1024))', 'x'))
    expect(error.code).toBe('ERR_LUA_RUNTIME')
  })

  test('engines do not share modules', async () => {
    const [one, two] = [engineWith({ m: 'return 1' }), engineWith({ m: 'return 2' })]
    expect([await one.runLua('return require("m")', 'x'), await two.runLua('return require("m")', 'x')]).toEqual([
      '1',
      '2',
    ])
  })

  test('a script that replaces globals changes nothing of require', async () => {
    const engine = engineWith({ m: 'return 1', bad: 'return nil + 1' })
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

describe('a module that fails', () => {
  test('its error, with the name of the module and the line; and it runs again when it is required again', async () => {
    const engine = engineWith({
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
    const engine = engineWith({ m: 'error(shared)' })
    expect(await valuesOf(engine, 'shared = {} local _, e = pcall(require, "m") return e == shared')).toEqual([true])
    expect((await rejection(engine.runLua('shared = { status = 5 } require("m")', 'x'))).luaValue).toEqual({
      status: 5,
    })
  })

  test('one below another: all of them may be required again', async () => {
    const engine = engineWith({
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
    const engine = engineWith({
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
    const engine = engineWith({
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
    const engine = engineWith({
      a: 'local ok, e = pcall(require, "b") return { ok, e.message }',
      b: 'local a = require("a") return a',
    })
    const [[ok, message]] = await valuesOf(engine, 'return require("a")')
    expect([ok, message]).toEqual([false, "module 'a' requires itself, directly or through others"])
  })

  test('a module that is required later, when it is called, makes no circle', async () => {
    const engine = engineWith({
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
    const engine = engineWith({ config: 'sleep(0.001) local v = host.load(...) sleep(0) return v' }, { concurrency: 1 })
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
    const engine = engineWith({ m: 'n = (n or 0) + 1 sleep(0.01) return host.id()' }, { concurrency: 1 })
    engine.expose('id', async ({ scriptId }) => scriptId)
    const runs = Array.from({ length: 100 }, (_, i) => engine.runLua('require("m") return require("m"), n', `t${i}`))
    expect(await Promise.all(runs)).toEqual(runs.map((_, i) => `t${i}\t1`))
  })

  test('a host function that fails in it: its error with its cause, and then again', async () => {
    const engine = engineWith({ m: 'return host.get()' })
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
      'down',
      'up',
    ])
  })

  test('stopped while it waits: nothing remains', async () => {
    const engine = engineWith({ m: 'host.never()' })
    engine.expose('never', () => new Promise(() => {}))
    expect(await rejection(engine.runLua('pcall(require, "m")', 'x', { timeout: 20 }))).toMatchObject({
      code: 'ERR_LUA_TIMEOUT',
    })
  })

  test('where Lua cannot wait, a module that does not need to loads', async () => {
    const engine = engineWith({ plain: 'return 1', waits: 'sleep(0)' })
    const code = 'local v ("a"):gsub("a", function() v = require(...) end) return v'.replace('...', '"plain"')
    expect(await engine.runLua(code, 'x')).toBe('1')
    const error = await rejection(engine.runLua(code.replace('plain', 'waits'), 'x'))
    expect(error.message).toContain('sleep cannot be called here')
  })
})

describe('addModule', () => {
  test('compiles at once: a syntax error is thrown, with its place, and nothing is added', async () => {
    const engine = engineWith()
    let error
    try {
      engine.addModule('rules.bad', '\nlocal = 1')
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({
      code: 'ERR_LUA_SYNTAX',
      chunk: 'rules.bad',
      line: 2,
      message: expect.stringContaining('rules.bad:2:'),
    })
    expect((await rejection(engine.runLua('require("rules.bad")', 'x'))).message).toContain('there are none')
    engine.addModule('rules.bad', 'return "good"')
    expect(await engine.runLua('return require("rules.bad")', 'x')).toBe('good')
  })

  test('runs nothing and compiles once: scripts compile it no more', async () => {
    const engine = engineWith({ m: 'return 1' })
    const { cacheMisses } = engine.stats()
    for (let i = 0; i < 5; i++) await engine.runLua('return require("m")', 'x')
    expect(engine.stats()).toMatchObject({ cacheMisses: cacheMisses + 1, started: 5 })
  })

  test.each([
    'a',
    'a.b.c',
    'a-b',
    'a b',
    'é',
    '\u{1f319}',
    "it's",
    '"',
    '%s',
    '[[x]]',
    '..',
    'a/b',
    '\\',
    '@x',
    '=x',
    '\u2028',
    '__proto__',
    'constructor',
    'x'.repeat(256),
  ])('%j is a name', async (name) => {
    const engine = engineWith()
    engine.addModule(name, 'return ...')
    expect(await valuesOf(engine, 'return require(...) == ...', { args: [name] })).toEqual([true])
    engine.addModule(`${name}`.slice(0, 200).concat('!'), '\nerror("here")')
    const error = await rejection(engine.run('require(...)', 'x', { args: [`${name.slice(0, 200)}!`] }))
    expect(error).toMatchObject({ code: 'ERR_LUA_RUNTIME', line: 2, chunk: `${name.slice(0, 200)}!`.slice(0, 59) })
  })

  test.each([
    ['', RangeError],
    ['a\n', RangeError],
    ['a\0', RangeError],
    ['\ud800', RangeError],
    ['x'.repeat(257), RangeError],
    [undefined, TypeError],
    [null, TypeError],
    [1, TypeError],
    [Symbol('s'), TypeError],
    [{}, TypeError],
  ])('%p is no name', (name, ErrorClass) => {
    const call = () => engineWith().addModule(name, '')
    expect(call).toThrow(ErrorClass)
    expect(call).toThrow(expect.objectContaining({ message: expect.stringContaining('"name"') }))
  })

  test.each([
    ['a number', 1, TypeError],
    ['nothing', undefined, TypeError],
    ['an array', ['return 1'], TypeError],
    ['a lone surrogate', '\ud800', RangeError],
    ['too much', '-'.repeat(2 ** 20 + 1), RangeError],
  ])('source that is %s is refused', (_what, source, ErrorClass) => {
    const call = () => engineWith().addModule('m', source)
    expect(call).toThrow(ErrorClass)
    expect(call).toThrow(expect.objectContaining({ message: expect.stringContaining('"source"') }))
  })

  test('source may be bytes; compiled Lua is refused', async () => {
    const engine = engineWith()
    engine.addModule('m', Buffer.from('return "\\xff" == "\xff"', 'latin1'))
    expect(await engine.runLua('return require("m")', 'x')).toBe('true')
    expect(() => engine.addModule('binary', Buffer.from('\x1bLua', 'latin1'))).toThrow(
      expect.objectContaining({ code: 'ERR_LUA_SYNTAX' }),
    )
    expect(() => engine.addModule('script', engine.compile('return 1'))).toThrow(TypeError)
  })

  test('a name is given once, and the first stays', async () => {
    const engine = engineWith({ m: 'return 1' })
    expect(() => engine.addModule('m', 'return 2')).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE', message: expect.stringMatching(/must be new.*'m'/) }),
    )
    expect(await engine.runLua('return require("m")', 'x')).toBe('1')
  })

  test('a closed engine takes none', async () => {
    const engine = engineWith()
    await engine.close()
    expect(() => engine.addModule('m', '')).toThrow(expect.objectContaining({ code: 'ERR_ENGINE_CLOSED' }))
    await expect(engine.addModules(folderWith({ 'a.lua': '' }))).rejects.toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
  })

  test('while runs are in flight: those that go on find it', async () => {
    const engine = engineWith({ early: '' })
    engine.expose('add', () => engine.addModule('late', 'return "late"'))
    expect(await valuesOf(engine, 'local ok = pcall(require, "late") host.add() return ok, require("late")')).toEqual([
      false,
      'late',
    ])
  })

  test('1000 modules, each required by its own script', async () => {
    const engine = engineWith()
    for (let i = 0; i < 1000; i++) engine.addModule(`m${i}`, `return ${i}`)
    const runs = Array.from({ length: 1000 }, (_, i) =>
      engine.run('return require(...)', `t${i % 5}`, { args: [`m${i}`] }),
    )
    expect((await Promise.all(runs)).map(({ value }) => value)).toEqual(runs.map((_, i) => i))
  })
})

describe('addModules', () => {
  test('every *.lua file below a folder, with dotted names, sorted', async () => {
    const folder = folderWith({
      'main.lua': 'return require("rules") .. require("rules.price") .. require("rules.tax.eu")',
      'rules/init.lua': 'return "r"',
      'rules/price.lua': 'return "p"',
      'rules/tax/eu.lua': 'return ...',
      'init.lua': 'return "root"',
      'rules/notes.txt': 'not Lua',
      'rules/price.lua.bak': 'not Lua',
      'UPPER.LUA': 'not Lua',
      'empty/inner': null,
    })
    for (const place of [folder, `${folder}/`, pathToFileURL(folder), path.relative(process.cwd(), folder)]) {
      const engine = engineWith()
      expect(await engine.addModules(place)).toEqual(['init', 'main', 'rules', 'rules.price', 'rules.tax.eu'])
      expect(await engine.runLua('return require("main"), require("init")', 'x')).toBe('rprules.tax.eu\troot')
    }
  })

  test('an empty folder has none', async () => {
    expect(await engineWith().addModules(folderWith({}))).toEqual([])
  })

  test('names with odd characters, and files of their kind', async () => {
    const engine = engineWith()
    const names = await engine.addModules(
      folderWith({ 'a b.lua': '', 'é.lua': '', "it's/x-y.lua": 'return ...', '.hidden.lua': '', 'a..b.lua': '' }),
    )
    expect(names).toEqual(['.hidden', 'a b', 'a..b', "it's.x-y", 'é'].sort())
    expect(await engine.run('return require(...)', 'x', { args: ["it's.x-y"] })).toMatchObject({ value: "it's.x-y" })
  })

  test.each([
    [
      'a syntax error in one of them',
      { 'a.lua': 'return 1', 'b.lua': 'local = 1', 'c.lua': '' },
      { code: 'ERR_LUA_SYNTAX', chunk: 'b' },
    ],
    [
      'two files for one name',
      { 'a.lua': '', 'rules.lua': '', 'rules/init.lua': '' },
      { code: 'ERR_INVALID_ARG_VALUE', message: expect.stringContaining("'rules'") },
    ],
    [
      'two files for one name, by a dot',
      { 'a.lua': '', 'x.y.lua': '', 'x/y.lua': '' },
      { code: 'ERR_INVALID_ARG_VALUE', message: expect.stringContaining("'x.y'") },
    ],
    [
      'a name that is too long',
      { 'a.lua': '', [`${'x'.repeat(150)}/${'y'.repeat(150)}.lua`]: '' },
      { code: 'ERR_INVALID_ARG_VALUE' },
    ],
    ['a name with a control character', { 'a.lua': '', 'b\n.lua': '' }, { code: 'ERR_INVALID_ARG_VALUE' }],
    ['a file without a name', { 'a.lua': '', '.lua': '' }, { code: 'ERR_INVALID_ARG_VALUE' }],
    [
      'a file that is too long',
      { 'a.lua': '', 'b.lua': '-'.repeat(2 ** 20 + 1) },
      { code: 'ERR_INVALID_ARG_VALUE', message: expect.stringContaining('maxSource') },
    ],
    ['compiled Lua', { 'a.lua': '', 'b.lua': '\x1bLua' }, { code: 'ERR_LUA_SYNTAX' }],
    [
      'a name that is taken',
      { 'a.lua': '', 'taken.lua': '' },
      { code: 'ERR_INVALID_ARG_VALUE', message: expect.stringContaining("'taken'") },
    ],
  ])('none, when there is %s', async (_what, files, failure) => {
    const engine = engineWith({ taken: 'return "first"' })
    expect(await rejection(engine.addModules(folderWith(files)))).toMatchObject(failure)
    expect((await rejection(engine.runLua('require("a")', 'x'))).message).toBe(
      "x:1: there is no module 'a' (there are 'taken')",
    )
    expect(await engine.runLua('return require("taken")', 'x')).toBe('first')
    engine.addModule('a', 'return "free"')
    expect(await engine.runLua('return require("a")', 'x')).toBe('free')
  })

  test('links within the folder are followed', async () => {
    const folder = folderWith({ 'real/a.lua': 'return ...', 'link.lua': { to: 'real/a.lua' }, linked: { to: 'real' } })
    const engine = engineWith()
    expect(await engine.addModules(folder)).toEqual(['link', 'linked.a', 'real.a'])
    expect(await engine.runLua('return require("link"), require("linked.a")', 'x')).toBe('link\tlinked.a')
  })

  test('the folder itself may be a link', async () => {
    const folder = folderWith({ 'real/a.lua': '', link: { to: 'real' } })
    expect(await engineWith().addModules(path.join(folder, 'link'))).toEqual(['a'])
  })

  test.each([
    ['a file', { 'x.lua': 'SECRET' }, 'x.lua', 'link.lua'],
    ['a folder', { 'inner/x.lua': 'SECRET' }, 'inner', 'link'],
    ['the folder above', {}, '', 'up'],
    ['a file that is no Lua', { 'x.txt': 'SECRET' }, 'x.txt', 'x.txt'],
  ])('a link to %s outside is refused, and none is added', async (_what, files, target, link) => {
    const outside = folderWith({ ...files, 'within/a.lua': '' })
    const within = path.join(outside, 'within')
    for (const to of [path.join(outside, target), path.join('..', target)]) {
      fs.rmSync(path.join(within, link), { force: true })
      fs.symlinkSync(to, path.join(within, link))
      const engine = engineWith()
      const error = await rejection(engine.addModules(within))
      expect(error).toBeInstanceOf(RangeError)
      expect(error).toMatchObject({
        code: 'ERR_INVALID_ARG_VALUE',
        message: expect.stringContaining('leaves the folder'),
      })
      expect((await rejection(engine.runLua('require("a")', 'x'))).message).toContain('there are none')
    }
  })

  test('a link to a folder whose name begins alike is outside', async () => {
    const both = folderWith({
      'rules/a.lua': '',
      'rules-secret/x.lua': '',
      'rules/link.lua': { to: '../rules-secret/x.lua' },
    })
    expect((await rejection(engineWith().addModules(path.join(both, 'rules')))).message).toContain('leaves the folder')
  })

  test('a link through a link that leaves', async () => {
    const both = folderWith({
      'secret/x.lua': '',
      'rules/hop': { to: '../secret' },
      'rules/link.lua': { to: 'hop/x.lua' },
    })
    expect((await rejection(engineWith().addModules(path.join(both, 'rules')))).message).toContain('leaves the folder')
  })

  test.each([
    ['to its own folder', { 'a.lua': '', loop: { to: '.' } }, /leads back/],
    ['to a folder above', { 'a.lua': '', 'deep/er/loop': { to: '../..' } }, /leads back/],
    ['to each other', { 'a.lua': '', 'x/y': { to: '../z' }, 'z/w': { to: '../x' } }, /leads back/],
  ])('links in circles: %s', async (_what, files, message) => {
    expect((await rejection(engineWith().addModules(folderWith(files)))).message).toMatch(message)
  })

  test('links to themselves and to nothing', async () => {
    expect(await rejection(engineWith().addModules(folderWith({ 'self.lua': { to: 'self.lua' } })))).toMatchObject({
      code: 'ELOOP',
      path: expect.stringContaining('self.lua'),
    })
    expect(await rejection(engineWith().addModules(folderWith({ 'gone.lua': { to: 'nowhere.lua' } })))).toMatchObject({
      code: 'ENOENT',
      path: expect.stringContaining('gone.lua'),
    })
  })

  test('a folder that is missing, or is a file', async () => {
    const folder = folderWith({ 'a.lua': '' })
    expect(await rejection(engineWith().addModules(path.join(folder, 'none')))).toMatchObject({
      code: 'ENOENT',
      path: path.join(folder, 'none'),
    })
    expect(await rejection(engineWith().addModules(path.join(folder, 'a.lua')))).toMatchObject({ code: 'ENOTDIR' })
  })

  const asRoot = process.getuid?.() === 0
  ;(asRoot || process.platform === 'win32' ? test.skip : test)('a folder or a file that must not be read', async () => {
    for (const locked of ['inner', 'b.lua']) {
      const folder = folderWith({ 'a.lua': '', 'inner/c.lua': '', 'b.lua': '' })
      fs.chmodSync(path.join(folder, locked), 0)
      expect(await rejection(engineWith().addModules(folder))).toMatchObject({ code: 'EACCES' })
      fs.chmodSync(path.join(folder, locked), 0o700)
    }
  })

  test('a pipe of that name is no file, and nobody waits for its other end', async () => {
    if (process.platform === 'win32') return
    const folder = folderWith({ 'a.lua': '' })
    require('node:child_process').execFileSync('mkfifo', [path.join(folder, 'pipe.lua')])
    const outcome = await engineWith()
      .addModules(folder)
      .catch((error) => error.code)
    expect([['a'], 'ERR_INVALID_ARG_VALUE']).toContainEqual(outcome)
  })

  test.each([undefined, null, 1, {}, ['a'], Buffer.from('a')])('%p is no folder', async (folder) => {
    const error = await rejection(engineWith().addModules(folder))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.code).toBe('ERR_INVALID_ARG_TYPE')
  })

  test.each(['', 'a\0b', new URL('http://a/b')])('%p is refused', async (folder) => {
    expect(await rejection(engineWith().addModules(folder))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
  })

  test('files are read when they are added, and not again', async () => {
    const folder = folderWith({ 'a.lua': 'return 1' })
    const engine = engineWith()
    await engine.addModules(folder)
    fs.writeFileSync(path.join(folder, 'a.lua'), 'return 2')
    expect(await engine.runLua('return require("a")', 'x')).toBe('1')
  })

  test('no path of the host is in what scripts see', async () => {
    const folder = folderWith({ 'deep/m.lua': '\nerror("here")' })
    const engine = engineWith()
    await engine.addModules(folder)
    const error = await rejection(engine.runLua('require("deep.m")', 'x'))
    expect(error.message).toBe('deep.m:2: here')
    expect(error.luaStack).not.toContain(folder)
    expect(error.luaStack).not.toContain('/')
  })

  test('two folders at once that have one name: one of them is added', async () => {
    const engine = engineWith()
    const [one, two] = [
      folderWith({ 'a.lua': 'return 1', 'b.lua': '' }),
      folderWith({ 'a.lua': 'return 2', 'c.lua': '' }),
    ]
    const ends = await Promise.allSettled([engine.addModules(one), engine.addModules(two)])
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const { message } = await rejection(engine.runLua('require("none")', 'x'))
    expect(message).toMatch(/there are 'a', '[bc]'\)/)
  })
})

test('the first module, added while a run is in flight, is found by it', async () => {
  const engine = engineWith()
  engine.expose('add', () => engine.addModule('late', 'return "late"'))
  expect(await valuesOf(engine, 'host.add() return require("late"), require("late")')).toEqual(['late', 'late'])
})
