// Runs other programs in the repository: streamed, or quietly with their output kept.
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The repository's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** Runs a program; resolves with its exit code. Its output goes where ours goes. */
export function run(command, args, { cwd = root, env = {}, shell = false } = {}) {
  return follow(spawn(command, args, { cwd, env: { ...process.env, ...env }, shell, stdio: 'inherit' }))
}

/** Runs a program; every piece of its output goes to `onOutput`, with the name of its stream. Resolves with its exit code. */
export function pipe(command, args, onOutput, { cwd = root, env = {} } = {}) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (piece) => onOutput(piece, name))
  return follow(child)
}

/** Runs a program quietly to its end. Resolves with its exit code, and with all that it printed to both streams. */
export async function collect(command, args, options) {
  let output = ''
  const exitCode = await pipe(
    command,
    args,
    (piece) => {
      output += piece
    },
    options,
  )
  return { exitCode, output }
}

/** What a program prints to stdout, or undefined if it is missing or fails. */
export function ask(command, args) {
  const { status, stdout } = spawnSync(command, args, { cwd: root, encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

/** Runs a program to its end; its exit code, and what it printed to stdout. What it says to stderr is shown. */
export function capture(command, args, { cwd = root } = {}) {
  const stdio = ['ignore', 'pipe', 'inherit']
  const { status, stdout } = spawnSync(command, args, { cwd, stdio, encoding: 'utf8', maxBuffer: 2 ** 28 })
  return { exitCode: status ?? 1, stdout: stdout ?? '' }
}

/** The command line of a tool from node_modules. */
export function tool(file, ...args) {
  return [process.execPath, [`${root}/node_modules/${file}`, ...args]]
}

/** The command line of npm: the one by which this was started, or that of the PATH. */
export function npm(...args) {
  const script = process.env.npm_execpath
  return script?.endsWith('.js') ? [process.execPath, [script, ...args]] : ['npm', args]
}

/** The name of the platform that Rust builds for here, as `x86_64-unknown-linux-gnu`; undefined without Rust. */
export const hostTriple = () => /^host: (\S+)$/m.exec(ask('rustc', ['-vV']) ?? '')?.[1]

/** Ends the process when a step failed. */
export function mustSucceed(exitCode) {
  if (exitCode !== 0) process.exit(exitCode)
}

function follow(child) {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}
