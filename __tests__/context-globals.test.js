// The globals of a context: read and written from outside, given when it is made, and out of the reach of metatables.
'use strict'

const { contextWith, valueIn, valuesIn } = require('./support/context')
const { engineWith, hold, isIdle, until } = require('./support/engine')
const { rejection } = require('./support/rejection')

describe('get and set', () => {
  test('values go in and come out', async () => {
    const context = contextWith()
    for (const value of [1, 'text', true, false, null, 2.5, [1, [2]], { a: { b: 1 } }, 2n ** 60n]) {
      await context.set('v', value)
      expect(await context.get('v')).toEqual(value)
    }
    await context.set('bytes', new Uint8Array([104, 105]))
    expect(await context.get('bytes')).toBe('hi')
    expect(await context.get('never_set')).toBeUndefined()
  })

  test('set resolves with nothing, and scripts see the value', async () => {
    const context = contextWith()
    expect(await context.set('items', ['a', 'b'])).toBeUndefined()
    expect(await valueIn(context.run('items[#items + 1] = "c" return #items'))).toBe(3)
    expect(await context.get('items')).toEqual(['a', 'b', 'c'])
  })

  test('a value that cannot come out is refused with its path, and stays', async () => {
    const context = contextWith()
    await context.run('t = { f = print }')
    const error = await rejection(context.get('t'))
    expect(error).toMatchObject({ code: 'ERR_LUA_RESULT' })
    expect(error.message).toContain('value.f')
    expect(await valueIn(context.run('return type(t.f)'))).toBe('function')
  })

  test('metatables of the globals see nothing of it', async () => {
    const context = contextWith()
    await context.run(`seen = 0
      setmetatable(_G, {
        __index = function(_, name) seen = seen + 1 return "virtual" end,
        __newindex = function() error("locked") end,
        __metatable = "locked",
      })`)
    expect(await context.get('absent')).toBeUndefined()
    await context.set('fresh', 1)
    expect(await context.get('fresh')).toBe(1)
    expect((await rejection(context.call('absent'))).message).toBe('absent cannot be called: absent is a nil value')
    expect(await context.get('seen')).toBe(0)
    expect(await valuesIn(context.run('return fresh, absent, g', { globals: { g: 2 } }))).toEqual([1, 'virtual', 2])
  })

  test('names like those of Object.prototype are names like any other', async () => {
    const context = contextWith()
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(await context.get(name)).toBeUndefined()
      await context.set(name, name)
      expect(await context.get(name)).toBe(name)
    }
  })

  test('a script that overwrites its own globals breaks none of it', async () => {
    const context = contextWith()
    await context.run(`function double(n) return 2 * n end
      print, error, type, tostring, pcall, rawget, rawset, setmetatable, string, table, json, State, _ENV_ = nil
      _G = nil`)
    await context.set('n', 4)
    expect(await context.get('n')).toBe(4)
    expect(await valueIn(context.call('double', 21))).toBe(42)
    expect(await valueIn(context.run('return n, print, _G'))).toBe(4)
    expect(await rejection(context.run('error("x")'))).toMatchObject({ code: 'ERR_LUA_RUNTIME' })
  })

  test('a script that replaces _G, or works in another _ENV, does not move the globals', async () => {
    const context = contextWith()
    await context.run('n = 1 _G = { n = 2 } local _ENV = { n = 3 } n = 4')
    expect(await context.get('n')).toBe(1)
    expect(await context.get('_G')).toEqual({ n: 2 })
  })

  test.each(['nil', '5', '{}', '{ echo = 1, db = 2 }'])('a script that makes host %s', async (value) => {
    const engine = engineWith()
    engine.expose('echo', (_context, given) => given)
    engine.expose('db', { get: () => 1 })
    const context = engine.createContext('x')
    await context.run(`host = ${value} n = 1`)
    expect(await valueIn(context.run('return n'))).toBe(1)
    await context.set('n', 2)
    expect(await valueIn(context.call('tostring', 3))).toBe('3')
    expect(await context.get('n')).toBe(2)
  })

  test('a script that removes every global', async () => {
    const context = contextWith()
    await context.run('local g = _G for name in pairs(g) do g[name] = nil end')
    await context.set('n', 1)
    expect(await context.get('n')).toBe(1)
    expect(await valueIn(context.run('n = n + 1 return n'))).toBe(2)
  })
})

test('set(name, undefined) sets nil', async () => {
  const context = contextWith()
  await context.set('v', 1)
  await context.set('v', undefined)
  expect(await context.get('v')).toBeUndefined()
})

describe('the option globals', () => {
  test('is there in the first run, and stays', async () => {
    const context = contextWith({ globals: { a: 1, b: { c: [2] } } })
    expect(await valuesIn(context.run('a = a + 1 return a, b.c[1]'))).toEqual([2, 2])
    expect(await valueIn(context.run('return a'))).toBe(2)
  })

  test('is there when the first run is set(), whose value counts', async () => {
    const context = contextWith({ globals: { a: 1, b: 1 } })
    await context.set('b', 2)
    expect([await context.get('a'), await context.get('b')]).toEqual([1, 2])
  })

  test('gives way to the globals of the first run', async () => {
    const context = contextWith({ globals: { a: 1, b: 1 } })
    expect(await valuesIn(context.run('return a, b', { globals: { b: 2 } }))).toEqual([1, 2])
  })

  test('can replace what the libraries have', async () => {
    const context = contextWith({ globals: { print: 'not a function' } })
    expect(await valueIn(context.run('return print'))).toBe('not a function')
  })

  test('is copied when the context is made', async () => {
    const globals = { list: [1] }
    const context = contextWith({ globals })
    globals.list.push(2)
    globals.more = 1
    expect(await valuesIn(context.run('return #list, more'))).toEqual([1, undefined])
  })

  test('is there although the first run was aborted before its turn', async () => {
    const context = contextWith({ globals: { a: 1 } })
    await rejection(context.run('a = 2', { signal: AbortSignal.abort('early') }))
    expect(await valueIn(context.run('return a'))).toBe(1)
  })
})

describe('the option globals is there although the first run never had it', () => {
  test('get() comes first', async () => {
    const context = contextWith({ globals: { a: 1 } })
    expect(await context.get('a')).toBe(1)
  })
  test('get() came first', async () => {
    const context = contextWith({ globals: { a: 1 } })
    await context.get('b')
    expect(await valueIn(context.run('return a'))).toBe(1)
  })
  test('a syntax error came first', async () => {
    const context = contextWith({ globals: { a: 1 } })
    await rejection(context.run('return return'))
    expect(await valueIn(context.run('return a'))).toBe(1)
  })
  test('a call of a function came first that is not there', async () => {
    const context = contextWith({ globals: { a: 1 } })
    await rejection(context.call('nothing'))
    expect(await valueIn(context.run('return a'))).toBe(1)
  })
  test.each([
    ['queueTimeout', {}, () => ({ queueTimeout: 5 }), { code: 'ERR_QUEUE_TIMEOUT' }],
    ['ERR_QUEUE_FULL', { maxQueue: 0 }, () => ({}), { code: 'ERR_QUEUE_FULL' }],
    ['a signal in the queue', {}, () => ({ signal: AbortSignal.timeout(5) }), { name: 'TimeoutError' }],
  ])('%s', async (_what, engineOptions, options, reason) => {
    const engine = engineWith({ concurrency: 1, ...engineOptions })
    const free = hold(engine)
    const context = engine.createContext('x', { globals: { a: 1 } })
    expect(await rejection(context.run('', options()))).toMatchObject(reason)
    await free()
    // The promise of what holds the thread is settled before the thread is free.
    await until(() => isIdle(engine))
    expect(await valueIn(context.run('return a'))).toBe(1)
  })
})
