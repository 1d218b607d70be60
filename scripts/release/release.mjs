// npm run release [-- --dry-run]: publishes what `npm run release:build` has built, if all of it fits together.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { ask, npm, run } from '../run.mjs'
import { PACKAGE } from './folders.mjs'
import { inOrder, notReady } from './ready.mjs'
import { OUTPUT } from './targets.mjs'

const MANIFEST = path.join(OUTPUT, 'manifest.json')

async function main(args) {
  const unknown = args.find((arg) => arg !== '--dry-run')
  if (unknown !== undefined) throw new Error(`there is no option '${unknown}', only --dry-run`)
  if (!existsSync(MANIFEST)) throw new Error('nothing is built: run npm run release:build')
  const manifest = JSON.parse(readFileSync(MANIFEST, 'utf8'))
  const problems = notReady(manifest, PACKAGE.version)
  if (problems.length > 0) throw new Error(`${PACKAGE.version} cannot be published:\n${problems.join('\n')}`)
  for (const one of inOrder(manifest)) await publish(one, args.includes('--dry-run'))
}

/** What is there already is left out: a release that was cut off can be repeated. */
async function publish({ name, version, tarball }, isDry) {
  const tag = version.includes('-') ? 'next' : 'latest'
  const args = ['publish', path.join(OUTPUT, tarball), '--provenance', '--access', 'public', '--tag', tag]
  if (isDry) return console.log(`would publish ${name}@${version}: npm ${args.join(' ')}`)
  if (ask(...npm('view', `${name}@${version}`, 'version')) === version)
    return console.log(`is there: ${name}@${version}`)
  const exitCode = await run(...npm(...args))
  if (exitCode !== 0) throw new Error(`${name}@${version} was not published; nothing after it was tried`)
  console.log(`published: ${name}@${version}`)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(`release: ${error.message}`)
  process.exitCode = 1
}
