// State's operations through the public door, on every kind of store: atomic, by value, and gone when they expire.
'use strict'

const { mkdtempSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { setTimeout } = require('node:timers/promises')
const { Engine } = require('moonpool')
const { hasRedis, redisServer } = require('./support/redis')
const { describeIf } = require('./support/test-if')

const folder = mkdtempSync(path.join(os.tmpdir(), 'moonpool-state-'))
let server
beforeAll(async () => {
  if (hasRedis()) server = await redisServer()
})
afterAll(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

let made = 0
const STORES = {
  memory: () => 'memory',
  'named memory': () => ({ memory: `operations-${made++}` }),
  SQLite: () => ({ sqlite: path.join(folder, `${made++}.db`) }),
  Redis: () => ({ redis: server.url, prefix: `operations-${made++}` }),
}

const operations = (kind) => {
  let engine
  beforeEach(() => {
    engine = new Engine({ state: STORES[kind](), concurrency: 2 })
  })
  afterEach(() => engine.close())

  const run = (code, id = 'a', options = {}) => engine.run(code, id, options)

  test('runs of one id that add at the same time lose nothing', async () => {
    const add = (i) =>
      run(`for i = 1, 100 do State.${i % 2 ? "incr('n')" : "update('n', function(n) return n + 1 end, 0)"} end`)
    await Promise.all(Array.from({ length: 20 }, (_, i) => add(i)))
    expect((await run("return State.get('n')")).value).toBe(2000)
  })

  test('of many that want a lock one gets it, and gives it back', async () => {
    const want = `
      local me = ...
      local got = State.add('lock', me, { ttl = 30 })
      if got then State.incr('holders') end
      return got`
    const got = await Promise.all(Array.from({ length: 20 }, (_, i) => run(want, 'a', { args: [`worker-${i}`] })))
    expect(got.filter(({ value }) => value)).toHaveLength(1)
    const winner = got.findIndex(({ value }) => value)
    const free = "return State.cas('lock', ..., nil), State.has('lock')"
    expect((await run(free, 'a', { args: ['somebody else'] })).values).toEqual([false, true])
    expect((await run(free, 'a', { args: [`worker-${winner}`] })).values).toEqual([true, false])
  })

  test('a key expires, for its script and for all others', async () => {
    await run("State.set('k', { 1, 2 }, { ttl = 0.2 }) State.set('l', 1, { ttl = 600 })")
    await expect(run("State.get('k')", 'b')).rejects.toMatchObject({ code: 'ERR_STATE_DENIED' })
    await setTimeout(250)
    const { values } = await run("return State.has('k'), State.ttl('k'), #State.list(), State.ttl('l') > 500")
    expect(values).toEqual([false, undefined, 1, true])
    expect((await run("return State.get('k', 'free')", 'b')).value).toBe('free')
  })

  test('what is granted is found under its name, and what is not is refused', async () => {
    await run("State.set('price/tea', 3) State.set('secret', 1)", 'shop')
    await engine.grant({ owner: 'shop', keys: 'price/*', to: '*', access: 'read' })
    expect((await run("return State.get('price/tea'), State.list()")).values).toEqual([3, ['price/tea']])
    await expect(run("State.set('price/tea', 0)")).rejects.toMatchObject({ code: 'ERR_STATE_DENIED' })
    await expect(run("State.get('secret')")).rejects.toMatchObject({ code: 'ERR_STATE_DENIED' })
    expect(await engine.revoke({ owner: 'shop', keys: 'price/*', to: '*' })).toBe(true)
    await expect(run("State.get('price/tea')")).rejects.toMatchObject({ code: 'ERR_STATE_DENIED' })
  })

  test('State works where Lua cannot yield', async () => {
    const code = `
      local t = { 3, 1, 2 }
      table.sort(t, function(a, b) State.incr('compared') return a < b end)
      local s = ('abc'):gsub('.', function(c) return State.incr('replaced', 1, { init = 10 }) end)
      return table.concat(t), s, State.get('compared') > 1`
    expect((await run(code)).values).toEqual(['123', '111213', true])
  })
}

describe.each(Object.keys(STORES).filter((kind) => kind !== 'Redis'))('on %s', operations)
describeIf(hasRedis())('on Redis', () => operations('Redis'))
