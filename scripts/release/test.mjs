// npm run release:test [-- name …]: installs the packed packages from a registry on loopback, and tries them wherever that can be
// done from here. `--built` takes the addon of this clone, `--cheap` tries only what takes seconds.
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { ENVIRONMENTS } from './environments/index.mjs'
import { TARGETS } from './targets.mjs'
import { outcomeOf } from './trial/outcome.mjs'
import { builtPackages, releasedPackages } from './trial/packages.mjs'
import { record, tableOf } from './trial/record.mjs'
import { serve } from './trial/registry.mjs'
import { FOLDER } from './trial/tools.mjs'

const { platformName } = createRequire(import.meta.url)('../../lib/platform.js')

/** Carries it out; resolves with the exit code. */
async function main(args) {
  const { isBuilt, isWhole, chosen } = parse(args)
  const here = TARGETS.find(({ name }) => name === platformName())
  if (here === undefined) {
    console.log(`not tried: nothing is published for ${platformName()}, on which this runs`)
    return 0
  }
  const packages = path.join(FOLDER, 'packages')
  const built = (isBuilt ? builtPackages : releasedPackages)(packages)
  const registry = await serve(packages)
  // Outside of the clone, whose node_modules would be found.
  const folder = mkdtempSync(path.join(os.tmpdir(), 'moonpool-release-'))
  const results = []
  for (const one of chosen) results.push(await outcomeOf(one, { registry, folder, here, built, isBuilt }))
  rmSync(folder, { recursive: true, force: true })
  await registry.close()
  console.log(`\n${tableOf(results)}\n`)
  const failed = results.filter(({ outcome }) => outcome === 'failed')
  const total = results.reduce((sum, { checks = 0 }) => sum + checks, 0)
  console.log(
    `${total} checks passed in ${results.length} environments; failed: ${failed.map(({ name }) => name).join(', ') || 'none'}`,
  )
  if (failed.length > 0) return 1
  // Less says nothing of a release.
  if (isWhole && !isBuilt) record(results)
  return 0
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
  const isChosen = (one) => (names.length > 0 ? names.includes(one.name) : isCheap || !one.isOnlyCheap)
  const chosen = ENVIRONMENTS.filter((one) => isChosen(one) && (one.isCheap || !isCheap))
  return { isBuilt: args.includes('--built'), isWhole: names.length === 0 && !isCheap, chosen }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(`release:test: ${error.message}`)
  process.exitCode = 1
}
