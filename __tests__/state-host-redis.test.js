// The host's State on a Redis server: every answer takes time, and the server may be gone.
// Beside other tests: what it measures may take seconds.
'use strict'

const { Engine, LuaError } = require('..')
const { all } = require('./support/all')
const { runProgram } = require('./support/child')
const { freePort, hasRedis, redisServer } = require('./support/redis')
const { rejection } = require('./support/rejection')
const { describeIf } = require('./support/test-if')

describeIf(hasRedis())('Redis', () => {
  let server
  let prefixes = 0
  const engines = []

  beforeAll(async () => {
    server = await redisServer()
  })
  afterEach(() => Promise.all(engines.splice(0).map((engine) => engine.close({ timeout: 1000 }))))
  afterAll(() => server.stop())

  const placeOf = (prefix, more) => ({ redis: server.url, prefix, ...more })

  function engineOn(state, options) {
    const engine = new Engine({ state, ...options })
    engines.push(engine)
    return engine
  }

  const newPlace = (more) => placeOf(`test-${prefixes++}`, more)

  test('all that the host may ask', async () => {
    const engine = engineOn(newPlace())
    const space = engine.state('acme')
    await space.set('k', { list: [1, 2.5, null], big: 2n ** 60n })
    expect((await engine.run('return State.get("k").list[2]', 'acme')).value).toBe(2.5)
    expect(await space.get('k')).toEqual({ list: [1, 2.5, null], big: 2n ** 60n })
    expect([await space.has('none'), await space.incr('n', 5), await space.add('k', 1)]).toEqual([false, 5, false])
    expect(await space.update('n', (n) => n + 1)).toBe(6)
    expect([await space.cas('n', 6, 7), await space.cas('n', 6, 8), await space.list()]).toEqual([
      true,
      false,
      ['k', 'n'],
    ])
    expect([await space.expire('n', 60_000), (await space.ttl('n')) > 50_000]).toEqual([true, true])
    expect((await space.size()).entries).toBe(2)
    expect((await rejection(space.incr('k'))).code).toBe('ERR_STATE_VALUE')
    expect(await all(engine.stateOwners())).toEqual(['acme'])
    await space.clear()
    expect(await all(space.entries())).toEqual([])
  })

  test('export, import and grants', async () => {
    const from = engineOn('memory')
    for (const id of ['a', 'b', 'c']) for (let i = 0; i < 300; i++) await from.state(id).set(`k${i}`, { i })
    await from.grant({ owner: 'a', keys: 'k*', to: 'x', access: 'read' })
    const to = engineOn(newPlace())
    expect(await to.importState(from.exportState())).toEqual({ owners: 3, entries: 900, grants: 1, refused: [] })
    expect(await all(to.exportState())).toEqual(await all(from.exportState()))
    const taken = await rejection(to.grant({ owner: 'b', keys: 'k*', to: 'x', access: 'read' }))
    expect(taken.code).toBe('ERR_STATE_DENIED')
    expect(await to.revoke({ owner: 'a', keys: 'k*', to: 'x' })).toBe(true)
  })

  test('a process stays alive while a question is under way, and no longer', async () => {
    const { exitCode, stdout, stderr } = await runProgram(`
      const { Engine } = require('.')
      const engine = new Engine({ state: ${JSON.stringify(newPlace())} })
      engine.state('acme').incr('n').then((n) => console.log(n))
    `)
    expect([exitCode, stdout, stderr]).toEqual([0, '1\n', ''])
  })

  test('a worker thread that is terminated while questions are under way takes nothing with it', async () => {
    const { exitCode, stdout, stderr } = await runProgram(`
      const { Worker } = require('node:worker_threads')
      const source = \`
        const { Engine } = require(${JSON.stringify(process.cwd())})
        const { parentPort } = require('node:worker_threads')
        const space = new Engine({ state: ${JSON.stringify(newPlace())} }).state('acme')
        const next = () => space.incr('n').then(next)
        for (let i = 0; i < 50; i++) next()
        parentPort.postMessage(1)
      \`
      async function main() {
        for (let i = 0; i < 4; i++) {
          const worker = new Worker(source, { eval: true })
          await new Promise((resolve) => worker.once('message', resolve))
          await new Promise((resolve) => setTimeout(resolve, i * 15))
          await worker.terminate()
        }
        console.log('alive')
      }
      main()
    `)
    expect([exitCode, stdout, stderr]).toEqual([0, 'alive\n', ''])
  })

  test('a server that is not there makes no engine fail, but every question', async () => {
    const closed = await freePort()
    const engine = engineOn({ redis: `redis://127.0.0.1:${closed}`, prefix: 'x', commandTimeout: 200 })
    const error = await rejection(engine.state('acme').get('k'))
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ code: 'ERR_STATE_UNAVAILABLE', scriptId: 'acme' })
    const lines = ['{"owner":"a","key":"k","value":1}']
    expect((await rejection(engine.importState(lines))).code).toBe('ERR_STATE_UNAVAILABLE')
    expect((await rejection(engine.stateOwners().next())).code).toBe('ERR_STATE_UNAVAILABLE')
  })

  test('closing an engine whose server is gone rejects what is under way, and ends', async () => {
    const closed = await freePort()
    const engine = engineOn({ redis: `redis://127.0.0.1:${closed}`, prefix: 'x', commandTimeout: 60_000 })
    const call = rejection(engine.state('acme').get('k'))
    const begin = performance.now()
    await engine.close({ timeout: 50 })
    expect((await call).code).toMatch(/^ERR_(ENGINE_CLOSED|STATE_UNAVAILABLE)$/)
    expect(performance.now() - begin).toBeLessThan(20_000)
  })
})
