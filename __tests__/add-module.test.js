// addModule: which names and sources it takes, and that it compiles at once.
'use strict'

const { LuaError } = require('..')
const { engineWith, engineWithModules, valuesOf } = require('./support/engine')
const { folderWith } = require('./support/files')
const { rejection, thrownBy } = require('./support/rejection')

describe('addModule', () => {
  test('compiles at once: a syntax error is thrown, with its place, and nothing is added', async () => {
    const engine = engineWith()
    const error = thrownBy(() => engine.addModule('rules.bad', '\nlocal = 1'))
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
    const engine = engineWithModules({ m: 'return 1' })
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
    const engine = engineWithModules({ m: 'return 1' })
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
    const engine = engineWithModules({ early: '' })
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
