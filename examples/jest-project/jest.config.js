// A Jest project whose tests run Lua with moonpool. Nothing about moonpool needs to be configured.
//
//   npx jest --config examples/jest-project/jest.config.js
'use strict'

module.exports = {
  testMatch: ['<rootDir>/tests/**/*.test.js'],
  watchman: false,
}
