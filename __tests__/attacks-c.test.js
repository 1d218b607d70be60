// Attacks: super-linear work in one step.
'use strict'

const { testAttacks } = require('./support/attack-suite')

testAttacks('c')
