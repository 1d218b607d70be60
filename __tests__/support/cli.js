// Runs the program of the package: here, which is quick; as a plain child process; or in a pseudo-terminal.
'use strict'

const { execFile, spawn, spawnSync } = require('node:child_process')
const path = require('node:path')
const { Readable } = require('node:stream')
const { main } = require('../../lib/cli/main')
const { ROOT } = require('./child')

const PROGRAM = path.join(ROOT, require('../../package.json').bin.moonpool)

/** The environment without what decides about colours and history. */
function plainEnv(more) {
  const { FORCE_COLOR, NO_COLOR, ...env } = process.env
  return { ...env, MOONPOOL_REPL_HISTORY: '', TERM: 'xterm', ...more }
}

/**
 * Runs it in this process, which nothing else writes in meanwhile. Resolves with the exit code and with what was printed.
 * Calls wait for each other.
 */
function cli(args, options) {
  const result = before.then(() => runHere(args, options))
  before = result.catch(() => {})
  return result
}

let before = Promise.resolve()

async function runHere(args, { input = '', env = {}, cwd = ROOT } = {}) {
  const given = { env: process.env, cwd: process.cwd(), stdin: Object.getOwnPropertyDescriptor(process, 'stdin') }
  const printed = { stdout: '', stderr: '' }
  const spies = Object.keys(printed).map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation((text) => {
      printed[name] += text
      return true
    }),
  )
  process.env = plainEnv({ NO_COLOR: '1', ...env })
  process.chdir(cwd)
  Object.defineProperty(process, 'stdin', { configurable: true, value: Readable.from([Buffer.from(input)]) })
  try {
    return { exitCode: await main(args), ...printed }
  } finally {
    for (const spy of spies) spy.mockRestore()
    Object.defineProperty(process, 'stdin', given.stdin)
    process.chdir(given.cwd)
    process.env = given.env
  }
}

/** The same in a process of its own. */
function cliProcess(args, { input = '', env = {}, cwd = ROOT } = {}) {
  const options = { cwd, env: plainEnv(env), timeout: 50_000, killSignal: 'SIGKILL' }
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [PROGRAM, ...args], options, (_error, stdout, stderr) => {
      resolve({ exitCode: child.exitCode, stdout, stderr })
    })
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

/** Whether there is a `script` that makes pseudo-terminals as that of util-linux does. */
const hasTerminals = spawnSync('script', ['-qfec', 'test -t 0', '/dev/null'], { stdio: 'pipe' }).status === 0

/** For so long a text is waited for, in ms. */
const PATIENCE = 20_000

/** The program in a pseudo-terminal. */
class Terminal {
  #child
  #output = ''
  #seen = 0
  #wakes = new Set()

  constructor(args, { env = {}, cwd = ROOT } = {}) {
    const command = [process.execPath, PROGRAM, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
    const line = `stty cols 100 rows 30; exec ${command}`
    this.#child = spawn('script', ['-qfec', line, '/dev/null'], { cwd, env: plainEnv(env) })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.on('data', (data) => {
        this.#output += data
        for (const wake of this.#wakes) wake()
      })
    }
    this.exited = new Promise((resolve) => this.#child.on('close', resolve))
    this.exited.then(() => {
      for (const wake of this.#wakes) wake()
    })
  }

  /** All that it has shown. */
  get output() {
    return this.#output
  }

  type(text) {
    this.#child.stdin.write(text)
  }

  /** Resolves when it has shown a text, behind what was waited for before. */
  async until(text) {
    let isOver = false
    const giveUp = performance.now() + PATIENCE
    this.exited.then(() => {
      isOver = true
    })
    for (;;) {
      const at = this.#output.indexOf(text, this.#seen)
      if (at >= 0) {
        this.#seen = at + text.length
        return
      }
      if (isOver || performance.now() > giveUp)
        throw new Error(`it does not show ${JSON.stringify(text)}: ${JSON.stringify(this.#output)}`)
      await new Promise((resolve) => {
        this.#wakes.add(resolve)
        setTimeout(resolve, 1000).unref()
      })
      this.#wakes.clear()
    }
  }

  end() {
    this.#child.kill('SIGKILL')
  }
}

module.exports = { PROGRAM, Terminal, cli, cliProcess, hasTerminals }
