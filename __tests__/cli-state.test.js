// moonpool state: what it reads of a database, beside programs and after them, and what it leaves alone.
'use strict'

const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { Engine } = require('..')
const { runProgram } = require('./support/child')
const { cli, cliProcess } = require('./support/cli')
const { folderWith } = require('./support/files')
const { unixTest } = require('./support/test-if')

/** What a file may be called, and a URI has to write in another way. */
const NAME = process.platform === 'win32' ? 'state #%.db' : 'state ?#%.db'

/** A database with the entries of two ids, and the engine that has it open. */
async function opened() {
  const folder = folderWith()
  const file = path.join(folder, NAME)
  const engine = new Engine({ state: { sqlite: file } })
  await engine.state('ada').set('cart/tea', 2)
  await engine.state('ada').set('cart/mug', { size: 9007199254740993n })
  await engine.state('ada').set('long', 'x'.repeat(100))
  await engine.state('ada').set('soon', 1, { ttl: 1e9 })
  await engine.state('bob').set('\x1b[2J', true)
  return { folder, file, engine }
}

/** What is in a folder: names, and hashes of bytes. */
function contentOf(folder) {
  const hashOf = (name) =>
    createHash('sha256')
      .update(fs.readFileSync(path.join(folder, name)))
      .digest('hex')
  return Object.fromEntries(fs.readdirSync(folder).map((name) => [name, hashOf(name)]))
}

const OWNERS = /^id +entries +bytes\nada +4 +\d+\nbob +1 +200\n\(2 in all\) +5 +\d+\n$/

test('a database that a program has open is read, and nothing is made beside it, nor anybody held up', async () => {
  const { folder, file, engine } = await opened()
  const before = fs.readdirSync(folder)
  const { exitCode, stdout, stderr } = await cliProcess(['state', file])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toMatch(OWNERS)
  expect((await cli(['state', file, '--id', 'bob'])).stdout).toBe('\\x1b[2J  true\n1 entry\n')
  const entries = await cli(['state', file, '--id', 'ada'])
  // What is in them, the program itself may change at any time.
  expect(fs.readdirSync(folder)).toEqual(before)
  expect(entries.stdout).toMatch(
    /^cart\/mug {2}\{"size":9007199254740993\}\ncart\/tea {2}2\nlong {2}"x{59}… \(102 bytes\)\nsoon {2}1 {2}until 2\d{3}-.*Z\n4 entries\n$/,
  )
  await engine.state('ada').set('later', 1)
  expect((await cli(['state', file, '--id', 'ada', '--prefix', 'la'])).stdout).toBe('later  1\n1 entry\n')
  await engine.close()
  expect(fs.readdirSync(folder)).toEqual([NAME])
})

test('a database that nobody has open is read, and nothing is made beside it', async () => {
  const { folder, file, engine } = await opened()
  await engine.close()
  const before = contentOf(folder)
  expect((await cli(['state', file])).stdout).toMatch(OWNERS)
  expect((await cli(['state', file, '--id', 'nobody'])).stdout).toBe('0 entries\n')
  expect(contentOf(folder)).toEqual(before)
})

unixTest('a database whose program was killed is read with all that was told, and nothing is changed', async () => {
  const folder = folderWith()
  const file = path.join(folder, 'state.db')
  await runProgram(`
    const { Engine } = require('moonpool')
    const engine = new Engine({ state: { sqlite: ${JSON.stringify(file)} } })
    engine.state('ada').set('k', 'told').then(() => process.kill(process.pid, 'SIGKILL'))`)
  expect(fs.readdirSync(folder)).toContain('state.db-wal')
  const before = contentOf(folder)
  expect((await cli(['state', file, '--id', 'ada'])).stdout).toBe('k  "told"\n1 entry\n')
  expect(contentOf(folder)).toEqual(before)
})

test('lines of JSON are whole, and can be imported', async () => {
  const { file, engine } = await opened()
  const owners = await cli(['state', file, '--json'])
  expect(
    owners.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    { owner: 'ada', entries: 4, bytes: (await engine.state('ada').size()).bytes },
    { owner: 'bob', entries: 1 },
  ])
  const { stdout } = await cli(['state', file, '--id', 'ada', '--json'])
  const other = new Engine()
  expect(await other.importState(stdout)).toMatchObject({ owners: 1, entries: 4, refused: [] })
  expect(await other.state('ada').get('cart/mug')).toEqual({ size: 9007199254740993n })
  await Promise.all([engine.close(), other.close()])
})

test('all pages of many entries and owners are shown', async () => {
  const file = path.join(folderWith(), 'state.db')
  const engine = new Engine({ state: { sqlite: file } })
  await engine.run('for i = 1, 2500 do State.set(("key%04d"):format(i), i) end', 'many')
  await engine.run('local big = ("x"):rep(900000) for i = 1, 12 do State.set("big" .. i, big) end', 'big')
  await Promise.all(Array.from({ length: 1100 }, (_, i) => engine.state(`id${i}`).set('k', i)))
  const lines = async (...args) => (await cli(['state', file, '--json', ...args])).stdout.split('\n').length - 1
  expect([await lines('--id', 'many'), await lines('--id', 'big'), await lines()]).toEqual([2500, 12, 1102])
  expect(await lines('--id', 'many', '--prefix', 'key1')).toBe(1000)
  await engine.close()
})

test('what is no database of State, or of a newer version, is refused by name', async () => {
  const { folder, file, engine } = await opened()
  await engine.close()
  const written = fs.readFileSync(file)
  const withNumber = (at, number) => {
    const bytes = Buffer.from(written)
    bytes.writeInt32BE(number, at)
    return bytes
  }
  const files = {
    newer: [withNumber(60, 99), 'a newer moonpool has written it: it has version 99'],
    foreign: [withNumber(68, 7), 'this database belongs to another program'],
    text: ['no database at all\n'.repeat(100), 'file is not a database'],
    empty: ['', 'the file is empty'],
    torn: [written.subarray(0, 5000), 'the SQLite database'],
  }
  for (const [name, [content, sentence]] of Object.entries(files)) {
    fs.writeFileSync(path.join(folder, name), content)
    const before = contentOf(folder)
    const { exitCode, stdout, stderr } = await cli(['state', path.join(folder, name)])
    expect({ name, exitCode, stdout }).toEqual({ name, exitCode: 1, stdout: '' })
    expect(stderr).toContain(`${path.join(folder, name)}: `)
    expect(stderr).toContain(sentence)
    expect(contentOf(folder)).toEqual(before)
  }
  expect((await cli(['state', folder])).stderr).toContain('this is a folder')
  expect(await cli(['state', path.join(folder, 'gone')])).toMatchObject({ exitCode: 2 })
  expect((await cli(['state', file, '--prefix', 'x'])).stderr).toContain('--prefix needs --id')
})
