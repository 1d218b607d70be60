// Attacks: code that debug hooks do not see, and kills that scripts try to survive.
'use strict'

const { testAttacks } = require('./support/attack-suite')

testAttacks('a')
