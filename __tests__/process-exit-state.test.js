// The end of a process, or of a worker thread, that has thousands of runs in flight which write State to SQLite.
'use strict'

const path = require('node:path')
const { Engine } = require('..')
const { runNode } = require('./support/child')
const { folderWith } = require('./support/files')

const CHILD = path.join(__dirname, 'support/exit-child.js')

test.each([
  ['exit', 42],
  ['throw', 1],
  ['SIGTERM', null],
  ['exit in a host function', 42],
  ['exit when the engine is closed', 42],
  ['worker: exit', 0],
  ['worker: terminate', 0],
])('%s: it ends with its code, and all that runs have said they wrote is there', async (how, code) => {
  const file = path.join(folderWith(), 'state.db')
  const begun = Date.now()
  const { exitCode, stdout } = await runNode([CHILD, how, file])
  expect(exitCode).toBe(code)
  // Nothing had to kill it.
  expect(Date.now() - begun).toBeLessThan(29_000)
  const written = stdout
    .trim()
    .split('\n')
    .filter((line) => /^\d+$/.test(line))
  expect(written.length).toBeGreaterThanOrEqual(20)
  const engine = new Engine({ state: { sqlite: file }, stateQuota: 2 ** 30 })
  const keys = new Set(await engine.state('x').list())
  await engine.close()
  expect(written.filter((n) => n % 5 !== 4 && !keys.has(`k${n}`))).toEqual([])
})
