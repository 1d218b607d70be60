// moonpool/testing: fakes of host functions, the clock, and what its errors say; in each test runner.
'use strict'

const { mkdtemp, rm, writeFile } = require('node:fs/promises')
const path = require('node:path')
const { HostError, LuaError } = require('..')
const { createTester, sequence } = require('../testing')
const { ROOT, runNode } = require('./support/child')
const { expectBadArgument, rejection } = require('./support/rejection')

const testers = []

afterEach(async () => {
  await Promise.all(testers.splice(0).map((tester) => tester.close({ timeout: 0 })))
})

function testerWith(options) {
  const tester = createTester(options)
  testers.push(tester)
  return tester
}

describe('fakes', () => {
  test('are functions, answers, errors and sequences, by name and in groups', async () => {
    const tester = testerWith({
      functions: {
        db: { get: (context, key) => `${context.scriptId} ${key}`, rows: () => [1, 2] },
        'mail.send': true,
        fails: new HostError('no', { code: 'E_NO' }),
        next: sequence('a', { b: 1 }),
      },
    })
    const { values } = await tester.run(
      `local ok, e = pcall(host.fails)
       return host.db.get('k'), #host.db.rows(), host.mail.send(), ok, e.code, host.next(), host.next().b`,
    )
    expect(values).toEqual(['test k', 2, true, false, 'E_NO', 'a', 1])
  })

  test('record their calls, for each run and for all, with what came of them', async () => {
    const error = new Error('no')
    const tester = testerWith({ functions: { add: async (_context, a, b) => a + b, fails: error } })
    const both = await Promise.all(
      ['x', 'y'].map((id) => tester.run('local sum = host.add(1, 2) pcall(host.fails) return sum', id)),
    )
    for (const [i, { calls }] of both.entries()) {
      const scriptId = 'xy'[i]
      expect(calls).toEqual([
        { name: 'add', args: [1, 2], scriptId, result: 3 },
        { name: 'fails', args: [], scriptId, error },
      ])
    }
    expect(tester.calls).toHaveLength(4)
    expect(tester.calls).toEqual(expect.arrayContaining([...both[0].calls, ...both[1].calls]))
  })

  test('may be mocks of a test runner', async () => {
    const get = jest.fn(async () => 5)
    const tester = testerWith({ functions: { db: { get } } })
    expect((await tester.run('return host.db.get("k", 1)')).value).toBe(5)
    expect(get).toHaveBeenCalledWith(expect.objectContaining({ scriptId: 'test' }), 'k', 1)
  })

  test('can be replaced and added for the runs after that', async () => {
    const tester = testerWith({ functions: { a: 1 } })
    tester.fake('a', { x: 2 })
    tester.fake('b.c', sequence(3))
    expect((await tester.run('return host.a().x, host.b.c()')).values).toEqual([2, 3])
    expect(() => tester.fake('b', 1)).toThrow("in the way of 'host.b.c'")
    expect(() => tester.fake('a.d', 1)).toThrow("in the way of 'host.a'")
  })

  test('may have names that objects of JavaScript have by themselves, and change none of those', async () => {
    const tester = testerWith({ functions: { constructor: { x: 1 }, toString: 2, '__proto__.y': 3 } })
    const { values } = await tester.run('return host.constructor.x(), host.toString(), host.__proto__.y()')
    expect(values).toEqual([1, 2, 3])
    expect([Object.x, {}.y]).toEqual([undefined, undefined])
  })

  test('a sequence that is over fails, and says so', async () => {
    const tester = testerWith({ functions: { next: sequence(1) } })
    const { cause } = await rejection(tester.run('host.next() host.next()'))
    expect(cause.message).toBe('host.next was called more often than its sequence has answers (1)')
  })

  test('a call of a function that is not faked says which, and which there are', async () => {
    const tester = testerWith({
      functions: { db: { get: 1 }, log: 1 },
      modules: { mailer: 'return function()\n  host.mail.send("x")\nend' },
    })
    const failure = (code, options) => rejection(tester.run(code, 'x', options))
    const error = await failure('local x = 1\nhost.db.put("k", x)')
    expect(error.message).toBe(
      "x:2: host.db.put is not faked (faked are: db.get, log); give it to createTester, or call tester.fake('db.put', …)",
    )
    expect(error.cause).toBeInstanceOf(LuaError)
    expect((await failure('require("mailer")()')).message).toMatch(/^mailer:2: host\.mail\.send is not faked/)
    expect((await failure('host.nothing()', { name: 'a.lua' })).message).toMatch(
      /^a\.lua:1: host\.nothing is not faked/,
    )
    expect(await failure('local t = {} t.log() host.log()')).toBeInstanceOf(LuaError)
    expect(await failure('host.log() error("x")')).toBeInstanceOf(LuaError)
  })
})

describe('the clock and the seed', () => {
  test('each run begins when the clock says, and sleeps for no time', async () => {
    const tester = testerWith()
    const time = async (options) => (await tester.run('sleep(60) return os.date("!%F %T")', 'x', options)).value
    expect(await time()).toBe('2000-01-01 00:01:00')
    tester.clock.advance(3_600_000)
    expect(await time()).toBe('2000-01-01 01:01:00')
    tester.clock.set(new Date('2020-02-29T12:00:00Z'))
    expect(await time()).toBe('2020-02-29 12:01:00')
    expect(await time({ now: 0 })).toBe('1970-01-01 00:01:00')
    expect(await time({ now: undefined })).toBe('2020-02-29 12:01:00')
  })

  test('runs repeat', async () => {
    const code = 'return math.random(0), tostring({})'
    const [a, b, other] = [testerWith(), testerWith(), testerWith({ seed: 2 })]
    const { values } = await a.run(code)
    expect((await a.run(code, 'test', { seed: undefined })).values).toEqual(values)
    expect((await b.run(code)).values).toEqual(values)
    expect((await other.run(code)).values).not.toEqual(values)
    expect((await other.run(code, 'test', { seed: 1 })).values).toEqual(values)
  })
})

test('reset forgets what happened, and gives back what was given first', async () => {
  const tester = testerWith({ functions: { a: sequence(1, 2) }, now: 5000 })
  const code = 'State.set("n", (State.get("n") or 0) + 1) return host.a(), State.get("n"), os.time()'
  const first = (await tester.run(code)).values
  await tester.engine.grant({ owner: 'test', keys: 'n', to: '*', access: 'read' })
  tester.fake('b', 1)
  tester.fake('a', 9)
  tester.clock.advance(1000)
  expect(await tester.state().get('n')).toBe(1)
  await tester.reset()
  expect(tester.calls).toEqual([])
  expect(await tester.engine.grants()).toEqual([])
  expect((await tester.run(code)).values).toEqual(first)
  await expect(tester.run('host.b()')).rejects.toThrow('host.b is not faked (faked are: a)')
})

test('reset empties shared dictionaries, which stay declared', async () => {
  const tester = testerWith()
  const hits = tester.engine.sharedDict('hits', { readers: [], writers: [] })
  const other = tester.engine.sharedDict('other', {})
  await hits.set('old', 1)
  await other.set('old', 1, 100)
  await tester.reset()
  expect(await hits.get_stale('old')).toBeUndefined()
  expect(await other.get_keys()).toEqual([])
  expect(tester.engine.sharedDict('hits')).toBe(hits)
  const code = 'return Shared.other:incr("n", 1, 0), #Shared.other:get_keys()'
  expect((await tester.run(code)).values).toEqual([1, 1])
  await tester.reset()
  expect((await tester.run(code)).values).toEqual([1, 1])
})

test('reset forgets timers, which would run in the next test', async () => {
  const tester = testerWith()
  await tester.run('timer.every(3600, function() end)')
  expect(tester.engine.timers()).toHaveLength(1)
  await tester.reset()
  expect(tester.engine.timers()).toEqual([])
})

test('wrong arguments are refused by name', async () => {
  expectBadArgument(await rejection((async () => createTester(5))()), TypeError, '"options" argument must be an object')
  const refused = (options) => rejection((async () => createTester(options))())
  expectBadArgument(await refused({ functions: [] }), TypeError, '"options.functions" property must be a plain object')
  expectBadArgument(await refused({ functions: { 'a..b': 1 } }), RangeError, `Received 'a..b'`)
  const each = 'Each name in the "options.functions" property must'
  for (const name of ['a b', 'a.1', 'end', '']) {
    expectBadArgument(await refused({ functions: { [name]: 1 } }), RangeError, `${each} be the name of a host function`)
  }
  const inTheWay = `${each} not be in the way of 'host.db`
  for (const functions of [
    { db: 1, 'db.get': 2 },
    { 'db.get': 1, db: { get: 2 } },
  ]) {
    expectBadArgument(await refused({ functions }), RangeError, inTheWay)
  }
  const sources = '"options.modules" property must be a plain object of sources'
  for (const modules of [5, null, ['return 1'], new Map()]) {
    expectBadArgument(await refused({ modules }), TypeError, sources)
  }
  expectBadArgument(await refused({ modules: { a: 5 } }), TypeError, '"options.modules.a"')
  expectBadArgument(await refused({ modules: { '': 'return 1' } }), RangeError, 'The names in "options.modules"')
  expectBadArgument(await refused({ now: 'x' }), TypeError, '"options.now" property must be a number')
  expectBadArgument(await refused({ seed: -1 }), RangeError, '"options.seed" property must be a whole number')
  expectBadArgument(await refused({ timeOut: 1 }), TypeError, `unknown option 'timeOut'`)
  for (const name of ['functions', 'modules', 'seed', 'maxQueue']) {
    const misspelt = await refused({ [`${name}x`]: 1 })
    expectBadArgument(
      misspelt,
      TypeError,
      `unknown option '${name}x'; did you mean '${name}'? (known options: functions, `,
    )
  }
  const tester = testerWith()
  expectBadArgument(
    await rejection(tester.run('', 'x', { host: {} })),
    TypeError,
    '"options.host" property cannot be given',
  )
  expectBadArgument(await rejection(tester.run('', 'x', 5)), TypeError, '"options" argument must be an object')
  expectBadArgument(await rejection((async () => tester.fake('', 1))()), RangeError, '"name" argument')
  expectBadArgument(
    await rejection((async () => tester.clock.set('x'))()),
    TypeError,
    '"time" argument must be a number',
  )
  expectBadArgument(
    await rejection((async () => tester.clock.advance('1'))()),
    TypeError,
    '"ms" argument must be a number',
  )
  expectBadArgument(await rejection((async () => tester.clock.advance(1e17))()), RangeError, 'The time after that')
})

describe('in test runners', () => {
  let folder

  beforeEach(async () => {
    // Inside of the repository, where 'moonpool' is this package.
    folder = await mkdtemp(path.join(ROOT, 'target/testing-'))
  })

  afterEach(() => rm(folder, { recursive: true }))

  const TEST = (assert) => `
    test('a price', async () => {
      const tester = createTester({ functions: { rate: 2 } })
      const { value } = await tester.run('sleep(60) return 3 * host.rate(), os.time()')
      ${assert}
      await tester.close()
    })`

  test('node:test', async () => {
    const file = path.join(folder, 'price.test.mjs')
    const doors = `import test from 'node:test'\nimport assert from 'node:assert'\nimport { createTester } from 'moonpool/testing'`
    await writeFile(file, doors + TEST('assert.equal(value, 6)'))
    const { exitCode, stdout } = await runNode(['--test', file])
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringMatching(/pass 1\b/) })
  })

  test('Jest, with fake timers', async () => {
    const door = `const { createTester } = require('moonpool/testing')\njest.useFakeTimers()`
    await writeFile(path.join(folder, 'price.test.js'), door + TEST('expect(value).toBe(6)'))
    const config = JSON.stringify({ rootDir: folder, watchman: false, transform: {} })
    const { NODE_OPTIONS: _, JEST_WORKER_ID: __, ...env } = process.env
    const jest = [path.join(ROOT, 'node_modules/jest/bin/jest.js'), '--config', config]
    const { exitCode, stderr } = await runNode(jest, { cwd: folder, env: { ...env, CI: 'true' }, timeout: 60_000 })
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringMatching(/1 passed/) })
    expect(stderr).not.toMatch(/did not exit/i)
  })
})
