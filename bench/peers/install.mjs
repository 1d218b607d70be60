// Installs and builds contestants, where they are not there already. What cannot be had does not stop the others.
import { copyFileSync, existsSync } from 'node:fs'
import path from 'node:path'
import { build } from '../../scripts/cargo.mjs'
import { installProgram } from '../../scripts/debian.mjs'
import { installDependencies } from '../../scripts/dependencies.mjs'
import { collect, npm } from '../../scripts/run.mjs'
import { FOLDER, isolatedVm, MODULES, NAIVE, NAIVE_TARGET } from './places.mjs'

/** Resolves with the reasons why some players cannot play, by player. */
export async function install() {
  const missing = {}
  await installPackages()
  const isolated = await buildIsolatedVm()
  if (isolated !== undefined) missing['isolated-vm'] = missing['isolated-vm-contexts'] = isolated
  const naive = await buildNaive()
  if (naive !== undefined) missing.naive = naive
  if (!(await installProgram('redis-server', 'Redis, for bench:peers'))) missing.redis = 'redis-server is not installed'
  return missing
}

/** The packages of the lock, without their install scripts. Without these there is nothing to compare with, and nothing to draw by. */
export async function installPackages() {
  const exitCode = await installDependencies('bench:peers: installing the peers', FOLDER)
  if (exitCode !== 0) throw new Error(`bench:peers: npm cannot install the peers: it ended with ${exitCode}`)
}

/** isolated-vm is the one that has to be compiled, where its package has no binary for this Node.js: that takes minutes. */
async function buildIsolatedVm() {
  const name = isolatedVm()
  if (!existsSync(path.join(MODULES, name))) return `npm did not install ${name}`
  if (await loads(name)) return undefined
  console.log(`bench:peers: building ${name} for Node.js ${process.versions.node}, which takes minutes`)
  const { exitCode, output } = await collect(...npm('rebuild', name, '--foreground-scripts', '--loglevel=error'), {
    cwd: FOLDER,
  })
  if (exitCode === 0 && (await loads(name))) return undefined
  return `${name} does not build here: ${lastLine(output) ?? `npm rebuild ended with ${exitCode}`}`
}

/** In a process of its own: Node.js keeps in mind what it could not load. */
async function loads(name) {
  const { exitCode } = await collect(process.execPath, ['--no-node-snapshot', '--eval', `require('${name}')`], {
    cwd: FOLDER,
  })
  return exitCode === 0
}

async function buildNaive() {
  const manifest = path.join(FOLDER, 'naive/Cargo.toml')
  const args = ['build', '--release', '--locked', '--manifest-path', manifest, '--target-dir', NAIVE_TARGET]
  const { exitCode } = await build('bench:peers: building the naive addon', 'cargo', args)
  if (exitCode !== 0) return 'the naive addon does not build here'
  copyFileSync(path.join(NAIVE_TARGET, 'release', LIBRARY[process.platform] ?? 'libmoonpool_naive.so'), NAIVE)
  return undefined
}

const LIBRARY = { darwin: 'libmoonpool_naive.dylib', win32: 'moonpool_naive.dll' }

/** Of all that npm and a compiler have said, what says most. */
const lastLine = (text) =>
  text
    .trim()
    .split('\n')
    .findLast((line) => /error/i.test(line))
