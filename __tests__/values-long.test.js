// What a script returns, throws or passes may be longer than JavaScript can hold: strings, names in messages, and many keys.
'use strict'

const { constants } = require('node:buffer')
const { engineExposing, engineWith } = require('./support/engine')
const { GIB, run } = require('./support/floods')

describe("more than V8's longest string", () => {
  const LONG = constants.MAX_STRING_LENGTH + 1
  const options = { timeout: 60000, memoryLimit: 4 * GIB, maxOutput: 2 ** 31 - 1 }

  test('as text', async () => {
    const error = await engineWith()
      .runLua(`local s = ("x"):rep(${LONG >> 1}) return s, s`, 'x', options)
      .catch((e) => e)
    expect(error).toMatchObject({ code: 'ERR_LUA_RESULT', message: expect.stringContaining(`${LONG - 1}`) })
  })

  test('as a value', async () => {
    const error = await engineWith()
      .run(`return {("x"):rep(${LONG})}`, 'x', options)
      .catch((e) => e)
    expect(error).toMatchObject({ code: 'ERR_LUA_RESULT', message: expect.stringContaining('value[1] is a string of') })
  })

  test('as output', async () => {
    const code = `local s = ("x"):rep(${LONG >> 3}) for i = 1, 9 do io.write(s) end`
    const error = await engineWith()
      .run(code, 'x', options)
      .catch((e) => e)
    expect(error).toMatchObject({ code: 'ERR_LUA_RESULT' })
    expect(error.output.length).toBeGreaterThan(1e8)
    const failed = await engineWith()
      .run(`${code} error("x")`, 'x', options)
      .catch((e) => e)
    expect(failed).toMatchObject({ code: 'ERR_LUA_RUNTIME' })
    expect(failed.output.length).toBeGreaterThan(1e8)
  })

  test('as an argument', async () => {
    const engine = engineExposing({ f: () => 7 })
    const code = `local ok, e = pcall(host.f, ("x"):rep(${LONG})) return ok, e.code, host.f()`
    expect((await engine.run(code, 'x', options)).values).toEqual([false, 'ERR_HOST_FUNCTION', 7])
  })

  test('as the message of a host function', async () => {
    const engine = engineExposing({
      f: () => {
        throw new Error('x'.repeat(constants.MAX_STRING_LENGTH - 10))
      },
    })
    const { values } = await engine.run('local ok, e = pcall(host.f) return ok, #e.message', 'x', options)
    expect(values[0]).toBe(false)
    expect(values[1]).toBeLessThan(1e6)
  })
})

describe('names in messages are cut', () => {
  test.each([
    ['keys of objects', {}, '[("k\\0"):rep(8000)]'],
    ['keys of maps', { tables: 'map' }, '[("k\\0"):rep(8000)]'],
    ['names', {}, '[("k"):rep(10000)]'],
  ])('%s', async (_, options, key) => {
    const code = `local t = print for i = 1, 120 do t = { ${key} = t } end return t`
    const { error } = await run(code, options)
    expect(error.code).toBe('ERR_LUA_RESULT')
    expect(error.message.length).toBeLessThan(800)
    expect(error.message).toMatch(/^the result cannot cross: value.*\.\.\..*is a function$/s)
  })

  test.each([
    ['a key that is not UTF-8', 'return { [("\\xff"):rep(1000000)] = 1 }'],
    ['mixed keys', 'return { 1, [("x\\0"):rep(1000000)] = 1 }'],
    ['a marked array', 'local t = json.array({}) t[("x\\0"):rep(1000000)] = 1 return t'],
  ])('%s', async (_, code) => {
    const { error } = await run(code)
    expect(error.code).toBe('ERR_LUA_RESULT')
    expect(error.message.length).toBeLessThan(800)
  })

  test('a traceback of long names', async () => {
    const name = 'n'.repeat(200000)
    const code = `local function ${name}() error("x") end ${name}()`
    const { error } = await run(code)
    expect(error.luaStack.length).toBeLessThan(2 ** 17)
  })
})

describe('many keys of maps', () => {
  const code = `
    local maps = {}
    for n = 1, 5 do local t = {} for i = 1, 125000 do t[n .. "#" .. i] = true t[i] = true end maps[n] = t end
    return maps`

  test('more than a million', async () => {
    const { value } = await run(code, { tables: 'map', maxNodes: 5e6, memoryLimit: 2 * GIB, timeout: 55000 })
    const maps = [...value.value.values()]
    expect(maps.map(({ size }) => size)).toEqual(new Array(5).fill(250000))
    expect(maps[4].get('5#125000')).toBe(true)
  })

  test('count as memory', async () => {
    const { error } = await run(code, { tables: 'map', maxNodes: 5e6, memoryLimit: 150 * 2 ** 20 })
    expect(error).toMatchObject({ code: 'ERR_LUA_MEMORY' })
  })
})
