// The files of the page, as the build has made them. Nothing else is ever served: no path of a request becomes one of a file.
'use strict'

const { readFileSync, readdirSync } = require('node:fs')
const path = require('node:path')

const FOLDER = path.join(__dirname, 'page')

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.md': 'text/plain; charset=utf-8',
}

/** In a clone in which nothing was built yet. */
class NotBuilt extends Error {
  constructor() {
    super('the page of the playground is not built. In a clone of the repository, run: npm run build')
  }
}

/** By the path of their addresses: the type and the content of each. */
function loadPage(folder = FOLDER) {
  let names = []
  try {
    names = readdirSync(folder).filter((name) => Object.hasOwn(TYPES, path.extname(name)))
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  if (!names.includes('index.html')) throw new NotBuilt()
  const read = (name) => ({ type: TYPES[path.extname(name)], content: readFileSync(path.join(folder, name)) })
  const files = new Map(names.map((name) => [`/${name}`, read(name)]))
  files.set('/', files.get('/index.html'))
  files.delete('/index.html')
  return files
}

module.exports = { FOLDER, NotBuilt, loadPage }
