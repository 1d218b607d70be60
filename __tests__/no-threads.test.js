// A system that refuses threads: scripts and runs hear of it, nothing panics, and the next one tries again.
'use strict'

const { execFileSync, spawn } = require('node:child_process')
const { once } = require('node:events')
const readline = require('node:readline')
const { ROOT } = require('./support/child')
const { isRoot, testIf } = require('./support/test-if')

/** Root is refused nothing. */
const AS_NOBODY = isRoot ? { uid: 65534, gid: 65534 } : {}

function hasPrlimit() {
  try {
    execFileSync('prlimit', ['--version'])
    return process.platform === 'linux'
  } catch {
    return false
  }
}

/** A process whose threads can be forbidden. It evaluates what it is told, and answers with JSON. */
class Child {
  constructor() {
    const source = `
      process.chdir('/')
      const { Engine } = require(${JSON.stringify(ROOT)})
      // Threads of libuv's pool, before they are forbidden.
      const { stat } = require('node:fs/promises')
      const engine = new Engine()
      const ended = (promise) => promise.then(String, ({ code, message }) => code + ': ' + message)
      require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
        console.log(JSON.stringify(await eval(line)))
      })
    `
    const options = { ...AS_NOBODY, cwd: '/', stdio: ['pipe', 'pipe', 'inherit'], env: { PATH: process.env.PATH } }
    this.process = spawn(process.execPath, ['--eval', source], options)
    this.lines = readline.createInterface({ input: this.process.stdout })
    this.ended = once(this.process, 'exit')
  }

  async ask(code) {
    this.process.stdin.write(`${code.replaceAll('\n', ' ')}\n`)
    const line = await Promise.race([once(this.lines, 'line'), this.ended])
    if (typeof line[0] !== 'string') throw new Error(`the process has ended: ${line}`)
    return JSON.parse(line[0])
  }

  threads(allowed) {
    const whose = ['--pid', String(this.process.pid)]
    const most = execFileSync('prlimit', [...whose, '--nproc', '--output=HARD', '--noheadings'], AS_NOBODY)
    execFileSync('prlimit', [...whose, `--nproc=${allowed ? String(most).trim() : 1}:`], AS_NOBODY)
  }
}

let child
beforeEach(async () => {
  child = new Child()
  // libuv's pool is there, and none of moonpool's threads.
  await child.ask("Promise.all(Array.from({ length: 20 }, () => stat('/'))).then(() => 1)")
})
afterEach(async () => {
  child.process.stdin.end()
  expect((await child.ended)[0]).toBe(0)
})

const threadTest = testIf(hasPrlimit())

threadTest('sleep: an error that the script can catch, and the next one tries again', async () => {
  expect(await child.ask("ended(engine.runLua('return 1', 'x'))")).toBe('1')
  child.threads(false)
  const refused = /sleep is not possible now: the system refused a thread for it \(.+\)/
  expect(await child.ask("ended(engine.runLua('sleep(0.001)', 'x'))")).toMatch(/^ERR_LUA_RUNTIME: /)
  expect(await child.ask("ended(engine.runLua('sleep(0.001)', 'x'))")).toMatch(refused)
  const caught = 'local ok, e = pcall(sleep, 0.001) return ok, e.code, e.message'
  expect(await child.ask(`ended(engine.runLua(${JSON.stringify(caught)}, 'x'))`)).toMatch(/^false\tERR_LUA_RUNTIME\t/)
  const inContext = `Promise.resolve(engine.createContext('x')).then(async (context) => {
    await ended(context.run('sleep(1)'));
    return ended(context.run('return 5').then(({ value }) => value));
  })`
  expect(await child.ask(inContext)).toBe('5')
  const many =
    "Promise.all(Array.from({ length: 100 }, () => ended(engine.runLua('return (pcall(sleep, 0.001))', 'x'))))"
  expect(await child.ask(many)).toEqual(Array(100).fill('false'))
  child.threads(true)
  expect(await child.ask("ended(engine.runLua('sleep(0.001) return 2', 'x'))")).toBe('2')
})

threadTest('time limits: the run fails before its script begins, and the next one tries again', async () => {
  child.threads(false)
  const refused =
    /^ERR_SYSTEM: the system refused a thread, which moonpool needs for time limits \(.+\); nothing was run$/
  expect(await child.ask(`ended(engine.runLua('State.set("ran", 1)', 'x'))`)).toMatch(refused)
  expect(await child.ask("ended(engine.runLua('return 1', 'x', { queueTimeout: 1000 }))")).toMatch(refused)
  expect(await child.ask("ended(Promise.resolve().then(() => engine.compile('return 1')))")).toMatch(refused)
  expect(await child.ask("ended(engine.createContext('x').run('return 1'))")).toMatch(refused)
  expect(await child.ask('engine.stats()')).toMatchObject({ queued: 0, running: 0, suspended: 0, completed: 0 })
  child.threads(true)
  expect(await child.ask(`ended(engine.runLua('return State.get("ran", "not")', 'x', { queueTimeout: 1000 }))`)).toBe(
    'not',
  )
})
