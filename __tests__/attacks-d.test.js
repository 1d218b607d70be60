// Attacks: linear work that nobody meters.
'use strict'

const { testAttacks } = require('./support/attack-suite')

testAttacks('d')
