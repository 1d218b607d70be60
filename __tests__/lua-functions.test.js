// Functions of a context that JavaScript holds: calls, identity, release, bounds, and what they cannot do.
'use strict'

const { setMaxListeners } = require('node:events')
const { LuaFunction } = require('..')
const { ENDLESS, FOREVER } = require('./support/constants')
const { GARBAGE_COLLECTION, runProgram } = require('./support/child')
const { contextWith, valueIn, valuesIn, withWait } = require('./support/context')
const { engineWith, isIdle, until } = require('./support/engine')
const { ends, expectBadArgument, rejection } = require('./support/rejection')

const FUNCTIONS = { functions: true }

describe('a function in a result', () => {
  test('is a LuaFunction with the option functions: of the context, or of the run', async () => {
    for (const [of, run] of [
      [FUNCTIONS, {}],
      [{}, FUNCTIONS],
    ]) {
      const context = contextWith(of)
      const fn = await valueIn(context.run('return function(a, b) return a + b, a - b end', run))
      expect(fn).toBeInstanceOf(LuaFunction)
      expect(await fn.call(5, 3)).toMatchObject({ value: 8, values: [8, 2] })
      expect(await valuesIn(fn.apply([5, 3]))).toEqual([8, 2])
    }
  })

  test.each([{ functions: undefined }, { functions: false }])('is refused without: %j', async (options) => {
    const context = contextWith()
    const error = await rejection(context.run('return { f = print }', options))
    expect(error).toMatchObject({ code: 'ERR_LUA_RESULT' })
    expect(error.message).toBe(
      'the result cannot cross: value.f is a function, which crosses as a LuaFunction with the option functions: true',
    )
  })

  test('is refused in runs without a context, where there is no such option', async () => {
    const error = await rejection(engineWith().run('return print', 'x'))
    expect(error.message).toBe('the result cannot cross: value is a function')
  })

  test('anywhere in tables, objects and Maps; but not as a key', async () => {
    const context = contextWith(FUNCTIONS)
    const { a, list } = await valueIn(context.run('return { a = print, list = { { print }, { print } } }'))
    expect([a, list[0][0], list[1][0]]).toEqual(Array(3).fill(expect.any(LuaFunction)))
    const map = await valueIn(context.run('return { [1] = print, x = print }', { tables: 'map' }))
    expect([...map.values()]).toEqual([expect.any(LuaFunction), expect.any(LuaFunction)])
    expect((await rejection(context.run('return { [print] = 1 }', { tables: 'map' }))).message).toMatch(/key that is a/)
  })

  test('in the value of a global, and in the result of a function', async () => {
    const context = contextWith(FUNCTIONS)
    await context.run('function adder(n) return function(m) return n + m end end')
    const adder = await context.get('adder')
    const add = await valueIn(adder.call(2))
    expect(await valueIn(add.call(3))).toBe(5)
  })

  test('in a big result that is decoded over several turns', async () => {
    const context = contextWith(FUNCTIONS)
    const many = await valueIn(
      context.run('local t = {} for i = 1, 900 do t[i] = { ("x"):rep(100), function() return i end } end return t'),
    )
    expect(await valueIn(many[899][1].call())).toBe(900)
  })

  test('a coroutine is none', async () => {
    const error = await rejection(contextWith(FUNCTIONS).run('return coroutine.create(print)'))
    expect(error.message).toBe('the result cannot cross: value is a thread')
  })

  test('an argument of a host function is none', async () => {
    const engine = engineWith()
    engine.expose('take', () => {})
    const context = engine.createContext('x', FUNCTIONS)
    expect((await rejection(context.run('host.take(print)'))).message).toMatch(/args\[1\] is a function$/)
  })
})

describe('a call', () => {
  test('waits for its turn with the other calls, and has their limits and options', async () => {
    const context = contextWith(FUNCTIONS)
    const add = await valueIn(context.run('n = 1 return function() n = n + 1 print(n) return n end'))
    const [first, second, , third] = await Promise.all([
      add.call(),
      add.call(),
      context.set('n', 10),
      add.apply([], { timeout: FOREVER }),
    ])
    expect([first.value, second.value, third.value, third.output]).toEqual([2, 3, 11, '11\n'])
    const spin = await valueIn(context.run(`return function() ${ENDLESS} end`))
    expect(await rejection(spin.apply([], { cpuTimeout: 20 }))).toMatchObject({ limit: 'cpuTimeout' })
    expect(await rejection(add.call())).toMatchObject({ code: 'ERR_CONTEXT_CLOSED' })
  })

  test('fails as a run does', async () => {
    const context = contextWith({ ...FUNCTIONS, name: 'game.lua' })
    const fail = await valueIn(context.run('return function() error({ status = 4 }) end'))
    expect(await rejection(fail.call())).toMatchObject({ code: 'ERR_LUA_RUNTIME', luaValue: { status: 4 }, line: 1 })
  })

  test('of a context whose run waits for it is refused', async () => {
    const engine = engineWith()
    let fn
    engine.expose('again', () => fn.call())
    const context = engine.createContext('x', FUNCTIONS)
    fn = await valueIn(context.run('return function() end'))
    expect((await rejection(context.run('host.again()'))).cause).toMatchObject({ code: 'ERR_CONTEXT_BUSY' })
  })

  test.each([
    ['an argument that cannot cross', (fn) => fn.call(Date), TypeError, /^args\[0\] is function Date/],
    ['args that are no array', (fn) => fn.apply({}), TypeError, /"args" argument must be an array/],
    ['an unknown option', (fn) => fn.apply([], { timeOut: 1 }), TypeError, /did you mean 'timeout'/],
  ])('with %s', async (_, call, ErrorClass, message) => {
    const fn = await valueIn(contextWith(FUNCTIONS).run('return print'))
    expectBadArgument(await rejection(call(fn)), ErrorClass, message)
  })
})

describe('a LuaFunction as an argument', () => {
  test('is the same function in its context, wherever it stands', async () => {
    const context = contextWith(FUNCTIONS)
    const fn = await valueIn(context.run('function f() end return f'))
    const same = 'local t = ... return f == (type(t) == "table" and t.a[1] or t)'
    expect(await valueIn(context.run(same, { args: [fn] }))).toBe(true)
    expect(await valueIn(context.run(same, { args: [{ a: [fn] }] }))).toBe(true)
    expect(await valueIn(context.run('return g == f', { globals: { g: fn } }))).toBe(true)
    await context.run('function is(x) return x == f end')
    expect(await valueIn(context.call('is', fn))).toBe(true)
    expect(await valueIn(context.apply('is', [fn]))).toBe(true)
    expect(await valueIn((await context.get('is')).call(fn))).toBe(true)
    await context.set('h', fn)
    expect(await valueIn(context.run('return h == f'))).toBe(true)
    await context.set('t', { fn })
    expect(await valueIn(context.run('return t.fn == f'))).toBe(true)
  })

  test.each([
    ['another context', (engine, fn) => engine.createContext('x').run('', { args: [fn] }), 'of another context'],
    ['another context, by call', (engine, fn) => engine.createContext('x').call('f', fn), 'of another context'],
    ['another context, by set', (engine, fn) => engine.createContext('x').set('f', fn), 'of another context'],
    ['a run without a context', (engine, fn) => engine.run('', 'x', { args: [fn] }), 'which belongs to a context'],
    ['a pool', (engine, fn) => engine.createPool('x').run('', { args: [fn] }), 'which belongs to a context'],
  ])('is refused by %s', async (_, give, why) => {
    const engine = engineWith()
    const fn = await valueIn(engine.createContext('x', FUNCTIONS).run('return print'))
    const error = await rejection(give(engine, fn))
    expectBadArgument(error, TypeError, /LuaFunction/)
    expect(error.message).toContain(why)
  })

  test('is refused by State', async () => {
    const engine = engineWith()
    const fn = await valueIn(engine.createContext('x', FUNCTIONS).run('return print'))
    const error = await rejection(engine.state('x').set('f', fn))
    expect(error).toMatchObject({ code: 'ERR_STATE_VALUE', message: expect.stringContaining('LuaFunction') })
  })

  test('is refused where a context begins with it', async () => {
    const engine = engineWith()
    const fn = await valueIn(engine.createContext('x', FUNCTIONS).run('return print'))
    expect(() => engine.createContext('x', { globals: { fn } })).toThrow(/LuaFunction/)
  })
})

describe('release', () => {
  const RELEASED = /LuaFunction that was released/

  test('ends calls and use as an argument, with an error that says so', async () => {
    const context = contextWith(FUNCTIONS)
    const fn = await valueIn(context.run('return print'))
    expect(fn.isReleased).toBe(false)
    expect(fn.release()).toBeUndefined()
    fn.release()
    expect(fn.isReleased).toBe(true)
    expectBadArgument(await rejection(fn.call()), RangeError, RELEASED)
    expectBadArgument(await rejection(fn.apply([])), RangeError, RELEASED)
    expectBadArgument(await rejection(context.call('print', fn)), TypeError, RELEASED)
  })

  test('by a getter among the values that are given is told as that, and nothing runs', async () => {
    const context = contextWith(FUNCTIONS)
    await context.run('runs = 0 function take() runs = runs + 1 end')
    const fresh = () => valueIn(context.run('return print'))
    const releasing = (fn) => [
      { fn },
      {
        get x() {
          fn.release()
          return 1
        },
      },
    ]
    const MEANWHILE = /LuaFunction that was released while they were read/
    for (const call of [
      (values) => context.call('take', values),
      (values) => context.run('take()', { args: values }),
    ]) {
      expectBadArgument(await rejection(call(releasing(await fresh()))), TypeError, MEANWHILE)
    }
    expect(await context.get('runs')).toBe(0)
  })

  test('calls that were made before go on with it', async () => {
    const context = contextWith(FUNCTIONS)
    const fn = await valueIn(context.run('return function(f) return f and f() or 5 end'))
    const calls = [context.run('return 1'), fn.call(), context.run('return (...)()', { args: [fn] })]
    fn.release()
    const values = (await Promise.all(calls)).map(({ value }) => value)
    expect(values).toEqual([1, 5, 5])
  })

  test('lets the VM forget it', async () => {
    const context = contextWith(FUNCTIONS)
    const fn = await valueIn(
      context.run(`local big = {} for i = 1, 1e5 do big[i] = i end
        seen = setmetatable({ big }, { __mode = 'v' }) return function() return big end`),
    )
    const COLLECTED = 'for i = 1, 3e5 do local garbage = { i } end return seen[1] == nil'
    expect(await valueIn(context.run(COLLECTED))).toBe(false)
    fn.release()
    expect(await valueIn(context.run(COLLECTED))).toBe(true)
  })

  test('of one does not touch another one for the same function', async () => {
    const context = contextWith(FUNCTIONS)
    const [a, b] = await valuesIn(context.run('local function f() return 1 end return f, f'))
    a.release()
    expect(await valueIn(b.call())).toBe(1)
  })

  test('closing the context ends all of them', async () => {
    const context = contextWith(FUNCTIONS)
    const fn = await valueIn(context.run('return print'))
    await context.close()
    expect(await rejection(fn.call())).toMatchObject({ code: 'ERR_CONTEXT_CLOSED' })
    fn.release()
  })
})

describe('maxFunctions', () => {
  const many = (count) => `local t = {} for i = 1, ${count} do t[i] = function() return i end end return t`

  test('bounds how many there are at once; a result with more is refused whole', async () => {
    const context = contextWith({ ...FUNCTIONS, maxFunctions: 3 })
    const [first, second] = await valueIn(context.run(many(2)))
    const error = await rejection(context.run(many(2)))
    expect(error).toMatchObject({ code: 'ERR_LUA_RESULT', limit: 'maxFunctions' })
    expect(error.message).toMatch(/maxFunctions of 3$/)
    // Nothing of the one that was refused is left.
    const [third] = await valueIn(context.run(many(1)))
    expect(await rejection(context.run(many(1)))).toMatchObject({ limit: 'maxFunctions' })
    second.release()
    const [fourth] = await valueIn(context.run(many(1)))
    for (const fn of [first, third, fourth]) expect(await valueIn(fn.call())).toBe(1)
  })

  test('is 1000 by default, and 0 for none', async () => {
    expect(await valueIn(contextWith(FUNCTIONS).run(many(1000)))).toHaveLength(1000)
    expect(await rejection(contextWith(FUNCTIONS).run(many(1001)))).toMatchObject({ limit: 'maxFunctions' })
    expect(await rejection(contextWith({ functions: true, maxFunctions: 0 }).run(many(1)))).toMatchObject({
      limit: 'maxFunctions',
    })
  })

  test('a result that fails for something else keeps none', async () => {
    const context = contextWith({ ...FUNCTIONS, maxFunctions: 3 })
    for (let i = 0; i < 5; i++) {
      expect((await rejection(context.run('return { print, print, coroutine.create(print) }'))).code).toBe(
        'ERR_LUA_RESULT',
      )
    }
    expect(await valueIn(context.run(many(3)))).toHaveLength(3)
  })

  test('a result that nobody gets, because its run was aborted while it was decoded, keeps none', async () => {
    const engine = engineWith()
    const context = engine.createContext('x', { ...FUNCTIONS, maxFunctions: 3 })
    const BIG = `local t = {} for i = 1, 200000 do t[i] = i end t[#t + 1] = print t[#t + 1] = print return t`
    let dropped = 0
    while (dropped === 0) {
      const { started } = engine.stats()
      const controller = new AbortController()
      const run = context.run(BIG, { signal: controller.signal }).then(
        ({ value }) => {
          for (const fn of value.slice(-2)) fn.release()
        },
        () => {
          dropped += 1
        },
      )
      await until(() => engine.stats().started > started && isIdle(engine))
      controller.abort()
      await run
      await until(() => context.pending === 0)
    }
    expect(context.isClosed).toBe(false)
    expect(await valueIn(context.run(many(3)))).toHaveLength(3)
  })

  test('runs that gave none away cost the next one nothing, however many there are', async () => {
    const engine = engineWith()
    const context = engine.createContext('x', { ...FUNCTIONS, maxFunctions: 15_000, timeout: FOREVER })
    const kept = await valueIn(context.run('local t = {} for i = 1, 15000 do t[i] = function() end end return t'))
    const { arrived, release } = withWait(engine)
    const first = context.run('host.wait(1)')
    await arrived(1)
    const controller = new AbortController()
    setMaxListeners(0, controller.signal)
    const aborted = ends(Array.from({ length: 1000 }, () => context.run('', { signal: controller.signal })))
    await until(() => engine.stats().queued === 1000)
    controller.abort()
    await aborted
    release(1)
    await first
    expect((await context.run('return 1')).stats.cpuTime).toBeLessThan(500)
    expect(kept).toHaveLength(15_000)
  })

  test('what nobody refers to any more is released in time', async () => {
    const { exitCode, stderr } = await runProgram(`${GARBAGE_COLLECTION}
      const context = new (require('.').Engine)().createContext('x', { functions: true, maxFunctions: 10 })
      ;(async () => {
        for (let round = 0; round < 5; round++) {
          await context.run('local t = {} for i = 1, 10 do t[i] = function() end end return t')
          for (let i = 0; i < 5; i++) { await new Promise(setImmediate); gc() }
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      })()`)
    expect([exitCode, stderr]).toEqual([0, ''])
  })

  test('they count in the memory of the context', async () => {
    const context = contextWith({ ...FUNCTIONS, memoryLimit: 2 ** 20, maxFunctions: 65_535 })
    const held = []
    const error = await rejection(
      (async () => {
        for (;;) held.push(await valueIn(context.run('local s = ("x"):rep(50000) return function() return s end')))
      })(),
    )
    expect(error).toMatchObject({ code: 'ERR_LUA_MEMORY', limit: 'memoryLimit' })
    expect(held.length).toBeGreaterThan(5)
    expect(held.length).toBeLessThan(25)
  })
})

test('a LuaFunction cannot be made, or faked', async () => {
  expect(() => new LuaFunction()).toThrow(/cannot be constructed/)
  const context = contextWith(FUNCTIONS)
  const fn = await valueIn(context.run('return print'))
  expect(() => new fn.constructor({ call() {} })).toThrow(/cannot be constructed/)
  expect(Object.keys(fn)).toEqual([])
  for (const fake of [Object.create(LuaFunction.prototype), new Proxy(fn, {})]) {
    expectBadArgument(await rejection(context.call('print', fake)), TypeError, /cannot cross to Lua/)
  }
})

test('no script reaches the functions that JavaScript holds, nor their numbers', async () => {
  const context = contextWith(FUNCTIONS)
  await context.run('return function() end')
  const found = await valueIn(
    context.run(`local seen, count = {}, 0
      local function look(t)
        if seen[t] then return end
        seen[t] = true
        for k, v in pairs(t) do
          if math.type(k) == 'integer' and type(v) == 'function' then count = count + 1 end
          if type(v) == 'table' then look(v) end
        end
        local m = getmetatable(t)
        if type(m) == 'table' then look(m) end
      end
      look(_G) return count`),
  )
  expect(found).toBe(0)
})
