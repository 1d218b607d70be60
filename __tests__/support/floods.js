// What tests of floods share: how long the event loop may stand still, what collides in V8, and a run that is watched.
'use strict'

const { readFileSync } = require('node:fs')
const path = require('node:path')
const { engineWith } = require('./engine')
const { watched } = require('./stalls')

/** How long a turn of the loop may take, in ms: 50, what a busy machine adds, and the garbage of the test before. */
const STILL = 150
const LIMIT = { timeout: 30000 }
const GIB = 2 ** 30

const collisions = readFileSync(path.join(__dirname, 'collisions.lua'), 'utf8')

/** What came of a run on an engine of its own, and how long the loop stood still. */
const run = (code, options) => watched(() => engineWith().run(code, 'x', { ...LIMIT, ...options }))

module.exports = { GIB, LIMIT, STILL, collisions, run }
