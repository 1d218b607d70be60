// The tests of each of several files for worker threads: a file has a State of its own.
'use strict'

const { runLua } = require('moonpool')

test('State is this file’s own', async () => {
  const found = []
  for (let i = 0; i < 50; i++)
    found.push(await runLua('local n = State.get("n") or 0 State.set("n", n + 1) return n', 'x'))
  expect(found.map(Number)).toEqual(Array.from(found, (_, i) => i))
})

test('runs on a worker thread of Node.js', () => {
  expect(require('node:worker_threads').isMainThread).toBe(false)
})
