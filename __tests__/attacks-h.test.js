// Attacks: shared dictionaries, and timers.
'use strict'

const { testAttacks } = require('./support/attack-suite')

testAttacks('h')
