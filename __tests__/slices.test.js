// Long work on the JS thread, in slices.
'use strict'

const { inSlices } = require('../lib/slices')

test('work that begins other work is done in the same turn or a later one, and no turn finds nothing to do', async () => {
  const done = []
  const job = (name, then) => ({
    cancelled: false,
    step: () => {
      done.push(name)
      then?.()
      return true
    },
  })
  inSlices(job('outer', () => inSlices(job('inner'))))
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
  expect(done).toEqual(['outer', 'inner'])
})
