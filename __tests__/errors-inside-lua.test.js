// Errors that moonpool raises inside Lua: values with code and message, which work as text too.
'use strict'

const { runLua } = require('..')
const { rejection } = require('./support/rejection')

/** Runs `code`, in which `e` is what pcall caught from the refused call on line 1. */
function withCaught(code) {
  return runLua(`local ok, e = pcall(function() State.get({}) end)\n${code}`, 'catcher', { name: 'rule.lua' })
}

const MESSAGE = 'State.get: the key must be a string of 1 to 512 UTF-8 bytes, got table'

test('code and message can be read', async () => {
  expect(await withCaught('return ok, e.code, e.message')).toBe(`false\tERR_STATE_VALUE\t${MESSAGE}`)
})

test('tostring gives chunk, line and message', async () => {
  expect(await withCaught('return tostring(e)')).toBe(`rule.lua:1: ${MESSAGE}`)
})

test('print shows the same text', async () => {
  expect(await withCaught('print(e)')).toBe(`rule.lua:1: ${MESSAGE}\n`)
})

test('.. joins it with text on either side, and with numbers', async () => {
  expect(await withCaught('return "x: " .. e')).toBe(`x: rule.lua:1: ${MESSAGE}`)
  expect(await withCaught('return e .. "!"')).toBe(`rule.lua:1: ${MESSAGE}!`)
  expect(await withCaught('return 1 .. e .. 2')).toBe(`1rule.lua:1: ${MESSAGE}2`)
})

test('a refused call that pcall makes itself has no line, but code and message', async () => {
  const text = await runLua('local ok, e = pcall(State.get, {}) return e.code, e.message', 'catcher')
  expect(text).toBe(`ERR_STATE_VALUE\t${MESSAGE}`)
})

test('other fields are nil', async () => {
  expect(await withCaught('return e.stack, e[1], e.Code')).toBe('nil\tnil\tnil')
})

test('it can be raised again, and keeps code and position', async () => {
  const error = await rejection(withCaught('error(e)'))
  expect(error).toMatchObject({
    code: 'ERR_STATE_VALUE',
    message: `rule.lua:1: ${MESSAGE}`,
    chunk: 'rule.lua',
    line: 1,
  })
})

test('its metatable is out of reach', async () => {
  expect(await withCaught('return getmetatable(e), (pcall(setmetatable, e, {}))')).toBe('false\tfalse')
})

test('an xpcall handler gets it too', async () => {
  const code = 'local _, code = xpcall(State.get, function(e) return e.code end, {}) return code'
  expect(await runLua(code, 'catcher')).toBe('ERR_STATE_VALUE')
})

test('error("x") of a script stays a plain string', async () => {
  const code = 'local _, e = pcall(error, "x", 0) return type(e), e, math.type(#e)'
  expect(await runLua(code, 'catcher')).toBe('string\tx\tinteger')
})
