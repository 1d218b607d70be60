// The `code` argument: every odd kind of source, and what becomes of it.
'use strict'

const vm = require('node:vm')
const { LuaError, runLua } = require('..')
const { MIB } = require('./support/constants')
const { expectBadArgument, rejection } = require('./support/rejection')

describe('accepted', () => {
  const CASES = [
    ['empty code', '', ''],
    ['only a comment', '-- nothing here', ''],
    ['only a long comment', '--[[ nothing\nhere ]]', ''],
    ['a shebang line', '#!/usr/bin/env lua\nreturn 1', '1'],
    ['a byte order mark', '\ufeffreturn 1', '1'],
    ['a byte order mark before a shebang line', '\ufeff#!/usr/bin/env lua\nreturn 1', '1'],
    ['a shebang line and nothing else', '#!/usr/bin/env lua', ''],
    ['Windows line ends', 'local x = 1\r\nreturn x', '1'],
    ['letters beyond ASCII in a string', 'return "Łódź 🌙"', 'Łódź 🌙'],
  ]

  test.each(CASES)('%s, as a string', async (_what, code, text) => {
    expect(await runLua(code, 'source')).toBe(text)
  })

  test.each(CASES)('%s, as bytes', async (_what, code, text) => {
    expect(await runLua(new TextEncoder().encode(code), 'source')).toBe(text)
  })

  test('a Buffer, and a view into the middle of one', async () => {
    expect(await runLua(Buffer.from('return 1'), 'source')).toBe('1')
    expect(await runLua(Buffer.from('#return 2#').subarray(1, 9), 'source')).toBe('2')
  })

  test('a Uint8Array of another realm', async () => {
    const foreign = vm.runInNewContext('Uint8Array.of(114, 101, 116, 117, 114, 110, 32, 51)')
    expect(foreign).not.toBeInstanceOf(Uint8Array)
    expect(await runLua(foreign, 'source')).toBe('3')
  })

  test('shared memory', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(8))
    shared.set(Buffer.from('return 4'))
    expect(await runLua(shared, 'source')).toBe('4')
  })

  test('bytes that change after the call do not change the run', async () => {
    const code = Buffer.from('return 5')
    const call = runLua(code, 'source')
    code.fill(0)
    expect(await call).toBe('5')
  })

  test('exactly 1 MiB', async () => {
    expect(await runLua('return 6'.padEnd(MIB), 'source')).toBe('6')
  })

  test('more than 1 MiB, when maxSource allows it', async () => {
    expect(await runLua('return 7'.padEnd(MIB + 1), 'source', { maxSource: MIB + 1 })).toBe('7')
  })
})

describe('refused by the compiler, as ERR_LUA_SYNTAX', () => {
  const CASES = [
    ['a NUL byte', 'return 1\0'],
    ['nothing but NUL bytes', '\0\0\0'],
    ['a NUL byte after a shebang line', '#!lua\n\0'],
    ['precompiled Lua', Uint8Array.of(0x1b, 0x4c, 0x75, 0x61, 0x54, 0x00)],
    ['precompiled Lua after a byte order mark', Uint8Array.of(0xef, 0xbb, 0xbf, 0x1b, 0x4c, 0x75, 0x61, 0x54)],
    ['precompiled Lua after a shebang line', Buffer.from('#!lua\n\x1bLuaT', 'latin1')],
    ['JavaScript', 'const x = 1;'],
    ['an unfinished block', 'if true then'],
  ]

  test.each(CASES)('%s', async (_what, code) => {
    const error = await rejection(runLua(code, 'source'))
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ code: 'ERR_LUA_SYNTAX', scriptId: 'source', output: '' })
    expect(await runLua('return "fine"', 'source')).toBe('fine')
  })

  test('the message begins with chunk and line, and a shebang line counts', async () => {
    const error = await rejection(runLua('#!lua\nlocal a\nlocal = 1', 'source', { name: 'rule.lua' }))
    expect(error.message).toMatch(/^rule\.lua:3: /)
    expect(error).toMatchObject({ chunk: 'rule.lua', line: 3 })
  })
})

describe('refused before anything runs', () => {
  test.each([
    ['1 MiB + 1 of text', 'x'.repeat(MIB + 1)],
    ['1 MiB + 1 of bytes', Buffer.alloc(MIB + 1, 'x')],
    ['fewer letters, but 1 MiB + 1 bytes', `${'é'.repeat(MIB / 2)}x`],
  ])('%s', async (_what, code) => {
    const error = await rejection(runLua(code, 'source'))
    expectBadArgument(error, RangeError, '1048576', '1048577', 'maxSource')
  })

  test('a string with a lone surrogate', async () => {
    const error = await rejection(runLua('return "\ud800"', 'source'))
    expectBadArgument(error, RangeError, 'lone surrogate')
  })

  test('bytes whose buffer is detached', async () => {
    const code = Uint8Array.from(Buffer.from('return 1'))
    structuredClone(code.buffer, { transfer: [code.buffer] })
    const error = await rejection(runLua(code, 'source'))
    expectBadArgument(error, RangeError, 'detached')
  })

  test.each([
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a number', 42, 'type number (42)'],
    ['an array', ['return 1'], 'an instance of Array'],
    ['a String object', Object('return 1'), 'an instance of String'],
    ['an ArrayBuffer', new ArrayBuffer(8), 'an instance of ArrayBuffer'],
    ['16-bit units', new Uint16Array(4), 'an instance of Uint16Array'],
    ['a DataView', new DataView(new ArrayBuffer(8)), 'an instance of DataView'],
    ['a function', function rule() {}, 'function rule'],
    ['a promise', Promise.resolve('return 1'), 'an instance of Promise'],
  ])('%s', async (_what, code, got) => {
    const error = await rejection(runLua(code, 'source'))
    expectBadArgument(error, TypeError, /^The "code" argument must be /, `Received ${got}`)
  })
})
