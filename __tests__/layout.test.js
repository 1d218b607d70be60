// The shape of the repository: who may name what.
'use strict'

const { readdirSync, readFileSync } = require('node:fs')
const path = require('node:path')
const { scripts } = require('../package.json')
const { ROOT } = require('./support/child')

const rustFiles = readdirSync(path.join(ROOT, 'src'), { recursive: true }).filter((file) => file.endsWith('.rs'))
const namesNapi = (file) => /\bnapi/i.test(readFileSync(path.join(ROOT, 'src', file), 'utf8'))
const isBinding = (file) => file.startsWith(`binding${path.sep}`)

test('only src/binding names napi', () => {
  expect(rustFiles.filter((file) => !isBinding(file) && namesNapi(file))).toEqual([])
  expect(rustFiles.filter((file) => isBinding(file) && namesNapi(file))).not.toEqual([])
})

test('installing the package runs no script', () => {
  const automatic = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish', 'prepublishOnly']
  expect(Object.keys(scripts).filter((name) => automatic.includes(name))).toEqual([])
})
