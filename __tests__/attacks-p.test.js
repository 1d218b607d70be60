// Attacks: functions of `parallel`.
'use strict'

const { testAttacks } = require('./support/attack-suite')

testAttacks('p')
