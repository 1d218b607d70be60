// What an engine runs beside plain source: files, compiled scripts, and what its code cache kept.
'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const vm = require('node:vm')
const { Engine, LuaError, Script, runLua } = require('..')
const { runProgram } = require('./support/child')
const { rejection } = require('./support/rejection')

const MIB = 1024 * 1024

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'moonpool-secret-folder-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))

let files = 0

/** Writes a file of its own into the folder; its path. */
function fileOf(source, name = `file-${++files}.lua`) {
  const file = path.join(folder, name)
  fs.writeFileSync(file, source)
  return file
}

const engine = new Engine()
const runFile = (file, options) => engine.runFile(file, 'x', options)

function thrownBy(call) {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new Error('expected it to throw')
}

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
    expect(error).toBeInstanceOf(ErrorClass)
    expect(error.code).toBe(ErrorClass === TypeError ? 'ERR_INVALID_ARG_TYPE' : 'ERR_INVALID_ARG_VALUE')
    expect(error.message).toContain('The "path" argument must be a path or a file: URL')
    expect(error.message).toContain(`Received ${got}`)
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

  const isRoot = process.getuid?.() === 0
  ;(isRoot ? test.skip : test)('a file that may not be read', async () => {
    const file = fileOf('return 1')
    fs.chmodSync(file, 0)
    expect(await rejection(runFile(file))).toMatchObject({ code: 'EACCES', path: file })
  })

  const unreadable = '/proc/self/mem'
  ;(fs.existsSync(unreadable) ? test : test.skip)('a file that fails while it is read', async () => {
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
    const error = await rejection(runFile(file))
    expect(error).toBeInstanceOf(RangeError)
    expect(error.code).toBe('ERR_INVALID_ARG_VALUE')
    expect(error.message).toContain(`'${file}' must be a regular file`)
    expect(error.message).toContain(kind)
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
    expect(error).toBeInstanceOf(RangeError)
    expect(error.code).toBe('ERR_INVALID_ARG_VALUE')
    expect(error.message).toContain('must not be longer than 14 bytes (maxSource). Received 15 bytes')
  })

  test('a huge file is refused without being read', async () => {
    const file = fileOf('')
    fs.truncateSync(file, 2 ** 40)
    expect((await rejection(runFile(file))).message).toContain(`Received ${2 ** 40} bytes`)
  })

  const sizeless = '/proc/self/cmdline'
  ;(fs.existsSync(sizeless) ? test : test.skip)('a file of which the system does not know the size runs', async () => {
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

describe('compile', () => {
  test('a script runs as often as one likes, on any engine', async () => {
    const script = engine.compile('local n = State.get("n", 0) + 1 State.set("n", n) return n')
    expect(script).toBeInstanceOf(Script)
    const other = new Engine()
    expect(await engine.runLua(script, 'twice')).toBe('1')
    expect(await engine.runLua(script, 'twice')).toBe('2')
    expect(await other.runLua(script, 'twice')).toBe('1')
    expect(await runLua(script, 'compiled-twice')).toBe('1')
  })

  test('200 times at once, with nothing shared between the runs', async () => {
    const script = engine.compile('count = (count or 0) + 1 local t = {} t[script.id] = count return t, script.name')
    const runs = Array.from({ length: 200 }, (_, i) => engine.runLua(script, `tenant-${i}`))
    expect(await Promise.all(runs)).toEqual(runs.map((_, i) => `{"tenant-${i}":1}\tscript`))
  })

  test('each run has limits of its own', async () => {
    const script = engine.compile('print("x") while true do end')
    const ends = [{ timeout: 20 }, { cpuTimeout: 20 }, { maxOutput: 0 }].map((options) =>
      rejection(engine.runLua(script, 'x', options)),
    )
    const codes = (await Promise.all(ends)).map((error) => error.limit ?? error.code)
    expect(codes).toEqual(['timeout', 'cpuTimeout', 'ERR_LUA_OUTPUT'])
  })

  test('it survives its engine', async () => {
    const passing = new Engine()
    const script = passing.compile('return "alive"')
    await passing.close()
    expect(await engine.runLua(script, 'x')).toBe('alive')
  })

  test('bytes are compiled as they are at the moment', async () => {
    const bytes = Buffer.from('return 1')
    const script = engine.compile(bytes)
    bytes.write('return 2')
    expect(await engine.runLua(script, 'x')).toBe('1')
    const shared = new Uint8Array(new SharedArrayBuffer(8))
    shared.set(Buffer.from('return 3'))
    const other = engine.compile(shared)
    shared.fill(32)
    expect(await engine.runLua(other, 'x')).toBe('3')
  })

  test('a byte order mark and a first line for the shell are skipped', async () => {
    expect(await engine.runLua(engine.compile('\ufeff#!lua\nreturn 1'), 'x')).toBe('1')
  })

  test('its name is in messages and tracebacks, and cannot be changed', async () => {
    const script = engine.compile('local function f() error("x") end\nf()', { name: 'rule.lua' })
    expect(script.name).toBe('rule.lua')
    expect(() => {
      script.name = 'other'
    }).toThrow(TypeError)
    const error = await rejection(engine.runLua(script, 'x'))
    expect(error).toMatchObject({ message: 'rule.lua:1: x', chunk: 'rule.lua', line: 1, scriptId: 'x' })
    expect(error.luaStack).toContain('rule.lua:2:')
    expect(engine.compile('').name).toBe('script')
    expect(await rejection(engine.runLua(engine.compile('error("x")'), 'x'))).toMatchObject({
      message: 'script:1: x',
    })
  })

  test.each(['a', 'ü'.repeat(128), 'a/b/c.lua', '=x', '@x', '[string "x"]', '\u{10ffff}'])(
    'the name %j is taken as it is',
    async (name) => {
      const script = engine.compile('return script.name', { name })
      expect(script.name).toBe(name)
      expect(await engine.runLua(script, 'x')).toBe(name)
      expect(await rejection(engine.runLua(engine.compile('error("x")', { name }), 'x'))).toMatchObject({ chunk: name })
    },
  )

  test('a syntax error is thrown at once, with code, chunk and line', () => {
    const error = thrownBy(() => engine.compile('\n\nlocal = 1', { name: 'rule.lua' }))
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ name: 'LuaError', code: 'ERR_LUA_SYNTAX', chunk: 'rule.lua', line: 3, output: '' })
    expect(error.message).toMatch(/^rule\.lua:3: /)
    expect(error).not.toHaveProperty('scriptId')
    expect(thrownBy(() => engine.compile('goto nowhere'))).toMatchObject({ code: 'ERR_LUA_SYNTAX', chunk: 'script' })
  })

  test.each([
    ['undefined', undefined, TypeError, 'undefined'],
    ['a number', 1, TypeError, 'type number (1)'],
    ['an ArrayBuffer', new ArrayBuffer(1), TypeError, 'an instance of ArrayBuffer'],
    ['16-bit units', new Uint16Array(1), TypeError, 'an instance of Uint16Array'],
    ['a lone surrogate', '\ud800', RangeError, 'a string with a lone surrogate'],
  ])('%s: refused', (_what, source, ErrorClass, got) => {
    const error = thrownBy(() => engine.compile(source))
    expect(error).toBeInstanceOf(ErrorClass)
    expect(error.code).toBe(ErrorClass === TypeError ? 'ERR_INVALID_ARG_TYPE' : 'ERR_INVALID_ARG_VALUE')
    expect(error.message).toContain('The "source" argument must be')
    expect(error.message).toContain(`Received ${got}`)
  })

  test('a Script is no source', () => {
    expect(thrownBy(() => engine.compile(engine.compile('')))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
  })

  test.each([
    [null, TypeError, 'The "options" argument must be an object'],
    [{ nam: 'x' }, TypeError, `unknown option 'nam'; did you mean 'name'?`],
    [{ timeout: 1 }, TypeError, `unknown option 'timeout'`],
    [{ name: 1 }, TypeError, '"options.name"'],
    [{ name: '' }, RangeError, '"options.name"'],
    [{ name: 'x'.repeat(257) }, RangeError, 'Received 257 bytes'],
    [{ name: 'a\nb' }, RangeError, '"options.name"'],
    [{ name: '\ud800' }, RangeError, 'lone surrogate'],
  ])('options %j: refused', (options, ErrorClass, says) => {
    const error = thrownBy(() => engine.compile('', options))
    expect(error).toBeInstanceOf(ErrorClass)
    expect(error.message).toContain(says)
  })

  test('it counts as no run', async () => {
    const fresh = new Engine()
    const script = fresh.compile('return 1')
    thrownBy(() => fresh.compile('local = 1'))
    expect(fresh.stats()).toMatchObject({ started: 0, completed: 0, failed: 0, rejected: 0, cacheHits: 0 })
    await fresh.runLua(script, 'x')
    expect(fresh.stats()).toMatchObject({ started: 1, completed: 1 })
  })
})

describe('hostile source', () => {
  const LONG = 'a = a + 1 '.repeat(2_000_000)

  test('longer than defaults.maxSource: refused', () => {
    const error = thrownBy(() => new Engine({ defaults: { maxSource: 10 } }).compile('return 12345'))
    expect(error).toBeInstanceOf(RangeError)
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    expect(error.message).toContain('The "source" argument must not be longer than 10 bytes (maxSource). Received 12')
    expect(thrownBy(() => engine.compile(' '.repeat(MIB + 1))).message).toContain('(maxSource)')
    expect(engine.compile(' '.repeat(MIB))).toBeInstanceOf(Script)
  })

  test('that takes long to compile is bounded by defaults.timeout', () => {
    const strict = new Engine({ defaults: { timeout: 50, maxSource: 64 * MIB, memoryLimit: 1024 * MIB } })
    const error = thrownBy(() => strict.compile(LONG))
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ code: 'ERR_LUA_TIMEOUT', limit: 'timeout' })
    expect(error).not.toHaveProperty('scriptId')
    expect(strict.compile('return 1')).toBeInstanceOf(Script)
  })

  test('that takes much memory to compile is bounded by defaults.memoryLimit', () => {
    const strict = new Engine({ defaults: { memoryLimit: MIB, maxSource: 64 * MIB } })
    expect(thrownBy(() => strict.compile(LONG))).toMatchObject({ code: 'ERR_LUA_MEMORY' })
    expect(strict.compile('return 1')).toBeInstanceOf(Script)
  })

  test.each([
    ['parentheses', `return ${'('.repeat(100_000)}`],
    ['tables', `return ${'{'.repeat(100_000)}`],
    ['functions', 'return function() '.repeat(30_000)],
    ['blocks', 'do '.repeat(100_000)],
    ['concatenations', `return ${'"a"..'.repeat(100_000)}"a"`],
    ['operators', `return ${'not '.repeat(100_000)}true`],
    ['locals', 'local a '.repeat(1000)],
    ['an endless string', 'return [==['],
    ['an endless comment', `--[[${'x'.repeat(100_000)}`],
    ['zeros', '\0'.repeat(1000)],
    ['every byte', Buffer.from(Array.from({ length: 256 }, (_, i) => i))],
  ])('%s: a LuaError, and the engine lives on', async (_what, source) => {
    const error = thrownBy(() => engine.compile(source))
    expect(error).toBeInstanceOf(LuaError)
    expect(error.code).toBe('ERR_LUA_SYNTAX')
    expect(await rejection(engine.runLua(source, 'x'))).toMatchObject({ code: 'ERR_LUA_SYNTAX' })
    expect(await engine.runLua(engine.compile('return "alive"'), 'x')).toBe('alive')
  })
})

describe('Script', () => {
  test('cannot be constructed', () => {
    for (const args of [[], [null, 'x'], [{}, 'x', Symbol('made by engine.compile')], ['return 1']]) {
      const error = thrownBy(() => new Script(...args))
      expect(error).toBeInstanceOf(TypeError)
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE', message: expect.stringContaining('engine.compile') })
    }
    class Mine extends Script {}
    expect(() => new Mine()).toThrow(TypeError)
    const { constructor: Same } = engine.compile('')
    expect(() => new Same()).toThrow(TypeError)
    expect(() => Script('return 1')).toThrow(TypeError)
  })

  test('shows nothing of its inside', () => {
    const script = engine.compile('')
    expect(Reflect.ownKeys(script)).toEqual([])
    expect(Reflect.ownKeys(Script).sort()).toEqual(['length', 'name', 'prototype'])
    expect(Reflect.ownKeys(Script.prototype)).toEqual(['constructor', 'name'])
    expect(JSON.stringify(script)).toBe('{}')
  })

  test.each([
    ['an object that inherits from a Script', () => Object.create(engine.compile('return 1'))],
    ['an object of the same prototype', () => Object.create(Script.prototype)],
    ['a plain object', () => ({ name: 'script' })],
    ['a copy', () => ({ ...engine.compile('return 1') })],
    ['a proxy', () => new Proxy(engine.compile('return 1'), {})],
    ['the class', () => Script],
    ['an array of one', () => [engine.compile('return 1')]],
  ])('%s: refused as code', async (_what, make) => {
    const error = await rejection(engine.runLua(make(), 'x'))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.code).toBe('ERR_INVALID_ARG_TYPE')
    expect(error.message).toContain('a Uint8Array of Lua source, or a Script')
  })

  test('of another instance of the module: refused, and no crash', async () => {
    let again
    jest.isolateModules(() => {
      again = require('..')
    })
    const script = new again.Engine().compile('return 1')
    expect(await rejection(engine.runLua(script, 'x'))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
  })

  test('with a name for the run: refused', async () => {
    const script = engine.compile('return 1')
    const error = await rejection(engine.runLua(script, 'x', { name: 'other' }))
    expect(error).toBeInstanceOf(RangeError)
    expect(error.code).toBe('ERR_INVALID_ARG_VALUE')
    expect(error.message).toContain('The "options.name" property must not be given with a Script')
    expect(error.message).toContain(`Received 'other'`)
    expect(await engine.runLua(script, 'x', { name: undefined })).toBe('1')
  })

  test('many are freed with their last reference', async () => {
    const { stdout, stderr } = await runProgram(`
      const { Engine } = require('moonpool')
      const engine = new Engine({ codeCache: false })
      const source = 'local a = 1 ' + 'a = a + 1 '.repeat(20000)
      for (let i = 0; i < 100; i++) engine.compile(source)
      console.log(typeof engine.compile(source))`)
    expect(stderr).toBe('')
    expect(stdout).toBe('object\n')
  })
})

describe('the code cache', () => {
  /** How often an engine's cache was hit and missed, since it was last asked. */
  function counts(cached) {
    const { cacheHits, cacheMisses } = cached.stats()
    cached.resetStats()
    return { hits: cacheHits, misses: cacheMisses }
  }

  test('the same source of the same name is compiled once', async () => {
    const cached = new Engine()
    for (let i = 0; i < 10; i++) expect(await cached.runLua('return 1', 'x')).toBe('1')
    expect(counts(cached)).toEqual({ hits: 9, misses: 1 })
    expect(await cached.runLua(Buffer.from('return 1'), 'x')).toBe('1')
    expect(counts(cached)).toEqual({ hits: 1, misses: 0 })
  })

  test('another name or another source is a miss', async () => {
    const cached = new Engine()
    await cached.runLua('return script.name', 'x')
    expect(await cached.runLua('return script.name', 'y')).toBe('y')
    expect(await cached.runLua('return script.name', 'x', { name: 'z' })).toBe('z')
    expect(await cached.runLua('return script.name ', 'x')).toBe('x')
    expect(counts(cached)).toEqual({ hits: 0, misses: 4 })
    // Another script, but the same name: the code is shared, the identity is not.
    expect(await cached.runLua('return script.name', 'other', { name: 'z' })).toBe('z')
    expect(await cached.runLua('return script.id', 'a', { name: 'z' })).toBe('a')
    expect(await cached.runLua('return script.id', 'b', { name: 'z' })).toBe('b')
    expect(counts(cached)).toEqual({ hits: 2, misses: 1 })
  })

  test('names and sources that together read the same are not mixed up', async () => {
    const cached = new Engine()
    expect(await cached.runLua('return 1', 'ab')).toBe('1')
    expect(await rejection(cached.runLua('breturn 1', 'a'))).toMatchObject({ code: 'ERR_LUA_SYNTAX' })
    expect(counts(cached).hits).toBe(0)
  })

  test('what does not compile is not kept, and says the same each time', async () => {
    const cached = new Engine()
    const errors = []
    for (let i = 0; i < 3; i++) errors.push((await rejection(cached.runLua('\nlocal = 1', 'x'))).message)
    expect(new Set(errors).size).toBe(1)
    expect(counts(cached)).toEqual({ hits: 0, misses: 3 })
  })

  test('messages and tracebacks are those of the source', async () => {
    const cached = new Engine()
    const code = 'local function f(a)\n  return a.b.c\nend\n\nf({})'
    const [fresh, again] = [await rejection(cached.runLua(code, 'x')), await rejection(cached.runLua(code, 'x'))]
    expect(counts(cached)).toEqual({ hits: 1, misses: 1 })
    for (const field of ['message', 'chunk', 'line', 'luaStack', 'code']) expect(again[field]).toBe(fresh[field])
  })

  test('false: nothing is kept', async () => {
    const plain = new Engine({ codeCache: false })
    for (let i = 0; i < 3; i++) expect(await plain.runLua('return 1', 'x')).toBe('1')
    expect(plain.stats().cacheHits).toBe(0)
    expect(await plain.runLua(plain.compile('return 2'), 'x')).toBe('2')
  })

  test('engines have caches of their own', async () => {
    const [one, other] = [new Engine(), new Engine()]
    await one.runLua('return 1', 'x')
    await other.runLua('return 1', 'x')
    expect(counts(other)).toEqual({ hits: 0, misses: 1 })
  })

  const run = (cached, i) => cached.runLua(`return ${i}`, 'x')

  test('maxEntries: what was least recently used goes first', async () => {
    const cached = new Engine({ codeCache: { maxEntries: 2 } })
    for (const i of [1, 2]) await run(cached, i)
    await run(cached, 1)
    counts(cached)
    await run(cached, 3)
    await run(cached, 1)
    await run(cached, 3)
    expect(counts(cached)).toEqual({ hits: 2, misses: 1 })
    await run(cached, 2)
    expect(counts(cached)).toEqual({ hits: 0, misses: 1 })
  })

  test('by default 1000 chunks are kept', async () => {
    const cached = new Engine()
    for (let i = 0; i < 1001; i++) await run(cached, i)
    counts(cached)
    await run(cached, 1)
    await run(cached, 1000)
    expect(counts(cached)).toEqual({ hits: 2, misses: 0 })
    await run(cached, 0)
    expect(counts(cached)).toEqual({ hits: 0, misses: 1 })
  })

  test('maxBytes: as many go as it takes, and what is too large alone is not kept', async () => {
    const cached = new Engine({ codeCache: { maxBytes: 30_000 } })
    const big = `return "${'x'.repeat(10_000)}"`
    const huge = `return "${'x'.repeat(40_000)}"`
    await run(cached, 1)
    await cached.runLua(huge, 'x')
    await cached.runLua(huge, 'x')
    await run(cached, 1)
    expect(counts(cached)).toEqual({ hits: 1, misses: 3 })
    await cached.runLua(big, 'a')
    await cached.runLua(big, 'a')
    expect(counts(cached)).toEqual({ hits: 1, misses: 1 })
    await cached.runLua(big, 'b')
    await cached.runLua(big, 'a')
    expect(counts(cached)).toEqual({ hits: 0, misses: 2 })
  })

  test('maxBytes of 1 keeps nothing, and everything runs', async () => {
    const cached = new Engine({ codeCache: { maxBytes: 1 } })
    for (let i = 0; i < 3; i++) expect(await run(cached, 7)).toBe('7')
    expect(counts(cached)).toEqual({ hits: 0, misses: 3 })
  })

  test('ttl: what is older is compiled anew', async () => {
    const cached = new Engine({ codeCache: { ttl: 0.001 } })
    for (let i = 0; i < 3; i++) expect(await run(cached, 7)).toBe('7')
    expect(counts(cached)).toEqual({ hits: 0, misses: 3 })
    const patient = new Engine({ codeCache: { ttl: 600_000 } })
    for (let i = 0; i < 3; i++) await run(patient, 7)
    expect(counts(patient)).toEqual({ hits: 2, misses: 1 })
  })

  test('a script of which many runs compile at once is right in all of them', async () => {
    const cached = new Engine({ concurrency: 3 })
    const texts = await Promise.all(Array.from({ length: 300 }, (_, i) => cached.runLua(`return ${i % 3}`, 'x')))
    expect(texts).toEqual(texts.map((_, i) => String(i % 3)))
    const { hits, misses } = counts(cached)
    expect(hits + misses).toBe(300)
    expect(misses).toBeGreaterThanOrEqual(3)
  })

  test('a run cannot change what another gets of the same code', async () => {
    const cached = new Engine({ concurrency: 1 })
    const code = `
      local function counter() local n = 0 return function() n = n + 1 return n end end
      shared = shared or counter()
      local constants = { 1, 2, 3 }
      constants[#constants + 1] = shared()
      return constants`
    for (let i = 0; i < 5; i++) expect(await cached.runLua(code, 'x')).toBe('[1,2,3,1]')
    expect(counts(cached).hits).toBe(4)
  })

  test('memory and timeouts bound a run of cached code as any other', async () => {
    const cached = new Engine()
    const code = 'local t = {} while true do t[#t + 1] = {} end'
    for (let i = 0; i < 3; i++) {
      expect(await rejection(cached.runLua(code, 'x', { memoryLimit: MIB }))).toMatchObject({ code: 'ERR_LUA_MEMORY' })
    }
    expect(counts(cached).hits).toBe(2)
  })
})

describe('binary chunks', () => {
  test.each([
    ['string.dump', 'return string.dump, ("").dump'],
    ['string.dump by another way', 'return rawget(string, "dump"), getmetatable("")'],
    ['loadfile and dofile', 'return loadfile, dofile'],
  ])('%s is absent', async (_what, code) => {
    const [first] = (await engine.runLua(code, 'x')).split('\t')
    expect(first).toBe('nil')
  })

  const HEADER = '\\27Lua\\x54\\0\\x19\\x93\\r\\n\\x1a\\n'

  test.each([
    ['a string', `load("${HEADER}")`],
    ['with mode b', `load("${HEADER}", "x", "b")`],
    ['with mode bt', `load("${HEADER}", "x", "bt")`],
    ['in pieces', `load(coroutine.wrap(function() coroutine.yield("\\27") coroutine.yield("Lua") end))`],
    ['just the first byte', 'load("\\27")'],
  ])('load refuses them: %s', async (_what, expression) => {
    const text = await engine.runLua(`local f, message = ${expression} return f, type(message)`, 'x')
    expect(text).toBe('nil\tstring')
  })

  test.each([true, false])('source that begins with ESC is refused (codeCache: %p)', async (codeCache) => {
    const cached = new Engine({ codeCache })
    for (const start of ['', '\ufeff', '#!lua\n', '\ufeff#\n']) {
      const source = Buffer.from(`${start}\x1bLuaT\0\x19\x93\r\n\x1a\n`)
      for (let i = 0; i < 2; i++) {
        const error = await rejection(cached.runLua(source, 'x'))
        expect(error).toBeInstanceOf(LuaError)
        expect(error.code).toBe('ERR_LUA_SYNTAX')
      }
      expect(thrownBy(() => cached.compile(source))).toMatchObject({ code: 'ERR_LUA_SYNTAX' })
    }
    expect(cached.stats().cacheHits).toBe(0)
    expect(await cached.runLua('return "alive"', 'x')).toBe('alive')
  })
})

test('compile is bounded by defaults.cpuTimeout', () => {
  const engine = new Engine({ defaults: { cpuTimeout: 20, maxSource: 2 ** 28, memoryLimit: 2 ** 32 } })
  let thrown
  try {
    engine.compile('a = a + 1 '.repeat(5e6))
  } catch (error) {
    thrown = error
  }
  expect(thrown).toMatchObject({ code: 'ERR_LUA_TIMEOUT', limit: 'cpuTimeout' })
})

test.each(['file://host/x', 'file:///a%2Fb', 'file:///a%00b'])('runFile of %s: refused', async (href) => {
  const error = await new Engine().runFile(new URL(href), 'x').catch((reason) => reason)
  expect(error).toBeInstanceOf(RangeError)
  expect(error.code).toBe('ERR_INVALID_ARG_VALUE')
  expect(error.message).toContain('The "path" argument')
})

test('a file that is longer than the system says is read within maxSource', async () => {
  const error = await new Engine().runFile('/proc/self/maps', 'x', { maxSource: 1000 }).catch((reason) => reason)
  expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
})
