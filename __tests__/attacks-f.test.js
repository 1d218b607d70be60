// Attacks: leaks, escapes and forged identities.
'use strict'

const { testAttacks } = require('./support/attack-suite')

testAttacks('f')
