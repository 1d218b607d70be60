// Attacks: C loops without a Lua instruction.
'use strict'

const { testAttacks } = require('./support/attack-suite')

testAttacks('b')
