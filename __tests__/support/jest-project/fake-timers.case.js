// Uses the module while the timers of the realm are fake ones.
'use strict'

const { HOLDING } = require('../constants')

describe.each([
  ['loaded before', false],
  ['loaded after', true],
])('the timers are fake; moonpool was %s', (_, loadAfter) => {
  let moonpool
  beforeEach(() => {
    jest.resetModules()
    if (!loadAfter) moonpool = require('moonpool')
    jest.useFakeTimers()
    if (loadAfter) moonpool = require('moonpool')
  })
  afterEach(() => jest.useRealTimers())

  const codeOf = (run) => run.then(String, (error) => error.code)

  test('runs settle', async () => {
    expect(await moonpool.runLua('return 1', 'x')).toBe('1')
    expect(await codeOf(moonpool.runLua('error("x")', 'x'))).toBe('ERR_LUA_RUNTIME')
  })

  test('timeout and queueTimeout pass in real time', async () => {
    const engine = new moonpool.Engine({ concurrency: 1 })
    const long = codeOf(engine.runLua(HOLDING, 'x', { timeout: 300 }))
    const late = codeOf(engine.runLua('return 1', 'y', { queueTimeout: 50 }))
    expect(await late).toBe('ERR_QUEUE_TIMEOUT')
    expect(engine.stats().running).toBe(1)
    expect(await long).toBe('ERR_LUA_TIMEOUT')
  })

  test('close() stops what runs after its timeout', async () => {
    const engine = new moonpool.Engine()
    const run = codeOf(engine.runLua('while true do end', 'x', { timeout: 60_000 }))
    await engine.close({ timeout: 20 })
    expect(await run).toBe('ERR_ENGINE_CLOSED')
  })
})
