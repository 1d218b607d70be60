// Runs Lua with packages as npm would install them, where their platform is that of this machine or can be emulated.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { collect, root } from '../run.mjs'
import { emulated } from './emulate.mjs'
import { packageName } from './folders.mjs'
import { Missing } from './toolbox.mjs'

const { platformName } = createRequire(import.meta.url)('../../lib/platform.js')

/** No emulator on any machine takes so long. */
const MAX_SECONDS = 1200

/** What is run, and where it says what came of it. */
const [PROGRAM, ANSWER] = ['program.cjs', 'said.json']

/**
 * Resolves with what the addon has been run on as `ran`, or with why it has not as `notRun`. Throws an Error with what went
 * wrong.
 */
export async function tryPackages(target, mainFolder, platformFolder) {
  const runner = await runnerFor(target)
  if (runner instanceof Missing) return { notRun: runner.message }
  // Far from the repository, where Node.js would find that when it looks for 'moonpool'.
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'moonpool-release-'))
  try {
    return { ran: await tryIn(scratch, runner, target, { mainFolder, platformFolder }) }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

async function tryIn(scratch, { command, args, env, words }, target, { mainFolder, platformFolder }) {
  const modules = path.join(scratch, 'node_modules')
  mkdirSync(modules)
  cpSync(mainFolder, path.join(modules, 'moonpool'), { recursive: true })
  cpSync(platformFolder, path.join(modules, packageName(target)), { recursive: true })
  cpSync(path.join(root, 'scripts/release', PROGRAM), path.join(scratch, PROGRAM))
  const printed = path.join(scratch, 'printed')
  // Node.js in Wine cannot open a pipe.
  const line = `exec timeout ${MAX_SECONDS} "$@" >printed 2>&1 </dev/null`
  const shell = ['-c', line, 'sh', command, ...args, PROGRAM]
  const { exitCode } = await collect('sh', shell, { cwd: scratch, env })
  const output = readFileSync(printed, 'utf8')
  const answer = path.join(scratch, ANSWER)
  const { node, failed } = existsSync(answer) ? JSON.parse(readFileSync(answer, 'utf8')) : {}
  const problems = Object.entries(failed ?? {}).map(([name, stack]) => `${name}: ${stack}`)
  if (failed === undefined) problems.push('it did not come to its end')
  if (exitCode !== 0) problems.push(`exit code ${exitCode}`)
  if (problems.length > 0) {
    throw new Error(`the packages do not work on ${words}:\n${problems.join('\n')}\n${output.slice(-2000)}`)
  }
  return `${words}, with Node.js ${node}`
}

async function runnerFor(target) {
  if (target.name === platformName()) return here()
  return emulated(target).catch((error) => {
    if (error instanceof Missing) return error
    throw error
  })
}

const here = () => ({
  command: process.execPath,
  args: [],
  words: `${os.type()} ${os.release().split('-')[0]} ${os.arch()}`,
})
