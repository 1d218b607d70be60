// The entries of a space, and the ids that have any, page by page.
'use strict'

const { all } = require('./support/all')
const { engineWith } = require('./support/engine')
const { rejection } = require('./support/rejection')

let engine
let space
beforeEach(() => {
  engine = engineWith({ stateQuota: 2 ** 30 })
  space = engine.state('acme')
})

const fill = (code, id = 'acme') => engine.run(code, id, { timeout: 60_000 })

test('come in byte order, with their values, all or those with a prefix', async () => {
  await space.set('b', { n: 1 })
  await space.set('a/1', null)
  await space.set('a/0', 2n ** 60n)
  expect(await all(space.entries())).toEqual([
    ['a/0', 2n ** 60n],
    ['a/1', null],
    ['b', { n: 1 }],
  ])
  expect(await all(space.entries('a/'))).toEqual([
    ['a/0', 2n ** 60n],
    ['a/1', null],
  ])
  expect(await all(space.entries('nothing'))).toEqual([])
})

test.each([1, 15, 16, 17, 48, 49, 1000, 5000])('%i entries come once each', async (n) => {
  await fill(`for i = 1, ${n} do State.set(("k%05d"):format(i), i) end`)
  const entries = await all(space.entries())
  expect(entries.map(([, value]) => value)).toEqual(Array.from({ length: n }, (_, i) => i + 1))
})

test('big values make small pages', async () => {
  await fill('for i = 10, 39 do State.set("k" .. i, ("x"):rep(2^20 - 2)) end')
  const sizes = (await all(space.entries())).map(([, value]) => value.length)
  expect(sizes).toEqual(Array(30).fill(2 ** 20 - 2))
})

test('what is written and deleted meanwhile breaks nothing', async () => {
  await fill('for i = 1, 500 do State.set(("k%05d"):format(i), i) end')
  const keys = []
  for await (const [key] of space.entries()) {
    keys.push(key)
    await space.delete(key)
    if (keys.length === 100) await space.set('z', 1)
  }
  expect(keys).toHaveLength(501)
  expect(await space.list()).toEqual([])
})

test('stopping in the middle is fine, and so is an engine that is closed meanwhile', async () => {
  await fill('for i = 1, 500 do State.set(("k%05d"):format(i), i) end')
  for await (const [key] of space.entries()) if (key === 'k00020') break
  const entries = space.entries()
  await entries.next()
  await engine.close()
  const rest = rejection(all(entries))
  expect((await rest).code).toBe('ERR_ENGINE_CLOSED')
})

test('stateOwners gives the ids that have entries, in byte order, page by page', async () => {
  expect(await all(engine.stateOwners())).toEqual([])
  const ids = Array.from({ length: 2500 }, (_, i) => `id-${String(i).padStart(5, '0')}`)
  await Promise.all(ids.map((id) => engine.state(id).set('k', 1)))
  await engine.state('id-00007').delete('k')
  await engine.state('brief').set('k', 1, { ttl: 1 })
  const end = performance.now() + 5
  while (performance.now() < end);
  expect(await all(engine.stateOwners())).toEqual(ids.filter((id) => id !== 'id-00007'))
})
