// moonpool as npm installs it, with whatever addons a test likes beside it.
'use strict'

const { cpSync } = require('node:fs')
const path = require('node:path')
const { files, version } = require('../../package.json')
const { platformName } = require('../../lib/platform')
const { ROOT, runNode } = require('./child')
const { folderWith } = require('./files')

/** The addon of this platform, as the build has made it. */
const FILE = `moonpool.${platformName()}.node`
const ADDON = path.join(ROOT, FILE)

/** The name of the package for this platform. */
const PACKAGE = `@moonpool/binding-${platformName()}`

/** A copy of the package, with these files in its folder. */
function installed(others = {}, of = files) {
  const folder = folderWith(others)
  for (const file of ['package.json', ...of])
    cpSync(path.join(ROOT, file), path.join(folder, file), { recursive: true })
  return folder
}

/** The files of a package with an addon; `main` is what it has, or a link to that. */
const addonPackage = (main, { name = PACKAGE, file = FILE } = {}) => ({
  [`node_modules/${name}/package.json`]: JSON.stringify({ name, version, main: file }),
  ...(main === undefined ? {} : { [`node_modules/${name}/${file}`]: main }),
})

/**
 * What comes of requiring each of these packages, one after the other in a process of its own: what it exports, or its error.
 * `before` is code that runs first.
 */
async function requiring(packages, args = []) {
  const source = `
    const report = ({ folder, before = '' }) => {
      try {
        ;(0, eval)(before)
        return { keys: Object.keys(require(folder)) }
      } catch ({ name, code, message, cause }) {
        return { name, code, message, cause: cause && { code: cause.code, message: cause.message } }
      }
    }
    console.log(JSON.stringify(${JSON.stringify(packages)}.map(report)))`
  const { stdout, stderr } = await runNode([...args, '--eval', source])
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

module.exports = { ADDON, FILE, PACKAGE, addonPackage, installed, requiring }
