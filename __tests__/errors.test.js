// LuaError: what a caller learns about a script that failed.
'use strict'

const { inspect } = require('node:util')
const { LuaError, runLua } = require('..')
const { rejection } = require('./support/rejection')

describe('a syntax error', () => {
  test('names chunk, line and what is wrong, and has no traceback', async () => {
    const error = await rejection(runLua('local ok = 1\nlocal = 2', 'tenant', { name: 'rule.lua' }))
    expect(error).toMatchObject({
      name: 'LuaError',
      code: 'ERR_LUA_SYNTAX',
      message: expect.stringMatching(/^rule\.lua:2: .*near '='$/),
      scriptId: 'tenant',
      chunk: 'rule.lua',
      line: 2,
      output: '',
    })
    expect(error).not.toHaveProperty('luaStack')
    expect(error).not.toHaveProperty('luaValue')
    expect(error).not.toHaveProperty('limit')
  })
})

describe('a runtime error', () => {
  const code = `
    local function inner(t) return t.field.missing end
    local function outer() local x = inner({}) return x end
    print("so far")
    local y = outer()`

  test('names chunk and line, and keeps the output so far', async () => {
    const error = await rejection(runLua(code, 'tenant', { name: 'rule.lua' }))
    expect(error).toMatchObject({
      name: 'LuaError',
      code: 'ERR_LUA_RUNTIME',
      message: "rule.lua:2: attempt to index a nil value (field 'field')",
      scriptId: 'tenant',
      chunk: 'rule.lua',
      line: 2,
      output: 'so far\n',
    })
    expect(error).not.toHaveProperty('luaValue')
  })

  test('has a Lua traceback, innermost function first', async () => {
    const { luaStack } = await rejection(runLua(code, 'tenant', { name: 'rule.lua' }))
    const lines = [...luaStack.matchAll(/rule\.lua:(\d+):/g)].map((match) => Number(match[1]))
    expect(lines).toEqual([2, 3, 5])
    expect(luaStack).toMatch(/^stack traceback:\n/)
    expect(luaStack).toContain("'inner'")
  })

  test('is named by the scriptId when no name is given', async () => {
    const error = await rejection(runLua('error("no")', 'tenant-7'))
    expect(error).toMatchObject({ message: 'tenant-7:1: no', chunk: 'tenant-7', line: 1 })
  })

  test('in a function made by load is traced as well', async () => {
    const error = await rejection(runLua('load("local x = nil + 1", "=inner.lua")()', 'tenant'))
    expect(error).toMatchObject({ chunk: 'inner.lua', line: 1 })
    expect(error.luaStack).toContain('tenant:1:')
  })

  test('in a coroutine arrives with its message', async () => {
    const error = await rejection(runLua('coroutine.wrap(function() error("inside") end)()', 'tenant'))
    expect(error.message).toContain('tenant:1: inside')
  })
})

test.each([
  ['a function', 'error(print)'],
  ['a table', 'error({})'],
  ['a thread', 'error(coroutine.create(print))'],
  ['tostring of a library function', 'error(tostring(string.rep))'],
  ['a call of a C function', 'string.rep(nil)'],
  ['deep recursion', 'local function f() return 1 + f() end f()'],
  [
    'a stack that goes through pcall, sort and gsub',
    'table.sort({1, 2}, function() string.gsub("x", "x", function() error({}) end) end)',
  ],
])('neither message nor traceback shows an address or a host path: %s', async (_what, code) => {
  const error = await rejection(runLua(code, 'tenant'))
  const told = `${error.message}\n${error.luaStack}`
  expect(error.luaStack).toContain('tenant:1:')
  expect(told).not.toMatch(/0x[0-9a-f]{4,}/i)
  expect(told).not.toMatch(/[/\\](home|root|work|usr|src|tmp|Users)[/\\]|\.(rs|c):\d/)
})

test('endless recursion is an error that the script can catch, also at the default memoryLimit', async () => {
  const recurse = 'local function f() return 1 + f() end'
  expect(await runLua(`${recurse} return pcall(f)`, 'tenant')).toBe('false\ttenant:1: stack overflow')
  expect(await runLua(`${recurse} for i = 1, 20 do pcall(f) end return "on"`, 'tenant')).toBe('on')
  const error = await rejection(runLua(`${recurse} f()`, 'tenant'))
  expect(error).toMatchObject({ code: 'ERR_LUA_RUNTIME', message: 'tenant:1: stack overflow', line: 1 })
  expect(error).not.toHaveProperty('limit')
  expect(error.luaStack.split('\n').length).toBeLessThan(30)
})

describe('a thrown value', () => {
  test.each([
    ['{ status = 404, tags = { "a", "b" } }', { status: 404, tags: ['a', 'b'] }],
    ['{}', {}],
    ['42', 42],
    ['2.5', 2.5],
    ['true', true],
    ['json.null', null],
  ])('%s is given as luaValue', async (value, expected) => {
    const error = await rejection(runLua(`error(${value})`, 'tenant'))
    expect(error.code).toBe('ERR_LUA_RUNTIME')
    expect(error.luaValue).toEqual(expected)
  })

  test.each([
    ['a string', 'error("text")'],
    ['a string without a position', 'error("text", 0)'],
    ['a value that JSON cannot carry', 'error({ fn = print })'],
    ['a refusal of State', 'State.get({})'],
  ])('%s leaves luaValue out', async (_what, code) => {
    expect(await rejection(runLua(code, 'tenant'))).not.toHaveProperty('luaValue')
  })

  test('its __tostring makes the message', async () => {
    const code = 'error(setmetatable({ n = 1 }, { __tostring = function(e) return "custom " .. e.n end }))'
    expect(await rejection(runLua(code, 'tenant'))).toMatchObject({ message: 'custom 1', luaValue: { n: 1 } })
  })

  test('a string without a position is the whole message', async () => {
    expect(await rejection(runLua('error("bare", 0)', 'tenant'))).toMatchObject({ message: 'bare' })
  })

  test('nil is an error as well', async () => {
    expect(await rejection(runLua('error(nil)', 'tenant'))).toMatchObject({ code: 'ERR_LUA_RUNTIME' })
  })
})

describe('as a JavaScript error', () => {
  test('it is an Error and a LuaError', async () => {
    const error = await rejection(runLua('error("no")', 'tenant'))
    expect(error).toBeInstanceOf(Error)
    expect(error).toBeInstanceOf(LuaError)
    expect(Object.prototype.toString.call(error)).toBe('[object Error]')
  })

  test('its stack begins with its name and message, and names the caller that awaits', async () => {
    async function theCallerThatAwaits() {
      await runLua('error("no")', 'tenant')
    }
    const { stack } = await rejection(theCallerThatAwaits())
    expect(stack).toMatch(/^LuaError: tenant:1: no\n/)
    expect(stack).toContain('theCallerThatAwaits')
  })

  test('console shows code and traceback', async () => {
    const shown = inspect(await rejection(runLua('error("no")', 'tenant')))
    expect(shown).toContain('LuaError: tenant:1: no')
    expect(shown).toContain("code: 'ERR_LUA_RUNTIME'")
    expect(shown).toContain('luaStack')
  })
})
