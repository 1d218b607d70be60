// Loads the module afresh, again and again.
'use strict'

test('every fresh copy works', async () => {
  const listeners = process.listenerCount('exit')
  for (let i = 0; i < 50; i++) {
    jest.resetModules()
    const { Engine, LuaError, runLua } = require('moonpool')
    expect(await runLua('local had = State.get("n") State.set("n", 1) return had', 'x')).toBe('')
    await expect(new Engine().runLua('error("x")', 'x')).rejects.toBeInstanceOf(LuaError)
  }
  expect(process.listenerCount('exit')).toBe(listeners)
})
