// Attacks: results that cost JavaScript more than they cost Lua.
'use strict'

const { testAttacks } = require('./support/attack-suite')

testAttacks('g')
