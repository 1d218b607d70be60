// The rule for scriptId, and the same rule for the option `name`.
'use strict'

const { runLua } = require('..')
const { expectBadArgument, rejection } = require('./support/rejection')

const CALLS = {
  scriptId: (value) => runLua('return script.id', value),
  'options.name': (value) => runLua('return script.name', 'someone', { name: value }),
}

describe.each(Object.keys(CALLS))('%s', (what) => {
  const call = CALLS[what]

  test.each([
    ['one letter', 'a'],
    ['spaces and punctuation', ' tenant/1: "main" %s '],
    ['letters beyond ASCII', 'Łódź 🌙'],
    ['256 bytes', 'x'.repeat(256)],
    ['256 bytes in 128 letters', 'é'.repeat(128)],
  ])('%s is fine', async (_what, value) => {
    expect(await call(value)).toBe(value)
  })

  test.each([
    ['an empty string', '', 'empty'],
    ['257 bytes', 'x'.repeat(257), '257 bytes'],
    ['129 letters of two bytes', 'é'.repeat(129), '258 bytes'],
    ['a NUL', 'a\0b', String.raw`'a\x00b'`],
    ['a newline', 'a\nb', String.raw`'a\nb'`],
    ['an escape', '\x1b[31m', String.raw`'\x1B[31m'`],
    ['a DEL', 'a\x7f', String.raw`'a\x7F'`],
    ['a C1 control', 'a\x85', String.raw`'a\x85'`],
    ['a lone surrogate', 'a\ud83c', 'lone surrogate'],
  ])('%s is a RangeError', async (_what, value, got) => {
    const error = await rejection(call(value))
    expectBadArgument(error, RangeError, `"${what}"`, '1 to 256 UTF-8 bytes without control characters', got)
  })

  test.each([
    ['null', null, 'null'],
    ['a number', 7, 'type number (7)'],
    ['a symbol', Symbol('id'), 'type symbol (Symbol(id))'],
    ['a String object', Object('id'), 'an instance of String'],
    ['an array', ['id'], 'an instance of Array'],
  ])('%s is a TypeError', async (_what, value, got) => {
    const error = await rejection(call(value))
    expectBadArgument(error, TypeError, `"${what}"`, `Received ${got}`)
  })
})

test('a missing scriptId is a TypeError', async () => {
  expectBadArgument(await rejection(runLua('return 1')), TypeError, 'Received undefined')
})
