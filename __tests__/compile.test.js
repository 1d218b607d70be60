// compile, and the Script that it gives: run anywhere and as often as one likes, and made in no other way.
'use strict'

const { Engine, LuaError, Script, runLua } = require('..')
const { runProgram } = require('./support/child')
const { loadAgain } = require('./support/load-again')
const { expectBadArgument, rejection, thrownBy } = require('./support/rejection')

const engine = new Engine()

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
    expect(codes).toEqual(['timeout', 'cpuTimeout', 'maxOutput'])
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
    expectBadArgument(error, ErrorClass, 'The "source" argument must be', `Received ${got}`)
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
    expectBadArgument(error, TypeError, 'a Uint8Array of Lua source, or a Script')
  })

  test('of another instance of the module: refused, and no crash', async () => {
    const script = new (loadAgain().Engine)().compile('return 1')
    expect(await rejection(engine.runLua(script, 'x'))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
  })

  test('with a name for the run: refused', async () => {
    const script = engine.compile('return 1')
    const error = await rejection(engine.runLua(script, 'x', { name: 'other' }))
    const says = ['The "options.name" property must not be given with a Script', `Received 'other'`]
    expectBadArgument(error, RangeError, ...says)
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
