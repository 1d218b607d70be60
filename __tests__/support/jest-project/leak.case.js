// One line of Lua in a realm that shall be collected when this file ends: engines are left as they are.
'use strict'

const { AsyncLocalStorage } = require('node:async_hooks')
const { Engine, runLua } = require('moonpool')

test('runs', async () => {
  expect(await runLua('return 1', 'x')).toBe('1')
  const engine = new Engine()
  engine.expose('f', async () => 2)
  engine.on('full', () => {})
  const store = new AsyncLocalStorage()
  const context = engine.createContext('x')
  const controller = new AbortController()
  const value = await store.run({}, () => context.run('sleep(0.001) return host.f()', { signal: controller.signal }))
  expect(value.value).toBe(2)
  const stopped = engine.run('while true do end', 'x', { signal: controller.signal }).catch((error) => error)
  setTimeout(() => controller.abort(), 5)
  await stopped
})
