// Attacks: what a prelude has left.
'use strict'

const { testAttacks } = require('./support/attack-suite')

testAttacks('k')
