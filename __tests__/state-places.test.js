// Where State is kept: the option `state`, stores that engines share by a name, and the option `foreignKeys`.
'use strict'

const { Worker } = require('node:worker_threads')
const { Engine, LuaError } = require('..')
const { ROOT } = require('./support/child')
const { engineWith } = require('./support/engine')
const { expectBadArgument, rejection, thrownBy } = require('./support/rejection')

const refused = (state) => thrownBy(() => new Engine({ state }))

describe('the option `state` is checked', () => {
  test.each([
    ['an unknown word', 'disk', RangeError, `must be 'memory'`],
    ['a number', 5, TypeError, `must be 'memory'`],
    ['null', null, TypeError, `must be 'memory'`],
    ['an array', ['memory'], TypeError, `must be 'memory'`],
    ['an empty object', {}, TypeError, `must be 'memory'`],
    ['options without a place', { durability: 'full' }, TypeError, `'durability'`],
    ['a misspelt place', { sqllite: 'x' }, TypeError, `did you mean 'sqlite'?`],
    ['two places', { memory: 'a', sqlite: 'b' }, RangeError, `'memory' and 'sqlite'`],
    ['an empty name', { memory: '' }, RangeError, 'options.state.memory'],
    ['a name that is no string', { memory: 5 }, TypeError, 'options.state.memory'],
    ['a name that is too long', { memory: 'x'.repeat(257) }, RangeError, '257 bytes'],
    ['a name with a lone surrogate', { memory: '\ud800' }, RangeError, 'surrogate'],
    ['an empty path', { sqlite: '' }, RangeError, 'options.state.sqlite'],
    [
      'what SQLite calls no file',
      { sqlite: ':memory:' },
      RangeError,
      "options.state.sqlite\" property must be a path or a file: URL. Received ':memory:'; state: 'memory'",
    ],
    ['a path that is no string', { sqlite: 1 }, TypeError, 'options.state.sqlite'],
    ['a path with a NUL', { sqlite: 'a\0b' }, RangeError, 'options.state.sqlite'],
    ['an unknown durability', { sqlite: 'x', durability: 'none' }, RangeError, `'full', 'relaxed'`],
    ['a cache of no bytes', { sqlite: 'x', cacheBytes: -1 }, RangeError, 'cacheBytes'],
    ['a cache that is no number', { sqlite: 'x', cacheBytes: '1' }, TypeError, 'cacheBytes'],
    ['an option of another place', { memory: 'a', cacheBytes: 5 }, RangeError, `belongs to 'sqlite'`],
    ['another one', { sqlite: 'a', prefix: 'x' }, RangeError, `belongs to 'redis'`],
    ['Redis without a prefix', { redis: 'redis://localhost' }, TypeError, `'prefix'`],
    ['an empty prefix', { redis: 'redis://localhost', prefix: '' }, RangeError, 'options.state.prefix'],
    ['a prefix with braces', { redis: 'redis://localhost', prefix: 'a{b}' }, RangeError, 'braces'],
    [
      'a prefix with a control character',
      { redis: 'redis://localhost', prefix: 'a\n' },
      RangeError,
      'control characters',
    ],
    ['a prefix that is too long', { redis: 'redis://localhost', prefix: 'é'.repeat(65) }, RangeError, '130 bytes'],
    ['a prefix that is no string', { redis: 'redis://localhost', prefix: 7 }, TypeError, 'options.state.prefix'],
    ['another address', { redis: 'http://localhost', prefix: 'x' }, RangeError, 'redis://'],
    ['an address that is no string', { redis: 7, prefix: 'x' }, TypeError, 'redis://'],
    ['a timeout of 0', { redis: 'redis://localhost', prefix: 'x', commandTimeout: 0 }, RangeError, 'commandTimeout'],
  ])('%s', (_, state, ErrorClass, says) => {
    expectBadArgument(refused(state), ErrorClass, says)
  })

  test('what JavaScript takes as a prefix, the store takes', () => {
    for (const prefix of ['x', 'é'.repeat(64), 'a b:*?[c]%@/'])
      engineWith({ state: { redis: 'redis://localhost', prefix } })
  })

  test('an address with a password is not shown', () => {
    expect(refused({ redis: 'http://u:secret@localhost', prefix: 'x' }).message).not.toContain('secret')
  })

  test('undefined counts as absent', () => {
    engineWith({ state: { memory: 'some', sqlite: undefined, cacheBytes: undefined } })
    expectBadArgument(
      thrownBy(() => new Engine({ foreignKeys: 'ignore' })),
      RangeError,
      `'refuse', 'missing'`,
    )
  })

  test('each part is read once', () => {
    let reads = 0
    const state = Object.defineProperty({}, 'memory', {
      enumerable: true,
      get() {
        reads += 1
        return reads === 1 ? 'good' : 5
      },
    })
    engineWith({ state })
    expect(reads).toBe(1)
  })
})

test('a store that cannot be opened throws ERR_STATE_UNAVAILABLE', () => {
  const error = refused({ sqlite: '/nowhere/at/all/state.db' })
  expect(error).toBeInstanceOf(LuaError)
  expect(error.code).toBe('ERR_STATE_UNAVAILABLE')
  expect(error.message).toContain('/nowhere/at/all/state.db')
})

describe('stores with a name', () => {
  test('are shared by the engines that name them, grants included', async () => {
    const [one, two, other] = ['shared', 'shared', 'another'].map((memory) => engineWith({ state: { memory } }))
    await one.run('State.set("k", 1)', 'acme')
    await one.grant({ owner: 'acme', keys: 'k', to: '*', access: 'read' })
    expect((await two.run('return State.get("k")', 'globex')).value).toBe(1)
    expect(await other.state('acme').has('k')).toBe(false)
    expect(await engineWith().state('acme').has('k')).toBe(false)
  })

  test.each([
    ['first', [0, 1]],
    ['last', [1, 0]],
  ])('are gone with the last engine, whoever is closed %s, also while it is referred to', async (_, order) => {
    const state = { memory: `brief-${order}` }
    const engines = [new Engine({ state }), new Engine({ state })]
    await engines[0].state('acme').set('k', 1)
    await engines[order[0]].close()
    await engines[order[0]].close()
    expect(await engines[order[1]].state('acme').get('k')).toBe(1)
    await engines[order[1]].close()
    expect(await engineWith({ state }).state('acme').has('k')).toBe(false)
  })

  test('are shared by worker threads', async () => {
    const state = { memory: 'threads' }
    const engine = engineWith({ state })
    const source = `
      const { Engine } = require(${JSON.stringify(ROOT)})
      const { parentPort } = require('node:worker_threads')
      const engine = new Engine({ state: { memory: 'threads' } })
      engine.state('acme').incr('n', 5).then(() => engine.run('return State.incr("n", 0.5)', 'acme')).then(
        ({ value }) => parentPort.postMessage(value),
      )`
    const workers = [1, 2, 3].map(() => new Worker(source, { eval: true }))
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve))))
    expect(await engine.state('acme').get('n')).toBe(16.5)
  })

  test('a worker thread that ends without closing leaves the store to the others, and the last takes it along', async () => {
    const source = `
      const { Engine } = require(${JSON.stringify(ROOT)})
      const { parentPort } = require('node:worker_threads')
      globalThis.engine = new Engine({ state: { memory: 'ended' } })
      engine.state('acme').set('k', 1).then(() => { parentPort.postMessage(1); setInterval(() => {}, 1000) })`
    const worker = new Worker(source, { eval: true })
    await new Promise((resolve) => worker.once('message', resolve))
    const engine = new Engine({ state: { memory: 'ended' } })
    await worker.terminate()
    expect(await engine.state('acme').get('k')).toBe(1)
    await engine.close()
    expect(
      await engineWith({ state: { memory: 'ended' } })
        .state('acme')
        .has('k'),
    ).toBe(false)
  })
})

test('foreignKeys: "missing" lets keys of others count as missing', async () => {
  const engine = engineWith({ foreignKeys: 'missing' })
  await engine.state('acme').set('k', 1)
  expect((await engine.run('return State.get("k", "none")', 'globex')).value).toBe('none')
  const strict = engineWith({ foreignKeys: 'refuse' })
  await strict.state('acme').set('k', 1)
  expect((await rejection(strict.run('return State.get("k")', 'globex'))).code).toBe('ERR_STATE_DENIED')
})
