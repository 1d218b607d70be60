// A folder of modules that is watched where the system refuses to tell of changes: it is looked at once a second.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { engineWith, until } = require('./support/engine')
const { folderWith } = require('./support/files')

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const foundIn = (engine, name) =>
  engine.runLua(`local ok, m = pcall(require, "${name}") return ok and m or "none"`, 'x')

/** What the system says when it has no more watches to give. */
function refused() {
  throw Object.assign(new Error('ENOSPC: System limit for number of file watchers reached'), { code: 'ENOSPC' })
}

afterEach(() => jest.restoreAllMocks())

async function follows(folder, engine) {
  // What it looks at in the beginning is no poll.
  await later(400)
  const wanted = { tax: 'return "new"', 'deep/a': 'return "a"' }
  fs.mkdirSync(path.join(folder, 'deep'))
  for (const [name, source] of Object.entries(wanted)) fs.writeFileSync(path.join(folder, `${name}.lua`), source)
  const found = async () => Promise.all(['tax', 'deep.a', 'gone'].map((name) => foundIn(engine, name)))
  fs.rmSync(path.join(folder, 'gone.lua'))
  await until(async () => {
    await later(20)
    return (await found()).join() === 'new,a,none'
  })
}

test('what changes, appears and vanishes is taken up, and nothing is told', async () => {
  const watch = jest.spyOn(fs, 'watch').mockImplementation(refused)
  const folder = folderWith({ 'tax.lua': 'return "old"', 'gone.lua': 'return 1' })
  const engine = engineWith()
  const told = []
  engine.on('moduleError', (error) => told.push(error))
  await engine.addModules(folder, { watch: true })
  await follows(folder, engine)
  expect(watch).toHaveBeenCalled()
  expect(told).toEqual([])
})

test('also when the system refuses only some of the folders', async () => {
  const { watch } = fs
  const folder = folderWith({ 'tax.lua': 'return "old"', 'gone.lua': 'return 1' })
  jest.spyOn(fs, 'watch').mockImplementation((...args) => (args[0] === folder ? refused() : watch(...args)))
  const engine = engineWith()
  await engine.addModules(folder, { watch: true })
  await follows(folder, engine)
})

test('after the end of its engine nothing is looked at', async () => {
  jest.spyOn(fs, 'watch').mockImplementation(refused)
  const engine = engineWith()
  await engine.addModules(folderWith({ 'tax.lua': 'return 1' }), { watch: true })
  await engine.close()
  const looked = jest.spyOn(fs.promises, 'readdir')
  await later(1100)
  expect(looked).not.toHaveBeenCalled()
})
