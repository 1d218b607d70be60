// What is printed and logged: errors as `util.inspect` and JSON show them, whatever their cause is; engines and contexts.
'use strict'

const { inspect } = require('node:util')
const { Engine, LuaError } = require('..')
const { engineExposing, engineWith, held } = require('./support/engine')
const { rejection, thrownBy } = require('./support/rejection')

const failing = (code, options) => rejection(engineWith().run(code, 'tenant-1', { name: 'rule.lua', ...options }))

/** The error of a script whose host function throws this. */
const causedBy = (thrown) => {
  const engine = engineExposing({
    boom() {
      throw thrown
    },
  })
  return rejection(engine.run('print("before") host.boom()', 'tenant-1', { name: 'rule.lua' }))
}

/** What printing and logging must never do with any error: throw, or go on for ever. */
const told = (error) => ({ shown: inspect(error, { depth: null }), json: JSON.parse(JSON.stringify(error)) })

describe('a thrown table', () => {
  test('with a message gives it to the error, and stays reachable', async () => {
    const error = await failing('error({ message = "no such order", status = 404 })')
    expect(error).toMatchObject({
      message: 'no such order',
      code: 'ERR_LUA_RUNTIME',
      luaValue: { message: 'no such order', status: 404 },
      chunk: 'rule.lua',
      line: 1,
    })
    expect(error.stack).toMatch(/^LuaError: no such order\n/)
  })

  test('has a code of its own, which is not that of the error', async () => {
    const error = await failing('error({ message = "mine", code = "ERR_INTERNAL" })')
    expect([error.code, error.luaValue.code]).toEqual(['ERR_LUA_RUNTIME', 'ERR_INTERNAL'])
  })

  test('whose message is no string has none', async () => {
    expect((await failing('error({ message = { 1 } })')).message).toBe('(error object is a table value)')
  })
})

test('a call of State with a colon hears of the dot', async () => {
  const { message } = await failing('return State:get("x")')
  expect(message).toMatch(/got State itself: call it with a dot, as in State\.get\(\.\.\.\)$/)
})

describe('util.inspect of an error', () => {
  test('shows its code, its place, its output and the traceback of Lua', async () => {
    const error = await failing('print("so far")\nerror({ message = "no", status = 404 })')
    const [, head, shown] = /^(.*?)\n.*? \{\n(.*)$/s.exec(inspect(error))
    expect(head).toBe('LuaError: no')
    expect(shown).toBe(`  code: 'ERR_LUA_RUNTIME',
  place: 'rule.lua:2',
  scriptId: 'tenant-1',
  luaValue: { message: 'no', status: 404 },
  output: 'so far\\n',
  luaStack:
    stack traceback:
    \t[C]: in function 'error'
    \trule.lua:2: in main chunk
}`)
  })

  test('shows the stack of the caller, the limit and the cause, and what others have added', async () => {
    const limited = await failing('for i = 1, 1e9 do print("long enough") end', { maxOutput: 100 })
    limited.request = { id: 7 }
    expect(inspect(limited)).toContain(`limit: 'maxOutput'`)
    expect(inspect(limited)).toContain('request: { id: 7 }')
    expect(inspect(limited)).toContain(__filename)
    expect(inspect(await causedBy(new Error('db down')))).toContain('[cause]: Error: db down\n')
  })

  test('shows the last 1000 characters of the output', async () => {
    const shown = inspect(await failing('io.write(("a"):rep(5000), ("b"):rep(1000)) error("x")'))
    expect(shown).toContain(`output: '(5000 characters before) ...${'b'.repeat(1000)}'`)
  })

  test('is short where it is deep in something else, and takes colours', async () => {
    const error = await failing('error("x")')
    expect(inspect({ a: { b: { c: error } } })).toContain('[LuaError]')
    expect(inspect(error, { colors: true })).toContain('\u001b[32m')
    expect(inspect([error])).toContain("\n    code: 'ERR_LUA_RUNTIME'")
  })

  test('lets no script command the terminal', async () => {
    const code = 'local t = { ["\\27[2J"] = function() error("\\27[1mno\\r\\0\\xc2\\x9b") end } t["\\27[2J"]()'
    const shown = inspect(await failing(code))
    expect(shown).toContain('\\x1b[1mno\\x0d\\x00\\x9b')
    expect(shown).toContain("'\\x1b[2J'")
    expect(shown.replaceAll(/[\n\t]/g, '')).not.toMatch(/\p{Cc}/u)
  })

  test('shows those of compile, of State and of calls that were refused', async () => {
    const engine = engineWith()
    expect(inspect(thrownBy(() => engine.compile('x x', { name: 'a.lua' })))).toContain("place: 'a.lua:1'")
    expect(inspect(await rejection(engine.state('acme').set('k', Number.NaN)))).toContain("code: 'ERR_STATE_VALUE'")
    await engine.close()
    expect(inspect(await rejection(engine.run('', 'acme')))).toContain("code: 'ERR_ENGINE_CLOSED'")
  })
})

describe('toJSON of an error', () => {
  test('has all that is known of the failure, and no stack of JavaScript', async () => {
    const error = await failing('print("so far")\nerror({ message = "no", status = 404 })')
    expect(error.toJSON()).toEqual({
      name: 'LuaError',
      message: 'no',
      code: 'ERR_LUA_RUNTIME',
      scriptId: 'tenant-1',
      chunk: 'rule.lua',
      line: 2,
      luaStack: expect.stringMatching(/^stack traceback:/),
      luaValue: { message: 'no', status: 404 },
      output: 'so far\n',
    })
    expect(JSON.stringify(error)).not.toContain('/lib/')
  })

  test('cuts long texts', async () => {
    const { message, output } = (await failing('io.write(("a"):rep(5000)) error(("m"):rep(9000), 0)')).toJSON()
    expect(message).toBe(`${'m'.repeat(4096)}... (4904 characters more)`)
    expect(output).toBe(`(4000 characters before) ...${'a'.repeat(1000)}`)
  })

  test('has the causes of its cause', async () => {
    const engine = engineExposing({
      inner: async () => causedBy(new TypeError('deep', { cause: 'text' })).then(thrower),
    })
    const { cause, ...error } = (await rejection(engine.run('host.inner()', 'outer'))).toJSON()
    expect(error).toMatchObject({ code: 'ERR_HOST_FUNCTION', scriptId: 'outer' })
    expect(cause).toMatchObject({ name: 'LuaError', scriptId: 'tenant-1', output: 'before\n' })
    expect(cause.cause).toEqual({ name: 'TypeError', message: 'deep', cause: 'text' })
  })

  test('has the code of a cause, and nothing else that it may hide', async () => {
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', password: 'secret', output: 'secret' })
    const error = await causedBy(cause)
    expect(error.toJSON().cause).toEqual({ name: 'Error', message: 'refused', code: 'ECONNREFUSED' })
  })
})

const thrower = (error) => {
  throw error
}

describe('a cause', () => {
  const throwing = () => thrower(new Error('a getter'))
  const all = {
    get: throwing,
    getPrototypeOf: throwing,
    ownKeys: throwing,
    has: throwing,
    getOwnPropertyDescriptor: throwing,
  }
  const withGetters = (object, ...keys) => {
    for (const key of keys) Object.defineProperty(object, key, { get: throwing, enumerable: true })
    return object
  }
  test.each([
    ['that is null', () => null, null],
    ['that is a string', () => 'text', 'text'],
    ['that is a long string', () => 'x'.repeat(5000), expect.stringContaining('(904 characters more)')],
    ['that is a number', () => Number.NaN, 'NaN'],
    ['that is a BigInt', () => 5n, '5n'],
    ['that is a symbol', () => Symbol('s'), 'Symbol(s)'],
    ['that is a function', () => throwing, '[Function: throwing]'],
    ['that is an object', () => ({ a: [1] }), '{ a: [ 1 ] }'],
    [
      'that only looks like a LuaError',
      () => ({ name: 'LuaError', message: 'm', luaValue: 5n }),
      { name: 'LuaError', message: 'm' },
    ],
    [
      'whose getters throw',
      () => withGetters(new Error('m'), 'stack', 'message', 'name', 'code', 'cause'),
      { name: 'Error', message: '' },
    ],
    ['whose inspect throws', () => ({ [inspect.custom]: throwing }), '[object that cannot be shown]'],
    ['that is a proxy of an error', () => new Proxy(new Error('m'), all), expect.anything()],
    ['without a prototype', () => Object.create(null), '[Object: null prototype] {}'],
    ['with a toJSON', () => Object.assign(new Error('m'), { toJSON: throwing }), { name: 'Error', message: 'm' }],
  ])('%s is told', async (_what, make, expected) => {
    const error = await causedBy(make())
    const { shown, json } = told(error)
    expect(shown).toContain('[cause]: ')
    expect(json.cause).toEqual(expected)
  })

  test('that leads back to itself ends there', async () => {
    const a = new Error('a')
    a.cause = new Error('b', { cause: a })
    const { json } = told(await causedBy(a))
    expect(json.cause.cause).toEqual({ name: 'Error', message: 'b', cause: '[circular]' })
    const error = await failing('error("x")')
    error.cause = error
    expect(told(error).json.cause).toBe('[circular]')
  })

  test('without an end is cut off', async () => {
    const endless = () => Object.defineProperty(new Error('on'), 'cause', { get: endless })
    const { json } = told(await causedBy(endless()))
    let depth = 0
    for (let { cause } = json; cause.cause; { cause } = cause) depth += 1
    expect(depth).toBe(8)
    let chain = await failing('error("x")')
    for (let i = 0; i < 10_000; i++) chain = new Error('link', { cause: chain })
    const { shown } = told(await causedBy(chain))
    expect(shown.length).toBeLessThan(20_000)
  })
})

test('what only has the prototype of an error is shown as well', () => {
  const looksLikeOne = Object.create(LuaError.prototype)
  expect(inspect(looksLikeOne)).toBe('LuaError: ')
  expect(looksLikeOne.toJSON()).toEqual({ name: 'LuaError', message: '' })
})

describe('util.inspect', () => {
  test('of an engine shows whether it is open, and what it does', async () => {
    const engine = engineWith({ concurrency: 1 })
    expect(inspect(engine)).toBe("Engine { state: 'open', queued: 0, running: 0, suspended: 0 }")
    const release = await held(engine)
    const waiting = rejection(engine.run('', 'x', { queueTimeout: 60_000 }))
    expect(inspect(engine)).toBe("Engine { state: 'open', queued: 1, running: 1, suspended: 0 }")
    const closed = engine.close({ timeout: 0 })
    expect(inspect(engine)).toMatch(/^Engine { state: 'closing'/)
    // Closing stops both; released before, the thread could go to the one that waits.
    await Promise.all([closed, waiting])
    await release()
    expect(inspect(engine)).toBe("Engine { state: 'closed', queued: 0, running: 0, suspended: 0 }")
  })

  test('of a context shows whose it is, whether it is open, and how many runs it has', async () => {
    const context = engineWith().createContext('acme', { name: 'chat' })
    const run = context.run('return 1')
    expect(inspect(context)).toBe("Context { scriptId: 'acme', name: 'chat', state: 'open', pending: 1 }")
    await run
    await context.close()
    expect(inspect(context)).toBe("Context { scriptId: 'acme', name: 'chat', state: 'closed', pending: 0 }")
    expect(inspect({ a: { b: { c: context } } })).toContain('c: [Context]')
  })

  test('of their prototypes does not fail', () => {
    expect(inspect(Engine.prototype)).toBeTruthy()
    expect(inspect(Object.getPrototypeOf(engineWith().createContext('x')))).toBeTruthy()
    expect(inspect(Object.create(Engine.prototype))).toBe('Engine {}')
  })
})
