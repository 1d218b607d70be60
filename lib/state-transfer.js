// State as lines of JSON: its export as a stream, and the import of what such a stream gave.
'use strict'

const { Readable } = require('node:stream')
const { isUint8Array } = require('node:util').types
const { shown, typeError, valueError } = require('./errors')
const { pagesOf } = require('./state')

const OWNERS = 1000

/** The native engine is given so much at once: bytes, or characters. */
const PIECE = 128 * 1024

/** The ids that have entries, in order. */
async function* ownersOf(desk) {
  let after
  for (;;) {
    const page = await desk.ask({ function: 'owners', after, limit: OWNERS })
    yield* page
    if (page.length < OWNERS) return
    after = page.at(-1)
  }
}

async function grantsOf(desk) {
  const texts = await desk.ask({ function: 'grants' })
  const grants = []
  for (let i = 0; i < texts.length; i += 4) {
    const [owner, keys, to, access] = texts.slice(i, i + 4)
    grants.push({ owner, keys, to, access })
  }
  return grants
}

/** All entries and then all grants, a line each. */
const exportOf = (desk) => Readable.from(linesOf(desk), { objectMode: true })

async function* linesOf(desk) {
  for await (const owner of ownersOf(desk)) {
    for await (const page of pagesOf(desk, 'lines', owner)) yield* page
  }
  for (const grant of await grantsOf(desk)) yield `${JSON.stringify({ grant })}\n`
}

/** Imports lines, and says what came of them. */
async function importInto(desk, source) {
  const pieces = piecesOf(source)
  const give = desk.beginImport()
  const report = { owners: 0, entries: 0, grants: 0, refused: [] }
  const take = async (piece) => {
    const [owners, entries, grants, refused, ...news] = await give(piece)
    Object.assign(report, { owners, entries, grants })
    for (let i = 0; i < news.length; i += 3) {
      const [line, owner, message] = news.slice(i, i + 3)
      report.refused.push({ line, owner, message })
    }
    if (refused > report.refused.length) report.unlisted = refused - report.refused.length
  }
  for await (const piece of pieces) await take(piece)
  await take(undefined)
  return report
}

/** The text of a source as bytes, in pieces. */
function piecesOf(source) {
  if (typeof source === 'string') return cut(source)
  if (isUint8Array(source)) return cut(source)
  const isIterable =
    typeof source?.[Symbol.asyncIterator] === 'function' || typeof source?.[Symbol.iterator] === 'function'
  if (isIterable) return piecesOfAll(source)
  throw typeError(`The "lines" argument must be a string, a stream, or an iterable of lines. Received ${shown(source)}`)
}

async function* piecesOfAll(source) {
  // The chunks of a stream end anywhere; anything else gives whole lines.
  const isStream =
    typeof source.getReader === 'function' || (typeof source.pipe === 'function' && !source.readableObjectMode)
  const lines = new Lines()
  for await (const chunk of source) {
    if (typeof chunk === 'string') {
      lines.add(isStream || chunk.endsWith('\n') ? chunk : `${chunk}\n`)
      if (lines.length >= PIECE) yield* cut(lines.take())
    } else if (isUint8Array(chunk)) {
      yield* cut(lines.take())
      yield* cut(chunk)
    } else throw typeError(`The "lines" argument must give strings or Uint8Arrays. Received ${shown(chunk)}`)
  }
  yield* cut(lines.take())
}

/** Texts, of which many cross at once. */
class Lines {
  #texts = []
  length = 0

  add(text) {
    this.#texts.push(text)
    this.length += text.length
  }

  take() {
    const text = this.#texts.join('')
    this.#texts = []
    this.length = 0
    return text
  }
}

function* cut(chunk) {
  const isText = typeof chunk === 'string'
  if (isText && !chunk.isWellFormed()) {
    throw valueError('The "lines" argument must be well-formed Unicode. Received a string with a lone surrogate')
  }
  for (let at = 0; at < chunk.length; ) {
    let end = Math.min(at + PIECE, chunk.length)
    // Not between the halves of a character.
    if (isText && end < chunk.length && isHighSurrogate(chunk.charCodeAt(end - 1))) end -= 1
    yield isText ? Buffer.from(chunk.slice(at, end)) : chunk.subarray(at, end)
    at = end
  }
}

const isHighSurrogate = (unit) => unit >= 0xd800 && unit < 0xdc00

module.exports = { exportOf, grantsOf, importInto, ownersOf }
