// Contexts and pools with host functions, modules, data and ways to cross of their own, together with what they do alone.
'use strict'

const { inspect } = require('node:util')
const { LuaFunction } = require('..')
const { engineExposing, engineWith, until } = require('./support/engine')
const { rejection, thrownBy } = require('./support/rejection')

const OWN = { who: ({ name, data }) => [name, data], double: (_context, n) => n * 2 }
const MODULES = { rates: 'return { tax = 3 }' }
const LIBRARY = `local rates = require 'rates'
  room = {} function room.total(n) return host.double(n) + rates.tax end
  function room.who() return host.who() end function room.keep(f) kept = f return f end`

describe('a context with functions and modules of its own', () => {
  test('has them in calls by names with dots, and in functions that JavaScript holds', async () => {
    const context = engineWith().createContext('x', { host: OWN, modules: MODULES, functions: true })
    await context.run(LIBRARY)
    expect((await context.call('room.total', 5)).value).toBe(13)
    const total = await context.get('room.total').catch((error) => error)
    expect(total).toBeInstanceOf(LuaFunction)
    expect((await total.call(6)).value).toBe(15)
  })

  test('tells them the name and the data of each call, or those of the context', async () => {
    const context = engineWith().createContext('x', {
      host: OWN,
      modules: MODULES,
      name: 'chat',
      data: 1,
      functions: true,
    })
    await context.run(LIBRARY)
    const { value: who } = await context.run('return room.who')
    const told = [
      await context.call('room.who'),
      await context.apply('room.who', [], { data: 2, name: 'tick' }),
      await who.apply([], { data: 3 }),
    ]
    expect(told.map(({ value }) => value)).toEqual([
      ['chat', 1],
      ['tick', 2],
      ['chat', 3],
    ])
  })
})

describe('functions that JavaScript holds, and how values cross', () => {
  test.each(['object', 'record', 'map'])('they come out within tables: %s', async (tables) => {
    const context = engineWith().createContext('x', { functions: true, tables })
    const { value } = await context.run('return { f = function() return 7 end }')
    const f = tables === 'map' ? value.get('f') : value.f
    expect((await f.call()).value).toBe(7)
    await context.call('print', { f }, new Map([[1, f]]))
  })

  test('calls of them, by name, and set follow nulls and dates', async () => {
    const context = engineWith().createContext('x', { functions: true, nulls: 'nil', dates: 'iso' })
    await context.run('function room(...) return select("#", ...), ... end')
    const at = new Date(0)
    const { value: room } = await context.run('return room')
    const seen = [
      await context.call('room', null, at),
      await context.apply('room', [null, at]),
      await room.call(null, at),
    ]
    for (const { values } of seen) expect(values).toEqual([2, undefined, at.toISOString()])
    expect((await room.apply([null], { nulls: 'null' })).values).toEqual([1, null])
    await context.set('when', at)
    await context.set('gone', null)
    expect((await context.run('return when, gone')).values).toEqual([at.toISOString(), undefined])
  })
})

describe('a pool', () => {
  test('gives all of its contexts functions, modules, data and ways to cross', async () => {
    const options = { size: 2, host: OWN, modules: MODULES, data: 'all', nulls: 'nil', tables: 'record' }
    const pool = engineWith().createPool('x', {
      ...options,
      globals: { none: null },
      setup: (made) => made.run(LIBRARY),
    })
    const calls = [pool.call('room.total', 1), pool.call('room.total', 2), pool.call('room.total', 3)]
    expect((await Promise.all(calls)).map(({ value }) => value)).toEqual([5, 7, 9])
    expect((await pool.call('room.who')).value).toEqual(['x', 'all'])
    expect((await pool.apply('room.who', [], { data: 'one' })).value).toEqual(['x', 'one'])
    expect((await pool.run('return none == nil, { [7] = 1 }')).values).toEqual([true, { 7: 1 }])
  })

  test('takes a set, and refuses what is none, or of a name that is exposed', () => {
    const engine = engineExposing({ taken: () => 1 })
    expect(() => engine.createPool('x', { host: engine.functions(OWN) })).not.toThrow()
    expect(thrownBy(() => engine.createPool('x', { host: 5 })).message).toMatch(/"options.host"/)
    expect(thrownBy(() => engine.createPool('x', { modules: { a: 5 } })).message).toMatch(/options.modules.a/)
    expect(thrownBy(() => engine.createPool('x', { host: { taken: () => 2 } })).message).toMatch(/must have new names/)
  })

  test('makes no further contexts once the engine has what it gives, and says so', async () => {
    for (const [options, take] of [
      [{ host: OWN }, (engine) => engine.expose('double', () => 0)],
      [{ modules: MODULES }, (engine) => engine.addModule('rates', 'return 1')],
    ]) {
      const engine = engineWith()
      const pool = engine.createPool('x', { ...options, size: 1 })
      await until(() => pool.idle === 1)
      take(engine)
      expect((await pool.run('return 1')).value).toBe(1)
      pool.replace()
      expect((await rejection(pool.run('return 1'))).message).toMatch(/must have new names/)
      await pool.close()
    }
  })

  test('makes its next contexts with what the engine has then', async () => {
    const engine = engineExposing({ now: () => 'old' })
    const pool = engine.createPool('x', { size: 1 })
    await until(() => pool.idle === 1)
    engine.expose('now', () => 'new', { replace: true })
    expect((await pool.run('return host.now()')).value).toBe('old')
    pool.replace()
    expect((await pool.run('return host.now()')).value).toBe('new')
  })

  test('says in util.inspect what it is', async () => {
    const pool = engineWith().createPool('x', { size: 2 })
    await until(() => pool.idle === 2)
    expect(inspect(pool)).toBe("ContextPool { scriptId: 'x', state: 'open', size: 2, idle: 2, pending: 0 }")
    await pool.close()
    expect(inspect(pool)).toBe("ContextPool { scriptId: 'x', state: 'closed', size: 2, idle: 0, pending: 0 }")
    expect(() => inspect(Object.create(Object.getPrototypeOf(pool)))).not.toThrow()
  })
})

test('util.inspect of a context says that it is closed however it ended', async () => {
  const engine = engineWith()
  const [stopped, left] = [engine.createContext('x'), engine.createContext('x')]
  await rejection(stopped.run('while true do end', { timeout: 5 }))
  expect(inspect(stopped)).toMatch(/state: 'closed'/)
  expect(inspect(left)).toMatch(/state: 'open'/)
  await engine.close()
  expect(inspect(left)).toMatch(/state: 'closed'/)
})
