// How values cross by the options `nulls`, `dates`, `tables: 'record'`, and by the engine's `values`, through every door.
'use strict'

const vm = require('node:vm')
const { LuaError } = require('..')
const { bytes, given, refusedOut, told } = require('./support/crossing')
const { engineExposing, engineWith, valuesOf } = require('./support/engine')
const { expectBadArgument, rejection } = require('./support/rejection')

const AT = new Date(Date.UTC(2026, 1, 3, 4, 5, 6, 7))
const ISO = '2026-02-03T04:05:06.007Z'

describe("tables: 'record'", () => {
  const record = { tables: 'record' }

  test.each([
    ['{ 1, "a", { 2 } }', [1, 'a', [2]]],
    ['json.array({})', []],
    ['{}', {}],
    ['{ a = 1, b = { c = {} } }', { a: 1, b: { c: {} } }],
    ['{ [0] = "a" }', { 0: 'a' }],
    ['{ 1, nil, 3 }', { 1: 1, 3: 3 }],
    ['{ 1, 2, x = 3 }', { 1: 1, 2: 2, x: 3 }],
    ['{ [1 << 40] = { [-1] = "b" } }', { 1099511627776: { '-1': 'b' } }],
    [
      '{ [math.mininteger] = 1, [math.maxinteger] = 2, [2.0] = 3 }',
      { '-9223372036854775808': 1, '9223372036854775807': 2, 2: 3 },
    ],
    ['json.array({ a = 1 })', { a: 1 }],
    ['{ ["01"] = "a", [1] = "b", ["1.0"] = "c" }', { '01': 'a', 1: 'b', '1.0': 'c' }],
  ])('%s', async (expression, value) => {
    expect(await given(expression, record)).toStrictEqual(value)
  })

  test('keys like __proto__ are own properties', async () => {
    const value = await given('{ [7] = 1, ["__proto__"] = { [0] = 2 }, constructor = 3 }', record)
    expect(Object.keys(value)).toEqual(['7', '__proto__', 'constructor'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.getOwnPropertyDescriptor(value, '__proto__').value).toEqual({ 0: 2 })
  })

  test('strings may be bytes in it', async () => {
    expect(await given('{ [0] = "a", b = "\\xff" }', { ...record, strings: 'buffer' })).toEqual({
      0: bytes('a'),
      b: bytes('\xff'),
    })
  })

  test.each([
    ['{ x = { [1] = 1, ["1"] = 2 } }', 'value.x has the integer key 1 and the string key "1"', 'map'],
    ['{ [-5] = 1, ["-5"] = 2 }', 'value has the integer key -5 and the string key "-5"', 'map'],
    ['{ 1, 2, [1.5] = 1 }', 'value has the float key 1.5', 'map'],
    ['{ [true] = 1 }', 'value has a key that is a boolean', 'map'],
    ['{ [0] = { [3] = { [1.5] = 1 } } }', 'value[0][3] has the float key 1.5', 'map'],
    ['{ [print] = 1 }', 'value has a key that is a function', undefined],
    ['{ ["\\xff"] = 1 }', 'value has a key that is not UTF-8', undefined],
    ['{ [0] = print }', 'value[0] is a function', undefined],
  ])('%s: refused', async (expression, says, option) => {
    const { code, message } = await refusedOut(expression, record)
    expect(code).toBe('ERR_LUA_RESULT')
    expect(message).toContain(says)
    if (option) expect(message).toMatch(`; tables: '${option}' lets it through`)
    else expect(message).not.toContain('tables:')
  })
})

describe('a refusal names the option that lets the value through', () => {
  test.each([
    ['{ 1, nil, 3 }', "tables: 'record' or 'map'"],
    ['{ [0] = 1 }', "tables: 'record' or 'map'"],
    ['{ 1, a = 2 }', "tables: 'record' or 'map'"],
    ['json.array({ a = 1 })', "tables: 'record' or 'map'"],
    ['{ [1.5] = 1 }', "tables: 'map'"],
    ['{ [true] = 1 }', "tables: 'map'"],
    ['{ a = "\\xff" }', "strings: 'buffer'"],
  ])('%s', async (expression, option) => {
    expect((await refusedOut(expression)).message).toMatch(new RegExp(`; ${option} lets it through$`))
    const text = await rejection(engineWith().runLua(`return { x = ${expression} }`, 'x'))
    expect(text).toMatchObject({ code: 'ERR_LUA_RESULT' })
    expect(text.message).not.toContain('lets it through')
  })

  test('what no option lets through', async () => {
    for (const expression of ['print', '{ [print] = 1 }', '{ ["\\xff"] = 1 }']) {
      expect((await refusedOut(expression)).message).not.toContain('lets it through')
    }
    expect((await refusedOut('{ [1.5] = "\\xff" }', { tables: 'map' })).message).toContain("strings: 'buffer'")
  })

  test('arguments of host functions, and dates', async () => {
    const engine = engineExposing({ f: () => 7, now: () => AT })
    const [args] = await valuesOf(engine, 'local _, e = pcall(host.f, { [0] = 1 }) return e.message')
    expect(args).toContain(
      "the call cannot cross: args[1] has the integer key 0; keys must be 1..n or strings; tables: '",
    )
    const { cause } = await rejection(engine.run('host.now()', 'x'))
    expect(cause.message).toBe(
      "host.now() is an instance of Date. It cannot cross to Lua; dates: 'iso' lets it through, as text",
    )
    const error = await rejection(engine.run('', 'x', { args: [{ at: AT }] }))
    const says =
      "options.args[0].at is an instance of Date. It cannot cross to Lua; dates: 'iso' lets it through, as text"
    expectBadArgument(error, TypeError, says)
    const stored = await rejection(engine.state('x').set('k', [AT]))
    expect(stored.message).toBe("State.set: value[0] is an instance of Date; dates: 'iso' lets it through, as text")
  })
})

describe("dates: 'iso'", () => {
  const iso = { dates: 'iso' }
  const runs = (args, options = iso) => engineWith().run('return ...', 'x', { ...options, args })

  test('a date goes in as text, wherever it is', async () => {
    class Later extends Date {
      toISOString() {
        return 'later'
      }
    }
    const foreign = vm.runInNewContext(`new Date(${AT.getTime()})`)
    const { values } = await runs([AT, [AT], { at: AT }, new Map([['at', AT]]), new Later(AT), foreign])
    expect(values).toEqual([ISO, [ISO], { at: ISO }, { at: ISO }, ISO, ISO])
    expect((await runs([new Date(8.64e15)])).value).toBe('+275760-09-13T00:00:00.000Z')
    const text = await engineWith().runLua('return at .. (...)', 'x', { ...iso, args: [AT], globals: { at: AT } })
    expect(text).toBe(ISO + ISO)
  })

  test('an invalid date is refused, and so is a date as a key', async () => {
    for (const options of [iso, {}]) {
      const error = await rejection(runs([{ at: new Date(NaN) }], options))
      expectBadArgument(error, TypeError, 'options.args[0].at is an invalid Date. It cannot cross to Lua')
    }
    expect((await rejection(runs([new Map([[AT, 1]])]))).message).toContain(
      'a value under a key that no Lua table can have',
    )
  })

  test('a date takes no level', async () => {
    let value = AT
    for (let i = 0; i < 128; i++) value = [value]
    expect(JSON.stringify((await runs([value])).value)).toContain(`[${JSON.stringify(ISO)}]`)
    const error = await rejection(runs([[value]]))
    expect(error.message).toContain('128 levels')
  })
})

describe("nulls: 'nil'", () => {
  const nil = { nulls: 'nil' }

  test('null goes in as nil', async () => {
    const code = 'return select("#", ...), ..., x == nil, t.a == nil, next(t) == nil'
    const options = { ...nil, args: [null], globals: { x: null, t: { a: null } } }
    expect((await engineWith().run(code, 'x', options)).values).toEqual([1, undefined, true, true, true])
    expect((await engineWith().run('return next(...)', 'x', { ...nil, args: [new Map([['a', null]])] })).value).toBe(
      undefined,
    )
  })

  test('in an array it is json.null, so that the array keeps its length', async () => {
    const code = 'local t = ... return #t, t[2] == json.null, t[4] == json.null, t[3].a, t'
    const { values } = await engineWith().run(code, 'x', { ...nil, args: [[1, null, { a: null }, null]] })
    expect(values).toEqual([4, true, true, undefined, [1, null, {}, null]])
    const error = await rejection(engineWith().run('', 'x', { ...nil, args: [[1, undefined]] }))
    expect(error.message).toContain('options.args[0][1] is undefined in an array')
  })

  test('json.null comes out as null', async () => {
    expect((await engineWith().run('return json.null, { a = json.null }', 'x', nil)).values).toEqual([
      null,
      { a: null },
    ])
  })

  test('a global of a context is nil then', async () => {
    const context = engineWith().createContext('x', { ...nil, globals: { a: 1, b: 2, c: 3 } })
    await context.set('a', null)
    await context.run('', { globals: { b: null, c: undefined } })
    expect((await context.run('return a, b, c')).values).toEqual([undefined, undefined, 3])
  })
})

describe('the options of an engine', () => {
  const ALL = { strings: 'buffer', tables: 'map', nulls: 'nil', dates: 'iso' }

  test('hold for runs and contexts, which may say otherwise', async () => {
    const engine = engineWith({ values: ALL })
    const code = 'return type((...)), ({ ... })[2], { "a" }'
    const args = [null, AT]
    const crossed = [bytes('nil'), bytes(ISO), new Map([[1, bytes('a')]])]
    const plain = { strings: 'text', tables: 'object', nulls: 'null' }
    expect((await engine.run(code, 'x', { args })).values).toEqual(crossed)
    expect((await engine.run(code, 'x', { args, ...plain })).values).toEqual(['userdata', ISO, ['a']])
    expectBadArgument(await rejection(engine.run(code, 'x', { args, dates: 'refuse' })), TypeError, "dates: 'iso'")
    expect(await engine.runLua('return type((...)) .. select(2, ...)', 'x', { args })).toBe(`nil${ISO}`)
    const context = engine.createContext('x')
    expect((await context.run(code, { args })).values).toEqual(crossed)
    const own = engine.createContext('x', { ...plain, globals: { at: AT } })
    await own.run('function f(...) return type((...)), at, { "a" } end t = { [0] = 1 }')
    expect((await own.call('f', null)).values).toEqual(['userdata', ISO, ['a']])
    expect((await own.run('return f(...)', { args: [null], ...ALL })).values).toEqual([
      bytes('nil'),
      bytes(ISO),
      new Map([[1, bytes('a')]]),
    ])
    await own.set('n', null)
    expect(await own.get('n')).toBe(null)
    expect(await rejection(own.get('t'))).toMatchObject({ code: 'ERR_LUA_RESULT' })
    const records = engine.createContext('x', { tables: 'record', globals: { t: { 0: 1 } } })
    await records.run('t = { [0] = 1 }')
    expect(await records.get('t')).toEqual({ 0: 1 })
  })

  test('hold for host functions, whatever the run says that calls them', async () => {
    const seen = []
    const echo = (_context, ...args) => {
      seen.push(args)
      return [null, { gone: null, at: AT }, args[0]]
    }
    const engine = engineExposing({ echo, none: () => null, deep: { later: async () => AT } }, { values: ALL })
    const code =
      'local r = host.echo("\\xff", { a = { 1 } }) return r[2].gone, r[2].at, r[3], host.none(), host.deep.later()'
    const text = { strings: 'buffer', tables: 'object', nulls: 'null', dates: 'refuse' }
    const { values } = await engine.run(code, 'x', text)
    expect(values).toEqual([undefined, bytes(ISO), bytes('\xff'), undefined, bytes(ISO)])
    expect(seen).toEqual([[bytes('\xff'), new Map([['a', new Map([[1, 1]])]])]])
    const records = engineExposing({ echo: (_context, value) => value }, { values: { tables: 'record' } })
    expect((await records.run('return host.echo({ [0] = 1, x = { 2 } })["0"]', 'x')).value).toBe(1)
  })

  test('hold for State from the host', async () => {
    const engine = engineWith({ values: ALL })
    const space = engine.state('x')
    await space.set('k', { at: AT, list: ['a', []], gone: null, 10: 1 })
    const kept = new Map([
      ['10', 1],
      ['at', bytes(ISO)],
      [
        'list',
        new Map([
          [1, bytes('a')],
          [2, new Map()],
        ]),
      ],
    ])
    expect(await space.get('k')).toEqual(kept)
    for await (const entry of space.entries()) expect(entry).toEqual(['k', kept])
    expect(await space.list()).toEqual(['k'])
    expect(await engine.runLua('return State.get("k")', 'x')).toBe(`{"10":1,"at":"${ISO}","list":["a",[]]}`)
    await space.set('k', null)
    expect([await space.has('k'), await space.get('k', 'none')]).toEqual([false, 'none'])
    expect(await rejection(space.add('k', null))).toBeInstanceOf(LuaError)
    expect(await space.cas('k', null, 5)).toBe(true)
    await engine.runLua('State.set("null", json.null)', 'x')
    expect(await space.get('null')).toBe(null)
  })

  test('update gets a value in these shapes, and sets it though it would not go in as it came out', async () => {
    const engine = engineWith({ values: ALL })
    const space = engine.state('x')
    const kept = { 'json.array({})': 'object', '{ a = json.null }': 'object', 'json.null': 'object', '1.0': 'number' }
    for (const [lua, type] of Object.entries({ ...kept, '{ json.array({}) }': 'object', '"a"': 'object' })) {
      await engine.runLua(`State.set("k", ${lua})`, 'x')
      let old
      const next = await space.update('k', (before) => {
        old = before
        if (before instanceof Map) before.clear()
        return 'next'
      })
      expect([typeof old, next]).toEqual([type, 'next'])
      expect(await engine.runLua('return State.get("k")', 'x')).toBe('next')
    }
    expect(await space.update('k', () => null)).toBe(null)
    expect(await space.has('k')).toBe(false)
    expect(await space.update('k', (old) => old, AT)).toBe(AT)
    expect(await engine.runLua('return State.get("k")', 'x')).toBe(ISO)
  })

  test('update calls again when somebody else was there first', async () => {
    const engine = engineWith({ values: ALL })
    const space = engine.state('x')
    await space.set('k', ['a'])
    let calls = 0
    await space.update('k', async (old) => {
      calls += 1
      if (calls === 1) await engine.runLua('State.set("k", {"b"})', 'x')
      return [...old.values(), 'c']
    })
    expect([calls, await engine.runLua('return State.get("k")', 'x')]).toEqual([2, '["b","c"]'])
  })
})

describe('refused by name', () => {
  const WRONG = [
    ['strings', 'bytes', RangeError, "'text', 'buffer'"],
    ['tables', 'array', RangeError, "'object', 'map', 'record'"],
    ['nulls', null, TypeError, "'null', 'nil'"],
    ['nulls', 'undefined', RangeError, "'null', 'nil'"],
    ['dates', true, TypeError, "'refuse', 'iso'"],
  ]

  test.each(WRONG)('%s: %p', async (name, value, ErrorClass, choices) => {
    const engine = engineWith()
    const options = { [name]: value }
    const says = `options.${name}" property must be one of ${choices}`
    expectBadArgument(await rejection(engine.run('', 'x', options)), ErrorClass, says)
    expectBadArgument(await rejection(engine.createContext('x').run('', options)), ErrorClass, says)
    expect(() => engine.createContext('x', options)).toThrow(says)
    expect(() => engineWith({ values: options })).toThrow(says.replace('options', 'options.values'))
  })

  test('values that are no options', () => {
    for (const values of [null, 'record', 5, []]) expect(() => engineWith({ values })).toThrow('options.values')
    expect(() => engineWith({ values: { table: 'map' } })).toThrow("unknown option 'table'; did you mean 'tables'?")
  })
})

describe('json.null in Lua', () => {
  test.each([
    ['(...) + 1', 'attempt to perform arithmetic on a json.null value'],
    ['(...).x', 'attempt to index a json.null value'],
    ['(...)()', 'attempt to call a json.null value'],
    ['"a" .. (...)', 'attempt to concatenate a json.null value'],
    ['(...) < 1', 'attempt to compare json.null with number'],
    ['#(...)', 'attempt to get length of a json.null value'],
    ['string.rep(...)', "bad argument #1 to 'rep' (string expected, got json.null)"],
    ['json.decode(...)', "bad argument #1 to 'decode' (string expected, got json.null)"],
  ])('%s: the error calls it by its name', async (expression, says) => {
    for (const options of [{}, { libraries: ['string', 'json'] }, { libraries: ['string', 'json'], warmVms: 0 }]) {
      const { message } = await rejection(engineWith(options).run(`return ${expression}`, 'x', { args: [null] }))
      expect(message).toContain(says)
    }
  })

  test('without the library, too', async () => {
    const engine = engineWith({ libraries: [] })
    expect((await rejection(engine.run('return ... + 1', 'x', { args: [null] }))).message).toContain(
      'a json.null value',
    )
    expect(
      (await engine.run('return tostring(...), getmetatable(...), type(...)', 'x', { args: [null] })).values,
    ).toEqual(['null', false, 'userdata'])
  })

  test('a variable is named', async () => {
    expect(
      await told('local price = ... local _, e = pcall(function() return price * 2 end) return e', null),
    ).toContain("attempt to perform arithmetic on a json.null value (upvalue 'price')")
  })
})
