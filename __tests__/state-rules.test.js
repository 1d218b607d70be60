// Keys and values that State does not take: each is refused with ERR_STATE_VALUE, and nothing is written.
'use strict'

const { LuaError, runLua } = require('..')
const { rejection } = require('./support/rejection')

async function expectRefused(code, says) {
  const error = await rejection(runLua(code, 'rules'))
  expect(error).toBeInstanceOf(LuaError)
  expect(error.code).toBe('ERR_STATE_VALUE')
  expect(error.message).toContain(says)
  expect(await runLua('return #State.list()', 'rules')).toBe('0')
}

const KEYS = [
  ['nil', 'nil'],
  ['a number', '1'],
  ['a boolean', 'true'],
  ['a table', '{}'],
  ['an empty string', '""'],
  ['513 bytes', '("k"):rep(513)'],
  ['512 characters that are 1024 bytes', '("é"):rep(512)'],
  ['bytes that are not UTF-8', '"\\xff"'],
]

describe.each(['get', 'has', 'delete', 'set'])('State.%s refuses a key that is', (method) => {
  test.each(KEYS)('%s', (_what, key) => expectRefused(`State.${method}(${key}, 1)`, '512'))
})

test('a call without any key is refused', () => expectRefused('State.get()', '512'))

test('a key of 512 bytes, and one with a NUL, are fine', async () => {
  const code = `
    for _, key in ipairs { ("k"):rep(512), "a\\0b" } do
      State.set(key, #key)
      assert(State.get(key) == #key and State.delete(key))
    end
    return "fine"`
  expect(await runLua(code, 'rules')).toBe('fine')
})

const VALUES = [
  ['a function', 'print', 'value is a function'],
  ['a thread', 'coroutine.create(print)', 'value is a thread'],
  ['a userdata', 'script', 'value is a userdata'],
  ['NaN', '0/0', 'NaN'],
  ['infinity', 'math.huge', 'infinite'],
  ['a string that is not UTF-8', '"\\xff"', 'UTF-8'],
  ['a function deep inside', '{ users = { 1, 2, { fn = print } } }', 'value.users[3].fn'],
  ['a table with mixed keys', '{ 1, 2, a = 3 }', 'value'],
  ['a table with holes', '{ 1, nil, 3 }', 'holes'],
  ['a table with a boolean key', '{ [true] = 1 }', 'value'],
  ['a cycle', '(function() local t = {} t.me = t return t end)()', 'value.me'],
  ['1 MiB of text and its quotes', '("x"):rep(2^20)', '1048576'],
]

describe('State.set refuses a value that is', () => {
  test.each(VALUES)('%s', (_what, value, says) => expectRefused(`State.set("k", ${value})`, says))
})

test('State.set without a value is refused, as it looks like a mistake', () =>
  expectRefused('State.set("k")', 'missing'))

test('a refused value leaves the old one in place', async () => {
  const code = 'State.set("k", "old") pcall(State.set, "k", { print }) return State.get("k")'
  expect(await runLua(code, 'replacer')).toBe('old')
})

test('a value of exactly 1 MiB of JSON is fine', async () => {
  expect(await runLua('State.set("k", ("x"):rep(2^20 - 2)) return #State.get("k")', 'big')).toBe('1048574')
})
