// moonpool state: shows what a SQLite database of State holds. It changes nothing, also while a program has it open.
'use strict'

const { statSync } = require('node:fs')
const { escaped } = require('../error-report')
const { NativeEngine } = require('../native')
const { bold, dim } = require('./paint')
const { fail, say } = require('./terminal')
const { UsageError } = require('./usage')

const OK = 0
const FAILED = 1

/** So many owners, or entries, are read at once. */
const PAGE = 1000

/** So many characters of a value are shown. */
const SHORT = 60

/** Why the file cannot be read. */
class Unreadable extends Error {}

/** Resolves with the exit code. */
async function run([file], { id, prefix = '', json }) {
  if (prefix && id === undefined) throw new UsageError('--prefix needs --id: the prefix is of the keys of one id')
  if (!statSync(file, { throwIfNoEntry: false })) throw new UsageError(`there is no file '${file}'`)
  try {
    if (id === undefined) showOwners(file, json)
    else showEntries(file, id, prefix, json)
    return OK
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    fail(error.message)
    return FAILED
  }
}

function showOwners(file, json) {
  const owners = [...pages((after) => NativeEngine.storedOwners(file, after, PAGE), 'owner')]
  if (json) {
    for (const owner of owners) say(`${JSON.stringify(owner)}\n`)
    return
  }
  const sum = (key) => owners.reduce((total, owner) => total + owner[key], 0)
  const rows = owners.map(({ owner, entries, bytes }) => [escaped(owner), entries, bytes])
  const all = [...rows, [`(${owners.length} in all)`, sum('entries'), sum('bytes')]]
  say(tableOf([['id', 'entries', 'bytes'], ...all]))
}

function showEntries(file, id, prefix, json) {
  const entries = pages((after) => NativeEngine.storedEntries(file, id, prefix, after, PAGE), 'key')
  let count = 0
  for (const entry of entries) {
    say(json ? lineOf(id, entry) : shown(entry))
    count += 1
  }
  if (!json) say(dim(`${count} ${count === 1 ? 'entry' : 'entries'}\n`))
}

/** All there are, a page at a time. */
function* pages(read, key) {
  let after = ''
  for (;;) {
    const page = read(after)
    if (page.code !== undefined) throw new Unreadable(page.message)
    if (page.length === 0) return
    yield* page
    after = page.at(-1)[key]
  }
}

/** As a line of `engine.exportState()`. The value is JSON already. */
function lineOf(owner, { key, value, expires }) {
  const until = expires === undefined ? '' : `,"expires":${expires}`
  return `{"owner":${JSON.stringify(owner)},"key":${JSON.stringify(key)},"value":${value}${until}}\n`
}

function shown({ key, value, expires }) {
  const short = value.length > SHORT ? `${value.slice(0, SHORT)}… (${Buffer.byteLength(value)} bytes)` : value
  const until = expires === undefined ? '' : dim(`  until ${new Date(expires).toISOString()}`)
  return `${bold(escaped(key))}  ${escaped(short)}${until}\n`
}

/** Names to the left, numbers to the right. */
function tableOf(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)))
  const line = (row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[0]) : String(cell).padStart(widths[i]))).join('  ')
  const [head, ...body] = rows.map(line)
  return [bold(head), ...body, ''].join('\n')
}

module.exports = {
  usage: 'FILE.db',
  about: `Shows which ids have State in a SQLite database, and how much; with --id the keys and values of one. It changes nothing and
locks nobody out: a program may have the database open. Grants are not shown.`,
  operands: [1, 1],
  options: {
    id: { value: 'ID', help: 'show the entries of this id' },
    prefix: { value: 'TEXT', help: 'only those whose keys begin so' },
    json: { help: 'print lines of JSON; those of entries are whole, and such as engine.importState takes' },
  },
  exitCodes: {
    0: 'all is well',
    1: 'the file is no database of State that this version reads',
    2: 'the command is wrong, or there is no such file',
  },
  run,
}
