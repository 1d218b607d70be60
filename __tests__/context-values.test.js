// Contexts: what stays between their runs, and what goes into a run or a call and comes out of it.
'use strict'

const { Engine, LuaError } = require('..')
const { contextWith, valueIn, valuesIn } = require('./support/context')
const { engineWith } = require('./support/engine')
const { rejection } = require('./support/rejection')

describe('what stays between runs', () => {
  test('globals, functions and upvalues', async () => {
    const context = contextWith()
    await context.run('n = 1 local hidden = 10 function add(by) hidden = hidden + by n = n + by return hidden end')
    expect(await valuesIn(context.run('return n, add(5)'))).toEqual([1, 15])
    expect(await valueIn(context.call('add', 1))).toBe(16)
    expect(await context.get('n')).toBe(7)
  })

  test('locals do not', async () => {
    const context = contextWith()
    await context.run('local gone = 1')
    expect(await valueIn(context.run('return gone'))).toBeUndefined()
  })

  test('changes of libraries, modules that were required, and the metatable of strings', async () => {
    const engine = engineWith()
    engine.addModule('counter', 'local m = { n = 0 } function m.up() m.n = m.n + 1 return m.n end return m')
    const context = engine.createContext('x')
    await context.run('function string.shout(s) return s:upper() .. "!" end require("counter").up()')
    expect(await valuesIn(context.run('return ("a"):shout(), require("counter").up()'))).toEqual(['A!', 2])
  })

  test('a coroutine that is suspended, and what it waits for when it is resumed in a later run', async () => {
    const engine = engineWith()
    engine.expose('echo', async (_context, value) => value)
    const context = engine.createContext('x')
    await context.run(`next_one = coroutine.wrap(function()
      for i = 1, 3 do coroutine.yield(host.echo(i)) sleep(0.001) end
    end)`)
    for (const i of [1, 2, 3]) expect(await valueIn(context.run('return next_one()'))).toBe(i)
  })

  test('nothing of it is seen by other runs of the same id', async () => {
    const engine = engineWith()
    const context = engine.createContext('x')
    await context.run('n = 1 string.rep = nil')
    expect(await engine.runLua('return n, type(string.rep)', 'x')).toBe('nil\tfunction')
    expect(await engine.createContext('x').get('n')).toBeUndefined()
  })

  test('every run has a main coroutine of its own', async () => {
    const context = contextWith()
    for (let i = 0; i < 3; i++) {
      expect(await valueIn(context.run('return select(2, coroutine.running())'))).toBe(true)
      expect(await valueIn(context.run('return coroutine.isyieldable()'))).toBe(false)
      expect(await rejection(context.run('coroutine.yield(1)'))).toMatchObject({ code: 'ERR_LUA_RUNTIME' })
    }
  })
})

describe('run', () => {
  test('gives value, values, output and stats', async () => {
    const result = await contextWith().run('print("out") return 1, "two", { 3 }')
    expect(result).toMatchObject({ value: 1, values: [1, 'two', [3]], output: 'out\n' })
    expect(Object.keys(result.stats).sort()).toEqual(['cpuTime', 'peakMemory', 'queueTime', 'runTime', 'slices'])
    expect(result.stats.slices).toBe(1)
  })

  test('takes args, globals, strings and tables', async () => {
    const context = contextWith()
    const options = { args: [1, 'a'], globals: { g: true }, strings: 'buffer', tables: 'map' }
    const [first, second, g, table] = await valuesIn(context.run('local a, b = ... return a, b, g, { k = 1 }', options))
    expect([first, g]).toEqual([1, true])
    expect(Buffer.from(second).toString()).toBe('a')
    expect(table).toEqual(new Map([['k', 1]]))
  })

  test('the globals of one run stay for the next, its args do not', async () => {
    const context = contextWith()
    await context.run('', { globals: { g: 1 }, args: [2] })
    expect(await valuesIn(context.run('return g, ...'))).toEqual([1])
  })

  test('takes source as bytes', async () => {
    expect(await valueIn(contextWith().run(Buffer.from('return 7')))).toBe(7)
  })

  test('runs a Script as often as one likes, in several contexts, under its own name', async () => {
    const engine = engineWith()
    const script = engine.compile('n = (n or 0) + 1 return n, script.name', { name: 'compiled' })
    const contexts = ['a', 'b'].map((id) => engine.createContext(id, { name: 'of the context' }))
    for (const n of [1, 2]) {
      for (const context of contexts) expect(await valueIn(context.run(script))).toBe(n)
    }
    const error = await rejection(contexts[0].run(engine.compile('error("no")', { name: 'compiled' })))
    expect(error).toMatchObject({ message: 'compiled:1: no', chunk: 'compiled' })
  })

  test('a Script of another engine will do', async () => {
    expect(await valueIn(contextWith().run(new Engine({ warmVms: 0 }).compile('return 3')))).toBe(3)
  })

  test('chunks are named by the context: its name, or else its scriptId', async () => {
    const engine = engineWith()
    const named = engine.createContext('id', { name: 'given' })
    expect(await rejection(named.run('error("no")'))).toMatchObject({ message: 'given:1: no', scriptId: 'id' })
    expect(await rejection(engine.createContext('id').run('error("no")'))).toMatchObject({ message: 'id:1: no' })
  })
})

describe('call', () => {
  test('passes values in and out', async () => {
    const context = contextWith()
    await context.run('function all(...) return select("#", ...), ... end')
    const values = [1, 'a', true, null, 1.5, [1, 2], { k: [] }]
    expect(await valuesIn(context.call('all', ...values))).toEqual([values.length, ...values])
    expect(await valuesIn(context.call('all', undefined, undefined))).toEqual([2, undefined, undefined])
    expect(await valuesIn(context.call('all'))).toEqual([0])
  })

  test('gives output and stats', async () => {
    const context = contextWith()
    await context.run('function say(what) print(what) end')
    expect(await context.call('say', 'hi')).toMatchObject({ value: undefined, values: [], output: 'hi\n' })
  })

  test('a function of a library that is a global, and a table that can be called', async () => {
    const context = contextWith()
    await context.run('t = setmetatable({ by = 10 }, { __call = function(self, n) return self.by * n end })')
    expect(await valueIn(context.call('tostring', 12))).toBe('12')
    expect(await valueIn(context.call('t', 4))).toBe(40)
  })

  test('a name that is no function', async () => {
    const context = contextWith()
    await context.run('n = 5')
    expect(await rejection(context.call('n'))).toMatchObject({
      code: 'ERR_LUA_RUNTIME',
      message: 'n cannot be called: n is a number value',
    })
    const error = await rejection(context.call('nothing'))
    expect(error).toMatchObject({ code: 'ERR_LUA_RUNTIME', scriptId: 'x' })
    expect(error.message).toBe('nothing cannot be called: nothing is a nil value')
    expect(await context.get('n')).toBe(5)
  })

  test('a name is never an expression', async () => {
    const context = contextWith()
    expect(await context.get('1 + 1')).toBeUndefined()
    await context.set('a b[1]', 7)
    expect(await valueIn(context.run('return _G["a b[1]"]'))).toBe(7)
  })

  test('an error inside of it has its place, its traceback and its value', async () => {
    const context = contextWith()
    await context.run('function fail()\n  error({ status = 404 })\nend')
    const error = await rejection(context.call('fail'))
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ code: 'ERR_LUA_RUNTIME', luaValue: { status: 404 }, line: 2 })
    expect(error.luaStack).toContain('x:2')
  })

  test('waits for host functions and time, as a run does', async () => {
    const engine = engineWith()
    engine.expose('double', async (_context, n) => 2 * n)
    const context = engine.createContext('x')
    await context.run('function slow(n) sleep(0.001) return host.double(n) end')
    expect(await valueIn(context.call('slow', 21))).toBe(42)
  })

  test('a function of the host that is a global of Lua can be called', async () => {
    const engine = engineWith()
    engine.expose('double', async (_context, n) => 2 * n)
    const context = engine.createContext('x')
    await context.run('double = host.double')
    expect(await valueIn(context.call('double', 4))).toBe(8)
  })
})

test.each([
  ['args', (context, data) => context.run('local t = ... return t[1]', { args: [data] })],
  ['globals', (context, data) => context.run('return t[1]', { globals: { t: data } })],
  ['arguments of a call', (context, data) => context.call('first', data)],
  ['set', (context, data) => context.set('t', data).then(() => context.run('return t[1]'))],
])('%s are copied when the call is made, not at its turn', async (_what, call) => {
  const context = contextWith()
  await context.run('function first(t) return t[1] end')
  context.run('sleep(0.02)')
  const data = ['before']
  const result = call(context, data)
  data[0] = 'after'
  expect(await valueIn(result)).toBe('before')
})

test('source in bytes is copied when the call is made, not at its turn', async () => {
  const context = contextWith()
  context.run('sleep(0.02)')
  const source = Buffer.from('return 1')
  const result = context.run(source)
  source.write('return 2')
  expect(await valueIn(result)).toBe(1)
})

test('the main coroutine of a run that has ended is dead', async () => {
  const context = contextWith()
  await context.run('old = coroutine.running() return 1, 2')
  const { values } = await context.run('return coroutine.status(old), coroutine.resume(old)')
  expect(values).toEqual(['dead', false, 'cannot resume dead coroutine'])
})
