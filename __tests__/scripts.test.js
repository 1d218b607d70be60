// Named scripts: who they are, who may call them, and what crosses.
'use strict'

const { AsyncLocalStorage } = require('node:async_hooks')
const { LuaError } = require('..')
const { engineWith, isIdle, until } = require('./support/engine')
const { later } = require('./support/host-functions')
const { expectBadArgument, rejection, thrownBy } = require('./support/rejection')

/** An engine with these scripts, by name: source, or source and options. Those without options may be called by all. */
function engineWithScripts(scripts, options) {
  const engine = engineWith(options)
  for (const [name, script] of Object.entries(scripts)) {
    engine.addScript(name, ...(Array.isArray(script) ? script : [script, { callers: '*' }]))
  }
  return engine
}

const valuesOf = async (engine, code, scriptId = 'x', options = {}) =>
  (await engine.run(code, scriptId, options)).values

/** What a script is told of an error. */
const caught = (call) => `local ok, e = pcall(${call}) return ok, e.code, e.message`

describe('who', () => {
  const WHO = 'return script.id, script.caller, script.name'

  test('a script is the id that it was given, or its name, whoever calls; and is told who called', async () => {
    const engine = engineWithScripts({ a: WHO, b: [WHO, { scriptId: 'bee', callers: '*' }] })
    expect(await valuesOf(engine, 'return scripts.call("a")')).toEqual(['a', 'x', 'a'])
    expect(await valuesOf(engine, 'return scripts.call("b")')).toEqual(['bee', 'x', 'b'])
    expect((await engine.callScript('b')).values).toEqual(['bee', undefined, 'b'])
    expect(await valuesOf(engine, WHO)).toEqual(['x', undefined, 'x'])
  })

  test('a Script keeps its chunk name', async () => {
    const engine = engineWith()
    engine.addScript('a', engine.compile('error("no")', { name: 'file.lua' }))
    expect(await rejection(engine.callScript('a'))).toMatchObject({ scriptId: 'a', message: 'file.lua:1: no' })
  })

  test('identities and State do not mix when scripts call each other and themselves', async () => {
    const step = `local depth = ...
      State.set("own", script.id .. depth)
      local inner = depth < 6 and { scripts.call(depth % 3 == 0 and script.id or script.id == "a" and "b" or "a", depth + 1) } or {}
      return script.id .. (script.caller or "-"), State.get("own"), table.unpack(inner)`
    const engine = engineWithScripts({ a: step, b: step })
    const values = await valuesOf(engine, 'return scripts.call("a", 1)')
    const ids = values.filter((_, i) => i % 2 === 0)
    expect(ids).toEqual(['ax', 'ba', 'ab', 'aa', 'ba', 'ab'])
    // Each finds what its id wrote last, and none what the other did.
    expect(values.filter((_, i) => i % 2 === 1)).toEqual(['a6', 'b5', 'a6', 'a6', 'b5', 'a6'])
  })

  test('nothing that a script does widens who may call', async () => {
    const engine = engineWithScripts({ secret: ['return "secret"', { callers: ['admin'] }], host: ['return 1'] })
    const tries = [
      'rawset(_G, "script", { id = "admin" })',
      'script = setmetatable({}, { __index = function() return "admin" end })',
      'pcall(function() script.id = "admin" end)',
      'pcall(function() script.caller = "admin" end)',
      'local call = scripts.call scripts = { call = function(...) return call(...) end, list = function() return { "secret" } end }',
      'pcall(function() getmetatable(script).__index = function() return "admin" end end)',
      'local s = scripts.list() s[1] = "secret"',
    ]
    for (const attempt of tries) {
      const code = `${attempt} local call = scripts.call ${caught('call, "secret"')}`
      expect(await valuesOf(engine, code)).toEqual([
        false,
        'ERR_SCRIPT_DENIED',
        "'x' is none of the callers of the script 'secret'",
      ])
    }
    expect((await valuesOf(engine, caught('scripts.call, "host"'), 'admin'))[1]).toBe('ERR_SCRIPT_DENIED')
    expect(await valuesOf(engine, 'return scripts.call("secret")', 'admin')).toEqual(['secret'])
  })

  test('scripts.list has what the caller may call, sorted', async () => {
    const engine = engineWithScripts({ z: '', m: ['', { callers: ['x', 'y'] }], a: ['', { callers: ['y'] }], h: [''] })
    expect(await valuesOf(engine, 'return scripts.list()')).toEqual([['m', 'z']])
    expect(await valuesOf(engine, 'return scripts.list()', 'y')).toEqual([['a', 'm', 'z']])
    expect(await valuesOf(engineWith(), 'return #scripts.list()')).toEqual([0])
    expect(await valuesOf(engineWith({ libraries: [] }), 'return scripts')).toEqual([undefined])
  })

  test('host functions, modules, data, globals and limits are those of the script, in the async context of the outermost call', async () => {
    const storage = new AsyncLocalStorage()
    const engine = engineWith()
    const seen = []
    const host = {
      see: async ({ scriptId, data }) => {
        await later()
        seen.push([scriptId, data, storage.getStore()])
      },
    }
    engine.addScript('inner', 'host.see() return limit, require("m")', {
      callers: '*',
      host,
      modules: { m: 'return "module"' },
      data: 'its own',
      globals: { limit: 7 },
      memoryLimit: 2 ** 20,
    })
    engine.addScript('outer', 'return scripts.call("inner")', { callers: '*' })
    const run = (store) =>
      storage.run(store, () => valuesOf(engine, 'return scripts.call("outer")', 'x', { data: 'no' }))
    expect(await Promise.all([run(1), run(2)])).toEqual([
      [7, 'module'],
      [7, 'module'],
    ])
    expect(seen.sort((a, b) => a[2] - b[2])).toEqual([
      ['inner', 'its own', 1],
      ['inner', 'its own', 2],
    ])
    expect(await valuesOf(engine, 'return limit, host.see')).toEqual([undefined, undefined])
  })
})

describe('callScript', () => {
  test('gives what engine.run gives, as the options of the script say, or those of the call', async () => {
    const engine = engineWithScripts({ a: ['print("hi") return ..., { 1, x = 2 }', { tables: 'map', nulls: 'nil' }] })
    const { value, values, output, stats } = await engine.callScript('a', [null])
    expect([value, values, output, stats.slices > 0]).toEqual([
      undefined,
      [undefined, new Map().set(1, 1).set('x', 2)],
      'hi\n',
      true,
    ])
    expect((await engine.callScript('a', [null], { tables: 'record', nulls: 'null' })).values).toEqual([
      null,
      { 1: 1, x: 2 },
    ])
    expect((await rejection(engine.callScript('a', [], { tables: 'object' }))).code).toBe('ERR_LUA_RESULT')
  })

  test('options of the call take the place of those of the script', async () => {
    const engine = engineWithScripts({
      a: [
        'return who, host.f and host.f(), g',
        { globals: { who: 'script' }, host: { f: ({ data }) => data }, data: 1 },
      ],
      b: ['while true do end', { timeout: 60_000 }],
    })
    expect((await engine.callScript('a')).values).toEqual(['script', 1])
    expect((await engine.callScript('a', [], { data: 2 })).values).toEqual(['script', 2])
    expect((await engine.callScript('a', [], { globals: { g: 3 }, host: {} })).values).toEqual([
      undefined,
      undefined,
      3,
    ])
    expect(await rejection(engine.callScript('b', [], { timeout: 10 }))).toMatchObject({ code: 'ERR_LUA_TIMEOUT' })
    const reason = new Error('enough')
    expect(await rejection(engine.callScript('b', [], { signal: AbortSignal.abort(reason) }))).toBe(reason)
  })

  test('rejects for a name that there is none of', async () => {
    const error = await rejection(engineWith().callScript('none'))
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ code: 'ERR_SCRIPT_UNKNOWN', message: "there is no script 'none'; nothing was run" })
  })

  test('rejects on a closed engine, which takes no scripts either', async () => {
    const engine = engineWithScripts({ a: '' })
    await engine.close()
    expect(await rejection(engine.callScript('a'))).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
    expect(thrownBy(() => engine.addScript('b', ''))).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
    expect(await rejection(engine.addScripts('.'))).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
  })
})

describe('what is wrong with arguments', () => {
  test.each([
    ['', RangeError, 'Received an empty string'],
    ['a\0b', RangeError, 'without control characters'],
    ['a\nb', RangeError, 'without control characters'],
    ['\ud800', RangeError, 'lone surrogate'],
    ['é'.repeat(129), RangeError, '1 to 256 UTF-8 bytes without control characters. Received 258 bytes'],
    [5, TypeError, 'type number'],
    [undefined, TypeError, 'undefined'],
  ])('the name %j', async (name, ErrorClass, says) => {
    const engine = engineWith()
    for (const source of ['', engine.compile('')]) {
      expectBadArgument(
        thrownBy(() => engine.addScript(name, source)),
        ErrorClass,
        '"name" argument',
        says,
      )
    }
    expectBadArgument(
      thrownBy(() => engine.removeScript(name)),
      ErrorClass,
      '"name" argument',
      says,
    )
    expectBadArgument(await rejection(engine.callScript(name)), ErrorClass, '"name" argument', says)
  })

  test.each([
    [{ callers: 'x' }, RangeError, `options.callers" property must be '*' or an array of scriptIds`],
    [{ callers: 5 }, TypeError, 'options.callers'],
    [{ callers: ['x', ''] }, RangeError, '"options.callers" property[1]'],
    [{ scriptId: '' }, RangeError, 'options.scriptId'],
    [{ caller: '*' }, TypeError, "unknown option 'caller'; did you mean 'callers'"],
    [{ name: 'a' }, TypeError, "unknown option 'name'"],
    [{ signal: new AbortController().signal }, TypeError, "unknown option 'signal'"],
    [{ args: [] }, TypeError, "unknown option 'args'"],
    [{ replace: 1 }, TypeError, 'options.replace'],
    [{ timeout: 0 }, RangeError, 'options.timeout'],
    [{ globals: { f() {} } }, TypeError, 'options.globals.f'],
    [{ host: 5 }, TypeError, 'options.host'],
    [null, TypeError, '"options" argument'],
  ])('the options %j', (options, ErrorClass, says) => {
    const engine = engineWith()
    expectBadArgument(
      thrownBy(() => engine.addScript('a', '', options)),
      ErrorClass,
      says,
    )
    expect(engine.removeScript('a')).toBe(false)
  })

  test('the source, the arguments, and the options of a call', async () => {
    const engine = engineWithScripts({ a: '' })
    expectBadArgument(
      thrownBy(() => engine.addScript('b', 5)),
      TypeError,
      '"source" argument',
    )
    expectBadArgument(
      thrownBy(() => engine.addScript('b', '-- long', { maxSource: 5 })),
      RangeError,
      'maxSource',
    )
    expectBadArgument(
      thrownBy(() => engine.addScript('a', '')),
      RangeError,
      "'a', of which there is a script already",
    )
    expect(thrownBy(() => engine.addScript('b', 'x ='))).toMatchObject({ code: 'ERR_LUA_SYNTAX', chunk: 'b' })
    expectBadArgument(await rejection(engine.callScript('a', 5)), TypeError, '"args" argument')
    expectBadArgument(await rejection(engine.callScript('a', [[print]])), TypeError, 'args[0][0] is function')
    expectBadArgument(
      await rejection(engine.callScript('a', [], { scriptId: 'b' })),
      TypeError,
      "unknown option 'scriptId'",
    )
    expectBadArgument(await rejection(engine.callScript('a', [], 5)), TypeError, '"options" argument')
  })

  function print() {}
})

describe('what crosses between scripts', () => {
  test('whatever both have, as it is: nothing becomes a value of JavaScript', async () => {
    const engine = engineWithScripts({ same: 'return ...' })
    const code = `
      local function eq(a, b)
        if type(a) ~= "table" or type(b) ~= "table" then return a == b and math.type(a) == math.type(b) or a ~= a and b ~= b end
        for k, v in pairs(a) do if not eq(v, b[k]) then return false end end
        for k in pairs(b) do if a[k] == nil then return false end end
        return json.encode(json.array {}) ~= json.encode({})
      end
      local values = { "a\\0\\255", 1, 1.0, -0.0, 2^63, math.mininteger, 0/0, 1/0, true, false, json.null, "",
        { 1, 2, { x = { [true] = 1, [2.5] = "half", [7] = "seven", y = json.null } } }, {} }
      local back = { scripts.call("same", table.unpack(values)) }
      local mark = json.encode(scripts.call("same", json.array {}))
      local nils = table.pack(scripts.call("same", nil, 1, nil))
      return #back, eq(values, back), mark, nils.n, nils[2], (select("#", scripts.call("same")))`
    expect(await valuesOf(engine, code)).toEqual([14, true, '[]', 3, 1, 0])
  })

  test.each([
    ['args', 'function', 'scripts.call, "same", { f = print }', 'the call cannot cross: args[1].f is a function'],
    ['args', 'coroutine', 'scripts.call, "same", 1, coroutine.create(print)', 'args[2] is a thread'],
    ['args', 'cycle', 'scripts.call, "same", loop', 'args[1].me contains itself'],
    ['results', 'function', 'scripts.call, "gives"', 'the result cannot cross: values[2].f is a function'],
    [
      'args',
      'too many values',
      'scripts.call, "same", { 1, 2, 3, 4, 5, 6, 7, 8, 9 }',
      'more values than its maxNodes of 8',
    ],
    ['results', 'too many values', 'scripts.call, "many"', 'more values than its maxNodes of 20'],
  ])('%s: a %s is refused', async (_where, _what, call, says) => {
    const engine = engineWithScripts({
      same: 'return ...',
      gives: 'return 1, { f = print }',
      many: ['local t = {} for i = 1, 30 do t[i] = i end return t', { callers: '*', maxNodes: 20 }],
    })
    const code = `local loop = {} loop.me = loop ${caught(call)}`
    const [ok, errorCode, message] = await valuesOf(engine, code, 'x', { maxNodes: 8 })
    expect([ok, errorCode]).toEqual([false, 'ERR_LUA_RESULT'])
    expect(message).toContain(says)
  })

  test('many results, many arguments, and more of them than may be', async () => {
    const engine = engineWithScripts({ count: 'return select("#", ...)', many: 'return table.unpack({}, 1, 100000)' })
    expect(await valuesOf(engine, 'return scripts.call("count", table.unpack({}, 1, 49999))')).toEqual([49_999])
    expect(await valuesOf(engine, 'return (select("#", scripts.call("many")))')).toEqual([100_000])
    expect((await valuesOf(engine, caught('scripts.call, "count", table.unpack({}, 1, 50000)')))[2]).toContain('50000')
  })

  test('a name that is none opens no script that looks like it', async () => {
    const long = `${'y'.repeat(60)}...`
    const engine = engineWithScripts({ 'a\uFFFD': 'return 1', [long]: 'return 1', 'a/b': 'return script.id' })
    for (const name of ['"a\\255"', '("y"):rep(300)', '("y"):rep(257)', '"a/b\\0"', '"A/b"', '""']) {
      expect((await valuesOf(engine, caught(`scripts.call, ${name}`)))[1]).toBe('ERR_SCRIPT_UNKNOWN')
    }
    expect(await valuesOf(engine, 'return scripts.call("a/b")')).toEqual(['a/b'])
  })

  test.each(['', '5', '{}', 'nil'])('a name must be a string: scripts.call(%s)', async (arg) => {
    const [ok, code, message] = await valuesOf(engineWith(), caught(`function() scripts.call(${arg}) end`))
    expect([ok, code]).toEqual([false, 'ERR_LUA_RUNTIME'])
    expect(message).toMatch(/bad argument #1 to 'call' \(string expected, got /)
  })
})

describe('errors', () => {
  test('have the code and the message of the script, and for the host the cause', async () => {
    const engine = engineWithScripts({
      bad: ['return missing.field', { scriptId: 'bee', callers: '*' }],
      table: 'error({ message = "said", code = 5 })',
      output: ['print(("x"):rep(100))', { callers: '*', maxOutput: 10 }],
      memory: [
        'local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end',
        { callers: '*', memoryLimit: 2 ** 20 },
      ],
    })
    engine.expose('fail', () => Promise.reject(new Error('secret')))
    engine.addScript('host', 'host.fail()', { callers: '*' })
    const codes = {}
    for (const name of ['bad', 'table', 'output', 'memory', 'host', 'none']) {
      const [, code, message] = await valuesOf(engine, caught(`scripts.call, "${name}"`))
      codes[name] = [code, message.slice(0, 29)]
    }
    expect(codes).toEqual({
      bad: ['ERR_LUA_RUNTIME', 'bad:1: attempt to index a nil'],
      table: ['ERR_LUA_RUNTIME', 'said'],
      output: ['ERR_LUA_OUTPUT', 'the script wrote more than it'],
      memory: ['ERR_LUA_MEMORY', 'the script needs more memory '],
      host: ['ERR_HOST_FUNCTION', 'host:1: host.fail failed'],
      none: ['ERR_SCRIPT_UNKNOWN', "there is no script 'none'"],
    })
    const error = await rejection(engine.run('return scripts.call("bad")', 'x'))
    expect(error).toMatchObject({ code: 'ERR_LUA_RUNTIME', scriptId: 'x', chunk: 'x', line: 1 })
    expect(error.message).toMatch(/^x:1: bad:1: attempt to index a nil value/)
    expect(error.cause).toBeInstanceOf(LuaError)
    expect(error.cause).toMatchObject({ scriptId: 'bee', chunk: 'bad', line: 1 })
    const deep = await rejection(engine.run('scripts.call("host")', 'x'))
    expect(deep.cause.cause.message).toBe('secret')
  })

  test('a cycle ends 16 deep, with the chain', async () => {
    const engine = engineWithScripts({ a: 'return scripts.call("b")', b: 'return scripts.call("a")' })
    const error = await rejection(engine.run('return scripts.call("a")', 'x'))
    expect(error.code).toBe('ERR_LUA_RUNTIME')
    const chain = ['x', ...Array.from({ length: 17 }, (_, i) => 'ab'[i % 2])].join(' > ')
    expect(error.message).toContain(`scripts call each other more than 16 deep: ${chain}`)
    expect(engine.stats()).toMatchObject({ started: 17, failed: 17 })
    engine.addScript('deep', 'local n = ... return n < 16 and scripts.call("deep", n + 1) or n', { callers: '*' })
    expect(await valuesOf(engine, 'return scripts.call("deep", 1)')).toEqual([16])
  })

  test('that a script catches are kept up to ten, without what was written before', async () => {
    const engine = engineWithScripts({ bad: 'print("output") error({ big = "value" })' })
    const code =
      'local first for i = 1, 30 do local _, e = pcall(scripts.call, "bad") first = first or e end error(first)'
    const lost = await rejection(engine.run(code, 'x'))
    expect(lost).toMatchObject({ code: 'ERR_LUA_RUNTIME', cause: undefined })
    const kept = await rejection(engine.run(code.replace('first or e', 'e'), 'x'))
    expect(kept.cause).toMatchObject({ output: '', scriptId: 'bad' })
    expect(kept.cause.luaValue).toBeUndefined()
  })
})

describe('replacing and removing', () => {
  test('calls find what there is then; runs that have begun keep the old', async () => {
    const engine = engineWith({ concurrency: 1 })
    const waiting = []
    engine.expose('open', () => new Promise((resolve) => waiting.push(resolve)))
    engine.addScript('a', 'host.open() return "old"', { callers: '*' })
    const runs = [valuesOf(engine, 'return scripts.call("a")'), engine.callScript('a').then(({ values }) => values)]
    await until(() => waiting.length === 2)
    engine.addScript('a', 'return "new"', { callers: ['x'], replace: true })
    expect(await valuesOf(engine, 'return scripts.call("a")')).toEqual(['new'])
    expect((await valuesOf(engine, caught('scripts.call, "a"'), 'y'))[1]).toBe('ERR_SCRIPT_DENIED')
    expect([engine.removeScript('a'), engine.removeScript('a')]).toEqual([true, false])
    expect((await valuesOf(engine, caught('scripts.call, "a"')))[1]).toBe('ERR_SCRIPT_UNKNOWN')
    for (const open of waiting) open()
    expect(await Promise.all(runs)).toEqual([['old'], ['old']])
  })

  test('a source that does not compile changes nothing', async () => {
    const engine = engineWithScripts({ a: 'return 1' })
    expect(thrownBy(() => engine.addScript('a', 'x =', { replace: true })).code).toBe('ERR_LUA_SYNTAX')
    expect((await engine.callScript('a')).value).toBe(1)
  })

  test('whether a script may be called is asked again when the call is made', async () => {
    const engine = engineWithScripts({ a: 'return 1', b: 'return 1', warm: '' })
    await valuesOf(engine, 'scripts.call("warm")')
    const codes = (name) => valuesOf(engine, caught(`scripts.call, "${name}"`))
    const runs = [codes('a'), codes('b')]
    // The worker finds that it may. Before this thread hears of the call, it may not any more.
    for (const start = performance.now(); performance.now() - start < 100; );
    engine.removeScript('a')
    engine.addScript('b', 'return 2', { replace: true })
    expect((await Promise.all(runs)).map(([, code]) => code)).toEqual(['ERR_SCRIPT_UNKNOWN', 'ERR_SCRIPT_DENIED'])
  })
})

test('statistics and usage count both, each for its id', async () => {
  const engine = engineWithScripts({ a: 'for i = 1, 1e5 do end return 1', b: 'error("no")' })
  engine.resetStats()
  await valuesOf(engine, 'pcall(scripts.call, "b") return scripts.call("a"), scripts.call("a")')
  await until(() => isIdle(engine))
  expect(engine.stats()).toMatchObject({ completed: 3, failed: 1, started: 4, suspended: 0 })
  expect(engine.usage('x')).toMatchObject({ completed: 1, failed: 0, hostCalls: 0 })
  expect(engine.usage('a')).toMatchObject({ completed: 2, started: 0, waiting: 0 })
  expect(engine.usage('b')).toMatchObject({ failed: 1 })
  expect(engine.usage('a').cpuTime).toBeGreaterThan(0)
})
