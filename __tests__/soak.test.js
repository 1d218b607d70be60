// The soak: it finds nothing wrong in a short time, and it does find what is wrong with engines that are.
'use strict'

const path = require('node:path')
const { ROOT, runNode } = require('./support/child')
const { folderWith } = require('./support/files')

const soak = (...args) => runNode([path.join(ROOT, 'scripts/soak.mjs'), '--as-built', ...args], { timeout: 50_000 })

test('3 seconds of all kinds of scripts leave nothing wrong', async () => {
  const { exitCode, stdout, stderr } = await soak('--seconds', '3', '--seed', '20241003')
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toMatch(/nothing wrong \(seed 20241003\)\n$/)
})

describe('an engine that is wrong', () => {
  /** Soaks engines with some methods replaced. */
  function soakWith(methods) {
    const source = `
      const moonpool = require(${JSON.stringify(ROOT)})
      module.exports = { ...moonpool, Engine: class extends moonpool.Engine { ${methods} } }`
    const door = path.join(folderWith({ 'door.js': source }), 'door.js')
    return soak('--seconds', '1', '--seed', '7', '--door', door)
  }

  test.each([
    ['counts a run too many', 'stats() { const s = super.stats(); s.completed += 1; return s }', 'completed: '],
    ['keeps a gauge up', 'stats() { return { ...super.stats(), running: 1 } }', 'running, when closed: 1 and 0'],
    [
      'gives a wrong answer',
      'async runLua(...args) { return (await super.runLua(...args)).replace("own", "foreign") }',
      'wrong end of',
    ],
    [
      'lets a promise reject unhandled',
      'runLua(...args) { const run = super.runLua(...args); run.finally(() => {}); return run }',
      'unhandled rejection',
    ],
    [
      'leaves a listener behind',
      'runLua(c, i, o) { o?.signal?.addEventListener("abort", () => {}); return super.runLua(c, i, o) }',
      'listeners are left',
    ],
  ])('that %s is found', async (_what, methods, problem) => {
    const { exitCode, stderr } = await soakWith(methods)
    expect(exitCode).toBe(1)
    expect(stderr).toContain(problem)
    expect(stderr).toMatch(/--seed 7 makes the same calls\n$/)
  })
})
