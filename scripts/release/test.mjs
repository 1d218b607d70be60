// npm run release:test [-- name …]: installs the packed packages from a registry on loopback, and tries them wherever they can be
// tried from here. `--built` takes the addon of this clone, `--cheap` tries only what takes seconds.
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { ENVIRONMENTS } from './environments/index.mjs'
import { TARGETS } from './targets.mjs'
import { Missing } from './toolbox.mjs'
import { builtPackages, releasedPackages } from './trial/packages.mjs'
import { record } from './trial/record.mjs'
import { serve } from './trial/registry.mjs'
import { FOLDER } from './trial/tools.mjs'

const { platformName } = createRequire(import.meta.url)('../../lib/platform.js')

async function main(args) {
  const { isBuilt, isCheap, chosen } = parse(args)
  const packages = path.join(FOLDER, 'packages')
  const built = (isBuilt ? builtPackages : releasedPackages)(packages)
  const here = TARGETS.find(({ name }) => name === platformName())
  if (here === undefined) throw new Error(`nothing is published for ${platformName()}, on which this runs`)
  const registry = await serve(packages)
  // Outside of the clone, whose node_modules would be found.
  const folder = mkdtempSync(path.join(os.tmpdir(), 'moonpool-release-'))
  const results = []
  for (const environment of chosen) results.push(await outcomeOf(environment, { registry, folder, here, built }))
  rmSync(folder, { recursive: true, force: true })
  await registry.close()
  const failed = results.filter(({ outcome }) => outcome === 'failed')
  const total = results.reduce((sum, { checks = 0 }) => sum + checks, 0)
  // Only the whole list, with what will be published, says something of a release.
  if (!isBuilt && !isCheap && chosen.length === ENVIRONMENTS.length && failed.length === 0) record(results)
  console.log(`${results.length} environments, ${total} checks; failed: ${failed.map(({ name }) => name).join(', ') || 'none'}`)
  return failed.length === 0 ? 0 : 1
}

function parse(args) {
  const known = ['--built', '--cheap']
  const names = args.filter((arg) => !known.includes(arg))
  const unknown = names.find((name) => !ENVIRONMENTS.some((one) => one.name === name))
  if (unknown !== undefined) {
    const all = [...known, ...ENVIRONMENTS.map(({ name }) => name)]
    throw new Error(`there is no '${unknown}', only ${all.join(', ')}`)
  }
  const isCheap = args.includes('--cheap')
  const chosen = ENVIRONMENTS.filter((one) => (names.length === 0 || names.includes(one.name)) && (one.isCheap || !isCheap))
  return { isBuilt: args.includes('--built'), isCheap, chosen }
}

/** Tries one, and says what came of it. What fails stops no other. */
async function outcomeOf({ name, title, run }, world) {
  const start = performance.now()
  const tell = (words) => console.log(`${title}: ${words} (${Math.round((performance.now() - start) / 1000)} s)`)
  try {
    const { checks = 0, checked } = await run(world, path.join(world.folder, name))
    tell(checked ? `not run, only checked: ${checked}` : `${checks} checks passed`)
    return { name, title, ...(checked ? { outcome: 'checked', checked } : { outcome: 'ran', checks }) }
  } catch (error) {
    if (error instanceof Missing) {
      tell(`not tried: ${error.message}`)
      return { name, title, outcome: 'not tried', why: error.message }
    }
    tell(`FAILED: ${error.stack}`)
    return { name, title, outcome: 'failed' }
  }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(`release:test: ${error.message}`)
  process.exitCode = 1
}
