// Attacks: memory, the stack, output and values that cross.
'use strict'

const { testAttacks } = require('./support/attack-suite')

testAttacks('e')
