// Test runners: the battery in many files at once, in each kind of place in which they run tests.
import path from 'node:path'
import { must } from '../trial/execute.mjs'
import { checksIn, project } from '../trial/project.mjs'
import { installed, toolsNode } from '../trial/tools.mjs'

const JEST = ['jest@30.5.2', 'jest-environment-jsdom@30.5.2']
const VITEST = ['vitest@5.1.1', 'vite@8.3.8']
const FILES = 40

/** Says so where a test failed with the battery's own words, and counts where it did not. */
const BODY = `
  const { checks, failures } = await battery(moonpool, { file: BATTERY })
  if (failures.length > 0) throw new Error(failures.join('\\n'))
  process.stderr.write('battery: ' + checks + ' checks, 0 failed\\n')`

const testOf = (times) => `
const path = require('node:path')
const moonpool = require('moonpool')
const battery = require('../battery.cjs')
const BATTERY = path.join(__dirname, '../battery.cjs')
for (let i = 0; i < ${times}; i++) test('battery ' + i, async () => {${BODY}
}, 120000)`

const SHORT = `
const { runLua, Engine } = require('moonpool')
test('Lua runs', async () => {
  expect(await runLua('State.set("n", 6) return State.get("n") * 7', 'a')).toBe('42')
  const engine = new Engine()
  engine.expose('double', async (context, n) => n * 2)
  expect((await engine.run('return host.double(...)', 'a', { args: [21] })).value).toBe(42)
  await expect(engine.run('while true do end', 'a', { timeout: 20 })).rejects.toMatchObject({ code: 'ERR_LUA_TIMEOUT' })
})`

/** What Jest says of what did not end, or was not freed. */
const COMPLAINTS =
  /open handle|did not exit|force exited|failed to exit gracefully|MaxListenersExceededWarning|leaking/i

/** Jest in a project with the given settings; the battery in one file of it, and a short test in all others. */
function jest(name, words, { args = [], files = 1, batteries = 1, settings = {} }) {
  return {
    name: `jest-${name}`,
    group: 'Tests run by',
    what: `Jest 30.5.2 (${words})`,
    async run(world) {
      const tools = await installed('jest', JEST)
      const tests = Array.from({ length: files }, (_, i) => [`tests/${i}.test.js`, i < batteries ? testOf(1) : SHORT])
      const config = { testTimeout: 120_000, watchman: false, cacheDirectory: './cache', ...settings }
      const folder = await project(world, path.join(tools, name), {
        files: { ...Object.fromEntries(tests), 'jest.config.json': JSON.stringify(config) },
      })
      const command = [path.join(tools, 'node_modules/jest/bin/jest.js'), '--config', 'jest.config.json', ...args]
      const output = await must(await toolsNode(world), command, { cwd: folder })
      if (COMPLAINTS.test(output)) throw new Error(`Jest complains:\n${output.slice(0, 4000)}`)
      if (!output.includes(`Tests:       ${files} passed, ${files} total`))
        throw new Error(`not all passed:\n${output}`)
      return { checks: checksIn(output) + files - batteries }
    },
  }
}

/** As docs/testing.md has it, with a mock of Vitest. */
const WITH_FAKES = `
import { createTester } from 'moonpool/testing'
import { afterAll, beforeEach, expect, test, vi } from 'vitest'
const rateOf = vi.fn(async () => 2)
const tester = createTester({ functions: { rates: { of: rateOf } } })
beforeEach(() => tester.reset())
afterAll(() => tester.close())
test('a price', async () => {
  const code = 'local order = ... sleep(60) return order.price * host.rates.of(order.currency)'
  const { value } = await tester.run(code, 'prices', { args: [{ price: 15, currency: 'EUR' }] })
  expect(value).toBe(30)
  expect(rateOf).toHaveBeenCalledWith(expect.anything(), 'EUR')
})`

function vitest(pool) {
  return {
    name: `vitest-${pool.toLowerCase()}`,
    group: 'Tests run by',
    what: `Vitest 5.1.1 (pool ${pool})`,
    async run(world) {
      const tools = await installed('vitest', VITEST)
      const test = `
        import path from 'node:path'
        import { test } from 'vitest'
        import * as moonpool from 'moonpool'
        import battery from '../battery.cjs'
        const BATTERY = path.resolve('battery.cjs')
        test('battery', async () => {${BODY}
        }, 120000)`
      const tests = Array.from({ length: 4 }, (_, i) => [`tests/${i}.test.mjs`, test])
      tests.push(['tests/fakes.test.mjs', WITH_FAKES])
      const folder = await project(world, path.join(tools, pool), {
        files: { ...Object.fromEntries(tests), 'vitest.config.mjs': `export default { test: { pool: '${pool}' } }\n` },
      })
      const command = [path.join(tools, 'node_modules/vitest/vitest.mjs'), 'run', '--disable-console-intercept']
      const output = await must(await toolsNode(world), command, { cwd: folder })
      if (!/Tests +5 passed \(5\)/.test(output)) throw new Error(`not all passed:\n${output}`)
      return { checks: checksIn(output) + 1 }
    },
  }
}

const nodeTest = {
  name: 'node-test',
  group: 'Tests run by',
  what: 'node:test',
  async run(world, folder) {
    const test = testOf(1)
      .replace('\nconst path', "\nconst { test } = require('node:test')\nconst path")
      .replace(', 120000)', ')')
    const files = Object.fromEntries([0, 1, 2].map((i) => [`tests/${i}.test.js`, test]))
    await project(world, folder, { files })
    const output = await must(await toolsNode(world), ['--test', '--test-reporter=tap'], { cwd: folder })
    if (!/^# pass 3$/m.test(output)) throw new Error(`not all passed:\n${output}`)
    return { checks: checksIn(output) }
  },
}

export default [
  jest('plain', `${FILES} files`, { files: FILES, batteries: 4, args: ['--maxWorkers=4'] }),
  jest('threads', 'worker threads', {
    ...{ files: FILES, batteries: 4, args: ['--maxWorkers=4'] },
    settings: { workerThreads: true },
  }),
  jest('jsdom', 'jsdom', { settings: { testEnvironment: 'jsdom' } }),
  jest('leaks', '--detectLeaks', { files: 8, batteries: 2, args: ['--detectLeaks', '--runInBand'] }),
  jest('handles', '--detectOpenHandles', { files: 8, batteries: 2, args: ['--detectOpenHandles'] }),
  vitest('forks'),
  vitest('threads'),
  vitest('vmForks'),
  vitest('vmThreads'),
  nodeTest,
]
