// The tests of one section of the attack corpus, one for each script.
'use strict'

const { attackNames, complaints, readAttack, runAttack } = require('./attack')

function testAttacks(section) {
  for (const attack of attackNames(section).map(readAttack)) {
    test(`${attack.name}: ${attack.mechanism}`, async () => {
      expect(complaints(attack, await runAttack(attack))).toEqual([])
    })
  }
}

module.exports = { testAttacks }
