// `parallel` with State on a Redis server: the questions are asked at once, also of a server that stops answering.
// Beside other tests: what it waits for are questions and deadlines, not times.
'use strict'

const { LuaError } = require('..')
const { engineWith } = require('./support/engine')
const { hasRedis, redisBetween, redisServer } = require('./support/redis')
const { rejection } = require('./support/rejection')
const { describeIf } = require('./support/test-if')

describeIf(hasRedis())('parallel with State on Redis', () => {
  let server
  let between

  beforeAll(async () => {
    server = await redisServer()
  })
  beforeEach(async () => {
    between = await redisBetween(server)
  })
  afterEach(() => between.close())
  afterAll(() => server.stop())

  /** An engine with a connection, on which nothing is under way. */
  async function connected(prefix, more) {
    const engine = engineWith({ state: { redis: between.url, prefix, ...more } })
    await engine.run('State.set("alpha", 1) State.set("beta", "two") State.set("gamma", { 3 })', 'tester')
    return engine
  }

  test('questions are asked before the first is answered, and results come in the order of the functions', async () => {
    const engine = await connected('order')
    between.hold()
    const run = engine.run(
      `return parallel(
        function() return State.get('gamma')[1] end,
        function() return State.has('delta') end,
        function() return State.get('beta') end,
        function() return State.get('alpha') end)`,
      'tester',
    )
    // A connection takes a few batches of questions at a time, and the next when one is answered.
    await between.heard('gamma', 'delta')
    between.release()
    expect((await run).values).toEqual([3, false, 'two', 1])
  })

  test('functions that write the same key at once all count', async () => {
    const engine = await connected('count')
    const code = `local fs = {}
      for i = 1, 50 do fs[i] = function() return State.incr('n') end end
      local seen = {}
      for _, n in ipairs({ parallel(table.unpack(fs)) }) do seen[n] = true end
      return #seen`
    expect((await engine.run(code, 'tester')).value).toBe(50)
  })

  test('a server that stops answering fails every question of them, and the run hears why; then it goes on', async () => {
    const engine = await connected('still', { commandTimeout: 300 })
    const code = `local function get(key)
        return function() local ok, e = pcall(State.get, key) return ok and e or tostring(e):match('did not do it') end
      end
      return parallel(get('alpha'), get('beta'), function() return 'no question' end, get('gamma'))`
    between.hold()
    expect((await engine.run(code, 'tester')).values).toEqual([
      'did not do it',
      'did not do it',
      'no question',
      'did not do it',
    ])
    const error = await rejection(engine.run('parallel(function() State.get("alpha") end)', 'tester'))
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ code: 'ERR_STATE_UNAVAILABLE', scriptId: 'tester' })
    between.release()
    expect((await engine.run(code.replace("get('gamma')", "get('delta')"), 'tester')).values.slice(0, 3)).toEqual([
      1,
      'two',
      'no question',
    ])
  })

  test('a run that waits for a server that stops answering ends at its deadline, once, and so does its engine', async () => {
    const engine = await connected('end', { commandTimeout: 60_000 })
    between.hold()
    const run = engine.run(
      `parallel(function() State.get('alpha') end, function() pcall(State.get, 'beta') end)`,
      'tester',
      { timeout: 200 },
    )
    const settled = jest.fn()
    run.then(settled, settled)
    expect((await rejection(run)).code).toBe('ERR_LUA_TIMEOUT')
    between.release()
    await engine.close({ timeout: 1000 })
    expect(settled).toHaveBeenCalledTimes(1)
  })
})
