// Runs what is tried: with a time limit, and with its output in a file, which some programs in emulators need.
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** The longest that anything may take, in an emulator and beside other work, in ms. */
const PATIENCE = 600_000

/** What of our own environment would change what is tried. */
const LEFT_OUT = /^(NODE_OPTIONS|NODE_PATH|NODE_ENV|JEST_WORKER_ID|UV_THREADPOOL_SIZE|FORCE_COLOR|npm_config_.*)$/i

/** Resolves with the exit code and all that was printed. Rejects where it cannot be started, or does not end by itself. */
export function execute(command, args, { cwd, env = {} } = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'moonpool-output-'))
  const file = path.join(folder, 'output.txt')
  const output = openSync(file, 'w')
  const ours = Object.fromEntries(Object.entries(process.env).filter(([name]) => !LEFT_OUT.test(name)))
  const child = spawn(command, args, {
    cwd,
    env: { ...ours, NO_COLOR: '1', CI: 'true', ...env },
    stdio: ['ignore', output, output],
    timeout: PATIENCE,
    killSignal: 'SIGKILL',
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (exitCode, signal) => {
      const said = readFileSync(file, 'utf8')
      if (exitCode !== null) return resolve({ exitCode, output: said })
      const why = child.killed ? `has not ended by itself within ${PATIENCE / 1000} s` : `was ended by ${signal}`
      reject(new Error(`${words(command, args)} ${why}:\n${said.slice(-3000)}`))
    })
  }).finally(() => {
    closeSync(output)
    rmSync(folder, { recursive: true, force: true })
  })
}

/** Runs what must succeed; resolves with what it printed. */
export async function must(command, args, options) {
  const { exitCode, output } = await execute(command, args, options)
  if (exitCode === 0) return output
  throw new Error(`${words(command, args)} ended with ${exitCode}:\n${output.slice(-4000)}`)
}

const words = (command, args) =>
  [path.basename(command), ...args.map((arg) => path.basename(arg)).slice(0, 3)].join(' ')
