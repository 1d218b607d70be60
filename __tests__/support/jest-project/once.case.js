// Runs scripts as a user's test would, and leaves the engine as it is.
'use strict'

const { Engine, LuaError, runLua } = require('moonpool')

test('runs', async () => {
  const engine = new Engine()
  expect(await engine.runLua('return 6 * 7', 'x')).toBe('42')
  expect(await runLua('return 1', 'x')).toBe('1')
  await expect(runLua('error("x")', 'x')).rejects.toBeInstanceOf(LuaError)
})
