// Results that text cannot carry: refused with ERR_LUA_RESULT and the path, never lost in silence.
'use strict'

const { LuaError, runLua } = require('..')
const { rejection } = require('./support/rejection')

const CASES = [
  ['a function', 'return print', 'value is a function'],
  ['a thread', 'return coroutine.create(print)', 'value is a thread'],
  ['a userdata', 'return script', 'value is a userdata'],
  ['a function inside', 'return { users = { 1, 2, { fn = print } } }', 'value.users[3].fn'],
  ['a function among several values', 'return 1, print', 'values[2]'],
  ['a function below an odd key', 'return { ["a b"] = print }', 'value["a b"]'],
  ['a cycle', 'local t = { list = {} } t.list[1] = t return t', 'value.list[1]'],
  ['NaN in a table', 'return { x = 0/0 }', 'value.x'],
  ['infinity in a table', 'return { -math.huge }', 'value[1]'],
  ['a string that is not UTF-8', 'return "\\xff"', 'UTF-8'],
  ['a key that is not UTF-8', 'return { ["\\xff"] = 1 }', 'UTF-8'],
  ['mixed keys', 'return { 1, a = 2 }', 'mixes'],
  ['holes', 'return { 1, nil, 3 }', 'holes'],
  ['float keys', 'return { [1.5] = 1 }', '1.5'],
  ['129 levels', 'local t = {} for i = 1, 128 do t = { t } end return t', '128'],
]

test.each(CASES)('%s', async (_what, code, says) => {
  const error = await rejection(runLua(`print("before") ${code}`, 'refused'))
  expect(error).toBeInstanceOf(LuaError)
  expect(error).toMatchObject({ name: 'LuaError', code: 'ERR_LUA_RESULT', scriptId: 'refused', output: 'before\n' })
  expect(error.message).toContain(says)
})

test('the engine works on after all of them', async () => {
  await Promise.allSettled(CASES.map(([, code]) => runLua(code, 'refused')))
  expect(await runLua('return "fine"', 'refused')).toBe('fine')
})
