// The example programs run, and show what they say they show.
'use strict'

const { execFile } = require('node:child_process')
const path = require('node:path')
const { promisify } = require('node:util')
const { ROOT } = require('./support/child')

const EXAMPLES = path.join(ROOT, 'examples')

/** What a program prints; it rejects when the program fails. */
function run(...args) {
  return promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: 50_000 })
}

test('the quickstart shows identity, isolation, a refusal, a timeout, an error and many calls', async () => {
  const { stdout, stderr } = await run(path.join(EXAMPLES, 'quickstart'))
  expect(stderr).toBe('')
  for (const text of [
    'I am acme\n',
    'I am globex\n',
    'I am initech\n',
    'acme: counter = 1000\n',
    'globex: counter = 500\n',
    'ERR_STATE_DENIED: globex:1: ',
    'ERR_LUA_TIMEOUT: ',
    'ERR_LUA_RUNTIME in pricing.lua, line 3: ',
    'stack traceback:\n',
    '1000 of 1000 calls got their own answer\n',
  ]) {
    expect(stdout).toContain(text)
  }
  const [, ticks] = /ticked (\d+) times/.exec(stdout)
  expect(Number(ticks)).toBeGreaterThan(1)
})

test('the rules engine decides with lookups, and waits for many at once', async () => {
  const { stdout, stderr } = await run(path.join(EXAMPLES, 'rules-engine'))
  expect(stderr).toBe('')
  const lines = stdout.split('\n')
  expect(lines.slice(0, 6)).toEqual([
    'ada, 10 tea: accepted for 20.00',
    'bob, 10 tea: accepted for 25.00',
    'bob, 5 cake: refused: only 3 left',
    'eve, 1 tea: refused: Eve is blocked',
    "zoe, 1 tea: refused: unknown customer (there is no 'zoe')",
    '300 of 300 orders accepted, with 600 lookups of 20 ms each',
  ])
  const [, inTurn, here] = /(\d+) ms or more; here: (\d+) ms/.exec(lines[6])
  expect(Number(here)).toBeLessThan(Number(inTurn) / 4)
})

test('the worker threads answer all jobs, and the main thread stays free', async () => {
  const { stdout, stderr } = await run(path.join(EXAMPLES, 'worker-threads'))
  expect(stderr).toBe('')
  expect(stdout).toContain('job 0 of tenant-0: 500500\njob 1 of tenant-1: 501501\n')
  expect(stdout).toContain('20 of 20 sums are right, from 2 threads\n')
  const [, ticks] = /ticked (\d+) times/.exec(stdout)
  expect(Number(ticks)).toBeGreaterThan(1)
})

test('the tests of the Jest project pass', async () => {
  const jest = path.join(path.dirname(require.resolve('jest/package.json')), 'bin/jest.js')
  const { stderr } = await run(jest, '--config', path.join(EXAMPLES, 'jest-project/jest.config.js'))
  expect(stderr).toContain('Tests:       4 passed, 4 total')
})

test('the logs of the example with pino', async () => {
  const { stdout, stderr } = await run(path.join(EXAMPLES, 'logging'))
  expect(stderr).toBe('')
  const lines = stdout.trim().split('\n')
  const entries = lines.map((line) => JSON.parse(line))
  expect(entries.map(({ level, scriptId, msg, fields }) => [level, scriptId, msg, fields])).toEqual([
    [20, 'acme', 'it begins', { at: 0 }],
    [30, 'acme', 'half way', undefined],
    [40, 'acme', 'no coupon', undefined],
    [30, 'globex', '{"level":50,"msg":"forged"}', { scriptId: 'acme' }],
    [50, 'globex', 'flood', undefined],
    [40, 'globex', '9999 log entries were dropped: the run has used up its maxLog of 200 bytes', undefined],
  ])
})

test('the plugins of the Electron example, without Electron', async () => {
  const program = `
    const path = require('node:path')
    const folder = path.resolve('examples/electron-main')
    const { Plugins } = require(path.join(folder, 'plugins'))
    const notes = []
    const plugins = new Plugins({ notify: (plugin, text) => notes.push(plugin + ': ' + text) })
    async function main() {
      await plugins.load(path.join(folder, 'plugins'))
      const answers = [
        plugins.names(),
        await plugins.call('count', { text: 'moon' }),
        await plugins.call('count', { text: 'pool' }),
        await plugins.call('shout', { text: '' }),
        await plugins.call('shout', { text: 'moon' }),
        await plugins.call('shout', {}),
        await plugins.call('absent', {}),
        notes,
      ]
      await plugins.close()
      console.log(JSON.stringify(answers))
    }
    main()`
  const { stdout, stderr } = await run('--eval', program)
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual([
    ['count', 'shout'],
    { value: '4 letters in call 1' },
    { value: '4 letters in call 2' },
    { error: 'it took too long' },
    { value: 'MOON!' },
    { error: expect.stringContaining("attempt to index a nil value (field 'text')") },
    { error: "there is no plugin 'absent'" },
    ['count: call 1', 'count: call 2'],
  ])
})

test('the main process of the Electron example, with a stand-in for Electron', async () => {
  // The stand-in opens no window: it calls what the page would call, and quits.
  const program = `
    const { EventEmitter } = require('node:events')
    const Module = require('node:module')
    const path = require('node:path')
    const handlers = new Map()
    class App extends EventEmitter {
      whenReady = async () => {}
      quit() {
        let prevented = false
        this.emit('before-quit', { preventDefault: () => (prevented = true) })
        if (!prevented) console.log('quit')
      }
    }
    const app = new App()
    class BrowserWindow {
      async loadFile() {
        for (const name of await handlers.get('plugins:list')()) {
          console.log(name, await handlers.get('plugins:call')({}, name, { text: 'moon' }))
        }
        app.emit('window-all-closed')
      }
    }
    const electron = { app, BrowserWindow, ipcMain: { handle: (name, handler) => handlers.set(name, handler) } }
    const load = Module._load
    Module._load = (name, ...rest) => (name === 'electron' ? electron : load(name, ...rest))
    require(path.resolve('examples/electron-main/main.js'))`
  const { stdout, stderr } = await run('--eval', program)
  expect(stderr).toBe('')
  expect(stdout).toBe("count: call 1\ncount { value: '4 letters in call 1' }\nshout { value: 'MOON!' }\nquit\n")
})
