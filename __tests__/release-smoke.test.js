// The packages are tried as they are packed: with the addon beside them, and far from this repository.
'use strict'

const { platformName } = require('../lib/platform')
const { runNode } = require('./support/child')
const { folderWith } = require('./support/files')
const { describeIf } = require('./support/test-if')

/** Tries the packages of this platform, with the addon of this repository after `change`. */
async function tried(change = '') {
  const { stdout, stderr } = await runNode([
    '--input-type=module',
    '--eval',
    `import { readFileSync, rmSync, writeFileSync } from 'node:fs'
    import { createRequire } from 'node:module'
    import { writeMainFolder, writePlatformFolder } from './scripts/release/folders.mjs'
    import { tryPackages } from './scripts/release/smoke.mjs'
    import { targetsNamed } from './scripts/release/targets.mjs'
    const require = createRequire(process.cwd() + '/')
    require('./index.js')
    const addon = readFileSync(Object.keys(require.cache).find((file) => file.endsWith('.node')))
    const [target, macos] = targetsNamed(['${platformName()}', 'darwin-x64'])
    const [main, platform] = ['${folderWith()}/main', '${folderWith()}/platform']
    writeMainFolder(main)
    writePlatformFolder(platform, target, { addon, crates: [], lua: '' })
    ${change}
    console.log(JSON.stringify(await tryPackages(target, main, platform).catch((error) => error.message)))`,
  ])
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

describeIf(process.platform === 'linux')('packages', () => {
  test('that work', async () => {
    const ran = new RegExp(`^Linux .* ${process.arch}, with Node.js ${process.versions.node}$`)
    expect(await tried()).toEqual({ ran: expect.stringMatching(ran) })
  })

  test.each([
    ['without an addon', `rmSync(platform + '/' + target.file)`, /native addon/],
    ['without the main package', `writeFileSync(main + '/index.js', 'process.exit(3)')`, /ended with 3/],
  ])('%s', async (_, change, words) => {
    expect(await tried(change)).toMatch(words)
  })

  test('of another system are not run, and it is said why', async () => {
    const said = `console.log(JSON.stringify(await tryPackages(macos, main, platform))); process.exit()`
    expect(await tried(said)).toEqual({ notRun: 'programs for darwin do not run on linux' })
  })
})
