// Runs that could only begin with memory that contexts of their id hold: they are refused, whenever that comes out.
'use strict'

const { MIB } = require('./support/constants')
const { engineWith, held, until } = require('./support/engine')
const { rejection } = require('./support/rejection')

async function expectStarved(run) {
  const error = await rejection(run)
  expect([error.code, error.limit]).toEqual(['ERR_LUA_MEMORY', 'perId.memory'])
  expect(error.message).toMatch('contexts of this id between two runs hold all')
}

test('a run that is queued when its id gets a bound that is used up already', async () => {
  const limits = { a: {} }
  const engine = engineWith({ concurrency: 1, perId: (id) => limits[id] ?? {} })
  const context = engine.createContext('a')
  await context.run('keep = ("x"):rep(2 * 1024 * 1024)')
  const release = await held(engine)
  const queued = engine.runLua('return 1', 'a')
  limits.a = { memory: MIB }
  engine.refreshLimits('a')
  await expectStarved(queued)
  await release()
  await context.close()
  expect(await engine.runLua('return 1', 'a')).toBe('1')
})

/** Lua that keeps many tables, without garbage, and then works for longer than others of its batch may still begin. */
const KEEPING = `
  for i = 1, 4000 do keep = { keep, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } end
  local from = os.clock() while os.clock() < from + 0.002 do end`

test('a run that was about to begin when a context of its id took what there was', async () => {
  const measured = engineWith()
  await measured.createContext('a').run(KEEPING)
  // So little room is left that no VM could be made in it.
  const memory = measured.usage('a').memory + 32 * 1024
  const engine = engineWith({ concurrency: 1, perId: { memory } })
  const release = await held(engine)
  const context = engine.createContext('a')
  const first = context.run(KEEPING)
  await until(() => engine.usage('a').queued === 1)
  const refused = expectStarved(engine.runLua('return 1', 'a'))
  await release()
  await first
  await refused
})
