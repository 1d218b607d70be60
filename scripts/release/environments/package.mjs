// The packed main package as tools judge it that know what goes wrong with packages.
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { must } from '../trial/execute.mjs'
import { FOLDER, installed, toolsNode } from '../trial/tools.mjs'

const ATTW = '@arethetypeswrong/cli/dist/index.js'

/** Runs a tool on the tarball. */
async function judge(world, spec, file, ...args) {
  const tools = await installed(spec.split('@').at(-2).replace('/', '-'), [spec])
  const packages = path.join(FOLDER, 'packages')
  const tarball = readdirSync(packages).find((name) => /^moonpool-\d/.test(name))
  await must(await toolsNode(world), [path.join(tools, 'node_modules', file), path.join(packages, tarball), ...args])
  return { checks: 1 }
}

export default [
  {
    name: 'publint',
    group: 'Judged by',
    what: 'publint',
    run: (world) => judge(world, 'publint@0.3.25', 'publint/src/cli.js', '--strict'),
  },
  {
    name: 'attw',
    group: 'Judged by',
    what: 'Are the types wrong?',
    run: (world) => judge(world, '@arethetypeswrong/cli@0.18.5', ATTW, '--format', 'ascii', '--no-emoji', '--no-color'),
  },
]
