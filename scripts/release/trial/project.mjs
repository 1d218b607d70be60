// Projects that have installed the packed packages, and the battery in them.
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { npm, root } from '../../run.mjs'
import { packageName } from '../folders.mjs'
import { Missing } from '../toolbox.mjs'
import { execute, must } from './execute.mjs'

/** A new project with the battery and its programs, and nothing installed. `files` are written into it. */
export function emptyProject(folder, files = {}) {
  rmSync(folder, { recursive: true, force: true })
  for (const one of ['battery.cjs', 'programs']) {
    cpSync(path.join(root, 'scripts/release', one), path.join(folder, one), { recursive: true })
  }
  const all = { 'package.json': '{ "name": "app", "version": "1.0.0", "private": true }\n', ...files }
  for (const [name, content] of Object.entries(all)) {
    const file = path.join(folder, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
  return folder
}

/**
 * A new project into which npm has installed moonpool from our registry. For another `target` than this machine, npm takes the
 * addon for that.
 */
export async function project(world, folder, { files, target = world.here } = {}) {
  const addon = packageName(target)
  if (!world.built.includes(addon)) throw new Missing('its package was not built')
  emptyProject(folder, files)
  const platform =
    target === world.here ? [] : [`--os=${target.os}`, `--cpu=${target.cpu}`, `--libc=${target.libc ?? ''}`]
  const [command, args] = npm('install', 'moonpool', '--loglevel=error', ...platform)
  await must(command, args, { cwd: folder, env: registryOf(world) })
  if (!existsSync(path.join(folder, 'node_modules', addon))) throw new Error(`npm has not installed ${addon}`)
  return folder
}

/** What makes npm and its like ask our registry. What they keep of it lasts as long as this trial. */
export const registryOf = ({ registry, folder }) => ({
  npm_config_registry: registry.url,
  npm_config_cache: path.join(folder, 'npm-cache'),
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
})

/**
 * Runs the battery as a program, and one that exits in the middle of runs, in a project. An empty `program` is in the command
 * itself. How many checks passed.
 */
export async function runProgram(folder, [command, ...args], { program = 'programs/program.cjs', env } = {}) {
  const options = { cwd: folder, env }
  const line = [...args, program].filter(Boolean)
  const passed = checksIn(await must(command, line, options))
  await exits(command, line, options)
  return passed + 2
}

/** The same by Node.js, in an emulator or not, and of which version that is. */
export async function runByNode(folder, { command, args, env }) {
  const version = await must(command, [...args, '--version'], { cwd: folder, env })
  return { version: version.trim().slice(1), checks: await runProgram(folder, [command, ...args], { env }) }
}

/** Runs the program that exits in the middle of runs. */
export async function exits(command, args, options) {
  const { exitCode, output } = await execute(command, [...args, 'exit'], options)
  if (exitCode === 7) return
  throw new Error(`process.exit(7) in the middle of runs ended with ${exitCode}:\n${output.slice(-3000)}`)
}

/** How many checks the batteries say they have passed, all together; throws where one failed, or none ran. */
export function checksIn(output) {
  const found = [...output.matchAll(/battery: (\d+) checks, (\d+) failed/g)]
  const isGood = found.length > 0 && found.every(([, , failed]) => failed === '0')
  if (!isGood) throw new Error(`the battery has not passed:\n${output.slice(-4000)}`)
  return found.reduce((total, [, checks]) => total + Number(checks), 0)
}
