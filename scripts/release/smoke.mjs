// Runs Lua with packages as npm would install them, where their platform is that of this machine or can be emulated.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { emulated } from './emulate.mjs'
import { packageName } from './folders.mjs'
import { Missing } from './toolbox.mjs'
import { emptyProject, runByNode } from './trial/project.mjs'

const { platformName } = createRequire(import.meta.url)('../../lib/platform.js')

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
    return { ran: await tryIn(path.join(scratch, 'app'), runner, target, { mainFolder, platformFolder }) }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

async function tryIn(folder, runner, target, { mainFolder, platformFolder }) {
  emptyProject(folder)
  const modules = path.join(folder, 'node_modules')
  cpSync(mainFolder, path.join(modules, 'moonpool'), { recursive: true })
  cpSync(platformFolder, path.join(modules, packageName(target)), { recursive: true })
  const { words } = runner
  const { version } = await runByNode(folder, runner).catch((error) => {
    throw new Error(`the packages do not work on ${words}:\n${error.message}`)
  })
  return `${words}, with Node.js ${version}`
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
