// The shape of the repository: who may name what.
'use strict'

const path = require('node:path')
const { packages } = require('../package-lock.json')
const { scripts } = require('../package.json')

test('installing the package runs no script', () => {
  const automatic = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish']
  expect(Object.keys(scripts).filter((name) => automatic.includes(name))).toEqual([])
})

test('package-lock.json has every package that one of its packages names, for every platform, from no fixed address', () => {
  const absent = Object.entries(packages).flatMap(
    ([place, { dependencies, optionalDependencies, devDependencies }]) => {
      const names = Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies })
      return names.filter((name) => !isFoundFrom(place, name)).map((name) => `${name}, of ${place}`)
    },
  )
  expect(absent).toEqual([])
  expect(Object.values(packages).filter(({ resolved }) => resolved)).toEqual([])
})

/** As Node.js looks for packages: in the folder, then in each above it. */
function isFoundFrom(place, name) {
  if (packages[path.posix.join(place, 'node_modules', name)]) return true
  if (place === '') return false
  return isFoundFrom(place.slice(0, Math.max(0, place.lastIndexOf('/node_modules/'))), name)
}
