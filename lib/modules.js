// Modules for `require`: their names, and those of a folder.
'use strict'

const { promises: fs } = require('node:fs')
const path = require('node:path')
const { inspect } = require('node:util')
const { checkLabel } = require('./options')
const { checkPath, checkSource, readSource, sourceOf } = require('./source')
const { valueError, withCode } = require('./errors')

/** One module as the native engine takes it. */
function moduleOf(name, source, maxSource) {
  checkLabel(name, 'The "name" argument')
  checkSource(source, 'source')
  return { name, source: sourceOf(source, maxSource, 'source') }
}

/** The modules of a folder: `rules/price.lua` is `rules.price`, `rules/init.lua` is `rules`. Sorted by name. */
async function modulesOfFolder(folder, maxSource) {
  const root = await realPath(checkPath(folder))
  const modules = new Map()
  for (const file of await luaFiles(root, root)) {
    const name = nameOf(path.relative(root, file))
    checkLabel(name, `The module name of ${inspect(file)}`)
    if (modules.has(name)) {
      throw valueError(
        `The folder ${inspect(folder)} has two files for the module '${name}'. Received ${inspect(file)}`,
      )
    }
    modules.set(name, { name, source: await readSource(file, maxSource) })
  }
  return [...modules.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Every `*.lua` file below a folder, through links that stay within `root`. */
async function luaFiles(folder, root, above = [folder]) {
  const files = []
  for (const entry of await fs.readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name)
    const real = await realPath(file)
    if (!isWithin(real, root)) throw valueError(`The link ${inspect(file)} leaves the folder ${inspect(root)}`)
    const stat = await fs.stat(real)
    if (stat.isDirectory()) {
      if (above.includes(real)) throw valueError(`The link ${inspect(file)} leads back to a folder above it`)
      files.push(...(await luaFiles(file, root, [...above, real])))
    } else if (stat.isFile() && entry.name.endsWith('.lua')) files.push(file)
  }
  return files
}

function isWithin(file, root) {
  return file === root || file.startsWith(root.endsWith(path.sep) ? root : root + path.sep)
}

function nameOf(relative) {
  const parts = relative.slice(0, -'.lua'.length).split(path.sep)
  if (parts.length > 1 && parts.at(-1) === 'init') parts.pop()
  return parts.join('.')
}

async function realPath(file) {
  try {
    return await fs.realpath(file)
  } catch (error) {
    const failure = withCode(Error, error.code, `${inspect(file)} cannot be read: ${error.message}`, { cause: error })
    throw Object.assign(failure, { path: file })
  }
}

module.exports = { moduleOf, modulesOfFolder }
