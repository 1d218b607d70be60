// runFile: which paths and files it takes, what it says of the others, and that it names no folder of the host.
'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const vm = require('node:vm')
const { Engine, LuaError } = require('..')
const { folderWith } = require('./support/files')
const { expectBadArgument, rejection } = require('./support/rejection')
const { isRoot, testIf } = require('./support/test-if')

const folder = folderWith({}, 'moonpool-secret-folder')

let files = 0

/** Writes a file of its own into the folder; its path. */
function fileOf(source, name = `file-${++files}.lua`) {
  const file = path.join(folder, name)
  fs.writeFileSync(file, source)
  return file
}

const engine = new Engine()
const runFile = (file, options) => engine.runFile(file, 'x', options)

describe('runFile', () => {
  test('a path, relative and absolute', async () => {
    const file = fileOf('print("from a file") return script.id, script.name')
    const expected = `from a file\nx\t${path.basename(file)}`
    expect(await runFile(file)).toBe(expected)
    expect(await runFile(path.relative(process.cwd(), file))).toBe(expected)
    expect(await runFile(path.join(folder, '..', path.basename(folder), '.', path.basename(file)))).toBe(expected)
  })

  test('a file: URL, also with escapes, and of another realm', async () => {
    const file = fileOf('return "ran"', 'a file with spaces & % and ü.lua')
    expect(await runFile(pathToFileURL(file))).toBe('ran')
    const { href } = pathToFileURL(file)
    expect(await runFile(vm.runInNewContext(`({ href: ${JSON.stringify(href)}, protocol: 'file:' })`))).toBe('ran')
  })

  test('a symbolic link', async () => {
    const link = path.join(folder, 'link.lua')
    fs.symlinkSync(fileOf('return script.name'), link)
    expect(await runFile(link)).toBe('link.lua')
  })

  test('an empty file', async () => {
    expect(await runFile(fileOf(''))).toBe('')
  })

  test.each([
    ['an http: URL', new URL('http://localhost/x.lua'), RangeError, `'http://localhost/x.lua'`],
    ['a data: URL', new URL('data:text/plain,return'), RangeError, `'data:text/plain,return'`],
    ['an empty string', '', RangeError, 'an empty string'],
    ['a path with NUL', 'a\0b', RangeError, 'a string with a NUL character'],
    ['nothing', undefined, TypeError, 'undefined'],
    ['null', null, TypeError, 'null'],
    ['a file descriptor', 0, TypeError, 'type number (0)'],
    ['a Buffer', Buffer.from('x.lua'), TypeError, 'an instance of Buffer'],
    ['an object', {}, TypeError, 'an instance of Object'],
    ['an array', ['x.lua'], TypeError, 'an instance of Array'],
  ])('%s: refused', async (_what, value, ErrorClass, got) => {
    const error = await rejection(runFile(value))
    expectBadArgument(error, ErrorClass, 'The "path" argument must be a path or a file: URL', `Received ${got}`)
  })

  test.each([
    ['missing', () => path.join(folder, 'missing.lua'), 'ENOENT'],
    ['below a file', () => path.join(fileOf('return 1'), 'x.lua'), 'ENOTDIR'],
    ['of a name that is too long', () => path.join(folder, 'x'.repeat(300)), 'ENAMETOOLONG'],
    [
      'a link to itself',
      () => {
        const loop = path.join(folder, `loop-${++files}`)
        fs.symlinkSync(loop, loop)
        return loop
      },
      'ELOOP',
    ],
  ])('a file that is %s: the error of the system', async (_what, make, code) => {
    const file = make()
    const error = await rejection(runFile(file))
    expect(error instanceof Error).toBe(true)
    expect(error).not.toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ code, path: file })
    expect(error.message).toContain(code)
    expect(error.cause).toMatchObject({ code, syscall: 'open' })
  })

  testIf(!isRoot)('a file that may not be read', async () => {
    const file = fileOf('return 1')
    fs.chmodSync(file, 0)
    expect(await rejection(runFile(file))).toMatchObject({ code: 'EACCES', path: file })
  })

  const unreadable = '/proc/self/mem'
  testIf(fs.existsSync(unreadable))('a file that fails while it is read', async () => {
    const error = await rejection(runFile(unreadable))
    expect(error).toMatchObject({ code: 'EIO', path: unreadable, cause: { syscall: 'read' } })
  })

  test.each([
    ['a directory', () => folder, 'a directory'],
    ['a device', () => '/dev/null', 'a device'],
    [
      'a pipe',
      () => {
        const pipe = path.join(folder, `pipe-${++files}`)
        execFileSync('mkfifo', [pipe])
        return pipe
      },
      'a pipe',
    ],
  ])('%s: refused at once, as no regular file', async (_what, make, kind) => {
    const file = make()
    expectBadArgument(await rejection(runFile(file)), RangeError, `'${file}' must be a regular file`, kind)
  })

  test('many pipes at once hold no thread', async () => {
    const pipe = path.join(folder, 'many')
    execFileSync('mkfifo', [pipe])
    const errors = await Promise.all(Array.from({ length: 20 }, () => rejection(runFile(pipe))))
    expect(new Set(errors.map((error) => error.code))).toEqual(new Set(['ERR_INVALID_ARG_VALUE']))
    expect(await runFile(fileOf('return "still reads"'))).toBe('still reads')
  })

  test('as long as maxSource: taken; longer: refused', async () => {
    const file = fileOf('return "123456"')
    expect(await runFile(file, { maxSource: 15 })).toBe('123456')
    const error = await rejection(runFile(file, { maxSource: 14 }))
    expectBadArgument(error, RangeError, 'must not be longer than 14 bytes (maxSource). Received 15 bytes')
  })

  test('a huge file is refused without being read', async () => {
    const file = fileOf('')
    fs.truncateSync(file, 2 ** 40)
    expect((await rejection(runFile(file))).message).toContain(`Received ${2 ** 40} bytes`)
  })

  const sizeless = '/proc/self/cmdline'
  testIf(fs.existsSync(sizeless))('a file of which the system does not know the size runs', async () => {
    // Its text is no Lua, but it has been read.
    expect(await rejection(runFile(sizeless))).toMatchObject({ code: 'ERR_LUA_SYNTAX' })
  })

  test('a change counts at once, also with the same size and time', async () => {
    const file = fileOf('return 1')
    const { atime, mtime } = fs.statSync(file)
    for (let i = 1; i < 6; i++) {
      fs.writeFileSync(file, `return ${i}`)
      fs.utimesSync(file, atime, mtime)
      expect(await runFile(file)).toBe(String(i))
      expect(await runFile(file)).toBe(String(i))
    }
  })

  test('it is compiled when it is new or has changed, and found in the cache otherwise', async () => {
    const fresh = new Engine()
    const file = fileOf('return 1')
    for (let i = 0; i < 4; i++) await fresh.runFile(file, `tenant-${i}`)
    expect(fresh.stats()).toMatchObject({ cacheMisses: 1, cacheHits: 3 })
    fs.writeFileSync(file, 'return 2')
    expect(await fresh.runFile(file, 'x')).toBe('2')
    fs.writeFileSync(file, 'return 1')
    expect(await fresh.runFile(file, 'x')).toBe('1')
    expect(fresh.stats()).toMatchObject({ cacheMisses: 2, cacheHits: 4 })
  })

  test.each([
    ['a byte order mark', '\ufeffreturn "ran"'],
    ['a first line for the shell', '#!/usr/bin/env lua\nreturn "ran"'],
    ['both', '\ufeff#!/usr/bin/env lua\nreturn "ran"'],
    ['lines that end as on Windows', 'local a = "ran"\r\nreturn a\r\n'],
  ])('with %s', async (_what, source) => {
    expect(await runFile(fileOf(source))).toBe('ran')
  })

  test('lines are counted with the first line for the shell', async () => {
    expect(await rejection(runFile(fileOf('#!lua\n\nerror("x")')))).toMatchObject({ line: 3 })
  })

  test('bytes that are not UTF-8 reach the script as they are', async () => {
    const file = fileOf(Buffer.from('print("\xff") return #"\xff\xfe\x80"', 'latin1'))
    expect(await runFile(file)).toBe('\ufffd\n3')
  })

  test.each([
    ['an error', 'local function f()\n  error("boom")\nend\nf()', 'ERR_LUA_RUNTIME'],
    ['an error of the library', 'string.rep()', 'ERR_LUA_RUNTIME'],
    ['a syntax error', 'local = 1', 'ERR_LUA_SYNTAX'],
    ['a timeout', 'while true do end', 'ERR_LUA_TIMEOUT'],
    ['a result that cannot cross', 'return print', 'ERR_LUA_RESULT'],
  ])('%s names the file, and no folder', async (_what, source, code) => {
    const file = fileOf(source)
    const error = await rejection(runFile(file, { timeout: 50 }))
    expect(error).toMatchObject({ code, scriptId: 'x' })
    if (error.chunk !== undefined) expect(error.chunk).toBe(path.basename(file))
    const told = [error.message, error.luaStack, error.chunk, error.output].join('\n')
    expect(told).not.toContain('moonpool-secret-folder')
    expect(told).not.toContain(os.tmpdir())
    if (code !== 'ERR_LUA_RESULT' && code !== 'ERR_LUA_TIMEOUT') expect(told).toContain(path.basename(file))
  })

  test('its name can be given', async () => {
    const file = fileOf('return script.name')
    expect(await runFile(file, { name: 'rule' })).toBe('rule')
    expect(await rejection(runFile(fileOf('error("x")'), { name: 'rule' }))).toMatchObject({ message: 'rule:1: x' })
  })

  test('control characters in the name of a file become ?', async () => {
    expect(await runFile(fileOf('return script.name', 'a\nb\x1bc.lua'))).toBe('a?b?c.lua')
  })

  test('a name of 255 bytes', async () => {
    const name = 'ü'.repeat(127)
    expect(await runFile(fileOf('return script.name', name))).toBe(name)
  })

  test('precompiled Lua is refused', async () => {
    for (const start of ['', '\ufeff', '#!lua\n']) {
      const error = await rejection(runFile(fileOf(`${start}\x1bLuaT\0\x19\x93\r\n\x1a\n`)))
      expect(error).toMatchObject({ code: 'ERR_LUA_SYNTAX' })
    }
  })

  test('arguments are checked before the file is looked at', async () => {
    const missing = path.join(folder, 'missing.lua')
    expect(await rejection(engine.runFile(missing, ''))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    expect(await rejection(engine.runFile(missing, 'x', { tiemout: 1 }))).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    })
  })

  test('a hundred at once', async () => {
    const many = Array.from({ length: 100 }, (_, i) => fileOf(`return ${i}`))
    expect(await Promise.all(many.map((file) => runFile(file)))).toEqual(many.map((_, i) => String(i)))
  })
})

test.each(['file://host/x', 'file:///a%2Fb', 'file:///a%00b'])('runFile of %s: refused', async (href) => {
  expectBadArgument(await rejection(runFile(new URL(href))), RangeError, 'The "path" argument')
})

test('a file that is longer than the system says is read within maxSource', async () => {
  const error = await rejection(runFile('/proc/self/maps', { maxSource: 1000 }))
  expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
})
