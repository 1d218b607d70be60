// What scripts see of errors of the host's: of a HostError its words, and of others nothing.
'use strict'

const path = require('node:path')
const vm = require('node:vm')
const { Engine, HostError, LuaError } = require('..')
const { engineExposing, engineWith, valuesOf } = require('./support/engine')
const { later } = require('./support/host-functions')
const { rejection, thrownBy } = require('./support/rejection')

const SECRET = 'postgres://admin:hunter2@10.0.0.5/prod'
const SHOWN = 'local ok, e = pcall(host.db.get) return ok, e.code, e.message, tostring(e), e.details'

const failing = (error, options) =>
  engineExposing(
    {
      db: {
        get: () => {
          throw error
        },
      },
    },
    options,
  )

/** What a script sees of this, whether it is thrown now or later. */
async function shownOf(error, options) {
  const engine = failing(error, options)
  engine.expose('later', async () => {
    await later()
    throw error
  })
  const values = await valuesOf(engine, SHOWN)
  const afterwards = await valuesOf(engine, SHOWN.replace('host.db.get', 'host.later'))
  expect(afterwards).toEqual(
    values.map((value) => (typeof value === 'string' ? value.replace('host.db.get', 'host.later') : value)),
  )
  return values
}

describe('any other error', () => {
  test.each([
    ['an error', new Error(SECRET)],
    ['an error with a code and details', Object.assign(new Error(SECRET), { code: SECRET, details: { SECRET } })],
    ['text', SECRET],
    ['an object', { message: SECRET, code: SECRET, details: SECRET, name: 'HostError' }],
    ['a LuaError', thrownBy(() => new Engine().compile(`= "${SECRET}"`))],
    [
      'one that calls itself a HostError',
      Object.assign(new Error(SECRET), { name: 'HostError', [Symbol.for('moonpool.HostError')]: 'yes' }),
    ],
    [
      'one whose every property is true',
      new Proxy(
        {},
        {
          get: (_target, name) => (name === 'message' ? SECRET : name === Symbol.for('moonpool.HostError') ? 1 : true),
        },
      ),
    ],
  ])('%s is masked, and is the cause', async (_what, error) => {
    expect(await shownOf(error)).toEqual([
      false,
      'ERR_HOST_FUNCTION',
      'host.db.get failed',
      'host.db.get failed',
      undefined,
    ])
    const failure = await rejection(failing(error).run('return host.db.get()', 'x'))
    expect(failure).toMatchObject({ code: 'ERR_HOST_FUNCTION', message: 'x:1: host.db.get failed' })
    expect(Object.is(failure.cause, error)).toBe(true)
    const { cause, ...told } = failure
    expect(JSON.stringify(told) + failure.message + failure.luaStack).not.toContain('hunter2')
  })

  test('nothing of it is asked for', async () => {
    const asked = []
    const error = new Proxy(new Error('x'), { get: (_target, name) => void asked.push(name) })
    await valuesOf(failing(error), SHOWN)
    expect(asked.filter((name) => name !== Symbol.for('moonpool.HostError') && name !== 'then')).toEqual([])
  })

  test('a getter of an answer that throws is masked; an answer that cannot cross is not', async () => {
    const engine = engineExposing({
      getter: () => ({
        get a() {
          throw new Error(SECRET)
        },
      }),
      refused: () => ({ a: () => {} }),
      nested: () => ({
        get a() {
          throw thrownBy(() => new Engine().compile(5))
        },
      }),
      long: () => ({ list: new Array(20_000).fill(1).concat([() => {}]) }),
    })
    const code = 'return select(2, pcall(host[...])).message'
    const seen = async (name) => (await engine.run(code, 'x', { args: [name] })).value
    expect(await seen('getter')).toBe('host.getter failed')
    expect(await seen('nested')).toBe('host.nested failed')
    expect(await seen('refused')).toMatch(/^host\.refused\(\)\.a is function a\. It cannot cross/)
    expect(await seen('long')).toMatch(/^host\.long\(\)\.list\[20000\] is function/)
  })

  test('a call that cannot cross, or that cannot wait, says why', async () => {
    const engine = engineExposing({ f: () => 1 })
    const code = `local t = {} t.t = t
      return select(2, pcall(host.f, print)).message, select(2, pcall(host.f, t)).message,
        select(2, pcall(State.update, "k", function() host.f() end)).message`
    const messages = await valuesOf(engine, code)
    expect(messages[0]).toContain('the call cannot cross: args[1] is a function')
    expect(messages[1]).toContain('the call cannot cross')
    expect(messages[2]).toContain('cannot be called here')
  })
})

describe('hostErrors', () => {
  test('messages: all messages are shown, and the rest is not', async () => {
    const error = Object.assign(new Error('no such table'), { code: 'ENOENT', details: { a: 1 } })
    expect(await shownOf(error, { hostErrors: 'messages' })).toEqual([
      false,
      'ERR_HOST_FUNCTION',
      'no such table',
      'no such table',
      undefined,
    ])
    expect((await shownOf('text', { hostErrors: 'messages' }))[2]).toBe("'text'")
  })

  test('masked is the default, and others are refused', () => {
    expect(() => engineWith({ hostErrors: 'masked' })).not.toThrow()
    for (const hostErrors of ['message', true, null, 5]) {
      expect(thrownBy(() => new Engine({ hostErrors })).message).toMatch(
        /"options.hostErrors" property must be one of 'masked', 'messages'/,
      )
    }
  })
})

describe('a HostError', () => {
  test.each(['masked', 'messages'])('shows its message, code and details (%s)', async (hostErrors) => {
    const details = {
      id: 7,
      tags: ['a', 'b'],
      none: null,
      bytes: new Uint8Array([104, 105]),
      big: 2n ** 60n,
      map: new Map([[1, 'one']]),
    }
    const error = new HostError('no such customer', { code: 'NOT_FOUND', details })
    expect(await shownOf(error, { hostErrors })).toEqual([
      false,
      'NOT_FOUND',
      'no such customer',
      'no such customer',
      { ...details, bytes: 'hi', map: ['one'] },
    ])
  })

  test('a run that fails with it has the usual code, and it as its cause', async () => {
    const error = new HostError('no such customer', { code: 'ERR_LUA_MEMORY', details: { a: 1 } })
    const failure = await rejection(failing(error).runLua('\nhost.db.get()', 'x'))
    expect(failure).toMatchObject({ code: 'ERR_HOST_FUNCTION', message: 'x:2: no such customer', line: 2 })
    expect(failure).toBeInstanceOf(LuaError)
    expect(failure.cause).toBe(error)
    const raised = await rejection(failing(error).runLua('local _, e = pcall(host.db.get) error(e)', 'x'))
    expect(raised).toMatchObject({ code: 'ERR_HOST_FUNCTION', cause: error })
  })

  test('without code and details has those of every failure', async () => {
    expect(await shownOf(new HostError('no'))).toEqual([false, 'ERR_HOST_FUNCTION', 'no', 'no', undefined])
    expect((await shownOf(new HostError('', { code: 'EMPTY' }))).slice(1, 3)).toEqual(['EMPTY', ''])
  })

  test.each([
    ['false', false],
    ['0', 0],
    ['text', ''],
    ['null', null],
  ])('details may be %s', async (_what, details) => {
    const engine = failing(new HostError('no', { details }))
    const code = 'local _, e = pcall(host.db.get) return e.details, e.details == nil, e.details == json.null'
    expect(await valuesOf(engine, code)).toEqual([details, false, details === null])
  })

  test('big details come whole, and count', async () => {
    const details = Array.from({ length: 100_000 }, (_, i) => `item ${i}`)
    const engine = failing(new HostError('many', { details }))
    expect(
      await valuesOf(engine, 'local _, e = pcall(host.db.get) return #e.details, e.details[100000], e.message'),
    ).toEqual([100_000, 'item 99999', 'many'])
    const failure = await rejection(engine.runLua('pcall(host.db.get)', 'x', { memoryLimit: 2 ** 20 }))
    expect(failure).toMatchObject({ code: 'ERR_LUA_MEMORY', limit: 'memoryLimit' })
    expect(await engine.runLua('return 1', 'x')).toBe('1')
  })

  const cyclic = {}
  cyclic.self = cyclic
  test.each([
    ['a function', { f: () => {} }, 'no (its details cannot cross: details.f is function f)'],
    ['a cycle', cyclic, 'no (its details cannot cross: details.self is a value that contains itself)'],
    ['a promise', Promise.resolve(1), 'no (its details cannot cross: details is an instance of Promise)'],
    [
      'a getter that throws',
      {
        get a() {
          throw new Error(SECRET)
        },
      },
      'no (its details cannot cross)',
    ],
    ['a lone surrogate', ['\ud800'], 'no (its details cannot cross: details[0] is a string with a lone surrogate)'],
    [
      'much, and then a function',
      [...new Array(50_000).fill('x'), () => {}],
      /^no \(its details cannot cross: details\[50000\] is function/,
    ],
  ])('details with %s cannot cross, and the message says so', async (_what, details, message) => {
    const [, code, shown, , none] = await valuesOf(failing(new HostError('no', { code: 'NO', details })), SHOWN)
    expect([code, none]).toEqual(['NO', undefined])
    expect(shown).toEqual(typeof message === 'string' ? message : expect.stringMatching(message))
  })

  test('is known from another realm, another copy of the module, and by a class of its own', async () => {
    const found = []
    jest.isolateModules(() => {
      found.push(require('..').HostError)
    })
    expect(found[0]).not.toBe(HostError)
    class NotFound extends HostError {
      constructor(what) {
        super(`no such ${what}`, { code: 'NOT_FOUND' })
      }
    }
    const foreign = vm.runInNewContext(`
      class HostError extends Error { constructor() { super('far'); this.code = 'NOT_FOUND' } }
      HostError.prototype[Symbol.for('moonpool.HostError')] = true
      new HostError()`)
    for (const [error, message] of [
      [new found[0]('copy', { code: 'NOT_FOUND' }), 'copy'],
      [new NotFound('tea'), 'no such tea'],
      [foreign, 'far'],
    ]) {
      expect((await shownOf(error)).slice(1, 3)).toEqual(['NOT_FOUND', message])
    }
  })

  test('whatever is done to one, the script gets an error', async () => {
    const broken = (properties) =>
      Object.defineProperties(new HostError('said', { code: 'CODE', details: 1 }), properties)
    const bad = {
      get() {
        throw new Error(SECRET)
      },
    }
    const never = {
      get() {
        throw Object.assign(new Error(SECRET), { [Symbol.for('moonpool.HostError')]: true })
      },
    }
    for (const getter of [bad, never]) {
      expect((await shownOf(broken({ message: getter }))).slice(1, 3)).toEqual(['CODE', 'host.db.get failed'])
      expect((await shownOf(broken({ code: getter }))).slice(1, 3)).toEqual(['ERR_HOST_FUNCTION', 'said'])
      expect((await shownOf(broken({ details: getter })))[2]).toBe('said (its details cannot cross)')
    }
    expect((await shownOf(broken({ message: { value: { SECRET } } })))[2]).toBe('host.db.get failed')
    expect((await shownOf(broken({ code: { value: 5 } })))[1]).toBe('ERR_HOST_FUNCTION')
    expect((await shownOf(broken({ code: { value: '\ud800\0' } })))[1]).toMatch(/^\ufffd\0$/)
  })

  test('words without end are cut', async () => {
    const engine = failing(
      Object.assign(new HostError('m'.repeat(2 ** 24), { code: 'C' }), { code: 'c'.repeat(2 ** 24) }),
    )
    const code = 'local _, e = pcall(host.db.get) return #e.message, #e.code'
    expect(await valuesOf(engine, code)).toEqual([65_536, 256])
  })

  test('its error value cannot be changed, and its details are the script’s own', async () => {
    const details = { list: [1] }
    const engine = failing(new HostError('no', { code: 'NO', details }))
    const code = `local _, e = pcall(host.db.get)
      local ok = pcall(function() e.details = nil end) or pcall(function() e.code = "x" end)
      e.details.list[1] = 2
      local _, again = pcall(host.db.get)
      return ok, e.code, e.details.list[1], again.details.list[1], e.nothing`
    expect(await valuesOf(engine, code)).toEqual([false, 'NO', 2, 1, undefined])
    expect(details).toEqual({ list: [1] })
  })

  test('is kept by a context from one run to the next, and has no other’s cause', async () => {
    const thrown = [new HostError('first', { code: 'A', details: [1] }), new Error('second')]
    const engine = engineExposing({
      f: (_context, i) => {
        throw thrown[i]
      },
    })
    const context = engine.createContext('x')
    await context.run('kept = select(2, pcall(host.f, 0))')
    expect((await context.run('pcall(host.f, 1) return kept.code, kept.details')).values).toEqual(['A', [1]])
    const failure = await rejection(context.run('pcall(host.f, 1) error(kept)'))
    expect(failure).toMatchObject({ code: 'ERR_HOST_FUNCTION', message: 'first' })
    expect([undefined, thrown[0]]).toContain(failure.cause)
  })

  test('an error that a run ended with is nobody’s any more: neither answers nor failures come late', async () => {
    const details = new Array(200_000).fill('x')
    const engine = failing(new HostError('late', { details }))
    const controller = new AbortController()
    const run = rejection(engine.run('host.db.get()', 'x', { signal: controller.signal }))
    engine.expose('stop', () => controller.abort())
    await engine.run('sleep(0.002) host.stop()', 'y')
    await run
    expect(await engine.runLua('return 1', 'x')).toBe('1')
  })
})

describe('the class', () => {
  test('is an Error, with what it was given', () => {
    const cause = new Error('why')
    const error = new HostError('said', { code: 'C', details: { a: 1 }, cause })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name: 'HostError', message: 'said', code: 'C', details: { a: 1 }, cause })
    expect(Object.keys(new HostError('said'))).toEqual([])
    expect(String(error)).toBe('HostError: said')
    expect(error.stack).toContain(path.basename(__filename))
  })

  test.each([
    [[]],
    [[5]],
    [[new Error('x')]],
    [['x', 5]],
    [['x', null]],
    [['x', { code: 5 }]],
    [['x', { code: '' }]],
    [['x', { code: 'a\n' }]],
    [['x', { cod: 'A' }]],
  ])('%p are no arguments', (given) => {
    const error = thrownBy(() => new HostError(...given))
    expect(error.code).toMatch(/^ERR_INVALID_ARG_/)
    expect(error.message).toContain(
      'Received' in given ? '' : given.length > 1 && given[1]?.cod ? 'did you mean' : 'must be',
    )
  })
})
