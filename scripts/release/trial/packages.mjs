// The packages that are tried: those of `npm run release:build`, or of the addon that this clone has built.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { root } from '../../run.mjs'
import { writeMainFolder, writePlatformFolder } from '../folders.mjs'
import { pack } from '../pack.mjs'
import { OUTPUT, TARGETS } from '../targets.mjs'

const { platformName } = createRequire(import.meta.url)('../../../lib/platform.js')

/** Puts the tarballs of the release into a folder; the names of the packages. */
export function releasedPackages(folder) {
  const manifest = path.join(OUTPUT, 'manifest.json')
  if (!existsSync(manifest)) throw new Error('nothing is built: run npm run release:build, or take --built')
  empty(folder)
  const { packages } = JSON.parse(readFileSync(manifest, 'utf8'))
  for (const { tarball } of packages) copyFileSync(path.join(OUTPUT, tarball), path.join(folder, tarball))
  return packages.map(({ name }) => name)
}

/** Packs the addon of this clone; the names of the packages. The notices of what is linked into it are left out: cargo knows them. */
export function builtPackages(folder) {
  const target = TARGETS.find(({ name }) => name === platformName())
  const addon = target && path.join(root, target.file)
  if (!addon || !existsSync(addon)) throw new Error('there is no addon for this platform here: run npm run build')
  empty(folder)
  const main = path.join(folder, 'moonpool')
  writeMainFolder(main)
  const platform = path.join(folder, target.name)
  writePlatformFolder(platform, target, { addon: readFileSync(addon), crates: [], lua: '' })
  return [main, platform].map((one) => pack(one, folder).name)
}

function empty(folder) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
}
