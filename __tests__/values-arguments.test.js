// The options args and globals: what scripts get of them, what they never touch, and that their memory counts.
'use strict'

const path = require('node:path')
const { Engine, runLua } = require('..')
const { HOLDING, MIB } = require('./support/constants')
const { bytes, engine } = require('./support/crossing')
const { folderWith } = require('./support/files')
const { rejection } = require('./support/rejection')

describe('args and globals', () => {
  test('for text: with source, bytes and a Script, and on the default engine', async () => {
    const code = 'return greeting, ...'
    const options = { args: ['moon', { n: 1 }], globals: { greeting: 'hello' } }
    for (const what of [code, Buffer.from(code), engine.compile(code)]) {
      expect(await engine.runLua(what, 'x', options)).toBe('hello\tmoon\t{"n":1}')
      expect((await engine.run(what, 'x', options)).values).toEqual(['hello', 'moon', { n: 1 }])
    }
    expect(await runLua(code, 'x', options)).toBe('hello\tmoon\t{"n":1}')
  })

  test('one Script many times at once, each with its own', async () => {
    const script = engine.compile('local n = ... total = (total or 0) + n return total, base')
    const runs = Array.from({ length: 200 }, (_, i) =>
      engine.run(script, `t${i % 7}`, { args: [i], globals: { base: 1000 - i } }),
    )
    const results = await Promise.all(runs)
    expect(results.map(({ values }) => values)).toEqual(runs.map((_, i) => [i, 1000 - i]))
  })

  test('a file gets them too', async () => {
    const file = path.join(folderWith({ 'a.lua': 'return g, ...' }), 'a.lua')
    expect(await engine.runFile(file, 'x', { args: [1, 2], globals: { g: 'g' } })).toBe('g\t1\t2')
  })

  test('nothing of a run stays for the next', async () => {
    const own = new Engine({ concurrency: 1 })
    await own.run('leak = secret', 'x', { globals: { secret: 1 }, args: [1] })
    expect((await own.run('return secret, leak, select("#", ...)', 'x')).values).toEqual([undefined, undefined, 0])
    await own.close()
  })

  test('what is changed after the call was made, or while getters are asked, changes no copy', async () => {
    const own = new Engine({ concurrency: 1 })
    rejection(own.runLua(HOLDING, 'holder', { timeout: 50 }))
    const list = [1, { a: 1 }]
    const data = bytes('abc')
    const map = new Map([['k', 1]])
    const args = [list, data, map]
    const globals = { g: { n: 1 } }
    const run = own.run('return g.n, ...', 'x', { args, globals })
    list.push(3)
    list[1].a = 2
    data.fill(0)
    map.set('k', 2)
    args.length = 0
    globals.g.n = 2
    expect((await run).values).toEqual([1, [1, { a: 1 }], 'abc', { k: 1 }])
    await own.close({ timeout: 0 })
  })

  test('a script that changes its arguments changes nothing of the host', async () => {
    const value = { list: [1, 2] }
    await engine.run('local v = ... v.list[1] = 9 v.x = 1 conf.y = 1', 'x', { args: [value], globals: { conf: value } })
    expect(value).toEqual({ list: [1, 2] })
  })

  test('globals may have any name, and may stand for those of Lua', async () => {
    const globals = { 'a b': 1, '': 2, print: 'mine', '\u00e9': 3, end: 4 }
    expect(
      (await engine.run('return _G["a b"], _G[""], print, _G["\\u{e9}"], _G["end"]', 'x', { globals })).values,
    ).toEqual([1, 2, 'mine', 3, 4])
    const proto = JSON.parse('{"__proto__": 5}')
    expect((await engine.run('return __proto__', 'x', { globals: proto })).value).toBe(5)
  })

  test('globals named script change nothing of who is running', async () => {
    const own = new Engine()
    await own.run('State.set("k", script.id)', 'real', { globals: { script: { id: 'victim' } } })
    expect(await own.runLua('return State.get("k")', 'real')).toBe('victim')
    expect(await own.runLua('return State.has("k")', 'victim')).toBe('false')
    await own.close()
  })

  test('a global that is undefined is absent', async () => {
    expect(
      (await engine.run('return rawget(_G, "a"), type(print)', 'x', { globals: { a: undefined } })).values,
    ).toEqual([undefined, 'function'])
  })
})

describe('memory', () => {
  const big = Array.from({ length: 300_000 }, (_, i) => i)

  test.each([
    ['a huge array among the args', { args: [big] }],
    ['a huge array among the globals', { globals: { big } }],
    ['many strings', { args: Array.from({ length: 900 }, (_, i) => `${i}`.padStart(4000, 'x')) }],
    ['huge bytes', { args: [new Uint8Array(8 * MIB)] }],
    ['a huge Map', { args: [new Map(big.map((i) => [`k${i}`, i]))] }],
    ['nested arrays', { args: [Array.from({ length: 50_000 }, () => [[]])] }],
  ])('%s counts, and the run rejects with ERR_LUA_MEMORY', async (_what, options) => {
    for (const call of [
      engine.run('return 1', 'x', { ...options, memoryLimit: 2 * MIB }),
      engine.runLua('return 1', 'x', { ...options, memoryLimit: 2 * MIB }),
    ]) {
      expect(await rejection(call)).toMatchObject({ code: 'ERR_LUA_MEMORY' })
    }
    expect((await engine.run('return 1', 'x', options)).value).toBe(1)
  })

  test('results that need too much are refused as memory', async () => {
    const code = 'local s = ("x"):rep(1024 * 1024) return { s, s, s, s, s, s, s, s }'
    expect(await rejection(engine.run(code, 'x', { memoryLimit: 4 * MIB }))).toMatchObject({ code: 'ERR_LUA_MEMORY' })
    expect((await engine.run(code, 'x')).value).toHaveLength(8)
  })

  test('a doubling table is stopped', async () => {
    const code = 'local t = { "x" } for _ = 1, 60 do t = { t, t } end return t'
    expect(['ERR_LUA_MEMORY', 'ERR_LUA_TIMEOUT']).toContain(
      (await rejection(engine.run(code, 'x', { memoryLimit: 8 * MIB }))).code,
    )
  })

  test('peakMemory has what went in', async () => {
    const { stats } = await engine.run('return #...', 'x', { args: [new Uint8Array(4 * MIB)] })
    expect(stats.peakMemory).toBeGreaterThan(4 * MIB)
  })
})
