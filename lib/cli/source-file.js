// A script as it is named on the command line: a file, or `-` for the standard input.
'use strict'

const { buffer } = require('node:stream/consumers')
const { registry } = require('../native')
const { nameOfFile, readSource } = require('../source')
const { UsageError } = require('./usage')

/** Lua shows so many bytes of a chunk's name. */
const SHOWN = 59

/** The source, and the name of its chunk: the path, as far as that can be one. */
async function readScript(file) {
  if (file === '-') return { source: await buffer(process.stdin), name: 'stdin' }
  try {
    const source = await readSource(file, registry.defaults.maxSource)
    return { source, name: nameOf(file) }
  } catch (error) {
    throw new UsageError(error.message)
  }
}

const nameOf = (file) => (Buffer.byteLength(file) <= SHOWN && !/\p{Cc}/u.test(file) ? file : nameOfFile(file))

module.exports = { nameOf, readScript }
