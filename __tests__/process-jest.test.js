// moonpool in other people's Jest: open handles, fresh modules, worker threads, --forceExit, fake timers.
'use strict'

const path = require('node:path')
const { ROOT, runNode } = require('./support/child')

const PROJECT = path.join(__dirname, 'support/jest-project')
const JEST = path.join(ROOT, 'node_modules/jest/bin/jest.js')

/** Runs cases of the project. The exit code is null when Jest did not end by itself within 30 s. */
async function jestRuns(cases, args = [], config = {}) {
  const settings = {
    rootDir: PROJECT,
    testMatch: [`<rootDir>/${cases}.case.js`],
    moduleNameMapper: { '^moonpool$': path.join(ROOT, 'index.js') },
    watchman: false,
    // They have as long as the process: a machine may be busy.
    testTimeout: 30_000,
    ...config,
  }
  const command = [JEST, '--config', JSON.stringify(settings), '--no-cache', ...args]
  const { NODE_OPTIONS: _, JEST_WORKER_ID: __, ...env } = process.env
  const outcome = await runNode(command, { cwd: PROJECT, env: { ...env, CI: 'true', FORCE_COLOR: '0' } })
  return { exitCode: outcome.exitCode, text: outcome.stdout + outcome.stderr }
}

/** All that Jest has to say about something that did not end. */
const COMPLAINTS = /open handle|did not exit|force exited|failed to exit gracefully|MaxListenersExceededWarning/i

/** The tests that passed; with the whole output when not all did, so that a failure can be understood. */
function passedIn({ exitCode, text }) {
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}:\n${text}`)
  return Number(/^Tests: +(\d+) passed, \1 total$/m.exec(text)?.[1])
}

test('--detectOpenHandles finds none, and Jest ends by itself', async () => {
  const outcome = await jestRuns('once', ['--detectOpenHandles'])
  expect(passedIn(outcome)).toBe(1)
  expect(outcome.text).not.toMatch(COMPLAINTS)
})

test('jest.resetModules() and requiring it anew works any number of times, and adds no listeners', async () => {
  const outcome = await jestRuns('reset', ['--runInBand', '--detectOpenHandles'], { resetModules: true })
  expect(passedIn(outcome)).toBe(1)
  expect(outcome.text).not.toMatch(COMPLAINTS)
})

test('with workerThreads, several files run at once, each with a State of its own', async () => {
  const outcome = await jestRuns('thread-*', ['--maxWorkers=3'], { workerThreads: true })
  expect(passedIn(outcome)).toBe(6)
  expect(outcome.text).not.toMatch(COMPLAINTS)
})

test('--forceExit does not wait for endless scripts', async () => {
  const outcome = await jestRuns('busy', ['--runInBand', '--forceExit'])
  expect(passedIn(outcome)).toBe(1)
})

test('with fake timers, runs settle and their time limits still hold', async () => {
  const outcome = await jestRuns('fake-timers', ['--runInBand'])
  expect(passedIn(outcome)).toBe(6)
  expect(outcome.text).not.toMatch(COMPLAINTS)
})
