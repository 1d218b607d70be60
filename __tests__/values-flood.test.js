// What a script returns, throws or passes is decoded on the JS thread: it cannot make that thread stand still.
'use strict'

const { decodeOutcome } = require('../lib/decode')
const { engineExposing, engineWith } = require('./support/engine')
const { GIB, LIMIT, STILL, collisions, run } = require('./support/floods')
const { watched } = require('./support/stalls')

describe('keys that collide in V8', () => {
  test.each([
    ['floats', 'local k = float(i) if k == k then t[k] = 1 end', 60000],
    // 4096 of these, times 64.
    ['integers', 'for j = 0, 63 do t[integer(i) + (j << 32)] = 1 end', 4096],
    ['integers of more than 53 bits', 't[long(i)] = 1', 60000],
    ['strings of digits', 't[string.format("%d", i << 17)] = 1', 32000],
  ])('%s', async (_, line, count) => {
    const code = `${collisions} local t = {} for i = 1, ${count} do ${line} end return t`
    const { error, longest } = await run(code, { tables: 'map', maxNodes: 1e7, memoryLimit: GIB })
    expect(longest).toBeLessThan(STILL)
    if (error) expect(error).toMatchObject({ code: 'ERR_LUA_RESULT', message: expect.stringContaining('collide') })
  })

  describe('strings so long that V8 hashes their length alone: refused', () => {
    const LONG = 'local p, t = ("x"):rep(16384 - 6), {} for i = 1, 1500 do KEYS end return t'
    test.each([
      ['in one table', 't[p .. string.format("%06d", i)] = 1'],
      // V8 keeps the names of properties in one table for the whole process.
      ['in a table for each', 't[i] = { [p .. string.format("%06d", i)] = 1 }'],
    ])('%s', async (_, keys) => {
      for (const tables of ['map', 'object']) {
        const { error, longest } = await run(LONG.replace('KEYS', keys), { tables, memoryLimit: GIB })
        expect(error).toMatchObject({ code: 'ERR_LUA_RESULT' })
        expect(error.message).toMatch(
          /value(\[1\])? has a key of 16384 bytes, and JavaScript is given 16383 characters: "x{60}"\.\.\.$/,
        )
        expect(longest).toBeLessThan(STILL)
      }
    })

    test('one that is just as long as possible: given', async () => {
      const { value } = await run('return { [("é"):rep(16383)] = 1 }')
      expect(value.value).toEqual({ ['é'.repeat(16383)]: 1 })
    })

    test('one of megabytes', async () => {
      const { error, longest } = await run('return { [("x"):rep(2^26)] = 1 }', { memoryLimit: GIB })
      expect(error).toMatchObject({ code: 'ERR_LUA_RESULT' })
      expect(longest).toBeLessThan(STILL)
    })

    test('in arguments of host functions: an error that can be caught', async () => {
      const engine = engineExposing({ f: () => 7 })
      const code = 'local ok, e = pcall(host.f, { [("x"):rep(20000)] = 1 }) return ok, e.code, e.message'
      const { values } = await engine.run(code, 'x', LIMIT)
      expect(values).toEqual([false, 'ERR_HOST_FUNCTION', expect.stringContaining('args[1] has a key of 20000 bytes')])
    })
  })

  test('also those that get through to JavaScript: refused by the time that they take', async () => {
    const code = `${collisions} local t = {} for i = 1, 60000 do local k = float(i) t[i] = k == k and k or i end return t`
    const { value: keys } = await engineWith().run(code, 'x', { ...LIMIT, memoryLimit: GIB })
    // A list of one map of these keys.
    const bytes = Buffer.alloc(9 + keys.length * 10)
    bytes.writeUInt32LE(1, 0)
    bytes[4] = 10
    bytes.writeUInt32LE(keys.length, 5)
    keys.forEach((key, i) => {
      bytes[9 + i * 10] = 4
      bytes.writeDoubleLE(key, 10 + i * 10)
      bytes[18 + i * 10] = 2
    })
    const decode = () => new Promise((then) => decodeOutcome({ text: 'so far', values: bytes }, then))
    const { value, longest } = await watched(decode)
    const message = 'the result cannot cross: it has keys that collide in JavaScript, which would take too long'
    expect(value.failure).toEqual({ code: 'ERR_LUA_RESULT', message, output: 'so far' })
    expect(longest).toBeLessThan(STILL)
  })

  test('only small tables of them: given', async () => {
    const code = `${collisions} local t = {} for i = 1, 500 do t[integer(i)] = i end return t`
    const { value } = await run(code, { tables: 'map' })
    expect(value.value.size).toBe(500)
  })

  test('many keys that do not collide: given', async () => {
    const code = 'local t = {} for i = 1, 100000 do t[i] = 1 t[i + 0.5] = 2 t[-i * 1000003] = 3 end return t'
    const { value, longest } = await run(code, { tables: 'map' })
    expect(value.value.size).toBe(300000)
    expect([value.value.get(7), value.value.get(7.5), value.value.get(-1000003)]).toEqual([1, 2, 3])
    expect(longest).toBeLessThan(STILL)
  })
})

describe('keys of objects that look like indexes', () => {
  test.each([
    ['sparse', 'for i = 1, 200000 do t[tostring(i * 8191)] = i end'],
    ['dense', 'for i = 0, 200000 do t[tostring(i)] = i end'],
    [
      'dense, then in jumps',
      'for i = 1000000, 1150000 do t[tostring(i)] = i end for i = 1, 3000 do t[tostring(1150000 + i * 1100)] = i end',
    ],
    ['above the last index', 'for i = 0, 100000 do t[tostring(4294967200 + i)] = i end'],
    ['and __proto__', 't.__proto__ = {} for i = 1, 100000 do t[tostring(i << 20)] = { __proto__ = i } end'],
  ])('%s', async (_, line) => {
    const code = `local t, n = {}, 0 ${line} for _ in pairs(t) do n = n + 1 end return t, n`
    const { value, longest } = await run(code, { memoryLimit: GIB })
    expect(Object.keys(value.values[0])).toHaveLength(value.values[1])
    expect(longest).toBeLessThan(STILL)
  })
})

describe('tables so big that V8 stands still when they grow: refused', () => {
  const options = { memoryLimit: 4 * GIB, maxNodes: 4e9 }

  test.each([
    ['an object of indexes', 'for i = 1, 300001 do t[tostring(i * 1357)] = 1 end', {}],
    ['an object of names', 'for i = 1, 300001 do t["key" .. i] = 1 end', {}],
    ['a record of integers', 'for i = 1, 300001 do t[-i] = 1 end', { tables: 'record' }],
    ['a map of integers', 'for i = 1, 300001 do t[i] = 1 end', { tables: 'map' }],
    ['a map of strings', 'for i = 1, 300001 do t["key" .. i] = 1 end', { tables: 'map' }],
    ['a map of 1 500 000', 'for i = 1, 1500000 do t[i * 0.5] = 1 end', { tables: 'map' }],
  ])('%s', async (_, line, shape) => {
    const { error, longest } = await run(`local t = {} ${line} return { x = t }`, { ...options, ...shape })
    const message = 'value.x has more than 300000 keys, which JavaScript cannot hold without standing still'
    expect(error).toMatchObject({ code: 'ERR_LUA_RESULT', message: `the result cannot cross: ${message}` })
    expect(longest).toBeLessThan(STILL)
  })

  test('one key fewer: given', async () => {
    const { value, longest } = await run('local t = {} for i = 1, 300000 do t[tostring(i * 1357)] = 1 end return t', {
      ...options,
    })
    expect(Object.keys(value.value)).toHaveLength(300000)
    expect(longest).toBeLessThan(STILL)
  })

  test('an array', async () => {
    const { error } = await run('local t = {} for i = 1, 4000001 do t[i] = true end return t', options)
    const message = 'value has 4000001 values; more than 4000000 JavaScript cannot hold without standing still'
    expect(error).toMatchObject({ code: 'ERR_LUA_RESULT', message: `the result cannot cross: ${message}` })
  })

  test('as text there is no such limit', async () => {
    const code = 'local t = {} for i = 1, 300001 do t["key" .. i] = 1 end return t'
    const text = await engineWith().runLua(code, 'x', { ...LIMIT, memoryLimit: GIB })
    expect(text.split(',')).toHaveLength(300001)
  })
})

describe('one value, referenced many times', () => {
  const MANY =
    'local s, t = VALUE, {} for i = 1, 2000 do local u = {} for j = 1, 1000 do u[j] = s end t[i] = u end return t'

  test.each([
    ['a string', '"a"', {}],
    ['a string as bytes', '"a"', { strings: 'buffer' }],
    ['a table', '{}', {}],
    ['a map', '{}', { tables: 'map' }],
    ['json.null', 'json.null', {}],
  ])('%s: refused by maxNodes', async (_, value, options) => {
    const { error, longest } = await run(MANY.replace('VALUE', value), { ...options, memoryLimit: GIB })
    expect(error).toMatchObject({
      code: 'ERR_LUA_RESULT',
      limit: 'maxNodes',
      message: 'the result cannot cross: it has more values than its maxNodes of 1000000',
    })
    expect(longest).toBeLessThan(STILL)
  })

  test.each([
    ['a string as bytes', '"a"', { strings: 'buffer' }],
    ['a map', '{}', { tables: 'map' }],
    ['a table', '{ a = 1 }', {}],
  ])('%s: what it takes in V8 counts', async (_, value, options) => {
    const { error, longest } = await run(MANY.replace('VALUE', value), {
      ...options,
      maxNodes: 4e9,
      memoryLimit: 100 * 2 ** 20,
    })
    expect(error).toMatchObject({ code: 'ERR_LUA_MEMORY' })
    expect(longest).toBeLessThan(STILL)
  })

  test('an index that makes V8 take an array up to there counts as that', async () => {
    const code = 'local t = {} for i = 1, 100000 do t[i] = { ["1000"] = 1 } end return t'
    expect((await run(code)).error).toMatchObject({ code: 'ERR_LUA_MEMORY' })
    const few = await run(code.replace('100000', '1000'))
    expect(few.value.value).toHaveLength(1000)
  })

  test('so do objects of so many properties that V8 makes dictionaries of them', async () => {
    const code = `
      local t = {} for i = 1, 6000 do t[i] = { BOTH } end return t`
    const keys = (count) => Array.from({ length: count }, (_, i) => `k${i} = 1`).join()
    const options = { memoryLimit: 20 * 2 ** 20 }
    expect((await run(code.replace('BOTH', keys(16)), options)).error).toBeUndefined()
    expect((await run(code.replace('BOTH', keys(30)), options)).error).toMatchObject({ code: 'ERR_LUA_MEMORY' })
  })

  test('text of two bytes for each character in V8 counts twice', async () => {
    const { error } = await run('return ("a"):rep(30000000) .. "€"')
    expect(error).toMatchObject({ code: 'ERR_LUA_MEMORY' })
    const text = await watched(() => engineWith().runLua('return ("a"):rep(28000000) .. "€"', 'x', LIMIT))
    expect(text.error).toMatchObject({ code: 'ERR_LUA_MEMORY' })
  })

  test('maxNodes: a table, its values and its keys count', async () => {
    const engine = engineWith({ defaults: { maxNodes: 5 } })
    const code = async (code, options) => (await watched(() => engine.run(code, 'x', options))).error?.code
    expect(await code('return {1, 2, 3, 4}')).toBeUndefined()
    expect(await code('return {1, 2, 3, 4, 5}')).toBe('ERR_LUA_RESULT')
    expect(await code('return {a = 1, b = 2}')).toBeUndefined()
    expect(await code('return {a = 1, b = 2}, 1')).toBe('ERR_LUA_RESULT')
    expect(await code('return {a = 1, b = 2}, 1', { maxNodes: 6 })).toBeUndefined()
    expect(await engine.runLua('return {1, 2, 3, 4, 5}', 'x')).toBe('[1,2,3,4,5]')
    const context = engine.createContext('x', { maxNodes: 2 })
    await expect(context.run('return {1, 2}')).rejects.toMatchObject({ limit: 'maxNodes' })
    expect((await context.run('return {1, 2}', { maxNodes: 3 })).value).toEqual([1, 2])
  })

  test('in arguments of host functions: an error that can be caught', async () => {
    const engine = engineExposing({ f: () => 7 })
    const code = `
      local t = {} for i = 1, 2000000 do t[i] = "a" end
      local ok, e = pcall(host.f, t)
      return ok, e.code, e.message, host.f()`
    const { value, longest } = await watched(() => engine.run(code, 'x', LIMIT))
    const message = 'the call cannot cross: it has more values than its maxNodes of 1000000'
    expect(value.values).toEqual([false, 'ERR_HOST_FUNCTION', message, 7])
    expect(longest).toBeLessThan(STILL)
  })

  test('in thrown values: without them', async () => {
    const { error, longest } = await run('local s, t = {}, {} for i = 1, 340000 do t[i] = s end error(t)')
    expect(error).toMatchObject({ code: 'ERR_LUA_RUNTIME' })
    expect(error.luaValue).toBeUndefined()
    expect(longest).toBeLessThan(STILL)
  })

  test('100 000 arguments: refused', async () => {
    const engine = engineExposing({ f: () => 7 })
    const code = `
      local t = {} for i = 1, 100000 do t[i] = "a" end
      local ok, e = pcall(function() return host.f(table.unpack(t)) end)
      return ok, e.code, e.message`
    const { value } = await watched(() => engine.run(code, 'x', LIMIT))
    const message = 'the call cannot cross: it has 100000 arguments, and may have 50000; give them in a table'
    expect(value.values).toEqual([false, 'ERR_HOST_FUNCTION', expect.stringContaining(message)])
  })
})

describe('big results, a piece at a time', () => {
  const BIG = 'local t = {} for i = 1, 200000 do t[i] = { n = i } end return t'

  test.each([
    ['tables', BIG, {}],
    ['bytes', 'local t = {} for i = 1, 100000 do t[i] = "abc" end return t', { strings: 'buffer' }],
    ['long text', 'return ("é"):rep(8000000)', {}],
    ['long bytes', 'return ("é"):rep(60000000)', { strings: 'buffer', memoryLimit: GIB }],
    ['one big object', 'local t = {} for i = 1, 150000 do t["key" .. i] = i end return t', {}],
    ['one big map', 'local t = {} for i = 1, 150000 do t["key" .. i] = i end return t', { tables: 'map' }],
  ])('%s', async (_, code, options) => {
    const { value, longest } = await run(code, { memoryLimit: 2 ** 28, ...options })
    expect(value.values).toHaveLength(1)
    expect(longest).toBeLessThan(STILL)
  })

  test('text results, and output', async () => {
    const engine = engineWith()
    const options = { ...LIMIT, maxOutput: 2 ** 28, memoryLimit: GIB }
    const { value, longest } = await watched(() => engine.runLua('return ("é€"):rep(8000000)', 'x', options))
    expect(value).toBe('é€'.repeat(8000000))
    expect(longest).toBeLessThan(STILL)
    const failed = await watched(() => engine.runLua('io.write(("é"):rep(8000000)) error("x")', 'x', options))
    expect(failed.error.output).toBe('é'.repeat(8000000))
    expect(failed.longest).toBeLessThan(STILL)
  })

  test('many at once', async () => {
    const engine = engineWith()
    const all = () =>
      Promise.all(Array.from({ length: 12 }, () => engine.run(BIG.replace('200000', '20000'), 'x', LIMIT)))
    const { value, longest } = await watched(all)
    for (const { value: rows } of value) expect(rows.at(-1)).toEqual({ n: 20000 })
    expect(longest).toBeLessThan(STILL)
  })

  test('many thrown values at once', async () => {
    const engine = engineWith()
    const code = 'local t = {} for i = 1, 16000 do t[i] = {["k" .. i] = 1} end error(t)'
    const fails = () => Promise.all(Array.from({ length: 12 }, () => engine.run(code, 'x', LIMIT).catch((e) => e)))
    const { value, longest } = await watched(fails)
    for (const error of value) expect(error.luaValue.at(-1)).toEqual({ k16000: 1 })
    expect(longest).toBeLessThan(STILL)
  })

  test('a thrown nil, false and text', async () => {
    const engine = engineWith()
    const thrown = async (code) => (await engine.run(code, 'x').catch((e) => e)).luaValue
    expect(await thrown('error(false)')).toBe(false)
    expect(await thrown('error({ json.null, "é" })')).toEqual([null, 'é'])
    expect(await thrown('error("x")')).toBeUndefined()
    expect(await thrown('error(nil)')).toBe(null)
  })

  test('arguments of host functions', async () => {
    const got = []
    const engine = engineExposing({ f: (_, rows) => got.push(rows.length, rows.at(-1)) })
    const { value, longest } = await watched(() =>
      engine.run(`${BIG.replace('return', 'return host.f(')})`, 'x', LIMIT),
    )
    expect(value.value).toBe(2)
    expect(got).toEqual([200000, { n: 200000 }])
    expect(longest).toBeLessThan(STILL)
  })

  test('are as they were, whatever is in them', async () => {
    const row = '{ 1, -2.5, "é€", true, json.null, { a = { b = {} } }, math.mininteger, ("z"):rep(300000) }'
    const code = `local t = {} for i = 1, 3000 do t[i] = i end t[3001] = ${row} t[3002] = json.array({}) return t, nil, "end"`
    const { value } = await run(code)
    const numbers = Array.from({ length: 3000 }, (_, i) => i + 1)
    const last = [1, -2.5, 'é€', true, null, { a: { b: {} } }, -(2n ** 63n), 'z'.repeat(300000)]
    expect(value.values).toEqual([[...numbers, last, []], undefined, 'end'])
  })

  test('a signal rejects at once', async () => {
    const engine = engineWith()
    const controller = new AbortController()
    const promise = engine.run(BIG, 'x', { ...LIMIT, signal: controller.signal })
    // With the native engine it is over, and not yet for the caller.
    while (engine.stats().started === 0 || engine.stats().running + engine.stats().suspended > 0)
      await new Promise(setImmediate)
    controller.abort(new Error('enough'))
    await expect(promise).rejects.toThrow('enough')
    await engine.close()
    expect(engine.stats()).toMatchObject({ aborted: 1, completed: 0 })
  })

  test('close waits for them, and stops them when its time is over', async () => {
    const engine = engineWith()
    const promise = engine.run(BIG, 'x', LIMIT)
    await engine.close()
    expect((await promise).value).toHaveLength(200000)

    // Far more than one slice, after which the time of close is over.
    const slow = 'local t = {} for i = 1, 300000 do t[i] = ("€"):rep(20) .. i end return t'
    const other = engineWith()
    const stopped = other.run(slow, 'x', { ...LIMIT, memoryLimit: GIB }).catch((error) => error)
    while (other.stats().started === 0 || other.stats().running + other.stats().suspended > 0)
      await new Promise(setImmediate)
    await other.close({ timeout: 0 })
    expect((await stopped).code).toBe('ERR_ENGINE_CLOSED')
  })
})
