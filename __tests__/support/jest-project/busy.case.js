// Leaves scripts behind that never end and cannot be suspended.
'use strict'

const { Engine } = require('moonpool')

test('begins endless scripts', async () => {
  const engine = new Engine()
  const code = `string.gsub('x', 'x', function() while true do end end)`
  for (let i = 0; i < 10; i++) engine.runLua(code, `id-${i}`, { timeout: 60_000 }).catch(() => {})
  while (engine.stats().running === 0) await new Promise(setImmediate)
})
