// Runs Lua with packages as npm would install them, where their platform is that of this machine or can be emulated.
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { collect } from '../run.mjs'
import { emulated } from './emulate.mjs'
import { packageName } from './folders.mjs'

const { platformName } = createRequire(import.meta.url)('../../lib/platform.js')

/** What a program of a user does with an addon, in short: both ways in, State, and a run that is killed. */
const PROGRAM = `
  const { Engine, runLua } = require('moonpool')
  const engine = new Engine()
  const dies = engine.run('while true do end', 'b', { timeout: 50 }).then(() => 'lives', (error) => error.code)
  const all = [runLua('return 6 * 7', 'a'), engine.run('State.set("n", 1) return State.get("n")', 'a'), dies]
  Promise.all(all).then(([text, { value }, code]) => console.log(text, value, code))`

const WANTED = '42 1 ERR_LUA_TIMEOUT\n'

/**
 * Resolves with what the addon has been run on, or undefined where that cannot be done. Throws an Error with what went
 * wrong.
 */
export async function tryPackages(target, mainFolder, platformFolder, scratch) {
  const runner = target.name === platformName() ? here() : await emulated(target)
  if (runner === undefined) return undefined
  const modules = path.join(scratch, 'node_modules')
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(modules, { recursive: true })
  cpSync(mainFolder, path.join(modules, 'moonpool'), { recursive: true })
  cpSync(platformFolder, path.join(modules, packageName(target)), { recursive: true })
  const run = (source) => collect(runner.command, [...runner.args, '--eval', source], { cwd: scratch })
  const { output } = await run(PROGRAM)
  if (output !== WANTED)
    throw new Error(`the packages do not work: they print ${JSON.stringify(output.slice(0, 2000))}`)
  return `${runner.words} with Node.js ${(await run('console.log(process.versions.node)')).output.trim()}`
}

const here = () => ({
  command: process.execPath,
  args: [],
  words: `${os.type()} ${os.release().split('-')[0]} ${os.arch()}`,
})
