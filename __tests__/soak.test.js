// The soak: it finds nothing wrong in a short time, and it does find what is wrong with engines that are.
'use strict'

const { execFile } = require('node:child_process')
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT } = require('./support/child')

function soak(...args) {
  const program = [path.join(ROOT, 'scripts/soak.mjs'), '--as-built', ...args]
  const options = { cwd: ROOT, timeout: 50_000, killSignal: 'SIGKILL' }
  return new Promise((resolve) => {
    const child = execFile(process.execPath, program, options, (_error, stdout, stderr) => {
      resolve({ exitCode: child.exitCode, stdout, stderr })
    })
  })
}

test('3 seconds of all kinds of scripts leave nothing wrong', async () => {
  const { exitCode, stdout, stderr } = await soak('--seconds', '3', '--seed', '20241003')
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toMatch(/nothing wrong \(seed 20241003\)\n$/)
})

describe('an engine that is wrong', () => {
  let folder

  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'moonpool-wrong-'))
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  /** Soaks engines with some methods replaced. */
  function soakWith(methods) {
    const door = path.join(folder, 'door.js')
    const source = `
      const moonpool = require(${JSON.stringify(ROOT)})
      module.exports = { ...moonpool, Engine: class extends moonpool.Engine { ${methods} } }`
    writeFileSync(door, source)
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
