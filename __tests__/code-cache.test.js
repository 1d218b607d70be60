// The code cache of an engine: what is compiled once, what goes first, and that runs share nothing but code.
'use strict'

const { Engine } = require('..')
const { MIB } = require('./support/constants')
const { rejection } = require('./support/rejection')

describe('the code cache', () => {
  /** How often an engine's cache was hit and missed, since it was last asked. */
  function counts(cached) {
    const { cacheHits, cacheMisses } = cached.stats()
    cached.resetStats()
    return { hits: cacheHits, misses: cacheMisses }
  }

  test('the same source of the same name is compiled once', async () => {
    const cached = new Engine()
    for (let i = 0; i < 10; i++) expect(await cached.runLua('return 1', 'x')).toBe('1')
    expect(counts(cached)).toEqual({ hits: 9, misses: 1 })
    expect(await cached.runLua(Buffer.from('return 1'), 'x')).toBe('1')
    expect(counts(cached)).toEqual({ hits: 1, misses: 0 })
  })

  test('another name or another source is a miss', async () => {
    const cached = new Engine()
    await cached.runLua('return script.name', 'x')
    expect(await cached.runLua('return script.name', 'y')).toBe('y')
    expect(await cached.runLua('return script.name', 'x', { name: 'z' })).toBe('z')
    expect(await cached.runLua('return script.name ', 'x')).toBe('x')
    expect(counts(cached)).toEqual({ hits: 0, misses: 4 })
    // Another script, but the same name: the code is shared, the identity is not.
    expect(await cached.runLua('return script.name', 'other', { name: 'z' })).toBe('z')
    expect(await cached.runLua('return script.id', 'a', { name: 'z' })).toBe('a')
    expect(await cached.runLua('return script.id', 'b', { name: 'z' })).toBe('b')
    expect(counts(cached)).toEqual({ hits: 2, misses: 1 })
  })

  test('names and sources that together read the same are not mixed up', async () => {
    const cached = new Engine()
    expect(await cached.runLua('return 1', 'ab')).toBe('1')
    expect(await rejection(cached.runLua('breturn 1', 'a'))).toMatchObject({ code: 'ERR_LUA_SYNTAX' })
    expect(counts(cached).hits).toBe(0)
  })

  test('what does not compile is not kept, and says the same each time', async () => {
    const cached = new Engine()
    const errors = []
    for (let i = 0; i < 3; i++) errors.push((await rejection(cached.runLua('\nlocal = 1', 'x'))).message)
    expect(new Set(errors).size).toBe(1)
    expect(counts(cached)).toEqual({ hits: 0, misses: 3 })
  })

  test('messages and tracebacks are those of the source', async () => {
    const cached = new Engine()
    const code = 'local function f(a)\n  return a.b.c\nend\n\nf({})'
    const [fresh, again] = [await rejection(cached.runLua(code, 'x')), await rejection(cached.runLua(code, 'x'))]
    expect(counts(cached)).toEqual({ hits: 1, misses: 1 })
    for (const field of ['message', 'chunk', 'line', 'luaStack', 'code']) expect(again[field]).toBe(fresh[field])
  })

  test('false: nothing is kept', async () => {
    const plain = new Engine({ codeCache: false })
    for (let i = 0; i < 3; i++) expect(await plain.runLua('return 1', 'x')).toBe('1')
    expect(plain.stats().cacheHits).toBe(0)
    expect(await plain.runLua(plain.compile('return 2'), 'x')).toBe('2')
  })

  test('engines have caches of their own', async () => {
    const [one, other] = [new Engine(), new Engine()]
    await one.runLua('return 1', 'x')
    await other.runLua('return 1', 'x')
    expect(counts(other)).toEqual({ hits: 0, misses: 1 })
  })

  const run = (cached, i) => cached.runLua(`return ${i}`, 'x')

  test('maxEntries: what was least recently used goes first', async () => {
    const cached = new Engine({ codeCache: { maxEntries: 2 } })
    for (const i of [1, 2]) await run(cached, i)
    await run(cached, 1)
    counts(cached)
    await run(cached, 3)
    await run(cached, 1)
    await run(cached, 3)
    expect(counts(cached)).toEqual({ hits: 2, misses: 1 })
    await run(cached, 2)
    expect(counts(cached)).toEqual({ hits: 0, misses: 1 })
  })

  test('by default 1000 chunks are kept', async () => {
    const cached = new Engine()
    for (let i = 0; i < 1001; i++) await run(cached, i)
    counts(cached)
    await run(cached, 1)
    await run(cached, 1000)
    expect(counts(cached)).toEqual({ hits: 2, misses: 0 })
    await run(cached, 0)
    expect(counts(cached)).toEqual({ hits: 0, misses: 1 })
  })

  test('maxBytes: as many go as it takes, and what is too large alone is not kept', async () => {
    const cached = new Engine({ codeCache: { maxBytes: 30_000 } })
    const big = `return "${'x'.repeat(10_000)}"`
    const huge = `return "${'x'.repeat(40_000)}"`
    await run(cached, 1)
    await cached.runLua(huge, 'x')
    await cached.runLua(huge, 'x')
    await run(cached, 1)
    expect(counts(cached)).toEqual({ hits: 1, misses: 3 })
    await cached.runLua(big, 'a')
    await cached.runLua(big, 'a')
    expect(counts(cached)).toEqual({ hits: 1, misses: 1 })
    await cached.runLua(big, 'b')
    await cached.runLua(big, 'a')
    expect(counts(cached)).toEqual({ hits: 0, misses: 2 })
  })

  test('maxBytes of 1 keeps nothing, and everything runs', async () => {
    const cached = new Engine({ codeCache: { maxBytes: 1 } })
    for (let i = 0; i < 3; i++) expect(await run(cached, 7)).toBe('7')
    expect(counts(cached)).toEqual({ hits: 0, misses: 3 })
  })

  test('ttl: what is older is compiled anew', async () => {
    const cached = new Engine({ codeCache: { ttl: 0.001 } })
    for (let i = 0; i < 3; i++) expect(await run(cached, 7)).toBe('7')
    expect(counts(cached)).toEqual({ hits: 0, misses: 3 })
    const patient = new Engine({ codeCache: { ttl: 600_000 } })
    for (let i = 0; i < 3; i++) await run(patient, 7)
    expect(counts(patient)).toEqual({ hits: 2, misses: 1 })
  })

  test('a script of which many runs compile at once is right in all of them', async () => {
    const cached = new Engine({ concurrency: 3 })
    const texts = await Promise.all(Array.from({ length: 300 }, (_, i) => cached.runLua(`return ${i % 3}`, 'x')))
    expect(texts).toEqual(texts.map((_, i) => String(i % 3)))
    const { hits, misses } = counts(cached)
    expect(hits + misses).toBe(300)
    expect(misses).toBeGreaterThanOrEqual(3)
  })

  test('a run cannot change what another gets of the same code', async () => {
    const cached = new Engine({ concurrency: 1 })
    const code = `
      local function counter() local n = 0 return function() n = n + 1 return n end end
      shared = shared or counter()
      local constants = { 1, 2, 3 }
      constants[#constants + 1] = shared()
      return constants`
    for (let i = 0; i < 5; i++) expect(await cached.runLua(code, 'x')).toBe('[1,2,3,1]')
    expect(counts(cached).hits).toBe(4)
  })

  test('memory and timeouts bound a run of cached code as any other', async () => {
    const cached = new Engine()
    const code = 'local t = {} while true do t[#t + 1] = {} end'
    for (let i = 0; i < 3; i++) {
      expect(await rejection(cached.runLua(code, 'x', { memoryLimit: MIB }))).toMatchObject({ code: 'ERR_LUA_MEMORY' })
    }
    expect(counts(cached).hits).toBe(2)
  })
})
