// What has a name and source, as modules and named scripts do: one, and those of a folder.
'use strict'

const { promises: fs } = require('node:fs')
const path = require('node:path')
const { inspect } = require('node:util')
const { checkLabel } = require('./options')
const { timeInTurn } = require('./slices')
const { checkPath, checkSource, readSource, sourceOf } = require('./source')
const { valueError, withCode } = require('./errors')

/** A name and its source; `what` the source is called, and `names` what its name is. */
function sourceNamed(name, source, maxSource, what = 'source', names = 'The "name" argument') {
  checkLabel(name, names)
  checkSource(source, what)
  return { name, source: sourceOf(source, maxSource, what) }
}

/**
 * What is in a folder: `rules/price.lua` is `rules.price`, `rules/init.lua` is `rules`. All of it, or an error. `kind` is what
 * one of them is called.
 */
async function sourcesOfFolder(folder, maxSource, kind) {
  const refuse = (error) => {
    throw error
  }
  const { files, folders } = await scanned(folder, kind, refuse)
  const sources = []
  for (const file of files) sources.push({ ...file, source: await readSource(file.file, maxSource) })
  return { sources, folders }
}

/**
 * What is in a folder: names with their files, sorted by name, and its folders. `refuse` hears what is wrong with a
 * file, and with which; if it throws, that is the end. Of two files for one name the first is taken, or that which `known`
 * says.
 */
async function scanned(folder, kind, refuse, known = () => undefined) {
  const root = await realPath(checkPath(folder))
  const found = { files: [], folders: [] }
  await look(root, { root, found, refuse }, [root])
  const named = new Map()
  for (const { file, stat } of found.files) {
    await timeInTurn()
    const name = nameOf(path.relative(root, file))
    try {
      checkLabel(name, `The ${kind} name of ${inspect(file)}`)
      const first = named.get(name)
      const isTaken = !first || known(name) === file
      if (isTaken) named.set(name, { name, file, print: printOf(stat) })
      if (first) refuse(second(folder, kind, name, isTaken ? first.file : file), isTaken ? first.file : file)
    } catch (error) {
      refuse(error, file)
    }
  }
  return { files: [...named.values()].sort((a, b) => (a.name < b.name ? -1 : 1)), folders: found.folders }
}

function second(folder, kind, name, file) {
  return valueError(`The folder ${inspect(folder)} has two files for the ${kind} '${name}'. Received ${inspect(file)}`)
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

module.exports = { scanned, sourceNamed, sourcesOfFolder }
