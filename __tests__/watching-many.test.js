// Folders with very many files and folders: they are taken up, and the event loop does not stand still for that.
'use strict'

jest.mock('../lib/folder', () => ({ ...jest.requireActual('../lib/folder'), scanned: jest.fn() }))
jest.mock('../lib/source', () => {
  const actual = jest.requireActual('../lib/source')
  const made = (file) => file.includes('/made/')
  return {
    ...actual,
    readSource: async (file, max) => (made(file) ? Buffer.from('return =') : actual.readSource(file, max)),
  }
})

const fs = require('node:fs')
const path = require('node:path')
const { scanned } = require('../lib/folder')
const { engineWith } = require('./support/engine')
const { folderWith } = require('./support/files')
const { watched } = require('./support/stalls')

const { scanned: reallyScanned } = jest.requireActual('../lib/folder')

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

async function soon(isSo) {
  while (!(await isSo())) await later(20)
}

beforeEach(() => scanned.mockImplementation(reallyScanned))

test('10 000 files that do not compile are told once each, and looked at again', async () => {
  const engine = engineWith()
  const folder = folderWith({ 'a.lua': 'return 1' })
  await engine.addModules(folder, { watch: true })
  const files = Array.from({ length: 10_000 }, (_, i) => {
    return { name: `f${i}`, file: path.join(folder, 'made', `f${i}.lua`), print: '1,2,3,4,5' }
  })
  let looks = 0
  scanned.mockImplementation(async (...given) => {
    looks += 1
    const found = await reallyScanned(...given)
    return { ...found, files: [...found.files, ...files] }
  })
  let told = 0
  engine.on('moduleError', () => {
    told += 1
  })
  const { longest } = await watched(async () => {
    for (let source = 2; looks < 3; source++) {
      fs.writeFileSync(path.join(folder, 'a.lua'), `return ${source}`)
      const before = looks
      await soon(() => looks > before && told === files.length)
    }
    await soon(async () => Number(await engine.runLua('return require("a")', 'x')) > 2)
  })
  expect(longest).toBeLessThan(50)
  expect(told).toBe(files.length)
})

test('4000 folders are listened to, and a file in the last of them is found', async () => {
  const engine = engineWith()
  const folder = folderWith({ 'a.lua': 'return 1' })
  await engine.addModules(folder, { watch: true })
  const folders = Array.from({ length: 4000 }, (_, i) => path.join(folder, `d${i}`))
  for (const one of folders) fs.mkdirSync(one)
  // All of that is told in one turn.
  const { longest } = await watched(async () => {
    fs.writeFileSync(path.join(folders.at(-1), 'last.lua'), 'return "last"')
    const code = `return (pcall(require, "d${folders.length - 1}.last"))`
    await soon(async () => (await engine.runLua(code, 'x')) === 'true')
  })
  expect(longest).toBeLessThan(50)
})
