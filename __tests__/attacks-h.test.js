// Attacks: shared dictionaries.
'use strict'

const { testAttacks } = require('./support/attack-suite')

testAttacks('h')
