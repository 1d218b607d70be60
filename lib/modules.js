// Modules for `require`: their names, and those of a folder.
'use strict'

const { promises: fs } = require('node:fs')
const path = require('node:path')
const { inspect } = require('node:util')
const { checkLabel } = require('./options')
const { checkPath, checkSource, readSource, sourceOf } = require('./source')
const { valueError, withCode } = require('./errors')

/** One module as the native engine takes it; `what` the source is called, and `names` what its name is. */
function moduleOf(name, source, maxSource, what = 'source', names = 'The "name" argument') {
  checkLabel(name, names)
  checkSource(source, what)
  return { name, source: sourceOf(source, maxSource, what) }
}

/** The modules of a folder: `rules/price.lua` is `rules.price`, `rules/init.lua` is `rules`. All of them, or an error. */
async function modulesOfFolder(folder, maxSource) {
  const { files, folders } = await scanned(folder, (error) => {
    throw error
  })
  const modules = []
  for (const file of files) modules.push({ ...file, source: await readSource(file.file, maxSource) })
  return { modules, folders }
}

/**
 * What is in a folder: its modules with their files, sorted by name, and its folders. `refuse` hears what is wrong with a
 * file, and with which; if it throws, that is the end. Of two files for one name the first is taken, or that which `known`
 * says.
 */
async function scanned(folder, refuse, known = () => undefined) {
  const root = await realPath(checkPath(folder))
  const found = { files: [], folders: [] }
  await look(root, { root, found, refuse }, [root])
  const modules = new Map()
  for (const { file, stat } of found.files) {
    const name = nameOf(path.relative(root, file))
    try {
      checkLabel(name, `The module name of ${inspect(file)}`)
      const first = modules.get(name)
      const isTaken = !first || known(name) === file
      if (isTaken) modules.set(name, { name, file, print: printOf(stat) })
      if (first) refuse(second(folder, name, isTaken ? first.file : file), isTaken ? first.file : file)
    } catch (error) {
      refuse(error, file)
    }
  }
  return { files: [...modules.values()].sort((a, b) => (a.name < b.name ? -1 : 1)), folders: found.folders }
}

function second(folder, name, file) {
  return valueError(`The folder ${inspect(folder)} has two files for the module '${name}'. Received ${inspect(file)}`)
}

/** Finds every `*.lua` file below a folder, through links that stay within the root. */
async function look(folder, scan, above) {
  scan.found.folders.push(above.at(-1))
  for (const entry of await fs.readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name)
    try {
      await lookAt(file, entry.name, scan, above)
    } catch (error) {
      scan.refuse(error, file)
    }
  }
}

async function lookAt(file, name, scan, above) {
  const real = await realPath(file)
  if (!isWithin(real, scan.root)) throw valueError(`The link ${inspect(file)} leaves the folder ${inspect(scan.root)}`)
  const stat = await fs.stat(real)
  if (stat.isDirectory()) {
    if (above.includes(real)) throw valueError(`The link ${inspect(file)} leads back to a folder above it`)
    await look(file, scan, [...above, real])
  } else if (stat.isFile() && name.endsWith('.lua')) scan.found.files.push({ file, stat })
}

/** What changes with a file. */
const printOf = ({ dev, ino, size, mtimeMs, ctimeMs }) => [dev, ino, size, mtimeMs, ctimeMs].join()

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

module.exports = { moduleOf, modulesOfFolder, scanned }
