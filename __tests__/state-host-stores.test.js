// The host's State on a store that lasts: what was acknowledged is there for the next engine.
'use strict'

const { mkdtempSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { Engine } = require('..')
const { all } = require('./support/all')
const { runProgram } = require('./support/child')
const { rejection } = require('./support/rejection')
const { watched } = require('./support/stalls')

const folder = mkdtempSync(path.join(os.tmpdir(), 'moonpool-state-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
const newFile = () => path.join(folder, `${files++}.db`)

const engines = []
afterEach(() => Promise.all(engines.splice(0).map((engine) => engine.close({ timeout: 1000 }))))

function engineOn(sqlite, options) {
  const engine = new Engine({ state: { sqlite, ...options }, stateQuota: 2 ** 30 })
  engines.push(engine)
  return engine
}

describe.each(['full', 'relaxed'])('SQLite with durability %p', (durability) => {
  test('all that the host may ask', async () => {
    const engine = engineOn(newFile(), { durability })
    const space = engine.state('acme')
    await space.set('k', { list: [1, 2.5, null] })
    expect(await engine.run('return State.get("k").list[2]', 'acme')).toMatchObject({ value: 2.5 })
    expect([await space.has('k'), await space.has('none'), await space.incr('n', 5), await space.add('k', 1)]).toEqual([
      true,
      false,
      5,
      false,
    ])
    expect(await space.update('n', (n) => n + 1)).toBe(6)
    expect([await space.cas('n', 6, 7), await space.replace('n', 8), await space.get('n')]).toEqual([true, true, 8])
    expect([await space.expire('n', 60_000), (await space.ttl('n')) > 50_000, await space.ttl('k')]).toEqual([
      true,
      true,
      Infinity,
    ])
    expect([await space.list(), await space.delete('n'), await all(space.entries())]).toEqual([
      ['k', 'n'],
      true,
      [['k', { list: [1, 2.5, null] }]],
    ])
    expect((await space.size()).entries).toBe(1)
    expect((await rejection(space.incr('k'))).code).toBe('ERR_STATE_VALUE')
    await space.clear()
    expect(await all(engine.stateOwners())).toEqual([])
  })

  test('calls take effect in the order in which they are made, also while the space is loaded', async () => {
    const file = newFile()
    const first = engineOn(file, { durability })
    await first.state('acme').set('old', 1)
    await first.close()
    const space = engineOn(file, { durability }).state('acme')
    const calls = [space.set('a', 1), space.set('a', 2), space.clear(), space.set('b', 3), space.list(), space.get('b')]
    expect((await Promise.all(calls)).slice(4)).toEqual([['b'], 3])
  })
})

test('entries and grants are there for the next engine, once close has resolved', async () => {
  const file = newFile()
  const first = engineOn(file)
  await first.state('acme').set('k', 2n ** 60n)
  await first.grant({ owner: 'acme', keys: 'k', to: '*', access: 'read' })
  await first.close()
  const second = engineOn(file)
  expect(await second.state('acme').get('k')).toBe(2n ** 60n)
  expect((await second.run('return State.get("k")', 'globex')).value).toBe(2n ** 60n)
  expect(await second.grants()).toHaveLength(1)
  expect(await second.revoke({ owner: 'acme', keys: 'k', to: '*' })).toBe(true)
})

test('a process that is killed right after a promise has resolved loses nothing', async () => {
  const file = newFile()
  const { stdout } = await runProgram(`
    const { Engine } = require('.')
    const space = new Engine({ state: { sqlite: ${JSON.stringify(file)} } }).state('acme')
    async function main() {
      for (let i = 1; i <= 20; i++) await space.set('k' + i, i)
      require('node:fs').writeSync(1, 'done')
      process.kill(process.pid, 'SIGKILL')
    }
    main()
  `)
  expect(stdout).toBe('done')
  expect(await engineOn(file).state('acme').list()).toHaveLength(20)
})

test('an engine that is dropped without close gives the file back', async () => {
  const file = newFile()
  const { stdout, stderr } = await runProgram(`
    const { Engine } = require('.')
    const { setTimeout: sleep } = require('node:timers/promises')
    require('node:v8').setFlagsFromString('--expose-gc')
    const gc = require('node:vm').runInNewContext('gc')
    let collected = 0
    const registry = new FinalizationRegistry(() => { collected += 1 })
    async function main() {
      for (let i = 0; i < 3; i++) {
        const engine = new Engine({ state: { sqlite: ${JSON.stringify(file)} } })
        registry.register(engine)
        await engine.state('acme').incr('n')
      }
    }
    async function collect() {
      for (let i = 0; i < 20; i++) { await sleep(10); gc() }
      console.log(collected)
    }
    main().then(collect)
  `)
  expect([stdout, stderr]).toEqual(['3\n', ''])
  expect(await engineOn(file).state('acme').get('n')).toBe(3)
})

test('a process stays alive until what was asked is on disk, and no longer', async () => {
  const file = newFile()
  const { exitCode, stdout } = await runProgram(`
    const { Engine } = require('.')
    const engine = new Engine({ state: { sqlite: ${JSON.stringify(file)} } })
    engine.state('acme').set('k', 1).then(() => console.log('on disk'))
  `)
  expect([exitCode, stdout]).toEqual([0, 'on disk\n'])
})

test('export and import between stores, without a stall', async () => {
  const from = new Engine({ stateQuota: 2 ** 30 })
  engines.push(from)
  for (let id = 0; id < 4; id++) {
    await from.run('for i = 1, 5000 do State.set("key-" .. i, { n = i }) end', `id-${id}`, { timeout: 60_000 })
  }
  const to = engineOn(newFile())
  const { value, longest, error } = await watched(() => to.importState(from.exportState()))
  expect(error).toBeUndefined()
  expect(value).toEqual({ owners: 4, entries: 20_000, grants: 0, refused: [] })
  // As in state-transfer.test.js.
  expect(longest).toBeLessThan(300)
  expect(await all(to.exportState())).toEqual(await all(from.exportState()))
})
