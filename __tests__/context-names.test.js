// What names mean in a context: a global, and with dots what a script would find there; and calls with options.
'use strict'

const { setTimeout: after } = require('node:timers/promises')
const { ENDLESS, FOREVER } = require('./support/constants')
const { contextWith, valueIn, valuesIn } = require('./support/context')
const { engineWith } = require('./support/engine')
const { rejection } = require('./support/rejection')

describe('names with dots', () => {
  test('call, apply, get and set reach into tables', async () => {
    const context = contextWith()
    await context.run('room = { size = 2, inner = { deep = { f = function(a, b) return a + b end } } }')
    expect(await valueIn(context.call('room.inner.deep.f', 1, 2))).toBe(3)
    expect(await valueIn(context.apply('room.inner.deep.f', [3, 4]))).toBe(7)
    expect(await context.get('room.size')).toBe(2)
    await context.set('room.inner.name', { a: 1 })
    expect(await context.get('room.inner.name.a')).toBe(1)
    await context.set('room.size', undefined)
    expect(await context.get('room.size')).toBeUndefined()
    expect(await context.get('room.inner.absent')).toBeUndefined()
  })

  test('functions of libraries', async () => {
    expect(await valueIn(contextWith().call('string.upper', 'a'))).toBe('A')
  })

  test('metamethods have their say behind the first dot, as in a script', async () => {
    const context = contextWith()
    await context.run(`
      Room = { tick = function(n) return n + 1 end }
      room = setmetatable({}, { __index = Room, __newindex = function(t, k, v) rawset(t, k, v * 2) end })
      virtual = setmetatable({}, { __index = function(_, name) return { name = name } end })
      text = 'abc'`)
    expect(await valueIn(context.call('room.tick', 1))).toBe(2)
    expect(await context.get('virtual.a.name')).toBe('a')
    await context.set('room.size', 4)
    expect(await context.get('room.size')).toBe(8)
    expect(await valueIn(context.call('text.upper', 'x'))).toBe('X')
  })

  test('what a metamethod gives may be called, and may be any value that can be', async () => {
    const context = contextWith()
    await context.run(`
      local callable = setmetatable({ by = 3 }, { __call = function(self, n) return self.by * n end })
      a = setmetatable({}, { __index = function() return callable end })
      b = { c = callable }`)
    expect(await valueIn(context.call('a.x', 5))).toBe(15)
    expect(await valueIn(context.call('b.c', 6))).toBe(18)
  })

  test('a metamethod may wait, and has the limits of the call', async () => {
    const context = contextWith()
    await context.run(`
      slow = setmetatable({}, { __index = function() sleep(0.01) return function() return 1 end end })
      endless = setmetatable({}, { __index = function() ${ENDLESS} end })
      failing = setmetatable({}, { __index = function() error('none of that') end })`)
    expect(await valueIn(context.call('slow.f'))).toBe(1)
    expect(await rejection(context.get('failing.f'))).toMatchObject({
      code: 'ERR_LUA_RUNTIME',
      message: expect.stringMatching(/none of that$/),
    })
    expect(await valueIn(context.call('slow.f'))).toBe(1)
    expect(await rejection(context.apply('endless.f', [], { cpuTimeout: 30 }))).toMatchObject({ limit: 'cpuTimeout' })
    expect(context.isClosed).toBe(true)
  })

  test.each([
    ['call', 'nothing', 'nothing cannot be called: nothing is a nil value'],
    ['call', 'nothing.tick', 'nothing.tick cannot be called: nothing is a nil value'],
    ['call', 'room.tick', 'room.tick cannot be called: room.tick is a nil value'],
    ['call', 'room.size', 'room.size cannot be called: room.size is a number value'],
    ['call', 'room.size.x', 'room.size.x cannot be called: room.size is a number value'],
    ['call', 'room', 'room cannot be called: room is a table value'],
    ['call', 'text.tick', 'text.tick cannot be called: text.tick is a nil value (text is a string value)'],
    ['call', 'virtual.tick', 'virtual.tick cannot be called: virtual.tick is a string value'],
    ['get', 'nothing.a', 'nothing.a cannot be read: nothing is a nil value'],
    ['get', 'room.absent.a.b', 'room.absent.a.b cannot be read: room.absent is a nil value'],
    ['set', 'room.size.x', 'room.size.x cannot be set: room.size is a number value'],
    ['set', 'text.x', 'text.x cannot be set: text is a string value'],
    ['call', 'json.null.x', 'json.null.x cannot be called: json.null is a json.null value'],
  ])('%s(%j): %s', async (way, name, message) => {
    const context = contextWith()
    await context.run(`room, text = { size = 5 }, 'abc'
      virtual = setmetatable({}, { __index = function(_, name) return name end })`)
    const error = await rejection(context[way](name, 1))
    expect(error).toMatchObject({ code: 'ERR_LUA_RUNTIME', scriptId: 'x' })
    expect(error.message).toBe(message)
    expect(await context.get('room.size')).toBe(5)
  })

  test('a long name is cut in messages', async () => {
    const error = await rejection(contextWith().call(`a${'b'.repeat(10_000)}`))
    expect(error.message.length).toBeLessThan(300)
  })

  test('a metatable of _G has no say about the first part', async () => {
    const context = contextWith()
    await context.run('setmetatable(_G, { __index = function() return { f = print } end })')
    expect((await rejection(context.call('absent.f'))).message).toMatch(/absent is a nil value$/)
  })
})

describe('apply', () => {
  test('takes its arguments in an array, and none when they are left out', async () => {
    const context = contextWith()
    await context.run('function count(...) return select("#", ...) end')
    expect(await valueIn(context.apply('count', [1, undefined, null]))).toBe(3)
    expect(await valueIn(context.apply('count'))).toBe(0)
  })

  test('has the options of a run', async () => {
    const context = contextWith()
    await context.run(`function f() return { ['a'] = 'b' }, rate end
      function fail() error('no') end
      function spin() ${ENDLESS} end`)
    const [table, rate] = await valuesIn(
      context.apply('f', [], { strings: 'buffer', tables: 'map', globals: { rate: 3 }, timeout: FOREVER }),
    )
    expect(table).toEqual(new Map([['a', new Uint8Array([98])]]))
    expect(rate).toBe(3)
    const controller = new AbortController()
    const stopped = rejection(context.apply('spin', [], { signal: controller.signal, timeout: FOREVER }))
    await after(5)
    controller.abort('enough')
    expect(await stopped).toBe('enough')
  })

  test('copies its arguments when the call is made', async () => {
    const context = contextWith()
    await context.run('function first(t) return t[1] end')
    const args = [[1]]
    const call = context.apply('first', args)
    args[0][0] = 2
    args[0] = undefined
    expect(await valueIn(call)).toBe(1)
  })
})

describe('name', () => {
  test('is that of one run, in messages and errors', async () => {
    const context = contextWith({ name: 'game.lua' })
    expect(await rejection(context.run('error("x")', { name: 'patch.lua' }))).toMatchObject({
      chunk: 'patch.lua',
      message: 'patch.lua:1: x',
    })
    expect(await rejection(context.run('error("x")'))).toMatchObject({ chunk: 'game.lua' })
  })

  test('cannot be given with a Script, which has one', async () => {
    const engine = engineWith()
    const context = engine.createContext('x', { name: 'game.lua' })
    const script = engine.compile('return 1', { name: 'a.lua' })
    expect(await valueIn(context.run(script))).toBe(1)
    expect((await rejection(context.run(script, { name: 'b.lua' }))).message).toMatch(/must not be given with a Script/)
  })
})
