// The door of moonpool/testing for require().
'use strict'

const { createTester, sequence } = require('./lib/testing')

module.exports = { createTester, sequence }
