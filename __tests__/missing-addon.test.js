// The package as it is published: works with the addon, and says what is missing without it.
'use strict'

const { cpSync, readdirSync } = require('node:fs')
const path = require('node:path')
const { files } = require('../package.json')
const { ROOT, runProgram } = require('./support/child')
const { folderWith } = require('./support/files')

let copy

beforeEach(() => {
  copy = folderWith()
  for (const file of ['package.json', ...files])
    cpSync(path.join(ROOT, file), path.join(copy, file), { recursive: true })
})

test('its files and the addon are all that it needs', async () => {
  for (const file of readdirSync(ROOT)) if (file.endsWith('.node')) cpSync(path.join(ROOT, file), path.join(copy, file))
  const { stdout } = await runProgram(`require(${JSON.stringify(copy)}).runLua('return 1', 'x').then(console.log)`)
  expect(stdout).toBe('1\n')
})

test('without an addon, requiring it throws ERR_ADDON_MISSING, which says what to do', async () => {
  const { stdout } = await runProgram(`
    try {
      require(${JSON.stringify(copy)})
    } catch (error) {
      const { name, code, message, cause } = error
      console.log(JSON.stringify({ name, code, message, cause: cause.message }))
    }`)
  const error = JSON.parse(stdout)
  expect(error).toMatchObject({ name: 'Error', code: 'ERR_ADDON_MISSING' })
  const [, packageName] = /'(@moonpool\/binding-[\w-]+)'/.exec(error.message)
  expect(packageName).toContain(`${process.platform}-${process.arch}`)
  expect(error.message).toContain('npm run build')
  expect(error.cause).toContain('native binding')
})

test('the package that the message names is the one that the loader looks for', async () => {
  const { stdout } = await runProgram(`
    try {
      require(${JSON.stringify(copy)})
    } catch (error) {
      const looked = []
      for (let e = error; e; e = e.cause) looked.push(e.message)
      console.log(JSON.stringify(looked))
    }`)
  const [message, ...looked] = JSON.parse(stdout)
  const [, packageName] = /'(@moonpool\/binding-[\w-]+)'/.exec(message)
  expect(looked.join('\n')).toContain(`Cannot find module '${packageName}'`)
})

test('by import it is the same error', async () => {
  const { stdout } = await runProgram(
    `await import(${JSON.stringify(`file://${copy}/index.mjs`)}).catch((error) => console.log(error.code))`,
    { esm: true },
  )
  expect(stdout).toBe('ERR_ADDON_MISSING\n')
})
