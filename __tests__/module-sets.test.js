// Sets of modules: who finds them, and that they are compiled once.
'use strict'

const { LuaError, ModuleSet } = require('..')
const { engineWith, engineWithModules, held, valuesOf } = require('./support/engine')
const { rejection, thrownBy } = require('./support/rejection')

const ways = (engine, sources) => [engine.modules(sources), sources]

test('a run finds what it was given beside the engine’s, and no other run does', async () => {
  const engine = engineWithModules({ base: 'return "base"' }, { concurrency: 1, warmVms: 2 })
  for (const modules of ways(engine, { tax: 'return require("base") .. "+tax"', 'rules.eu': 'return ...' })) {
    const code = 'return require("tax"), require("rules.eu"), require("base")'
    expect(await valuesOf(engine, code, { modules })).toEqual(['base+tax', 'rules.eu', 'base'])
    expect(await engine.runLua(code, 'x', { modules })).toBe('base+tax\trules.eu\tbase')
    expect((await rejection(engine.runLua('require("none")', 'x', { modules }))).message).toBe(
      "x:1: there is no module 'none' (there are 'base', 'rules.eu', 'tax')",
    )
    expect((await rejection(engine.runLua('require("tax")', 'x'))).message).toBe(
      "x:1: there is no module 'tax' (there are 'base')",
    )
  }
})

test('on an engine without any, and without libraries', async () => {
  const engine = engineWith({ libraries: [] })
  expect(await engine.runLua('return require("m")', 'x', { modules: { m: 'return ...' } })).toBe('m')
  expect((await rejection(engine.runLua('require("m")', 'x'))).message).toContain('there are none')
})

test('many runs at once with the same name in different sets', async () => {
  const engine = engineWith()
  const sets = Array.from({ length: 10 }, (_, i) => engine.modules({ m: `sleep(0.001) return ${i}` }))
  const runs = Array.from({ length: 100 }, (_, i) =>
    engine.run('return require("m")', `id${i % 3}`, { modules: sets[i % 10] }),
  )
  expect((await Promise.all(runs)).map(({ value }) => value)).toEqual(runs.map((_, i) => i % 10))
})

test('a set is compiled once, and a wrong one says where', async () => {
  const engine = engineWith()
  const modules = engine.modules({ m: 'return 1' })
  const { vmsCreated } = engine.stats()
  for (let i = 0; i < 5; i++) await engine.runLua('return require("m")', 'x', { modules })
  expect(engine.stats().vmsCreated).toBe(vmsCreated + 5)
  const sources = { good: 'return 1', bad: '\nlocal = 1' }
  const syntax = { code: 'ERR_LUA_SYNTAX', chunk: 'bad', line: 2 }
  expect(thrownBy(() => engine.modules(sources))).toMatchObject(syntax)
  expect(await rejection(engine.runLua('', 'x', { modules: sources }))).toMatchObject(syntax)
  expect(thrownBy(() => engine.createContext('x', { modules: sources }))).toBeInstanceOf(LuaError)
})

test('a context has its own for all its runs', async () => {
  const engine = engineWith()
  const [a, b] = ['a', 'b'].map((name) =>
    engine.createContext('x', { modules: { m: `n = (n or 0) + 1 return "${name}" .. n` } }),
  )
  for (const code of ['return require("m")', 'return require("m")']) {
    expect([(await a.run(code)).value, (await b.run(code)).value]).toEqual(['a1', 'b1'])
  }
  expect((await rejection(engine.createContext('x').run('require("m")'))).message).toContain('there are none')
})

describe('names', () => {
  test('that the engine has are refused when the run is made', async () => {
    const engine = engineWithModules({ tax: '' })
    for (const modules of ways(engine, { other: '', tax: 'return 2' })) {
      const refused = {
        code: 'ERR_INVALID_ARG_VALUE',
        message: `The "options.modules" property must have new names. Received 'tax', of which the engine has a module`,
      }
      expect(await rejection(engine.run('', 'x', { modules }))).toMatchObject(refused)
      expect(thrownBy(() => engine.createContext('x', { modules }))).toMatchObject(refused)
    }
    const modules = engine.modules({ tax: 'return "own"' })
    engine.removeModule('tax')
    expect(await engine.runLua('return require("tax")', 'x', { modules })).toBe('own')
    engine.addModule('tax', '')
    expect(await rejection(engine.runLua('', 'x', { modules }))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
  })

  test('that the engine gets while the run is queued, or in a context: its own stay', async () => {
    const engine = engineWith({ concurrency: 1 })
    const release = await held(engine)
    const run = engine.runLua('return require("m")', 'x', { modules: { m: 'return "own"' } })
    const context = engine.createContext('x', { modules: { m: 'return "own, too"' } })
    engine.addModule('m', 'return "late"')
    await release()
    expect(await run).toBe('own')
    expect((await context.run('return require("m")')).value).toBe('own, too')
  })

  test.each([
    [undefined, 'ERR_INVALID_ARG_TYPE', '"sources"'],
    [null, 'ERR_INVALID_ARG_TYPE', '"sources"'],
    [5, 'ERR_INVALID_ARG_TYPE', '"sources"'],
    [['return 1'], 'ERR_INVALID_ARG_TYPE', '"sources"'],
    [new Map(), 'ERR_INVALID_ARG_TYPE', '"sources"'],
    [{ m: 5 }, 'ERR_INVALID_ARG_TYPE', '"sources.m"'],
    [{ '': '' }, 'ERR_INVALID_ARG_VALUE', 'The names in "sources"'],
    [{ 'a\n': '' }, 'ERR_INVALID_ARG_VALUE', 'The names in "sources"'],
    [{ m: '-'.repeat(2 ** 20 + 1) }, 'ERR_INVALID_ARG_VALUE', 'maxSource'],
  ])('%p are refused', async (sources, code, words) => {
    const engine = engineWith()
    expect(thrownBy(() => engine.modules(sources))).toMatchObject({ code, message: expect.stringContaining(words) })
    if (sources === undefined) return
    const message = expect.stringContaining(words.replace('sources', 'options.modules'))
    expect(await rejection(engine.run('', 'x', { modules: sources }))).toMatchObject({ code, message })
  })

  test('none at all are a set, too', async () => {
    expect(await engineWith().runLua('return 1', 'x', { modules: {} })).toBe('1')
  })
})

test('a set belongs to its engine, cannot be constructed, and is made by an open engine', async () => {
  const [engine, other] = [engineWith(), engineWith()]
  const modules = other.modules({ m: '' })
  expect(await rejection(engine.run('', 'x', { modules }))).toMatchObject({
    code: 'ERR_INVALID_ARG_VALUE',
    message: expect.stringContaining('another engine'),
  })
  expect(modules).toBeInstanceOf(ModuleSet)
  expect(() => new ModuleSet()).toThrow(/engine.modules/)
  await other.close()
  expect(thrownBy(() => other.modules({}))).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
})

test('it is for the identity of its run, as any module', async () => {
  const engine = engineWith()
  const modules = engine.modules({ m: 'State.set("k", script.id) return State.get("k")' })
  const ids = ['a', 'b']
  expect(await Promise.all(ids.map((id) => engine.runLua('return require("m")', id, { modules })))).toEqual(ids)
})
