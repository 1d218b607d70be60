// Source that is made to harm: what it costs to compile is bounded, and compiled Lua is refused everywhere.
'use strict'

const { Engine, LuaError, Script } = require('..')
const { MIB } = require('./support/constants')
const { expectBadArgument, rejection, thrownBy } = require('./support/rejection')

const engine = new Engine()

describe('hostile source', () => {
  const LONG = 'a = a + 1 '.repeat(2_000_000)

  test('longer than defaults.maxSource: refused', () => {
    const error = thrownBy(() => new Engine({ defaults: { maxSource: 10 } }).compile('return 12345'))
    const says = 'The "source" argument must not be longer than 10 bytes (maxSource). Received 12'
    expectBadArgument(error, RangeError, says)
    expect(thrownBy(() => engine.compile(' '.repeat(MIB + 1))).message).toContain('(maxSource)')
    expect(engine.compile(' '.repeat(MIB))).toBeInstanceOf(Script)
  })

  test('that takes long to compile is bounded by defaults.timeout', () => {
    const strict = new Engine({ defaults: { timeout: 50, maxSource: 64 * MIB, memoryLimit: 1024 * MIB } })
    const error = thrownBy(() => strict.compile(LONG))
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ code: 'ERR_LUA_TIMEOUT', limit: 'timeout' })
    expect(error).not.toHaveProperty('scriptId')
    expect(strict.compile('return 1')).toBeInstanceOf(Script)
  })

  test('that takes much memory to compile is bounded by defaults.memoryLimit', () => {
    const strict = new Engine({ defaults: { memoryLimit: MIB, maxSource: 64 * MIB } })
    expect(thrownBy(() => strict.compile(LONG))).toMatchObject({ code: 'ERR_LUA_MEMORY' })
    expect(strict.compile('return 1')).toBeInstanceOf(Script)
  })

  test.each([
    ['parentheses', `return ${'('.repeat(100_000)}`],
    ['tables', `return ${'{'.repeat(100_000)}`],
    ['functions', 'return function() '.repeat(30_000)],
    ['blocks', 'do '.repeat(100_000)],
    ['concatenations', `return ${'"a"..'.repeat(100_000)}"a"`],
    ['operators', `return ${'not '.repeat(100_000)}true`],
    ['locals', 'local a '.repeat(1000)],
    ['an endless string', 'return [==['],
    ['an endless comment', `--[[${'x'.repeat(100_000)}`],
    ['zeros', '\0'.repeat(1000)],
    ['every byte', Buffer.from(Array.from({ length: 256 }, (_, i) => i))],
  ])('%s: a LuaError, and the engine lives on', async (_what, source) => {
    const error = thrownBy(() => engine.compile(source))
    expect(error).toBeInstanceOf(LuaError)
    expect(error.code).toBe('ERR_LUA_SYNTAX')
    expect(await rejection(engine.runLua(source, 'x'))).toMatchObject({ code: 'ERR_LUA_SYNTAX' })
    expect(await engine.runLua(engine.compile('return "alive"'), 'x')).toBe('alive')
  })
})

test('compile is bounded by defaults.cpuTimeout', () => {
  const strict = new Engine({ defaults: { cpuTimeout: 20, maxSource: 2 ** 28, memoryLimit: 2 ** 32 } })
  expect(thrownBy(() => strict.compile('a = a + 1 '.repeat(5e6)))).toMatchObject({
    code: 'ERR_LUA_TIMEOUT',
    limit: 'cpuTimeout',
  })
})

describe('binary chunks', () => {
  test.each([
    ['string.dump', 'return string.dump, ("").dump'],
    ['string.dump by another way', 'return rawget(string, "dump"), getmetatable("")'],
    ['loadfile and dofile', 'return loadfile, dofile'],
  ])('%s is absent', async (_what, code) => {
    const [first] = (await engine.runLua(code, 'x')).split('\t')
    expect(first).toBe('nil')
  })

  const HEADER = '\\27Lua\\x54\\0\\x19\\x93\\r\\n\\x1a\\n'

  test.each([
    ['a string', `load("${HEADER}")`],
    ['with mode b', `load("${HEADER}", "x", "b")`],
    ['with mode bt', `load("${HEADER}", "x", "bt")`],
    ['in pieces', `load(coroutine.wrap(function() coroutine.yield("\\27") coroutine.yield("Lua") end))`],
    ['just the first byte', 'load("\\27")'],
  ])('load refuses them: %s', async (_what, expression) => {
    const text = await engine.runLua(`local f, message = ${expression} return f, type(message)`, 'x')
    expect(text).toBe('nil\tstring')
  })

  test.each([true, false])('source that begins with ESC is refused (codeCache: %p)', async (codeCache) => {
    const cached = new Engine({ codeCache })
    for (const start of ['', '\ufeff', '#!lua\n', '\ufeff#\n']) {
      const source = Buffer.from(`${start}\x1bLuaT\0\x19\x93\r\n\x1a\n`)
      for (let i = 0; i < 2; i++) {
        const error = await rejection(cached.runLua(source, 'x'))
        expect(error).toBeInstanceOf(LuaError)
        expect(error.code).toBe('ERR_LUA_SYNTAX')
      }
      expect(thrownBy(() => cached.compile(source))).toMatchObject({ code: 'ERR_LUA_SYNTAX' })
    }
    expect(cached.stats().cacheHits).toBe(0)
    expect(await cached.runLua('return "alive"', 'x')).toBe('alive')
  })
})
