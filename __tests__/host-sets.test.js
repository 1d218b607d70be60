// Sets of host functions: who finds them, and who does not.
'use strict'

const vm = require('node:vm')
const { Engine, FunctionSet, runLua } = require('..')
const { engineExposing, engineWith, held, until } = require('./support/engine')
const { folderWith } = require('./support/files')
const { gate } = require('./support/host-functions')
const { expectBadArgument, rejection, thrownBy } = require('./support/rejection')

const SEEN = 'local seen = {} for name in pairs(host) do seen[#seen + 1] = name end table.sort(seen) return seen'
const seenBy = async (run) => (await run).value

/** A value that is given to one run, as a set and as a plain object. */
const ways = (engine, functions) => [engine.functions(functions), functions]

test('a run finds what it was given beside what is exposed, and no other run does', async () => {
  const engine = engineExposing({ all: () => 'all', db: { put: () => 'put' } }, { concurrency: 1, warmVms: 2 })
  for (const host of ways(engine, { own: (_context, x) => x + 1, db: { get: () => 'got' } })) {
    const code = 'return host.own(1), host.db.get(), host.db.put(), host.all()'
    expect((await engine.run(code, 'x', { host })).values).toEqual([2, 'got', 'put', 'all'])
    expect(await engine.runLua(code, 'x', { host })).toBe('2\tgot\tput\tall')
    expect(await seenBy(engine.run(SEEN, 'x', { host }))).toEqual(['all', 'db', 'own'])
    expect(await seenBy(engine.run(SEEN, 'x'))).toEqual(['all', 'db'])
    expect(await engine.runLua('return host.own, host.db.get', 'x')).toBe('nil\tnil')
  }
})

test('values cross as a set says, and where it says nothing as the engine does, not as the run does', async () => {
  const engine = new Engine({ values: { tables: 'map' } })
  const got = []
  const functions = { see: (_context, ...values) => void got.push(...values), none: () => null, at: () => new Date(0) }
  const code = "host.see('text', { a = 1 }) return tostring(host.none())"
  const run = (options) => engine.runLua(code, 'x', { host: engine.functions(functions, options), nulls: 'nil' })
  expect(await run({ strings: 'buffer', nulls: 'nil', tables: 'object' })).toBe('nil')
  expect(await run()).toBe(await engine.runLua('return tostring(json.null)', 'x'))
  expect(got).toEqual([new Uint8Array(Buffer.from('text')), { a: 1 }, 'text', new Map([['a', 1]])])
  const at = (options) => engine.runLua('return host.at()', 'x', { host: engine.functions(functions, options) })
  expect(await at({ dates: 'iso' })).toBe('1970-01-01T00:00:00.000Z')
  expect((await rejection(at())).message).toMatch("dates: 'iso' lets it through")
  expectBadArgument(
    thrownBy(() => engine.functions(functions, { nulls: 'none' })),
    RangeError,
    /"options.nulls" property must be one of 'null', 'nil'/,
  )
})

test('many runs at once with different sets call each their own', async () => {
  const engine = engineExposing({ who: () => 'everybody' })
  const sets = Array.from({ length: 20 }, (_, i) =>
    engine.functions({ own: { [`f${i}`]: () => i, get: () => `own ${i}` } }),
  )
  const code =
    'sleep(0.001) local names = {} for name in pairs(host.own or {}) do names[#names + 1] = name end table.sort(names) sleep(0.001) return host.own and host.own.get(), names'
  const runs = Array.from({ length: 200 }, (_, i) =>
    engine.run(code, `id${i % 3}`, i % 21 === 20 ? {} : { host: sets[i % 21] }),
  )
  for (const [i, { values }] of (await Promise.all(runs)).entries()) {
    if (i % 21 === 20) expect(values).toEqual([undefined, {}])
    else expect(values).toEqual([`own ${i % 21}`, [`f${i % 21}`, 'get']])
  }
})

test('a function that is kept past its run reaches nothing of the next', async () => {
  const calls = []
  const engine = engineWith({ concurrency: 1 })
  const set = (name) => engine.functions({ [name]: () => void calls.push(name) })
  await engine.runLua('kept = host.a kept()', 'x', { host: set('a') })
  expect(await engine.runLua('return kept', 'x', { host: set('b') })).toBe('')
  expect(calls).toEqual(['a'])
})

test('runFile and the default engine take them', async () => {
  const folder = folderWith({ 'f.lua': 'return host.own(), script.id' })
  expect(await engineWith().runFile(`${folder}/f.lua`, 'x', { host: { own: () => 1 } })).toBe('1\tx')
  expect(await runLua('return host.own()', 'x', { host: { own: () => 2 } })).toBe('2')
  const other = engineWith().functions({ own: () => 1 })
  expect(await rejection(runLua('', 'x', { host: other }))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
})

describe('contexts', () => {
  test('each has its own, for all its runs, and keeps what it does with them', async () => {
    const engine = engineExposing({ all: () => 'all' })
    const contexts = ['a', 'b'].map((name) => engine.createContext('x', { host: { [name]: () => name } }))
    for (const [i, name] of ['a', 'b'].entries()) {
      expect(await seenBy(contexts[i].run(SEEN))).toEqual([name, 'all'].sort())
      await contexts[i].run(`kept = host.${name} host.${name} = nil`)
      expect(await seenBy(contexts[i].run(`return kept(), host.${name}`))).toBe(name)
      expect(await seenBy(contexts[i].run(SEEN))).toEqual(['all'])
    }
    expect(await seenBy(engine.run(SEEN, 'x'))).toEqual(['all'])
    expect(await seenBy(engine.createContext('x').run(SEEN))).toEqual(['all'])
  })

  test('a run in one takes no set of its own', async () => {
    const context = engineWith().createContext('x')
    for (const option of ['host', 'modules']) {
      expect(await rejection(context.run('', { [option]: {} }))).toMatchObject({
        code: 'ERR_INVALID_ARG_TYPE',
        message: expect.stringContaining(`unknown option '${option}'`),
      })
    }
  })

  test('its own stay its own when the engine exposes the same name later', async () => {
    const engine = engineWith()
    const context = engine.createContext('x', { host: { own: () => 'own', db: { get: () => 'own get' } } })
    engine.expose('own', () => 'late')
    engine.expose('db', { get: () => 'late get', put: () => 'late put' })
    engine.expose('late', () => 'late')
    const { values } = await context.run('return host.own(), host.db.get(), host.db.put(), host.late()')
    expect(values).toEqual(['own', 'own get', 'late put', 'late'])
  })
})

describe('names', () => {
  test('that the engine exposes are refused when the run is made; tables are shared', async () => {
    const engine = engineExposing({ a: () => 1, db: { get: () => 1 } })
    for (const functions of [
      { a: () => 2 },
      { a: { b: () => 2 } },
      { db: () => 2 },
      { db: { get: () => 2 } },
      { db: { get: { x: () => 2 } } },
    ]) {
      for (const host of ways(engine, functions)) {
        const refused = {
          code: 'ERR_INVALID_ARG_VALUE',
          message: expect.stringMatching(
            /"options.host" property must have new names\. Received host\..*exposes host\./,
          ),
        }
        expect(await rejection(engine.run('', 'x', { host }))).toMatchObject(refused)
        expect(thrownBy(() => engine.createContext('x', { host }))).toMatchObject(refused)
      }
    }
    expect(engine.stats()).toMatchObject({ rejected: 0, started: 0 })
  })

  test('are looked at again when the engine exposes more, and when it exposes less', async () => {
    const engine = engineWith()
    const host = engine.functions({ a: () => 'own' })
    expect(await engine.runLua('return host.a()', 'x', { host })).toBe('own')
    engine.expose('a', () => 'exposed')
    expect((await rejection(engine.runLua('', 'x', { host }))).message).toContain('new names')
    engine.unexpose('a')
    expect(await engine.runLua('return host.a()', 'x', { host })).toBe('own')
  })

  test('that are exposed while the run is queued: its own stay', async () => {
    const engine = engineWith({ concurrency: 1 })
    const release = await held(engine)
    const run = engine.run('return host.a(), host.db.get()', 'x', {
      host: { a: () => 'own', db: { get: () => 'own' } },
    })
    engine.expose('a', { b: () => 'late' })
    engine.expose('db', () => 'late')
    await release()
    expect((await run).values).toEqual(['own', 'own'])
  })

  test('have the rules of exposed ones', () => {
    const engine = engineWith()
    for (const functions of [{ 'a-b': () => {} }, { end: () => {} }, { a: { '': () => {} } }, { a: {} }]) {
      expect(thrownBy(() => engine.functions(functions))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    }
    for (const functions of [{ a: 1 }, { a: null }, { a: { b: 'text' } }, { a: [() => {}] }]) {
      expect(thrownBy(() => engine.functions(functions))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    }
  })

  test.each([undefined, null, 5, 'text', [() => {}], () => {}, new Map(), new Engine()])(
    '%p is no set',
    async (given) => {
      const engine = engineWith()
      expect(thrownBy(() => engine.functions(given))).toMatchObject({
        code: 'ERR_INVALID_ARG_TYPE',
        message: expect.stringContaining('"functions"'),
      })
      if (given === undefined) return
      expect(await rejection(engine.run('', 'x', { host: given }))).toMatchObject({
        code: 'ERR_INVALID_ARG_TYPE',
        message: expect.stringContaining(
          'The "options.host" property must be what engine.functions() gave, or a plain object',
        ),
      })
    },
  )

  test('none at all are a set, too; and of another realm', async () => {
    const engine = engineWith()
    expect(await engine.runLua('return next(host)', 'x', { host: {} })).toBe('')
    const host = vm.runInNewContext('({ f: () => "far" })')
    expect(await engine.runLua('return host.f()', 'x', { host })).toBe('far')
  })

  test('they are read once, when the set is made', async () => {
    const engine = engineWith()
    const functions = { f: () => 'first' }
    const host = engine.functions(functions)
    functions.f = () => 'second'
    functions.g = () => 'second'
    expect(await engine.runLua('return host.f(), host.g', 'x', { host })).toBe('first\tnil')
  })
})

test('a set belongs to its engine', async () => {
  const [engine, other] = [engineWith(), engineWith()]
  const host = other.functions({ f: () => 1 })
  const refused = { code: 'ERR_INVALID_ARG_VALUE', message: expect.stringContaining('another engine') }
  expect(await rejection(engine.run('', 'x', { host }))).toMatchObject(refused)
  expect(thrownBy(() => engine.createContext('x', { host }))).toMatchObject(refused)
})

test('a set cannot be constructed, and shows nothing', () => {
  const set = engineWith().functions({ f: () => 1 })
  expect(set).toBeInstanceOf(FunctionSet)
  expect(() => new FunctionSet()).toThrow(/engine.functions/)
  expect(Reflect.ownKeys(set)).toEqual([])
})

test('its options are checked', () => {
  const engine = engineWith()
  for (const options of [{ string: 'buffer' }, { replace: true }]) {
    expect(thrownBy(() => engine.functions({}, options))).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
      message: expect.stringContaining('unknown option'),
    })
  }
  expect(thrownBy(() => engine.functions({}, 5))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
})

test('a closed engine makes none', async () => {
  const engine = engineWith()
  const host = engine.functions({})
  await engine.close()
  expect(thrownBy(() => engine.functions({}))).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
  expect(await rejection(engine.run('', 'x', { host }))).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
})

describe('data', () => {
  const dataOf = async (start) => {
    let seen = 'not called'
    await start({
      f: (context) => {
        seen = context
      },
    })
    return seen
  }

  test.each([
    ['an object', { a: 1 }],
    ['null', null],
    ['0', 0],
    ['false', false],
    ['a function', () => {}],
    ['a symbol', Symbol('s')],
    [
      'a proxy that allows nothing',
      new Proxy(
        {},
        new Proxy(
          {},
          {
            get: () => () => {
              throw new Error('no')
            },
          },
        ),
      ),
    ],
    ['a Map', new Map()],
  ])('%s gets to the function as it is', async (_what, data) => {
    const engine = engineWith()
    for (const method of ['run', 'runLua']) {
      const context = await dataOf((host) => engine[method]('host.f()', 'x', { host, data, name: 'chunk.lua' }))
      expect(Object.is(context.data, data)).toBe(true)
      expect(context).toMatchObject({ scriptId: 'x', name: 'chunk.lua' })
    }
    const inContext = await dataOf((host) => engine.createContext('x', { host, data, name: 'room' }).run('host.f()'))
    expect(Object.is(inContext.data, data)).toBe(true)
    expect(inContext.name).toBe('room')
  })

  test('without it there is none, and the name is that of the chunk', async () => {
    const engine = engineWith()
    expect(await dataOf((host) => engine.run('host.f()', 'tenant', { host }))).toMatchObject({
      data: undefined,
      name: 'tenant',
    })
    const script = engine.compile('host.f()', { name: 'rule.lua' })
    expect(await dataOf((host) => engine.run(script, 'tenant', { host }))).toMatchObject({ name: 'rule.lua' })
  })

  test('a run in a context may have its own', async () => {
    const seen = []
    const engine = engineExposing({ f: ({ data }) => void seen.push(data) })
    const context = engine.createContext('x', { data: 'of the context' })
    await context.run('function g() host.f() end host.f()')
    await context.run('host.f()', { data: 'of the run' })
    await context.run('host.f()', { data: null })
    await context.run('host.f()', { data: undefined })
    await context.call('g')
    expect(seen).toEqual(['of the context', 'of the run', null, 'of the context', 'of the context'])
  })

  test('runs at once have each their own', async () => {
    const { calls, open } = gate()
    const engine = engineExposing({ open })
    const runs = Array.from({ length: 30 }, (_, i) =>
      engine.run('return host.open(...)', `id${i % 3}`, { args: [i], data: { i } }),
    )
    await until(() => calls.length === 30)
    for (const { args, context, resolve } of calls) resolve(args[0] === context.data.i)
    expect((await Promise.all(runs)).every(({ value }) => value === true)).toBe(true)
  })

  test('Lua sees nothing of it', async () => {
    const code =
      'local function all(t, seen) for k, v in pairs(t) do assert(k ~= "secret" and v ~= "secret") if type(v) == "table" and not seen[v] then seen[v] = true all(v, seen) end end end all(_G, {}) return ...'
    expect(await engineWith().runLua(code, 'x', { data: { secret: 'secret' } })).toBe('')
  })
})
