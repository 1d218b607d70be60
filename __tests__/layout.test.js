// The shape of the repository: who may name what.
'use strict'

const { scripts } = require('../package.json')

test('installing the package runs no script', () => {
  const automatic = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish']
  expect(Object.keys(scripts).filter((name) => automatic.includes(name))).toEqual([])
})
