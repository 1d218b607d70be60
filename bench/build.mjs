// Builds the addon with the baselines (feature `bench`) beside copies of the JS layer, and loads both.
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { mustSucceed, root, run, tool } from '../scripts/run.mjs'

const FOLDER = path.join(root, 'target/bench')

/** The package as users have it, the folder that it is in, and the baselines of the same addon. */
export async function load() {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  for (const part of ['index.js', 'lib', 'package.json'])
    cpSync(path.join(root, part), path.join(FOLDER, part), { recursive: true })
  const files = ['--no-js', '--dts', 'binding.d.ts', '--output-dir', FOLDER]
  const flags = [
    '--platform',
    '--release',
    '--features',
    'bench',
    '--target-dir',
    path.join(root, 'target/bench-build'),
  ]
  mustSucceed(await run(...tool('@napi-rs/cli/dist/cli.js', 'build', ...flags, ...files, '--', '--locked', '--quiet')))
  const require = createRequire(path.join(FOLDER, 'index.js'))
  return { folder: FOLDER, moonpool: require('./index.js'), baselines: require('./lib/addon.js') }
}
