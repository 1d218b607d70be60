// Attacks: named scripts that call each other.
'use strict'

const { testAttacks } = require('./support/attack-suite')

testAttacks('s')
