// Loads the module inside of a test, in a realm that shall be collected when this file ends.
'use strict'

test('runs', async () => {
  const { Engine, runLua } = require('moonpool')
  expect(await runLua('return 1', 'x')).toBe('1')
  const engine = new Engine()
  engine.expose('f', async () => 2)
  expect((await engine.createContext('x').run('return host.f()')).value).toBe(2)
})
