// Leaves scripts behind that never end and cannot be suspended.
'use strict'

const { Engine } = require('moonpool')
const { HOLDING } = require('../constants')

test('begins endless scripts', async () => {
  const engine = new Engine()
  for (let i = 0; i < 10; i++) engine.runLua(HOLDING, `id-${i}`, { timeout: 60_000 }).catch(() => {})
  while (engine.stats().running === 0) await new Promise(setImmediate)
})
