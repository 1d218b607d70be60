// What the packages are tried with: each tool in a folder of its own, in exact versions, kept from one time to the next.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { collect, npm, root } from '../../run.mjs'
import { Missing } from '../toolbox.mjs'
import { must } from './execute.mjs'

/** Where all of this lies. */
export const FOLDER = path.join(root, 'target/release-test')

/** Makes a folder by `make`, unless it is there and was made from the same `version`. */
export async function once(name, version, make) {
  const folder = path.join(FOLDER, 'tools', name)
  const mark = path.join(folder, '.made-from')
  if (existsSync(mark) && readFileSync(mark, 'utf8') === version) return folder
  console.log(`installing ${version} into ${path.relative(root, folder)}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  await make(folder)
  writeFileSync(mark, version)
  return folder
}

/** A folder whose node_modules has these packages, such as `jest@30.5.2`. Projects in that folder find them. */
export function installed(name, specs) {
  return once(name, specs.join(' '), async (folder) => {
    writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n')
    await fetched(specs, folder, 'install', '--save-exact', '--ignore-scripts', '--no-audit', '--no-fund', ...specs)
  })
}

/** The folder with what a package has in it, whatever platform it is for. */
export async function unpacked(spec) {
  const folder = await once(`package-${spec.replaceAll(/[@/]+/g, '-')}`, spec, async (into) => {
    await fetched([spec], into, 'pack', spec, '--pack-destination', into)
    await must('sh', ['-c', 'tar -xzf ./*.tgz && rm ./*.tgz'], { cwd: into })
  })
  return path.join(folder, 'package')
}

/** Node.js of a version for Linux or macOS. */
export async function nodeOf({ os, cpu }, version) {
  return path.join(await unpacked(`node-${os}-${cpu}@${version}`), 'bin/node')
}

/** The one that runs the tools, whichever runs this: some ask for a newer one than moonpool does. */
export const toolsNode = ({ here }) => nodeOf(here, '24.21.0')

/** The version of Bun that is tried. */
export const BUN = '1.4.5'

/** Bun for Linux or macOS. */
export async function bunOf({ os, cpu }) {
  const bun = path.join(await unpacked(`@oven/bun-${os}-${cpu}@${BUN}`), 'bin/bun')
  chmodSync(bun, 0o755)
  return bun
}

/** Asks the registry of the machine. That it does not have something, or cannot be asked, is no failure of ours. */
async function fetched(specs, cwd, ...args) {
  const [command, all] = npm(...args, '--loglevel=error')
  const { exitCode, output } = await collect(command, all, { cwd })
  if (exitCode === 0) return
  const why = output.split('\n').find((line) => /npm error (?!code|A complete)/.test(line))
  throw new Missing(`${specs.join(' ')} cannot be had: ${why?.replace('npm error ', '') ?? output.slice(0, 200)}`)
}
