// The packed main package as tools judge it that know what goes wrong with packages.
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { tool } from '../../run.mjs'
import { must } from '../trial/execute.mjs'
import { FOLDER } from '../trial/tools.mjs'

/** The command line of a tool for the tarball. */
function judged(file, ...args) {
  const packages = path.join(FOLDER, 'packages')
  const tarball = readdirSync(packages).find((name) => /^moonpool-\d/.test(name))
  return tool(file, path.join(packages, tarball), ...args)
}

export default [
  {
    name: 'publint',
    group: 'Judged by',
    what: 'publint',
    async run() {
      await must(...judged('publint/src/cli.js', '--strict'))
      return { checks: 1 }
    },
  },
  {
    name: 'attw',
    group: 'Judged by',
    what: 'Are the types wrong?',
    async run() {
      await must(...judged('@arethetypeswrong/cli/dist/index.js', '--format', 'ascii', '--no-emoji', '--no-color'))
      return { checks: 1 }
    },
  },
]
